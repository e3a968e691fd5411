//! The pages of the rules of outputs as tests: every line of every fence is a text of its own.
//! They never look into a detector: what a user would see is what counts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::fences::{Value, values};

/// What a fence says its texts are read as: `attack html`, `benign json`.
fn media(place: &str) -> Media {
    match place {
        "" | "text" => Media::Text,
        "html" => Media::Html,
        "json" => Media::Json,
        "script" => Media::Script,
        "header" => Media::Header,
        other => panic!("a fence names no kind of text: {other}"),
    }
}

/// How sure a rule is of its surest leak in a text, if it finds any.
fn confidence(rule: &Rule, value: &Value<'_>) -> Option<Confidence> {
    let mut leaks = Leaks::new();
    let text = OutputText::whole(value.text.as_bytes(), media(value.place));
    seek(&text, LeakWatch::all(), &mut leaks);
    let found = leaks.iter().filter(|leak| leak.rule.id == rule.id);
    found.map(|leak| leak.confidence).max()
}

/// The values of a tag on every page for which `is_right` is false.
fn wrong(tag: &str, is_right: fn(&Rule, Option<Confidence>) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for detector in LEAK_DETECTORS {
        let rule = detector.rule();
        for value in values(rule.page, tag) {
            let confidence = confidence(rule, &value);
            if !is_right(rule, confidence) {
                let text: String = value.text.chars().take(400).collect();
                wrong.push(format!("{}: {confidence:?} for {text}", rule.id));
            }
        }
    }
    wrong
}

#[test]
fn every_leak_of_a_page_is_found_with_the_confidence_that_its_rule_can_have() {
    let missed = wrong("attack", |rule, found| found == Some(rule.ceiling));
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_is_found_in_a_benign_output_of_a_page() {
    let alarms = wrong("benign", |_, found| found.is_none());
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_doubt_of_a_page_is_reported_and_never_surer() {
    let wrong = wrong("reported", |rule, found| {
        found.is_some_and(|found| found < rule.ceiling)
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_page_of_outputs_calls_missed_is_still_missed() {
    let caught = wrong("missed", |rule, found| found != Some(rule.ceiling));
    assert!(caught.is_empty(), "promote to `attack`: {caught:#?}");
}

#[test]
fn every_page_of_outputs_has_values_of_each_kind() {
    for detector in LEAK_DETECTORS {
        let rule = detector.rule();
        for (tag, least) in [("attack", 10), ("benign", 10)] {
            let found = values(rule.page, tag).len();
            assert!(found >= least, "{}: {found} values `{tag}`", rule.id);
        }
    }
}

#[test]
fn every_rule_of_outputs_has_its_own_id_and_a_bit() {
    let mut ids: Vec<_> = crate::rules().map(|rule| rule.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert_eq!(LEAK_DETECTORS.len(), ANCHORS.len());
    assert!(LEAK_DETECTORS.len() <= 32);
    for detector in LEAK_DETECTORS {
        let rule = detector.rule();
        let watch = LeakWatch::of(|other| other.id == rule.id);
        assert!(!watch.is_empty(), "{}", rule.id);
    }
    assert!(LeakWatch::of(|_| false).is_empty());
}
