//! Lines of program text, as they stand in a file and as they stand in a document that holds one.
//! It never copies a line.
use memchr::memchr2;

/// A line without the white space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    pub(super) text: &'t [u8],
    pub(super) start: usize,
    pub(super) end: usize,
}

// Limit: shorter lines all programs have; longer ones are data, or were packed.
const LINE_BYTES_MIN: usize = 12;
const LINE_BYTES_MAX: usize = 400;

/// The lines of a text from an offset on: what line breaks part, and what they part where a
/// document spells them with two characters.
pub(super) fn lines(text: &[u8], from: usize) -> impl Iterator<Item = Line<'_>> {
    let mut at = from;
    let mut is_over = false;
    core::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let start = at;
        let (end, next) = line_end(text, start);
        is_over = next > text.len();
        at = next;
        Some(trimmed(text, start, end.min(text.len())))
    })
}

/// Where the line ends that begins at an offset, and where the next one begins; behind the text if
/// there is none.
fn line_end(text: &[u8], start: usize) -> (usize, usize) {
    let mut at = start;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'\n', b'\\', rest)) {
        let place = at.saturating_add(found);
        if text.get(place) == Some(&b'\n') {
            return (place, place.saturating_add(1));
        }
        let behind = place.saturating_add(2);
        if text.get(place.saturating_add(1)) == Some(&b'n') {
            return (place, behind);
        }
        at = behind;
    }
    (text.len(), text.len().saturating_add(1))
}

/// A line without white space around it, also where a document spells that: `\t`, `\r`.
fn trimmed(text: &[u8], start: usize, end: usize) -> Line<'_> {
    let line = text.get(start..end).unwrap_or(&[]);
    let mut rest = line.trim_ascii_start();
    while let Some(behind) = rest.strip_prefix(b"\\t") {
        rest = behind.trim_ascii_start();
    }
    let start = end.saturating_sub(rest.len());
    let rest = rest.trim_ascii_end();
    let rest = rest.strip_suffix(b"\\r").unwrap_or(rest);
    Line {
        text: rest,
        start,
        end: start.saturating_add(rest.len()),
    }
}

impl Line<'_> {
    /// True for a line that is program text and says enough: no comment, no markup, no sentence.
    pub(super) fn tells(&self) -> bool {
        let len = self.text.len();
        if !(LINE_BYTES_MIN..=LINE_BYTES_MAX).contains(&len) {
            return false;
        }
        let is_other = matches!(
            self.text,
            [b'#' | b'*' | b'<', ..] | [b'/', b'/' | b'*', ..] | [b'-', b'-', ..]
        );
        !is_other && self.text.iter().any(|byte| b"(=[{:;.".contains(byte))
    }

    /// The fingerprint, the same however a document spells the line.
    pub(super) fn hash(&self) -> u32 {
        let mut hash = 0x811c_9dc5_u32;
        for byte in self.text.iter().filter(|byte| **byte != b'\\') {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        // Zero is no line.
        hash.max(1)
    }
}
