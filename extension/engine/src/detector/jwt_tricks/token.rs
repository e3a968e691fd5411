//! The tokens in a text: where they stand, and their segments.
//! It never reads a byte of a token twice while it looks for them.
use alloc::vec::Vec;

use memchr::memchr2_iter;

/// A token in the compact form of RFC 7515: header, payload, signature, still packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) header: &'t [u8],
    pub(super) payload: &'t [u8],
    /// `None` where no second point stands.
    pub(super) signature: Option<&'t [u8]>,
}

/// The tokens of a text, in a row.
///
/// A token stands at the start, or behind a byte that is none of its own.
pub(super) fn tokens(text: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut from = 0_usize;
    memchr2_iter(b'y', b'w', text).filter_map(move |second| {
        let start = second.checked_sub(1).filter(|start| *start >= from)?;
        if !begins(text.get(start..)?) || !is_free(text, start) {
            return None;
        }
        let token = token_at(text, start);
        let header = run(text.get(start..)?);
        from = match token {
            Some(token) => token.end,
            None => start.saturating_add(header),
        };
        token
    })
}

/// A brace, and a quote or white space behind it, in base64.
fn begins(text: &[u8]) -> bool {
    matches!(
        text,
        [b'e', b'y', b'J' | b'A', ..] | [b'e', b'w', b'o' | b'k' | b'0', ..]
    )
}

/// True at the start of a text, and where no token goes on.
fn is_free(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    before.is_none_or(|byte| {
        !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | b'+')
    })
}

/// The length of the run of base64 at the start of a text.
fn run(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| six_bits(*byte).is_none())
        .unwrap_or(text.len())
}

fn token_at(text: &[u8], start: usize) -> Option<Token<'_>> {
    let segment = |from: usize| {
        let rest = text.get(from..)?;
        let segment = rest.get(..run(rest))?;
        let behind = from.saturating_add(segment.len());
        let is_parted = text.get(behind) == Some(&b'.');
        Some((segment, behind, is_parted))
    };
    let (header, behind, is_parted) = segment(start)?;
    if !is_parted {
        return None;
    }
    let (payload, behind, is_parted) = segment(behind.saturating_add(1))?;
    let (signature, end) = if is_parted {
        let (signature, end, _) = segment(behind.saturating_add(1))?;
        (Some(signature), end)
    } else {
        (None, behind)
    };
    Some(Token {
        start,
        end,
        header,
        payload,
        signature,
    })
}

/// The six bits of a character of either alphabet.
fn six_bits(char: u8) -> Option<u8> {
    match char {
        b'A'..=b'Z' => Some(char.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(char.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(char.wrapping_sub(b'0').wrapping_add(52)),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// The first bytes that a segment carries.
pub(super) fn unpack(segment: &[u8], bytes_max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for char in segment {
        let Some(six) = six_bits(*char) else { break };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
        }
        if out.len() >= bytes_max {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn tokens_stand_at_the_start_and_behind_signs() {
        for (text, count) in [
            ("eyJh.eyJz.c2ln", 1),
            ("Bearer eyJh.eyJz.c2ln", 1),
            ("a=eyJh.eyJz.&b=eyJh.eyJz", 2),
            ("state:eyJh.eyJz.c2ln", 1),
            ("state.eyJh.eyJz.c2ln", 0),
            ("eyJh", 0),
            ("they were eyed", 0),
        ] {
            assert_eq!(tokens(text.as_bytes()).count(), count, "{text}");
        }
    }

    #[test]
    fn a_missing_signature_is_not_an_empty_one() {
        let signature = |text: &'static str| {
            let found: Vec<_> = tokens(text.as_bytes()).collect();
            found.first().unwrap().signature
        };
        assert_eq!(signature("eyJh.eyJz"), None);
        assert_eq!(signature("eyJh.eyJz."), Some(&b""[..]));
    }

    #[test]
    fn segments_are_unpacked_up_to_a_limit() {
        assert_eq!(unpack(b"eyJhIjoxfQ", 100), b"{\"a\":1}");
        assert_eq!(unpack(b"eyJhIjoxfQ", 3), b"{\"a");
    }
}
