//! Streams of .NET's `BinaryFormatter`, alone and in a view state.
//! It never reads the records behind the first: the format itself is what no caller may choose.

use super::Find;
use crate::report::Confidence;
use crate::sought;

/// The record that begins each stream: its kind, the root, and version 1.0.
const HEADER: &[u8] = b"\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00";

/// The same in base64, to the last character that is of it alone.
const PACKED: &[u8] = b"AAEAAAD/////AQAAAAAAAAA";

// Limit: a view state wraps a stream behind two bytes of its own and the length.
const WRAPPED_BYTES_MAX: usize = 64;

/// Reads a stream.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let found = |start: usize, mark| {
        let kind = text.get(start.saturating_add(HEADER.len()))?;
        // A library, a class, an array of objects; texts and numbers alone are harmless.
        matches!(kind, 1..=5 | 7 | 12 | 16 | 17).then_some(Find {
            confidence: Confidence::High,
            start,
            end: start.saturating_add(HEADER.len()),
            format: "dotnet",
            mark,
            is_whole: true,
        })
    };
    if text.starts_with(HEADER) {
        return found(0, "binary-formatter");
    }
    if text.starts_with(b"\xff\x01") {
        let near = text.get(..WRAPPED_BYTES_MAX).unwrap_or(text);
        let start = sought::find(near, HEADER)?;
        return found(start, "view-state");
    }
    None
}

/// A stream in base64 that something else stands behind, so that no decoder takes it.
pub(super) fn packed(text: &[u8]) -> Option<Find> {
    let start = sought::find(text, PACKED)?;
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    Some(Find {
        confidence: if start == 0 {
            Confidence::High
        } else {
            Confidence::Medium
        },
        start,
        end: start.saturating_add(PACKED.len()),
        format: "dotnet",
        mark: "binary-formatter",
        is_whole: start == 0,
    })
}
