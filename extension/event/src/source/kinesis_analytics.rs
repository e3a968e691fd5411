//! Kinesis Data Analytics for SQL, before and behind the application.
//! It never takes Firehose's event, which names no application.
#![doc = include_str!("kinesis_analytics.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("records/[]/data", Holds::Message),
        (
            "records/[]/kinesisStreamRecordMetadata/partitionKey",
            Holds::Text(Role::Message),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_delivery = event.has("applicationArn")
        && event.has("invocationId")
        && event.first("records")?.has("recordId");
    let source = if event.has("streamArn") {
        Source::KinesisAnalyticsInput
    } else {
        Source::KinesisAnalyticsOutput
    };
    is_delivery.then_some(source)
}
