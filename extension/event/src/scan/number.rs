//! Short numbers, eight bytes in one integer.
//! It never reads a sign, an exponent, or a number that fills the integer.

/// `byte` in each lane.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The answer of a lane: its highest bit.
const ANSWER: u64 = each(0x80);

/// The length of the digits at the start of a text, with at most one point between them; `None` if
/// there are none, or eight bytes of them.
#[inline]
pub(crate) fn short(text: &[u8]) -> Option<usize> {
    let bytes = u64::from_le_bytes(*text.first_chunk()?);
    let low = bytes & !ANSWER;
    let high = bytes & ANSWER;
    let points = within(low, b'.', b'.') & !high;
    let others = !(within(low, b'0', b'9') | points) & ANSWER | high;
    let end = others.trailing_zeros();
    let before = others.wrapping_sub(1) & !others;
    let points = points & before;
    // Neither the first nor the last byte is a point, and there is no second one.
    let ends = 0x80 | 0x80_u64.wrapping_shl(end.wrapping_sub(15));
    let is_number = (8..64).contains(&end) && points & ends == 0;
    let is_single = points & points.wrapping_sub(1) == 0;
    (is_number && is_single).then_some((end / 8) as usize)
}

/// Lanes of seven bits between two bytes, both included.
#[inline]
fn within(low: u64, from: u8, to: u8) -> u64 {
    let above = low.wrapping_add(each(0x80_u8.wrapping_sub(from)));
    let beyond = low.wrapping_add(each(0x7f_u8.wrapping_sub(to)));
    above & !beyond & ANSWER
}

#[cfg(test)]
mod tests {
    use super::short;

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
