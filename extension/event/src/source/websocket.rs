//! An API Gateway WebSocket API: a client connects, sends a message, or has gone.
//! It never decides by the body, which is the client's.
#![doc = include_str!("websocket.md")]
use super::outline::Outline;
use super::{Shape, Source, request};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = event.object("requestContext")?;
    if !context.has("connectionId") || event.has("methodArn") {
        return None;
    }
    match context.string("eventType")? {
        b"CONNECT" => Some(Source::WebSocketConnect),
        b"MESSAGE" => Some(Source::WebSocketMessage),
        b"DISCONNECT" => Some(Source::WebSocketDisconnect),
        _ => None,
    }
}
