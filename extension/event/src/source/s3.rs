//! An S3 event notification.
//! It never knows an object's content or metadata: the event does not carry them.
#![doc = include_str!("s3.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[("Records/[]/s3/object/key", Holds::Text(Role::ObjectKey))],
    nested: &[("Records/[]/s3/object/key", Holds::Text(Role::ObjectKey))],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let s3 = event.first("Records")?.object("s3")?;
    let is_notification = s3.object("bucket")?.has("name") && s3.object("object")?.has("key");
    is_notification.then_some(Source::S3)
}
