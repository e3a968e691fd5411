//! S3 Object Lambda: a function between a bucket and whoever reads it.
//! It never answers: the function has to call the service itself.
#![doc = include_str!("s3_object_lambda.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("userRequest/url", Holds::Text(Role::Query)),
        ("userRequest/headers", Holds::Headers),
        ("configuration/payload", Holds::Text(Role::Body)),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let is_request = event.has("xAmzRequestId")
        && event.object("configuration")?.has("accessPointArn")
        && event.object("userRequest")?.has("url");
    is_request.then_some(Source::S3ObjectLambda)
}
