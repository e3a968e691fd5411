//! The published schema of the agent's lines, and lines of every kind held against it.
//! It never lists a field that no line has, nor lets a line have a field that it does not list.
use std::sync::Arc;

use credenza_engine::Confidence;
use credenza_event::{Coverage, Decoder, Gap, Source};
use credenza_exchange::{Found, Inspected};
use credenza_policy::{LogFormat, Mode, Problem, Verdict};
use credenza_schema::{misfit, object};
use expect_test::expect_file;
use serde_json::{Map, Value, json};

use super::counted::{COUNTERS, Lost};
use super::tests::{UNDER, found, inspected, invocation, line_of, now, origin};
use super::{Counts, LINE_BYTES_MAX, Origin, Recorded, Seen};
use crate::telemetry::metrics::{QUANTILES, Window};
use crate::telemetry::repeats::{Circumstance, Repeats};
use crate::telemetry::{FaultNote, Invocation, LeakNote, TamperNote};

/// Members with their schemas, those of `others` before them.
fn with(others: &[&Value], own: &Value) -> Value {
    let mut members = Map::new();
    for some in others.iter().copied().chain([own]) {
        members.extend(some.as_object().cloned().unwrap_or_default());
    }
    Value::Object(members)
}

/// A line of kind `record`: these members, of which the `optional` may be left out.
fn kind(record: &str, members: &Value, optional: &[&str]) -> Value {
    let head = json!({
        "time": { "type": "string", "minLength": 24, "maxLength": 24 },
        "timestamp": { "type": "string", "minLength": 24, "maxLength": 24 },
        "level": { "enum": ["error", "warn", "info", "debug", "ERROR", "WARN", "INFO", "DEBUG"] },
        "record": { "const": record },
    });
    let everywhere = ["time", "timestamp", "function", "version", "policy_version"];
    let optional: Vec<&str> = everywhere.iter().chain(optional).copied().collect();
    object(&with(&[&head], members), &optional)
}

/// The shapes that members of several kinds have.
struct Shapes {
    count: Value,
    word: Value,
    text: Value,
    pair: Value,
    flag: Value,
    verdict: Value,
    confidence: Value,
    /// The function that a line is about.
    function: Value,
    /// What was in force.
    force: Value,
}

impl Shapes {
    fn new() -> Self {
        let count = json!({ "type": "integer", "minimum": 0 });
        let word = json!({ "type": "string", "minLength": 1 });
        Self {
            text: json!({ "type": "string" }),
            pair: json!({ "type": "array", "items": count, "minItems": 2, "maxItems": 2 }),
            flag: json!({ "type": "boolean" }),
            verdict: json!({ "enum": ["pass", "flag", "block"] }),
            confidence: json!({ "enum": ["high", "medium", "low"] }),
            function: json!({ "function": word, "version": word }),
            force: json!({ "mode": { "enum": Mode::ALL.map(Mode::name) }, "policy": word,
                "policy_version": count }),
            count,
            word,
        }
    }
}

fn schema() -> Value {
    let shapes = Shapes::new();
    let mut kinds = of_events(&shapes);
    kinds.extend(of_outputs_and_faults(&shapes));
    kinds.extend(of_the_process(&shapes));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line that the agent writes",
        "oneOf": kinds,
    })
}

fn of_events(shapes: &Shapes) -> Vec<Value> {
    let Shapes {
        count, word, text, ..
    } = shapes;
    let about = json!({ "request_id": text, "trace": word, "tenant": word });
    let outcome = json!({
        "verdict": shapes.verdict, "applied": shapes.flag, "records_cut": count,
        "coverage": { "enum": ["complete", "partial"] },
        "gaps": { "type": "array", "items": { "enum": Gap::ALL.map(Gap::name) } },
        "findings_dropped": count, "steps": count, "us": count, "shadow": shapes.verdict,
        "canary": { "enum": ["in", "out"] },
    });
    let event = with(
        &[&about, &shapes.function, &shapes.force, &outcome],
        &json!({ "source": word }),
    );
    let may = "trace tenant records_cut gaps findings_dropped shadow canary";
    let may: Vec<&str> = may.split(' ').collect();
    let finding = json!({
        "rule": word, "confidence": shapes.confidence, "batch_record": word, "route": word,
        "location": text, "role": word, "part": { "enum": ["key", "value"] },
        "span": shapes.pair, "length": count, "decoded": { "type": "array", "items": word },
        "context": word, "dialect": word, "production": word,
        "hash": { "type": "string", "minLength": 16, "maxLength": 16 }, "sample": word,
    });
    let finding_may = "route batch_record decoded context dialect production sample";
    let finding_may: Vec<&str> = finding_may.split(' ').collect();
    let bytes = with(&[&event], &json!({ "bytes": count }));
    let bytes_may = [&may[..], &["source"]].concat();
    let repeats = json!({
        "source": word, "rule": word, "confidence": shapes.confidence, "location": text,
        "verdict": shapes.verdict, "applied": shapes.flag, "count": count,
        "last_request_id": text,
    });
    let recorded = json!({
        "source": word, "route": word, "verdict": shapes.verdict,
        "coverage": { "enum": ["complete", "partial"] },
        "gaps": { "type": "array", "items": { "enum": Gap::ALL.map(Gap::name) } },
        "findings": { "type": "array", "items": object(&finding, &finding_may) },
        "masked": { "const": true }, "event": {},
    });
    vec![
        kind(
            "event",
            &with(&[&about, &shapes.function, &shapes.force], &recorded),
            &["trace", "tenant", "route", "gaps"],
        ),
        kind(
            "finding",
            &with(&[&event], &finding),
            &[&may[..], &finding_may].concat(),
        ),
        kind("partial", &bytes, &bytes_may),
        kind("inspected", &bytes, &bytes_may),
        counted(count, word),
        kind(
            "repeats",
            &with(&[&shapes.function, &shapes.force], &repeats),
            &[],
        ),
    ]
}

fn of_outputs_and_faults(shapes: &Shapes) -> Vec<Value> {
    let Shapes { word, text, .. } = shapes;
    let (function, force) = (&shapes.function, &shapes.force);
    let leak = json!({
        "request_id": word, "rule": word, "confidence": shapes.confidence, "secret": text,
        "spelling": word, "kind": word, "channel": word, "span": shapes.pair,
        "verdict": shapes.verdict, "action": { "enum": ["flag", "mask", "block"] },
        "applied": shapes.flag, "location": word, "shadow": shapes.verdict,
        "canary": { "enum": ["in", "out"] },
    });
    let tamper = json!({
        "request_id": word, "rule": word, "confidence": shapes.confidence, "why": word,
        "detail": word,
    });
    let fault = json!({
        "request_id": word, "kind": word, "family": word, "behaviour": word, "detail": word,
    });
    vec![
        kind(
            "leak",
            &with(&[function, force], &leak),
            &[
                "request_id",
                "secret",
                "spelling",
                "kind",
                "location",
                "shadow",
                "canary",
            ],
        ),
        kind(
            "tamper",
            &with(&[function, force], &tamper),
            &["request_id", "detail"],
        ),
        kind(
            "fault",
            &with(&[function], &fault),
            &["request_id", "detail"],
        ),
    ]
}

fn of_the_process(shapes: &Shapes) -> Vec<Value> {
    let Shapes {
        count, word, text, ..
    } = shapes;
    let init = json!({
        "agent": word, "listen": text, "upstream": text, "problems": count,
        "witness": { "enum": ["on", "off", "refused"] },
    });
    let init = with(&[&shapes.function, &shapes.force], &init);
    let policy = json!({ "weaker": shapes.flag });
    let policy = with(&[&shapes.function, &shapes.force], &policy);
    let problem = json!({ "function": word, "at": text, "message": text });
    vec![
        kind("init", &init, &[]),
        kind("policy", &policy, &[]),
        kind("problem", &problem, &[]),
        kind("summary", &summed(count, word), &[]),
        kind("dropped", &json!({ "records": count }), &[]),
        kind("wrapper", &json!({ "message": text }), &[]),
        kind("lifecycle", &json!({ "message": text }), &[]),
    ]
}

fn summed(count: &Value, word: &Value) -> Value {
    json!({
        "function": word, "version": word, "reason": word, "inspected": count, "partial": count,
        "flagged": count, "blocked": count, "leaks": count, "tampered": count, "faults": count,
        "problems": count, "findings_dropped": count, "dropped": count, "unrecorded": count,
    })
}

fn counted(count: &Value, word: &Value) -> Value {
    let by_verdict = object(&json!({ "flag": count, "block": count }), &[]);
    let metric = object(&json!({ "Name": word, "Unit": word }), &[]);
    let dimensions = json!({ "type": "array", "items": { "type": "array", "items": word } });
    let metrics = object(
        &json!({
            "Namespace": { "const": "credenza" },
            "Dimensions": dimensions,
            "Metrics": { "type": "array", "items": metric, "maxItems": 100 },
        }),
        &[],
    );
    let embedded = object(
        &json!({
            "Timestamp": count,
            "CloudWatchMetrics": { "type": "array", "items": metrics },
        }),
        &[],
    );
    let mut members = json!({
        "function": word, "version": word, "mode": word, "policy": word, "policy_version": count,
        "rules": { "type": "object", "additionalProperties": by_verdict }, "_aws": embedded,
    });
    for name in COUNTERS.iter().chain(&QUANTILES) {
        members[name] = count.clone();
    }
    kind("metrics", &members, &QUANTILES)
}

#[test]
fn the_published_schema_lists_what_the_agent_writes() {
    let published = expect_file!["../../../../../docs/schema/record.schema.json"];
    published.assert_eq(&format!("{:#}\n", schema()));
}

/// What varies from line to line.
#[derive(Clone, Debug, bolero::generator::TypeGenerator)]
struct Dice {
    texts: [Vec<u8>; 4],
    numbers: [u64; 4],
    flags: [bool; 6],
}

impl Dice {
    fn text(&self, index: usize) -> String {
        String::from_utf8_lossy(&self.texts[index]).into_owned()
    }
}

/// Lines of every kind with these contents.
fn lines(dice: &Dice) -> Vec<String> {
    let format = if dice.flags[0] {
        LogFormat::Json
    } else {
        LogFormat::Text
    };
    let origin = Origin {
        function: if dice.flags[1] {
            dice.text(0)
        } else {
            String::new()
        },
        format,
        ..origin()
    };
    let mut lines = about_events(dice, &origin);
    lines.extend(about_trouble(dice, &origin));
    let problems = dice.numbers[0];
    lines.push(super::init(
        now(),
        &origin,
        &dice.text(1),
        &dice.text(2),
        "on",
        problems,
    ));
    let counts = Counts {
        inspected: dice.numbers[0],
        dropped: dice.numbers[1],
        ..Counts::default()
    };
    lines.push(super::summary(now(), &origin, "spindown", &counts));
    lines.push(super::policy(now(), &origin, dice.flags[0]));
    lines.push(super::dropped(now(), format, dice.numbers[2]));
    lines.push(super::wrapper(now(), &dice.text(3)));
    lines.push(super::lifecycle(now(), format, &dice.text(3)));
    lines
}

/// Those that tell of leaks, faults and problems.
fn about_trouble(dice: &Dice, origin: &Origin) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(super::problem(
        now(),
        origin,
        &Problem {
            at: dice.text(0),
            message: dice.text(1),
        },
    ));
    lines.push(super::fault(
        now(),
        origin,
        &FaultNote {
            kind: "k",
            family: "ours",
            behaviour: "passed",
            detail: &dice.text(2),
            request_id: &dice.texts[3],
        },
    ));
    lines.push(super::tamper(
        now(),
        origin,
        &TamperNote {
            rule: "proxy-bypass",
            why: "not-delivered",
            request_id: &dice.texts[3],
            detail: &dice.text(2),
        },
    ));
    let found = Found {
        secret: dice.flags[1].then_some(0),
        location: dice.text(3),
        shadow: dice.flags[2].then_some(Verdict::Flag),
        canary: dice.flags[3].then_some(dice.flags[4]),
        ..super::tests::FOUND
    };
    lines.push(super::leak(
        now(),
        origin,
        &LeakNote {
            request_id: &dice.texts[3],
            channel: "response",
            secret: &dice.text(1),
            found: &found,
            applied: dice.flags[2],
            under: Some(UNDER),
        },
    ));
    lines
}

/// Those that tell of events: findings, what was not inspected, what repeats, what it came to.
fn about_events(dice: &Dice, origin: &Origin) -> Vec<String> {
    let mut finding = found(&dice.text(0));
    finding.confidence = if dice.flags[2] {
        Confidence::Low
    } else {
        Confidence::High
    };
    finding.record = dice.flags[3].then(|| dice.text(1));
    finding.length = u32::MAX;
    if dice.flags[4] {
        finding.decoded = Decoder::ALL.to_vec();
    }
    let coverage = if dice.flags[5] {
        Coverage::missing(Gap::Budget)
    } else {
        Coverage::COMPLETE
    };
    let mut seen = inspected(vec![finding.clone()], coverage);
    seen.report.bytes = dice.numbers[0];
    seen.report.steps = dice.numbers[1];
    seen.records_cut = u32::from(dice.flags[3]);
    seen.shadow = dice.flags[1].then_some(Verdict::Flag);
    seen.canary = dice.flags[2].then_some(dice.flags[3]);
    seen.under.version = u64::from(dice.flags[4]);
    let invocation = Invocation {
        request_id: &dice.texts[1],
        tenant_id: &dice.texts[2],
        trace_id: &dice.texts[3],
        ..invocation()
    };
    let mut lines = vec![line_of(&invocation, origin, &seen)];
    let told = Seen {
        now: now(),
        origin,
        invocation: &invocation,
        inspected: &seen,
        us: dice.numbers[2],
    };
    lines.push(super::partial(&told));
    lines.push(super::clean(&told));
    let recorded = recorded(dice, &seen);
    lines.extend(super::recorded(now(), origin, &recorded).unwrap());
    let mut window = Window::begun(std::time::Instant::now());
    let mut repeats = Repeats::default();
    for _ in 0..12 {
        window.inspected(&seen, dice.numbers[3]);
        if dice.flags[5] {
            window.dealt_with(dice.numbers[3]);
        }
        let event = Circumstance {
            source: Source::Sqs,
            verdict: seen.verdict,
            applied: dice.flags[0],
            request_id: &dice.texts[1],
        };
        repeats.admits(&finding, &event);
    }
    let lost = Lost {
        dropped: dice.numbers[3],
        unrecorded: dice.numbers[2],
    };
    lines.push(super::metrics(now(), origin, &window, lost));
    let repeats = repeats.end();
    assert_eq!(repeats.len(), 1);
    lines.push(super::repeats(now(), origin, &repeats[0]));
    lines
}

/// What is recorded of an event.
fn recorded(dice: &Dice, seen: &Inspected) -> Recorded {
    Recorded {
        event: json!({ dice.text(3): [dice.text(2), dice.numbers[3]] })
            .to_string()
            .into(),
        request_id: dice.texts[1].clone(),
        trace_id: dice.texts[3].clone(),
        tenant_id: dice.texts[2].clone(),
        findings: seen.report.findings.clone(),
        coverage: seen.report.coverage,
        verdict: seen.verdict,
        policy: Arc::default(),
    }
}

#[test]
fn every_line_fits_the_schema_and_all_but_metrics_and_events_are_short() {
    let schema = schema();
    bolero::check!()
        .with_iterations(7_000)
        .with_type::<Dice>()
        .for_each(|dice| {
            for line in lines(dice) {
                let value: Value = serde_json::from_str(&line).unwrap();
                if let Some(found) = misfit(&value, &schema) {
                    let own = schema["oneOf"].as_array().unwrap().iter();
                    let why: Vec<_> = own
                        .filter(|kind| kind["properties"]["record"]["const"] == value["record"])
                        .filter_map(|kind| misfit(&value, kind))
                        .collect();
                    panic!("{found}: {why:?}");
                }
                let is_long = value["record"] == "metrics" || value["record"] == "event";
                let is_short = line.len() <= LINE_BYTES_MAX || is_long;
                assert!(is_short, "{} bytes: {line}", line.len());
            }
        });
}
