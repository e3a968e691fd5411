//! A rotation step of Secrets Manager.
//! It never sees a secret: the event names it only.
#![doc = include_str!("secrets_rotation.md")]
use super::outline::Outline;
use super::{Shape, Source};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_step = event.has("SecretId") && event.has("ClientRequestToken") && event.has("Step");
    is_step.then_some(Source::SecretsRotation)
}
