//! Messages of databases, drivers, runtimes and frameworks, told by their own words.
//! It never reads more of a message than its line.
use memchr::memmem;

use super::frame::Found;
use super::place::{follows, line_before, line_end};

/// A message that nothing else says.
pub(super) fn sure(text: &[u8], at: usize, len: usize) -> Found {
    Found {
        start: at,
        end: line_end(text, at.saturating_add(len)),
        is_sure: true,
    }
}

/// A message that something else may say.
pub(super) fn doubt(text: &[u8], at: usize, len: usize) -> Found {
    Found {
        is_sure: false,
        ..sure(text, at, len)
    }
}

/// A message if one of some words follows.
pub(super) fn then(text: &[u8], at: usize, len: usize, words: &[&str]) -> Option<Found> {
    let behind = at.saturating_add(len);
    follows(text, behind, words).then(|| sure(text, at, len))
}

/// A message of which the beginning may be any: from what announces it on.
pub(super) fn within(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let found = sure(text, at, len);
    let line = line_before(text, at);
    let lead = line.rsplit(|byte| matches!(byte, b':' | b'>')).next()?;
    Some(Found {
        start: at.saturating_sub(lead.len()),
        ..found
    })
}

/// `near "…": syntax error`, as SQLite says it.
pub(super) fn behind_quote(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let before = text.get(..at)?.strip_suffix(b"\": ")?;
    let near = before.len().saturating_sub(QUERY_BYTES);
    let near = before.get(near..)?;
    let mark = memmem::rfind(near, b"near ")?;
    let start = before.len().saturating_sub(near.len()).saturating_add(mark);
    let found = sure(text, at, len);
    Some(Found { start, ..found })
}

// Limit: the token that a query could not be read from; SQLite repeats all of it.
const QUERY_BYTES: usize = 96;

/// The member of a document that holds a stack trace.
pub(super) fn member(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let behind = text.get(at.saturating_add(len)..)?;
    let behind = behind.strip_prefix(b"\\").unwrap_or(behind);
    let is_list = behind.starts_with(b"\":[") || behind.starts_with(b"\": [");
    let is_trace = follows(text, at.saturating_add(len), &[" at ", "Error"]);
    (is_list && is_trace).then(|| sure(text, at, len))
}
