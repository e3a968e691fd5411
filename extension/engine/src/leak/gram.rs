//! Where five bytes of a spelling may stand in a text: a filter, asked at every fourth byte.
//! It never misses one: what it says is compared by whoever asks.
//!
//! A leak is a run of at least eight bytes, and a run of eight bytes holds a gram of five that
//! begins at a multiple of four; so three places of four need not be looked at.
use alloc::vec::Vec;

/// Bytes that are looked at together.
pub(super) const GRAM_BYTES: usize = 5;

/// How far apart the places are that are looked at.
pub(super) const STRIDE_BYTES: usize = 4;

// Limit: a gram and its place share 64 bits, 40 for five bytes; 24 hold 16 MiB of spellings, and an
// environment of 4 KiB has some 100 KiB of them.
const PLACE_BITS: u32 = 24;

// Limit: 16 bits of the filter for each gram send one look in twenty to the second filter, and one
// in four hundred to the table; 2 KiB are enough for one key, and 64 KiB for whole environments.
const FILTER_BITS_PER_GRAM: usize = 16;
const FILTER_WORDS_MIN: usize = 32;
const FILTER_WORDS_MAX: usize = 8 * 1024;

/// Bytes of a text that are looked at in one go, and how many of them a gram may reach behind.
const BLOCK_BYTES: usize = 32;
const REACH_BYTES: usize = BLOCK_BYTES + STRIDE_BYTES;

/// The grams of spellings and their places.
pub(super) struct Grams {
    /// In their order: five bytes, the first one highest, then the place.
    sorted: Vec<u64>,
    filter: Filter,
}

impl Grams {
    /// The grams of the parts of `bytes` that `parts` bound.
    pub(super) fn of(bytes: &[u8], parts: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut sorted = Vec::new();
        for (start, end) in parts {
            let part = bytes.get(start..end).unwrap_or_default();
            for (at, window) in part.windows(GRAM_BYTES).enumerate() {
                let place = start.saturating_add(at);
                let place = u64::try_from(place).unwrap_or(u64::MAX);
                if let Some(gram) = window.first_chunk()
                    && place >> PLACE_BITS == 0
                {
                    sorted.push(ordered(*gram) << PLACE_BITS | place);
                }
            }
        }
        credenza_event::sorted::sort(&mut sorted);
        let mut each = sorted.clone();
        each.dedup_by_key(|gram| *gram >> PLACE_BITS);
        let mut filter = Filter::for_grams(each.len());
        for gram in &each {
            // Back to the order in which a text is read.
            filter.note((gram >> PLACE_BITS).swap_bytes() >> 24);
        }
        each.fill(0);
        core::hint::black_box(&each);
        Self { sorted, filter }
    }

    /// Forgets all of them.
    pub(super) fn wipe(&mut self) {
        self.sorted.fill(0);
        self.filter.first.fill(0);
        self.filter.second.fill(0);
    }

    /// The first place of a text at `from` or behind it that is looked at and where one may stand.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        if self.sorted.is_empty() {
            return None;
        }
        let mut at = from.next_multiple_of(STRIDE_BYTES);
        while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            if let Some(offset) = self.filter.first_in(block) {
                return at.checked_add(offset);
            }
            at = at.saturating_add(BLOCK_BYTES);
        }
        while let Some(gram) = text.get(at..).and_then(<[u8]>::first_chunk) {
            if self.filter.may_hold(as_read(*gram)) {
                return Some(at);
            }
            at = at.saturating_add(STRIDE_BYTES);
        }
        None
    }

    /// The places of a gram.
    pub(super) fn places(&self, gram: &[u8; GRAM_BYTES]) -> impl Iterator<Item = usize> {
        let gram = ordered(*gram);
        let from = self
            .sorted
            .partition_point(|known| known >> PLACE_BITS < gram);
        let rest = self.sorted.get(from..).unwrap_or_default().iter();
        let same = rest.take_while(move |known| **known >> PLACE_BITS == gram);
        same.map(|known| usize::try_from(known & ((1 << PLACE_BITS) - 1)).unwrap_or(usize::MAX))
    }

    /// True if some gram begins with these bytes.
    pub(super) fn begin_with(&self, bytes: &[u8]) -> bool {
        let mut gram = [0; GRAM_BYTES];
        for (byte, known) in gram.iter_mut().zip(bytes) {
            *byte = *known;
        }
        let least = ordered(gram);
        let from = self
            .sorted
            .partition_point(|known| known >> PLACE_BITS < least);
        let found = self.sorted.get(from).map(|known| known >> PLACE_BITS);
        // The bytes that are not given count for nothing.
        let given = bytes.len().min(GRAM_BYTES);
        let open = u32::try_from(GRAM_BYTES.saturating_sub(given))
            .unwrap_or(0)
            .saturating_mul(8);
        given > 0 && found.is_some_and(|found| found >> open == least >> open)
    }
}

/// A gram as a number that sorts as its bytes do.
fn ordered(gram: [u8; GRAM_BYTES]) -> u64 {
    let [one, two, three, four, five] = gram;
    u64::from_be_bytes([0, 0, 0, one, two, three, four, five])
}

/// A gram as a text is read: the first byte is the lowest.
fn as_read(gram: [u8; GRAM_BYTES]) -> u64 {
    let [one, two, three, four, five] = gram;
    u64::from_le_bytes([one, two, three, four, five, 0, 0, 0])
}

/// Two tables of bits: the second is asked where the first says yes.
struct Filter {
    first: Vec<u64>,
    second: Vec<u64>,
    /// How far a hash is shifted to be the place of a word.
    shift: u32,
    /// The same for its bit there.
    shift_bit: u32,
}

impl Filter {
    fn for_grams(grams: usize) -> Self {
        let words = grams.saturating_mul(FILTER_BITS_PER_GRAM) / 64;
        let words = words
            .clamp(FILTER_WORDS_MIN, FILTER_WORDS_MAX)
            .next_power_of_two();
        let shift = 64_u32.saturating_sub(words.trailing_zeros());
        Self {
            first: core::iter::repeat_n(0, words).collect(),
            second: core::iter::repeat_n(0, words).collect(),
            shift,
            shift_bit: shift.saturating_sub(6),
        }
    }

    fn note(&mut self, gram: u64) {
        let (one, other) = (hash(gram), second_hash(gram));
        let (first, second) = (self.word(one), self.word(other));
        let (one, other) = (self.bit(one), self.bit(other));
        if let Some(first) = self.first.get_mut(first) {
            *first |= 1_u64.wrapping_shl(one);
        }
        if let Some(second) = self.second.get_mut(second) {
            *second |= 1_u64.wrapping_shl(other);
        }
    }

    #[inline]
    fn word(&self, hash: u64) -> usize {
        usize::try_from(hash.wrapping_shr(self.shift)).unwrap_or(0)
    }

    /// The bit of a hash in its word: the six bits below those that choose the word.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "only six bits of it count")]
    fn bit(&self, hash: u64) -> u32 {
        hash.wrapping_shr(self.shift_bit) as u32
    }

    #[inline]
    fn is_set(&self, table: &[u64], hash: u64) -> bool {
        // One shift by a number that is not known serves both.
        let place = hash.wrapping_shr(self.shift_bit);
        let word = usize::try_from(place >> 6).unwrap_or(usize::MAX);
        let word = table.get(word).copied().unwrap_or(0);
        word >> (place & 63) & 1 != 0
    }

    #[inline]
    fn may_hold(&self, gram: u64) -> bool {
        self.is_set(&self.first, hash(gram)) && self.is_set(&self.second, second_hash(gram))
    }

    /// The first offset of a block at which a gram may stand.
    #[inline]
    fn first_in(&self, block: &[u8; REACH_BYTES + STRIDE_BYTES]) -> Option<usize> {
        let mut offset = 0;
        for window in block
            .windows(8)
            .step_by(STRIDE_BYTES)
            .take(BLOCK_BYTES / STRIDE_BYTES)
        {
            let eight = window
                .first_chunk()
                .map_or(0, |eight| u64::from_le_bytes(*eight));
            if self.may_hold(eight) {
                return Some(offset);
            }
            offset += STRIDE_BYTES;
        }
        None
    }
}

/// A hash whose high bits depend on all five bytes of a gram, and on none above them.
#[inline]
fn hash(gram: u64) -> u64 {
    gram.wrapping_mul(0x9e37_79b9_7f4a_7c15 << 24)
}

/// Another one, for the second table.
#[inline]
fn second_hash(gram: u64) -> u64 {
    let gram = gram & 0xff_ffff_ffff;
    (gram ^ gram >> 20).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
