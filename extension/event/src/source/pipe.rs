//! An EventBridge pipe, whose batch is an array at the top of the event.
//! It never takes a batch resolver's array, which names fields and no event source.
#![doc = include_str!("pipe.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("[]/body", Holds::Message),
        ("[]/data", Holds::Message),
        ("[]/value", Holds::Message),
        ("[]/key", Holds::Text(Role::Message)),
        ("[]/messageAttributes", Holds::Text(Role::Message)),
        ("[]/headers/[]/*", Holds::Bytes(Role::Message)),
        ("[]/dynamodb", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let record = event.as_element()?;
    let is_record = record.string("eventSource")?.starts_with(b"aws:")
        && ["body", "data", "dynamodb", "value"]
            .iter()
            .any(|member| record.value(member).is_some());
    is_record.then_some(Source::Pipe)
}
