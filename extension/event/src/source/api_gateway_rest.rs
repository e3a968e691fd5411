//! An API Gateway REST API, or an HTTP API with payload format 1.0.
//! It never takes an authorizer's or a WebSocket's event, which want other answers.
#![doc = include_str!("api_gateway_rest.md")]
use super::outline::Outline;
use super::{Shape, Source, request};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("requestContext")?;
    let is_rest = event.has("httpMethod")
        && event.value("path").is_some()
        && (event.has("resource") || event.string("version") == Some(b"1.0"))
        && (context.has("stage") || context.has("resourcePath") || context.has("requestId"));
    let is_authorizer = event.has("methodArn") || event.has("type");
    let is_socket = context.has("connectionId") && context.has("eventType");
    (is_rest && !is_authorizer && !is_socket).then_some(Source::ApiGatewayRest)
}
