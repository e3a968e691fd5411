//! Bytes that a rule seeks in a text, and short texts, looked for sixteen at once.
//! It never looks outside the text, and never says what a byte means.
use memchr::{memchr, memrchr_iter};
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

/// Where a short text stands in another for the first time.
///
/// Most values have some hundred bytes, and to build a searcher, as crates do it, takes longer than
/// to look through them: this one compares the first byte of what is sought and the last one.
pub(crate) fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    let (Some((&first, rest)), Some(&last)) = (sought.split_first(), sought.last()) else {
        return Some(0);
    };
    if rest.is_empty() {
        return memchr(first, text);
    }
    let (firsts, lasts) = (u8x16::splat(first), u8x16::splat(last));
    let places = |one: [u8; BYTES], two: [u8; BYTES]| {
        let one = u8x16::new(one).simd_eq(firsts);
        (one & u8x16::new(two).simd_eq(lasts)).to_bitmask()
    };
    let mut at = 0_usize;
    while let Some(block) = text.get(at..) {
        let behind = block.get(rest.len()..)?;
        let mut found = match (block.first_chunk(), behind.first_chunk()) {
            (Some(one), Some(two)) => places(*one, *two),
            _ => places(begin(block).to_le_bytes(), begin(behind).to_le_bytes()),
        };
        while found != 0 {
            let place = at.saturating_add(found.trailing_zeros() as usize);
            if text
                .get(place..)
                .is_some_and(|text| text.starts_with(sought))
            {
                return Some(place);
            }
            found &= found.wrapping_sub(1);
        }
        at = at.saturating_add(BYTES);
    }
    None
}

/// All places of a short text, none within another.
pub(crate) fn find_all<'t>(
    text: &'t [u8],
    sought: &'t [u8],
) -> impl Iterator<Item = usize> + use<'t> {
    let mut from = 0_usize;
    core::iter::from_fn(move || {
        let at = from.saturating_add(find(text.get(from..)?, sought)?);
        from = at.saturating_add(sought.len().max(1));
        Some(at)
    })
}

/// Where a short text stands in another for the last time.
pub(crate) fn find_last(text: &[u8], sought: &[u8]) -> Option<usize> {
    let Some(&first) = sought.first() else {
        return Some(text.len());
    };
    let is_there = |at: &usize| {
        let rest = text.get(*at..);
        rest.is_some_and(|rest| rest.starts_with(sought))
    };
    memrchr_iter(first, text).find(is_there)
}

/// The first sixteen bytes of a text, zeros behind its end.
#[inline]
fn begin(text: &[u8]) -> u128 {
    match text.first_chunk() {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => short(text),
    }
}

/// Fewer bytes than sixteen, put together in registers: bytes that were just written one by one
/// would have to reach memory before they are read as one.
#[inline]
pub(crate) fn short(text: &[u8]) -> u128 {
    let bits = u32::try_from(text.len())
        .unwrap_or(0)
        .wrapping_mul(u8::BITS);
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        // The last eight bytes hold some of the first eight again.
        let twice = u128::BITS.wrapping_sub(bits);
        let behind = u64::from_le_bytes(*last).checked_shr(twice).unwrap_or(0);
        return u128::from(u64::from_le_bytes(*first)) | u128::from(behind) << u64::BITS;
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last)).wrapping_shl(bits.wrapping_sub(32));
        return u128::from(u64::from(u32::from_le_bytes(*first)) | last);
    }
    let bytes = text.iter().rev();
    u128::from(bytes.fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)))
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

    use memchr::memmem;

    use super::{all, find, find_all, find_last};

    #[test]
    fn any_short_text_is_found_where_a_searcher_finds_it() {
        bolero::check!().for_each(|bytes: &[u8]| {
            // Few letters, so that what is sought begins in many places.
            let bytes: Vec<u8> = bytes
                .iter()
                .map(|byte| b"ab\0c"[usize::from(byte % 4)])
                .collect();
            for len in 0..=bytes.len().min(20) {
                let (sought, text) = bytes.split_at(len);
                for text in [text, bytes.as_slice()] {
                    assert_eq!(find(text, sought), memmem::find(text, sought));
                    assert_eq!(find_last(text, sought), memmem::rfind(text, sought));
                    if len > 0 {
                        let twin: Vec<_> = memmem::find_iter(text, sought).collect();
                        assert_eq!(find_all(text, sought).collect::<Vec<_>>(), twin);
                    }
                }
            }
        });
    }

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
