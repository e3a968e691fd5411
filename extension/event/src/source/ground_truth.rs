//! A labeling job of SageMaker Ground Truth, before and behind the people who label.
//! It never reads the objects that the event points at.
#![doc = include_str!("ground_truth.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("dataObject", Holds::Text(Role::Body)),
        ("payload", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_task = event.has("labelingJobArn")
        && event.has("version")
        && (event.has("dataObject") || event.has("payload"));
    is_task.then_some(Source::GroundTruth)
}
