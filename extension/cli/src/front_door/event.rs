//! From an HTTP request to the event that a Function URL makes of it (payload format 2.0).
//! It never decodes path or query; the platform does not either.
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};

/// The event for a request.
pub(crate) fn build(head: &Parts, body: &Bytes) -> Bytes {
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let (headers, cookies) = headers(head);
    let agent = headers.get("user-agent").cloned().unwrap_or_default();
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_millis());
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            // The platform's own domain: sources are told apart by it.
            "domainName": "local.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "local",
            "http": {
                "method": head.method.as_str(), "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": agent,
            },
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": u64::try_from(now_ms).unwrap_or(u64::MAX),
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters(query));
    }
    if !body.is_empty() {
        let (text, encoded) = body_text(head, body);
        event["body"] = json!(text);
        event["isBase64Encoded"] = json!(encoded);
    }
    event.to_string().into()
}

/// Headers in lower case, repeated ones joined by commas; cookies stand apart.
fn headers(head: &Parts) -> (Map<String, Value>, Vec<String>) {
    let mut headers: Map<String, Value> = Map::new();
    let mut cookies = Vec::new();
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if name == "cookie" {
            cookies.extend(value.split("; ").map(str::to_owned));
            continue;
        }
        match headers.get_mut(name.as_str()) {
            Some(Value::String(joined)) => {
                joined.push(',');
                joined.push_str(&value);
            }
            _ => {
                headers.insert(name.to_string(), json!(value));
            }
        }
    }
    (headers, cookies)
}

/// Query parameters, decoded once, repeated ones joined by commas.
fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        match parameters.get_mut(&decode(name)) {
            Some(Value::String(joined)) => {
                joined.push(',');
                joined.push_str(&value);
            }
            _ => {
                parameters.insert(decode(name), json!(value));
            }
        }
    }
    parameters
}

/// Text goes as it is, everything else as base64; the content type and the encoding decide.
fn body_text(head: &Parts, body: &Bytes) -> (String, bool) {
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let textual = content_type.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded"]
            .iter()
            .any(|kind| content_type.contains(kind));
    let plain = header("content-encoding").is_none_or(|encoding| encoding == "identity");
    match std::str::from_utf8(body) {
        Ok(text) if textual && plain => (text.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match hex_pair(after) {
                Some(value) => {
                    decoded.push(value);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => decoded.push(b'%'),
            },
            other => decoded.push(*other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let value = digit(text.first())? * 16 + digit(text.get(1))?;
    u8::try_from(value).ok()
}
