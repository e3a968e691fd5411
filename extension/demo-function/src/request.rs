//! What an event asks of the function, whichever HTTP source shaped it.
//! It never fails: what cannot be read is not there.
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How the caller wants its answer shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Function URL, HTTP API with payload format 2.0, or no HTTP source at all.
    Http,
    /// REST API, or HTTP API with payload format 1.0.
    Rest,
    /// Application Load Balancer; `multi` if headers are lists.
    Alb {
        /// Answer with `multiValueHeaders`.
        multi: bool,
    },
}

/// A request to the function.
#[derive(Debug)]
pub(crate) struct Request {
    /// Whose event it is.
    pub(crate) shape: Shape,
    /// The path, `/` where the event has none.
    pub(crate) path: String,
    /// Parameters of the query string, then of the body, decoded.
    fields: Vec<(String, String)>,
}

// Limit: a body within a string within a body is what front ends send; three levels see
// through that and end.
const DEPTH_MAX: usize = 3;

// Limit: an answer of Lambda's is at most 6 MiB, and so is a sane inflated body.
const INFLATED_BYTES_MAX: u64 = 6 * 1024 * 1024;

impl Request {
    /// Reads an event.
    pub(crate) fn read(event: &Value) -> Self {
        let shape = shape(event);
        let path = text(event, "/rawPath")
            .or_else(|| text(event, "/path"))
            .unwrap_or("/");
        let mut fields = Vec::new();
        read_query(event, shape, &mut fields);
        if let Some(body) = text(event, "/body") {
            read_body(event, body, &mut fields);
        } else if event.get("requestContext").is_none() {
            read_json(event, DEPTH_MAX, &mut fields);
        }
        Self {
            shape,
            path: path.to_owned(),
            fields,
        }
    }

    /// The first field called `name`.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The id that is asked for: `id` itself, or the one inside an opaque `cursor`, which is base64
    /// over JSON as in many a paginated API.
    ///
    /// A value that is still percent-encoded is decoded once more, as helpful code does.
    pub(crate) fn id(&self) -> Option<String> {
        if let Some(id) = self.field("id") {
            return Some(percent_decode(id, false));
        }
        let cursor = STANDARD.decode(self.field("cursor")?).ok()?;
        let mut fields = Vec::new();
        read_json(
            &serde_json::from_slice(&cursor).ok()?,
            DEPTH_MAX,
            &mut fields,
        );
        fields
            .into_iter()
            .find(|(key, _)| key == "id")
            .map(|(_, value)| value)
    }
}

fn shape(event: &Value) -> Shape {
    if event.pointer("/requestContext/elb").is_some() {
        return Shape::Alb {
            multi: event.get("multiValueHeaders").is_some(),
        };
    }
    if event.get("httpMethod").is_some() {
        Shape::Rest
    } else {
        Shape::Http
    }
}

fn text<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    event.pointer(pointer).and_then(Value::as_str)
}

fn read_query(event: &Value, shape: Shape, fields: &mut Vec<(String, String)>) {
    if let Some(raw) = text(event, "/rawQueryString") {
        return read_form(raw, fields);
    }
    // A load balancer hands query values on as they came; the API gateways decode them.
    let decode = |text: &str| match shape {
        Shape::Alb { .. } => percent_decode(text, true),
        Shape::Http | Shape::Rest => text.to_owned(),
    };
    for member in ["queryStringParameters", "multiValueQueryStringParameters"] {
        let Some(parameters) = event.get(member).and_then(Value::as_object) else {
            continue;
        };
        for (name, value) in parameters {
            let value = value
                .as_str()
                .or_else(|| value.get(0).and_then(Value::as_str));
            fields.push((decode(name), decode(value.unwrap_or_default())));
        }
    }
}

fn read_body(event: &Value, body: &str, fields: &mut Vec<(String, String)>) {
    let encoded = event.get("isBase64Encoded").and_then(Value::as_bool) == Some(true);
    let bytes = if encoded {
        STANDARD.decode(body).ok()
    } else {
        None
    };
    let bytes = inflate(bytes.unwrap_or_else(|| body.as_bytes().to_vec()));
    match serde_json::from_slice(&bytes) {
        Ok(document) => read_json(&document, DEPTH_MAX, fields),
        Err(_) => read_form(&String::from_utf8_lossy(&bytes), fields),
    }
}

/// Inflates what carries the magic bytes of gzip, as web frameworks do with compressed bodies.
fn inflate(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut inflated = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice()).take(INFLATED_BYTES_MAX);
    match reader.read_to_end(&mut inflated) {
        Ok(_) => inflated,
        Err(_) => bytes,
    }
}

/// Collects the members of a document and of the documents that its strings hold.
fn read_json(document: &Value, depth: usize, fields: &mut Vec<(String, String)>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    if let Some(text) = document.as_str() {
        if let Ok(nested) = serde_json::from_str::<Value>(text) {
            read_json(&nested, depth, fields);
        }
        return;
    }
    for (name, value) in document.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => {
                fields.push((name.clone(), text.clone()));
                if text.starts_with('{') {
                    read_json(value, depth, fields);
                }
            }
            Value::Object(_) => read_json(value, depth, fields),
            other => fields.push((name.clone(), other.to_string())),
        }
    }
}

fn read_form(text: &str, fields: &mut Vec<(String, String)>) {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.push((percent_decode(name, true), percent_decode(value, true)));
    }
}

/// Decodes `%XX`, and `+` to a space where that is meant; anything else stays as it is.
fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => match hex_pair(after) {
                Some(value) => {
                    decoded.push(value);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => decoded.push(b'%'),
            },
            b'+' if plus_is_space => decoded.push(b' '),
            other => decoded.push(*other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let pair = std::str::from_utf8(text.get(..2)?).ok()?;
    if pair.starts_with('+') {
        None
    } else {
        u8::from_str_radix(pair, 16).ok()
    }
}

#[cfg(test)]
mod tests;
