//! How failures are worded: error types that pass the platform's filter, and its own sentences.
//! It never decides that something failed.

use super::{
    answer::Arrival,
    render::{self, Reply},
};
use crate::{generation::PostedError, outcome::Ending};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const WITH_CAUSE: &str = "application/vnd.aws.lambda.error.cause+json";

pub(crate) fn platform(error_type: &str, message: impl Into<String>) -> Ending {
    Ending::Platform {
        error_type: error_type.to_owned(),
        message: message.into(),
    }
}

/// A body above the limit, as the caller is told.
pub(crate) fn too_large(bytes: u64, bytes_max: u64) -> Ending {
    platform(
        "Function.ResponseSizeTooLarge",
        format!(
            "Response payload size ({bytes} bytes) exceeded maximum allowed payload size \
             ({bytes_max} bytes)."
        ),
    )
}

/// A body above the limit, as the runtime is told.
pub(crate) fn entity_too_large(bytes_max: u64) -> Reply {
    render::error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &format!("Exceeded maximum allowed payload size ({bytes_max} bytes)."),
    )
}

pub(crate) fn truncated() -> Reply {
    render::error(
        StatusCode::BAD_REQUEST,
        "TruncatedHTTPRequest",
        "HTTP request detected as truncated",
    )
}

/// Managed Instances: the invocation timed out before this answer.
pub(crate) fn invoke_timeout() -> Reply {
    render::error(StatusCode::GONE, "InvokeTimeout", "Invoke timeout")
}

/// The error in a posted body, as the caller sees it.
pub(crate) fn posted(headers: &HeaderMap, arrival: &Arrival) -> PostedError {
    let error_type = headers
        .get(ERROR_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let body = arrival.body();
    let with_cause = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == WITH_CAUSE);
    PostedError {
        error_type: filter(error_type.as_deref().unwrap_or_default()),
        body: if with_cause {
            without_cause(&body)
        } else {
            body
        },
    }
}

/// A stream that failed says so in its trailers.
pub(crate) fn ending_by_trailers(arrival: &Arrival) -> Ending {
    let Some(error_type) = arrival.trailer(ERROR_TYPE) else {
        return Ending::Response;
    };
    let encoded = arrival.trailer(ERROR_BODY).unwrap_or_default();
    // An undecodable body is passed on as it came.
    let body = STANDARD.decode(&encoded).unwrap_or(encoded);
    Ending::Error {
        error_type: filter(&String::from_utf8_lossy(&error_type)),
        body: body.into(),
    }
}

/// The platform takes the cause out of such a body and keeps three members.
fn without_cause(body: &[u8]) -> Bytes {
    let Ok(Value::Object(error)) = serde_json::from_slice(body) else {
        return Bytes::from_static(b"\"Invalid error body\"");
    };
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut kept = json!({"errorMessage": text("errorMessage"), "errorType": text("errorType")});
    let trace = error.get("stackTrace").and_then(Value::as_array);
    if let (Some(trace), Some(kept)) = (trace.filter(|t| !t.is_empty()), kept.as_object_mut()) {
        kept.insert("stackTrace".to_owned(), Value::Array(trace.clone()));
    }
    kept.to_string().into()
}

/// Keeps a type that contains `(Runtime|Function)\.[A-Z][a-zA-Z]+`, not anchored
/// (RIE `fatalerror/fatalerror.go`).
pub(crate) fn filter(error_type: &str) -> String {
    let is_valid = ["Runtime.", "Function."].iter().any(|prefix| {
        error_type.match_indices(prefix).any(|(at, _)| {
            let rest = error_type.get(at.saturating_add(prefix.len())..);
            let mut letters = rest.unwrap_or_default().chars();
            letters
                .next()
                .is_some_and(|first| first.is_ascii_uppercase())
                && letters
                    .next()
                    .is_some_and(|next| next.is_ascii_alphabetic())
        })
    });
    if is_valid {
        error_type.to_owned()
    } else if error_type.starts_with("Function.") {
        "Function.Unknown".to_owned()
    } else {
        "Runtime.Unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{filter, without_cause};

    #[test]
    fn error_types_pass_the_filter_of_the_platform() {
        for (given, kept) in [
            ("Runtime.ExitError", "Runtime.ExitError"),
            ("Function.Blocked", "Function.Blocked"),
            ("xFunction.Ab!", "xFunction.Ab!"),
            ("Runtime.Runtime.Ok", "Runtime.Runtime.Ok"),
            ("unhandled", "Runtime.Unknown"),
            ("", "Runtime.Unknown"),
            ("Function.A", "Function.Unknown"),
            ("Function.blocked", "Function.Unknown"),
            ("Runtime.1A", "Runtime.Unknown"),
        ] {
            assert_eq!(filter(given), kept, "{given}");
        }
    }

    #[test]
    fn a_cause_is_taken_out_of_the_error() {
        let body = br#"{"errorMessage":"m","errorType":"t","stackTrace":["a"],"errorCause":{}}"#;
        assert_eq!(
            without_cause(body),
            r#"{"errorMessage":"m","errorType":"t","stackTrace":["a"]}"#
        );
        assert_eq!(without_cause(b"no"), "\"Invalid error body\"");
    }
}
