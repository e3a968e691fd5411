//! Base64 and base64url, with or without padding and line breaks, alone or behind `data:`, `Basic`
//! and in the segments of a JWT.
//! It never keeps bytes that are neither text nor a binary format worth opening.
use alloc::vec::Vec;

use crate::decode::{inflate, wide};
use crate::form::Classes;
use crate::text;

// Limit: 8 characters carry 6 bytes; below that every other word decodes to something printable.
const CHARS_MIN: usize = 8;

/// True if a text looks like base64; decides on its first characters, whatever its length.
pub(super) fn may_be(text: &[u8], classes: Classes) -> bool {
    match carried(text, classes) {
        Some(Carried::Plain(packed)) => packed.len() >= CHARS_MIN && starts_well(packed),
        Some(Carried::Token) => true,
        None => false,
    }
}

/// Where the base64 stands in a text.
enum Carried<'t> {
    Plain(&'t [u8]),
    Token,
}

fn carried(text: &[u8], classes: Classes) -> Option<Carried<'_>> {
    if !classes.has(Classes::LOOSE) {
        return Some(Carried::Plain(behind_a_path(text)));
    }
    match text.first()? {
        // `eyJ` is `{"`: the header of a JWT.
        b'e' if text.starts_with(b"eyJ") && text.contains(&b'.') => Some(Carried::Token),
        b'd' => {
            let head = text.get(..text.len().min(128))?;
            let at = memchr::memmem::find(head, b";base64,")?;
            text.starts_with(b"data:").then_some(())?;
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

/// A text without the segments of a path before its base64: `/` is of the alphabet too.
fn behind_a_path(text: &[u8]) -> &[u8] {
    // Limit: 8 segments; a deeper path has its parameters shown on their own.
    let mut rest = text;
    for _ in 0..8 {
        if starts_well(rest) {
            return rest;
        }
        let Some(at) = memchr::memchr(b'/', rest) else {
            break;
        };
        rest = rest.get(at + 1..).unwrap_or(&[]);
    }
    text
}

/// Appends the bytes that `input` carries; false if they are not worth keeping.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    match carried(input, Classes::of(input)) {
        Some(Carried::Plain(packed)) => unpack(packed, out) && is_worth_keeping(out),
        Some(Carried::Token) => token(input, out),
        None => false,
    }
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

fn six_bits(char: u8) -> Option<u8> {
    match char {
        b'A'..=b'Z' => Some(char - b'A'),
        b'a'..=b'z' => Some(char - b'a' + 26),
        b'0'..=b'9' => Some(char - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// True if the first bytes could be text or a known binary format.
fn starts_well(packed: &[u8]) -> bool {
    let mut head = [0_u8; 6];
    let mut chars = packed.iter().filter_map(|char| six_bits(*char));
    let mut bits = 0_u64;
    for _ in 0..8 {
        bits = bits << 6 | u64::from(chars.next().unwrap_or(0));
    }
    for (byte, from) in head.iter_mut().zip(bits.to_be_bytes().into_iter().skip(2)) {
        *byte = from;
    }
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
            1..0x20 | 0x7f if text::is_control(byte) => return false,
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
        || matches!(bytes, [0x80, 2..=5, ..])
        || bytes.starts_with(b"\x04\x08")
}
