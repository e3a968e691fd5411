//! A trigger of a CodeCommit repository.
//! It never sees the content of a commit, which the event does not carry.
#![doc = include_str!("codecommit.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        (
            "Records/[]/codecommit/references",
            Holds::Text(Role::Message),
        ),
        ("Records/[]/customData", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let record = event.first("Records")?;
    let is_push = record.object("codecommit").is_some() && record.has("eventTriggerName");
    is_push.then_some(Source::CodeCommit)
}
