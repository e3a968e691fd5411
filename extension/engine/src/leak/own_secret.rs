//! The function's own secrets in its output, by exact match in every spelling.
//! It never shows a secret, not even in its debug form, and wipes what it knows when it goes.
use alloc::vec::Vec;
use core::fmt;

use super::spelling::{self, Spelling};

/// A run of one secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnLeak {
    /// Which secret, in the order in which they were given.
    pub secret: usize,
    /// Its first byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// How it is spelled: `plain`, `base64`, `hex`, …
    pub spelling: &'static str,
}

/// Bytes of a secret that are a leak: fewer occur by chance (threats.md, P6).
pub const RUN_BYTES_MIN: usize = 8;

/// Bytes that are looked at together.
const GRAM_BYTES: usize = 8;

// Limit: a page of bits for each of some 8,000 grams keeps one look in four hundred from the table;
// 64 KiB of it stay in the nearest cache but one.
const FILTER_BITS: u32 = 19;

/// What is known of the secrets: their grams, and the spellings that these stand in.
pub struct OwnSecrets {
    filter: Vec<u64>,
    /// Grams in their order, each with its spelling and its place there.
    grams: Vec<(u64, u16, u16)>,
    spellings: Vec<(usize, Spelling)>,
    /// For each byte whether it stands in any spelling.
    bytes: [bool; 256],
}

impl fmt::Debug for OwnSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnSecrets({} spellings)", self.spellings.len())
    }
}

impl Drop for OwnSecrets {
    fn drop(&mut self) {
        self.grams.fill((0, 0, 0));
        for (_, spelling) in &mut self.spellings {
            spelling.bytes.fill(0);
        }
        // What is read afterwards must have been written before.
        core::hint::black_box((&self.grams, &self.spellings));
    }
}

impl OwnSecrets {
    /// Gets to know secrets; those of fewer than eight bytes are left out, because they occur by
    /// chance.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let mut own = Self {
            filter: Vec::new(),
            grams: Vec::new(),
            spellings: Vec::new(),
            bytes: [false; 256],
        };
        for (secret, text) in secrets.into_iter().enumerate() {
            if text.len() >= RUN_BYTES_MIN {
                let all = spelling::all(text).into_iter();
                own.spellings.extend(all.map(|spelling| (secret, spelling)));
            }
        }
        own.index();
        own
    }

    fn index(&mut self) {
        for (number, (_, spelling)) in self.spellings.iter().enumerate() {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            for (at, window) in spelling.bytes.windows(GRAM_BYTES).enumerate() {
                let at = u16::try_from(at).unwrap_or(u16::MAX);
                self.grams.push((gram(window), number, at));
            }
            for byte in &spelling.bytes {
                if let Some(known) = self.bytes.get_mut(usize::from(*byte)) {
                    *known = true;
                }
            }
        }
        self.grams.sort_unstable();
        if !self.grams.is_empty() {
            self.filter.resize(1 << (FILTER_BITS - 6), 0);
        }
        for (gram, _, _) in &self.grams {
            let (word, bit) = place(*gram);
            if let Some(word) = self.filter.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// True if nothing is to be looked for.
    pub fn is_empty(&self) -> bool {
        self.grams.is_empty()
    }

    /// The runs of secrets in a text, in order; a run that ends with the text may go on behind it.
    pub fn leaks<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = OwnLeak> + 't {
        let mut at = 0;
        core::iter::from_fn(move || {
            let leak = self.next_leak(text, at)?;
            at = leak.end;
            Some(leak)
        })
    }

    fn next_leak(&self, text: &[u8], from: usize) -> Option<OwnLeak> {
        if self.is_empty() {
            return None;
        }
        let rest = text.get(from..)?;
        for (at, window) in rest.windows(GRAM_BYTES).enumerate() {
            let gram = gram(window);
            let (word, bit) = place(gram);
            if self.filter.get(word).is_some_and(|word| word & bit != 0)
                && let Some(leak) = self.leak_at(text, from.saturating_add(at), gram)
            {
                return Some(leak);
            }
        }
        None
    }

    /// The longest run around the gram at an offset.
    fn leak_at(&self, text: &[u8], at: usize, gram: u64) -> Option<OwnLeak> {
        let from = self.grams.partition_point(|(other, _, _)| *other < gram);
        let same = self.grams.get(from..)?.iter();
        // Limit: a secret of one repeated letter has as many equal grams as bytes.
        let same = same.take_while(|(other, _, _)| *other == gram).take(64);
        let runs = same.filter_map(|(_, number, place)| {
            let (secret, spelling) = self.spellings.get(usize::from(*number))?;
            let (start, end, place) = run(text, at, &spelling.bytes, usize::from(*place))?;
            let len = end.saturating_sub(start);
            let whole = spelling.whole(place, place.saturating_add(len));
            (whole >= RUN_BYTES_MIN).then_some(OwnLeak {
                secret: *secret,
                start,
                end,
                spelling: spelling.name,
            })
        });
        runs.max_by_key(|leak| leak.end.saturating_sub(leak.start))
    }

    /// How many bytes at the end of a text may be the beginning of a run that goes on behind it,
    /// and so must not be sent before more is known.
    pub fn pending(&self, text: &[u8]) -> usize {
        let known = |byte: &&u8| {
            self.bytes
                .get(usize::from(**byte))
                .copied()
                .unwrap_or(false)
        };
        let tail = text.iter().rev().take(PENDING_BYTES_MAX).take_while(known);
        let longest = tail.count();
        (1..=longest)
            .rev()
            .find(|len| {
                let start = text.len().saturating_sub(*len);
                text.get(start..).is_some_and(|tail| self.holds(tail))
            })
            .unwrap_or(0)
    }

    /// True if a text stands in some spelling.
    fn holds(&self, text: &[u8]) -> bool {
        if let Some(window) = text.first_chunk::<GRAM_BYTES>() {
            let gram = gram(window);
            let (word, bit) = place(gram);
            if self.filter.get(word).is_none_or(|word| word & bit == 0) {
                return false;
            }
        }
        let mut spellings = self.spellings.iter();
        spellings.any(|(_, spelling)| memchr::memmem::find(&spelling.bytes, text).is_some())
    }
}

// Limit: eight bytes of a secret take 48 in the longest spelling, six for each as `&#x2F;`.
const PENDING_BYTES_MAX: usize = 48;

/// Eight bytes as one number.
#[inline]
fn gram(window: &[u8]) -> u64 {
    let bytes = window.first_chunk().copied().unwrap_or([0; GRAM_BYTES]);
    u64::from_le_bytes(bytes)
}

/// The word and the bit of a gram in the filter.
#[inline]
fn place(gram: u64) -> (usize, u64) {
    let hash = gram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    let hash = usize::try_from(hash).unwrap_or(0);
    (hash / 64, 1 << (hash % 64))
}

/// The run of `spelling` in `text` in which the bytes at `at` and at `place` are the same; its
/// start and end in the text, and its start in the spelling.
fn run(text: &[u8], at: usize, spelling: &[u8], place: usize) -> Option<(usize, usize, usize)> {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let behind = text.get(at..)?.iter().zip(spelling.get(place..)?);
    let ahead = behind.take_while(same).count();
    let before = text.get(..at)?.iter().rev();
    let back = before
        .zip(spelling.get(..place)?.iter().rev())
        .take_while(same)
        .count();
    Some((
        at.checked_sub(back)?,
        at.checked_add(ahead)?,
        place.checked_sub(back)?,
    ))
}

#[cfg(test)]
mod tests;
