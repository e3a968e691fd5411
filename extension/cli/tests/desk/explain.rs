//! A finding is explained from its record alone, and led to once more from its event.
//! These tests never give a finding that the program has not made itself.
use expect_test::expect;
use serde_json::{Value, json};

use crate::{credenza, folder, said};

#[test]
fn the_event_of_a_finding_leads_to_the_same_decision_again() {
    let folder = folder("explain");
    let event = json!({ "rawPath": "/items", "rawQueryString": "id=1%20or%201%3D1",
        "queryStringParameters": { "id": "1 or 1=1 -- x" }, "requestContext": { "http": {} } });
    std::fs::write(folder.join("event.json"), event.to_string()).unwrap();
    let line = json!({ "id": "a", "event": event }).to_string();
    std::fs::write(folder.join("events.jsonl"), line).unwrap();
    let verdict = said(
        &credenza(&folder, &["inspect", "--jsonl", "events.jsonl"]),
        1,
    );
    std::fs::write(folder.join("verdict.json"), &verdict).unwrap();
    let explain = |event: &str| {
        let arguments = [
            "--format",
            "json",
            "explain",
            "verdict.json",
            "--event",
            event,
        ];
        let text = said(&credenza(&folder, &arguments), 0);
        let told: Value = serde_json::from_str(&text).unwrap();
        told["findings"][0].clone()
    };
    let told = explain("event.json");
    assert_eq!(
        (&told["again"], &told["decision"]),
        (&json!("same"), &json!("block"))
    );
    assert_eq!(told["cwe"], 89);
    std::fs::write(folder.join("other.json"), "{\"a\":\"b\"}").unwrap();
    assert_eq!(explain("other.json")["again"], "not");
}

const RECORD: &str = r#"{"time":"2090-11-26T10:00:00.000Z","level":"warn","record":"finding",
"request_id":"r-1","function":"shop","source":"apigateway-http","route":"GET /items/{id}",
"rule":"sql-injection","confidence":"high","location":"/queryStringParameters/id","role":"query",
"part":"value","span":[13,21],"length":44,"decoded":["base64","url"],"context":"bare",
"dialect":"mysql","production":"tautology","sample":"aaa 000 ' AA 0=0 AAAAA","verdict":"block",
"mode":"monitor","applied":false,"policy":"default"}"#;

#[test]
fn a_record_is_told_with_its_chain_its_bytes_and_its_exemption() {
    let folder = folder("explain-record");
    let text = said(&credenza(&folder, &["explain", RECORD]), 0);
    let (told, _) = text
        .split_once(
            "

sql-injection
",
        )
        .unwrap();
    expect![[r#"
        sql-injection  CWE-89, sqli

               where  /queryStringParameters/id (query)
               route  GET /items/{id}, apigateway-http, shop
             decoded  as sent → base64 → url
                read  tautology, in bare, as mysql
               bytes  13 to 21 of the 44 of the form that was judged

                      …aaa 000 ' AA 0=0 AAAAA
                               ^^^^^^^^ tautology

            decision  block: confidence high, and the rule blocks from high on
            recorded  verdict block in mode monitor: passed, because of the mode; policy default

        if it is harmless, for the policy:

          [[exemption]]
          rule = "sql-injection"
          source = "apigateway-http"
          route = "GET /items/{id}"
          location = "/queryStringParameters/id"
          reason = "1 invocation of 1 caller in 1 hour, found by the rollout desk; say why they are harmless"
          author = "jane"
          expires = 2091-02-24"#]].assert_eq(told);
}

#[test]
fn a_policy_decides_anew() {
    let folder = folder("explain-policy");
    std::fs::write(
        folder.join("p.toml"),
        "[rule.sql-injection]\nmode = \"monitor\"\n",
    )
    .unwrap();
    let text = said(
        &credenza(&folder, &["explain", RECORD, "--policy", "p.toml"]),
        0,
    );
    assert!(
        text.contains("flag: confidence high, and the policy lets this rule report"),
        "{text}"
    );
}

#[test]
fn scopes_exemptions_and_rules_of_ones_own_decide_as_they_do_in_the_function() {
    let folder = folder("explain-places");
    let policy = r#"
mode = "block"
[[scope]]
function = "shop"
route = "POST /search"
mode = "monitor"
[[exemption]]
rule = "sql-injection"
location = "/body/q"
shape = "words(..20)"
reason = "r"
author = "jane"
expires = 2097-01-31
[[custom]]
id = "custom-item"
shape = "uuid"
"#;
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let decision = |rule: &str, function: &str, location: &str, sample: &str| {
        let finding = serde_json::json!({
            "record": "finding", "level": "warn", "rule": rule, "confidence": "high",
            "function": function, "route": "POST /search", "location": location,
            "sample": sample, "length": sample.len(), "verdict": "block",
        });
        let arguments = [
            "explain",
            &finding.to_string(),
            "--policy",
            "p.toml",
            "--format",
            "json",
        ];
        let text = said(&credenza(&folder, &arguments), 0);
        let answer: Value = serde_json::from_str(&text).unwrap();
        answer["findings"][0]["decision"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (rule, function, location, sample, expected) in [
        ("sql-injection", "orders", "/body/x", "a'a", "block"),
        ("sql-injection", "shop", "/body/x", "a'a", "flag"),
        ("sql-injection", "orders", "/body/q", "aaa aa", "pass"),
        ("sql-injection", "orders", "/body/q", "a'a", "block"),
        ("custom-item", "orders", "/body/id", "00000000", "block"),
    ] {
        let told = decision(rule, function, location, sample);
        assert_eq!(told, expected, "{rule} {function} {location} {sample}");
    }
}
