//! Recorded events of a real function, and what the desk makes of them: the candidate that stood in
//! a file of its own beside the policy, judged while they came, and again at the desk.
//! It never finds a value of an event in what was recorded.
use std::process::Command;

use credenza_sandbox::{Invocation, Sandbox};
use serde_json::{Value, json};

use crate::harness::programs;
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, beside_others};

const OLD: &str = r#"
[recording]
share = 100
[shadow]
file = "next.toml"
"#;

/// What the desk would put into force next.
const NEXT: &str = r#"
[rule.path-traversal]
mode = "monitor"
[[exemption]]
rule = "sql-injection"
source = "function-url"
location = "/body/q"
reason = "people search for words that SQL has, too"
author = "jane"
expires = 2097-01-31
"#;

/// Field, value, and the verdicts under both.
const EVENTS: [(&str, &str, &str, &str); 5] = [
    ("q", "kestrel' OR 1=1 -- ", "block", "pass"),
    ("note", "kestrel' OR 1=1 -- ", "block", "block"),
    ("file", "../../../../etc/passwd", "block", "flag"),
    ("note", "two kestrels, please", "pass", "pass"),
    ("q", "<script>alert('kestrel')</script>", "block", "block"),
];

fn request(field: &str, value: &str) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/orders", "rawQueryString": "",
        "headers": {"host": "abc.lambda-url.eu-west-1.on.aws", "content-type": "application/json"},
        "requestContext": {"accountId": "anonymous", "apiId": "abc",
            "domainName": "abc.lambda-url.eu-west-1.on.aws", "domainPrefix": "abc",
            "http": {"method": "POST", "path": "/orders", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7", "userAgent": "curl/8.5.0"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "timeEpoch": 1},
        "body": json!({ (field): value }).to_string(), "isBase64Encoded": false
    })
    .to_string()
}

/// The records of a kind that the agent has written.
fn records(setup: &Setup, kind: &str) -> Vec<Value> {
    let lines = setup.agent_said();
    let all = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    all.filter(|record: &Value| record["record"] == kind)
        .collect()
}

async fn invoke(setup: &Setup, sandbox: &Sandbox, (field, value): (&str, &str)) {
    let before = records(setup, "event").len();
    sandbox.invoke(Invocation::new(request(field, value))).await;
    assert_no_violation(sandbox);
    // The line is made beside the function.
    let begun = std::time::Instant::now();
    while records(setup, "event").len() == before {
        assert!(begun.elapsed() < DEADLINE, "{field} {value}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// What `credenza replay` says of the log.
fn replayed(setup: &Setup) -> Value {
    let folder = setup.folder.path();
    std::fs::write(folder.join("log.jsonl"), setup.agent_said().join("\n")).unwrap();
    let arguments = ["replay", "--old", "old.toml", "--new", "next.toml"];
    let output = Command::new(programs::desk("credenza"))
        .args(arguments)
        .args(["--format", "json", "log.jsonl"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn recorded_events_say_at_the_desk_what_a_candidate_would_have_said_in_the_function() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut setup = Setup::new("recordings", Client::Rust).expect("Rust needs no tool");
        let path = |name: &str| setup.folder.path().join(name);
        std::fs::write(path("old.toml"), OLD).unwrap();
        std::fs::write(path("next.toml"), NEXT).unwrap();
        let policy = path("old.toml").display().to_string();
        setup.set("CREDENZA_POLICY", &policy);
        setup.protect(mode);
        block_on(async {
            let sandbox = setup.start().await;
            for (field, value, _, _) in EVENTS {
                invoke(&setup, &sandbox, (field, value)).await;
            }
        });
        let (events, findings) = (records(&setup, "event"), records(&setup, "finding"));
        assert_eq!((events.len(), findings.len()), (5, 4), "{findings:?}");
        let mut changed = Vec::new();
        for (event, (_, value, old, new)) in events.iter().zip(EVENTS) {
            assert_eq!(event["verdict"], old, "{event}");
            assert_eq!(
                (&event["masked"], &event["source"]),
                (&json!(true), &json!("function-url"))
            );
            let text = event.to_string();
            for run in [
                "kest", "estr", "rel'", "pass", "swd\"", "curl", "192.", "aler",
            ] {
                let told = text.replace("\"verdict\":\"pass\"", "");
                assert!(!told.contains(run), "{run} of {value} in {text}");
            }
            let about = findings
                .iter()
                .find(|found| found["request_id"] == event["request_id"]);
            assert!(
                about.is_none_or(|found| found["shadow"] == new),
                "{about:?}"
            );
            if old != new {
                changed.push(json!([event["request_id"], old, new]));
            }
        }
        let answer = replayed(&setup);
        assert_eq!(
            (&answer["events"], &answer["masked"]),
            (&json!(5), &json!(5))
        );
        let told: Vec<_> = answer["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| json!([change["id"], change["old"], change["new"]]))
            .collect();
        assert_eq!(told, changed);
    }
}
