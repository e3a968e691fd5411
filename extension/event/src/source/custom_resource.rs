//! A custom resource of a CloudFormation stack.
//! It never takes an answer for a request: an answer has a status.
#![doc = include_str!("custom_resource.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("ResourceProperties", Holds::Text(Role::Message)),
        ("OldResourceProperties", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_request = event.has("RequestType")
        && event.has("LogicalResourceId")
        && event.has("StackId")
        && event.has("ResourceType")
        && !event.has("Status");
    is_request.then_some(Source::CustomResource)
}
