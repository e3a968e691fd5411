//! The pages of the rules as tests: every line of every fence is a value of its own.
//! They never look into a detector: what a user would see is what counts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::{Part, Role};

use super::*;
use crate::inspect::inspect_text_ungated;
use crate::report::Report;
use crate::{HashKey, inspect_text};

const KEY: HashKey = HashKey([7; 16]);

/// The values of a page's fences with a tag: each line, and a benign fence as a whole, too.
fn values<'p>(page: &'p str, tag: &str) -> Vec<&'p str> {
    let mut values = Vec::new();
    let mut rest = page;
    let fence = format!("\n```{tag}\n");
    while let Some((_, behind)) = rest.split_once(fence.as_str()) {
        let (block, after) = behind.split_once("\n```").unwrap_or((behind, ""));
        values.extend(block.lines());
        if tag == "benign" {
            values.push(block);
        }
        rest = after;
    }
    values
}

/// The confidence of a rule in a text, if it finds anything.
fn confidence(rule: &Rule, report: &Report) -> Option<Confidence> {
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.rule.id == rule.id);
    found.map(|finding| finding.confidence).max()
}

fn judged(rule: &Rule, text: &str) -> Option<Confidence> {
    confidence(
        rule,
        &inspect_text(text.as_bytes(), Role::Query, Part::Value, &KEY),
    )
}

/// The values of a tag on every page for which `is_right` is false.
fn wrong(tag: &str, is_right: fn(Option<Confidence>) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for detector in DETECTORS {
        let rule = detector.rule();
        for value in values(rule.page, tag) {
            let confidence = judged(rule, value);
            if !is_right(confidence) {
                wrong.push(format!("{}: {confidence:?} for {value}", rule.id));
            }
        }
    }
    wrong
}

#[test]
fn every_attack_of_a_page_is_found_with_high_confidence() {
    let missed = wrong("attack", |found| found == Some(Confidence::High));
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_is_found_in_a_benign_text_of_a_page() {
    let alarms = wrong("benign", |found| found.is_none());
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_doubt_of_a_page_is_reported_and_never_blocked() {
    let wrong = wrong("reported", |found| found == Some(Confidence::Medium));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_page_calls_missed_is_still_missed() {
    let caught = wrong("missed", |found| found != Some(Confidence::High));
    assert!(caught.is_empty(), "promote to `attack`: {caught:#?}");
}

#[test]
fn every_page_has_values_of_each_kind() {
    for detector in DETECTORS {
        let rule = detector.rule();
        for tag in ["attack", "benign", "missed"] {
            let found = values(rule.page, tag).len();
            assert!(found >= 3, "{}: {found} values `{tag}`", rule.id);
        }
    }
}

#[test]
fn the_gate_hides_no_finding_on_any_page() {
    for detector in DETECTORS {
        let rule = detector.rule();
        for tag in ["attack", "benign", "reported", "missed"] {
            for value in values(rule.page, tag) {
                let text = value.as_bytes();
                let gated = inspect_text(text, Role::Query, Part::Value, &KEY);
                let ungated = inspect_text_ungated(text, Role::Query, Part::Value, &KEY);
                assert_eq!(
                    confidence(rule, &gated),
                    confidence(rule, &ungated),
                    "{value}"
                );
            }
        }
    }
}
