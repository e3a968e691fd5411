//! Malformed UTF-8, read the way lenient readers do: overlong forms are folded to what they mean,
//! everything else becomes U+FFFD.
//! It never touches a text that is well-formed.
use alloc::vec::Vec;

use crate::text;

/// Appends `input` repaired; false if it is well-formed.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    if core::str::from_utf8(input).is_ok() {
        return false;
    }
    let mut rest = input;
    let mut found = false;
    while !rest.is_empty() {
        let valid = match core::str::from_utf8(rest) {
            Ok(_) => rest.len(),
            Err(error) => error.valid_up_to(),
        };
        let (good, bad) = rest.split_at(valid);
        out.extend_from_slice(good);
        rest = bad;
        let mut replaced = false;
        // A run of bad bytes becomes one U+FFFD: readers differ in how many they write.
        while let Some((code, len)) = malformed(rest) {
            found = true;
            match code {
                Some(code) => text::push_code(code, out),
                None if !replaced => text::push_code(0xfffd, out),
                None => {}
            }
            replaced = code.is_none();
            rest = rest.get(len..).unwrap_or(&[]);
        }
    }
    found
}

/// The malformed sequence at the start of `text`: what it means, if anything, and its length.
/// `None` where well-formed text starts.
fn malformed(text: &[u8]) -> Option<(Option<u32>, usize)> {
    let first = *text.first()?;
    if first < 0x80 || is_well_formed(text) {
        return None;
    }
    let (len, head) = match first {
        0xc0..=0xdf => (2, u32::from(first & 0x1f)),
        0xe0..=0xef => (3, u32::from(first & 0x0f)),
        0xf0..=0xf7 => (4, u32::from(first & 0x07)),
        0xf8..=0xfb => (5, u32::from(first & 0x03)),
        0xfc..=0xfd => (6, u32::from(first & 0x01)),
        _ => return Some((None, 1)),
    };
    let mut code = head;
    for &byte in text.get(1..len).unwrap_or(&[]) {
        if !matches!(byte, 0x80..=0xbf) {
            return Some((None, 1));
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    if text.len() < len || code >= 0x1_0000 || (0xd800..0xe000).contains(&code) {
        return Some((None, if text.len() < len { 1 } else { len }));
    }
    Some((Some(code), len))
}

fn is_well_formed(text: &[u8]) -> bool {
    let head = text.get(..4).unwrap_or(text);
    match core::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.valid_up_to() > 0,
    }
}
