//! The published sample events of other projects, where they are present: nothing is found in them
//! but what they really hold.
//! It never holds a copy of one.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::Steps;

use crate::{HashKey, inspect};

/// What the samples really hold: a file, and the rule that says so.
const HOLD: [(&str, &str); 1] = [
    // A request of a scanner that names itself, kept by its project for tests of detection.
    (
        "datadog/api_gateway_http_event_appsec.json",
        "scanner-traffic",
    ),
];

/// Says where the tool that runs all tests will find it what was not done.
fn skip(reason: &str) {
    use std::io::Write as _;
    let Some(path) = std::env::var_os("CREDENZA_SKIPS") else {
        return;
    };
    let file = std::fs::OpenOptions::new().append(true).open(path);
    file.and_then(|mut file| std::writeln!(file, "published samples: {reason}"))
        .unwrap();
}

#[test]
fn nothing_is_found_in_published_samples_but_what_they_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/events");
    let Ok(manifest) = std::fs::read_to_string(format!("{folder}/MANIFEST.tsv")) else {
        skip("they are not beside the project");
        return;
    };
    let mut wrong: Vec<String> = Vec::new();
    for line in manifest.lines().skip(1) {
        let file = line.split('\t').next().unwrap();
        let event = std::fs::read(format!("{folder}/{file}")).unwrap();
        let report = inspect(&event, Steps::for_bytes(event.len()), &HashKey([7; 16]));
        for finding in &report.findings {
            if !HOLD.contains(&(file, finding.rule.id)) {
                wrong.push(format!("{file}: {} {}", finding.rule.id, finding.location));
            }
        }
        // One file is malformed on purpose; it is inspected to its end all the same.
        if !report.coverage.is_complete() {
            wrong.push(format!("{file}: {}", report.coverage.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
