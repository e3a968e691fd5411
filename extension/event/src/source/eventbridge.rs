//! An EventBridge event bus, or a schedule.
//! It never takes an alarm action's event, which has a source but no detail type.
#![doc = include_str!("eventbridge.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[("detail/object/key", Holds::Text(Role::ObjectKey))],
    nested: &[("detail/object/key", Holds::Text(Role::ObjectKey))],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_event = event.has("detail-type")
        && event.has("source")
        && (event.value("detail").is_some() || event.has("resources"));
    let is_tick = event
        .string("detail-type")
        .is_some_and(|kind| kind.eq_ignore_ascii_case(b"scheduled event"));
    let source = if is_tick {
        Source::Scheduler
    } else {
        Source::EventBridge
    };
    is_event.then_some(source)
}
