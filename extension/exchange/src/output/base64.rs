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

/// Reads base64 until something else comes.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) {
    let (quads, rest) = text.as_chunks::<4>();
    for quad in quads {
        let [one, two, three, four] = quad.map(value);
        if (one | two | three | four) & 64 != 0 {
            return decode_end(quad, out);
        }
        let [_, bytes @ ..] = (one << 18 | two << 12 | three << 6 | four).to_be_bytes();
        out.extend_from_slice(&bytes);
    }
    decode_end(rest, out);
}

/// Reads what is less than four digits.
fn decode_end(rest: &[u8], out: &mut Vec<u8>) {
    let digits = rest.iter().map(|digit| value(*digit));
    let mut digits = digits.take_while(|value| *value < 64);
    let (one, two, three) = (digits.next(), digits.next(), digits.next());
    if let (Some(one), Some(two)) = (one, two) {
        let bits = one << 18 | two << 12 | three.unwrap_or(0) << 6;
        let [_, bytes @ ..] = bits.to_be_bytes();
        let count = if three.is_some() { 2 } else { 1 };
        out.extend(bytes.into_iter().take(count));
    }
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
        assert_eq!(decoded(b"YWJj\nYWJj"), b"abc");
        assert_eq!(decoded(b"-__-"), b"\xfb\xff\xfe");
        bolero::check!().for_each(|bytes: &[u8]| assert_eq!(decoded(&encode(bytes)), bytes));
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
