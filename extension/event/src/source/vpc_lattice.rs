//! A VPC Lattice target group, in both versions of its event.
//! It never takes an HTTP API's event, which has the same version number.
#![doc = include_str!("vpc_lattice.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source, request};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("raw_path", Holds::Text(Role::Path)),
        ("query_string_parameters", Holds::Text(Role::Query)),
    ],
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    if event.has("raw_path") && event.has("method") && event.value("is_base64_encoded").is_some() {
        return Some(Source::VpcLatticeV1);
    }
    let context = event.object("requestContext")?;
    let is_v2 = event.string("version")? == b"2.0"
        && event.has("method")
        && event.has("path")
        && context.has("serviceArn")
        && context.has("serviceNetworkArn")
        && !context.has("http");
    is_v2.then_some(Source::VpcLatticeV2)
}
