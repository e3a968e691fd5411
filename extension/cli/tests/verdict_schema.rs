//! The published schema of a verdict line: it lists what the engine has, and every line fits it.
//! These tests never look inside the program, only at what it lists and prints.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use credenza_engine::detector::DETECTORS;
use credenza_event::{Decoder, Gap};
use credenza_schema::{misfit, object};
use expect_test::expect_file;
use serde_json::{Value, json};

/// The schema, made of what the engine has.
fn schema() -> Value {
    let rules = credenza_engine::rules;
    let ids: BTreeSet<_> = rules().map(|rule| rule.id).collect();
    let classes: BTreeSet<_> = rules().map(|rule| rule.class).collect();
    let weaknesses: BTreeSet<_> = rules().map(|rule| rule.cwe).collect();
    let decoders = Decoder::ALL.map(Decoder::name);
    let count = json!({ "type": "integer", "minimum": 0 });
    let word = json!({ "type": "string", "minLength": 1 });
    let finding = json!({
        "rule": { "enum": ids },
        "class": { "enum": classes },
        "cwe": { "enum": weaknesses },
        "confidence": { "enum": ["high", "medium", "low"] },
        "location": { "type": "string" },
        "record": { "type": "string" },
        "part": { "enum": ["key", "value"] },
        "span": { "type": "array", "items": count, "minItems": 2, "maxItems": 2 },
        "length": count,
        "decoded": { "type": "array", "items": { "enum": decoders } },
        "context": word,
        "dialect": word,
        "production": word,
        "sample": { "type": "string", "maxLength": 48 },
        "hash": { "type": "string", "minLength": 16, "maxLength": 16 },
    });
    let line = json!({
        "id": { "type": "string" },
        "verdict": { "enum": ["pass", "flag", "block"] },
        "coverage": { "enum": ["complete", "partial"] },
        "gaps": {
            "type": "array",
            "items": { "enum": Gap::ALL.map(Gap::name) },
            "uniqueItems": true,
        },
        "findings": { "type": "array", "items": { "$ref": "#/$defs/finding" }, "maxItems": 16 },
        "findings_dropped": count,
        "bytes": count,
        "steps": count,
        "ns": count,
    });
    let mut schema = object(&line, &[]);
    let members = schema.as_object_mut().unwrap();
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of `credenza inspect --jsonl`",
        "$defs": { "finding": object(&finding, &["record"]) },
    });
    members.extend(head.as_object().unwrap().clone());
    schema
}

#[test]
fn the_published_schema_lists_what_the_engine_has() {
    let published = expect_file!["../../../docs/schema/verdict.schema.json"];
    published.assert_eq(&format!("{:#}\n", schema()));
}

/// The lines of all fences of a page.
fn lines(page: &str) -> impl Iterator<Item = &str> {
    let mut is_fence = false;
    page.lines().filter(move |line| {
        if line.starts_with("```") {
            is_fence = !is_fence;
            return false;
        }
        is_fence
    })
}

/// A line of a page as its rule's tests read it: `{+}` joins, `<<40*a>>` repeats.
fn written_out(line: &str) -> String {
    let mut text = String::new();
    for piece in line.replace("{+}", "").split_inclusive(">>") {
        let repeated = piece.split_once("<<").and_then(|(before, rest)| {
            let (times, piece) = rest.strip_suffix(">>")?.split_once('*')?;
            let times = times.parse().ok()?;
            Some(format!("{before}{}", piece.repeat(times)))
        });
        text.push_str(repeated.as_deref().unwrap_or(piece));
    }
    text
}

/// A line of input for each value of each rule's page, and for what no page has.
fn input() -> String {
    let mut events = Vec::new();
    for detector in DETECTORS {
        for line in lines(detector.rule().page).map(written_out) {
            if let Ok(event @ Value::Object(_)) = serde_json::from_str(&line) {
                events.push(event);
            }
            events.push(json!({ "queryStringParameters": { "q": line }, "body": line }));
        }
    }
    let mut deep = "' or 1=1 -- ".to_owned();
    for _ in 0..12 {
        deep = json!({ "a": deep }).to_string();
    }
    events.push(json!({ "partial": deep }));
    events.push(json!({ "deep": "[".repeat(600), "many": vec!["1 or 1=1"; 90] }));
    events.push(json!({
        "Records": [{
            "messageId": "m-1", "body": "1 or 1=1", "eventSource": "aws:sqs", "receiptHandle": "r",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q", "awsRegion": "eu-west-1",
            "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
        }],
    }));
    let mut input = String::new();
    for (id, event) in events.iter().enumerate() {
        input.push_str(&json!({ "id": id, "event": event }).to_string());
        input.push('\n');
    }
    input.push_str("{\"output\":{\"body\":\"fine\"}}\n{\"id\":null,\"event\":[1,2]}\n");
    input
}

/// What `inspect --jsonl` prints with every rule switched on.
fn inspected(input: String) -> String {
    let policy = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("every-rule.toml");
    let tables = DETECTORS
        .iter()
        .map(|detector| ["[rule.", detector.rule().id, "]\n"].concat());
    let all: String = tables.collect();
    std::fs::write(&policy, all).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(["inspect", "--jsonl", "--fail-on", "never", "--policy"])
        .arg(&policy)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The answers fill their pipe before the questions have all been read.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_line_that_inspect_prints_fits_the_schema() {
    let schema = schema();
    let input = input();
    let asked = input.lines().count();
    let output = inspected(input);
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), asked);
    for line in &lines {
        assert_eq!(misfit(line, &schema), None, "{line}");
    }
    // Nothing of the schema was left unasked.
    let findings = || {
        lines
            .iter()
            .flat_map(|line| line["findings"].as_array().unwrap())
    };
    for detector in DETECTORS {
        let id = detector.rule().id;
        assert!(
            findings().any(|found| found["rule"] == id),
            "no line names {id}"
        );
    }
    for (member, value) in [
        ("coverage", "partial"),
        ("verdict", "pass"),
        ("verdict", "flag"),
    ] {
        assert!(lines.iter().any(|line| line[member] == value), "{value}");
    }
    assert!(lines.iter().any(|line| line["findings_dropped"] != 0));
}

#[test]
fn a_line_with_one_thing_wrong_does_not_fit() {
    let schema = schema();
    let output = inspected("{\"id\":\"a\",\"event\":{\"q\":\"1 or 1=1\"}}\n".to_owned());
    let right: Value = serde_json::from_str(output.trim()).unwrap();
    for (pointer, wrong) in [
        ("/verdict", json!("deny")),
        ("/coverage", json!("whole")),
        ("/bytes", json!(-1)),
        ("/steps", json!("many")),
        ("/gaps", json!(["nap"])),
        ("/gaps", json!(["ratio", "ratio"])),
        ("/findings/0/rule", json!("tea-pot")),
        ("/findings/0/class", json!("pot")),
        ("/findings/0/decoded", json!(["rot13"])),
        ("/findings/0/span", json!([1])),
        ("/findings/0/hash", json!("ab")),
        ("/findings/0/production", json!("")),
    ] {
        let mut line = right.clone();
        *line.pointer_mut(pointer).unwrap() = wrong;
        assert!(misfit(&line, &schema).is_some(), "{line}");
    }
    let mut short = right.clone();
    short.as_object_mut().unwrap().remove("steps");
    assert!(misfit(&short, &schema).is_some());
    let mut long = right;
    long["findings"][0]["value"] = json!("1 or 1=1");
    assert!(misfit(&long, &schema).is_some());
}
