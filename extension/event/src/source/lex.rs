//! A code hook of a Lex bot, in both versions.
//! It never tells what was spoken from what was typed.
#![doc = include_str!("lex.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("inputTranscript", Holds::Text(Role::Body)),
        ("currentIntent/slots", Holds::Text(Role::Body)),
        ("currentIntent/slotDetails", Holds::Text(Role::Body)),
        ("sessionAttributes", Holds::Text(Role::Body)),
        ("requestAttributes", Holds::Text(Role::Body)),
        ("interpretations", Holds::Text(Role::Body)),
        ("sessionState", Holds::Text(Role::Body)),
        ("transcriptions", Holds::Text(Role::Body)),
        ("proposedNextState", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    if !event.has("invocationSource") || event.object("bot").is_none() {
        return None;
    }
    if event.object("sessionState").is_some() {
        return Some(Source::LexV2);
    }
    event.object("currentIntent").map(|_| Source::LexV1)
}
