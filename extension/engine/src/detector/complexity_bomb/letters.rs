//! Sets of characters, as far as two of them may meet.
//! It never tells one character beyond ASCII from another.

/// A set of ASCII characters, and one bit for all others (that of NUL, which no pattern names).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letters(u128);

impl Letters {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(u128::MAX);
    const OTHERS: Self = Self(1);

    /// One character.
    pub(super) fn one(byte: u8) -> Self {
        if byte.is_ascii() {
            Self::range(byte, byte)
        } else {
            Self::OTHERS
        }
    }

    /// All characters from one to another.
    pub(super) const fn range(from: u8, to: u8) -> Self {
        let to = if to < 128 { to } else { 127 };
        if from > to {
            return Self::NONE;
        }
        let from_here = u128::MAX << from;
        let up_to_there = u128::MAX >> (127 - to);
        Self(from_here & up_to_there)
    }

    const DIGITS: Self = Self::range(b'0', b'9');
    const ALPHABET: Self = Self::range(b'a', b'z').with(Self::range(b'A', b'Z'));
    const WORD: Self = Self::ALPHABET
        .with(Self::DIGITS)
        .with(Self::range(b'_', b'_'));
    const SPACE: Self = Self::range(b'\t', b'\r').with(Self::range(b' ', b' '));

    /// What an escape stands for (`\d`, `\w`, `\s` and their opposites); `None` for other letters.
    pub(super) fn class(letter: u8) -> Option<Self> {
        let class = match letter | 0x20 {
            b'd' => Self::DIGITS,
            b'w' => Self::WORD,
            b's' => Self::SPACE,
            // A class of Unicode: letters, most of the time.
            b'p' => Self::ALPHABET.with(Self::OTHERS),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() {
            class.inverse()
        } else {
            class
        })
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn inverse(self) -> Self {
        Self(!self.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: Self) -> bool {
        !self.within(other).is_empty()
    }
}
