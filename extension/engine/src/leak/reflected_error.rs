//! What a text of the event says beside the error of a database: that it became a part of a query.
//! It never takes an error for one of its own: `leaky-error` has told where errors stand.
//!
#![doc = include_str!("reflected_error.md")]
use alloc::vec::Vec;

use super::reflection::Deed;
use super::{Leaks, OutputText, leaky_error};
use crate::detector::Rule;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "reflected-error",
    class: "sqli",
    cwe: 209,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("reflected_error.md"),
};

// Limit: a database repeats at most 80 bytes of a query, and a driver adds the whole of it in a
// line or two.
const NEAR_BYTES: usize = 384;
// Limit: an answer has one error; in a list of sixteen nobody needs a seventeenth.
const ERRORS_MAX: usize = 16;

/// The bytes around the errors of databases that were found in a text.
pub(super) fn places(text: &OutputText<'_>, leaks: &Leaks) -> Vec<(usize, usize)> {
    let errors = leaks
        .iter()
        .filter(|leak| leak.rule.id == leaky_error::RULE.id && leaky_error::is_of_query(leak.kind));
    let around = errors.map(|leak| {
        let end = leak.end.saturating_add(NEAR_BYTES).min(text.bytes.len());
        (leak.start.saturating_sub(NEAR_BYTES), end)
    });
    around.take(ERRORS_MAX).collect()
}

/// What the text `start..end` does beside an error: with a quote or a sign of a query in it, it was
/// read as a part of one.
pub(super) fn deed(text: &[u8], start: usize, end: usize) -> Option<Deed> {
    let echo = text.get(start..end)?;
    let signs = echo.iter().any(|byte| b"'\"`();".contains(byte));
    signs.then_some(Deed {
        confidence: Confidence::High,
        kind: "query-error",
    })
}
