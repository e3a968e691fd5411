//! A Lambda destination: what another asynchronous invocation came to.
//! It never takes an HTTP event, whose request context names no function.
#![doc = include_str!("destination.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("requestPayload", Holds::Event),
        ("responsePayload", Holds::Text(Role::Message)),
    ],
    nested: &[("requestPayload", Holds::Event)],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("requestContext")?;
    let is_record = context.has("functionArn")
        && context.has("condition")
        && event.value("requestPayload").is_some();
    is_record.then_some(Source::Destination)
}
