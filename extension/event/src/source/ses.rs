//! A receipt rule of SES: a mail has come in.
//! It never sees the mail's body, which the event does not carry.
#![doc = include_str!("ses.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/ses/mail/headers", Holds::Text(Role::Header)),
        (
            "Records/[]/ses/mail/commonHeaders",
            Holds::Text(Role::Header),
        ),
        ("Records/[]/ses/mail/source", Holds::Text(Role::Header)),
        ("Records/[]/ses/mail/destination", Holds::Text(Role::Header)),
    ],
    nested: &[
        ("mail/headers", Holds::Text(Role::Header)),
        ("mail/commonHeaders", Holds::Text(Role::Header)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let ses = event.first("Records")?.object("ses")?;
    let is_mail = ses.object("mail")?.has("messageId") || ses.has("receipt");
    is_mail.then_some(Source::Ses)
}
