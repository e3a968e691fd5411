//! What was found in a text of an output.
//! It never holds a byte of the text.
use alloc::vec::Vec;

use super::leaked_secret::Look;
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
    /// How many of those that are kept are less than sure, and how many are no more than advice.
    doubts: usize,
    advice: usize,
    pub(super) look: Look,
}

impl Leaks {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leak; one that another of its rule covers says nothing new, unless it is surer.
    pub fn add(&mut self, leak: Leak) {
        let place = self
            .found
            .partition_point(|known| known.start <= leak.start);
        let before = self.found.get(..place).unwrap_or_default();
        let says_no_more =
            |known: &Leak| known.covers(&leak) && known.confidence >= leak.confidence;
        // Overlapping leaks begin near each other.
        if before.iter().rev().take(8).any(says_no_more) {
            return;
        }
        self.drop_covered(&leak);
        if self.found.len() >= LEAKS_MAX && !self.make_room(leak.confidence) {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let place = self
            .found
            .partition_point(|known| known.start <= leak.start);
        self.count(leak.confidence, 1);
        self.found.insert(place, leak);
    }

    /// Drops what says no more than a leak: it begins where that stands.
    fn drop_covered(&mut self, leak: &Leak) {
        let from = self.found.partition_point(|known| known.start < leak.start);
        let mut place = from;
        while let Some(known) = self.found.get(place).filter(|known| known.start < leak.end) {
            if leak.covers(known) && leak.confidence >= known.confidence {
                self.remove(place);
            } else {
                place = place.saturating_add(1);
            }
        }
    }

    fn remove(&mut self, place: usize) {
        if place < self.found.len() {
            let leak = self.found.remove(place);
            self.count(leak.confidence, -1);
        }
    }

    fn count(&mut self, confidence: Confidence, more: isize) {
        if confidence < Confidence::High {
            self.doubts = self.doubts.saturating_add_signed(more);
        }
        if confidence < Confidence::Medium {
            self.advice = self.advice.saturating_add_signed(more);
        }
    }

    /// Drops the last leak that is less sure.
    fn make_room(&mut self, confidence: Confidence) -> bool {
        let less = match confidence {
            Confidence::High => self.doubts,
            Confidence::Medium => self.advice,
            Confidence::Low => 0,
        };
        if less == 0 {
            return false;
        }
        let less = self
            .found
            .iter()
            .rposition(|known| known.confidence < confidence);
        if let Some(place) = less {
            self.remove(place);
            self.dropped = self.dropped.saturating_add(1);
        }
        less.is_some()
    }

    /// True if so many were found, all of them sure, that nothing more is to be learned.
    pub(super) fn is_crowded(&self) -> bool {
        self.dropped >= DROPPED_MAX && self.doubts == 0
    }

    /// True unless so much was found that whoever finds what is no more than advice may stop.
    pub fn has_room(&self) -> bool {
        self.dropped < DROPPED_MAX
    }

    /// Notes that a detector looked at so many bytes; what tests of cost count.
    pub fn looked_at(&mut self, bytes: usize) {
        self.look.add(bytes);
    }

    /// How many bytes the detectors looked at around anchors.
    pub fn looked(&self) -> u64 {
        self.look.bytes
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
