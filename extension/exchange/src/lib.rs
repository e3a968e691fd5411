//! `exchange` is one invocation's journey as a state machine without I/O: what a message carries,
//! whether it goes on, and what the refusal looks like.
//! It never touches a socket and never re-serialises an event.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

extern crate alloc;

pub mod platform;
mod refusal;

use alloc::vec::Vec;

use credenza_engine::{HashKey, Report};
use credenza_event::{Coverage, Gap, Source, Steps};
use credenza_policy::{Mode, Policy, Verdict};

/// What to do with an event.
#[derive(Debug)]
pub enum Step {
    /// Hand the bytes on as they came.
    Deliver,
    /// Answer the platform ourselves; the function never sees the event.
    Refuse(Refusal),
}

/// The answer to the platform in place of the function's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The body, exact to the byte.
    pub body: Vec<u8>,
    /// `content-type` of the answer.
    pub content_type: &'static str,
    /// `Some(type)`: an `/error` with this error type; `None`: a success response.
    pub error_type: Option<&'static str>,
}

/// One event after inspection.
#[derive(Debug)]
pub struct Inspected {
    /// What to do.
    pub step: Step,
    /// The verdict, as it would be in block mode.
    pub verdict: Verdict,
    /// Who shaped the event.
    pub source: Source,
    /// Findings, coverage and cost.
    pub report: Report,
}

/// Inspects an event under a policy, and says whether it goes on.
///
/// Mode `off` does not look, and says so in its coverage.
/// In mode `monitor` the step is always [`Step::Deliver`]; the verdict says what `block` would
/// have done.
/// The source is recognised only when there is something to say about the event: on the verdict
/// `pass` it is [`Source::Unknown`].
pub fn event(body: &[u8], steps: Steps, policy: &Policy, key: &HashKey) -> Inspected {
    if policy.mode == Mode::Off {
        let report = Report {
            findings: Vec::new(),
            findings_dropped: 0,
            coverage: Coverage::missing(Gap::Off),
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            steps: 0,
        };
        let verdict = Verdict::Pass;
        return Inspected {
            step: Step::Deliver,
            verdict,
            source: Source::Unknown,
            report,
        };
    }
    judge(body, credenza_engine::inspect(body, steps, key), policy)
}

/// Turns the report on an event into a step.
fn judge(body: &[u8], mut report: Report, policy: &Policy) -> Inspected {
    let verdict = policy.verdict(&report);
    report
        .findings
        .retain(|finding| policy.watches(finding.rule.id));
    if verdict == Verdict::Pass {
        return Inspected {
            step: Step::Deliver,
            verdict,
            source: Source::Unknown,
            report,
        };
    }
    let source = credenza_event::source::recognise(body);
    let step = if policy.applies(verdict) {
        Step::Refuse(refusal(source))
    } else {
        Step::Deliver
    };
    Inspected {
        step,
        verdict,
        source,
        report,
    }
}

/// The refusal of `source` (used on a verdict of `block`, and on faults when failing closed).
pub fn refusal(source: Source) -> Refusal {
    refusal::refusal(source)
}

#[cfg(test)]
mod tests;
