//! An attack in any text of any source's sample is found, plain and packed.
//! It never knows a source: the samples are those of the pages.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::Steps;

use crate::{Confidence, HashKey, inspect};

const ATTACK: &str = "x' UNION SELECT name, secret FROM users -- ";
/// The same in base64.
const PACKED: &str = "eCcgVU5JT04gU0VMRUNUIG5hbWUsIHNlY3JldCBGUk9NIHVzZXJzIC0tIA==";

/// The samples on the pages of all sources.
fn samples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../event/src/source");
    let mut samples = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for rest in page.split("```event\n").skip(1) {
            let (sample, _) = rest.split_once("```").unwrap();
            samples.push((name.clone(), sample.into()));
        }
    }
    samples
}

/// Where the strings of a sample begin and end, names left out.
fn values(sample: &str) -> Vec<(usize, usize)> {
    let bytes = sample.as_bytes();
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(start) = sample[at..].find('"').map(|found| at + found + 1) {
        let mut end = start;
        while bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        at = end + 1;
        if !sample[at..].trim_start().starts_with(':') {
            values.push((start, end));
        }
    }
    values
}

#[test]
fn an_attack_in_any_text_of_any_source_is_found() {
    let samples = samples();
    assert!(samples.len() > 60, "{}", samples.len());
    let in_json = format!("{{\\\"q\\\":[\\\"{ATTACK}\\\"]}}");
    for (page, sample) in &samples {
        for (start, end) in values(sample) {
            for attack in [ATTACK, PACKED, &in_json] {
                let event = format!("{}{attack}{}", &sample[..start], &sample[end..]);
                let steps = Steps::for_bytes(event.len());
                let report = inspect(event.as_bytes(), steps, &HashKey([7; 16]));
                let surest = report.findings.iter().map(|finding| finding.confidence);
                let place = &event[start.saturating_sub(40)..start];
                assert_eq!(surest.max(), Some(Confidence::High), "{page}: {place}");
            }
        }
    }
}
