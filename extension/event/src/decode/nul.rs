//! Zero bytes, which cut a text short for one reader and are nothing to the next.
//! It never takes out anything else.
use alloc::vec::Vec;

use memchr::memchr;

use super::rewrite::rewrite;

/// True if a text holds a zero byte.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    memchr(0, text).is_some()
}

/// Appends `input` without its zero bytes; false if there is none.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    rewrite(input, |text| memchr(0, text), |text, _| text.get(1..), out)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::decode;

    #[test]
    fn zero_bytes_are_taken_out() {
        for (text, expected) in [
            (&b"se\0le\0ct"[..], Some(&b"select"[..])),
            (b"\0", Some(b"")),
            (b"select", None),
            (b"", None),
        ] {
            let mut out = Vec::new();
            let found = decode(text, &mut out);
            assert_eq!(found.then_some(out.as_slice()), expected);
        }
    }
}
