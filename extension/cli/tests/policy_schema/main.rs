//! The published schema of a policy, and a thousand policies with something wrong in them: the
//! schema and the reader say the same of each, and none blocks what it should not.
//! These tests never look inside the reader, only at what it makes of a text.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use credenza_engine::HashKey;
use credenza_event::Steps;
use credenza_exchange::Step;
use credenza_policy::{Automaton, Policy, Problem};
use credenza_schema::misfit_with;
use expect_test::expect_file;
use serde_json::Value;

mod mutate;
mod schema;
mod toml;

/// What is wrong with a policy by the schema; its patterns are few and plain enough for the
/// policy's own reader of patterns, which is held against trying everything elsewhere.
fn misfit(policy: &Value, schema: &Value) -> Option<String> {
    misfit_with(policy, schema, |pattern, text| {
        Automaton::parse(pattern).is_ok_and(|it| it.find(text.as_bytes()).is_some())
    })
}

#[test]
fn the_published_schema_is_what_the_reader_knows() {
    let text = format!("{:#}\n", schema::schema());
    expect_file!["../../../../docs/schema/policy.schema.json"].assert_eq(&text);
}

/// A request with an attack in a field of its body.
fn request(path: &str, field: &str, address: &str) -> String {
    format!(
        r#"{{"version":"2.0","routeKey":"$default","rawPath":"{path}","headers":{{"content-type":"application/json"}},"requestContext":{{"http":{{"method":"POST","sourceIp":"{address}"}},"stage":"$default","domainName":"x.execute-api.r.amazonaws.com"}},"body":"{{\"{field}\":\"1' or 1=1 -- \"}}","isBase64Encoded":false}}"#
    )
}

/// Attacks on a route with an exemption, on one without, in a queue, and from kept-out callers.
fn probes() -> Vec<String> {
    vec![
        request("/search/7", "q", "192.0.2.1"),
        request("/orders", "note", "192.0.2.1"),
        request("/quiet/x", "a", "192.0.2.1"),
        request("/orders", "custom", "10.1.1.1"),
        r#"{"a":"<script>alert(document.cookie)</script>"}"#.into(),
        r#"{"Records":[{"messageId":"1","receiptHandle":"r","body":"1' or 1=1 -- ","attributes":{},"messageAttributes":{},"md5OfBody":"m","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:q","awsRegion":"r"}]}"#.into(),
    ]
}

/// Which of the probes a policy refuses.
fn refused(policy: &Policy) -> Vec<bool> {
    let key = HashKey([7; 16]);
    let probes = probes();
    let each = probes.iter().map(|event| {
        let steps = Steps::for_bytes(event.len());
        let seen = credenza_exchange::event(event.as_bytes(), steps, policy, &key);
        !matches!(seen.step, Step::Deliver)
    });
    each.collect()
}

/// The line that a problem names.
fn line_of(problem: &Problem, text: &str) -> usize {
    let (line, column) = problem.at.split_once(':').unwrap();
    let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
    let there = text.split('\n').nth(line - 1).unwrap();
    let most = there.chars().count() + 1;
    assert!(column >= 1 && column <= most, "{}", problem.at);
    line
}

#[test]
fn the_schema_and_the_reader_agree_on_1_000_mutated_policies_and_none_blocks_by_accident() {
    let (schema, base) = (schema::schema(), mutate::base());
    assert_eq!(misfit(&base, &schema), None);
    let (whole, problems) = Policy::parse(&toml::render(&base).0);
    assert!(problems.is_empty(), "{problems:?}");
    let allowed = refused(&whole);
    assert_eq!(allowed, [false, true, false, true, false, false]);
    let (mut wrong, mut right) = (0, 0);
    for seed in 0..1_000 {
        let (mutant, path) = mutate::mutant(&base, seed);
        let (text, lines) = toml::render(&mutant);
        let fits = misfit(&mutant, &schema);
        for text in [text.clone(), format!("{mutant:#}")] {
            let (policy, problems) = Policy::parse(&text);
            assert_eq!(
                fits.is_none(),
                problems.is_empty(),
                "seed {seed}, {path:?}: the schema {fits:?}, the reader {problems:?}\n{text}"
            );
            let each = problems.iter().map(|problem| line_of(problem, &text));
            if each.count() > 0 {
                for (refuses, may) in refused(&policy).iter().zip(&allowed) {
                    assert!(
                        !refuses || *may,
                        "seed {seed}, {path:?}: {problems:?}\n{text}"
                    );
                }
            }
        }
        if fits.is_none() {
            right += 1;
            continue;
        }
        wrong += 1;
        // The line of what was changed, or of the table in which something is missing now.
        let (_, problems) = Policy::parse(&text);
        let mut named = problems.iter().map(|problem| line_of(problem, &text));
        let wanted = toml::lines_of(&lines, &path);
        assert!(
            named.any(|line| wanted.contains(&line)),
            "seed {seed}, {path:?}: {problems:?}, wanted {wanted:?}\n{text}"
        );
    }
    assert!(wrong > 500 && right > 50, "{wrong} wrong, {right} right");
}

#[test]
fn a_policy_with_broken_bytes_never_crashes_and_never_blocks_what_it_did_not() {
    let (text, _) = toml::render(&mutate::base());
    let allowed = refused(&Policy::parse(&text).0);
    let mut broken = 0;
    for seed in 0..1_000 {
        let text = mutate::bytes(&text, seed);
        let (policy, problems) = Policy::parse(&text);
        for problem in &problems {
            assert!(line_of(problem, &text) > 0 && !problem.message.is_empty());
        }
        if problems.is_empty() {
            continue;
        }
        broken += 1;
        for (refuses, may) in refused(&policy).iter().zip(&allowed) {
            assert!(!refuses || *may, "seed {seed}: {problems:?}\n{text}");
        }
    }
    assert!(broken > 700, "{broken}");
}
