//! `credenza demo` end to end: the protected run loses no row, the unprotected one does.
//! It never reads what is meant for people; the JSON line is the contract.
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::doors::demo;
use crate::harness::{DEADLINE, beside_others, programs};

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

#[test]
fn dev_ends_on_a_signal_that_comes_the_moment_its_door_opens() {
    let _room = beside_others();
    for round in 0..10 {
        let mut dev = Command::new(programs::desk("credenza"))
            .args(["dev", "--http", "0", "--agent"])
            .arg(programs::agent())
            .arg("--")
            .arg(programs::echo_function())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(dev.stdout.take().unwrap()).lines();
        let opened = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("open it at")));
        assert!(opened.is_some(), "round {round}: no door");
        let pid = rustix::process::Pid::from_child(&dev);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = dev.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > DEADLINE {
                dev.kill().unwrap();
                dev.wait().unwrap();
                panic!("round {round}: the signal was lost");
            }
            std::thread::park_timeout(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0), "round {round}");
    }
}
