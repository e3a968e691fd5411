//! Byte scanning: where a string ends, and which kinds of bytes stand in it, 16 bytes a step.
//! It never looks outside the text it was given, and never names a vector instruction: the loops
//! are written lane by lane in arithmetic that compilers turn into SSE2 or NEON.
use crate::form::Classes;

/// The end of a string and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Offset of the closing quote, or of the end of the text.
    pub(crate) end: usize,
    /// Kinds of bytes before the end; behind the first escape they may be incomplete, because an
    /// escaped string is scanned again once its escapes are undone.
    pub(crate) classes: Classes,
    /// Whether a closing quote was found.
    pub(crate) closed: bool,
}

/// One step's bytes, or one byte of result for each.
type Lanes = [u8; LANES];

const LANES: usize = 16;

/// Scans a string from just behind its opening quote.
#[inline]
pub(crate) fn string(text: &[u8], start: usize) -> Scanned {
    // Most strings end within the first step.
    if let Some(block) = text.get(start..).and_then(<[u8]>::first_chunk::<LANES>) {
        let len = first_stop(block);
        if block.get(len) == Some(&b'"') {
            let classes = fold(&with([0; LANES], block, mask(len)));
            return Scanned {
                end: start + len,
                classes,
                closed: true,
            };
        }
    }
    longer_string(text, start)
}

fn longer_string(text: &[u8], start: usize) -> Scanned {
    let mut found = [0; LANES];
    let mut escaped = Classes::default();
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or(&[]);
        let Some(block) = rest.first_chunk::<LANES>() else {
            break;
        };
        let len = first_stop(block);
        found = with(found, block, mask(len));
        at += len;
        match block.get(len) {
            Some(b'"') => {
                let classes = fold(&found).with(escaped);
                return Scanned {
                    end: at,
                    classes,
                    closed: true,
                };
            }
            Some(_) => {
                escaped = escaped.with(Classes::ESCAPED);
                at += 2;
            }
            None => {
                let (len, more) = plain(text, at);
                found = or(found, more);
                at += len;
            }
        }
    }
    // The last bytes of a text, one by one.
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let classes = fold(&found).with(escaped);
                return Scanned {
                    end: at,
                    classes,
                    closed: true,
                };
            }
            b'\\' => {
                escaped = escaped.with(Classes::ESCAPED);
                at += 2;
            }
            _ => {
                escaped = escaped.with(Classes::from_bits(bits(byte)));
                at += 1;
            }
        }
    }
    let end = text.len().max(start);
    Scanned {
        end,
        classes: fold(&found).with(escaped),
        closed: false,
    }
}

/// Passes over 64 bytes at a time as long as no string ends and no escape starts there.
#[inline(never)]
fn plain(text: &[u8], start: usize) -> (usize, Lanes) {
    let (chunks, _) = text
        .get(start..)
        .unwrap_or(&[])
        .as_chunks::<{ 4 * LANES }>();
    let mut found = [0; LANES];
    let mut len = 0;
    for chunk in chunks {
        let (blocks, _) = chunk.as_chunks::<LANES>();
        let stops = blocks
            .iter()
            .fold([0; LANES], |stops, block| or(stops, self::stops(block)));
        if u128::from_le_bytes(stops) != 0 {
            break;
        }
        found = blocks
            .iter()
            .fold(found, |found, block| with(found, block, &ALL));
        len += chunk.len();
    }
    (len, found)
}

/// The classes of a whole text.
pub(crate) fn classes(text: &[u8]) -> Classes {
    let (blocks, rest) = text.as_chunks::<LANES>();
    let found = blocks
        .iter()
        .fold([0; LANES], |found, block| with(found, block, &ALL));
    // A letter is in no class.
    let mut last = [b'a'; LANES];
    for (lane, byte) in last.iter_mut().zip(rest) {
        *lane = *byte;
    }
    fold(&with(found, &last, &ALL))
}

/// The class bits found so far and those of each lane that the mask lets through.
#[inline]
fn with(mut found: Lanes, block: &Lanes, mask: &Lanes) -> Lanes {
    for ((found, byte), mask) in found.iter_mut().zip(block).zip(mask) {
        *found |= bits(*byte) & mask;
    }
    found
}

/// Two results, lane by lane.
#[inline]
fn or(mut one: Lanes, other: Lanes) -> Lanes {
    for (one, other) in one.iter_mut().zip(other) {
        *one |= other;
    }
    one
}

/// The class bits of one byte, without a branch.
#[inline]
fn bits(byte: u8) -> u8 {
    // `+` to `:`, `?` to `Z` and `a` to `z` are three runs of ASCII.
    let even = lane(byte.wrapping_sub(b'+') <= b':' - b'+')
        | lane(byte.wrapping_sub(b'?') <= b'Z' - b'?')
        | lane(byte.wrapping_sub(b'a') <= b'z' - b'a')
        | lane(byte == b'_')
        | lane(byte == b' ');
    (!even & Classes::ODD.bits())
        | (lane(byte >= 0x80) & Classes::HIGH.bits())
        | (lane(byte == b'%') & Classes::PERCENT.bits())
        | (lane(byte == b'&') & Classes::AMPERSAND.bits())
        | (lane(byte == b'+') & Classes::PLUS.bits())
        | (lane(byte == b'\\') & Classes::ESCAPED.bits())
}

/// All bits set where a string ends or an escape starts.
#[inline]
fn stops(block: &Lanes) -> Lanes {
    let mut stops = [0; LANES];
    for (stop, byte) in stops.iter_mut().zip(block) {
        *stop = lane(*byte == b'"') | lane(*byte == b'\\');
    }
    stops
}

/// All bits set for true.
#[inline]
fn lane(condition: bool) -> u8 {
    u8::from(condition).wrapping_neg()
}

/// The first lane where a string ends or an escape starts; their number if there is none.
#[inline]
fn first_stop(block: &Lanes) -> usize {
    let (low, high) = halves(block);
    let (low, high) = (stop_marks(low), stop_marks(high));
    let marks = if low == 0 {
        64 + high.trailing_zeros()
    } else {
        low.trailing_zeros()
    };
    (marks / 8) as usize
}

/// The highest bit of the first byte of eight that is a quote or a backslash (bits above it may be
/// set without a cause: the borrow of a subtraction runs upwards).
#[inline]
fn stop_marks(eight: u64) -> u64 {
    let zero = |bytes: u64| bytes.wrapping_sub(u64::MAX / 255) & !bytes & (u64::MAX / 255 * 128);
    let each = |byte: u8| u64::from(byte) * (u64::MAX / 255);
    zero(eight ^ each(b'"')) | zero(eight ^ each(b'\\'))
}

#[inline]
fn halves(lanes: &Lanes) -> (u64, u64) {
    let both = u128::from_le_bytes(*lanes);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves are what is wanted"
    )]
    (both as u64, (both >> 64) as u64)
}

/// All lanes together.
#[inline]
fn fold(found: &Lanes) -> Classes {
    let (low, high) = halves(found);
    let mut all = low | high;
    all |= all >> 32;
    all |= all >> 16;
    all |= all >> 8;
    let [bits, ..] = all.to_le_bytes();
    Classes::from_bits(bits)
}

static ALL: Lanes = [0xff; LANES];

/// Sixteen set lanes and sixteen clear ones: a window over them is a mask of any length.
static WINDOW: [u8; 2 * LANES] = {
    let mut window = [0; 2 * LANES];
    let (set, _) = window.split_at_mut(LANES);
    set.copy_from_slice(&ALL);
    window
};

/// A mask that lets the first `len` lanes through.
#[inline]
fn mask(len: usize) -> &'static Lanes {
    WINDOW
        .get(LANES.saturating_sub(len)..)
        .and_then(<[u8]>::first_chunk)
        .unwrap_or(&ALL)
}

#[cfg(test)]
mod tests;
