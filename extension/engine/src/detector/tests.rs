//! The pages of the rules as tests: every line of every fence is a value of its own.
//! They never look into a detector: what a user would see is what counts.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use credenza_event::{Part, Role, Steps};

use super::*;
use crate::inspect::inspect_text_ungated;
use crate::report::Report;
use crate::{HashKey, Watch, inspect_text, inspect_watching};

const KEY: HashKey = HashKey([7; 16]);

/// A line of a fence, and where it stands.
#[derive(Clone)]
struct Value<'p> {
    text: String,
    /// The words behind the tag: where the value stands.
    place: &'p str,
}

/// The values of a page's fences with a tag: each line, and a benign fence as a whole, too.
///
/// A fence may say where its values stand: `attack path`, `benign key`, `missed event`.
fn values<'p>(page: &'p str, tag: &str) -> Vec<Value<'p>> {
    let mut values = Vec::new();
    let mut rest = page;
    let fence = format!("\n```{tag}");
    while let Some((_, behind)) = rest.split_once(fence.as_str()) {
        let (place, block) = behind.split_once('\n').unwrap_or((behind, ""));
        let (block, after) = block.split_once("\n```").unwrap_or((block, ""));
        let place = place.trim();
        let value = |text| Value {
            text: written_out(text),
            place,
        };
        values.extend(block.lines().map(value));
        if tag == "benign" && place != "event" {
            values.push(value(block));
        }
        rest = after;
    }
    values
}

/// A line as it is judged: `{+}` joins what may not stand whole on a page (a secret), and
/// `<<40*a>>` stands for forty times `a`.
fn written_out(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some((before, behind)) = rest.split_once("<<") {
        text.push_str(before);
        let repeated = behind.split_once(">>").and_then(|(inside, after)| {
            let (times, piece) = inside.split_once('*')?;
            Some((piece.repeat(times.parse().ok()?), after))
        });
        if let Some((pieces, after)) = repeated {
            text.push_str(&pieces);
            rest = after;
        } else {
            text.push_str("<<");
            rest = behind;
        }
    }
    text.push_str(rest);
    text.replace("{+}", "")
}

impl Value<'_> {
    /// What the engine says of it, gated or not.
    fn report(&self, gated: bool) -> Report {
        let (role, part) = match self.place {
            "" | "query" => (Role::Query, Part::Value),
            "path" => (Role::Path, Part::Value),
            "header" => (Role::Header, Part::Value),
            "cookie" => (Role::Cookie, Part::Value),
            "body" => (Role::Body, Part::Value),
            "other" => (Role::Other, Part::Value),
            "key" => (Role::Query, Part::Key),
            "event" => {
                let event = self.text.as_bytes();
                let steps = Steps::for_bytes(event.len());
                return inspect_watching(event, steps, &KEY, Watch::all());
            }
            other => panic!("a fence names no place of a value: {other}"),
        };
        if gated {
            inspect_text(self.text.as_bytes(), role, part, &KEY)
        } else {
            inspect_text_ungated(self.text.as_bytes(), role, part, &KEY)
        }
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
            let confidence = confidence(rule, &value.report(true));
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
                let gated = confidence(rule, &value.report(true));
                let ungated = confidence(rule, &value.report(false));
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
                for finding in value.report(true).findings {
                    assert!(finding.confidence <= finding.rule.ceiling, "{finding:?}");
                }
            }
        }
    }
}

#[test]
fn a_line_of_a_page_is_written_out() {
    for (line, text) in [
        ("AB{+}CD", "ABCD"),
        ("x<<3*{a>>y<<2*}>>", "x{a{a{ay}}"),
        ("1 << 2 and <<b>>", "1 << 2 and <<b>>"),
    ] {
        assert_eq!(written_out(line), text.to_string());
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
