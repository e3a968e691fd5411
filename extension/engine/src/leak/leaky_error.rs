//! The detector of errors that tell too much: stack traces, errors of databases, paths of the
//! function, pages for those who debug.
//! It never calls what a person wrote about an error more than a doubt.
//!
#![doc = include_str!("leaky_error.md")]
mod frame;
mod message;
mod place;
mod sign;

use self::sign::{COUNT, SIGNS};
use super::{Leak, LeakDetector, Leaks, OutputText};
use crate::detector::Rule;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaky-error",
    class: "error",
    cwe: 209,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("leaky_error.md"),
};

/// What the one pass looks for.
pub(super) const ANCHORS: &[&str] = &sign::anchors::<COUNT>();

/// Finds errors that tell too much.
#[derive(Debug)]
pub struct LeakyError;

impl LeakDetector for LeakyError {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks) {
        let Some(sign) = SIGNS
            .get(which)
            .filter(|_| !text.was_judged(at) && leaks.has_room())
        else {
            return;
        };
        leaks.looked_at(place::NEAR_BYTES);
        let Some(found) = sign.proof.find(text.bytes, at, sign.anchor.len()) else {
            return;
        };
        if text.is_cut(found.start, found.end) {
            return;
        }
        let is_told = place::is_told(text.bytes, found.start, found.end);
        leaks.add(Leak {
            rule: &RULE,
            kind: sign.kind,
            confidence: if found.is_sure && !is_told {
                Confidence::Medium
            } else {
                Confidence::Low
            },
            start: found.start,
            end: found.end,
        });
    }
}

/// True for the kinds of errors that come from the query of a database.
pub(super) fn is_of_query(kind: &str) -> bool {
    kind.ends_with("-error") && kind != "redis-error"
}

/// True for what stands in the error of an invocation because the runtime is to tell it there.
pub fn is_expected_of_runtimes(kind: &str) -> bool {
    kind.ends_with("-trace") || kind == "function-path"
}
