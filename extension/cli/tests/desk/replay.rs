//! Replay: the differences between two policies are those that each by itself makes.
//! These tests never name a difference that `inspect` does not show.
use std::collections::BTreeMap;
use std::path::Path;

use credenza_engine::detector::DETECTORS;
use serde_json::{Value, json};

use crate::{credenza, folder, said};

/// Every value of every page as an event, labelled by its fence.
fn events() -> String {
    let mut lines = String::new();
    for detector in DETECTORS {
        let rule = detector.rule();
        let mut fence = "";
        for (number, line) in rule.page.lines().enumerate() {
            if let Some(tag) = line.strip_prefix("```") {
                fence = if fence.is_empty() { tag } else { "" };
            } else if matches!(fence, "attack" | "benign") && !line.is_empty() {
                let event = json!({ "id": format!("{}-{number}", rule.id), "label": fence,
                    "event": { "queryStringParameters": { "q": line } } });
                lines.push_str(&event.to_string());
                lines.push('\n');
            }
        }
    }
    lines
}

/// The verdicts of `inspect` under a policy.
fn inspected(folder: &Path, policy: &str) -> BTreeMap<String, String> {
    let arguments = [
        "inspect",
        "--jsonl",
        "--fail-on",
        "never",
        "--policy",
        policy,
        "events.jsonl",
    ];
    let text = said(&credenza(folder, &arguments), 0);
    let verdicts = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    verdicts
        .map(|line| (word(&line["id"]), word(&line["verdict"])))
        .collect()
}

fn laid(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    std::fs::write(folder.join("events.jsonl"), events()).unwrap();
    std::fs::write(folder.join("old.toml"), "mode = \"block\"\n").unwrap();
    let new = "mode = \"block\"\n[rule.sql-injection]\nmode = \"monitor\"\n\
               [rule.cross-site-scripting]\nminimum_confidence = \"medium\"\n";
    std::fs::write(folder.join("new.toml"), new).unwrap();
    folder
}

fn replay(folder: &Path, more: &[&str], code: i32) -> String {
    let arguments = [&["replay", "--old", "old.toml", "--new", "new.toml"], more].concat();
    said(&credenza(folder, &arguments), code)
}

#[test]
fn what_differs_is_what_inspect_says_under_each_policy() {
    let folder = laid("replay");
    let text = replay(&folder, &["--format", "json", "events.jsonl"], 1);
    let answer: Value = serde_json::from_str(&text).unwrap();
    let (old, new) = (
        inspected(&folder, "old.toml"),
        inspected(&folder, "new.toml"),
    );
    assert_eq!(answer["events"], old.len());
    let wanted: BTreeMap<_, _> = old
        .iter()
        .filter(|(id, verdict)| new[*id] != **verdict)
        .map(|(id, verdict)| (id.as_str(), (verdict.as_str(), new[id].as_str())))
        .collect();
    assert!(wanted.len() > 20, "{}", wanted.len());
    let changes = answer["changes"].as_array().unwrap();
    let told: BTreeMap<_, _> = changes
        .iter()
        .map(|change| {
            let word = |name: &str| change[name].as_str().unwrap();
            (word("id"), (word("old"), word("new")))
        })
        .collect();
    assert_eq!(told, wanted);
    assert_eq!(answer["changed"], wanted.len());
    // The tables are sums of the same.
    let refused = |side: &BTreeMap<String, String>| {
        side.values().filter(|verdict| *verdict == "block").count()
    };
    for (side, verdicts) in [("old", &old), ("new", &new)] {
        let of = &answer["refused"][side];
        let sum = of["attacks"].as_u64().unwrap() + of["benign"].as_u64().unwrap();
        assert_eq!(sum, refused(verdicts) as u64, "{side}");
    }
}

#[test]
fn the_same_policy_differs_in_nothing_and_exits_clean() {
    let folder = laid("replay-same");
    std::fs::copy(folder.join("old.toml"), folder.join("new.toml")).unwrap();
    let text = replay(&folder, &["events.jsonl"], 0);
    assert!(text.starts_with("0 verdicts changed: "), "{text}");
}

#[test]
fn only_the_differences_that_were_asked_for_end_in_one() {
    let folder = laid("replay-exit");
    let milder = "mode = \"block\"\n[rule.sql-injection]\nmode = \"monitor\"\n";
    std::fs::write(folder.join("new.toml"), milder).unwrap();
    for (fail_on, code) in [("change", 1), ("milder", 1), ("stricter", 0), ("never", 0)] {
        replay(&folder, &["--fail-on", fail_on, "events.jsonl"], code);
    }
}

#[test]
fn code_scanning_and_build_servers_get_their_forms() {
    let folder = laid("replay-forms");
    let json: Value =
        serde_json::from_str(&replay(&folder, &["--format", "json", "events.jsonl"], 1)).unwrap();
    let changed = json["changed"].as_u64().unwrap();
    let sarif: Value =
        serde_json::from_str(&replay(&folder, &["--format", "sarif", "events.jsonl"], 1)).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len() as u64, changed);
    for result in results {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let known = rules.iter().any(|rule| rule["id"] == result["ruleId"]);
        assert!(known || result["ruleId"] == "coverage", "{result}");
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level), "{result}");
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["logicalLocations"][0];
        assert!(place["fullyQualifiedName"].is_string(), "{result}");
    }
    let junit = replay(&folder, &["--format", "junit", "events.jsonl"], 1);
    assert!(junit.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"));
    assert_eq!(junit.matches("<testcase ").count() as u64, changed + 1);
    assert_eq!(junit.matches("<failure ").count() as u64, changed);
    assert!(junit.contains(&format!("tests=\"{}\" failures=\"{changed}\"", changed + 1)));
}

#[test]
fn forms_of_replay_alone_and_records_without_events_are_told_with_a_fix() {
    let folder = laid("replay-usage");
    let other = credenza(&folder, &["rules", "--format", "sarif"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(
        String::from_utf8(other.stderr)
            .unwrap()
            .contains("`replay` alone has the others")
    );
    let finding = json!({ "level": "warn", "record": "finding", "rule": "xxe" }).to_string();
    std::fs::write(folder.join("events.jsonl"), finding).unwrap();
    let arguments = [
        "replay",
        "--old",
        "default",
        "--new",
        "new.toml",
        "events.jsonl",
    ];
    let empty = credenza(&folder, &arguments);
    assert_eq!(empty.status.code(), Some(2));
    assert!(
        String::from_utf8(empty.stderr)
            .unwrap()
            .contains("no event is in them")
    );
}

#[test]
fn what_a_scope_says_of_a_function_holds_for_its_records_alone() {
    let folder = laid("replay-functions");
    let new = "mode = \"block\"\n[[scope]]\nfunction = \"shop-*\"\nmode = \"monitor\"\n";
    std::fs::write(folder.join("new.toml"), new).unwrap();
    let event = |function: &str| {
        let event = json!({ "queryStringParameters": { "q": "1' OR 1=1 -- " } });
        json!({ "id": function, "function": function, "event": event }).to_string()
    };
    let lines = ["shop-1", "orders", "shop-2", "orders"]
        .map(event)
        .join("\n");
    std::fs::write(folder.join("events.jsonl"), lines).unwrap();
    let text = replay(&folder, &["--format", "json", "events.jsonl"], 1);
    let answer: Value = serde_json::from_str(&text).unwrap();
    let changes = answer["changes"].as_array().unwrap().iter();
    let told: Vec<_> = changes
        .map(|change| change["id"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["shop-1", "shop-2"]);
}
