//! A lifecycle hook of a CodeDeploy deployment.
//! It never reports a result: the function has to call the service itself.
#![doc = include_str!("codedeploy.md")]
use super::outline::Outline;
use super::{Shape, Source};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_hook = event.has("DeploymentId") && event.has("LifecycleEventHookExecutionId");
    is_hook.then_some(Source::CodeDeploy)
}
