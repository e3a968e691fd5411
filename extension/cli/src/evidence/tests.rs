//! What records add up to.
//! These tests never read a file.
use super::*;

fn evidence(lines: &[String]) -> Evidence {
    labelled(lines, Labels::default())
}

fn labelled(lines: &[String], labels: Labels) -> Evidence {
    let mut evidence = Evidence::new(Policy::default(), labels);
    for line in lines {
        evidence.take(&serde_json::from_str(line).unwrap(), Label::None);
    }
    evidence.settle();
    evidence
}

fn finding(request: &str, rule: &str, confidence: &str) -> String {
    format!(
        r#"{{"time":"2026-11-26T10:00:00Z","level":"warn","record":"finding","function":"f",
        "request_id":"{request}","rule":"{rule}","confidence":"{confidence}","verdict":"block",
        "location":"/body/q","coverage":"complete","us":40,"steps":900}}"#
    )
}

fn line(record: &str, members: &str) -> String {
    format!(r#"{{"level":"info","record":"{record}","function":"f",{members}}}"#)
}

#[test]
fn an_invocation_counts_once_for_each_rule() {
    let mut lines = Vec::new();
    for request in ["a", "b"] {
        lines.push(finding(request, "sql-injection", "medium"));
        lines.push(finding(request, "sql-injection", "high"));
        lines.push(finding(request, "xpath-injection", "low"));
    }
    let evidence = evidence(&lines);
    let rules = evidence.rules.sorted(|rule| rule.rule.clone());
    let told: Vec<_> = rules
        .iter()
        .map(|rule| {
            (
                rule.rule.as_str(),
                rule.findings,
                rule.blocking,
                rule.weaker,
            )
        })
        .collect();
    assert_eq!(
        told,
        [("sql-injection", 4, 2, 0), ("xpath-injection", 2, 0, 2)]
    );
    let clusters = evidence.clusters.sorted(|cluster| cluster.rule.clone());
    assert!(clusters.iter().all(|cluster| cluster.in_company == 2));
    assert_eq!(evidence.functions["f"].lines.blocking, 2);
    assert_eq!(evidence.latency.total(), 2);
}

#[test]
fn invocations_are_counted_by_the_largest_of_three_counts() {
    let clean = line("inspected", r#""request_id":"x","coverage":"complete""#);
    let summary = line("summary", r#""inspected":70,"partial":20"#);
    let minute = line("metrics", r#""invocations":90,"inspected":80,"partial":5"#);
    let count = |lines: &[&String]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).clone()).collect();
        evidence(&lines).functions["f"].trials()
    };
    assert_eq!(count(&[&finding("a", "xxe", "high")]), (0, Basis::Nothing));
    assert_eq!(
        count(&[&clean, &finding("a", "xxe", "high")]),
        (2, Basis::Lines)
    );
    assert_eq!(count(&[&clean, &summary]), (50, Basis::Summaries));
    assert_eq!(count(&[&clean, &summary, &minute]), (75, Basis::Metrics));
    assert_eq!(
        count(&[&summary, &summary, &minute]),
        (100, Basis::Summaries)
    );
}

#[test]
fn repeats_count_as_that_many_findings() {
    let repeats = line(
        "repeats",
        r#""rule":"sql-injection","confidence":"high","location":"/body/q","count":41"#,
    );
    let evidence = evidence(&[finding("a", "sql-injection", "high"), repeats]);
    let rules = evidence.rules.sorted(|rule| rule.rule.clone());
    assert_eq!((rules[0].findings, rules[0].blocking), (42, 42));
}

#[test]
fn findings_of_an_attack_run_are_no_customers() {
    let mut evidence = Evidence::new(Policy::default(), Labels::default());
    let text = finding("a", "sql-injection", "high");
    evidence.take(&serde_json::from_str(&text).unwrap(), Label::Attack);
    evidence.settle();
    assert!(
        evidence
            .functions
            .get("f")
            .is_none_or(|f| f.lines.inspected == 0)
    );
    let rules = evidence.rules.sorted(|rule| rule.rule.clone());
    assert_eq!((rules[0].blocking, rules[0].attacks), (1, 1));
}

use function::Basis;

#[test]
fn mixed_lines_of_many_invocations_are_told_apart() {
    let mut lines = Vec::new();
    for _ in 0..2 {
        for request in 0..40 {
            lines.push(finding(&format!("r-{request}"), "sql-injection", "high"));
        }
    }
    let evidence = evidence(&lines);
    assert_eq!(evidence.functions["f"].lines.inspected, 40);
}

#[test]
fn a_leak_is_a_hit_of_its_rule() {
    let leak = line(
        "leak",
        r#""rule":"own-secret","confidence":"high","secret":"TOKEN","verdict":"block""#,
    );
    let evidence = evidence(&[leak.clone(), leak]);
    let rules = evidence.rules.sorted(|rule| rule.rule.clone());
    let told: Vec<_> = rules
        .iter()
        .map(|rule| (rule.rule.as_str(), rule.blocking))
        .collect();
    assert_eq!(told, [("own-secret", 2)]);
    assert_eq!(evidence.sums().leaks, 2);
}

#[test]
fn where_lines_were_lost_the_metrics_tell_the_hits() {
    let minute = |dropped: u64| {
        let rules = r#""rules":{"sql-injection":{"flag":1,"block":9},"xxe":{"flag":2}}"#;
        line(
            "metrics",
            &format!(r#""inspected":90,"dropped":{dropped},{rules}"#),
        )
    };
    let hits = |dropped: u64| {
        let evidence = evidence(&[finding("a", "sql-injection", "high"), minute(dropped)]);
        let rules = evidence.rules.sorted(|rule| rule.rule.clone());
        rules
            .iter()
            .map(|rule| evidence.blocking(rule))
            .collect::<Vec<_>>()
    };
    assert_eq!(hits(0), [1]);
    assert_eq!(hits(3), [9]);
}
