//! Tokens that are signed: three parts in base64, of which the last proves the others.
//! It never checks a signature, only that it has the length of one.
use alloc::vec::Vec;

use super::form::Found;
use super::proof::is_drawn;
use crate::sought;

// Limit: 3,400 bytes: the largest tokens that fit into a header with others.
const TOKEN_BYTES_MAX: usize = 3400;

// Limit: 600 characters hold the claims that decide, which stand first.
const PEEKED_BYTES: usize = 600;

/// Algorithms, and the characters of their signatures; those of RSA are as long as the key.
const ALGORITHMS: [(&[u8], &[usize]); 13] = [
    (b"HS256", &[43]),
    (b"HS384", &[64]),
    (b"HS512", &[86]),
    (b"ES256", &[86]),
    (b"ES384", &[128]),
    (b"ES512", &[176]),
    (b"EdDSA", &[86]),
    (b"RS256", &[342, 512, 683]),
    (b"RS384", &[342, 512, 683]),
    (b"RS512", &[342, 512, 683]),
    (b"PS256", &[342, 512, 683]),
    (b"PS384", &[342, 512, 683]),
    (b"PS512", &[342, 512, 683]),
];

/// Claims of tokens that stand in books.
const EXAMPLES: [&[u8]; 4] = [b"1234567890", b"John Doe", b"example.com", b"\"foo\""];

/// A token that is signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) found: Found,
    /// It stands for a service itself.
    pub(super) is_service: bool,
}

/// A signed token at its first letter.
#[inline(never)]
pub(super) fn signed(text: &[u8], at: usize) -> Option<Token> {
    let rest = text.get(at..)?;
    let rest = rest.get(..TOKEN_BYTES_MAX).unwrap_or(rest);
    let is_in = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'-' | b'_');
    let part = |from: usize| {
        let part = rest.get(from..)?;
        part.get(..part.iter().take_while(is_in).count())
    };
    let header = part(0)?;
    let payload_at = header.len().checked_add(1)?;
    if rest.get(header.len()) != Some(&b'.') {
        return None;
    }
    let payload = part(payload_at)?;
    let signature_at = payload_at.checked_add(payload.len())?;
    if rest.get(signature_at) != Some(&b'.') || !payload.starts_with(b"eyJ") {
        return None;
    }
    let signature = part(signature_at.checked_add(1)?)?;
    let is_signature = |(_, lens): &&(&[u8], &[usize])| lens.contains(&signature.len());
    let mut algorithms = ALGORITHMS.iter().filter(is_signature).peekable();
    if algorithms.peek().is_none() || !is_drawn(signature) {
        return None;
    }
    let header = decoded(header);
    algorithms.find(|(name, _)| stands(&header, name))?;
    let claims = decoded(payload);
    let is_example = EXAMPLES.iter().any(|word| stands(&claims, word));
    let is_service = stands(&claims, b"\"service_role\"");
    let len = signature_at.checked_add(1)?.checked_add(signature.len())?;
    let end = at.checked_add(len)?;
    let found = Found {
        start: at,
        end,
        reach: end.saturating_add(1),
        confidence: None,
    };
    (!is_example).then_some(Token { found, is_service })
}

/// True if a word stands in a text as it is.
fn stands(text: &[u8], word: &[u8]) -> bool {
    sought::find(text, word).is_some()
}

/// The bytes that base64 stands for, as far as is looked.
#[inline(never)]
fn decoded(text: &[u8]) -> Vec<u8> {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut bytes = Vec::with_capacity(PEEKED_BYTES);
    for byte in text.iter().take(PEEKED_BYTES) {
        let value = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'-' => 62,
            _ => 63,
        };
        bits = bits.unbounded_shl(6) | u32::from(value);
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            bytes.extend(bits.unbounded_shr(count).to_le_bytes().first());
        }
    }
    bytes
}
