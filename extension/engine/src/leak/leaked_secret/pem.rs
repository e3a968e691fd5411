//! Private keys in PEM.
//! It never reads what a key is made of.
use super::form::Found;
use crate::report::Confidence;
use crate::sought;

const MARK: &[u8] = concat!("-----BE", "GIN ").as_bytes();

// Limit: 64 characters, one line; the shortest key, of an elliptic curve, has 64.
const BODY_BYTES_MIN: usize = 64;

// Limit: 40 characters: lines have 64, those of OpenSSH 70, those of PGP 64.
const LINE_BYTES_MIN: usize = 40;

// Limit: 200 bytes: the headers of a locked key have 60, those of PGP name a program.
const HEADERS_BYTES_MAX: usize = 200;

/// A private key at its mark; one that is locked is worth its passphrase.
#[inline(never)]
pub(super) fn private_key(text: &[u8], at: usize) -> Option<Found> {
    let rest = text.get(at..)?.strip_prefix(MARK)?;
    let head = rest.get(..rest.len().min(56))?;
    let label = head.get(..sought::find(head, b"-----")?)?;
    let is_pgp = label == b"PGP PRIVATE KEY BLOCK";
    if !label.ends_with(b"PRIVATE KEY") && !is_pgp {
        return None;
    }
    let marked = label.len().saturating_add(5);
    let body = rest.get(marked..)?;
    // Line breaks may be written as escapes; old keys and PGP's have headers.
    let is_packed = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'+' | b'/' | b'=' | b'\r' | b'\n' | b'\\' | b' ' | b'\t'
            )
    };
    let is_header = |byte: &u8| is_packed(byte) || matches!(byte, b':' | b',' | b'.' | b'-');
    let is_locked = label.starts_with(b"ENCRYPTED") || holds_header(body, b"Proc-Type");
    let has_headers = is_pgp || is_locked;
    let (mut len, mut word) = (0_usize, 0_usize);
    for byte in body {
        let in_headers = has_headers && len < HEADERS_BYTES_MAX;
        let is_in = is_packed(byte) || in_headers && is_header(byte);
        let is_blank = byte.is_ascii_whitespace();
        // The last line is shorter than others; behind it stands something else.
        let is_over = is_blank && (1..LINE_BYTES_MIN).contains(&word) && !in_headers;
        if !is_in
            || is_over
            || body
                .get(len..)
                .is_some_and(|rest| rest.starts_with(b"-----"))
        {
            break;
        }
        word = if is_blank { 0 } else { word.saturating_add(1) };
        len = len.saturating_add(1);
    }
    let least = if is_locked {
        LINE_BYTES_MIN
    } else {
        BODY_BYTES_MIN
    };
    if len < least || !is_varied(body.get(..len)?) {
        return None;
    }
    let behind = MARK.len().saturating_add(marked).saturating_add(len);
    let end = at.saturating_add(behind);
    Some(Found {
        start: at,
        end,
        reach: end.saturating_add(1),
        confidence: is_locked.then_some(Confidence::Low),
    })
}

/// True if a header stands in the first line of a key.
fn holds_header(body: &[u8], name: &[u8]) -> bool {
    let first = body.get(..body.len().min(name.len().saturating_add(4)));
    first.is_some_and(|first| sought::find(first, name).is_some())
}

/// True for the body of a key and no row of dots or one letter.
fn is_varied(body: &[u8]) -> bool {
    let mut seen = 0_u128;
    for byte in body
        .iter()
        .take(256)
        .filter(|byte| byte.is_ascii_alphanumeric())
    {
        seen |= 1_u128.unbounded_shl(u32::from(*byte));
    }
    seen.count_ones() >= 16
}
