//! Quoted-printable, the transfer encoding of mail: `=27`, and lines that end in `=`.
//! It never is guessed: a part of a multipart body says that it is written so.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite::rewrite;
use crate::text;

/// Appends `input` with its escapes undone; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(b'=', text), one, out)
}

fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    match text.get(1..)? {
        [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => Some(rest),
        [high, low, rest @ ..] => {
            out.push(text::nibble(*high)? << 4 | text::nibble(*low)?);
            Some(rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use super::decode;
    use crate::decode::tests::spelled;

    #[test]
    fn escapes_and_soft_line_ends_are_undone() {
        for (text, expected) in [
            ("=27 or 1=3D1", Some("' or 1=1")),
            ("un=\r\nion=\n all", Some("union all")),
            ("a=b", None),
            ("1=1", None),
            ("=", None),
            ("=2", None),
            ("", None),
        ] {
            let mut out = Vec::new();
            let found = decode(text.as_bytes(), &mut out);
            assert_eq!(found.then_some(out.as_slice()), expected.map(str::as_bytes));
        }
    }

    #[test]
    fn whatever_is_escaped_is_read_again() {
        bolero::check!().for_each(|text: &[u8]| {
            let escaped = spelled(text, |byte| format!("={byte:02X}"));
            let mut out = Vec::new();
            assert_eq!(decode(escaped.as_bytes(), &mut out), !text.is_empty());
            assert_eq!(out, text);
        });
    }
}
