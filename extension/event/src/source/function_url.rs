//! A Lambda Function URL.
//! It never decides by the payload format, which HTTP APIs share.
#![doc = include_str!("function_url.md")]
use memchr::memmem;

use super::outline::Outline;
use super::{Shape, Source, api_gateway_http, request};

pub(super) const SHAPE: Shape = Shape {
    recognise,
    http: request::POSITIONS,
    ..Shape::PLAIN
};

fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = api_gateway_http::context(event)?;
    let domain = context.string("domainName")?;
    memmem::find(domain, b".lambda-url.").map(|_| Source::FunctionUrl)
}
