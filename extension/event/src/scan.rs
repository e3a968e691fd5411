//! Byte scanning: where a string ends, and which kinds of bytes stand in it, 8 to 64 bytes a step.
//! It never looks outside the text it was given, and never names a vector instruction: short texts
//! are eight lanes in one integer, long ones loops that compilers turn into SSE2 or NEON.
use crate::form::Classes;

mod lanes;
pub(crate) mod word;

pub(crate) use lanes::classes;
use word::Word;

/// Why a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// At the closing quote.
    Quote,
    /// At a backslash.
    Escape,
    /// At the end of the text.
    End,
}

/// A run of a string's bytes and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Offset of the quote or backslash, or of the end of the text.
    pub(crate) end: usize,
    /// Kinds of bytes before it.
    pub(crate) classes: Classes,
    /// What stands at the end.
    pub(crate) stop: Stop,
}

/// Scans a string from `start` to its closing quote or first escape.
#[inline]
pub(crate) fn string(text: &[u8], start: usize) -> Scanned {
    // Most strings of ordinary events end within two words.
    let mut odd = 0;
    let mut spaces = 0;
    let mut at = start;
    for _ in 0..2 {
        let Some(word) = Word::at(text, at) else {
            break;
        };
        let stops = word.stops();
        // Lanes before the first stop; all of them if there is none.
        let before = stops.wrapping_sub(1) & !stops;
        odd |= word.odd() & before;
        spaces |= word.spaces() & before;
        if stops != 0 {
            let len = word::first(stops);
            let end = at.saturating_add(len);
            let stop = stop_of(text.get(end).copied());
            let classes = if odd == 0 {
                Classes::SPACE.when(spaces != 0)
            } else {
                classes(text.get(start..end).unwrap_or(&[]))
            };
            return Scanned { end, classes, stop };
        }
        at = at.saturating_add(8);
    }
    longer_string(text, start)
}

#[inline]
fn stop_of(byte: Option<u8>) -> Stop {
    match byte {
        Some(b'"') => Stop::Quote,
        Some(_) => Stop::Escape,
        None => Stop::End,
    }
}

#[inline(never)]
fn longer_string(text: &[u8], start: usize) -> Scanned {
    let rest = text.get(start..).unwrap_or(&[]);
    let len = lanes::plain_len(rest);
    let tail = rest.get(len..).unwrap_or(&[]);
    let len = len.saturating_add(word::stop(tail));
    let end = start.saturating_add(len);
    Scanned {
        end,
        classes: classes(rest.get(..len).unwrap_or(rest)),
        stop: stop_of(text.get(end).copied()),
    }
}

/// The offset of the quote that closes the string in which `start` stands, escapes passed over;
/// the text's length if nothing closes it.
pub(crate) fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = at.saturating_add(word::stop(rest));
        if text.get(end) != Some(&b'\\') {
            return end;
        }
        at = end.saturating_add(2);
    }
    text.len()
}

#[cfg(test)]
mod tests;
