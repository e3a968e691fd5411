//! The classes of long texts, lane by lane in arithmetic that compilers turn into vectors.
//! It never branches on a byte.
use super::block;
use crate::form::Classes;

/// One step's bytes, or one byte of result for each.
type Lanes = [u8; LANES];

const LANES: usize = 16;

/// The classes of a whole text.
pub(crate) fn classes(text: &[u8]) -> Classes {
    let (blocks, rest) = text.as_chunks::<LANES>();
    let mut all = rest.iter().fold(0, |all, byte| {
        all | CLASSES.get(usize::from(*byte)).copied().unwrap_or(0)
    });
    if !blocks.is_empty() {
        let found = blocks.iter().fold([0; LANES], with);
        all |= fold(&found);
    }
    let classes = Classes::from_bits(all);
    // Where odd bytes stand nobody asks for joints, and their bit tells of signs.
    let is_joint = !classes.has(Classes::ODD) && block::is_joint_text(text);
    classes.with(Classes::JOINT.when(is_joint))
}

/// The class bits of each byte, for texts shorter than a step.
static CLASSES: [u8; 256] = classes_of_bytes();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at build time only, over indices below 256"
)]
const fn classes_of_bytes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = bits(byte as u8);
        byte += 1;
    }
    table
}

/// The class bits found so far and those of a block.
#[inline]
fn with(mut found: Lanes, block: &Lanes) -> Lanes {
    for (found, byte) in found.iter_mut().zip(block) {
        *found |= bits(*byte);
    }
    found
}

/// The class bits of one byte, without a branch.
#[inline]
const fn bits(byte: u8) -> u8 {
    // `+` to `:`, `A` to `Z` and `a` to `z` are three runs of ASCII.
    let even = lane(byte.wrapping_sub(b'+') <= b':' - b'+')
        | lane(byte.wrapping_sub(b'A') <= b'Z' - b'A')
        | lane(byte.wrapping_sub(b'a') <= b'z' - b'a')
        | lane(byte == b'_')
        | lane(byte == b' ');
    (!even & Classes::ODD.bits())
        | (lane(byte >= 0x80) & Classes::HIGH.bits())
        | (lane(byte == b'%') & Classes::PERCENT.bits())
        | (lane(byte == b'&') & Classes::AMPERSAND.bits())
        | (lane(byte == b'+') & Classes::PLUS.bits())
        | (lane(byte == b'\\') & Classes::ESCAPED.bits())
        | (lane(byte == b' ') & Classes::SPACE.bits())
        | ((lane(byte == 0) | lane(byte == b'(') | lane(byte == b']')) & Classes::SIGN.bits())
}

/// All bits set for true.
#[inline]
const fn lane(condition: bool) -> u8 {
    (condition as u8).wrapping_neg()
}

/// All lanes together.
#[inline]
fn fold(found: &Lanes) -> u8 {
    let both = u128::from_le_bytes(*found);
    let both = both | both >> 64;
    let both = both | both >> 32;
    let both = both | both >> 16;
    let both = both | both >> 8;
    let [bits, ..] = both.to_le_bytes();
    bits
}
