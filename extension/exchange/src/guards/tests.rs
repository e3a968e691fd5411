//! Who is kept out, what is too large, too often or a loop, and what a rule of one's own finds.
//! It never asks a clock: requests are counted by hand.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use credenza_engine::HashKey;
use credenza_event::{Beside, Role, Steps};
use credenza_policy::{Limiter, Policy, Rate, Verdict};

use super::Admit;
use crate::{Circumstances, Inspected, Step, event_under};

const KEY: HashKey = HashKey([7; 16]);

fn policy(text: &str) -> Policy {
    let (policy, problems) = Policy::parse(text);
    assert!(problems.is_empty(), "{problems:?}");
    policy
}

/// A request from an address, with a token and a body.
fn request(address: &str, token: &str, body: &str) -> String {
    format!(
        r#"{{"version":"2.0","routeKey":"POST /orders","rawPath":"/orders","headers":{{"Authorization":"Bearer {token}","content-type":"application/json","x-forwarded-for":"192.0.2.99"}},"requestContext":{{"http":{{"method":"POST","sourceIp":"{address}"}},"stage":"$default","domainName":"x.execute-api.r.amazonaws.com"}},"body":"{}","isBase64Encoded":false}}"#,
        body.replace('"', "\\\"")
    )
}

fn judge_as(event: &str, policy: &Policy, about: &Circumstances<'_>) -> Inspected {
    event_under(
        event.as_bytes(),
        about,
        Steps::for_bytes(event.len()),
        policy,
        &KEY,
    )
}

fn judge(event: &str, policy: &Policy) -> Inspected {
    judge_as(event, policy, &Circumstances::default())
}

/// The rules and productions of all findings.
fn found(seen: &Inspected) -> Vec<String> {
    let findings = seen.report.findings.iter();
    findings
        .map(|finding| format!("{} {}", finding.rule.id, finding.explanation.production))
        .collect()
}

#[test]
fn callers_are_kept_out_by_address_and_by_token() {
    let policy = policy(
        "mode = 'block'\n[callers]\ndeny = ['203.0.113.0/24', '2001:db8::/32']\nallow = ['203.0.113.7']\ndeny_tokens = ['lost']",
    );
    for (address, token, expected) in [
        ("203.0.113.9", "t", &["denied-caller address"][..]),
        ("2001:db8::1", "t", &["denied-caller address"]),
        ("203.0.113.7", "t", &[]),
        ("198.51.100.1", "t", &[]),
        ("198.51.100.1", "lost", &["denied-caller token"]),
    ] {
        let seen = judge(&request(address, token, "{}"), &policy);
        assert_eq!(found(&seen), expected, "{address} {token}");
        assert_eq!(matches!(seen.step, Step::Refuse(_)), !expected.is_empty());
    }
}

#[test]
fn with_a_closed_door_a_queue_is_no_caller() {
    let policy = policy("mode = 'block'\n[callers]\nallow = ['10.0.0.0/8']\nothers = 'deny'");
    assert_eq!(
        found(&judge(&request("10.1.1.1", "t", "{}"), &policy)),
        [""; 0]
    );
    let outside = judge(&request("192.0.2.1", "t", "{}"), &policy);
    assert_eq!(found(&outside), ["denied-caller not-allowed"]);
    let queue = r#"{"Records":[{"messageId":"1","receiptHandle":"r","body":"a","attributes":{},"messageAttributes":{},"md5OfBody":"m","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:q","awsRegion":"r"}]}"#;
    assert_eq!(judge(queue, &policy).verdict, Verdict::Pass);
}

#[test]
fn a_load_balancer_is_believed_and_a_caller_is_not() {
    let policy = policy("mode = 'block'\n[callers]\ndeny = ['192.0.2.5']");
    let event = |chain: &str| {
        format!(
            r#"{{"requestContext":{{"elb":{{"targetGroupArn":"arn:aws:elasticloadbalancing:r:1:targetgroup/a/b"}}}},"httpMethod":"GET","path":"/","queryStringParameters":{{}},"headers":{{"x-forwarded-for":"{chain}"}},"body":"","isBase64Encoded":false}}"#
        )
    };
    assert_eq!(judge(&event("192.0.2.5"), &policy).verdict, Verdict::Block);
    assert_eq!(
        judge(&event("10.0.0.1, 192.0.2.5"), &policy).verdict,
        Verdict::Block
    );
    // What stands before the last entry the caller wrote.
    assert_eq!(
        judge(&event("192.0.2.5, 10.0.0.1"), &policy).verdict,
        Verdict::Pass
    );
}

/// Counts without a clock.
#[derive(Debug, Default)]
struct Counter(RefCell<Limiter>);

impl Admit for Counter {
    fn admits(&self, principal: u64, rate: &Rate) -> bool {
        self.0.borrow_mut().admits(principal, 0, rate)
    }
}

#[test]
fn who_calls_too_often_is_refused_and_others_are_not() {
    let policy = policy(
        "mode = 'block'\n[limits]\nrequests_per_minute = 60\nburst = 2\nprincipal = 'token'",
    );
    let counter = Counter::default();
    let about = Circumstances {
        admit: Some(&counter),
        ..Circumstances::default()
    };
    let verdict = |token: &str| {
        let event = request("192.0.2.1", token, "{}");
        found(&judge_as(&event, &policy, &about))
    };
    assert_eq!(verdict("a"), [""; 0]);
    assert_eq!(verdict("a"), [""; 0]);
    assert_eq!(verdict("a"), ["request-rate token"]);
    assert_eq!(verdict("b"), [""; 0]);
    // Nobody counts at a desk.
    assert_eq!(
        judge(&request("192.0.2.1", "a", "{}"), &policy).verdict,
        Verdict::Pass
    );
}

#[test]
fn a_large_event_and_a_loop_are_found() {
    let size = policy("mode = 'block'\n[limits]\nevent_bytes_max = 600");
    assert_eq!(
        found(&judge(&request("192.0.2.1", "t", "{}"), &size)),
        [""; 0]
    );
    let large = request("192.0.2.1", "t", &"x".repeat(600));
    assert_eq!(found(&judge(&large, &size)), ["request-size event-bytes"]);

    let loops = policy(
        "mode = 'block'\n[recursion]\nlineage_max = 5\nwrites = ['thumbs/**']\nown_destination = true",
    );
    let beside = |text: &'static [u8]| {
        [Beside {
            name: "trace-id",
            text,
            role: Role::Header,
        }]
    };
    for (lineage, expected) in [
        (
            b"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Lineage=1:2a82ed4a:5".as_slice(),
            0,
        ),
        (
            b"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Lineage=1:2a82ed4a:6",
            1,
        ),
    ] {
        let beside = beside(lineage);
        let about = Circumstances {
            beside: &beside,
            ..Circumstances::default()
        };
        assert_eq!(found(&judge_as("{}", &loops, &about)).len(), expected);
    }
    let s3 = |bucket: &str| {
        format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"r","eventName":"x","s3":{{"bucket":{{"name":"{bucket}"}},"object":{{"key":"a.png"}}}}}}]}}"#
        )
    };
    assert_eq!(
        found(&judge(&s3("thumbs"), &loops)),
        ["invocation-loop own-writes"]
    );
    assert_eq!(found(&judge(&s3("uploads"), &loops)), [""; 0]);
    let arn = "arn:aws:lambda:r:1:function:orders";
    let destination = format!(
        r#"{{"version":"1.0","timestamp":"t","requestContext":{{"requestId":"i","functionArn":"{arn}:$LATEST","condition":"Success","approximateInvokeCount":1}},"requestPayload":{{}},"responseContext":{{}},"responsePayload":{{}}}}"#
    );
    for (own, expected) in [(arn, 1), ("arn:aws:lambda:r:1:function:other", 0)] {
        let about = Circumstances {
            function_arn: own.as_bytes(),
            ..Circumstances::default()
        };
        assert_eq!(
            found(&judge_as(&destination, &loops, &about)).len(),
            expected
        );
    }
}

const CUSTOM: &str = r#"
mode = "block"
[[custom]]
id = "custom-internal-id"
location = "/body/id"
not_shape = "uuid | digits(1..6)"
[[custom]]
id = "custom-large-order"
location = "/body/amount"
above = 10000
confidence = "medium"
[[custom]]
id = "custom-shop-words"
part = "value"
pattern = "(?i)drop-?ship(ping)?"
[[custom]]
id = "custom-colours"
location = "/body/colour"
none_of = ["red", "green", "blue"]
[[exemption]]
rule = "custom-shop-words"
location = "/body/note"
reason = "r"
author = "a"
expires = 2099-01-01
[rule.custom-colours]
mode = "monitor"
"#;

#[test]
fn rules_of_ones_own_find_what_they_say_where_they_say_it() {
    let policy = policy(CUSTOM);
    for (body, expected, verdict) in [
        (r#"{"id":"7"}"#, &[][..], Verdict::Pass),
        (
            r#"{"id":"12345678"}"#,
            &["custom-internal-id custom"],
            Verdict::Block,
        ),
        (
            r#"{"id":12345678}"#,
            &["custom-internal-id custom"],
            Verdict::Block,
        ),
        (r#"{"name":"12345678"}"#, &[], Verdict::Pass),
        (
            r#"{"amount":10001}"#,
            &["custom-large-order custom"],
            Verdict::Flag,
        ),
        (
            r#"{"amount":"10000.5"}"#,
            &["custom-large-order custom"],
            Verdict::Flag,
        ),
        (r#"{"amount":10000}"#, &[], Verdict::Pass),
        (r#"{"amount":"1e9 euros"}"#, &[], Verdict::Pass),
        (
            r#"{"text":"we Dropship it"}"#,
            &["custom-shop-words custom"],
            Verdict::Block,
        ),
        (
            r#"{"text":"d3JvbmcgZHJvcC1zaGlwcGluZyBoZXJl"}"#,
            &["custom-shop-words custom"],
            Verdict::Block,
        ),
        (r#"{"note":"we dropship it"}"#, &[], Verdict::Pass),
        (
            r#"{"colour":"mauve"}"#,
            &["custom-colours custom"],
            Verdict::Flag,
        ),
        (r#"{"colour":"red"}"#, &[], Verdict::Pass),
    ] {
        let seen = judge(&request("192.0.2.1", "t", body), &policy);
        assert_eq!(found(&seen), expected, "{body}");
        assert_eq!(seen.verdict, verdict, "{body}");
    }
}

#[test]
fn a_rule_of_the_candidate_alone_changes_nothing() {
    let text = "mode = 'block'\n[[shadow.custom]]\nid = 'custom-words'\ncontains = 'roses'";
    let seen = judge(
        &request("192.0.2.1", "t", r#"{"a":"roses"}"#),
        &policy(text),
    );
    assert_eq!(
        (seen.verdict, seen.shadow),
        (Verdict::Pass, Some(Verdict::Block))
    );
    assert!(matches!(seen.step, Step::Deliver));
}

#[test]
fn no_policy_costs_more_than_it_says_and_no_event_more_than_it_was_granted() {
    let bodies = [
        "roses",
        "a%27b&c=d",
        "d3JvbmcgZHJvcC1zaGlwcGluZyBoZXJl",
        &"ab".repeat(5_000),
    ];
    for (rules, steps) in [
        ("[[custom]]\nid = 'custom-a'\ncontains = ['x', 'y', 'z']", 3),
        ("[[custom]]\nid = 'custom-a'\npattern = '(ab|cd)+e?f'", 4),
        (
            "[[custom]]\nid = 'custom-a'\nlonger = 3\none_of = ['x']\n[[custom]]\nid = 'custom-b'\nabove = 5",
            3,
        ),
    ] {
        let (with, without) = (policy(rules), Policy::default());
        let per_byte = u64::try_from(with.custom_steps_per_byte()).unwrap();
        assert!(per_byte <= steps && per_byte > 0, "{rules}: {per_byte}");
        for body in bodies {
            let event = request("192.0.2.1", "t", body);
            let (seen, plain) = (judge(&event, &with), judge(&event, &without));
            let spent = seen.report.steps - plain.report.steps;
            // A walk of its own, and every form of every value at its price.
            let bytes = u64::try_from(event.len()).unwrap();
            let granted = bytes * 32 + (1 << 18);
            assert!(spent <= plain.report.steps + granted, "{rules}: {spent}");
        }
    }
    // An event that unfolds without end is partial, and says so.
    let pattern = format!("(a|b)+{}z", "c?".repeat(24));
    let dear = policy(&format!(
        "[[custom]]\nid = 'custom-a'\npattern = '{pattern}'"
    ));
    let flood = format!(
        "[{}1]",
        "\"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\",".repeat(60_000)
    );
    let seen = judge(&flood, &dear);
    assert!(!seen.report.coverage.is_complete());
}
