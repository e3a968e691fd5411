//! Eight bytes in one integer, asked all at once.
//! It never carries from one lane into the next: each question is put to seven bits, and the
//! eighth is the answer.

/// Eight bytes of a text, the first in the lowest lane.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    /// The bytes without their highest bits.
    low: u64,
    /// The highest bits.
    high: u64,
}

/// The answer of a lane: its highest bit.
const ANSWER: u64 = each(0x80);

/// `byte` in each lane.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

impl Word {
    /// The eight bytes at an offset, if there are so many.
    #[inline]
    pub(crate) fn at(text: &[u8], at: usize) -> Option<Self> {
        Some(Self::of(*text.get(at..)?.first_chunk::<8>()?))
    }

    /// Eight bytes.
    #[inline]
    pub(crate) fn of(bytes: [u8; 8]) -> Self {
        let bytes = u64::from_le_bytes(bytes);
        Self {
            low: bytes & !ANSWER,
            high: bytes & ANSWER,
        }
    }

    /// Lanes whose seven bits are not those of `byte`; other bits of the result mean nothing.
    #[inline]
    fn differs(self, byte: u8) -> u64 {
        (self.low ^ each(byte)).wrapping_add(each(0x7f))
    }

    /// Lanes that hold a quote or a backslash.
    #[inline]
    pub(crate) fn stops(self) -> u64 {
        !(self.differs(b'"') & self.differs(b'\\')) & !self.high & ANSWER
    }

    /// Lanes that hold a space.
    #[inline]
    pub(crate) fn spaces(self) -> u64 {
        !self.differs(b' ') & !self.high & ANSWER
    }

    /// Lanes that hold anything but a letter, a digit, a space or one of `,-./:_`.
    #[inline]
    pub(crate) fn odd(self) -> u64 {
        let even = within(self.low | each(0x20), b'a', b'z') | within(self.low, b',', b':');
        let odd = !even & self.differs(b'_') & self.differs(b' ');
        (odd | self.high) & ANSWER
    }
}

/// Lanes of seven bits between two bytes, both included; other bits of the result mean nothing.
#[inline]
fn within(low: u64, from: u8, to: u8) -> u64 {
    low.wrapping_add(each(0x80 - from)) & !low.wrapping_add(each(0x7f - to))
}

/// The first lane that answers.
#[inline]
pub(crate) fn first(answers: u64) -> usize {
    (answers.trailing_zeros() / 8) as usize
}

/// The offset of the first quote or backslash of a text; its length if there is none.
#[inline]
pub(super) fn stop(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let stops = Word::of(*word).stops();
        if stops != 0 {
            return at.saturating_add(first(stops));
        }
        at = at.saturating_add(8);
    }
    let len = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .unwrap_or(rest.len());
    at.saturating_add(len)
}
