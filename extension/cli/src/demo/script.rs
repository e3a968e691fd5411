//! The play of the demo: honest events that look dangerous, and attacks that look harmless.
//! It never judges an event; the two runs do.
use std::fmt::Write as _;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// Whether an event may lose the function a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A customer; must be served.
    Benign,
    /// An attacker; must get no row.
    Attack,
}

impl Kind {
    /// The name in the JSON report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Attack => "attack",
        }
    }
}

/// One event of the play.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Benign or attack.
    pub(crate) kind: Kind,
    /// What it is, in a few words.
    pub(crate) name: &'static str,
    /// What the sender wrote, before any encoding.
    pub(crate) text: &'static str,
    /// How it is packed, the outermost wrapping last.
    pub(crate) wrapping: &'static str,
    /// The event as the platform delivers it.
    pub(crate) event: Bytes,
}

/// All scenes, in the order in which they are played.
pub(crate) fn scenes() -> Vec<Scene> {
    let mut scenes = honest();
    scenes.extend(wrapped_honest());
    scenes.extend(attacks());
    scenes.extend(wrapped_attacks());
    scenes
}

const UNION: &str = "-1 union select id,secret from users";

/// Customers whose words look like SQL, in plain sight.
fn honest() -> Vec<Scene> {
    let searches = [
        ("an apostrophe", "O'Brien"),
        ("a hyphen", "O'Neill-Drop"),
        ("a name of SQL words", "Union Select"),
    ];
    let notes = [
        (
            "English",
            "Select a seat or two from the union hall, then drop the table by noon.",
        ),
        (
            "a quote and a dash",
            "He said 'no' -- and left; 1 = 1 is what he meant, or so.",
        ),
        ("a UUID", "3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b"),
        (
            "base64",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAEhQGAhKmMIQ==",
        ),
        (
            "code in a post",
            "<code>SELECT name FROM users WHERE id = ?</code> binds the id.",
        ),
        (
            "French",
            "L'été d'abord; aujourd'hui, c'est l'heure d'y aller !",
        ),
    ];
    let search = |(name, text)| {
        let event = url("GET", "/search", &query("name", text), Body::None);
        customer(name, text, "query", &event)
    };
    let note = |(name, text)| {
        let body = json!({ "text": text }).to_string();
        let event = url("POST", "/notes", "", Body::Text(&body));
        customer(name, text, "JSON body", &event)
    };
    let ids = [
        ("7", "query", url("GET", "/q", "id=7", Body::None)),
        (
            "3",
            "JSON body",
            url("POST", "/q", "", Body::Text(r#"{"id":"3"}"#)),
        ),
    ];
    let ids = ids.map(|(text, wrapping, event)| customer("an id", text, wrapping, &event));
    ids.into_iter()
        .chain(searches.map(search))
        .chain(notes.map(note))
        .collect()
}

/// Customers in every wrapping that the function undoes.
fn wrapped_honest() -> Vec<Scene> {
    let folded = json!({ "draft": json!({ "text": "It's 5 o'clock" }).to_string() }).to_string();
    let zipped = json!({ "text": "select the 'best' one" }).to_string();
    let note = |body: Body<'_>| url("POST", "/notes", "", body);
    let obrien = |wrapping, event: &Value| customer("an apostrophe", "O'Brien", wrapping, event);
    vec![
        customer(
            "a form",
            "Smith & Sons",
            "form body",
            &form("text=Smith+%26+Sons"),
        ),
        customer(
            "JSON in a string",
            "It's 5 o'clock",
            "JSON in JSON",
            &note(Body::Text(&folded)),
        ),
        customer(
            "a zipped body",
            "select the 'best' one",
            "gzip",
            &note(Body::Gzip(&zipped)),
        ),
        obrien("REST API", &rest("/search", "name", "O'Brien")),
        obrien("ALB", &alb("/search", "name", "O'Brien", true)),
    ]
}

fn customer(
    name: &'static str,
    text: &'static str,
    wrapping: &'static str,
    event: &Value,
) -> Scene {
    Scene {
        kind: Kind::Benign,
        name,
        text,
        wrapping,
        event: event.to_string().into(),
    }
}

/// Each technique once, in plain sight.
fn attacks() -> Vec<Scene> {
    [
        ("tautology", "1 or 1=1"),
        (
            "boolean, blind",
            "1 and substr((select secret from users),1,1)='c'",
        ),
        ("UNION dump", UNION),
        ("schema dump", "-1 union select 1,sql from sqlite_master"),
        ("time-based", "1 and length(hex(randomblob(40000000)))>1"),
        ("stacked", "1; select id,secret from users"),
        (
            "comments for spaces",
            "-1/**/UnIoN/**/SeLeCt/**/id,secret/**/FrOm/**/users--",
        ),
        ("ORDER BY probe", "1 or id>0 order by 2--"),
    ]
    .into_iter()
    .map(|(name, text)| {
        attack(
            name,
            text,
            "query",
            &url("GET", "/q", &query("id", text), Body::None),
        )
    })
    .collect()
}

/// The same dump behind every wrapping that the function undoes.
fn wrapped_attacks() -> Vec<Scene> {
    let document = json!({ "id": UNION }).to_string();
    let escaped = document
        .replace("union", "\\u0075nion")
        .replace(' ', "\\u0020");
    let folded = json!({ "filter": document }).to_string();
    let cursor = json!({ "cursor": STANDARD.encode(&document) }).to_string();
    let twice = query("id", &percent_encode(UNION));
    let post = |body: Body<'_>| url("POST", "/q", "", body);
    let pairs = [
        ("JSON body", post(Body::Text(&document))),
        ("JSON escapes", post(Body::Text(&escaped))),
        ("form body", form(&query("id", UNION))),
        ("URL ×2", url("GET", "/q", &twice, Body::None)),
        ("JSON in JSON", post(Body::Text(&folded))),
        ("base64 body", post(Body::Base64(&document))),
        ("base64 cursor", post(Body::Text(&cursor))),
        ("gzip body", post(Body::Gzip(&document))),
        ("REST API", rest("/q", "id", UNION)),
        ("ALB", alb("/q", "id", UNION, false)),
        ("ALB, multi-value", alb("/q", "id", UNION, true)),
    ];
    pairs
        .into_iter()
        .map(|(wrapping, event)| attack("UNION dump", UNION, wrapping, &event))
        .collect()
}

fn attack(name: &'static str, text: &'static str, wrapping: &'static str, event: &Value) -> Scene {
    let event = event.to_string().into();
    Scene {
        kind: Kind::Attack,
        name,
        text,
        wrapping,
        event,
    }
}

/// A body and how it travels.
#[derive(Clone, Copy)]
enum Body<'a> {
    None,
    Text(&'a str),
    Base64(&'a str),
    Gzip(&'a str),
}

/// A Function URL event.
fn url(method: &str, path: &str, query: &str, body: Body<'_>) -> Value {
    let mut headers = json!({
        "host": "demo.lambda-url.eu-central-1.on.aws",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "accept": "text/html,application/json;q=0.9,*/*;q=0.8",
        "accept-language": "de-DE,de;q=0.8,en-US;q=0.5",
        "content-type": "application/json",
        "x-forwarded-for": "192.0.2.44",
        "x-amzn-trace-id": "Root=1-67ab12cd-0a1b2c3d4e5f60718293a4b5",
    });
    let (text, base64) = match body {
        Body::None => (None, false),
        Body::Text(text) => (Some(text.to_owned()), false),
        Body::Base64(text) => (Some(STANDARD.encode(text)), true),
        Body::Gzip(text) => {
            headers["content-encoding"] = json!("gzip");
            (Some(STANDARD.encode(gzip(text.as_bytes()))), true)
        }
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "demo",
            "domainName": "demo.lambda-url.eu-central-1.on.aws",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.44", "userAgent": "Mozilla/5.0",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "stage": "$default",
            "timeEpoch": 1_700_000_000_000_u64,
        },
        "isBase64Encoded": base64,
    });
    if let Some(text) = text {
        event["body"] = json!(text);
    }
    event
}

/// A Function URL event with a form body.
fn form(body: &str) -> Value {
    let path = if body.starts_with("id=") {
        "/q"
    } else {
        "/notes"
    };
    let mut event = url("POST", path, "", Body::Text(body));
    event["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
    event
}

/// An API Gateway REST API event; the gateway has decoded the query.
fn rest(path: &str, name: &str, value: &str) -> Value {
    json!({
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": { "Host": "demo.execute-api.eu-central-1.amazonaws.com" },
        "multiValueHeaders": { "Host": ["demo.execute-api.eu-central-1.amazonaws.com"] },
        "queryStringParameters": { name: value },
        "multiValueQueryStringParameters": { name: [value] },
        "pathParameters": null,
        "requestContext": {
            "apiId": "demo", "stage": "prod", "httpMethod": "GET", "path": path,
            "identity": { "sourceIp": "192.0.2.44", "userAgent": "curl/8.5.0" },
        },
        "body": null,
        "isBase64Encoded": false,
    })
}

/// A load balancer's event; the balancer leaves the query as it came.
fn alb(path: &str, name: &str, value: &str, multi: bool) -> Value {
    let value = percent_encode(value);
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn":
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/demo/0123" } },
        "httpMethod": "GET",
        "path": path,
        "body": "",
        "isBase64Encoded": false,
    });
    if multi {
        event["multiValueQueryStringParameters"] = json!({ name: [value] });
        event["multiValueHeaders"] = json!({ "host": ["demo.example.com"] });
    } else {
        event["queryStringParameters"] = json!({ name: value });
        event["headers"] = json!({ "host": "demo.example.com" });
    }
    event
}

/// `name=value`, percent-encoded.
pub(crate) fn query(name: &str, value: &str) -> String {
    format!("{name}={}", percent_encode(value))
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; should it, the scene is sent as it is.
    match encoder.write_all(bytes).and_then(|()| encoder.finish()) {
        Ok(zipped) => zipped,
        Err(_) => bytes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use credenza_engine::HashKey;
    use credenza_event::Steps;
    use credenza_exchange::Step;
    use credenza_policy::{Mode, Policy};

    use super::*;

    #[test]
    fn every_scene_is_an_event_and_no_two_are_alike() {
        let scenes = scenes();
        let mut events: Vec<&[u8]> = scenes.iter().map(|scene| &*scene.event).collect();
        assert!(
            events
                .iter()
                .all(|event| serde_json::from_slice::<Value>(event).is_ok())
        );
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), scenes.len());
    }

    #[test]
    fn the_engine_refuses_the_attackers_and_nobody_else() {
        let policy = Policy {
            mode: Mode::Block,
            ..Policy::default()
        };
        let mut surprises = Vec::new();
        for scene in scenes() {
            let steps = Steps::for_bytes(scene.event.len());
            let inspected =
                credenza_exchange::event(&scene.event, steps, &policy, &HashKey([7; 16]));
            let refused = !matches!(inspected.step, Step::Deliver);
            if refused != (scene.kind == Kind::Attack) {
                surprises.push(format!(
                    "{}: {} in {}",
                    scene.name, scene.text, scene.wrapping
                ));
            }
        }
        assert_eq!(surprises, Vec::<String>::new());
    }

    #[test]
    fn the_play_has_both_kinds_of_guest() {
        let scenes = scenes();
        let attacks = scenes
            .iter()
            .filter(|scene| scene.kind == Kind::Attack)
            .count();
        assert!(attacks >= 12 && scenes.len() - attacks >= 12);
    }

    #[test]
    fn a_double_encoding_shows_no_blank_and_no_plain_percent_sign() {
        assert_eq!(query("id", &percent_encode("1 or")), "id=1%2520or");
    }
}
