//! Records of what was counted: a minute's metrics, and findings that repeat.
//! It never tells of a single event.
use std::time::SystemTime;

use super::{Origin, head, judged_under};
use crate::telemetry::metrics::Window;
use crate::telemetry::repeats::Repeat;

/// The counters of a line about a window, in the order in which they stand.
pub(super) const COUNTERS: [&str; 13] = [
    "invocations",
    "inspected",
    "bytes",
    "partial",
    "flagged",
    "would_block",
    "blocked",
    "leaks",
    "tampered",
    "faults",
    "findings_dropped",
    "dropped",
    "unrecorded",
];

// Limit: CloudWatch bills each metric of each function by the month, so only what an alarm or a
// dashboard is drawn from becomes one; the other members are there for queries, which are free of
// that.
/// The members that become metrics, with their units.
const METRICS: [(&str, &str); 10] = [
    ("invocations", "Count"),
    ("partial", "Count"),
    ("flagged", "Count"),
    ("would_block", "Count"),
    ("blocked", "Count"),
    ("leaks", "Count"),
    ("tampered", "Count"),
    ("faults", "Count"),
    ("dropped", "Count"),
    ("added_us_p99", "Microseconds"),
];

/// What was lost since INIT.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lost {
    /// Lines.
    pub(crate) dropped: u64,
    /// Events that were to be recorded.
    pub(crate) unrecorded: u64,
}

/// What a minute came to, as CloudWatch's embedded metric format: the metrics are members, and
/// `_aws` says which members are metrics.
///
/// | field | means |
/// |---|---|
/// | `invocations`, `inspected`, `bytes` | events dealt with, inspected, and their bytes |
/// | `partial`, `flagged`, `blocked` | events by coverage and verdict; `blocked` were refused |
/// | `would_block` | events with verdict `block` that passed, because the mode is `monitor` |
/// | `leaks`, `tampered`, `faults` | findings in outputs; bypasses; what broke |
/// | `findings_dropped`, `dropped` | findings beyond an event's most; lines not written so far |
/// | `unrecorded` | events that were to be recorded and were not, so far |
/// | `added_us_p50`, `added_us_p99` | from an event's first byte to the last one handed on |
/// | `inspection_us_…`, `steps_…` | what inspections cost |
/// | `rules` | findings by rule and by the verdict on their event |
pub(crate) fn metrics(now: SystemTime, origin: &Origin, window: &Window, lost: Lost) -> String {
    let values = [
        window.invocations,
        window.inspected,
        window.bytes,
        window.partial,
        window.flagged,
        window.would_block,
        window.blocked,
        window.leaks,
        window.tampered,
        window.faults,
        window.findings_dropped,
        lost.dropped,
        lost.unrecorded,
    ];
    let mut line = head(now, origin.format, "info", "metrics");
    line.text("function", named(&origin.function), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    line.text("mode", origin.under.now().mode.name().as_bytes(), 8);
    judged_under(&mut line, origin.under.now());
    for (name, value) in COUNTERS.iter().zip(values) {
        line.number(name, value);
    }
    for (name, value) in window.quantiles() {
        line.number(name, value);
    }
    line.raw("rules", &window.rules());
    line.raw("_aws", &embedded(now, window));
    line.done()
}

/// The member that makes metrics of others (CloudWatch embedded metric format, version 0).
fn embedded(now: SystemTime, window: &Window) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    let is_told = |name: &str| COUNTERS.contains(&name) || window.has(name);
    let metrics: Vec<String> = METRICS
        .iter()
        .filter(|(name, _)| is_told(name))
        .map(|(name, unit)| format!(r#"{{"Name":"{name}","Unit":"{unit}"}}"#))
        .collect();
    format!(
        concat!(
            r#"{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"credenza","#,
            r#""Dimensions":[["function","mode"]],"Metrics":[{}]}}]}}"#,
        ),
        millis,
        metrics.join(",")
    )
}

/// A dimension must have a value.
fn named(function: &str) -> &[u8] {
    if function.is_empty() {
        b"unknown"
    } else {
        function.as_bytes()
    }
}

/// Findings of one rule at one place beyond the first of a minute: how many there were, and the
/// last invocation among them.
pub(crate) fn repeats(now: SystemTime, origin: &Origin, repeat: &Repeat) -> String {
    let mut line = head(now, origin.format, "warn", "repeats");
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    line.text("source", repeat.source.name().as_bytes(), 24);
    line.text("rule", repeat.rule.as_bytes(), 32);
    line.text("confidence", repeat.confidence.as_bytes(), 8);
    line.text("location", repeat.location.as_bytes(), 160);
    line.text("verdict", repeat.verdict.name().as_bytes(), 8);
    line.text("mode", origin.under.now().mode.name().as_bytes(), 8);
    line.flag("applied", repeat.applied);
    line.number("count", repeat.count);
    line.text("last_request_id", &repeat.last_request_id, 40);
    judged_under(&mut line, origin.under.now());
    line.done()
}
