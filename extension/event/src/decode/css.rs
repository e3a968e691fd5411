//! The escapes of CSS, and of Oracle's and PostgreSQL's strings: `\27 `, `\000027`, `U&'\0027'`.
//! It never touches an escape that means no character of ASCII, as most folders of Windows do.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite::rewrite;
use crate::scan::pairs::{self, BackslashHex};
use crate::text;

// Limit: CSS reads at most 6 digits (CSS Syntax Module 4.3.7).
const DIGITS_MAX: usize = 6;

/// True if an escape may stand somewhere.
pub(super) fn may_be(text: &[u8]) -> bool {
    pairs::any::<BackslashHex>(text)
}

/// Appends `input` with its escapes undone; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(b'\\', text), one, out)
}

/// One escape and the one white space that may end it.
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let digits = text.strip_prefix(b"\\")?;
    let len = digits
        .iter()
        .take(DIGITS_MAX)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    // Databases read four digits, whatever follows.
    let (byte, len) = ascii(digits, len).or_else(|| ascii(digits, len.min(4)))?;
    out.push(byte);
    let rest = digits.get(len..)?;
    let (b"\r\n", behind) = rest.split_at_checked(2).unwrap_or_default() else {
        let is_space = matches!(rest.first(), Some(b' ' | b'\t' | b'\n' | b'\r' | 12));
        return rest.get(usize::from(is_space)..);
    };
    Some(behind)
}

/// The printable character or white space of ASCII that the first `len` digits stand for. One digit
/// is a folder more often than a character.
fn ascii(digits: &[u8], len: usize) -> Option<(u8, usize)> {
    let code = text::hex(digits.get(..len).filter(|digits| digits.len() > 1)?)?;
    let byte = u8::try_from(code).ok().filter(u8::is_ascii)?;
    (byte != 0 && !text::is_control(byte)).then_some((byte, len))
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::decode;
    use crate::decode::tests::spelled;

    fn decoded(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let found = decode(text.as_bytes(), &mut out);
        found.then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn an_escape_has_two_to_six_digits_and_one_white_space() {
        for (text, expected) in [
            (r"\27 or 1", "'or 1"),
            (r"\27  or 1", "' or 1"),
            (r"\000027or 1", "'or 1"),
            (r"\0061dmin", "admin"),
            (r"java\73 cript", "javascript"),
            (r"\3c\73\3e", "<s>"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn folders_and_other_escapes_stay_as_they_are() {
        for text in [
            r"C:\data\app\2024",
            r"\a \9 \d",
            r"\n\t\x27\u0027",
            r"\00",
            r"\",
            r"\2",
            "",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn whatever_is_escaped_is_read_again() {
        bolero::check!().for_each(|text: &[u8]| {
            let text: Vec<u8> = text.iter().map(|byte| byte % 95 + 32).collect();
            if text.is_empty() {
                return;
            }
            let six: String = spelled(&text, |byte| format!("\\{byte:06x}"));
            let two: String = spelled(&text, |byte| format!("\\{byte:x} "));
            let plain = String::from_utf8_lossy(&text);
            assert_eq!(decoded(&two).as_deref(), Some(plain.as_ref()));
            // A space behind six digits ends the escape.
            if !text.contains(&b' ') {
                assert_eq!(decoded(&six).as_deref(), Some(plain.as_ref()));
            }
        });
    }
}
