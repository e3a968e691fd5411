//! The identity provider of a Transfer Family server.
//! It never keeps a password: values of fields are in no record.
#![doc = include_str!("transfer_family.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("username", Holds::Text(Role::Body)),
        ("password", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_login = event.has("serverId")
        && event.has("protocol")
        && event.has("username")
        && event.has("sourceIp");
    is_login.then_some(Source::TransferFamily)
}
