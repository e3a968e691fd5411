//! The pages of the rules as tests: every line of every fence is a value of its own.
//! They never look into a detector: what a user would see is what counts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::{Part, Role, Steps};

use super::*;
use crate::fences::{Value, values};
use crate::inspect::inspect_text_ungated;
use crate::report::Report;
use crate::{HashKey, Watch, inspect_text, inspect_watching};

const KEY: HashKey = HashKey([7; 16]);

/// What the engine says of a value, gated or not.
fn report(value: &Value<'_>, gated: bool) -> Report {
    let (role, part) = match value.place {
        "" | "query" => (Role::Query, Part::Value),
        "path" => (Role::Path, Part::Value),
        "header" => (Role::Header, Part::Value),
        "cookie" => (Role::Cookie, Part::Value),
        "body" => (Role::Body, Part::Value),
        "other" => (Role::Other, Part::Value),
        "key" => (Role::Query, Part::Key),
        "event" => {
            let event = value.text.as_bytes();
            let steps = Steps::for_bytes(event.len());
            return inspect_watching(event, steps, &KEY, Watch::all());
        }
        other => panic!("a fence names no place of a value: {other}"),
    };
    if gated {
        inspect_text(value.text.as_bytes(), role, part, &KEY)
    } else {
        inspect_text_ungated(value.text.as_bytes(), role, part, &KEY)
    }
}

/// The confidence of a rule in a text, if it finds anything.
fn confidence(rule: &Rule, report: &Report) -> Option<Confidence> {
    let found = report
        .findings
        .iter()
        .filter(|finding| finding.rule.id == rule.id);
    found.map(|finding| finding.confidence).max()
}

/// The values of a tag on every page for which `is_right` is false.
fn wrong(tag: &str, is_right: fn(&Rule, Option<Confidence>) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for detector in DETECTORS {
        let rule = detector.rule();
        for value in values(rule.page, tag) {
            let confidence = confidence(rule, &report(&value, true));
            if !is_right(rule, confidence) {
                let text: String = value.text.chars().take(400).collect();
                wrong.push(format!("{}: {confidence:?} for {text}", rule.id));
            }
        }
    }
    wrong
}

#[test]
fn every_attack_of_a_page_is_found_with_the_confidence_that_its_rule_can_have() {
    let missed = wrong("attack", |rule, found| found == Some(rule.ceiling));
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_is_found_in_a_benign_text_of_a_page() {
    let alarms = wrong("benign", |_, found| found.is_none());
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_doubt_of_a_page_is_reported_and_never_blocked() {
    let wrong = wrong("reported", |rule, found| {
        found.is_some_and(|found| found < rule.ceiling)
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_page_calls_missed_is_still_missed() {
    let caught = wrong("missed", |rule, found| found != Some(rule.ceiling));
    assert!(caught.is_empty(), "promote to `attack`: {caught:#?}");
}

#[test]
fn every_page_has_values_of_each_kind() {
    for detector in DETECTORS {
        let rule = detector.rule();
        for (tag, least) in [("attack", 10), ("benign", 10)] {
            let found = values(rule.page, tag).len();
            assert!(found >= least, "{}: {found} values `{tag}`", rule.id);
        }
    }
}

#[test]
fn the_gate_hides_no_finding_on_any_page() {
    for detector in DETECTORS {
        let rule = detector.rule();
        for tag in ["attack", "benign", "reported", "missed"] {
            for value in values(rule.page, tag) {
                let gated = confidence(rule, &report(&value, true));
                let ungated = confidence(rule, &report(&value, false));
                assert_eq!(gated, ungated, "{}: {}", rule.id, value.text);
            }
        }
    }
}

#[test]
fn no_finding_on_any_page_is_surer_than_its_rule_can_be() {
    for detector in DETECTORS {
        for tag in ["attack", "benign", "reported", "missed"] {
            for value in values(detector.rule().page, tag) {
                for finding in report(&value, true).findings {
                    assert!(finding.confidence <= finding.rule.ceiling, "{finding:?}");
                }
            }
        }
    }
}

#[test]
fn every_rule_has_its_words_in_the_gate_and_its_own_id() {
    assert_eq!(DETECTORS.len(), VOCABULARIES.len());
    let mut ids: Vec<_> = DETECTORS.iter().map(|found| found.rule().id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), DETECTORS.len());
}
