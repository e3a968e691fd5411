//! Every record, as it leaves the process.
//! It never compares a clock: the time of a snapshot is fixed.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credenza_engine::detector::Rule;
use credenza_engine::leak::{OWN_SECRET, Reflections};
use credenza_engine::{Confidence, Explanation, Finding, Report};
use credenza_event::{Coverage, Decoder, Gap, Part, Role, Source, Span};
use credenza_exchange::{Found, Inspected, Stamp, Step};
use credenza_policy::{Action, LogFormat, Mode, Problem, Route, Routes, Verdict};
use expect_test::{Expect, expect};

use super::Under;
use super::{Counts, LINE_BYTES_MAX, Origin, Seen};
use crate::telemetry::{FaultNote, Invocation, LeakNote};

static RULE: Rule = Rule {
    id: "sql-injection",
    class: "sqli",
    cwe: 89,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: "",
};

pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_795_570_990_123)
}

pub(super) const UNDER: Stamp = Stamp {
    mode: Mode::Monitor,
    version: 0,
    hash: 0x1234_5678_9abc_def0,
};

pub(super) fn origin() -> Origin {
    Origin {
        function: "orders".into(),
        version: "$LATEST".into(),
        under: Under::new(UNDER),
        format: LogFormat::Text,
    }
}

pub(super) fn invocation() -> Invocation<'static> {
    Invocation {
        request_id: b"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        trace_id: b"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
        function_arn: b"arn:aws:lambda:eu-west-1:123456789012:function:orders",
        tenant_id: b"",
    }
}

pub(super) fn found(location: &str) -> Finding {
    Finding {
        rule: &RULE,
        confidence: Confidence::High,
        location: location.into(),
        role: Role::Query,
        part: Part::Value,
        span: Span { start: 0, end: 14 },
        length: 14,
        decoded: vec![Decoder::Url, Decoder::Base64],
        explanation: Explanation {
            context: "single-quoted",
            dialect: "generic",
            production: "tautology",
        },
        sample: "9' xx '9'='9".into(),
        record: None,
        exempt: 0,
        hash: 0x0bad_cafe_dead_beef,
    }
}

pub(super) fn inspected(findings: Vec<Finding>, coverage: Coverage) -> Inspected {
    Inspected {
        step: Step::Deliver,
        verdict: Verdict::Block,
        source: Source::ApiGatewayHttp,
        routes: Routes::default(),
        records_cut: 0,
        shadow: None,
        canary: None,
        under: UNDER,
        reflections: Reflections::default(),
        report: Report {
            findings,
            findings_dropped: 0,
            exempted: 0,
            coverage,
            bytes: 1234,
            steps: 5678,
        },
    }
}

pub(super) fn line_of(
    invocation: &Invocation<'_>,
    origin: &Origin,
    inspected: &Inspected,
) -> String {
    let seen = Seen {
        now: now(),
        origin,
        invocation,
        inspected,
        us: 42,
    };
    super::finding(&seen, &inspected.report.findings[0])
}

fn check(line: &str, expected: &Expect) {
    assert!(line.len() <= LINE_BYTES_MAX, "{} bytes", line.len());
    let body = line
        .strip_suffix('\n')
        .expect("a line ends in a line break");
    assert!(!body.contains(['\n', '\r', '\u{1b}']));
    expected.assert_eq(&body.replace(",\"", ",\n\""));
}

#[test]
fn a_finding() {
    let inspected = inspected(vec![found("/queryStringParameters/id")], Coverage::COMPLETE);
    check(
        &line_of(&invocation(), &origin(), &inspected),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"warn",
            "record":"finding",
            "request_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "trace":"1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "function":"orders",
            "version":"$LATEST",
            "source":"apigateway-http",
            "rule":"sql-injection",
            "confidence":"high",
            "location":"/queryStringParameters/id",
            "role":"query",
            "part":"value",
            "span":[0,14],
            "length":14,
            "decoded":["url",
            "base64"],
            "context":"single-quoted",
            "dialect":"generic",
            "production":"tautology",
            "hash":"0badcafedeadbeef",
            "sample":"9' xx '9'='9",
            "verdict":"block",
            "mode":"monitor",
            "applied":false,
            "coverage":"complete",
            "policy":"123456789abcdef0",
            "steps":5678,
            "us":42}"#]],
    );
}

#[test]
fn a_finding_in_a_key_masks_the_key() {
    let mut finding = found("/body/items/0/1' or 'ä'='a~1b");
    finding.part = Part::Key;
    let line = line_of(
        &invocation(),
        &origin(),
        &inspected(vec![finding], Coverage::COMPLETE),
    );
    assert!(
        line.contains(r#""location":"/body/items/0/9' xx '?'='x~9x""#),
        "{line}"
    );
}

#[test]
fn a_trace_that_is_no_trace_is_left_out() {
    for trace_id in [&b"Root=' or 1=1;Parent=1"[..], b"", b"Parent=1", b"\xff\n"] {
        let invocation = Invocation {
            trace_id,
            ..invocation()
        };
        let line = line_of(
            &invocation,
            &origin(),
            &inspected(vec![found("/a")], Coverage::COMPLETE),
        );
        assert!(!line.contains("trace"), "{line}");
    }
}

static LONG: Rule = Rule {
    id: "a-rule-with-a-name-of-thirty-two",
    class: "",
    cwe: 0,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: "",
};

/// A finding of which every part is as long as it can get.
fn longest(letter: &str) -> String {
    let mut coverage = Coverage::COMPLETE;
    for gap in Gap::ALL {
        coverage.add(gap);
    }
    let long = letter.repeat(5_000);
    let mut finding = found(&long);
    finding.rule = &LONG;
    finding.role = Role::Header;
    finding.confidence = Confidence::Medium;
    finding.span = Span {
        start: u32::MAX,
        end: u32::MAX,
    };
    finding.length = u32::MAX;
    finding.decoded = vec![Decoder::Escapes; 12];
    finding.sample = long.clone();
    let mut inspected = inspected(vec![finding], coverage);
    inspected.report.steps = u64::MAX;
    inspected.report.findings_dropped = u32::MAX;
    inspected.routes = Routes::of_event(Route::named(long.clone()));
    inspected.shadow = Some(Verdict::Block);
    inspected.canary = Some(false);
    inspected.under.version = u64::MAX;
    inspected.records_cut = u32::MAX;
    let origin = Origin {
        function: long.clone(),
        version: long.clone(),
        ..origin()
    };
    let trace = format!("Root={}", "a".repeat(5_000));
    let invocation = Invocation {
        request_id: long.as_bytes(),
        trace_id: trace.as_bytes(),
        function_arn: long.as_bytes(),
        tenant_id: long.as_bytes(),
    };
    let seen = Seen {
        now: now(),
        origin: &origin,
        invocation: &invocation,
        inspected: &inspected,
        us: u64::MAX,
    };
    super::finding(&seen, &inspected.report.findings[0])
}

#[test]
fn the_longest_finding_fits() {
    for letter in ["a", "\"", "\u{1}", "\u{202e}", "ä", "😀"] {
        let line = longest(letter);
        assert!(
            line.len() <= LINE_BYTES_MAX,
            "{letter:?}: {} bytes: {line}",
            line.len()
        );
        assert!(line.ends_with("}\n") && line.contains(r#""location":""#));
    }
}

#[test]
fn a_finding_tells_its_route_its_candidate_and_its_canary() {
    let mut inspected = inspected(vec![found("/body/q")], Coverage::COMPLETE);
    inspected.routes = Routes::of_event(Route {
        text: "GET /items/7".into(),
        shown: "GET /items/*".into(),
    });
    inspected.shadow = Some(Verdict::Pass);
    inspected.canary = Some(false);
    inspected.under.version = 12;
    let line = line_of(&invocation(), &origin(), &inspected);
    for part in [
        r#""route":"GET /items/*""#,
        r#""shadow":"pass""#,
        r#""canary":"out""#,
        r#""policy_version":12"#,
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("items/7"));
}

#[test]
fn an_event_that_was_not_inspected_whole() {
    let (origin, invocation) = (origin(), invocation());
    let mut inspected = inspected(Vec::new(), Coverage::missing(Gap::Ratio));
    inspected.verdict = Verdict::Flag;
    let seen = Seen {
        now: now(),
        origin: &origin,
        invocation: &invocation,
        inspected: &inspected,
        us: 7,
    };
    check(
        &super::partial(&seen),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"warn",
        "record":"partial",
        "request_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "trace":"1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "function":"orders",
        "version":"$LATEST",
        "source":"apigateway-http",
        "bytes":1234,
        "verdict":"flag",
        "mode":"monitor",
        "applied":false,
        "coverage":"partial",
        "gaps":["ratio"],
        "policy":"123456789abcdef0",
        "steps":5678,
        "us":7}"#]],
    );
}

#[test]
fn an_event_of_which_there_is_nothing_to_say() {
    let (origin, invocation) = (origin(), invocation());
    let mut inspected = inspected(Vec::new(), Coverage::COMPLETE);
    inspected.verdict = Verdict::Pass;
    let seen = Seen {
        now: now(),
        origin: &origin,
        invocation: &invocation,
        inspected: &inspected,
        us: 7,
    };
    check(
        &super::clean(&seen),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"debug",
        "record":"inspected",
        "request_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "trace":"1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "function":"orders",
        "version":"$LATEST",
        "bytes":1234,
        "verdict":"pass",
        "mode":"monitor",
        "applied":false,
        "coverage":"complete",
        "policy":"123456789abcdef0",
        "steps":5678,
        "us":7}"#]],
    );
}

#[test]
fn a_fault() {
    let note = FaultNote {
        kind: "upstream-reset",
        family: "platform",
        behaviour: "retried",
        detail: "connection reset before the head of `next`",
        request_id: b"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    };
    check(
        &super::fault(now(), &origin(), &note),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"error",
        "record":"fault",
        "request_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "function":"orders",
        "kind":"upstream-reset",
        "family":"platform",
        "behaviour":"retried",
        "detail":"connection reset before the head of `next`"}"#]],
    );
}

#[test]
fn a_problem() {
    let problem = Problem {
        at: "/var/task/credenza.toml:2:8".into(),
        message: "`mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?"
            .into(),
    };
    check(
        &super::problem(now(), &origin(), &problem),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"error",
            "record":"problem",
            "function":"orders",
            "at":"/var/task/credenza.toml:2:8",
            "message":"`mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?"}"#]],
    );
}

#[test]
fn init_tells_what_is_in_force() {
    let default = Origin {
        under: Under::new(Stamp { hash: 0, ..UNDER }),
        ..origin()
    };
    check(
        &super::init(
            now(),
            &default,
            "127.0.0.1:9077",
            "127.0.0.1:9001",
            "off",
            1,
        ),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"info",
            "record":"init",
            "function":"orders",
            "version":"$LATEST",
            "agent":"0.1.0",
            "mode":"monitor",
            "policy":"default",
            "listen":"127.0.0.1:9077",
            "upstream":"127.0.0.1:9001",
            "witness":"off",
            "problems":1}"#]],
    );
}

#[test]
fn a_summary_and_what_was_dropped() {
    let counts = Counts {
        inspected: 9,
        partial: 1,
        flagged: 2,
        blocked: 3,
        ..Counts::default()
    };
    check(
        &super::summary(now(), &origin(), "spindown", &counts),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"info",
            "record":"summary",
            "function":"orders",
            "reason":"spindown",
            "inspected":9,
            "partial":1,
            "flagged":2,
            "blocked":3,
            "leaks":0,
            "tampered":0,
            "faults":0,
            "problems":0,
            "findings_dropped":0,
            "dropped":0,
            "unrecorded":0}"#]],
    );
    check(
        &super::dropped(now(), LogFormat::Text, 12),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"error",
        "record":"dropped",
        "records":12}"#]],
    );
}

#[test]
fn the_wrapper_and_the_life_of_the_process() {
    check(
        &super::wrapper(now(), "the agent does not answer"),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"warn",
            "record":"wrapper",
            "message":"the agent does not answer"}"#]],
    );
    check(
        &super::lifecycle(now(), LogFormat::Text, "registration was refused"),
        &expect![[r#"
            {"time":"2026-11-25T01:43:10.123Z",
            "level":"error",
            "record":"lifecycle",
            "message":"registration was refused"}"#]],
    );
}

#[test]
fn no_four_bytes_of_a_secret_and_no_control_character_leave_in_any_record() {
    // What the engine may put into a finding about a secret: a masked sample, lengths and a hash.
    let mask = |secret: &[u8]| -> String {
        secret
            .iter()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    'x'
                } else {
                    '?'
                }
            })
            .collect()
    };
    bolero::check!()
        .with_type::<([u8; 12], Vec<u8>, bool)>()
        .for_each(|(seed, noise, key)| {
            let letters = b"BDFGHJKMNPQRUVWXY"; // No word of a record is made of these.
            let secret: Vec<u8> = seed
                .iter()
                .map(|byte| letters[usize::from(*byte) % letters.len()])
                .collect();
            let text = String::from_utf8(secret.clone()).unwrap();
            let place = if *key {
                format!("/body/{text}")
            } else {
                "/body/token".to_owned()
            };
            let mut finding = found(&place);
            finding.part = if *key { Part::Key } else { Part::Value };
            finding.sample = mask(&secret);
            let invocation = Invocation {
                request_id: noise,
                tenant_id: noise,
                ..invocation()
            };
            let noisy = secret
                .windows(4)
                .any(|run| noise.windows(4).any(|other| other == run));
            let line = line_of(
                &invocation,
                &origin(),
                &inspected(vec![finding], Coverage::COMPLETE),
            );
            let body = line.strip_suffix('\n').unwrap();
            assert!(body.chars().all(|letter| !letter.is_control()));
            let mut runs = secret
                .windows(4)
                .map(|run| std::str::from_utf8(run).unwrap());
            assert!(
                noisy || !runs.any(|run| body.contains(run)),
                "{text} in {body}"
            );
        });
}

#[test]
fn a_leak() {
    let note = LeakNote {
        request_id: b"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        channel: "stream",
        secret: "AWS_SECRET_ACCESS_KEY",
        found: &FOUND,
        applied: true,
        under: Some(UNDER),
    };
    check(
        &super::leak(now(), &origin(), &note),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"warn",
        "record":"leak",
        "request_id":"8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "function":"orders",
        "version":"$LATEST",
        "rule":"own-secret",
        "confidence":"high",
        "secret":"AWS_SECRET_ACCESS_KEY",
        "spelling":"base64",
        "channel":"stream",
        "span":[21,61],
        "verdict":"block",
        "action":"block",
        "mode":"monitor",
        "applied":true,
        "policy":"123456789abcdef0"}"#]],
    );
    let found = Found {
        rule: &RULE,
        kind: "github-token",
        secret: None,
        confidence: Confidence::Medium,
        verdict: Verdict::Flag,
        action: Action::Flag,
        ..FOUND
    };
    let note = LeakNote {
        request_id: b"",
        channel: "log",
        secret: "",
        found: &found,
        applied: false,
        ..note
    };
    check(
        &super::leak(now(), &origin(), &note),
        &expect![[r#"
        {"time":"2026-11-25T01:43:10.123Z",
        "level":"warn",
        "record":"leak",
        "function":"orders",
        "version":"$LATEST",
        "rule":"sql-injection",
        "confidence":"medium",
        "kind":"github-token",
        "channel":"log",
        "span":[21,61],
        "verdict":"flag",
        "action":"flag",
        "mode":"monitor",
        "applied":false,
        "policy":"123456789abcdef0"}"#]],
    );
}

/// The function's key in an answer.
pub(super) const FOUND: Found = Found {
    rule: &OWN_SECRET,
    kind: "base64",
    secret: Some(0),
    confidence: Confidence::High,
    verdict: Verdict::Block,
    action: Action::Block,
    shadow: None,
    canary: None,
    location: String::new(),
    start: 21,
    end: 61,
};
