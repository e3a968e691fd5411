//! AWS Lambda's Runtime API: which message carries what.
//! It never normalises a path: method and path are compared byte for byte (R35).
//!
#![doc = include_str!("lambda.md")]
use credenza_event::Role;

/// What a Runtime API call is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET …/runtime/invocation/next`: the reply carries the event.
    Next,
    /// `POST …/runtime/invocation/{id}/response`: the request carries the output.
    Response(&'a [u8]),
    /// `POST …/runtime/invocation/{id}/error`: the request carries an error.
    Error(&'a [u8]),
    /// `POST …/runtime/init/error`, and `…/restore/error`: the request carries an error.
    InitError,
    /// `GET …/runtime/restore/next` (SnapStart): its reply tells that a restore happened.
    RestoreNext,
    /// Anything else: forwarded unchanged.
    Other,
}

/// Tells what the call with `method` and `target` is to us; a query string is ignored.
///
/// Both are compared byte for byte (R35): the platform answers 404 to another letter case, to
/// `//`, to dot segments and to encoded letters, so whoever writes those is not served there
/// either.
/// `target` is in origin form; the proxy reduces the absolute form before it asks.
pub fn route<'a>(method: &[u8], target: &'a [u8]) -> Route<'a> {
    let path = match target.iter().position(|byte| *byte == b'?') {
        Some(query) => target.get(..query).unwrap_or(target),
        None => target,
    };
    match (method, path) {
        (b"GET", b"/2018-06-01/runtime/invocation/next") => Route::Next,
        (b"GET", b"/2018-06-01/runtime/restore/next") => Route::RestoreNext,
        (b"POST", b"/2018-06-01/runtime/init/error" | b"/2018-06-01/runtime/restore/error") => {
            Route::InitError
        }
        (b"POST", path) => answer(path),
        _ => Route::Other,
    }
}

/// The headers of an event's message that callers choose in part or in whole, each with its name in
/// pointers (lambda-contract.md, the reply to `next`).
pub const BESIDE: [(&str, &str, Role); 4] = [
    // JSON; in the call that invokes it is base64, which is read as well.
    (
        "lambda-runtime-client-context",
        "client-context",
        Role::Other,
    ),
    (
        "lambda-runtime-cognito-identity",
        "cognito-identity",
        Role::Other,
    ),
    ("lambda-runtime-trace-id", "trace-id", Role::Header),
    ("lambda-runtime-aws-tenant-id", "tenant-id", Role::Header),
];

/// An answer to one invocation: `/2018-06-01/runtime/invocation/{id}/{response|error}`.
fn answer(path: &[u8]) -> Route<'_> {
    let Some(rest) = path.strip_prefix(b"/2018-06-01/runtime/invocation/") else {
        return Route::Other;
    };
    let Some(slash) = rest.iter().position(|byte| *byte == b'/') else {
        return Route::Other;
    };
    let (id, verb) = rest.split_at(slash);
    match verb {
        _ if id.is_empty() => Route::Other,
        b"/response" => Route::Response(id),
        b"/error" => Route::Error(id),
        _ => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::{Route, route};

    fn spelling(route: Route<'_>) -> String {
        let text = |id| String::from_utf8_lossy(id).into_owned();
        match route {
            Route::Next => "next".into(),
            Route::Response(id) => format!("response {}", text(id)),
            Route::Error(id) => format!("error {}", text(id)),
            Route::InitError => "init-error".into(),
            Route::RestoreNext => "restore-next".into(),
            Route::Other => "other".into(),
        }
    }

    #[test]
    fn every_line_of_the_pages_transcript_is_routed_as_the_page_says() {
        let page = include_str!("lambda.md");
        let transcripts = page.split("```transcript\n").skip(1);
        let mut lines = 0;
        for line in transcripts
            .filter_map(|fence| fence.split("```").next())
            .flat_map(str::lines)
        {
            let (call, expected) = line.split_once(" → ").unwrap();
            let (method, target) = call.split_once(' ').unwrap();
            assert_eq!(
                spelling(route(method.as_bytes(), target.as_bytes())),
                expected,
                "{line}"
            );
            lines += 1;
        }
        assert!(lines > 25, "the page lost its transcript: {lines} lines");
    }

    #[test]
    fn no_method_and_target_panics_or_invents_an_id() {
        bolero::check!()
            .with_type::<(alloc::vec::Vec<u8>, alloc::vec::Vec<u8>)>()
            .for_each(|(method, target)| match route(method, target) {
                Route::Response(id) | Route::Error(id) => {
                    assert!(!id.is_empty() && !id.contains(&b'/') && !id.contains(&b'?'));
                }
                Route::Next | Route::RestoreNext => assert_eq!(method, b"GET"),
                Route::InitError => assert_eq!(method, b"POST"),
                Route::Other => {}
            });
    }
}
