//! Promotion: exactly the rules that records prove, and the policy that lets them block.
//! These tests never promote by a count that the records do not hold.
use std::path::Path;

use serde_json::{Value, json};

use crate::{credenza, folder, said};

/// Lines of a function that was watched for `invocations`.
fn benign(invocations: u64, findings: &[(&str, u64)]) -> String {
    let minute = json!({ "time": "2026-11-12T10:00:00Z", "level": "info", "record": "metrics",
        "function": "shop", "invocations": invocations, "inspected": invocations, "partial": 0 });
    let mut lines = vec![minute.to_string()];
    for (rule, count) in findings {
        for at in 0..*count {
            lines.push(finding(&format!("benign-{rule}-{at}"), rule));
        }
    }
    lines.join("\n")
}

fn finding(request: &str, rule: &str) -> String {
    json!({ "time": "2026-11-12T10:00:00Z", "level": "warn", "record": "finding",
        "function": "shop", "request_id": request, "rule": rule, "confidence": "high",
        "location": "/body/q", "verdict": "block", "coverage": "complete", "us": 30 })
    .to_string()
}

fn promote(folder: &Path, more: &[&str], code: i32) -> Value {
    let mut arguments = vec![
        "--format",
        "json",
        "promote",
        "benign.jsonl",
        "--policy",
        "p.toml",
    ];
    arguments.extend(more);
    serde_json::from_str(&said(&credenza(folder, &arguments), code)).unwrap()
}

/// The rules that a promotion lets block, of those that the test is about.
fn promoted(promotion: &Value) -> Vec<&str> {
    let all = promotion["promoted"].as_array().unwrap().iter();
    let about = [
        "sql-injection",
        "path-traversal",
        "cross-site-scripting",
        "jndi-lookup",
    ];
    all.map(|rule| rule.as_str().unwrap())
        .filter(|rule| about.contains(rule))
        .collect()
}

#[test]
fn a_benign_run_and_attacks_promote_exactly_the_rules_that_should_be() {
    let folder = folder("promote");
    // Four rules: one alarms customers, one has found attacks only, one both, one nothing at all.
    let alarms = [("sql-injection", 30), ("cross-site-scripting", 1)];
    std::fs::write(folder.join("benign.jsonl"), benign(400_000, &alarms)).unwrap();
    let attacks = ["path-traversal", "path-traversal", "cross-site-scripting"];
    let attacks: Vec<String> = (0_u32..)
        .zip(attacks)
        .map(|(at, rule)| finding(&format!("attack-{at}"), rule))
        .collect();
    std::fs::write(folder.join("attacks.jsonl"), attacks.join("\n")).unwrap();
    std::fs::write(folder.join("p.toml"), "# ours\nmode = \"monitor\"\n").unwrap();
    let bar = [
        "--false-alarms-max",
        "1e-5",
        "--attacks",
        "attacks.jsonl",
        "-o",
        "new.toml",
    ];
    let promotion = promote(&folder, &bar, 1);
    assert_eq!(promoted(&promotion), ["jndi-lookup", "path-traversal"]);
    let policy = std::fs::read_to_string(folder.join("new.toml")).unwrap();
    assert!(policy.starts_with("# ours\nmode = \"block\"\n"), "{policy}");
    for held in ["sql-injection", "cross-site-scripting"] {
        assert!(
            policy.contains(&format!("[rule.{held}]\nmode = \"monitor\"\n")),
            "{policy}"
        );
    }
    // Twenty more times as many invocations make one alarm rare enough.
    std::fs::write(folder.join("benign.jsonl"), benign(8_000_000, &alarms)).unwrap();
    let promotion = promote(&folder, &bar, 0);
    assert_eq!(promoted(&promotion).len(), 4);
}

#[test]
fn a_rule_that_the_policy_holds_in_monitor_is_let_go() {
    let folder = folder("promote-held");
    std::fs::write(folder.join("benign.jsonl"), benign(300_000, &[])).unwrap();
    let policy = "mode = \"block\"\n[rule.sql-injection] # since May\nmode = \"monitor\" # wait\n";
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let promotion = promote(&folder, &[], 0);
    let wanted = "mode = \"block\"\n[rule.sql-injection] # since May\nmode = \"block\" # wait\n";
    assert_eq!(promotion["policy"], wanted);
}

#[test]
fn labels_tell_attacks_from_false_alarms() {
    let folder = folder("promote-labels");
    std::fs::write(
        folder.join("benign.jsonl"),
        benign(300_000, &[("sql-injection", 3)]),
    )
    .unwrap();
    std::fs::write(folder.join("p.toml"), "").unwrap();
    let label = |label: &str, count: u32| {
        let labels: Vec<String> = (0..count)
            .map(|at| {
                json!({ "request_id": format!("benign-sql-injection-{at}"), "label": label })
                    .to_string()
            })
            .collect();
        std::fs::write(folder.join("labels.jsonl"), labels.join("\n")).unwrap();
        let code = i32::from(label != "attack" || count < 3);
        let promotion = promote(&folder, &["--labels", "labels.jsonl"], code);
        promoted(&promotion).contains(&"sql-injection")
    };
    assert!(label("attack", 3));
    assert!(!label("attack", 2));
    assert!(!label("false-alarm", 3));
}

#[test]
fn too_few_invocations_promote_nothing_and_change_nothing() {
    let folder = folder("promote-few");
    std::fs::write(folder.join("benign.jsonl"), benign(299_999, &[])).unwrap();
    std::fs::write(folder.join("p.toml"), "mode = \"monitor\"\n").unwrap();
    let promotion = promote(&folder, &[], 1);
    assert_eq!(promoted(&promotion), Vec::<&str>::new());
    assert_eq!(promotion["policy"], "mode = \"monitor\"\n");
}

#[test]
fn without_a_count_of_invocations_it_refuses_and_says_what_is_missing() {
    let folder = folder("promote-uncounted");
    std::fs::write(folder.join("benign.jsonl"), finding("a", "sql-injection")).unwrap();
    std::fs::write(folder.join("p.toml"), "").unwrap();
    let command = ["promote", "benign.jsonl", "--policy", "p.toml"];
    let refused = credenza(&folder, &command);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        stderr.contains("nobody has counted the clean invocations"),
        "{stderr}"
    );
    assert!(stderr.contains("--invocations N"), "{stderr}");
    let given = [&command[..], &["--invocations", "300000"]].concat();
    let text = said(&credenza(&folder, &given), 1);
    assert!(text.contains("sql-injection"), "{text}");
}

#[test]
fn scopes_and_exemptions_say_which_hits_count() {
    let folder = folder("promote-scopes");
    let alarms = [("sql-injection", 30)];
    std::fs::write(folder.join("benign.jsonl"), benign(400_000, &alarms)).unwrap();
    let state = |policy: &str| {
        std::fs::write(folder.join("p.toml"), policy).unwrap();
        let arguments = ["--format", "json", "promote", "benign.jsonl"];
        let output = credenza(&folder, &[&arguments[..], &["--policy", "p.toml"]].concat());
        let code = output.status.code().unwrap();
        let told: Value = serde_json::from_str(&said(&output, code)).unwrap();
        let rules = told["rules"].as_array().unwrap().iter();
        let mut rules = rules.filter(|rule| rule["rule"] == "sql-injection");
        let rule = rules.next().unwrap();
        let members = ["state", "invocations", "hits"];
        members.map(|name| rule[name].clone()).to_vec()
    };
    let scope = |members: &str| format!("[[scope]]\n{members}\nmode = \"monitor\"\n");
    let held = |hits: u64| json!(["alarms", 400_000, hits]);
    let ready = json!(["ready", 400_000, 0]);
    assert_eq!(json!(state("")), held(30));
    assert_eq!(json!(state(&scope("location = \"/body/q\""))), ready);
    assert_eq!(json!(state(&scope("location = \"/body/other\""))), held(30));
    let exempt = "[[exemption]]\nrule = \"sql-injection\"\nlocation = \"/body/q\"\nreason = \"r\"\n\
                  author = \"a\"\nexpires = 2097-01-31\n";
    assert_eq!(json!(state(exempt)), ready);
    // What a function is kept from proves nothing, and is not promoted either.
    let kept = json!(state(&scope("function = \"sho*\"")));
    assert_eq!(kept, json!(["kept", 0, 0]));
    assert_eq!(
        json!(state("[rule.sql-injection]\naction = \"flag\"\n"))[0],
        "kept"
    );
}

#[test]
fn a_scope_that_lets_an_unproven_rule_block_is_told() {
    let folder = folder("promote-unleashed");
    let alarms = [("sql-injection", 3)];
    std::fs::write(folder.join("benign.jsonl"), benign(400_000, &alarms)).unwrap();
    let policy = "[[scope]]\nrules = [\"sql-injection\"]\nroute = \"POST /*\"\nmode = \"block\"\n";
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let refused = credenza(&folder, &["promote", "benign.jsonl", "--policy", "p.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        stderr.contains("a scope lets `sql-injection` block"),
        "{stderr}"
    );
}

#[test]
fn rules_that_mask_answers_are_promoted_and_leaks_of_attacks_are_no_alarms() {
    let folder = folder("promote-leaks");
    let leak = |request: u32| {
        json!({ "time": "2026-11-12T10:00:00Z", "level": "warn", "record": "leak",
            "function": "shop", "request_id": format!("r-{request}"), "rule": "reflected-script",
            "confidence": "high", "kind": "script", "channel": "body", "verdict": "block" })
        .to_string()
    };
    let leaks: Vec<String> = (0..5).map(leak).collect();
    std::fs::write(folder.join("benign.jsonl"), benign(400_000, &[])).unwrap();
    std::fs::write(folder.join("attacks.jsonl"), leaks.join("\n")).unwrap();
    let policy = "[rule.reflected-script]\naction = \"mask\"\n";
    std::fs::write(folder.join("p.toml"), policy).unwrap();
    let promotion = promote(&folder, &["--attacks", "attacks.jsonl"], 0);
    let rules = promotion["rules"].as_array().unwrap().iter();
    let rule: Vec<_> = rules
        .filter(|rule| rule["rule"] == "reflected-script")
        .map(|rule| (&rule["state"], &rule["hits"], &rule["attacks"]))
        .collect();
    assert_eq!(rule, [(&json!("ready"), &json!(5), &json!(5))]);
}
