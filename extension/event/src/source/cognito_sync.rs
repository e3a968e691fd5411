//! A trigger of Cognito Sync.
//! It never takes a user pool's trigger, which has no dataset.
#![doc = include_str!("cognito_sync.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("datasetName", Holds::Text(Role::Message)),
        ("datasetRecords", Holds::Text(Role::Message)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_trigger = event.has("identityPoolId")
        && event.has("datasetName")
        && event.object("datasetRecords").is_some();
    is_trigger.then_some(Source::CognitoSync)
}
