//! Sixty-four bytes asked at once, a bit for each, in the vectors that every processor of its kind
//! has.
//! It never looks outside the text, and never branches on a byte.
use wide::u8x16;

/// Bytes of a block.
pub(crate) const BYTES: usize = 64;

const LANES: usize = 16;

/// What is known of each byte of a block: one bit a byte, the first byte lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Quotes and backslashes.
    pub(crate) stops: u64,
    /// Anything but a letter, a digit, a space or one of `,-./:_`.
    pub(crate) odd: u64,
    /// Spaces.
    pub(crate) spaces: u64,
    /// `.`, `/`, `:` and `_`.
    pub(crate) joints: u64,
}

impl Marks {
    /// A block of which nothing is known.
    pub(crate) const NONE: Self = Self {
        stops: 0,
        odd: 0,
        spaces: 0,
        joints: 0,
    };
}

/// The marks of the block at an offset; what stands behind the text has none.
#[inline]
pub(crate) fn marks_at(text: &[u8], at: usize) -> Marks {
    let rest = text.get(at..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(block) => marks(block),
        None => marks(&padded(rest)),
    }
}

/// The last bytes of a text as a block.
#[cold]
fn padded(rest: &[u8]) -> [u8; BYTES] {
    let mut block = [b'a'; BYTES];
    for (place, byte) in block.iter_mut().zip(rest) {
        *place = *byte;
    }
    block
}

#[inline]
fn marks(block: &[u8; BYTES]) -> Marks {
    Marks {
        stops: stops(block),
        odd: !each(block, is_even),
        spaces: each(block, |bytes| bytes.simd_eq(u8x16::splat(b' '))),
        joints: each(block, is_joint),
    }
}

/// Where quotes and backslashes stand in a block.
#[inline]
pub(crate) fn stops(block: &[u8; BYTES]) -> u64 {
    each(block, |bytes| {
        bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'))
    })
}

#[inline]
fn is_even(bytes: u8x16) -> u8x16 {
    within(bytes | u8x16::splat(0x20), b'a', b'z')
        | within(bytes, b',', b':')
        | bytes.simd_eq(u8x16::splat(b'_'))
        | bytes.simd_eq(u8x16::splat(b' '))
}

#[inline]
fn is_joint(bytes: u8x16) -> u8x16 {
    within(bytes, b'.', b'/')
        | bytes.simd_eq(u8x16::splat(b':'))
        | bytes.simd_eq(u8x16::splat(b'_'))
}

/// True if two joints stand side by side in a text.
pub(crate) fn is_joint_text(text: &[u8]) -> bool {
    let mut last = false;
    // A short text is read sooner than a block of it is made.
    if text.len() < BYTES {
        return text.iter().any(|byte| {
            let joint = matches!(byte, b'.' | b'/' | b':' | b'_');
            core::mem::replace(&mut last, joint) && joint
        });
    }
    let mut at = 0_usize;
    while at < text.len() {
        let joints = marks_at(text, at).joints;
        if pairs(joints, last) != 0 {
            return true;
        }
        last = ends(joints);
        at = at.saturating_add(BYTES);
    }
    false
}

/// The marked bytes behind a marked byte; `last` tells of the one before the block.
#[inline]
pub(crate) fn pairs(marks: u64, last: bool) -> u64 {
    marks & (marks.wrapping_shl(1) | u64::from(last))
}

/// True if the last byte of a block is marked.
#[inline]
pub(crate) fn ends(marks: u64) -> bool {
    marks.leading_zeros() == 0
}

/// Bytes between two others, both included.
#[inline]
pub(crate) fn within(bytes: u8x16, from: u8, to: u8) -> u8x16 {
    let offset = bytes - u8x16::splat(from);
    offset
        .min(u8x16::splat(to.saturating_sub(from)))
        .simd_eq(offset)
}

/// The answer to a question about each byte of a block.
#[inline]
pub(crate) fn each(block: &[u8; BYTES], question: impl Fn(u8x16) -> u8x16) -> u64 {
    let (quarters, _) = block.as_chunks::<LANES>();
    quarters.iter().rev().fold(0, |answers, quarter| {
        let answer = question(u8x16::new(*quarter)).to_bitmask();
        answers << LANES | u64::from(answer)
    })
}

/// The offset of the first marked byte in its block; 64 if none is.
#[inline]
pub(crate) fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize
}

/// The bytes before the first marked one; all if none is.
#[inline]
pub(crate) fn before(marks: u64) -> u64 {
    marks.wrapping_sub(1) & !marks
}

/// The bytes of a block from an offset on, which counts from any block's begin.
#[inline]
pub(crate) fn from(at: usize) -> u64 {
    let bits = u32::try_from(at & (BYTES - 1)).unwrap_or(0);
    u64::MAX.wrapping_shl(bits)
}

/// The marks without the first one and the byte behind it.
#[inline]
pub(crate) fn without_pair(marks: u64) -> u64 {
    marks & !3_u64.wrapping_shl(marks.trailing_zeros())
}

/// The offset of the first quote that no backslash escapes; and how far the next look is away if
/// there is none, one byte more than the block where its last byte escapes the next.
#[inline]
pub(crate) fn end_of_string(block: &[u8; BYTES]) -> (Option<usize>, usize) {
    let quotes = each(block, |bytes| bytes.simd_eq(u8x16::splat(b'"')));
    let escapes = each(block, |bytes| bytes.simd_eq(u8x16::splat(b'\\')));
    let behind = escapes.wrapping_shl(1);
    if escapes & behind != 0 {
        return end_of_string_in_pairs(quotes | escapes, quotes);
    }
    // No two backslashes in a row: each escapes what stands behind it.
    let ends = quotes & !behind;
    let read = BYTES.saturating_add(usize::from(escapes.leading_zeros() == 0));
    ((ends != 0).then(|| first(ends)), read)
}

/// The same where a backslash may escape a backslash.
fn end_of_string_in_pairs(stops: u64, quotes: u64) -> (Option<usize>, usize) {
    let mut stops = stops;
    let mut read = BYTES;
    while stops != 0 {
        let stop = first(stops);
        if quotes.wrapping_shr(stops.trailing_zeros()) & 1 == 1 {
            return (Some(stop), read);
        }
        read = read.max(stop.saturating_add(2));
        stops = without_pair(stops);
    }
    (None, read)
}

/// The offset of the first quote or backslash of a text; its length if there is none.
pub(crate) fn stop(text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks::<BYTES>();
    let mut at = 0_usize;
    for block in blocks {
        let stops = stops(block);
        if stops != 0 {
            return at.saturating_add(first(stops));
        }
        at = at.saturating_add(BYTES);
    }
    let len = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .unwrap_or(rest.len());
    at.saturating_add(len)
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Marks, marks_at};

    /// The same, byte by byte.
    fn twin(text: &[u8], at: usize) -> Marks {
        let each = |question: fn(u8) -> bool| {
            let block = text.iter().skip(at).take(BYTES).rev();
            block.fold(0, |bits, byte| bits << 1 | u64::from(question(*byte)))
        };
        Marks {
            stops: each(|byte| matches!(byte, b'"' | b'\\')),
            odd: each(|byte| !byte.is_ascii_alphanumeric() && !b" ,-./:_".contains(&byte)),
            spaces: each(|byte| byte == b' '),
            joints: each(|byte| b"./:_".contains(&byte)),
        }
    }

    #[test]
    fn vectors_and_their_twin_agree_on_every_byte_at_every_place() {
        for byte in 0..=255 {
            for at in 0..BYTES {
                let mut text = [b'a'; BYTES];
                text[at] = byte;
                assert_eq!(marks_at(&text, 0), twin(&text, 0), "{byte} at {at}");
                assert_eq!(marks_at(&text, at), twin(&text, at), "{byte} from {at}");
            }
        }
    }

    #[test]
    fn vectors_and_their_twin_agree_on_any_bytes() {
        bolero::check!().for_each(|text: &[u8]| {
            for at in [0, 1, text.len() / 2, text.len()] {
                assert_eq!(marks_at(text, at), twin(text, at));
            }
        });
    }
}
