//! A contact flow of Amazon Connect.
//! It never knows who calls: an address may be made up.
#![doc = include_str!("connect.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Details/Parameters", Holds::Text(Role::Body)),
        ("Details/ContactData/Attributes", Holds::Text(Role::Body)),
        (
            "Details/ContactData/CustomerEndpoint",
            Holds::Text(Role::Body),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let details = event.object("Details")?;
    let is_flow = event.has("Name") && details.object("ContactData")?.has("ContactId");
    is_flow.then_some(Source::Connect)
}
