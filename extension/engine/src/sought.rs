//! Bytes that a rule seeks in a text, looked for sixteen at once.
//! It never looks outside the text, and never says what a byte means.
use wide::u8x16;

const BYTES: usize = 16;

/// The offsets of the bytes of a text that are one of some signs, in order.
pub(crate) struct Sought<'t, const N: usize> {
    text: &'t [u8],
    signs: [u8; N],
    /// Where the block begins that is looked at next.
    base: usize,
    /// What is left of the block before.
    found: u32,
}

/// All signs of a text from an offset on.
#[inline]
pub(crate) fn all<const N: usize>(text: &[u8], from: usize, signs: [u8; N]) -> Sought<'_, N> {
    Sought {
        text,
        signs,
        base: from,
        found: 0,
    }
}

/// The offset of the first of some signs from an offset on.
#[inline]
pub(crate) fn first<const N: usize>(text: &[u8], from: usize, signs: [u8; N]) -> Option<usize> {
    all(text, from, signs).next()
}

impl<const N: usize> Iterator for Sought<'_, N> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self.text.get(self.base..)?;
            let Some(bytes) = rest.first_chunk::<BYTES>() else {
                let at = rest.iter().position(|byte| self.signs.contains(byte));
                let at = self.base.saturating_add(at?);
                self.base = at.saturating_add(1);
                return Some(at);
            };
            let bytes = u8x16::new(*bytes);
            let any = self.signs.iter().fold(u8x16::splat(0), |any, sign| {
                any | bytes.simd_eq(u8x16::splat(*sign))
            });
            self.found = any.to_bitmask();
            self.base = self.base.saturating_add(BYTES);
        }
        let place = self.found.trailing_zeros() as usize;
        self.found &= self.found.wrapping_sub(1);
        let block = self.base.saturating_sub(BYTES);
        Some(block.saturating_add(place))
    }
}

/// Bytes between two others, both included.
#[inline]
pub(crate) fn within(bytes: u8x16, from: u8, to: u8) -> u8x16 {
    let offset = bytes - u8x16::splat(from);
    offset
        .min(u8x16::splat(to.saturating_sub(from)))
        .simd_eq(offset)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::all;

    #[test]
    fn any_bytes_are_found_sixteen_at_once_as_one_by_one() {
        bolero::check!().for_each(|text: &[u8]| {
            // Nearly all of signs and names.
            let signs = b"{}ab-_.1 $\xe2Z=";
            let text: Vec<u8> = text
                .iter()
                .map(|byte| signs[usize::from(*byte) % signs.len()])
                .collect();
            for from in [0, 1, text.len() / 2, text.len()] {
                let sought: Vec<_> = all(&text, from, *b"{$\xe2").collect();
                let twin = (from..text.len()).filter(|at| b"{$\xe2".contains(&text[*at]));
                assert_eq!(sought, twin.collect::<Vec<_>>(), "{}", text.escape_ascii());
            }
        });
    }
}
