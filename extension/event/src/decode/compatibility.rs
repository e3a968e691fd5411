//! Characters that databases, file systems and browsers fold to ASCII, and those that nobody sees:
//! `＇` for a quote, `①`, `𝐬`, `ı`; zero-width characters and marks of direction.
//! It never touches a letter that only looks like another one.
use alloc::vec::Vec;

use super::compatible::{Fold, fold, is_common};
use super::rewrite::rewrite;

/// Appends `input` with its characters folded; false if none calls for it.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    calls(input) && rewrite(input, next, one, out)
}

/// True if a text holds a character to fold that prose of no language is full of.
fn calls(text: &[u8]) -> bool {
    let mut at = 0_usize;
    while let Some(found) = text.get(at..).and_then(next) {
        let start = at.saturating_add(found);
        let (code, len) = char_at(text.get(start..).unwrap_or(&[]));
        let calls = match fold(code) {
            Fold::Kept => false,
            // Between words and letters of other scripts they join, part and turn the writing.
            Fold::Gone => {
                let before = start.checked_sub(1).and_then(|at| text.get(at));
                before.is_some_and(u8::is_ascii_graphic)
            }
            Fold::Char(_) | Fold::Text(_) => !is_common(code),
        };
        if calls {
            return true;
        }
        at = start.saturating_add(len);
    }
    false
}

/// The first bytes of characters that may be folded, in UTF-8.
static LEADS: [bool; 256] = leads();

#[expect(
    clippy::indexing_slicing,
    reason = "in a constant, checked by the compiler"
)]
const fn leads() -> [bool; 256] {
    let mut table = [false; 256];
    let leads = [
        0xc2, 0xc4, 0xc5, 0xca, 0xcb, 0xcd, 0xd8, 0xe1, 0xe2, 0xe3, 0xef, 0xf0, 0xf3,
    ];
    let mut at = 0;
    while at < leads.len() {
        table[leads[at]] = true;
        at += 1;
    }
    table
}

/// The offset of the first byte that may begin such a character.
fn next(text: &[u8]) -> Option<usize> {
    text.iter()
        .position(|byte| LEADS.get(usize::from(*byte)).is_some_and(|is| *is))
}

/// Folds the character at the start of `text`.
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (code, len) = char_at(text);
    match fold(code) {
        Fold::Kept => return None,
        Fold::Gone => {}
        Fold::Char(byte) => out.push(byte),
        Fold::Text(folded) => out.extend_from_slice(folded.as_bytes()),
    }
    text.get(len..)
}

/// The character at the start of a text and its length; U+FFFD of one byte for anything malformed.
fn char_at(text: &[u8]) -> (u32, usize) {
    let tail = |at: usize| match text.get(at) {
        Some(byte @ 0x80..=0xbf) => Some(u32::from(byte & 0x3f)),
        _ => None,
    };
    let found = match text.first() {
        Some(lead @ 0xc2..=0xdf) => tail(1).map(|one| (u32::from(lead & 0x1f) << 6 | one, 2)),
        Some(lead @ 0xe0..=0xef) => tail(1)
            .zip(tail(2))
            .map(|(one, two)| (u32::from(lead & 0x0f) << 12 | one << 6 | two, 3)),
        Some(lead @ 0xf0..=0xf4) => tail(1)
            .zip(tail(2))
            .zip(tail(3))
            .map(|((one, two), three)| {
                (
                    u32::from(lead & 0x07) << 18 | one << 12 | two << 6 | three,
                    4,
                )
            }),
        _ => None,
    };
    found.unwrap_or((0xfffd, 1))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    fn decoded(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let found = decode(text.as_bytes(), &mut out);
        assert!(found || out.is_empty(), "{text}");
        found.then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn every_full_width_form_is_folded_to_its_ascii_character() {
        for ascii in '!'..='~' {
            let wide = char::from_u32(u32::from(ascii) + 0xfee0).map(String::from);
            let folded = decoded(&wide.unwrap_or_default());
            assert_eq!(folded, Some(String::from(ascii)));
        }
    }

    #[test]
    fn other_forms_are_folded_as_readers_fold_them() {
        for (text, expected) in [
            ("①⑨②。⓪", "192.0"),
            ("ｓｅｌｅｃｔ\u{3000}１", "select 1"),
            ("𝐬𝑐𝒓𝓲𝔭𝕥𝖘𝗵𝘩𝙝𝚜", "scriptshhhs"),
            ("𝟎𝟙𝟚𝟥", "0123"),
            ("¹²³⁴₅₆⁽⁾", "123456()"),
            ("${jndı:ldap", "${jndi:ldap"),
            ("K ſ ℓ ℋ ⅰ", "K s l H i"),
            ("O\u{2bc}Brien", "O'Brien"),
            ("\u{fe64}b\u{fe65}", "<b>"),
            ("‥／etc", "../etc"),
            ("a⁄b∕c", "a/b/c"),
            ("🄰🄱", "AB"),
            ("ﬁle", "file"),
            ("\u{e0068}\u{e0069}", "hi"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_nobody_sees_is_taken_out_where_it_parts_a_word() {
        for (text, expected) in [
            ("sel\u{200b}ect", Some("select")),
            ("un\u{2060}ion\u{feff}", Some("union")),
            ("a\u{202e}b\u{2066}", Some("ab")),
            ("sel\u{ad}ect", Some("select")),
            ("می\u{200c}خواهم", None),
            ("👩\u{200d}💻", None),
        ] {
            assert_eq!(decoded(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn other_characters_stay_as_they_are() {
        for text in [
            "plain",
            "\u{ffe5}",
            "か。",
            "‘quoted’",
            "naïve café",
            "10\u{a0}000\u{202f}€",
            "Ω",
            "\u{2026}",
            "",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_stay_as_they_are() {
        for text in [
            &b"\xc2"[..],
            b"\xe2\x80",
            b"\xef\xbca",
            b"\xf0\x9d\x90",
            b"\xff\xc4",
        ] {
            let mut out = Vec::new();
            assert!(!decode(text, &mut out), "{text:?}");
        }
    }
}
