//! A Lambda authorizer of an HTTP API with payload format 2.0.
//! It never tells the simple form of the answer from the policy form: the event does not say.
#![doc = include_str!("authorizer_http.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source, request};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("authorizationToken", Holds::Text(Role::Header)),
        ("identitySource", Holds::Text(Role::Header)),
        ("routeArn", Holds::Text(Role::Path)),
    ],
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_asked = event.string("version") == Some(b"2.0")
        && event.has("routeArn")
        && event.string("type") == Some(b"REQUEST")
        && event.object("requestContext")?.has("http");
    is_asked.then_some(Source::AuthorizerHttp)
}
