//! Two bytes side by side that call for a decoder, looked for sixty-four at once.
//! It never looks outside the text, and never says no to a pair that its twin finds.
use core::marker::PhantomData;

use wide::u8x16;

use super::block::{self, BYTES};

/// Two kinds of bytes of which one of the second stands right behind one of the first.
pub(crate) trait Pair {
    /// The first kind.
    fn first(bytes: u8x16) -> u8x16;
    /// The second kind.
    fn second(bytes: u8x16) -> u8x16;
    /// The same, for two bytes.
    fn is(first: u8, second: u8) -> bool;
}

/// The offsets of the first bytes of all pairs of a text, in order.
pub(crate) struct Pairs<'t, P> {
    text: &'t [u8],
    /// Where the block begins that is looked at next.
    base: usize,
    /// The second bytes in the block before.
    found: u64,
    /// True if the last byte before the next block is of the first kind.
    last: bool,
    kind: PhantomData<P>,
}

/// All pairs of a text.
#[inline]
pub(crate) fn all<P: Pair>(text: &[u8]) -> Pairs<'_, P> {
    Pairs {
        text,
        base: 0,
        found: 0,
        last: false,
        kind: PhantomData,
    }
}

/// True if a text holds a pair.
#[inline]
pub(crate) fn any<P: Pair>(text: &[u8]) -> bool {
    all::<P>(text).next().is_some()
}

impl<P: Pair> Iterator for Pairs<'_, P> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self.text.get(self.base..)?;
            let Some(bytes) = rest.first_chunk::<BYTES>() else {
                return self.in_tail();
            };
            let first = block::each(bytes, P::first);
            let second = block::each(bytes, P::second);
            self.found = second & (first.wrapping_shl(1) | u64::from(self.last));
            self.last = block::ends(first);
            self.base = self.base.saturating_add(BYTES);
        }
        let second = block::first(self.found);
        self.found &= self.found.wrapping_sub(1);
        let base = self.base.saturating_sub(BYTES);
        base.saturating_add(second).checked_sub(1)
    }
}

impl<P: Pair> Pairs<'_, P> {
    /// The next pair behind the last whole block, byte by byte.
    fn in_tail(&mut self) -> Option<usize> {
        let start = self.base.saturating_sub(usize::from(self.last));
        let at = self
            .text
            .get(start..)?
            .windows(2)
            .position(|pair| matches!(pair, [first, second] if P::is(*first, *second)))?;
        let first = start.saturating_add(at);
        // From here on the byte before the rest is the second one, which is of no first kind.
        self.base = first.saturating_add(2);
        self.last = false;
        Some(first)
    }
}

/// A backslash and a hexadecimal digit.
pub(crate) struct BackslashHex;

impl Pair for BackslashHex {
    fn first(bytes: u8x16) -> u8x16 {
        bytes.simd_eq(u8x16::splat(b'\\'))
    }

    fn second(bytes: u8x16) -> u8x16 {
        block::within(bytes, b'0', b'9') | block::within(bytes | u8x16::splat(0x20), b'a', b'f')
    }

    #[inline]
    fn is(first: u8, second: u8) -> bool {
        first == b'\\' && second.is_ascii_hexdigit()
    }
}

/// The end of `chr`, `char` or `[char` and what opens their operand.
pub(crate) struct CodeCall;

impl Pair for CodeCall {
    fn first(bytes: u8x16) -> u8x16 {
        let folded = bytes | u8x16::splat(0x20);
        folded.simd_eq(u8x16::splat(b'r'))
            | folded.simd_eq(u8x16::splat(b'e'))
            | folded.simd_eq(u8x16::splat(b't'))
    }

    fn second(bytes: u8x16) -> u8x16 {
        bytes.simd_eq(u8x16::splat(b'(')) | bytes.simd_eq(u8x16::splat(b']'))
    }

    #[inline]
    fn is(first: u8, second: u8) -> bool {
        matches!(second, b'(' | b']') && matches!(first | 0x20, b'r' | b'e' | b't')
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{BackslashHex, CodeCall, Pair, all};

    fn twin<P: Pair>(text: &[u8]) -> Vec<usize> {
        let pairs = text.windows(2).enumerate();
        pairs
            .filter(|(_, pair)| P::is(pair[0], pair[1]))
            .map(|(at, _)| at)
            .collect()
    }

    fn agree<P: Pair>(text: &[u8]) {
        let found: Vec<_> = all::<P>(text).collect();
        assert_eq!(found, twin::<P>(text), "{}", text.escape_ascii());
    }

    #[test]
    fn a_pair_is_found_at_every_place_of_every_length() {
        for len in 2..150 {
            for at in 0..len - 1 {
                for pair in [b"\\2", b"\\F", b"\\g", b"r(", b"T]", b"x("] {
                    let mut text = alloc::vec![b'-'; len];
                    text[at..at + 2].copy_from_slice(pair);
                    agree::<BackslashHex>(&text);
                    agree::<CodeCall>(&text);
                }
            }
        }
    }

    #[test]
    fn vectors_and_their_twin_agree_on_any_bytes() {
        bolero::check!().for_each(|text: &[u8]| {
            agree::<BackslashHex>(text);
            agree::<CodeCall>(text);
        });
    }
}
