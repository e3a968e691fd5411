//! Findings that repeat: the first of a minute are written, the others counted.
//! It never keeps anything of a field's value, and never more places than it has room for.
use std::hash::{DefaultHasher, Hash, Hasher};

use credenza_engine::Finding;
use credenza_event::Source;
use credenza_policy::Verdict;

// Limit: ten lines of 700 bytes a minute show what comes, from where and how it varies; a scanner
// sends thousands, and each line more costs money and tells nothing.
const WRITTEN_MAX: u32 = 10;

// Limit: 64 places of 200 bytes are 13 KiB; findings of other places are written as they come,
// within the log's budget.
const PLACES_MAX: usize = 64;

// Limit: as long as the longest that a finding's record shows.
const LOCATION_BYTES_MAX: usize = 160;

/// Findings of one rule at one place, with one verdict.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    key: u64,
    written: u32,
    /// The rule's id.
    pub(crate) rule: &'static str,
    /// The name of the confidence.
    pub(crate) confidence: &'static str,
    /// The place as a record tells it.
    pub(crate) location: String,
    /// Who shaped the events.
    pub(crate) source: Source,
    /// The verdict on them.
    pub(crate) verdict: Verdict,
    /// Whether they were refused.
    pub(crate) applied: bool,
    /// How many were not written.
    pub(crate) count: u64,
    /// The last invocation among them.
    pub(crate) last_request_id: Vec<u8>,
}

/// What has been seen in this minute.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Vec<Repeat>);

/// What findings are told apart by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstance<'a> {
    /// Who shaped the event.
    pub(crate) source: Source,
    /// Its verdict.
    pub(crate) verdict: Verdict,
    /// Whether it was refused.
    pub(crate) applied: bool,
    /// The invocation.
    pub(crate) request_id: &'a [u8],
}

impl Repeats {
    /// True if a finding is to be written; counts it otherwise.
    pub(crate) fn admits(&mut self, finding: &Finding, event: &Circumstance<'_>) -> bool {
        let key = key(finding, event);
        if let Some(known) = self.0.iter_mut().find(|known| known.key == key) {
            if known.written < WRITTEN_MAX {
                known.written += 1;
                return true;
            }
            if known.count == 0 {
                known.location = super::record::place(finding);
                truncate(&mut known.location);
            }
            known.count = known.count.saturating_add(1);
            known.last_request_id.clear();
            known.last_request_id.extend_from_slice(event.request_id);
            return false;
        }
        if self.0.len() < PLACES_MAX {
            self.0.push(Repeat {
                key,
                written: 1,
                rule: finding.rule.id,
                confidence: finding.confidence.name(),
                location: String::new(),
                source: event.source,
                verdict: event.verdict,
                applied: event.applied,
                count: 0,
                last_request_id: Vec::new(),
            });
        }
        true
    }

    /// Those that were counted and not written; the next minute begins.
    pub(crate) fn end(&mut self) -> Vec<Repeat> {
        let mut all = std::mem::take(&mut self.0);
        all.retain(|repeat| repeat.count > 0);
        all
    }
}

/// The beginning of a location that its record can show.
fn truncate(location: &mut String) {
    let mut end = LOCATION_BYTES_MAX.min(location.len());
    while !location.is_char_boundary(end) {
        end -= 1;
    }
    location.truncate(end);
}

/// One number for all that tells findings apart.
///
/// A caller who knows of two locations with the same number gains that one of them is counted
/// under the other's name.
fn key(finding: &Finding, event: &Circumstance<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    finding.rule.id.hash(&mut hasher);
    finding.confidence.name().hash(&mut hasher);
    finding.location.hash(&mut hasher);
    (finding.part == credenza_event::Part::Key).hash(&mut hasher);
    event.source.name().hash(&mut hasher);
    event.verdict.name().hash(&mut hasher);
    event.applied.hash(&mut hasher);
    hasher.finish()
}
