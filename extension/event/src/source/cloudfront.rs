//! CloudFront with Lambda@Edge.
//! It never stands in such a function: edge functions take no extensions; the shape is known
//! for what is replayed elsewhere.
#![doc = include_str!("cloudfront.md")]
use super::outline::Outline;
use super::position::Holds;
use super::{Shape, Source};
use crate::form::Role;

pub(super) const SHAPE: Shape = Shape {
    recognise,
    positions: &[
        ("Records/[]/cf/request/uri", Holds::Text(Role::Path)),
        (
            "Records/[]/cf/request/querystring",
            Holds::Text(Role::Query),
        ),
        ("Records/[]/cf/request/headers", Holds::Headers),
        ("Records/[]/cf/request/body/data", Holds::Text(Role::Body)),
        ("Records/[]/cf/response/headers", Holds::Headers),
    ],
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let cf = event.first("Records")?.object("cf")?;
    let is_request = cf.object("config").is_some()
        && (cf.object("request").is_some() || cf.object("response").is_some());
    is_request.then_some(Source::CloudFront)
}
