//! `policy` is the user's will as data: what to look for, and what to do about it.
//! It never fails and never does I/O: a broken policy means monitor mode and a loud problem.
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

use alloc::{string::String, vec::Vec};

use credenza_engine::Report;

/// What credenza may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Do not look.
    Off,
    /// Look and report; bytes always pass.
    #[default]
    Monitor,
    /// Refuse what is judged `block`.
    Block,
}

impl Mode {
    /// The name in records, policies and the environment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Monitor => "monitor",
            Self::Block => "block",
        }
    }
}

/// What to do on a fault of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The bytes pass and a record says so.
    #[default]
    Open,
    /// The event is refused.
    Closed,
}

/// What to do when not everything was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPartial {
    /// As if complete.
    Pass,
    /// Verdict `flag`.
    Flag,
    /// Verdict `block`.
    Block,
}

/// What the policy makes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing worth saying.
    Pass,
    /// Worth a record.
    Flag,
    /// Refused in block mode; would be refused in monitor mode.
    Block,
}

impl Verdict {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flag => "flag",
            Self::Block => "block",
        }
    }
}

/// The user's will.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Global mode.
    pub mode: Mode,
    /// On a fault of ours.
    pub on_error: OnError,
    /// On partial coverage; `None` means `flag` in monitor and `block` in block mode.
    pub on_partial: Option<OnPartial>,
}

/// Something wrong with a policy or a setting: where, what was expected, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Variable name or `line:column` in the file.
    pub at: String,
    /// What is wrong, what was expected, and a suggestion where there is one.
    pub message: String,
}

impl Policy {
    /// Reads a policy file; never fails.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let _ = text;
        (Self::default(), Vec::new())
    }

    /// The verdict on a report, as it would be in block mode.
    pub fn verdict(&self, report: &Report) -> Verdict {
        let _ = report;
        Verdict::Pass
    }
}
