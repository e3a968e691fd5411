//! The one pass: finds every literal that some detector of leaks looks for.
//! It never decides anything, and its table is built at build time.
use super::ANCHORS;

// An anchor of n bytes holds n - 2 windows of three; two of them, one at an even and one at an odd
// offset, are in the table, so that looking at every second byte finds each anchor exactly once.
const WINDOW_BYTES: usize = 3;
const STRIDE: usize = 2;

// Limit: 16 KiB of bits for some 1,500 windows: one look in eighty at random bytes is in vain, and
// fewer at ordinary text, whose windows are avoided.
const HASH_BITS: u32 = 17;
const WORDS: usize = 1 << (HASH_BITS - 6);

/// Buckets of entries, by the upper bits of the hash.
const BUCKET_BITS: u32 = 10;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// A window of an anchor: its bytes, whose it is, and its offset there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    window: [u8; WINDOW_BYTES],
    offset: u8,
    anchor: u16,
}

/// An anchor: where its bytes stand among those of all, and what it is the anchor of.
#[derive(Clone, Copy)]
struct Anchor {
    at: u16,
    which: u16,
    len: u8,
    detector: u8,
}

/// All of it without a pointer, each of which would be filled in at every start.
struct Table {
    bits: [u64; WORDS],
    /// Where the entries of each bucket end.
    ends: [u16; BUCKETS + 1],
    entries: [Entry; ENTRIES],
    anchors: [Anchor; COUNT],
    bytes: [u8; BYTES],
}

static TABLE: Table = table();

/// What may follow an anchor of three bytes, which has no second window: a body.
const FOLLOWING: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const ENTRIES: usize = sizes().0;
const COUNT: usize = sizes().1;
const BYTES: usize = sizes().2;

const fn hash(window: u32) -> u32 {
    hash_by(window, MULTIPLIER)
}

/// The upper bits of a product; what stands above a window's three bytes does not count.
const fn hash_by(window: u32, multiplier: u32) -> u32 {
    (window << 8).wrapping_mul(multiplier) >> (u32::BITS - HASH_BITS)
}

/// The one of some multipliers by which the fewest common windows share a bit with an anchor's.
const MULTIPLIER: u32 = best();

/// The first of them, which spreads well by itself (Knuth's golden ratio).
const FIRST_MULTIPLIER: u32 = 0x9e37_79b1;

/// Runs of three bytes that pages, documents, programs and prose are full of, in rows: an anchor is
/// known by one that is none of them, if it has any.
const COMMON: &[u8] = include_bytes!("ordinary.txt");
const ROW_BYTES: usize = 97;

/// How common a byte is in ordinary text, roughly.
const fn commonness(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 9,
        b'a'..=b'z' | b'"' => 6,
        b'0'..=b'9' | b'-' | b'.' | b'/' | b':' => 4,
        b'A'..=b'Z' | b'_' => 3,
        _ => 2,
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at build time only: a wrong index fails the build"
)]
mod build {
    use super::{
        ANCHORS, Anchor, BUCKET_BITS, BUCKETS, BYTES, COMMON, COUNT, ENTRIES, Entry,
        FIRST_MULTIPLIER, FOLLOWING, HASH_BITS, ROW_BYTES, STRIDE, Table, WINDOW_BYTES, WORDS,
        commonness, hash, hash_by,
    };

    /// A bit for the hash of each common window.
    const COMMON_BITS: [u64; WORDS] = common_bits();

    const fn common_bits() -> [u64; WORDS] {
        let (mut bits, mut at) = ([0; WORDS], 0);
        while at + WINDOW_BYTES < COMMON.len() {
            let hash = hash_by(window(COMMON, at), FIRST_MULTIPLIER) as usize;
            bits[hash / 64] |= 1 << (hash % 64);
            at = next_common(at);
        }
        bits
    }

    /// The offset of the next common window; a row ends with a line break.
    const fn next_common(at: usize) -> usize {
        let next = at + WINDOW_BYTES;
        if next % ROW_BYTES + 1 == ROW_BYTES {
            next + 1
        } else {
            next
        }
    }

    // Limit: 16 multipliers: the best of them hits a third of what the first does.
    const TRIES: u32 = 16;

    pub(super) const fn best() -> u32 {
        let listed = listed();
        let (mut best, mut least, mut number) = (FIRST_MULTIPLIER, u32::MAX, 0);
        while number < TRIES {
            let multiplier = FIRST_MULTIPLIER.wrapping_add(number.wrapping_mul(0x2545_f490));
            let (mut bits, mut at) = ([0_u64; WORDS], 0);
            while at < ENTRIES {
                let hash = hash_by(as_read(listed[at].window), multiplier) as usize;
                bits[hash / 64] |= 1 << (hash % 64);
                at += 1;
            }
            let mut hits = 0;
            at = 0;
            while at + WINDOW_BYTES < COMMON.len() {
                let hash = hash_by(window(COMMON, at), multiplier) as usize;
                hits += (bits[hash / 64] >> (hash % 64) & 1) as u32;
                at = next_common(at);
            }
            if hits < least {
                (best, least) = (multiplier, hits);
            }
            number += 1;
        }
        best
    }

    const fn is_common(window: u32) -> bool {
        let hash = hash_by(window, FIRST_MULTIPLIER) as usize;
        COMMON_BITS[hash / 64] >> (hash % 64) & 1 == 1
    }

    /// How many windows all anchors have in the table, how many anchors there are, and how many
    /// bytes they have.
    pub(super) const fn sizes() -> (usize, usize, usize) {
        let (mut windows, mut count, mut bytes, mut detector) = (0, 0, 0, 0);
        while detector < ANCHORS.len() {
            let mut which = 0;
            while which < ANCHORS[detector].len() {
                let len = ANCHORS[detector][which].len();
                assert!(len >= WINDOW_BYTES, "an anchor has three bytes at least");
                windows += if len == WINDOW_BYTES {
                    1 + FOLLOWING.len()
                } else {
                    STRIDE
                };
                count += 1;
                bytes += len;
                which += 1;
            }
            detector += 1;
        }
        (windows, count, bytes)
    }

    const fn window(anchor: &[u8], at: usize) -> u32 {
        u32::from_le_bytes([anchor[at], anchor[at + 1], anchor[at + 2], 0])
    }

    /// The offset, even or odd, of the window that is rarest in ordinary text.
    const fn rarest(anchor: &[u8], first: usize) -> usize {
        let (mut best, mut least, mut at) = (first, u32::MAX, first);
        while at + WINDOW_BYTES <= anchor.len() {
            let (one, two, three) = (anchor[at], anchor[at + 1], anchor[at + 2]);
            let mut common = commonness(one) * commonness(two) * commonness(three);
            if is_common(window(anchor, at)) {
                common += 1000;
            }
            // Rows of one sign are long where there are any.
            if one == two && two == three {
                common += 9000;
            }
            if common < least {
                (best, least) = (at, common);
            }
            at += STRIDE;
        }
        best
    }

    /// All anchors, and the bytes of all.
    const fn anchors() -> ([Anchor; COUNT], [u8; BYTES]) {
        let none = Anchor {
            at: 0,
            which: 0,
            len: 0,
            detector: 0,
        };
        let (mut anchors, mut bytes) = ([none; COUNT], [0; BYTES]);
        let (mut count, mut end, mut detector) = (0, 0, 0);
        while detector < ANCHORS.len() {
            let mut which = 0;
            while which < ANCHORS[detector].len() {
                let anchor = ANCHORS[detector][which].as_bytes();
                anchors[count] = Anchor {
                    at: end as u16,
                    which: which as u16,
                    len: anchor.len() as u8,
                    detector: detector as u8,
                };
                let mut at = 0;
                while at < anchor.len() {
                    bytes[end] = anchor[at];
                    (at, end) = (at + 1, end + 1);
                }
                (which, count) = (which + 1, count + 1);
            }
            detector += 1;
        }
        (anchors, bytes)
    }

    const NONE: Entry = Entry {
        window: [0; WINDOW_BYTES],
        offset: 0,
        anchor: 0,
    };

    const fn entry(anchor: &[u8], at: usize, number: u16) -> Entry {
        Entry {
            window: [anchor[at], anchor[at + 1], anchor[at + 2]],
            offset: at as u8,
            anchor: number,
        }
    }

    const fn as_read(window: [u8; WINDOW_BYTES]) -> u32 {
        u32::from_le_bytes([window[0], window[1], window[2], 0])
    }

    /// The entries of all windows, in the order of the anchors.
    const fn listed() -> [Entry; ENTRIES] {
        let mut all = [NONE; ENTRIES];
        let (mut count, mut number, mut detector) = (0, 0, 0);
        while detector < ANCHORS.len() {
            let mut which = 0;
            while which < ANCHORS[detector].len() {
                let anchor = ANCHORS[detector][which].as_bytes();
                let even = rarest(anchor, 0);
                all[count] = entry(anchor, even, number);
                count += 1;
                if anchor.len() == WINDOW_BYTES {
                    let mut next = 0;
                    while next < FOLLOWING.len() {
                        let window = [anchor[1], anchor[2], FOLLOWING[next]];
                        all[count] = Entry {
                            window,
                            offset: 1,
                            anchor: number,
                        };
                        (next, count) = (next + 1, count + 1);
                    }
                } else {
                    let odd = rarest(anchor, 1);
                    all[count] = entry(anchor, odd, number);
                    count += 1;
                }
                (which, number) = (which + 1, number + 1);
            }
            detector += 1;
        }
        all
    }

    pub(super) const fn table() -> Table {
        let listed = listed();
        let mut table = Table {
            bits: [0; WORDS],
            ends: [0; BUCKETS + 1],
            entries: [NONE; ENTRIES],
            anchors: anchors().0,
            bytes: anchors().1,
        };
        let mut at = 0;
        while at < ENTRIES {
            let hash = hash(as_read(listed[at].window)) as usize;
            table.bits[hash / 64] |= 1 << (hash % 64);
            table.ends[(hash >> (HASH_BITS - BUCKET_BITS)) + 1] += 1;
            at += 1;
        }
        let mut bucket = 0;
        while bucket < BUCKETS {
            table.ends[bucket + 1] += table.ends[bucket];
            bucket += 1;
        }
        let mut free = table.ends;
        at = 0;
        while at < ENTRIES {
            let hash = hash(as_read(listed[at].window)) as usize;
            let bucket = hash >> (HASH_BITS - BUCKET_BITS);
            table.entries[free[bucket] as usize] = listed[at];
            free[bucket] += 1;
            at += 1;
        }
        table
    }
}

use self::build::{best, sizes, table};

/// True if some anchor may have this window.
#[inline]
fn is_hot(window: u32) -> bool {
    let hash = hash(window);
    let word = TABLE.bits.get((hash >> 6) as usize).copied().unwrap_or(0);
    word >> (hash & 63) & 1 == 1
}

/// Calls `visit` for each anchor of the text: the number of its detector, its number there, and
/// where it begins.
pub(super) fn each_anchor(text: &[u8], mut visit: impl FnMut(usize, usize, usize)) {
    const STEP: usize = 8;
    let mut at = 0_usize;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<10>) {
        // Two loads, because bytes that are put together one by one cost more than all the rest.
        let head = u64::from_le_bytes(chunk.first_chunk().copied().unwrap_or_default());
        let tail = u64::from_le_bytes(chunk.last_chunk().copied().unwrap_or_default());
        let low = |bytes: u64| u32::try_from(bytes & u64::from(u32::MAX)).unwrap_or(0);
        let [one, two, three, four] =
            [low(head), low(head >> 16), low(head >> 32), low(tail >> 32)];
        // Almost always none is, and each branch is foreseen.
        if is_hot(one) || is_hot(two) || is_hot(three) || is_hot(four) {
            confirm_each(text, [one, two, three, four], at, &mut visit);
        }
        at = at.saturating_add(STEP);
    }
    while let Some([a, b, c]) = text.get(at..).and_then(<[u8]>::first_chunk::<3>) {
        let window = u32::from_le_bytes([*a, *b, *c, 0]);
        if is_hot(window) {
            confirm(text, window, at, &mut visit);
        }
        at = at.saturating_add(STRIDE);
    }
}

/// Visits the anchors that have one of these windows, of which the first stands at this place.
#[inline(never)]
fn confirm_each(
    text: &[u8],
    windows: [u32; 4],
    at: usize,
    visit: &mut impl FnMut(usize, usize, usize),
) {
    let mut place = at;
    for window in windows {
        if is_hot(window) {
            confirm(text, window, place, visit);
        }
        place = place.saturating_add(STRIDE);
    }
}

/// Visits the anchors that have this window at this place.
#[inline(never)]
fn confirm(text: &[u8], window: u32, at: usize, visit: &mut impl FnMut(usize, usize, usize)) {
    let bucket = (hash(window) >> (HASH_BITS - BUCKET_BITS)) as usize;
    let end = |bucket: usize| TABLE.ends.get(bucket).copied().map_or(0, usize::from);
    let entries = TABLE
        .entries
        .get(end(bucket)..end(bucket.saturating_add(1)));
    let bytes = window.to_le_bytes();
    for entry in entries.unwrap_or_default() {
        if !bytes.starts_with(&entry.window) {
            continue;
        }
        let Some(anchor) = TABLE.anchors.get(usize::from(entry.anchor)) else {
            continue;
        };
        let from = usize::from(anchor.at);
        let to = from.saturating_add(usize::from(anchor.len));
        let bytes = TABLE.bytes.get(from..to).unwrap_or_default();
        let start = at.checked_sub(usize::from(entry.offset));
        let rest = start.and_then(|start| text.get(start..));
        if let (Some(start), Some(rest)) = (start, rest)
            && rest.starts_with(bytes)
        {
            visit(
                usize::from(anchor.detector),
                usize::from(anchor.which),
                start,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{ANCHORS, each_anchor};

    /// All anchors of a text, by looking at each place.
    fn plainly(text: &[u8]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for at in 0..text.len() {
            for (detector, anchors) in ANCHORS.iter().enumerate() {
                for (which, anchor) in anchors.iter().enumerate() {
                    if text[at..].starts_with(anchor.as_bytes()) {
                        found.push((detector, which, at));
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_anchor_is_found_once_wherever_it_stands() {
        for anchors in ANCHORS {
            for anchor in *anchors {
                for before in 0..19 {
                    // Behind an anchor of three bytes stands a body.
                    for behind in ["Q", "QmlOYlgCtjfIZ4SO2"] {
                        let text = [&" ".repeat(before), *anchor, behind].concat();
                        let mut found = Vec::new();
                        each_anchor(text.as_bytes(), |detector, which, at| {
                            found.push((detector, which, at));
                        });
                        let mut expected = plainly(text.as_bytes());
                        found.sort_unstable();
                        expected.sort_unstable();
                        assert_eq!(found, expected, "{text:?}");
                    }
                }
            }
        }
    }
}
