//! Messages of databases, drivers, runtimes and frameworks, told by their own words.
//! It never reads more of a message than its line.
use super::frame::Found;
use super::place::{follows, line_before, line_end};

/// A message that nothing else says.
pub(super) fn sure(text: &[u8], at: usize, len: usize) -> Option<Found> {
    Some(Found {
        start: at,
        end: line_end(text, at.saturating_add(len)),
        is_sure: true,
    })
}

/// A message that something else may say.
pub(super) fn doubt(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let found = sure(text, at, len)?;
    Some(Found {
        is_sure: false,
        ..found
    })
}

/// A message if one of some words follows.
pub(super) fn then(text: &[u8], at: usize, len: usize, words: &[&str]) -> Option<Found> {
    let behind = at.saturating_add(len);
    if follows(text, behind, words) {
        sure(text, at, len)
    } else {
        None
    }
}

/// A message of which the beginning may be any: from what announces it on.
pub(super) fn within(text: &[u8], at: usize, len: usize) -> Option<Found> {
    let found = sure(text, at, len)?;
    let line = line_before(text, at);
    let lead = line.rsplit(|byte| matches!(byte, b':' | b'>')).next()?;
    Some(Found {
        start: at.saturating_sub(lead.len()),
        ..found
    })
}
