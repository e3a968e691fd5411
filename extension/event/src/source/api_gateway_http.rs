//! An API Gateway HTTP API with payload format 2.0.
//! It never takes an authorizer's event, which looks the same but wants another answer.
#![doc = include_str!("api_gateway_http.md")]
use super::outline::Outline;
use super::{Shape, Source, request};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    context(event).map(|_| Source::ApiGatewayHttp)
}

/// The request context of payload format 2.0, which Function URLs share.
pub(super) fn context<'e>(event: &Outline<'e>) -> Option<Outline<'e>> {
    let is_v2 = event.string("version")? == b"2.0" && event.has("rawPath");
    let is_authorizer = event.has("routeArn") || event.has("identitySource");
    let context = event.object("requestContext")?;
    (is_v2 && !is_authorizer && context.has("http")).then_some(context)
}
