//! What a run of `credenza dev` came to.
//! It never keeps an event; it counts.
use std::collections::BTreeMap;
use std::fmt::Write;

use credenza_policy::Verdict;
use credenza_sandbox::Violation;
use serde_json::{Value, json};

use super::seen::Seen;
use crate::arguments::FailOn;
use crate::demo::percentile;
use crate::paint::{Ink, Painter, pad};

/// Counts over all invocations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Invocations that ended.
    pub(crate) events: usize,
    fates: BTreeMap<&'static str, usize>,
    rules: BTreeMap<String, usize>,
    partial: usize,
    failed: usize,
    strongest: Option<Verdict>,
    durations_us: Vec<u64>,
    inspections_us: Vec<u64>,
}

impl Tally {
    /// Counts one invocation.
    pub(crate) fn add(&mut self, seen: &Seen) {
        self.events += 1;
        *self.fates.entry(seen.fate.name()).or_default() += 1;
        for rule in seen.rules() {
            *self.rules.entry(rule.to_owned()).or_default() += 1;
        }
        self.partial += usize::from(seen.partial);
        self.failed += usize::from(seen.failed);
        self.strongest = self.strongest.max(seen.verdict);
        self.durations_us.push(seen.duration_us);
        self.inspections_us.extend(seen.inspection_us);
    }

    /// True if something was found that the user wants to hear of.
    pub(crate) fn reaches(&self, fail_on: FailOn) -> bool {
        let limit = match fail_on {
            FailOn::Flag => Verdict::Flag,
            FailOn::Block => Verdict::Block,
            FailOn::Never => return false,
        };
        self.strongest.is_some_and(|strongest| strongest >= limit)
    }

    /// The last lines for people.
    pub(crate) fn text(&self, seconds: f64, violations: &[Violation], painter: &Painter) -> String {
        let mut text = format!("{}\n", painter.ink(Ink::Dim, &"─".repeat(painter.width)));
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{} {value}", painter.ink(Ink::Bold, &pad(name, 11)));
        };
        let events = counted(self.events, "event");
        line("total", format!("{events} in {seconds:.1} s"));
        line("verdicts", list(&self.fates));
        line("findings", list(&self.rules));
        line("round trip", latency(&self.durations_us));
        if !self.inspections_us.is_empty() {
            line("inspection", latency(&self.inspections_us));
            let complete = self.inspections_us.len().saturating_sub(self.partial);
            line(
                "coverage",
                format!("{complete} complete, {} partial", self.partial),
            );
        }
        line("function", counted(self.failed, "failure"));
        line("contract", counted(violations.len(), "violation"));
        for violation in violations.iter().take(5) {
            let _ = writeln!(
                text,
                "            {:?}: {}",
                violation.kind, violation.detail
            );
        }
        text
    }

    /// The last object for machines.
    pub(crate) fn json(&self, violations: &[Violation]) -> Value {
        let spread = |values: &[u64]| {
            let values = sorted(values);
            json!({ "p50": percentile(&values, 50), "p99": percentile(&values, 99) })
        };
        json!({ "summary": {
            "events": self.events, "verdicts": self.fates, "findings": self.rules,
            "partial": self.partial, "failed": self.failed, "violations": violations.len(),
            "duration_us": spread(&self.durations_us),
            "inspection_us": spread(&self.inspections_us),
        } })
    }
}

fn sorted(values: &[u64]) -> Vec<u64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn latency(values: &[u64]) -> String {
    let values = sorted(values);
    format!(
        "p50 {} µs, p99 {} µs",
        percentile(&values, 50),
        percentile(&values, 99)
    )
}

fn list<K: AsRef<str>>(counts: &BTreeMap<K, usize>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} {}", name.as_ref()))
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}
