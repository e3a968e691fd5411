//! Where callers write in events that are shaped after an HTTP request.
//! It never recognises a source: several share these positions.
use super::position::{Holds, Positions};
use crate::form::Role;

/// What callers write in `requestContext` (path, user agent) stands in these as well; it is
/// inspected like any other text, so that no event pays for names that change nothing.
pub(super) const POSITIONS: &Positions = &[
    ("headers", Holds::Headers),
    ("multiValueHeaders", Holds::Headers),
    ("cookies", Holds::Text(Role::Cookie)),
    ("queryStringParameters", Holds::Text(Role::Query)),
    ("multiValueQueryStringParameters", Holds::Text(Role::Query)),
    ("rawQueryString", Holds::Text(Role::Query)),
    ("path", Holds::Text(Role::Path)),
    ("rawPath", Holds::Text(Role::Path)),
    ("pathParameters", Holds::Text(Role::Path)),
    ("body", Holds::Text(Role::Body)),
];
