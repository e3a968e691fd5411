//! `credenza demo` end to end: the protected run loses no row, the unprotected one does.
//! It never reads what is meant for people; the JSON line is the contract.
use std::process::Stdio;

use serde_json::Value;

use crate::harness::beside_others;
use crate::harness::doors::demo;

#[test]
fn the_demo_shows_an_unprotected_function_dumped_and_a_protected_one_whole() {
    let _room = beside_others();
    let output = demo(&["--pairs", "20"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().expect("one JSON line");
    let demo: Value = serde_json::from_str(line).expect("one JSON line");
    let summary = &demo["summary"];
    assert_eq!(summary["protected"]["rows_lost"], 0, "{summary}");
    assert_eq!(summary["protected"]["secrets_lost"], 0, "{summary}");
    assert_eq!(
        summary["protected"]["attacks_refused"], summary["attacks"],
        "{summary}"
    );
    assert_eq!(
        summary["protected"]["benign_served"], summary["benign"],
        "{summary}"
    );
    assert!(
        summary["unprotected"]["rows_lost"].as_u64() > Some(0),
        "{summary}"
    );
    assert!(
        summary["unprotected"]["secrets_lost"].as_u64() > Some(0),
        "{summary}"
    );
    assert_eq!(summary["unprotected"]["attacks_refused"], 0, "{summary}");
    assert!(output.status.success(), "{}", demo["shortfalls"]);
}

#[test]
fn every_refusal_of_the_demo_has_its_record() {
    let _room = beside_others();
    let output = demo(&["--pairs", "1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let demo: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let events = demo["events"].as_array().expect("events");
    for event in events.iter().filter(|event| event["kind"] == "attack") {
        let records = event["records"].as_array().expect("records");
        let told = records
            .iter()
            .any(|record| record["rule"] == "sql-injection");
        assert!(told, "no record: {event}");
    }
    for event in events.iter().filter(|event| event["kind"] == "benign") {
        assert_eq!(event["protected"]["refused"], false, "{event}");
    }
}
