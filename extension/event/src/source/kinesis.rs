//! A Kinesis data stream.
//! It never orders records: their sequence numbers are the platform's.
#![doc = include_str!("kinesis.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/kinesis/data", Holds::Message),
        (
            "Records/[]/kinesis/partitionKey",
            Holds::Text(Role::Message),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let kinesis = event.first("Records")?.object("kinesis")?;
    let is_record = kinesis.has("sequenceNumber") && kinesis.value("data").is_some();
    is_record.then_some(Source::Kinesis)
}
