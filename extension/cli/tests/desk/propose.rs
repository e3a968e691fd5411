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
    // Six places at which attacks came in, and the secrets that left.
    let others = answer["not_proposed"].as_array().unwrap();
    let of = |kind: &str| others.iter().filter(|one| one["of"] == kind).count();
    assert_eq!((of("events"), of("answers")), (6, 1), "{answer:#}");
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

/// A leak of the shop, in one of many hours; `hour` tells its invocation, too.
fn leak(rule: &str, kind: &str, location: &str, hour: u32) -> String {
    let time = format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
    json!({ "time": time, "level": "warn", "record": "leak", "function": "shop",
        "request_id": format!("r-{rule}-{hour}"), "rule": rule, "confidence": "high",
        "kind": kind, "channel": "body", "span": [12, 40], "location": location,
        "verdict": "block", "action": "block", "mode": "monitor", "applied": false })
    .to_string()
}

#[test]
fn what_a_function_is_meant_to_say_is_proposed_and_what_attacks_make_it_say_is_not() {
    let folder = folder("propose-leaks");
    let mut lines = Vec::new();
    for hour in 0..30 {
        lines.push(leak("leaked-secret", "map-key", "/body/map/?", hour));
        // The function's own secret is what it says, however often it leaves.
        lines.push(leak("own-secret", "TOKEN", "/body/token", hour));
        // A text that runs leaves where an attack came in.
        lines.push(leak("reflected-script", "script", "/body/page", hour));
        lines.push(
            json!({ "time": "2026-11-01T10:00:00Z", "level": "warn", "record": "finding",
            "request_id": format!("r-reflected-script-{hour}"), "rule": "cross-site-scripting",
            "confidence": "high", "location": "/body/q", "verdict": "block", "function": "shop" })
            .to_string(),
        );
        // A stream has no places that an exemption could name.
        lines.push(leak("personal-data", "card", "", hour));
    }
    std::fs::write(folder.join("records.jsonl"), lines.join("\n")).unwrap();
    let arguments = ["--format", "json", "propose", "records.jsonl"];
    let more = ["--expires", "2027-01-31", "-o", "new.toml"];
    let answer = said(&credenza(&folder, &[&arguments[..], &more].concat()), 1);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let proposals = answer["proposals"].as_array().unwrap();
    let proposed: Vec<_> = proposals
        .iter()
        .map(|one| (&one["rule"], &one["of"], &one["would_block"]))
        .collect();
    let wanted = (&json!("leaked-secret"), &json!("answers"), &json!(30));
    assert_eq!(proposed, [wanted], "{answer:#}");
    let others = answer["not_proposed"].as_array().unwrap().iter();
    let others: Vec<String> = others
        .map(|one| format!("{}: {}", one["rule"], one["why"]))
        .collect();
    for (rule, why) in [
        ("own-secret", "byte for byte"),
        ("reflected-script", "broke other rules"),
        ("personal-data", "no place to exempt"),
    ] {
        let told = others
            .iter()
            .any(|one| one.contains(rule) && one.contains(why));
        assert!(told, "{rule}: {others:?}");
    }
    let policy = std::fs::read_to_string(folder.join("new.toml")).unwrap();
    assert!(policy.contains("location = \"/body/map/*\"\n"), "{policy}");
    // What is exempted is no hit any more, and nothing is proposed twice.
    let arguments = ["propose", "records.jsonl", "--policy", "new.toml"];
    let again = said(&credenza(&folder, &arguments), 0);
    assert!(
        again.contains("nothing looks like a false alarm"),
        "{again}"
    );
}
