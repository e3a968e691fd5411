//! Texts spelled in the encodings that functions read: as they are, cut, or damaged.
//! It never undoes one.
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::dice::Dice;

/// Spells a text in one to three encodings.
pub(crate) fn spelled(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    let mut spelled = text.to_vec();
    for _ in 0..=dice.below(3) {
        spelled = once(dice, &spelled);
        // Limit: 8 KiB; three encodings of six bytes a byte would be 216 times the text.
        spelled.truncate(8 << 10);
        if dice.once_in(12) {
            let end = dice.below(spelled.len() + 1);
            spelled.truncate(end);
        }
    }
    spelled
}

fn once(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    match dice.below(20) {
        0 => each(text, |byte, out| write!(out, "%{byte:02x}")),
        1 => each(text, |byte, out| write!(out, "%u{byte:04x}")),
        2 => each(text, |byte, out| write!(out, "\\x{byte:02x}")),
        3 => each(text, |byte, out| write!(out, "\\u{byte:04x}")),
        4 => each(text, |byte, out| write!(out, "\\{byte:03o}")),
        5 => each(text, |byte, out| write!(out, "\\{byte:x} ")),
        6 => each(text, |byte, out| write!(out, "&#{byte};")),
        7 => each(text, |byte, out| write!(out, "&#x{byte:x}")),
        8 => each(text, |byte, out| write!(out, "chr({byte})||")),
        9 => each(text, |byte, out| write!(out, "{byte:02x}")),
        10 => each(text, |byte, out| {
            write!(out, "%{:02x}%{:02x}", 0xc0 | byte >> 6, 0x80 | byte & 0x3f)
        }),
        11 => each(text, |byte, out| {
            let wide = char::from_u32(u32::from(byte) + 0xfee0).unwrap_or(' ');
            write!(out, "{wide}")
        }),
        12 => text.iter().flat_map(|byte| [*byte, 0]).collect(),
        13 => base64(&gzip(text)),
        14 => base64(&zlib(text)),
        15 => base64(&deflate(text)),
        16 => [b"data:text/html;base64,", base64(text).as_slice()].concat(),
        _ => base64(text),
    }
}

fn each(text: &[u8], spell: impl Fn(u8, &mut String) -> std::fmt::Result) -> Vec<u8> {
    let mut out = String::new();
    for byte in text {
        // Writing to a string cannot fail.
        spell(*byte, &mut out).unwrap_or_default();
    }
    out.into_bytes()
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for at in 0..4 {
            let six = bits >> (18 - 6 * at) & 63;
            let char = ALPHABET.get(six).copied().unwrap_or(b'=');
            out.push(if at > group.len() { b'=' } else { char });
        }
    }
    out
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to a vector cannot fail.
    encoder.write_all(text).unwrap_or_default();
    encoder.finish().unwrap_or_default()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap_or_default();
    encoder.finish().unwrap_or_default()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap_or_default();
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_padded() {
        for (text, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(base64(text.as_bytes()), expected.as_bytes());
        }
    }
}
