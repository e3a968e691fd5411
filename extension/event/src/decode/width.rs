//! Full-width forms of ASCII: `＇` for a quote, as databases and file systems fold them.
//! It never touches a character that only looks like another one.
use alloc::vec::Vec;

use memchr::memchr2;

use super::rewrite::rewrite;

/// True if a text holds a character that may be a full-width form.
pub(super) fn may_be(text: &[u8]) -> bool {
    next(text).is_some()
}

/// Appends `input` with its full-width forms folded; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, next, one, out)
}

/// The offset of the first byte that may begin a full-width form.
fn next(text: &[u8]) -> Option<usize> {
    memchr2(0xef, 0xe3, text)
}

/// Folds the character at the start of `text`: U+FF01 to U+FF5E are ASCII moved by 0xFEE0, and
/// U+3000 is a space (Unicode Standard 18.5).
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (ascii, rest) = match text {
        [0xef, 0xbc, low @ 0x81..=0xbf, rest @ ..] => (low.wrapping_sub(0x60), rest),
        [0xef, 0xbd, low @ 0x80..=0x9e, rest @ ..] => (low.wrapping_sub(0x20), rest),
        [0xe3, 0x80, 0x80, rest @ ..] => (b' ', rest),
        _ => return None,
    };
    out.push(ascii);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_full_width_form_is_folded_to_its_ascii_character() {
        for ascii in '!'..='~' {
            let wide = char::from_u32(u32::from(ascii) + 0xfee0).map(std::string::String::from);
            let mut out = Vec::new();
            assert!(decode(wide.unwrap_or_default().as_bytes(), &mut out));
            assert_eq!(out, [ascii as u8], "{ascii}");
        }
    }

    #[test]
    fn other_characters_stay_as_they_are() {
        for text in ["plain", "\u{ff61}\u{ffe5}", "か", "‘quoted’"] {
            assert!(!decode(text.as_bytes(), &mut Vec::new()), "{text}");
        }
    }
}
