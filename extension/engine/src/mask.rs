//! The redacted sample of a finding: the shape of a text without its letters and digits.
//! It never lets a letter, a digit or a control byte through.
use alloc::string::String;

// Limit: a finding is one line of at most 700 bytes; 48 show the shape of most injections.
const SAMPLE_BYTES_MAX: usize = 48;

/// Masks the bytes of `text` around `from`: letters become `a` or `A`, digits `0`.
pub(crate) fn sample(text: &[u8], from: usize) -> String {
    // A little of what stands before the decisive bytes tells how they were reached.
    let from = from.saturating_sub(8).min(text.len().saturating_sub(1));
    let window = text.get(from..).unwrap_or_default();
    window
        .iter()
        .take(SAMPLE_BYTES_MAX)
        .map(|byte| char::from(masked(*byte)))
        .collect()
}

fn masked(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => b'a',
        b'A'..=b'Z' => b'A',
        b'0'..=b'9' => b'0',
        b' '..=b'~' => byte,
        0x80.. => b'?',
        _ => b' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_masked_and_punctuation_is_kept() {
        assert_eq!(sample(b"Bob' OR 12=12 -- x", 3), "Aaa' AA 00=00 -- a");
    }

    #[test]
    fn no_control_byte_and_no_byte_above_ascii_gets_through() {
        assert_eq!(sample("a\n\0é".as_bytes(), 0), "a  ??");
    }

    #[test]
    fn a_long_text_is_cut_around_the_bytes_that_decided() {
        let text = [&[b'x'; 100][..], b"' or 1=1"].concat();
        assert_eq!(sample(&text, 100), "aaaaaaaa' aa 0=0");
        assert_eq!(sample(&[b'x'; 100], 0).len(), 48);
    }

    #[test]
    fn an_empty_text_has_an_empty_sample() {
        assert_eq!(sample(b"", 0), "");
    }
}
