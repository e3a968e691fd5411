//! UTF-16 and UTF-32, in either byte order, with or without a mark.
//! It never guesses on text that has no zero bytes and no mark.
use alloc::vec::Vec;

use crate::text;

/// How a wide text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    unit_bytes: usize,
    big_endian: bool,
    mark_bytes: usize,
}

impl Encoding {
    const fn new(unit_bytes: usize, big_endian: bool, mark_bytes: usize) -> Self {
        Self {
            unit_bytes,
            big_endian,
            mark_bytes,
        }
    }
}

/// The wide encoding of a whole document, told the way Python's `json.loads` tells it (marks first,
/// then zeros among the first four bytes); `None` for UTF-8.
pub(crate) fn encoding_of_document(text: &[u8]) -> Option<Encoding> {
    Some(match text {
        [0, 0, 0xfe, 0xff, ..] => Encoding::new(4, true, 4),
        [0xff, 0xfe, 0, 0, ..] => Encoding::new(4, false, 4),
        [0xfe, 0xff, ..] => Encoding::new(2, true, 2),
        [0xff, 0xfe, ..] => Encoding::new(2, false, 2),
        [0, 0, _, _, ..] => Encoding::new(4, true, 0),
        [0, _, _, _, ..] | [0, _] => Encoding::new(2, true, 0),
        [_, 0, 0, 0, ..] => Encoding::new(4, false, 0),
        [_, 0, _, _, ..] | [_, 0] => Encoding::new(2, false, 0),
        _ => return None,
    })
}

/// True if bytes start like UTF-16 or UTF-32 of ASCII, or with a mark.
pub(super) fn starts_wide(head: &[u8]) -> bool {
    match *head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] => true,
        [0, 0, 0, a, 0, 0] | [a, 0, 0, 0, _, 0] => (b' '..0x7f).contains(&a),
        [0, a, 0, b, ..] | [a, 0, b, 0, ..] => {
            (b' '..0x7f).contains(&a) && (b' '..0x7f).contains(&b)
        }
        _ => false,
    }
}

/// The wide encoding of a text inside of an event: with a mark, or mostly ASCII.
pub(super) fn encoding_of_text(text: &[u8]) -> Option<Encoding> {
    let found = encoding_of_document(text)?;
    if found.mark_bytes > 0 {
        return Some(found);
    }
    // Ordinary text in UTF-16 has a zero in every other byte.
    let zeros = text.iter().take(64).filter(|byte| **byte == 0).count();
    let seen = text.len().min(64);
    (text.len() >= 6 && zeros * 5 >= seen * 2).then_some(found)
}

/// Appends a wide text inside of an event as UTF-8; false if it is none.
pub(super) fn decode_text(input: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(encoding) = encoding_of_text(input) else {
        return false;
    };
    decode(encoding, input, out);
    true
}

/// Appends `input` as UTF-8; a lone surrogate keeps its three bytes.
pub(crate) fn decode(encoding: Encoding, input: &[u8], out: &mut Vec<u8>) {
    let body = input.get(encoding.mark_bytes..).unwrap_or(&[]);
    let mut high = None;
    for unit in body.chunks(encoding.unit_bytes) {
        let code = unit_of(encoding, unit);
        if let Some(first) = high.take() {
            if (0xdc00..0xe000).contains(&code) {
                text::push_code(text::pair(first, code), out);
                continue;
            }
            text::push_code(first, out);
        }
        if encoding.unit_bytes == 2 && (0xd800..0xdc00).contains(&code) {
            high = Some(code);
        } else {
            text::push_code(code, out);
        }
    }
    if let Some(first) = high {
        text::push_code(first, out);
    }
}

/// One unit; a cut one at the end reads as U+FFFD.
fn unit_of(encoding: Encoding, unit: &[u8]) -> u32 {
    if unit.len() < encoding.unit_bytes {
        return 0xfffd;
    }
    let fold = |code: u32, byte: &u8| code << 8 | u32::from(*byte);
    if encoding.big_endian {
        unit.iter().fold(0, fold)
    } else {
        unit.iter().rev().fold(0, fold)
    }
}
