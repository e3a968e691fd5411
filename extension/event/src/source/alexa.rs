//! An Alexa skill: a custom one, or one for a smart home.
//! It never verifies that the request is Alexa's: the platform does.
#![doc = include_str!("alexa.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("request/intent/slots", Holds::Text(Role::Body)),
        ("session/attributes", Holds::Text(Role::Body)),
        ("payload", Holds::Text(Role::Body)),
        ("directive/payload", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    if let Some(request) = event.object("request")
        && request.has("type")
        && request.has("requestId")
        && event.has("version")
        && (event.object("session").is_some() || event.object("context").is_some())
    {
        return Some(Source::Alexa);
    }
    let directive = event.object("directive");
    let directive = directive.as_ref().unwrap_or(event);
    let header = directive.object("header")?;
    let is_directive = header.string("namespace")?.starts_with(b"Alexa")
        && header.has("messageId")
        && directive.has("payload");
    is_directive.then_some(Source::AlexaSmartHome)
}
