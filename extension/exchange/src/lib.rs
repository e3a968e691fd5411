//! `exchange` is one invocation's journey as a state machine without I/O: what a message carries,
//! whether it goes on, and what the refusal looks like.
//! It never touches a socket and never re-serialises an event.
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

pub mod platform;
mod refusal;

use alloc::vec::Vec;

use credenza_engine::{HashKey, Report};
use credenza_event::{Source, Steps};
use credenza_policy::{Policy, Verdict};

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

/// Inspects an event under a policy.
pub fn event(body: &[u8], steps: Steps, policy: &Policy, key: &HashKey) -> Inspected {
    let report = credenza_engine::inspect(body, steps, key);
    let verdict = policy.verdict(&report);
    Inspected { step: Step::Deliver, verdict, source: Source::Unknown, report }
}

/// The refusal of `source` (used on a verdict of `block`, and on faults when failing closed).
pub fn refusal(source: Source) -> Refusal {
    refusal::refusal(source)
}
