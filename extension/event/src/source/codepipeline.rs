//! A Lambda action of a CodePipeline pipeline.
//! It never reports a result: the function has to call the service itself.
#![doc = include_str!("codepipeline.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        (
            "CodePipeline.job/data/actionConfiguration/configuration/UserParameters",
            Holds::Text(Role::Message),
        ),
        (
            "CodePipeline.job/data/inputArtifacts/[]/location/s3Location/objectKey",
            Holds::Text(Role::ObjectKey),
        ),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let job = event.object("CodePipeline.job")?;
    let is_job = job.has("id") && job.has("accountId") && job.object("data").is_some();
    is_job.then_some(Source::CodePipeline)
}
