//! A trigger of a Cognito user pool.
//! It never tells one trigger from another: they share one shape.
#![doc = include_str!("cognito.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("userName", Holds::Text(Role::Body)),
        ("request/userAttributes", Holds::Text(Role::Body)),
        ("request/clientMetadata", Holds::Text(Role::Body)),
        ("request/validationData", Holds::Text(Role::Body)),
        ("request/challengeAnswer", Holds::Text(Role::Body)),
        ("request/password", Holds::Text(Role::Body)),
        ("request/attributes", Holds::Text(Role::Body)),
        ("request/session", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_trigger =
        event.has("triggerSource") && event.has("userPoolId") && event.object("request").is_some();
    is_trigger.then_some(Source::Cognito)
}
