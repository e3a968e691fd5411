//! An SQS queue, standard or FIFO.
//! It never looks into a message to know the queue.
#![doc = include_str!("sqs.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/body", Holds::Message),
        ("Records/[]/messageAttributes", Holds::Text(Role::Message)),
        (
            "Records/[]/attributes/MessageGroupId",
            Holds::Text(Role::Message),
        ),
        (
            "Records/[]/attributes/MessageDeduplicationId",
            Holds::Text(Role::Message),
        ),
    ],
    nested: &[("Records/[]/body", Holds::Message)],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let record = event.first("Records")?;
    let is_message = record.string("eventSource")? == b"aws:sqs" && record.value("body").is_some();
    let queue = record.string("eventSourceARN").unwrap_or(b"");
    let source = if queue.ends_with(b".fifo") {
        Source::SqsFifo
    } else {
        Source::Sqs
    };
    is_message.then_some(source)
}
