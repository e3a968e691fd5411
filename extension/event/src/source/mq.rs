//! Amazon MQ: a broker with ActiveMQ or with RabbitMQ.
//! It never needs the names of queues, which are the broker's.
#![doc = include_str!("mq.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("messages/[]/data", Holds::Message),
        ("messages/[]/properties", Holds::Text(Role::Message)),
        ("rmqMessagesByQueue/*/[]/data", Holds::Message),
        (
            "rmqMessagesByQueue/*/[]/basicProperties/headers",
            Holds::Text(Role::Message),
        ),
        (
            "rmqMessagesByQueue/*/[]/basicProperties/headers/*/bytes",
            Holds::Bytes(Role::Message),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    match event.string("eventSource")? {
        b"aws:mq" | b"aws:amq" if event.first("messages").is_some() => Some(Source::ActiveMq),
        b"aws:rmq" if event.object("rmqMessagesByQueue").is_some() => Some(Source::RabbitMq),
        _ => None,
    }
}
