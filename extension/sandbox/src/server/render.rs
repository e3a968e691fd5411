//! The bodies of the API's replies, byte for byte as the platform writes them.
//! It never decides which reply is due.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode, header::CONTENT_TYPE, http::HeaderValue};
use serde_json::Value;

pub(crate) type Reply = Response<Full<Bytes>>;

/// The runtime's accepted post.
pub(crate) fn accepted() -> Reply {
    json_text(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".into())
}

/// An error of the Runtime or Extensions API; Go's encoder ends it with a newline.
pub(crate) fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    let message = Value::from(message);
    let error_type = Value::from(error_type);
    json_text(
        status,
        format!("{{\"errorMessage\":{message},\"errorType\":{error_type}}}\n").into(),
    )
}

/// 403 of the state machine (RIE `rapi/handler/constants.go`).
pub(crate) fn invalid_transition(from: &str, to: &str) -> Reply {
    error(
        StatusCode::FORBIDDEN,
        "InvalidStateTransition",
        &format!(
            "State transition from {from} to {to} failed for runtime. \
             Error: State transition is not allowed"
        ),
    )
}

pub(crate) fn invalid_request_id() -> Reply {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

/// Go's reply to an unknown path.
pub(crate) fn not_found() -> Reply {
    plain(StatusCode::NOT_FOUND, "404 page not found\n")
}

pub(crate) fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = with_type(status, "text/plain; charset=utf-8", text.into());
    reply.headers_mut().insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    reply
}

pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    reply
}

pub(crate) fn json_text(status: StatusCode, body: Bytes) -> Reply {
    with_type(status, "application/json", body)
}

pub(crate) fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
