//! Records of the process itself: its life, its faults, its problems, and who goes past it.
//! It never tells of what stands in an event or an output.
use std::time::SystemTime;

use credenza_policy::{LogFormat, Problem};

use super::{Counts, Origin, head, judged_under, policy_name};
use crate::telemetry::{FaultNote, TamperNote};

/// What an honest function does not do: `rule`, `why` in a word, and `detail`, with the invocation
/// where there is one.
pub(crate) fn tamper(now: SystemTime, origin: &Origin, note: &TamperNote<'_>) -> String {
    let mut line = head(now, origin.format, "error", "tamper");
    line.text_if_any("request_id", note.request_id, 40);
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    line.text("rule", note.rule.as_bytes(), 32);
    line.text("confidence", b"high", 8);
    line.text("why", note.why.as_bytes(), 24);
    line.text_if_any("detail", note.detail.as_bytes(), 240);
    line.text("mode", origin.under.now().mode.name().as_bytes(), 8);
    judged_under(&mut line, origin.under.now());
    line.done()
}

/// A fault: `kind`, `family` (platform, runtime, ours), `behaviour` (what was done about it) and
/// `detail`, with the invocation where there is one.
pub(crate) fn fault(now: SystemTime, origin: &Origin, note: &FaultNote<'_>) -> String {
    let mut line = head(now, origin.format, "error", "fault");
    line.text_if_any("request_id", note.request_id, 40);
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text("kind", note.kind.as_bytes(), 40);
    line.text("family", note.family.as_bytes(), 16);
    line.text("behaviour", note.behaviour.as_bytes(), 40);
    line.text_if_any("detail", note.detail.as_bytes(), 240);
    line.done()
}

/// A problem: `at` says where (a variable, or file, line and column), `message` what is wrong, what
/// was expected, and what to do.
pub(crate) fn problem(now: SystemTime, origin: &Origin, problem: &Problem) -> String {
    let mut line = head(now, origin.format, "error", "problem");
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text("at", problem.at.as_bytes(), 160);
    line.text("message", problem.message.as_bytes(), 320);
    line.done()
}

/// Another policy than before is in force; `weaker` if less is refused under it.
pub(crate) fn policy(now: SystemTime, origin: &Origin, is_weaker: bool) -> String {
    let level = if is_weaker { "warn" } else { "info" };
    let under = origin.under.now();
    let mut line = head(now, origin.format, level, "policy");
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    line.text("mode", under.mode.name().as_bytes(), 8);
    line.text("policy", policy_name(under).as_bytes(), 16);
    line.number("policy_version", under.version);
    line.flag("weaker", is_weaker);
    line.done()
}

/// INIT: what is in force.
///
/// `agent` is our version; `listen` is where runtimes find us, `upstream` where events come from;
/// `witness` says whether invocations that go past us are told: `on`, `off`, or `refused` where the
/// platform would not tell of them.
pub(crate) fn init(
    now: SystemTime,
    origin: &Origin,
    listen: &str,
    upstream: &str,
    witness: &str,
    problems: u64,
) -> String {
    let mut line = head(now, origin.format, "info", "init");
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    line.text("agent", env!("CARGO_PKG_VERSION").as_bytes(), 16);
    line.text("mode", origin.under.now().mode.name().as_bytes(), 8);
    judged_under(&mut line, origin.under.now());
    line.text("listen", listen.as_bytes(), 48);
    line.text("upstream", upstream.as_bytes(), 120);
    line.text("witness", witness.as_bytes(), 16);
    line.number("problems", problems);
    line.done()
}

/// SHUTDOWN: what was counted, and why the process leaves.
pub(crate) fn summary(now: SystemTime, origin: &Origin, reason: &str, counts: &Counts) -> String {
    let level = if counts.dropped > 0 { "error" } else { "info" };
    let mut line = head(now, origin.format, level, "summary");
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text("reason", reason.as_bytes(), 40);
    line.number("inspected", counts.inspected);
    line.number("partial", counts.partial);
    line.number("flagged", counts.flagged);
    line.number("blocked", counts.blocked);
    line.number("leaks", counts.leaks);
    line.number("tampered", counts.tampered);
    line.number("faults", counts.faults);
    line.number("problems", counts.problems);
    line.number("findings_dropped", counts.findings_dropped);
    line.number("dropped", counts.dropped);
    line.number("unrecorded", counts.unrecorded);
    line.done()
}

/// Records that could not be written so far, told as soon as one can be written again.
pub(crate) fn dropped(now: SystemTime, format: LogFormat, records: u64) -> String {
    let mut line = head(now, format, "error", "dropped");
    line.number("records", records);
    line.done()
}

/// The wrapper's one line: what it did not do, and why.
pub(crate) fn wrapper(now: SystemTime, message: &str) -> String {
    let mut line = head(now, LogFormat::Text, "warn", "wrapper");
    line.text("message", message.as_bytes(), 480);
    line.done()
}

/// A line about the life of the process that is no finding: why it cannot go on.
pub(crate) fn lifecycle(now: SystemTime, format: LogFormat, message: &str) -> String {
    let mut line = head(now, format, "error", "lifecycle");
    line.text("message", message.as_bytes(), 480);
    line.done()
}
