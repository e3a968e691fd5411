//! Short numbers, eight bytes in one integer.
//! It never reads a sign, an exponent, or a number that fills the integer.

/// `byte` in each lane.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The answer of a lane: its highest bit.
const ANSWER: u64 = each(0x80);

/// The length of the digits at the start of eight bytes, the first one lowest, with at most one
/// point between them; `None` if there are none, or nothing behind them.
#[inline]
pub(crate) fn short(bytes: u64) -> Option<usize> {
    // Digits become their values, and nothing else becomes less than ten.
    let values = bytes ^ each(b'0');
    let above = (values & !ANSWER).wrapping_add(each(0x80 - 10));
    let others = (above | values) & ANSWER;
    let end = others.trailing_zeros() / 8;
    if end == 0 {
        return None;
    }
    let behind = others & others.wrapping_sub(1);
    let end = if bytes.wrapping_shr(end.wrapping_mul(8)) & 0xff == u64::from(b'.') {
        // Neither a second point nor none of digits behind the first one.
        let last = behind.trailing_zeros() / 8;
        let is_point = bytes.wrapping_shr(last.wrapping_mul(8)) & 0xff == u64::from(b'.');
        if is_point || last == end.wrapping_add(1) {
            return None;
        }
        last
    } else {
        end
    };
    (end < 8).then_some(end as usize)
}

#[cfg(test)]
mod tests {
    fn short(text: &[u8]) -> Option<usize> {
        super::short(u64::from_le_bytes(*text.first_chunk()?))
    }

    /// The same, byte by byte.
    fn twin(text: &[u8]) -> Option<usize> {
        let text = text.get(..8)?;
        let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let len = text.iter().take_while(|byte| is_part(byte)).count();
        let number = &text[..len];
        let points = memchr::memchr_iter(b'.', number).count();
        let ends = number.first() != Some(&b'.') && number.last() != Some(&b'.');
        ((1..8).contains(&len) && points <= 1 && ends).then_some(len)
    }

    #[test]
    fn short_numbers_are_read_as_one_by_one() {
        for text in [
            "1,......",
            "12.5}abc",
            ".5,aaaaa",
            "5.,aaaaa",
            "1.2.3,aa",
            "1234567,",
            "12345678",
            "a1234567",
            "1",
            "\u{fd}1,23456",
            "0]......",
            "1.5.....",
            "7.......",
        ] {
            assert_eq!(short(text.as_bytes()), twin(text.as_bytes()), "{text}");
        }
        bolero::check!().for_each(|text: &[u8]| {
            assert_eq!(short(text), twin(text));
            // Nearly all of digits and points.
            let text: alloc::vec::Vec<u8> = text
                .iter()
                .map(|byte| b"0123456789..,}]a"[usize::from(*byte & 15)])
                .collect();
            assert_eq!(short(&text), twin(&text), "{text:?}");
        });
    }
}
