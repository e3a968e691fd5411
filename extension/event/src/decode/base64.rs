//! Base64 and base64url, with or without padding and line breaks, alone or behind `data:`, `Basic`
//! and in the segments of a JWT.
//! It never keeps bytes that are neither text nor a binary format worth opening.
use alloc::vec::Vec;

use crate::decode::{aggregate, archive, data_url, inflate, wide};
use crate::text;

// Limit: 12 characters carry 9 bytes: `' or 1=1#` and no attack is shorter, while every tenth word
// of up to 11 characters decodes to something printable.
pub(crate) const CHARS_MIN: usize = 12;
// Limit: 8 characters decide; they carry the magic numbers and the first letters.
const HEAD_CHARS: usize = 8;

/// True if a text looks like base64; decides on its first characters, whatever its length.
pub(super) fn may_be(text: &[u8], is_path: bool) -> bool {
    may_be_carried(text) || may_be_plain(text, is_path)
}

/// True if a text of the alphabet's characters alone starts like something worth decoding.
#[inline]
pub(super) fn may_be_plain(text: &[u8], is_path: bool) -> bool {
    (starts_well(text) && is_packed(text)) || (is_path && behind_a_path(text).is_some())
}

/// True if a text is base64 as services write it: padded, and nothing else.
#[inline]
pub(super) fn is_whole(text: &[u8]) -> bool {
    text.len() >= CHARS_MIN && text.len().is_multiple_of(4) && is_packed(text)
}

/// True if a text has no character of another alphabet.
fn is_packed(text: &[u8]) -> bool {
    text.iter()
        .all(|char| six_bits(*char).is_some() || matches!(char, b'=' | b'\r' | b'\n'))
}

/// True if a text carries base64 behind a scheme, or is a token of several segments.
pub(super) fn may_be_carried(text: &[u8]) -> bool {
    match carried(text) {
        Some(Carried::Plain(packed)) => starts_well(packed),
        Some(Carried::Token) => true,
        None => false,
    }
}

/// Where the base64 stands in a text.
enum Carried<'t> {
    Plain(&'t [u8]),
    Token,
}

fn carried(text: &[u8]) -> Option<Carried<'_>> {
    match text.first()? {
        b'e' => is_token(text).then_some(Carried::Token),
        b'd' | b'D' | b' ' | b'\n' | b'\r' | b'\t' => {
            let (head, payload) = data_url::split(text)?;
            data_url::is_base64(head).then_some(Carried::Plain(payload))
        }
        b'B' | b'b' => {
            let (scheme, rest) = text.split_at_checked(6)?;
            if scheme.eq_ignore_ascii_case(b"basic ") {
                return Some(Carried::Plain(rest.trim_ascii()));
            }
            let (scheme, rest) = text.split_at_checked(7)?;
            (scheme.eq_ignore_ascii_case(b"bearer ") && is_token(rest)).then_some(Carried::Token)
        }
        _ => None,
    }
}

/// True for the segments of a JWT: the first one is a document, `{"` or `{` and white space.
fn is_token(text: &[u8]) -> bool {
    const HEADS: [&[u8]; 5] = [b"eyJ", b"eyA", b"ewo", b"ew0", b"ewk"];
    HEADS.iter().any(|head| text.starts_with(head)) && text.contains(&b'.')
}

/// The base64 behind the segments of a path: `/` is of the alphabet too.
///
/// What could be text or says its format goes before what could be deflate, as every third folder
/// with what follows it could.
fn behind_a_path(text: &[u8]) -> Option<&[u8]> {
    // Limit: 8 segments; a deeper path has its parameters shown on their own.
    const SEGMENTS_MAX: usize = 8;
    let mut packed = None;
    let mut rest = text;
    for _ in 0..SEGMENTS_MAX {
        let Some(slash) = memchr::memchr(b'/', rest) else {
            break;
        };
        rest = rest.get(slash + 1..)?;
        let is_plain = starts_plain(rest);
        if (is_plain || packed.is_none() && starts_well(rest)) && is_packed(rest) {
            if is_plain {
                return Some(rest);
            }
            packed = Some(rest);
        }
    }
    packed
}

/// Appends the bytes that `input` carries, which may not be worth keeping; false if there are none.
pub(super) fn decode(input: &[u8], is_path: bool, out: &mut Vec<u8>) -> bool {
    let packed = match carried(input) {
        Some(Carried::Plain(packed)) => packed,
        Some(Carried::Token) => return token(input, out),
        None if is_path && !starts_plain(input) => behind_a_path(input).unwrap_or(input),
        None => input,
    };
    unpack(packed, out)
}

/// The header and the payload of a JWT, one document after the other.
fn token(input: &[u8], out: &mut Vec<u8>) -> bool {
    let token = match input.first() {
        Some(b'e') => input,
        _ => input.get(7..).unwrap_or(&[]),
    };
    for segment in token.split(|byte| *byte == b'.').take(2) {
        unpack(segment, out);
        out.push(b'\n');
    }
    text::is_mostly_text(out)
}

/// Appends the decoded bytes; false if a byte of another alphabet stands before the padding.
fn unpack(packed: &[u8], out: &mut Vec<u8>) -> bool {
    let mut bits = 0_u32;
    let mut count = 0_u32;
    for &char in packed {
        let Some(six) = six_bits(char) else {
            match char {
                b'\r' | b'\n' => continue,
                b'=' => break,
                _ => return false,
            }
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
            bits &= (1 << count) - 1;
        }
    }
    true
}

/// The six bits of each character of both alphabets; `NO_BITS` for all others.
static SIX_BITS: [u8; 256] = six_bits_table();

const NO_BITS: u8 = 255;

const fn six_bits_table() -> [u8; 256] {
    let mut table = [NO_BITS; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "in a constant, checked by the compiler"
    )]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the alphabet has 64 characters"
    )]
    while value < alphabet.len() {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    #[expect(
        clippy::indexing_slicing,
        reason = "in a constant, checked by the compiler"
    )]
    {
        table[b'-' as usize] = 62;
        table[b'_' as usize] = 63;
    }
    table
}

#[inline]
fn six_bits(char: u8) -> Option<u8> {
    SIX_BITS
        .get(usize::from(char))
        .copied()
        .filter(|bits| *bits != NO_BITS)
}

/// True if the first six bytes could be text or a known binary format.
#[inline]
fn starts_well(packed: &[u8]) -> bool {
    packed.len() >= CHARS_MIN && (starts_plain(packed) || starts_deflated(packed))
}

/// The same without raw deflate, which has no mark.
#[inline]
fn starts_plain(packed: &[u8]) -> bool {
    if packed.len() < CHARS_MIN {
        return false;
    }
    let Some((chars, _)) = packed.split_first_chunk::<HEAD_CHARS>() else {
        return false;
    };
    let mut bits = 0_u64;
    let mut all = 0;
    for &char in chars {
        let six = SIX_BITS.get(usize::from(char)).copied().unwrap_or(NO_BITS);
        all |= six;
        bits = bits << 6 | u64::from(six & 63);
    }
    if all == NO_BITS {
        return false;
    }
    let [_, _, head @ ..] = bits.to_be_bytes();
    could_start(head)
}

/// True if the first bytes could be raw deflate, as SAML and small caches pack texts.
fn starts_deflated(packed: &[u8]) -> bool {
    // Limit: 24 characters carry what tells deflate; a shorter one carries no attack.
    const CHARS: usize = 24;
    let Some(chars) = packed.first_chunk::<CHARS>() else {
        return false;
    };
    let bits = chars.iter().take(22).try_fold(0_u128, |bits, char| {
        Some(bits << 6 | u128::from(six_bits(*char)?))
    });
    // 22 characters are 132 bits: the first four went over the edge of 128, so they are put back.
    let Some(bits) = bits else {
        return false;
    };
    let first = six_bits(*chars.first().unwrap_or(&0)).unwrap_or(0);
    let head = (bits >> 4) | u128::from(first) << 122;
    inflate::could_be_raw(&head.to_be_bytes())
}

/// True if six bytes could be the start of text or of a known binary format.
fn could_start(head: [u8; 6]) -> bool {
    if is_known_binary(&head) || wide::starts_wide(&head) {
        return true;
    }
    let mut rest = head.as_slice();
    while let Some(&byte) = rest.first() {
        let len = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80.. => return false,
            1.. if text::is_control(byte) => return false,
            _ => 1,
        };
        let Some(char) = rest.get(..len) else {
            return true;
        };
        if !char.iter().skip(1).all(|byte| matches!(byte, 0x80..=0xbf)) {
            return false;
        }
        rest = rest.get(len..).unwrap_or(&[]);
    }
    true
}

/// True for text, and for binary formats that are opened or judged.
pub(super) fn is_worth_keeping(bytes: &[u8]) -> bool {
    is_known_binary(bytes)
        || loads_a_name(bytes)
        || text::is_mostly_text(bytes)
        || wide::encoding_of_text(bytes).is_some()
}

/// True for an old pickle, which says no version: it begins by loading a name of a module.
fn loads_a_name(bytes: &[u8]) -> bool {
    let Some(program) = bytes.strip_prefix(b"c") else {
        return false;
    };
    // Limit: a module and a name have at most 64 bytes each.
    let mut lines = program.splitn(3, |byte| *byte == b'\n');
    let mut is_name = || {
        lines.next().is_some_and(|line| {
            (1..=64).contains(&line.len())
                && line
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        })
    };
    is_name() && is_name()
}

/// True for binary formats that are opened or judged as they are: gzip, zlib, zip, aggregates of
/// Kinesis, and what Java, .NET and Python make of objects.
pub(super) fn is_known_binary(bytes: &[u8]) -> bool {
    inflate::may_be(bytes)
        || archive::is_zip(bytes)
        || aggregate::is_aggregate(bytes)
        || bytes.starts_with(b"\xac\xed\x00\x05")
        || bytes.starts_with(b"\x00\x01\x00\x00\x00\xff")
        || bytes.starts_with(b"\xff\x01")
        || matches!(bytes, [0x80, 2..=5, ..])
        || bytes.starts_with(b"\x04\x08")
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    #[test]
    fn base64_stands_behind_folders_that_are_of_the_alphabet_too() {
        for (path, expected) in [
            (
                "/items/PCEtLSNlY2hvIHZhcj0iYSIgLS0+",
                "<!--#echo var=\"a\" -->",
            ),
            (
                "/items/aHR0cDovL21ldGFkYXRhLmV4YW1wbGUv",
                "http://metadata.example/",
            ),
            (
                "/v1/users/PHNjcmlwdD5nbygpPC9zY3JpcHQ+",
                "<script>go()</script>",
            ),
            (
                "/items/a/b/JyBvciAxPTEgLS0gYW5kIG1vcmU=",
                "' or 1=1 -- and more",
            ),
        ] {
            let mut out = Vec::new();
            assert!(super::decode(path.as_bytes(), true, &mut out), "{path}");
            assert_eq!(out, expected.as_bytes(), "{path}");
        }
    }
}
