//! The escapes of JSON, JavaScript, C and shells in plain text: `\u0027`, `\u{27}`, `\x27`, `\047`.
//! It never touches a text that has none of these; a bare `\n` or `\\` alone calls for nothing.
use alloc::vec::Vec;

use memchr::memchr;

use crate::text;

/// Appends `input` with its escapes undone; false if there is no numeric escape.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = input;
    let mut found = false;
    while let Some(at) = memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        rest = match numeric(escape, out) {
            Some(behind) => {
                found = true;
                behind
            }
            None => simple(escape, out),
        };
    }
    out.extend_from_slice(rest);
    found
}

fn numeric<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    match text.get(1..)? {
        [b'u', b'{', rest @ ..] => {
            let len = rest.iter().take(9).position(|byte| *byte == b'}')?;
            text::push_code(text::hex(rest.get(..len)?)?, out);
            rest.get(len + 1..)
        }
        [b'u', ..] => {
            let (unit, rest) = text::unit(text)?;
            Some(text::push_unit(unit, rest, out))
        }
        [b'x', high, low, rest @ ..] => {
            // A byte, not a character: `\xc0\xae` may be overlong UTF-8.
            out.push(text::nibble(*high)? << 4 | text::nibble(*low)?);
            Some(rest)
        }
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
            out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            Some(rest)
        }
        _ => None,
    }
}

fn simple<'t>(text: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let plain = match text.get(1) {
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(&byte @ (b'\\' | b'/' | b'"' | b'\'')) => byte,
        _ => {
            out.push(b'\\');
            return text.get(1..).unwrap_or(&[]);
        }
    };
    out.push(plain);
    text.get(2..).unwrap_or(&[])
}
