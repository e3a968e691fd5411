//! From a function's output to the HTTP reply that a Function URL makes of it.
//! It never fails: an output that is no HTTP answer is sent as the body of a 200.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// Between the head and the body of a streamed answer stand eight zero bytes.
const DELIMITER: [u8; 8] = [0; 8];

/// The reply for an output.
pub(crate) fn build(output: &Bytes) -> Response<Full<Bytes>> {
    if let Some(at) = output
        .windows(DELIMITER.len())
        .position(|window| window == DELIMITER)
    {
        return build_streamed(&output.slice(..at), output.slice(at + DELIMITER.len()..));
    }
    let document = serde_json::from_slice::<Value>(output).ok();
    let shaped = document
        .as_ref()
        .filter(|document| document.get("statusCode").is_some());
    let Some(answer) = shaped else {
        return reply(StatusCode::OK, output.clone());
    };
    let mut reply = reply(status(answer), body(answer));
    set_headers(answer, &mut reply);
    reply
}

/// The reply for a streamed answer: a head in JSON, and the body as it is.
fn build_streamed(head: &Bytes, body: Bytes) -> Response<Full<Bytes>> {
    let Ok(head) = serde_json::from_slice::<Value>(head) else {
        return error(502, "the head of the streamed answer is not JSON");
    };
    let status = if head.get("statusCode").is_some() {
        status(&head)
    } else {
        StatusCode::OK
    };
    let mut reply = reply(status, body);
    set_headers(&head, &mut reply);
    reply
}

fn status(answer: &Value) -> StatusCode {
    let status = answer.get("statusCode").and_then(Value::as_u64);
    status
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::BAD_GATEWAY)
}

fn set_headers(answer: &Value, reply: &mut Response<Full<Bytes>>) {
    for (name, value) in answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            reply.headers_mut().insert(name, value);
        }
    }
    for cookie in answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let Some(Ok(cookie)) = cookie.as_str().map(HeaderValue::from_str) {
            reply.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

/// A reply of the front door itself.
pub(crate) fn error(status: u16, message: &str) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    reply(status, json!({ "message": message }).to_string().into())
}

fn body(answer: &Value) -> Bytes {
    let text = answer
        .get("body")
        .map_or_else(String::new, |body| match body {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        });
    if answer.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
        return STANDARD
            .decode(&text)
            .map_or_else(|_| text.into(), Bytes::from);
    }
    text.into()
}

fn reply(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
