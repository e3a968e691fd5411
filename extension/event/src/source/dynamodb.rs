//! A DynamoDB stream.
//! It never compares images: each is inspected on its own.
#![doc = include_str!("dynamodb.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/dynamodb/Keys", Holds::Text(Role::Message)),
        ("Records/[]/dynamodb/NewImage", Holds::Text(Role::Message)),
        ("Records/[]/dynamodb/OldImage", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let record = event.first("Records")?;
    let change = record.object("dynamodb")?;
    let is_change = record.has("eventName") && (change.has("Keys") || change.has("SequenceNumber"));
    is_change.then_some(Source::DynamoDb)
}
