//! Percent-decoding, with the `%uXXXX` of old browsers and servers.
//! It never refuses: a `%` that starts no escape stays.
use alloc::vec::Vec;

use memchr::memchr2;

use super::rewrite::rewrite;
use crate::text;

/// Appends `input` with one round of percent-decoding; false if nothing was decoded.
pub(super) fn decode(input: &[u8], plus: bool, out: &mut Vec<u8>) -> bool {
    let second = if plus { b'+' } else { b'%' };
    rewrite(input, |text| memchr2(b'%', second, text), one, out)
}

/// Decodes the escape at the start of `text`; gives what stands behind it.
fn one<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    match text {
        [b'+', rest @ ..] => {
            out.push(b' ');
            Some(rest)
        }
        [b'%', b'u' | b'U', a, b, c, d, rest @ ..] => {
            let high = text::hex(&[*a, *b, *c, *d])?;
            if let [b'%', b'u' | b'U', a, b, c, d, behind @ ..] = rest
                && let Some(low @ 0xdc00..0xe000) = text::hex(&[*a, *b, *c, *d])
                && (0xd800..0xdc00).contains(&high)
            {
                text::push_code(text::pair(high, low), out);
                return Some(behind);
            }
            text::push_code(high, out);
            Some(rest)
        }
        [b'%', high, low, rest @ ..] => {
            out.push(text::nibble(*high)? << 4 | text::nibble(*low)?);
            Some(rest)
        }
        _ => None,
    }
}
