//! A Firehose stream that has its records transformed.
//! It never takes the event of Kinesis Data Analytics, which names an application.
#![doc = include_str!("firehose.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("records/[]/data", Holds::Message),
        ("records/[]/kafkaRecordValue", Holds::Message),
        (
            "records/[]/kinesisRecordMetadata/partitionKey",
            Holds::Text(Role::Message),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let record = event.first("records")?;
    let is_delivery = event.has("invocationId")
        && (event.has("deliveryStreamArn") || event.has("region"))
        && !event.has("applicationArn")
        && record.has("recordId")
        && (record.value("data").is_some() || record.value("kafkaRecordValue").is_some());
    is_delivery.then_some(Source::Firehose)
}
