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

mod completion;
mod output;
mod packed;
pub mod platform;
mod quarantine;
mod records;
mod refusal;
mod spelling;

use alloc::vec::Vec;

use credenza_engine::{HashKey, Report};
use credenza_event::{Beside, Coverage, Gap, Source, Steps};
use credenza_policy::{Mode, Policy, Verdict};

pub use completion::Completion;
pub use output::{Channel, Output, OutputSeen, OutputStep, output};
use quarantine::Inspector;

/// What to do with an event.
#[derive(Debug)]
pub enum Step {
    /// Hand the bytes on as they came.
    Deliver,
    /// Answer the platform ourselves; the function never sees the event.
    Refuse(Refusal),
    /// Hand on what is left of a batch.
    Cut(Cut),
}

/// A batch without its bad records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The event that the function gets.
    pub event: Vec<u8>,
    /// What has to be added to its answer; nothing if the answer passes as it comes.
    pub completion: Option<Completion>,
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
    /// Records of a batch that the function does not get.
    pub records_cut: u32,
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
    event_beside(body, &[], steps, policy, key)
}

/// The same for an event and what comes beside it, as headers of the message that carries it.
pub fn event_beside(
    body: &[u8],
    beside: &[Beside<'_>],
    steps: Steps,
    policy: &Policy,
    key: &HashKey,
) -> Inspected {
    if policy.mode == Mode::Off {
        let report = Report {
            findings: Vec::new(),
            findings_dropped: 0,
            coverage: Coverage::missing(Gap::Off),
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            steps: 0,
        };
        return Inspected::delivered(Verdict::Pass, Source::Unknown, report);
    }
    let report = credenza_engine::inspect_beside(body, beside, steps, key, policy.watch());
    judge(body, report, steps, policy, key)
}

/// Turns the report on an event into a step; `steps` is the budget that the inspection had.
fn judge(
    body: &[u8],
    mut report: Report,
    steps: Steps,
    policy: &Policy,
    key: &HashKey,
) -> Inspected {
    let verdict = policy.verdict(&report);
    if verdict == Verdict::Pass {
        return Inspected::delivered(verdict, Source::Unknown, watched(report, policy));
    }
    let source = credenza_event::source::recognise(body);
    let batch = records::batch(source, body);
    let mut sorted = None;
    if policy.applies(verdict)
        && !is_beside(&report, policy)
        && let Some(batch) = &batch
    {
        let mut steps = steps;
        steps.take(usize::try_from(report.steps).unwrap_or(usize::MAX));
        let mut inspector = Inspector { policy, key, steps };
        sorted = quarantine::sort(source, body, batch, &mut report, &mut inspector);
    }
    let mut report = watched(report, policy);
    if let Some(batch) = &batch {
        quarantine::name_records(batch, &mut report.findings);
    }
    let inspected = Inspected::delivered(verdict, source, report);
    if !policy.applies(verdict) {
        return inspected;
    }
    if let Some(sorted) = sorted {
        return Inspected {
            step: sorted.step,
            records_cut: sorted.cut,
            ..inspected
        };
    }
    match refusal::refusal(source, body, policy.source(source)) {
        Some(refusal) => Inspected {
            step: Step::Refuse(refusal),
            ..inspected
        },
        None => inspected,
    }
}

/// True if what is to be refused came beside the event: no record of a batch is to blame.
fn is_beside(report: &Report, policy: &Policy) -> bool {
    report.findings.iter().any(|finding| {
        let verdict = policy.finding_verdict(finding.rule.id, finding.confidence);
        finding.location.starts_with('#') && verdict == Verdict::Block
    })
}

/// The report without the findings of rules that nobody watches.
fn watched(mut report: Report, policy: &Policy) -> Report {
    report
        .findings
        .retain(|finding| policy.watches(finding.rule.id));
    report
}

impl Inspected {
    fn delivered(verdict: Verdict, source: Source, report: Report) -> Self {
        Self {
            step: Step::Deliver,
            verdict,
            source,
            records_cut: 0,
            report,
        }
    }
}

/// The refusal of an event that could not be inspected, when failing closed.
pub fn refusal_unseen(body: &[u8], policy: &Policy) -> Refusal {
    let source = credenza_event::source::recognise(body);
    refusal::refusal(source, body, policy.source(source)).unwrap_or_else(refusal::error)
}

#[cfg(test)]
mod tests;
