//! A custom authorizer of AWS IoT Core.
//! It never takes API Gateway's authorizers, which are told the ARN of a method.
#![doc = include_str!("iot_authorizer.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("protocolData/http/headers", Holds::Headers),
        ("protocolData/http/queryString", Holds::Text(Role::Query)),
        ("protocolData/mqtt", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_asked = event.object("protocolData").is_some()
        && event.value("protocols").is_some()
        && event.has("connectionMetadata");
    is_asked.then_some(Source::IotAuthorizer)
}
