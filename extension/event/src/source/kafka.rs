//! Apache Kafka: Amazon MSK, or a cluster of one's own.
//! It never needs the names of topics, which are the cluster's.
#![doc = include_str!("kafka.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("records/*/[]/value", Holds::Message),
        ("records/*/[]/key", Holds::Text(Role::Message)),
        ("records/*/[]/headers/[]/*", Holds::Bytes(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let records = event.object("records")?;
    let source = match event.string("eventSource")? {
        b"aws:kafka" => Source::Msk,
        b"SelfManagedKafka" | b"aws:SelfManagedKafka" => Source::Kafka,
        _ => return None,
    };
    let is_record = |record: Outline<'_>| record.has("topic") && record.has("partition");
    let is_batch = event.has("bootstrapServers") || records.first_of_any().is_some_and(is_record);
    is_batch.then_some(source)
}
