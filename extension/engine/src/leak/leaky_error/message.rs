//! Messages of databases, drivers, runtimes and frameworks, told by their own words.
//! It never reads more of a message than its line.

use super::frame::Found;
use super::place::{follows, line_before, line_end};
use crate::sought;

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

/// The name of an exception of a driver: sure where its message follows, `: …` or `) …`; in program
/// text something else does.
pub(super) fn raised(text: &[u8], at: usize, len: usize) -> Found {
    let behind = text.get(at.saturating_add(len)..).unwrap_or_default();
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name = behind.iter().take(NAME_BYTES).take_while(is_name).count();
    let rest = behind.get(name..).unwrap_or_default();
    let is_told = matches!(rest, [b':' | b')', b' ', next, ..] if !next.is_ascii_whitespace());
    Found {
        is_sure: is_told,
        ..sure(text, at, len)
    }
}

/// The code of an error, `SQLITE_ERROR: …` or `"ER_DUP_ENTRY"`: a word of its own, and in program
/// text, where it is declared or asked for, no more than a doubt.
pub(super) fn code(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let before = text.get(..at)?;
    if before
        .last()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        return None;
    }
    let is_program = [&b"const "[..], b"::", b"define ", b"."]
        .iter()
        .any(|lead| before.ends_with(lead));
    let behind = text.get(at.saturating_add(len)..)?;
    let is_name = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'_';
    let name = behind.iter().take(NAME_BYTES).take_while(is_name).count();
    let is_told = matches!(
        behind.get(name),
        Some(b':' | b'"' | b'\'' | b'\\' | b')' | b']')
    );
    Some(Found {
        is_sure: is_told && !is_program,
        ..sure(text, at, len)
    })
}

// Limit: the longest name of an exception has some 40 letters.
const NAME_BYTES: usize = 48;

/// The exception of a service that one of some words follows, unless it is a member of a document
/// that describes the service.
pub(super) fn thrown(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let behind = text.get(at.saturating_add(len)..)?;
    let is_member = behind.starts_with(b"\":{") || behind.starts_with(b"\": {");
    let words = ["Expression", "key element", "parameter"];
    if is_member {
        return None;
    }
    then(text, at, len, &words)
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
    let mark = sought::find_last(near, b"near ")?;
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
