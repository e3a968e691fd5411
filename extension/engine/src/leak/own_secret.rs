//! The function's own secrets in its output, by exact match in every spelling.
//! It never shows a secret, not even in its debug form, and wipes what it knows when it goes.
use alloc::vec::Vec;
use core::fmt;

use super::gram::{GRAM_BYTES, Grams, STRIDE_BYTES};
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

/// What is known of the secrets: their spellings, and the grams that these are made of.
pub struct OwnSecrets {
    /// The bytes of all spellings, one behind the other.
    bytes: Vec<u8>,
    spellings: Vec<Known>,
    grams: Grams,
}

/// One spelling among those that are known.
struct Known {
    /// Which secret it spells.
    secret: usize,
    /// Where its bytes begin.
    start: usize,
    spelling: Spelling,
}

impl fmt::Debug for OwnSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnSecrets({} spellings)", self.spellings.len())
    }
}

impl Drop for OwnSecrets {
    fn drop(&mut self) {
        self.bytes.fill(0);
        self.grams.wipe();
        // What is read afterwards must have been written before.
        core::hint::black_box((&self.bytes, &self.grams));
    }
}

impl OwnSecrets {
    /// Gets to know secrets; those of fewer than eight bytes are left out, because they occur by
    /// chance.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let (mut bytes, mut spellings) = (Vec::new(), Vec::new());
        for (secret, text) in secrets.into_iter().enumerate() {
            if text.len() < RUN_BYTES_MIN {
                continue;
            }
            for mut spelling in spelling::all(text) {
                let start = bytes.len();
                bytes.append(&mut spelling.bytes);
                spellings.push(Known {
                    secret,
                    start,
                    spelling,
                });
            }
        }
        let starts = spellings.iter().map(|known| known.start);
        let ends = starts.clone().skip(1).chain([bytes.len()]);
        let grams = Grams::of(&bytes, starts.zip(ends));
        Self {
            bytes,
            spellings,
            grams,
        }
    }

    /// True if nothing is to be looked for.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// The runs of secrets in a text, in order and apart from each other; a run that ends with the
    /// text may go on behind it.
    pub fn leaks<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = OwnLeak> + 't {
        let mut from = 0;
        core::iter::from_fn(move || {
            let (mut leak, at) = self.next_leak(text, from, text.len())?;
            from = at.saturating_add(STRIDE_BYTES);
            loop {
                // What begins in a run and goes on behind it belongs to the same leak.
                from = from.max(leak.end.saturating_sub(RUN_BYTES_MIN));
                let Some((next, at)) = self.next_leak(text, from, leak.end) else {
                    return Some(leak);
                };
                from = at.saturating_add(STRIDE_BYTES);
                leak.end = leak.end.max(next.end);
            }
        })
    }

    /// The first leak of which a gram begins in `from..until`, and where that gram stands.
    fn next_leak(&self, text: &[u8], from: usize, until: usize) -> Option<(OwnLeak, usize)> {
        let reach = until.saturating_add(GRAM_BYTES).min(text.len());
        let looked_at = text.get(..reach)?;
        let mut from = from;
        loop {
            let at = self.grams.next(looked_at, from).filter(|at| *at < until)?;
            if let Some(leak) = self.leak_at(text, at) {
                return Some((leak, at));
            }
            from = at.saturating_add(STRIDE_BYTES);
        }
    }

    /// All runs around the gram at an offset, as one leak with the name of the longest.
    fn leak_at(&self, text: &[u8], at: usize) -> Option<OwnLeak> {
        let gram = text.get(at..)?.first_chunk()?;
        // Limit: a secret of one repeated letter has as many equal grams as bytes.
        let places = self.grams.places(gram).take(256);
        let near = Near::of(text, at);
        let places = places.filter(|place| near.is_long(&self.bytes, *place));
        let runs = places.filter_map(|place| {
            let known = self.spelling_at(place)?;
            let bytes = self.bytes_of(known);
            let place = place.checked_sub(known.start)?;
            let (start, end, place) = run(text, at, bytes, place)?;
            let len = end.saturating_sub(start);
            let whole = known.spelling.whole(place, place.saturating_add(len));
            (whole >= RUN_BYTES_MIN).then_some(OwnLeak {
                secret: known.secret,
                start,
                end,
                spelling: known.spelling.name,
            })
        });
        runs.reduce(|one, other| {
            let longer =
                if other.end.saturating_sub(other.start) > one.end.saturating_sub(one.start) {
                    other
                } else {
                    one
                };
            OwnLeak {
                start: one.start.min(other.start),
                end: one.end.max(other.end),
                ..longer
            }
        })
    }

    /// The spelling in which a byte stands.
    fn spelling_at(&self, place: usize) -> Option<&Known> {
        let behind = self.spellings.partition_point(|known| known.start <= place);
        self.spellings.get(behind.checked_sub(1)?)
    }

    fn bytes_of(&self, known: &Known) -> &[u8] {
        let end = known.start.saturating_add(known.spelling.len());
        self.bytes.get(known.start..end).unwrap_or_default()
    }

    /// How many bytes at the end of a text may be the beginning of a run that goes on behind it,
    /// and so must not be sent before more is known.
    pub fn pending(&self, text: &[u8]) -> usize {
        let Some(gram) = text.last_chunk() else {
            return self.begun(text);
        };
        let at = text.len().saturating_sub(GRAM_BYTES);
        // Limit: as many as where runs are looked for.
        let places = self.grams.places(gram).take(256);
        let runs = places.filter_map(|place| {
            let known = self.spelling_at(place)?;
            let place = place.checked_sub(known.start)?;
            let (start, end, _) = run(text, at, self.bytes_of(known), place)?;
            let goes_on = place.saturating_add(GRAM_BYTES) < known.spelling.len();
            goes_on.then_some(end.saturating_sub(start))
        });
        match runs.max() {
            Some(longest) => longest,
            None => self.begun(text.get(at.saturating_add(1)..).unwrap_or_default()),
        }
    }

    /// The longest end of a short text with which some gram begins.
    fn begun(&self, text: &[u8]) -> usize {
        let ends = (0..text.len()).filter_map(|from| text.get(from..));
        let mut begun = ends.filter(|end| self.grams.begin_with(end));
        begun.next().map_or(0, <[u8]>::len)
    }
}

/// What stands in a text just around a gram: as many bytes on either side as are missing to a run
/// that is a leak.
struct Near<'t> {
    before: &'t [u8],
    behind: &'t [u8],
}

/// How many those are.
const MISSING_BYTES: usize = RUN_BYTES_MIN - GRAM_BYTES;

impl<'t> Near<'t> {
    fn of(text: &'t [u8], at: usize) -> Self {
        let end = at.saturating_add(GRAM_BYTES).min(text.len());
        let reach = end.saturating_add(MISSING_BYTES).min(text.len());
        Self {
            before: text
                .get(at.saturating_sub(MISSING_BYTES)..at)
                .unwrap_or_default(),
            behind: text.get(end..reach).unwrap_or_default(),
        }
    }

    /// True if the run around the gram may be long enough where the gram stands at a place of all
    /// spellings: an escape is in so many of them that each may only cost a few comparisons.
    #[inline]
    fn is_long(&self, spellings: &[u8], place: usize) -> bool {
        let behind = place.saturating_add(GRAM_BYTES);
        let behind = spellings.get(behind..).unwrap_or_default().iter();
        let before = spellings.get(..place).unwrap_or_default().iter().rev();
        let same = |(one, other): &(&u8, &u8)| one == other;
        let ahead = self.behind.iter().zip(behind).take_while(same).count();
        let back = self.before.iter().rev().zip(before);
        ahead.saturating_add(back.take_while(same).count()) >= MISSING_BYTES
    }
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
