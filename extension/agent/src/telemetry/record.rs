//! Every record that the agent can write, declared once.
//! It never holds a field's value: rule, place, lengths, a keyed hash and a masked sample only.
mod counted;
mod process;
mod recorded;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use credenza_engine::Finding;
use credenza_event::Part;
use credenza_exchange::{Inspected, Stamp};
use credenza_policy::{LogFormat, Policy, Routes, Verdict};

use super::json::Line;
use super::time::rfc3339;
use super::{Invocation, LeakNote};

pub(crate) use counted::{Lost, metrics, repeats};
pub(crate) use process::{
    dropped, fault, init, lifecycle, policy, problem, summary, tamper, wrapper,
};
pub use recorded::Recorded;
pub(crate) use recorded::recorded;

// Limit: CloudWatch bills by the byte and cuts nothing below 256 KB; 700 bytes carry every field
// of a finding with room for a location of 80 bytes (design.md), and one `write` of them to a pipe
// is atomic (PIPE_BUF is 4,096).
pub(crate) const LINE_BYTES_MAX: usize = 700;

/// What every record of this process shares.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version: String,
    /// The policy in force.
    pub under: Under,
    /// How lines name their time and level.
    pub format: LogFormat,
}

impl Origin {
    /// The origin of a process under `policy`.
    pub fn new(function: String, version: String, policy: &Policy, format: LogFormat) -> Self {
        Self {
            function,
            version,
            under: Under::new(Stamp::of(policy)),
            format,
        }
    }
}

/// The policy in force, for records that are about no invocation of their own.
#[derive(Clone, Debug, Default)]
pub struct Under(Arc<RwLock<Stamp>>);

impl Under {
    /// The policy in force from here on.
    pub fn new(stamp: Stamp) -> Self {
        Self(Arc::new(RwLock::new(stamp)))
    }

    /// What is in force now.
    pub fn now(&self) -> Stamp {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another policy is in force from here on.
    pub fn set(&self, stamp: Stamp) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = stamp;
    }
}

/// A policy by the hash of its texts.
pub(super) fn policy_name(under: Stamp) -> String {
    if under.hash == 0 {
        "default".into()
    } else {
        format!("{:016x}", under.hash)
    }
}

/// The policy by its hash, and by the number that its author gave it.
fn judged_under(line: &mut Line, under: Stamp) {
    line.text("policy", policy_name(under).as_bytes(), 16);
    if under.version > 0 {
        line.number("policy_version", under.version);
    }
}

/// What a process has counted when it leaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Events inspected.
    pub inspected: u64,
    /// Events of which not every byte was inspected.
    pub partial: u64,
    /// Events with the verdict `flag`.
    pub flagged: u64,
    /// Events with the verdict `block`, refused or not.
    pub blocked: u64,
    /// Secrets of the function on their way out, withheld or not.
    pub leaks: u64,
    /// Invocations that went past us, and what else an honest function does not do.
    pub tampered: u64,
    /// Faults.
    pub faults: u64,
    /// Problems with policy or settings.
    pub problems: u64,
    /// Findings beyond the most that one event may have.
    pub findings_dropped: u64,
    /// Records that could not be written.
    pub dropped: u64,
    /// Events that were to be recorded and could not be.
    pub unrecorded: u64,
}

/// One inspected event, as its records tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// The wall-clock time.
    pub(crate) now: SystemTime,
    /// The process.
    pub(crate) origin: &'a Origin,
    /// The invocation.
    pub(crate) invocation: &'a Invocation<'a>,
    /// The event's verdict and report.
    pub(crate) inspected: &'a Inspected,
    /// Microseconds of inspection.
    pub(crate) us: u64,
}

/// How long the variable parts of a finding may be, from generous to tight; 0 leaves a part out.
struct Squeeze {
    function: usize,
    /// X-Ray root, tenant and version: the invocation is named by its request id alone at last.
    invocation: usize,
    location: usize,
    /// Method and path, queue, bucket, topic, …
    route: usize,
    /// The id of a batch's record.
    batch: usize,
    sample: usize,
    grammar: usize,
    decoded: usize,
}

// Limit: with the last squeeze a finding has at most 600 bytes of names, numbers at their widest,
// all gaps and the longest rule id, and 40 + 24 + 24 + 10 bytes of request id, function, location
// and decode chain: under 700. `the_longest_finding_fits` holds this arithmetic.
const SQUEEZES: [Squeeze; 4] = [
    Squeeze {
        function: 64,
        invocation: 40,
        location: 160,
        route: 96,
        batch: 160,
        sample: 48,
        grammar: 24,
        decoded: 8,
    },
    Squeeze {
        function: 64,
        invocation: 40,
        location: 80,
        route: 64,
        batch: 56,
        sample: 32,
        grammar: 24,
        decoded: 6,
    },
    Squeeze {
        function: 48,
        invocation: 40,
        location: 64,
        route: 32,
        batch: 56,
        sample: 16,
        grammar: 24,
        decoded: 4,
    },
    Squeeze {
        function: 24,
        invocation: 0,
        location: 24,
        route: 0,
        batch: 0,
        sample: 0,
        grammar: 0,
        decoded: 1,
    },
];

/// A finding: one line each, at most [`LINE_BYTES_MAX`] bytes.
///
/// | field | means |
/// |---|---|
/// | `time`, `level`, `record` | UTC, `warn`, `finding` |
/// | `request_id`, `trace`, `tenant` | the invocation; the X-Ray root id; the caller's tenant |
/// | `function`, `version` | the function and its version |
/// | `source`, `rule`, `confidence` | who shaped the event, what was found, how surely |
/// | `route` | the way it came, as a pattern without anything that a caller chose |
/// | `batch_record` | the id of the batch's record that it is in, as its source knows it |
/// | `location`, `role`, `part` | JSON Pointer, what the value means, key or value |
/// | `span`, `length` | the bytes that decided, and the bytes of the judged form |
/// | `decoded` | the steps that led from the event's bytes to the judged form |
/// | `context`, `dialect`, `production` | the grammar that decided |
/// | `hash`, `sample` | keyed hash of the form; the form with letters and digits masked |
/// | `verdict`, `mode`, `applied` | as in block mode; the mode; whether anything was refused |
/// | `shadow` | the verdict of the candidate policy, if there is one |
/// | `canary` | `in` or `out` of the share for which it is enforced, if that is not all |
/// | `records_cut` | records of a batch that the function does not get, if any |
/// | `coverage`, `gaps` | what was not looked at |
/// | `findings_dropped` | findings beyond the most that one event may have, if any |
/// | `policy`, `policy_version` | hash of the policy's texts; its author's number, if any |
/// | `steps`, `us` | work; microseconds |
pub(crate) fn finding(seen: &Seen<'_>, finding: &Finding) -> String {
    let mut text = String::new();
    for squeeze in &SQUEEZES {
        text = squeezed(seen, finding, squeeze);
        if text.len() <= LINE_BYTES_MAX {
            break;
        }
    }
    text
}

fn squeezed(seen: &Seen<'_>, finding: &Finding, squeeze: &Squeeze) -> String {
    let mut line = head(seen.now, seen.origin.format, "warn", "finding");
    about(&mut line, seen, squeeze.function, squeeze.invocation);
    line.text("source", seen.inspected.source.name().as_bytes(), 24);
    found(&mut line, finding, &seen.inspected.routes, squeeze);
    outcome(&mut line, seen, squeeze.grammar == 0);
    line.done()
}

/// What was found, and where.
fn found(line: &mut Line, finding: &Finding, routes: &Routes, squeeze: &Squeeze) {
    let route = routes.shown_at(&finding.location);
    line.text_if_any("route", route.as_bytes(), squeeze.route);
    line.text("rule", finding.rule.id.as_bytes(), 32);
    line.text("confidence", finding.confidence.name().as_bytes(), 8);
    let record = finding.record.as_deref().unwrap_or_default();
    line.text_if_any("batch_record", record.as_bytes(), squeeze.batch);
    line.text("location", place(finding).as_bytes(), squeeze.location);
    line.text("role", role(finding).as_bytes(), 8);
    line.text("part", part(finding).as_bytes(), 8);
    line.pair("span", finding.span.start, finding.span.end);
    line.number("length", u64::from(finding.length));
    if !finding.decoded.is_empty() {
        let decoded = finding.decoded.iter().take(squeeze.decoded);
        line.words("decoded", decoded.map(|decoder| decoder.name()));
    }
    let why = &finding.explanation;
    line.text_if_any("context", why.context.as_bytes(), squeeze.grammar);
    line.text_if_any("dialect", why.dialect.as_bytes(), squeeze.grammar);
    line.text_if_any("production", why.production.as_bytes(), squeeze.grammar);
    line.text("hash", format!("{:016x}", finding.hash).as_bytes(), 16);
    line.text_if_any("sample", finding.sample.as_bytes(), squeeze.sample);
}

/// An event that was not inspected to its last byte and has no finding to say so.
///
/// Fields as in [`finding`], and `bytes`, the size of the event.
pub(crate) fn partial(seen: &Seen<'_>) -> String {
    event(head(seen.now, seen.origin.format, "warn", "partial"), seen)
}

/// An event of which there is nothing to say, told at level `debug` only.
///
/// Fields as in [`partial`].
pub(crate) fn clean(seen: &Seen<'_>) -> String {
    event(
        head(seen.now, seen.origin.format, "debug", "inspected"),
        seen,
    )
}

fn event(mut line: Line, seen: &Seen<'_>) -> String {
    about(&mut line, seen, 64, 40);
    if seen.inspected.verdict != Verdict::Pass {
        line.text("source", seen.inspected.source.name().as_bytes(), 24);
    }
    line.number("bytes", seen.inspected.report.bytes);
    outcome(&mut line, seen, false);
    line.done()
}

/// What must not leave in an output: `kind` says what it is, or `secret` names the variable whose
/// value it is and `spelling` how that is written; `channel` is the kind of output, `span` its
/// bytes there, `location` its JSON Pointer, `action` what the policy wants of it in block mode;
/// never a byte of it.
pub(crate) fn leak(now: SystemTime, origin: &Origin, note: &LeakNote<'_>) -> String {
    let under = note.under.unwrap_or_else(|| origin.under.now());
    let mut line = head(now, origin.format, "warn", "leak");
    line.text_if_any("request_id", note.request_id, 40);
    line.text_if_any("function", origin.function.as_bytes(), 64);
    line.text_if_any("version", origin.version.as_bytes(), 16);
    let found = note.found;
    line.text("rule", found.rule.id.as_bytes(), 32);
    line.text("confidence", found.confidence.name().as_bytes(), 8);
    if found.secret.is_some() {
        line.text("secret", note.secret.as_bytes(), 64);
        line.text("spelling", found.kind.as_bytes(), 16);
    } else {
        line.text("kind", found.kind.as_bytes(), 64);
    }
    line.text("channel", note.channel.as_bytes(), 16);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    line.pair("span", offset(found.start), offset(found.end));
    line.text_if_any("location", named_only(&found.location).as_bytes(), 80);
    line.text("verdict", found.verdict.name().as_bytes(), 8);
    line.text("action", found.action.name().as_bytes(), 8);
    if let Some(shadow) = found.shadow {
        line.text("shadow", shadow.name().as_bytes(), 8);
    }
    if let Some(is_in) = found.canary {
        line.text("canary", if is_in { b"in" } else { b"out" }, 8);
    }
    line.text("mode", under.mode.name().as_bytes(), 8);
    line.flag("applied", note.applied);
    judged_under(&mut line, under);
    line.done()
}

/// The beginning of every line.
///
/// Under `AWS_LAMBDA_LOG_FORMAT=JSON` time and level have the names and the capitals by which the
/// platform reads them in a function's own lines, and filters by level.
fn head(now: SystemTime, format: LogFormat, level: &str, record: &str) -> Line {
    let mut line = Line::new();
    let time = rfc3339(now);
    match format {
        LogFormat::Text => {
            line.text("time", time.as_bytes(), 32);
            line.text("level", level.as_bytes(), 8);
        }
        LogFormat::Json => {
            line.text("timestamp", time.as_bytes(), 32);
            line.text("level", level.to_ascii_uppercase().as_bytes(), 8);
        }
    }
    line.text("record", record.as_bytes(), 16);
    line
}

fn about(line: &mut Line, seen: &Seen<'_>, function_bytes_max: usize, bytes_max: usize) {
    about_invocation(
        line,
        seen.origin,
        seen.invocation,
        function_bytes_max,
        bytes_max,
    );
}

fn about_invocation(
    line: &mut Line,
    origin: &Origin,
    invocation: &Invocation<'_>,
    function_bytes_max: usize,
    bytes_max: usize,
) {
    line.text("request_id", invocation.request_id, 40);
    line.text_if_any("trace", trace_root(invocation.trace_id), bytes_max);
    line.text_if_any("tenant", invocation.tenant_id, bytes_max.min(32));
    line.text_if_any("function", origin.function.as_bytes(), function_bytes_max);
    line.text_if_any("version", origin.version.as_bytes(), bytes_max.min(16));
}

/// What came of an event; where room is `tight` the hash alone names the policy, and two of the
/// gaps stand for all.
fn outcome(line: &mut Line, seen: &Seen<'_>, tight: bool) {
    let inspected = seen.inspected;
    let coverage = inspected.report.coverage;
    line.text("verdict", inspected.verdict.name().as_bytes(), 8);
    if let Some(shadow) = inspected.shadow {
        line.text("shadow", shadow.name().as_bytes(), 8);
    }
    if let Some(is_in) = inspected.canary {
        line.text("canary", if is_in { b"in" } else { b"out" }, 8);
    }
    line.text("mode", inspected.under.mode.name().as_bytes(), 8);
    line.flag(
        "applied",
        !matches!(inspected.step, credenza_exchange::Step::Deliver),
    );
    if inspected.records_cut > 0 {
        line.number("records_cut", u64::from(inspected.records_cut));
    }
    line.text("coverage", coverage.name().as_bytes(), 8);
    if !coverage.is_complete() {
        let gaps = coverage.gaps().take(if tight { 2 } else { usize::MAX });
        line.words("gaps", gaps.map(credenza_event::Gap::name));
    }
    if inspected.report.findings_dropped > 0 {
        line.number(
            "findings_dropped",
            u64::from(inspected.report.findings_dropped),
        );
    }
    if tight {
        line.text("policy", policy_name(inspected.under).as_bytes(), 16);
    } else {
        judged_under(line, inspected.under);
    }
    line.number("steps", inspected.report.steps);
    line.number("us", seen.us);
}

/// The root id in `Root=1-…;Parent=…`; nothing if the caller wrote something else there.
fn trace_root(header: &[u8]) -> &[u8] {
    let root = header
        .split(|byte| *byte == b';')
        .find_map(|part| part.strip_prefix(b"Root="));
    root.filter(|root| {
        root.iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
    })
    .unwrap_or_default()
}

/// The finding's JSON Pointer; when a key was judged, its last step is the judged text itself and
/// is masked.
pub(super) fn place(finding: &Finding) -> String {
    if finding.part == Part::Value {
        return finding.location.clone();
    }
    let (parent, key) = finding
        .location
        .rsplit_once('/')
        .unwrap_or(("", &finding.location));
    let mask = |letter: char| match letter {
        '0'..='9' => '9',
        _ if letter.is_ascii_alphabetic() => 'x',
        _ if letter.is_ascii() => letter,
        _ => '?',
    };
    format!("{parent}/{}", key.chars().map(mask).collect::<String>())
}

/// A JSON Pointer of an output without the names that may be values.
fn named_only(location: &str) -> String {
    let steps = location.split('/').map(|step| {
        if super::masked::is_plain(step.as_bytes()) {
            step
        } else {
            "?"
        }
    });
    steps.collect::<Vec<_>>().join("/")
}

fn role(finding: &Finding) -> &'static str {
    use credenza_event::Role;
    match finding.role {
        Role::Query => "query",
        Role::Path => "path",
        Role::Header => "header",
        Role::Cookie => "cookie",
        Role::Body => "body",
        Role::Message => "message",
        Role::ObjectKey => "object-key",
        Role::Other => "other",
    }
}

fn part(finding: &Finding) -> &'static str {
    match finding.part {
        Part::Key => "key",
        Part::Value => "value",
    }
}

#[cfg(test)]
mod schema;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod tests;
