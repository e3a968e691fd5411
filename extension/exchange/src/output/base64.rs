//! Base64 of a body: read, written again, and where its bytes came from.
//! It never reads what a gateway would refuse.
use alloc::vec::Vec;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each digit; 64 for what is none.
const VALUES: [u8; 256] = values();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at build time only: a wrong index fails the build"
)]
const fn values() -> [u8; 256] {
    let mut values = [64; 256];
    let mut at = 0;
    while at < DIGITS.len() {
        values[DIGITS[at] as usize] = at as u8;
        at += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
}

fn value(digit: u8) -> u32 {
    u32::from(VALUES.get(usize::from(digit)).copied().unwrap_or(64))
}

/// Reads base64, in lines or in one, until something else comes; true if nothing else does.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    loop {
        let (quads, _) = rest.as_chunks::<4>();
        let mut read = 0_usize;
        for quad in quads {
            let [one, two, three, four] = quad.map(value);
            if (one | two | three | four) & 64 != 0 {
                break;
            }
            let [_, bytes @ ..] = (one << 18 | two << 12 | three << 6 | four).to_be_bytes();
            out.extend_from_slice(&bytes);
            read = read.saturating_add(4);
        }
        rest = rest.get(read..).unwrap_or_default();
        let (bits, count, read) = quad_in_lines(rest);
        let [_, bytes @ ..] = bits.to_be_bytes();
        // Limit: three bytes of four digits; with fewer digits the last byte is not whole.
        out.extend(bytes.into_iter().take(count.saturating_sub(1)));
        rest = rest.get(read..).unwrap_or_default();
        if count < 4 {
            let is_end = |byte: &u8| *byte == b'=' || is_line_end(*byte);
            return rest.iter().all(is_end);
        }
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Up to four digits among the ends of lines: their bits, how many there are, how far they reach.
fn quad_in_lines(text: &[u8]) -> (u32, usize, usize) {
    let (mut bits, mut count, mut read) = (0_u32, 0_usize, 0_usize);
    for byte in text {
        match value(*byte) {
            64 if is_line_end(*byte) => {}
            64 => break,
            value => {
                bits = bits << 6 | value;
                count = count.saturating_add(1);
            }
        }
        read = read.saturating_add(1);
        if count == 4 {
            break;
        }
    }
    let missing = u32::try_from(4_usize.saturating_sub(count)).unwrap_or(0);
    (bits << missing.saturating_mul(6), count, read)
}

/// Writes base64 with padding.
pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4_usize {
            let value =
                bits.wrapping_shr(18_u32.saturating_sub(6 * u32::try_from(digit).unwrap_or(0)));
            let known = DIGITS.get(usize::try_from(value & 63).unwrap_or(0));
            out.push(if digit <= chunk.len() {
                known.copied().unwrap_or(b'=')
            } else {
                b'='
            });
        }
    }
    out
}

/// The digits in which the bytes of a span stand.
pub(super) fn digits_of(start: usize, end: usize) -> (usize, usize) {
    let first = (start / 3).saturating_mul(4).saturating_add(start % 3);
    let last = end.saturating_sub(1).max(start);
    let last = (last / 3).saturating_mul(4).saturating_add(last % 3);
    (first, last.saturating_add(2))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{decode, digits_of, encode};

    fn decoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        decode(text, &mut out);
        out
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (bytes, text) in [
            (&b""[..], &b""[..]),
            (b"a", b"YQ=="),
            (b"ab", b"YWI="),
            (b"abc", b"YWJj"),
            (b"\xfb\xff\xfe", b"+//+"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decoded(text), bytes);
        }
        assert_eq!(decoded(b"YWJj\nYWJj"), b"abcabc");
        assert_eq!(decoded(b"YW\r\nJjY\nWI=\n"), b"abcab");
        assert_eq!(decoded(b"YWJj!YWJj"), b"abc");
        assert_eq!(decoded(b"-__-"), b"\xfb\xff\xfe");
        bolero::check!().for_each(|bytes: &[u8]| assert_eq!(decoded(&encode(bytes)), bytes));
    }

    #[test]
    fn what_is_no_base64_is_said_to_be_none() {
        let is_whole = |text: &[u8]| decode(text, &mut Vec::new());
        for text in [&b""[..], b"YWJj", b"YWI=", b"YQ==\r\n", b"YWI"] {
            assert!(is_whole(text), "{}", text.escape_ascii());
        }
        for text in [&b"YWJj!"[..], b"a text", b"YQ==YQ==", b"{}"] {
            assert!(!is_whole(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn spans_are_found_again_in_the_digits() {
        for (span, digits) in [
            ((0, 1), (0, 2)),
            ((0, 3), (0, 4)),
            ((1, 2), (1, 3)),
            ((3, 5), (4, 7)),
        ] {
            assert_eq!(digits_of(span.0, span.1), digits);
        }
    }
}
