//! An SNS topic.
//! It never trusts the signature in the event, which nobody has verified here.
#![doc = include_str!("sns.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/Sns/Message", Holds::Message),
        ("Records/[]/Sns/Subject", Holds::Text(Role::Header)),
        (
            "Records/[]/Sns/MessageAttributes",
            Holds::Text(Role::Message),
        ),
    ],
    nested: &[
        ("Records/[]/Sns/Message", Holds::Message),
        ("Message", Holds::Message),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let sns = event.first("Records")?.object("Sns")?;
    let is_notification =
        sns.has("TopicArn") && sns.has("MessageId") && sns.value("Message").is_some();
    is_notification.then_some(Source::Sns)
}
