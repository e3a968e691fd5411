//! A subscription to telemetry, as an extension asks for it (2.7 of the contract).
//! It never mends a value: what is out of bounds is refused, with every reason at once.

use super::Kind;
use serde_json::Value;
use std::{ops::RangeInclusive, time::Duration};

/// What somebody wants to be told, where, and in which portions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) kinds: Vec<Kind>,
    /// The port of `sandbox.localdomain`, which is this machine's loopback.
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) items_max: usize,
    pub(crate) bytes_max: usize,
    pub(crate) timeout: Duration,
}

const SCHEMA_VERSIONS: [&str; 3] = ["2022-07-01", "2022-12-13", "2025-01-29"];
const HOST: &str = "sandbox.localdomain";
/// The Runtime API's own port on the platform.
const PORT_RESERVED: u16 = 9001;

const ITEMS: RangeInclusive<u64> = 1_000..=10_000;
const BYTES: RangeInclusive<u64> = 262_144..=1_048_576;
const TIMEOUT_MS: RangeInclusive<u64> = 25..=30_000;

impl Subscription {
    /// Reads the body of `PUT /2022-07-01/telemetry`; else all that is wrong with it.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Value = match serde_json::from_slice(body) {
            Ok(body @ Value::Object(_)) => body,
            Ok(_) => return Err("the body should be an object".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let mut problems = Vec::new();
        match body.get("schemaVersion") {
            None => {}
            Some(Value::String(version)) if SCHEMA_VERSIONS.contains(&version.as_str()) => {}
            Some(other) => problems.push(format!("schemaVersion {other} is not known")),
        }
        let (port, path) = destination(&body, &mut problems);
        let kinds = kinds(&body, &mut problems);
        let mut number = |name: &str, range: RangeInclusive<u64>, default: u64| {
            let value = body.get("buffering").and_then(|all| all.get(name));
            let Some(value) = value else {
                return default;
            };
            let value = value.as_u64().filter(|value| range.contains(value));
            value.unwrap_or_else(|| {
                let (first, last) = (range.start(), range.end());
                problems.push(format!("{name} should be between {first} and {last}"));
                default
            })
        };
        let items_max = number("maxItems", ITEMS, 10_000);
        let bytes_max = number("maxBytes", BYTES, 262_144);
        let timeout_ms = number("timeoutMs", TIMEOUT_MS, 1_000);
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        Ok(Self {
            kinds,
            port,
            path,
            items_max: usize::try_from(items_max).unwrap_or(usize::MAX),
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            timeout: Duration::from_millis(timeout_ms),
        })
    }
}

fn destination(body: &Value, problems: &mut Vec<String>) -> (u16, String) {
    let Some(destination) = body.get("destination") else {
        problems.push("destination is not provided".to_owned());
        return (0, String::new());
    };
    if destination.get("protocol").and_then(Value::as_str) != Some("HTTP") {
        problems.push("protocol should be HTTP".to_owned());
    }
    let uri = destination.get("URI").and_then(Value::as_str);
    match uri.map(parse_uri) {
        None => problems.push("URI is not provided".to_owned()),
        Some(Err(problem)) => problems.push(problem),
        Some(Ok(found)) => return found,
    }
    (0, String::new())
}

fn parse_uri(uri: &str) -> Result<(u16, String), String> {
    let rest = uri.strip_prefix("http://");
    let rest = rest.ok_or("URI should begin with http://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if host != HOST {
        return Err(format!("URI host should be {HOST}"));
    }
    let port = port.filter(|port| !port.is_empty());
    let port = port.ok_or("URI port is not provided")?;
    let port = match port.parse() {
        Ok(0) | Err(_) => return Err(format!("URI port {port} is not valid")),
        Ok(PORT_RESERVED) => return Err(format!("URI port {port} is reserved")),
        Ok(port) => port,
    };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("URI path is not valid".to_owned());
    }
    Ok((port, path.to_owned()))
}

fn kinds(body: &Value, problems: &mut Vec<String>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let types = body.get("types").and_then(Value::as_array);
    for name in types.into_iter().flatten() {
        match Kind::ALL.iter().find(|kind| name == kind.name()) {
            Some(kind) if !kinds.contains(kind) => kinds.push(*kind),
            Some(_) => {}
            None => problems.push(format!("type {name} is not known")),
        }
    }
    if types.is_none_or(Vec::is_empty) {
        problems.push("types should not be empty".to_owned());
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{Kind, Subscription};
    use std::time::Duration;

    #[test]
    fn what_is_left_out_has_the_platforms_defaults() {
        let body = br#"{"types":["function","platform"],
            "destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}}"#;
        let expected = Subscription {
            kinds: vec![Kind::Function, Kind::Platform],
            port: 8080,
            path: "/".to_owned(),
            items_max: 10_000,
            bytes_max: 262_144,
            timeout: Duration::from_secs(1),
        };
        assert_eq!(Subscription::parse(body), Ok(expected));
    }

    #[track_caller]
    fn check(uri: &str, expected: &str) {
        let body = format!(
            r#"{{"types":["platform"],"destination":{{"protocol":"HTTP","URI":"{uri}"}}}}"#
        );
        let found = Subscription::parse(body.as_bytes());
        let found = found.map_or_else(|problem| problem, |ok| format!("{} {}", ok.port, ok.path));
        assert_eq!(found, expected, "{uri}");
    }

    #[test]
    fn destinations_are_loopback_by_their_one_name() {
        check("http://sandbox.localdomain:1/a?b=c", "1 /a?b=c");
        check("http://sandbox.localdomain", "URI port is not provided");
        check("http://sandbox.localdomain:/", "URI port is not provided");
        check(
            "http://sandbox.localdomain:9001",
            "URI port 9001 is reserved",
        );
        check("http://sandbox.localdomain:0", "URI port 0 is not valid");
        check(
            "http://sandbox.localdomain:70000",
            "URI port 70000 is not valid",
        );
        check(
            "http://127.0.0.1:80",
            "URI host should be sandbox.localdomain",
        );
        check(
            "http://sandbox.localdomain@x:1",
            "URI host should be sandbox.localdomain",
        );
        check(
            "https://sandbox.localdomain:1",
            "URI should begin with http://",
        );
        check("http://sandbox.localdomain:1/a b", "URI path is not valid");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let body = br#"{"schemaVersion":"2020-01-01","types":["walks"],"destination":{},
            "buffering":{"maxItems":1,"maxBytes":2e9,"timeoutMs":"x"}}"#;
        assert_eq!(
            Subscription::parse(body)
                .unwrap_err()
                .split("; ")
                .collect::<Vec<_>>(),
            [
                "schemaVersion \"2020-01-01\" is not known",
                "protocol should be HTTP",
                "URI is not provided",
                "type \"walks\" is not known",
                "maxItems should be between 1000 and 10000",
                "maxBytes should be between 262144 and 1048576",
                "timeoutMs should be between 25 and 30000",
            ]
        );
    }
}
