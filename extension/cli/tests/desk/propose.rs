//! Proposals: exemptions for what customers do, and none for what attackers do.
//! These tests never read a proposal but as the policy that it becomes.
use std::process::Command;

use serde_json::{Value, json};

use crate::{credenza, folder, recorded, said};

#[test]
fn two_weeks_of_a_shop_have_one_false_alarm_and_five_attacks() {
    let folder = folder("propose");
    recorded(&folder, 20_000);
    std::fs::write(folder.join("p.toml"), "# ours\nmode = \"monitor\"\n\n").unwrap();
    let arguments = [
        "--format",
        "json",
        "propose",
        "records.jsonl",
        "--policy",
        "p.toml",
    ];
    let more = [
        "--author",
        "jane@example.com",
        "--expires",
        "2027-01-31",
        "-o",
        "new.toml",
    ];
    let answer = said(&credenza(&folder, &[&arguments[..], &more].concat()), 1);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let proposals = answer["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 1, "{answer:#}");
    let proposal = &proposals[0];
    assert_eq!(proposal["rule"], "sql-injection");
    assert_eq!(proposal["location"], "/body/query");
    assert_eq!(proposal["callers"], 40);
    let power = &proposal["remaining_power"];
    assert_eq!(power["other_places"], 1);
    assert!(
        power["attacks_on_the_page"].as_u64().unwrap() > 20,
        "{power}"
    );
    assert!(!proposal["samples"].as_array().unwrap().is_empty());
    assert_eq!(answer["not_proposed"].as_array().unwrap().len(), 6);
    let policy = std::fs::read_to_string(folder.join("new.toml")).unwrap();
    let wanted = "# ours\nmode = \"monitor\"\n\n[[exemption]]\nrule = \"sql-injection\"\n\
                  source = \"apigateway-http\"\nroute = \"POST /search\"\n\
                  location = \"/body/query\"\nreason = ";
    assert!(policy.starts_with(wanted), "{policy}");
    let clean = said(&credenza(&folder, &["check", "new.toml"]), 0);
    assert!(clean.contains("no problems"), "{clean}");
}

#[test]
fn what_is_printed_is_a_patch() {
    let folder = folder("propose-patch");
    recorded(&folder, 20_000);
    let policy = "mode = \"monitor\"\n# the last line\n\n\n";
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let arguments = [
        "propose",
        "records.jsonl",
        "--policy",
        "p.toml",
        "--expires",
        "2027-01-31",
    ];
    let patch = said(&credenza(&folder, &arguments), 1);
    std::fs::write(folder.join("change.patch"), &patch).unwrap();
    let applied = Command::new("git")
        .args(["apply", "--unsafe-paths", "change.patch"])
        .current_dir(&folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&applied.stderr);
    assert!(applied.status.success(), "{stderr}\n{patch}");
    let new = std::fs::read_to_string(folder.join("p.toml")).unwrap();
    assert!(
        new.starts_with("mode = \"monitor\"\n# the last line\n\n[[exemption]]\n"),
        "{new}"
    );
    said(&credenza(&folder, &["check", "p.toml"]), 0);
}

#[test]
fn labels_and_attack_runs_decide_where_numbers_cannot() {
    let folder = folder("propose-labels");
    let line = |request: u32, rule: &str| {
        json!({ "time": "2026-11-12T10:00:00Z", "level": "warn", "record": "finding",
            "request_id": format!("r-{request}"), "rule": rule, "confidence": "high",
            "location": "/body/q", "verdict": "block" })
        .to_string()
    };
    std::fs::write(folder.join("records.jsonl"), line(1, "sql-injection")).unwrap();
    let propose = |more: &[&str], code: i32| {
        let arguments = [&["propose", "records.jsonl"], more].concat();
        said(&credenza(&folder, &arguments), code)
    };
    assert!(propose(&[], 0).contains("seen 1 time only"));
    let label = json!({ "request_id": "r-1", "label": "false-alarm" });
    std::fs::write(folder.join("labels.jsonl"), label.to_string()).unwrap();
    let text = propose(&["--labels", "labels.jsonl"], 1);
    assert!(text.contains("+location = \"/body/q\""), "{text}");
    std::fs::write(folder.join("attacks.jsonl"), line(2, "sql-injection")).unwrap();
    let text = propose(
        &["--labels", "labels.jsonl", "--attacks", "attacks.jsonl"],
        0,
    );
    assert!(text.contains("called attacks"), "{text}");
}
