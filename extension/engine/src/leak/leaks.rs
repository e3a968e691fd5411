//! What was found in a text of an output.
//! It never holds a byte of the text.
use alloc::vec::Vec;

use crate::detector::Rule;
use crate::report::Confidence;

/// Something that must not leave, at bytes `start..end` of the text.
#[derive(Clone, Copy, Debug)]
pub struct Leak {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What it is: a kind of secret, of data, of error.
    pub kind: &'static str,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Its first byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Leak {
    fn covers(&self, other: &Self) -> bool {
        self.rule.id == other.rule.id && self.start <= other.start && other.end <= self.end
    }
}

// Limit: 256 leaks of 56 bytes each are 14 KiB; an output with more of them is refused and not
// masked one by one.
/// How many leaks of one text are kept.
pub const LEAKS_MAX: usize = 256;

// Limit: an output of nothing but errors costs no more than 64 of them beyond those that are kept.
const DROPPED_MAX: u32 = 64;

/// Leaks in the order of their starts, bounded, with a count of those beyond.
#[derive(Clone, Debug, Default)]
pub struct Leaks {
    found: Vec<Leak>,
    dropped: u32,
    looked: u64,
}

impl Leaks {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            found: Vec::new(),
            dropped: 0,
            looked: 0,
        }
    }

    /// Adds a leak; one that another of its rule covers says nothing new, unless it is surer.
    pub fn add(&mut self, leak: Leak) {
        let says_no_more =
            |known: &Leak| known.covers(&leak) && known.confidence >= leak.confidence;
        // Overlapping leaks begin near each other, and come almost in order.
        if self.found.iter().rev().take(8).any(says_no_more) {
            return;
        }
        self.found
            .retain(|known| !(leak.covers(known) && leak.confidence >= known.confidence));
        if self.found.len() >= LEAKS_MAX && !self.make_room(leak.confidence) {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let place = self
            .found
            .partition_point(|known| known.start <= leak.start);
        self.found.insert(place, leak);
    }

    /// Drops the last leak that is less sure.
    fn make_room(&mut self, confidence: Confidence) -> bool {
        let less = self
            .found
            .iter()
            .rposition(|known| known.confidence < confidence);
        if let Some(place) = less {
            self.found.remove(place);
            self.dropped = self.dropped.saturating_add(1);
        }
        less.is_some()
    }

    /// True unless so much was found that whoever finds what is no more than advice may stop.
    pub fn has_room(&self) -> bool {
        self.dropped < DROPPED_MAX
    }

    /// Notes that a detector looked at so many bytes; what tests of cost count.
    pub fn looked_at(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.looked = self.looked.saturating_add(bytes);
    }

    /// How many bytes the detectors looked at around anchors.
    pub fn looked(&self) -> u64 {
        self.looked
    }

    /// The leaks, in the order of their starts.
    pub fn iter(&self) -> impl Iterator<Item = &Leak> {
        self.found.iter()
    }

    /// True if nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Leaks that found no place.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// How sure the surest is.
    pub fn surest(&self) -> Option<Confidence> {
        self.found.iter().map(|leak| leak.confidence).max()
    }
}
