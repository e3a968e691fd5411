//! `engine` finds attacks in the forms of an event: one cheap gate per value, then one precise
//! confirmer per rule.
//! It never does I/O, never looks at a clock, and never compiles a pattern at run time.
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
#[cfg(test)]
extern crate std;

/// A page of the book, for whoever reads it: with the feature `pages`, and in tests.
///
/// Limit: the pages of all rules are a quarter of a mebibyte; the agent, which shows none, goes
/// without.
#[cfg(any(test, feature = "pages"))]
macro_rules! page {
    ($file:literal) => {
        include_str!($file)
    };
}

#[cfg(not(any(test, feature = "pages")))]
macro_rules! page {
    ($file:literal) => {
        ""
    };
}

mod cursor;
pub mod detector;
pub mod gate;
mod inspect;
pub mod leak;
mod lexicon;
mod mask;
mod name;
mod operand;
mod pieces;
mod prose;
mod report;
mod sought;

#[cfg(test)]
mod cost;
#[cfg(test)]
mod everywhere;
#[cfg(test)]
mod fences;
#[cfg(test)]
mod props;
#[cfg(test)]
mod published;
#[cfg(test)]
mod uploads;

pub use inspect::{
    Exempt, HashKey, Watch, inspect, inspect_beside, inspect_exempting, inspect_reflecting,
    inspect_text, inspect_watching,
};
pub use report::{Confidence, Explanation, Finding, Report};

/// True for rules that look where no policy says anything of them, and for ids that are no rule's.
pub fn is_on_by_default(id: &str) -> bool {
    let found = detector::RULES.iter().find(|rule| rule.id == id);
    found.is_none_or(|rule| rule.is_on_by_default)
}

/// Every rule that a policy may name: those of events, then those of outputs.
pub fn rules() -> impl Iterator<Item = &'static detector::Rule> {
    let detectors = detector::RULES.iter().copied();
    detectors.chain(leak::rules())
}
