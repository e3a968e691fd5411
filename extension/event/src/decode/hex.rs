//! A whole value in hexadecimal digits, with or without `0x`.
//! It never takes fewer than twelve digits for more than a number.
use alloc::vec::Vec;

use crate::decode::base64;
use crate::text;

// Limit: 12 digits carry 6 bytes; fewer digits are dates, colours and identifiers.
const DIGITS_MIN: usize = 12;

/// True if a text looks like hexadecimal digits of something; decides on its first bytes.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    match text {
        [b'0', b'x' | b'X', digits @ ..] => starts_well(digits),
        [first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => {
            starts_well(text)
        }
        _ => false,
    }
}

fn starts_well(digits: &[u8]) -> bool {
    let Some(head) = digits.first_chunk::<DIGITS_MIN>() else {
        return false;
    };
    let (pairs, _) = head.as_chunks::<2>();
    let mut bytes = [0; DIGITS_MIN / 2];
    for (place, pair) in bytes.iter_mut().zip(pairs) {
        let Some(byte) = byte(*pair) else {
            return false;
        };
        *place = byte;
    }
    let is_text = |byte: &u8| !text::is_control(*byte) || *byte == 0;
    digits.len().is_multiple_of(2) && (bytes.iter().all(is_text) || base64::is_known_binary(&bytes))
}

fn byte(pair: [u8; 2]) -> Option<u8> {
    let [high, low] = pair;
    Some(text::nibble(high)? << 4 | text::nibble(low)?)
}

/// Appends the bytes that the digits stand for, which may not be worth keeping; false if there are
/// none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let digits = match input {
        [b'0', b'x' | b'X', digits @ ..] => digits,
        _ => input,
    };
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return false;
    }
    for pair in pairs {
        let Some(byte) = byte(*pair) else {
            return false;
        };
        out.push(byte);
    }
    true
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{decode, may_be};
    use crate::decode::base64;
    use crate::decode::tests::spelled;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let found = may_be(text.as_bytes()) && decode(text.as_bytes(), &mut out);
        (found && base64::is_worth_keeping(&out)).then_some(out)
    }

    #[test]
    fn digits_of_text_are_read_with_and_without_a_prefix() {
        for text in [
            "27206f7220313d31",
            "0x27206F7220313D31",
            "0X27206f7220313d31",
        ] {
            assert_eq!(decoded(text).as_deref(), Some(&b"' or 1=1"[..]), "{text}");
        }
    }

    #[test]
    fn identifiers_and_dates_stay_as_they_are() {
        for text in [
            "20261123100000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "27206f722031",
            "27206f7220313",
            "0x27",
            "",
        ] {
            let expected = (text == "27206f722031").then(|| Vec::from(*b"' or 1"));
            assert_eq!(decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn every_length_of_text_is_read_again() {
        for len in 0..=64 {
            let text: String = "' or 1=1 -- ".chars().cycle().take(len).collect();
            let digits: String = spelled(text.as_bytes(), |byte| format!("{byte:02x}"));
            let expected = (len >= 6).then(|| text.clone().into_bytes());
            assert_eq!(decoded(&digits), expected, "{len}");
        }
    }
}
