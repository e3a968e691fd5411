//! Event sources: which service shaped an event, told by shape alone.
//! It never trusts a single member: each source needs several that only the platform writes.
//!
//! A source is one file and one page, registered here in two lines: `mod` and its place in
//! `SOURCES`, the special before the general (lambda-contract.md R39).
mod alb;
mod api_gateway_http;
mod api_gateway_rest;
mod function_url;
mod name;
mod outline;

pub use name::Source;
use outline::Outline;

/// The sources in the order in which they are asked; the first that knows the event has it.
const SOURCES: [fn(&Outline<'_>) -> Option<Source>; 4] = [
    alb::recognise,
    function_url::recognise,
    api_gateway_http::recognise,
    api_gateway_rest::recognise,
];

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
