//! A DocumentDB change stream.
//! It never takes a document's own members for the event's.
#![doc = include_str!("documentdb.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("events/[]/event/fullDocument", Holds::Text(Role::Message)),
        ("events/[]/event/documentKey", Holds::Text(Role::Message)),
        (
            "events/[]/event/updateDescription",
            Holds::Text(Role::Message),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_stream = event.string("eventSource")? == b"aws:docdb" && event.first("events").is_some();
    is_stream.then_some(Source::DocumentDb)
}
