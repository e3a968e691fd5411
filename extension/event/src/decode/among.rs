//! Text among bytes that are none: fields beside an uploaded file, strings in binary messages.
//! It never reads a format: how dense the text is decides.
use alloc::vec::Vec;

use crate::text;

// Limit: of 64 random bytes 24 look like text, with a deviation of 4: three fifths, 39, come by
// chance once in ten thousand times.
const WINDOW_TEXT_MIN: usize = 39;
/// Windows begin at each half, so that one of them holds most of a short field.
const HALF_BYTES: usize = 32;

/// What stands in the place of bytes that are no text, as lenient readers have it.
const REPLACED: &[u8] = "\u{fffd}".as_bytes();

/// Appends the text in `input`; false if there is none.
///
/// Where most of it is text, all of it is kept; else what lies beside a dense window, so that the
/// lines before and behind a file stay whole.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    if is_dense(input) {
        push(input, out);
        return true;
    }
    // The text in the halves around the one at hand: two before, itself, two behind.
    let mut ahead = input.chunks(HALF_BYTES).map(count);
    let [one, two] = [(); 2].map(|()| ahead.next().unwrap_or(0));
    let mut counts = [0, 0, 0, one, two];
    for half in input.chunks(HALF_BYTES) {
        let [_, kept @ ..] = counts;
        let [a, b, c, d] = kept;
        counts = [a, b, c, d, ahead.next().unwrap_or(0)];
        let is_text = |pair: &[usize]| pair.iter().sum::<usize>() >= WINDOW_TEXT_MIN;
        if counts.windows(2).any(is_text) {
            push(half, out);
        } else if out.len() > start && !out.ends_with(REPLACED) {
            out.extend_from_slice(REPLACED);
        }
    }
    out.len() > start
}

/// True if three fifths of the bytes are text.
fn is_dense(bytes: &[u8]) -> bool {
    count(bytes).saturating_mul(5) >= bytes.len().saturating_mul(3)
}

/// How many bytes are text.
fn count(bytes: &[u8]) -> usize {
    let is_text = |byte: &&u8| !text::is_control(**byte) && byte.is_ascii();
    bytes.iter().filter(is_text).count()
}

/// Appends bytes, one replacement for each run of those that are no text.
fn push(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for part in chunk
            .valid()
            .as_bytes()
            .chunk_by(|a, b| is_kept(*a) == is_kept(*b))
        {
            if part.first().is_some_and(|byte| is_kept(*byte)) {
                out.extend_from_slice(part);
            } else if !out.ends_with(REPLACED) {
                out.extend_from_slice(REPLACED);
            }
        }
        if !chunk.invalid().is_empty() && !out.ends_with(REPLACED) {
            out.extend_from_slice(REPLACED);
        }
    }
}

fn is_kept(byte: u8) -> bool {
    !text::is_control(byte)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::decode;

    fn decoded(bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        decode(bytes, &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
    }

    /// Bytes as dense as those of a picture.
    fn picture(len: usize) -> Vec<u8> {
        let bytes = (0_u32..).map(|at| at.wrapping_mul(0x9e37_79b1).to_be_bytes()[0] | 0x80);
        bytes.take(len).collect()
    }

    #[test]
    fn strings_of_a_message_are_kept_and_what_parts_them_is_replaced() {
        for (bytes, expected) in [
            (
                &b"\x81\xa1x\xb1' or 1=1#"[..],
                Some("\u{fffd}x\u{fffd}' or 1=1#"),
            ),
            (b"PK\x03\x04=1&q=%27", Some("PK\u{fffd}=1&q=%27")),
            (
                b"x=' or 1=1#&y=\xff\xff\xff\xff",
                Some("x=' or 1=1#&y=\u{fffd}"),
            ),
            (b"\x00\x01\x02\x03\xfe\xff", None),
        ] {
            assert_eq!(
                decoded(bytes).as_deref(),
                expected,
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    #[test]
    fn what_stands_beside_a_file_is_kept_whole() {
        let field = "--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n' or 1=1#\r\n--B--";
        for before in 0..130 {
            let mut bytes = picture(3000 + before);
            bytes.extend_from_slice(field.as_bytes());
            bytes.extend_from_slice(&picture(3000));
            let text = decoded(&bytes).unwrap_or_default();
            assert!(text.contains(field), "{before}: {text}");
            assert!(text.len() < 400, "{before}: {text}");
        }
    }

    #[test]
    fn a_picture_holds_no_text() {
        assert_eq!(decoded(&picture(100_000)), None);
    }
}
