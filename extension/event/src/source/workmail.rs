//! A rule of WorkMail that runs a function.
//! It never sees the mail's body, which the event does not carry.
#![doc = include_str!("workmail.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("envelope", Holds::Text(Role::Body)),
        ("sender", Holds::Text(Role::Body)),
        ("subject", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_mail = event.has("summaryVersion")
        && event.object("envelope").is_some()
        && event.has("flowDirection");
    is_mail.then_some(Source::WorkMail)
}
