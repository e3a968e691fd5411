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
    let is_wide = text.len() >= 6 && zeros * 5 >= seen * 2;
    (is_wide && holds_text(found, text)).then_some(found)
}

/// True if hardly a unit is none of a text, or many are ASCII: fonts and icons begin like wide
/// text, and are tables of small numbers and colours.
fn holds_text(encoding: Encoding, text: &[u8]) -> bool {
    let (mut all, mut zeros, mut ascii, mut odd) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut is_behind_high = false;
    for unit in text.chunks(encoding.unit_bytes) {
        let code = unit_of(encoding, unit);
        let is_high = encoding.unit_bytes == 2 && (0xd800..0xdc00).contains(&code);
        all += 1;
        match code {
            0 => zeros += 1,
            1..0x80 if u8::try_from(code).is_ok_and(|byte| !text::is_control(byte)) => ascii += 1,
            // The second half of a pair.
            0xdc00..0xe000 if is_behind_high => {}
            0..0x80 | 0xdc00..0xf900 | 0x0011_0000.. => odd += 1,
            _ => {}
        }
        // The first half of one that has no second.
        odd += usize::from(is_behind_high && !(0xdc00..0xe000).contains(&code));
        is_behind_high = is_high;
    }
    // Limit: a twentieth, as in any text; of a font's units five to twenty in a hundred are none.
    let is_clean = odd.saturating_mul(20) <= all && zeros.saturating_mul(2) <= all;
    is_clean || ascii.saturating_mul(4) >= all
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{decode_text, encoding_of_text};

    #[test]
    fn tables_of_fonts_and_rows_of_icons_are_no_wide_text() {
        // The head of a font, and its tables of small numbers.
        let mut font = Vec::from(*b"\x00\x01\x00\x00\x00\x13\x01\x00\x00\x04\x00\x30");
        font.extend((0..4_000_u16).flat_map(|at| (at.wrapping_mul(at)).to_be_bytes()));
        assert_eq!(encoding_of_text(&font), None);
        // The head of an icon, and rows of its mask.
        let mut icon = Vec::from(*b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00");
        icon.extend([0; 2_000]);
        assert_eq!(encoding_of_text(&icon), None);
    }

    #[test]
    fn wide_text_without_a_mark_is_read_with_some_control_characters_in_it() {
        let text = "\u{1}\u{2}' or 1=1 -- \u{3}";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut out = Vec::new();
        assert!(decode_text(&wide, &mut out));
        assert_eq!(out, text.as_bytes());
    }
}
