//! An AppSync Events API: a client publishes to a channel or subscribes to one.
//! It never takes a GraphQL resolver's event, which names a field and no channel.
#![doc = include_str!("appsync_events.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("events/[]/payload", Holds::Text(Role::Body)),
        ("info/channel/path", Holds::Text(Role::Path)),
        ("request/headers", Holds::Headers),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let info = event.object("info")?;
    let is_channel = info.object("channel")?.has("path") && info.has("operation");
    is_channel.then_some(Source::AppSyncEvents)
}
