//! A Lambda Function URL.
//! It never decides by the payload format, which HTTP APIs share.
#![doc = include_str!("function_url.md")]
use memchr::memmem;

use super::outline::Outline;
use super::{Source, api_gateway_http};

pub(super) fn recognise(event: &Outline<'_>) -> Option<Source> {
    let context = api_gateway_http::context(event)?;
    let domain = context.string("domainName")?;
    memmem::find(domain, b".lambda-url.").map(|_| Source::FunctionUrl)
}
