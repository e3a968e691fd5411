//! S3 Batch Operations: one task for one object.
//! It never answers a task: the ids in the event are for whoever does.
#![doc = include_str!("s3_batch.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("tasks/[]/s3Key", Holds::Text(Role::ObjectKey)),
        ("job/userArguments", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_job = event.has("invocationSchemaVersion")
        && event.has("invocationId")
        && event.first("tasks")?.has("taskId");
    is_job.then_some(Source::S3Batch)
}
