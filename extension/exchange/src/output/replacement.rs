//! The answer in the place of one that is withheld, in the words of the event's source.
//! It never says what was found.
use credenza_event::Source;

use credenza_policy::{Quarantine, SourcePolicy};

use super::{Channel, Provenance};
use crate::Refusal;
use crate::answer::{WITHHELD, success};
use crate::refusal::default_of;

/// The answer in the place of an output that is withheld; `None` where nobody reads it.
pub(super) fn replacement(channel: Channel, provenance: Provenance<'_>) -> Option<Refusal> {
    match channel {
        Channel::Error | Channel::InitError => Some(WITHHELD.error()),
        Channel::Response | Channel::Stream => answer(provenance.source()),
    }
}

/// The answer in the place of an output of which no byte may leave, and somebody has to hear of it.
pub fn withheld(channel: Channel, provenance: Provenance<'_>) -> Refusal {
    replacement(channel, provenance).unwrap_or_else(|| WITHHELD.error())
}

/// The answer to an event of a source; `None` where nobody reads answers.
fn answer(source: Source) -> Option<Refusal> {
    if let Some(body) = WITHHELD.to(source) {
        return Some(success(body));
    }
    let is_unread = match source {
        Source::Scheduler
        | Source::DocumentDb
        | Source::CloudWatchAlarm
        | Source::Config
        | Source::CodePipeline
        | Source::CustomResource
        | Source::Ses => true,
        // What counts as done without an answer has nobody who reads one.
        source => default_of(source, SourcePolicy::default_of(source)) == Quarantine::Drop,
    };
    (!is_unread).then(|| WITHHELD.error())
}
