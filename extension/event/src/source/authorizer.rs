//! A Lambda authorizer that answers with a policy: of REST and WebSocket APIs, and of HTTP APIs
//! with payload format 1.0.
//! It never takes an ordinary request: only authorizers are told the ARN of the method.
#![doc = include_str!("authorizer.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source, request};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("authorizationToken", Holds::Text(Role::Header)),
        ("identitySource", Holds::Text(Role::Header)),
        ("methodArn", Holds::Text(Role::Path)),
    ],
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    if !event.has("methodArn") {
        return None;
    }
    match event.string("type")? {
        b"TOKEN" if event.value("authorizationToken").is_some() => Some(Source::AuthorizerToken),
        b"REQUEST" if event.object("requestContext").is_some() => Some(Source::AuthorizerRequest),
        _ => None,
    }
}
