//! Event sources: which service shaped an event, told by shape alone.
//! It never trusts a single member: each source needs several that only the platform writes.
//!
//! A source is one file and one page, registered here in two lines: `mod` and its place in
//! `SOURCES`, the special before the general (lambda-contract.md R39).
mod alb;
mod api_gateway_http;
mod api_gateway_rest;
mod function_url;
mod outline;

use outline::Outline;

/// The service that shaped an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// API Gateway REST API, or HTTP API with payload format 1.0.
    ApiGatewayRest,
    /// API Gateway HTTP API with payload format 2.0.
    ApiGatewayHttp,
    /// Lambda Function URL.
    FunctionUrl,
    /// Application Load Balancer; `multi` if the event carries `multiValueHeaders`.
    Alb {
        /// Answer with `multiValueHeaders`.
        multi: bool,
    },
    /// Anything else: every string leaf is inspected.
    Unknown,
}

/// The sources in the order in which they are asked; the first that knows the event has it.
const SOURCES: [fn(&Outline<'_>) -> Option<Source>; 4] = [
    alb::recognise,
    function_url::recognise,
    api_gateway_http::recognise,
    api_gateway_rest::recognise,
];

impl Source {
    /// The name in records and policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiGatewayRest => "apigateway-rest",
            Self::ApiGatewayHttp => "apigateway-http",
            Self::FunctionUrl => "function-url",
            Self::Alb { .. } => "alb",
            Self::Unknown => "unknown",
        }
    }
}

/// Recognises the source of an event.
///
/// Where a member stands twice the last one counts, as in every runtime's parser. An event with
/// more than 64 different top-level members is `Unknown`: no service writes that many.
pub fn recognise(event: &[u8]) -> Source {
    let event = event.strip_prefix(b"\xef\xbb\xbf").unwrap_or(event);
    let Some(outline) = Outline::of(event) else {
        return Source::Unknown;
    };
    SOURCES
        .iter()
        .find_map(|recognise| recognise(&outline))
        .unwrap_or(Source::Unknown)
}

#[cfg(test)]
mod tests;
