//! Base64 and base64url, with or without padding and line breaks, alone or behind `data:`, `Basic`
//! and in the segments of a JWT.
//! It never keeps bytes that are neither text nor a binary format worth opening.
use alloc::vec::Vec;

use crate::decode::{inflate, wide};
use crate::text;

// Limit: 12 characters carry 9 bytes: `' or 1=1#` and no attack is shorter, while every tenth word
// of up to 11 characters decodes to something printable.
pub(super) const CHARS_MIN: usize = 12;
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
        // `eyJ` is `{"`: the header of a JWT.
        b'e' => (text.starts_with(b"eyJ") && text.contains(&b'.')).then_some(Carried::Token),
        b'd' if text.starts_with(b"data:") => {
            let head = text.get(..text.len().min(128))?;
            let at = memchr::memmem::find(head, b";base64,")?;
            Some(Carried::Plain(text.get(at + 8..)?))
        }
        b'B' | b'b' => {
            let (scheme, rest) = text.split_at_checked(6)?;
            if scheme.eq_ignore_ascii_case(b"basic ") {
                return Some(Carried::Plain(rest.trim_ascii()));
            }
            let (scheme, rest) = text.split_at_checked(7)?;
            (scheme.eq_ignore_ascii_case(b"bearer ") && rest.starts_with(b"eyJ"))
                .then_some(Carried::Token)
        }
        _ => None,
    }
}

/// The base64 behind the segments of a path: `/` is of the alphabet too.
fn behind_a_path(text: &[u8]) -> Option<&[u8]> {
    // Limit: 8 segments; a deeper path has its parameters shown on their own.
    let mut rest = text;
    for _ in 0..8 {
        rest = rest.get(memchr::memchr(b'/', rest)? + 1..)?;
        if starts_well(rest) && is_packed(rest) {
            return Some(rest);
        }
    }
    None
}

/// Appends the bytes that `input` carries; false if they are not worth keeping.
pub(super) fn decode(input: &[u8], is_path: bool, out: &mut Vec<u8>) -> bool {
    let packed = match carried(input) {
        Some(Carried::Plain(packed)) => packed,
        Some(Carried::Token) => return token(input, out),
        None if is_path && !starts_well(input) => behind_a_path(input).unwrap_or(input),
        None => input,
    };
    unpack(packed, out) && is_worth_keeping(out)
}

/// The header and the payload of a JWT, one document after the other.
fn token(input: &[u8], out: &mut Vec<u8>) -> bool {
    let start = memchr::memmem::find(input, b"eyJ").unwrap_or(0);
    let token = input.get(start..).unwrap_or(&[]);
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

fn is_worth_keeping(bytes: &[u8]) -> bool {
    is_known_binary(bytes) || text::is_mostly_text(bytes) || wide::encoding_of_text(bytes).is_some()
}

/// True for binary formats that are opened or judged as they are: gzip, zlib, and what Java, .NET
/// and Python make of objects.
pub(super) fn is_known_binary(bytes: &[u8]) -> bool {
    inflate::may_be(bytes)
        || bytes.starts_with(b"\xac\xed\x00\x05")
        || bytes.starts_with(b"\x00\x01\x00\x00\x00\xff")
        || bytes.starts_with(b"\xff\x01")
        || matches!(bytes, [0x80, 2..=5, ..])
        || bytes.starts_with(b"\x04\x08")
}
