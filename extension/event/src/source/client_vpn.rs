//! The connection handler of a Client VPN endpoint.
//! It never authenticates anybody: that has happened before.
#![doc = include_str!("client_vpn.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("username", Holds::Text(Role::Body)),
        ("common-name", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_connection = event.has("connection-id")
        && event.has("endpoint-id")
        && event.value("common-name").is_some();
    is_connection.then_some(Source::ClientVpn)
}
