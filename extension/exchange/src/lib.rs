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

mod answer;
mod case;
mod completion;
mod custom;
mod guards;
mod inspection;
mod output;
pub mod platform;
mod quarantine;
mod records;
mod refusal;
mod route;
mod spelling;

use alloc::vec::Vec;

use credenza_policy::Policy;

pub use case::{Circumstances, whence};
pub use completion::Completion;
pub use guards::Admit;
pub use inspection::{Inspected, Stamp, event, event_beside, event_under};
pub use output::{
    Channel, Found, Guard, Output, OutputSeen, OutputStep, OutputStream, Provenance, Released,
    Whence, log_line, output, withheld,
};

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

/// The refusal of an event that could not be inspected, when failing closed.
pub fn refusal_unseen(body: &[u8], policy: &Policy) -> Refusal {
    let source = credenza_event::source::recognise(body);
    refusal::refusal(source, body, policy.source(source)).unwrap_or_else(refusal::error)
}

#[cfg(test)]
mod tests;
