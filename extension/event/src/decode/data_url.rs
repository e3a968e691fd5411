//! `data:` URLs: what stands behind their comma.
//! It never unpacks base64, which has a decoder of its own that reads this prefix too.
use alloc::vec::Vec;

use memchr::memchr;

// Limit: the longest registered media type has 130 characters; parameters stand behind it.
const HEAD_BYTES_MAX: usize = 256;

/// The kind and the payload of a data URL; `None` for any other text.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let (scheme, rest) = text.split_at_checked(5)?;
    if !scheme.eq_ignore_ascii_case(b"data:") {
        return None;
    }
    let comma = memchr(b',', rest.get(..HEAD_BYTES_MAX).unwrap_or(rest))?;
    let (head, payload) = rest.split_at_checked(comma)?;
    head.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/;=+.-_%\"".contains(byte))
        .then_some((head, payload.get(1..)?))
}

/// True if the payload is base64.
pub(super) fn is_base64(head: &[u8]) -> bool {
    head.len()
        .checked_sub(7)
        .and_then(|at| head.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(b";base64"))
}

/// True for a data URL whose payload stands there as it is, or percent-encoded.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    matches!(
        text.first(),
        Some(b'd' | b'D' | b' ' | b'\t' | b'\n' | b'\r')
    ) && split(text).is_some_and(|(head, payload)| !is_base64(head) && !payload.is_empty())
}

/// Appends the payload.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    match split(input) {
        Some((head, payload)) if !is_base64(head) && !payload.is_empty() => {
            out.extend_from_slice(payload);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{decode, may_be};

    #[test]
    fn the_payload_stands_behind_the_comma() {
        for (text, expected) in [
            ("data:text/html,<b>", Some("<b>")),
            ("DATA:,x", Some("x")),
            ("data:text/plain;charset=utf-8,%27", Some("%27")),
            (" data:image/svg+xml,<svg/>", Some("<svg/>")),
            ("data:text/html;base64,PGI+", None),
            ("data:text/html;BASE64,PGI+", None),
            ("data: some words, and more", None),
            ("data:text/html", None),
            ("data:,", None),
            ("date:,x", None),
            ("", None),
        ] {
            let mut out = Vec::new();
            let found = may_be(text.as_bytes()) && decode(text.as_bytes(), &mut out);
            let expected = expected.map(str::as_bytes);
            assert_eq!(found.then_some(out.as_slice()), expected, "{text}");
        }
    }
}
