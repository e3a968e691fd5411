//! An action group of a Bedrock agent, with an API schema or with function details.
//! It never takes the model's word for the user's: both are inspected.
#![doc = include_str!("bedrock_agent.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("inputText", Holds::Text(Role::Body)),
        ("apiPath", Holds::Text(Role::Path)),
        ("parameters/[]/value", Holds::Text(Role::Query)),
        ("requestBody/content", Holds::Text(Role::Body)),
        ("sessionAttributes", Holds::Text(Role::Body)),
        ("promptSessionAttributes", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_asked =
        event.has("messageVersion") && event.object("agent").is_some() && event.has("actionGroup");
    let source = if event.has("function") && !event.has("apiPath") {
        Source::BedrockFunction
    } else {
        Source::BedrockApi
    };
    is_asked.then_some(source)
}
