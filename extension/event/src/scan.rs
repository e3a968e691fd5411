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
    let mut found = [0; LANES];
    let mut escaped = Classes::default();
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or(&[]);
        let (len, stop) = match rest.first_chunk::<LANES>() {
            Some(block) => {
                let len = first(&stops(block));
                add(&mut found, block, mask(len));
                (len, block.get(len).copied())
            }
            None => tail(rest, &mut found),
        };
        at += len;
        match stop {
            Some(b'"') => {
                let classes = fold(&found).with(escaped);
                return Scanned {
                    end: at,
                    classes,
                    closed: true,
                };
            }
            Some(_) => {
                escaped = Classes::ESCAPED;
                at += 2;
            }
            None if rest.len() >= LANES => at += plain(text, at, &mut found),
            None => break,
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
fn plain(text: &[u8], start: usize, found: &mut Lanes) -> usize {
    let (chunks, _) = text
        .get(start..)
        .unwrap_or(&[])
        .as_chunks::<{ 4 * LANES }>();
    let mut len = 0;
    for chunk in chunks {
        let (blocks, _) = chunk.as_chunks::<LANES>();
        let mut stop = [0; LANES];
        for block in blocks {
            let stops = stops(block);
            for (lane, byte) in stop.iter_mut().zip(stops) {
                *lane |= byte;
            }
        }
        if u128::from_le_bytes(stop) != 0 {
            break;
        }
        for block in blocks {
            add(found, block, &ALL);
        }
        len += chunk.len();
    }
    len
}

/// Scans the last bytes of a text one by one; gives how many, and the byte that stopped the scan.
#[cold]
fn tail(text: &[u8], found: &mut Lanes) -> (usize, Option<u8>) {
    let len = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    let before = text.get(..len.unwrap_or(text.len())).unwrap_or(text);
    add_tail(before, found);
    (before.len(), text.get(before.len()).copied())
}

/// The classes of a whole text.
pub(crate) fn classes(text: &[u8]) -> Classes {
    let mut found = [0; LANES];
    let (blocks, rest) = text.as_chunks::<LANES>();
    for block in blocks {
        add(&mut found, block, &ALL);
    }
    add_tail(rest, &mut found);
    fold(&found)
}

/// Adds the classes of fewer bytes than one step has.
#[inline]
fn add_tail(text: &[u8], found: &mut Lanes) {
    // A letter is in no class.
    let mut block = [b'a'; LANES];
    for (lane, byte) in block.iter_mut().zip(text) {
        *lane = *byte;
    }
    add(found, &block, &ALL);
}

/// Adds the class bits of each lane that the mask lets through.
#[inline]
fn add(found: &mut Lanes, block: &Lanes, mask: &Lanes) {
    for ((found, byte), mask) in found.iter_mut().zip(block).zip(mask) {
        *found |= bits(*byte) & mask;
    }
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

/// The first lane that is set; their number if none is.
#[inline]
fn first(lanes: &Lanes) -> usize {
    (u128::from_le_bytes(*lanes).trailing_zeros() / 8) as usize
}

/// All lanes together.
#[inline]
fn fold(found: &Lanes) -> Classes {
    let (low, high) = found.split_at(LANES / 2);
    let half = |half: &[u8]| {
        half.first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let mut all = half(low) | half(high);
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
