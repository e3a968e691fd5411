//! The decision behind a finding, told again: where, through what, by which grammar, to what end.
//! It never shows more of a value than the finding does.
use std::fmt::Write as _;

use anyhow::Result;
use credenza_engine::detector::Rule;
use credenza_engine::{Confidence, Finding, HashKey};
use credenza_event::{Part, Steps};
use credenza_exchange::Circumstances;
use credenza_policy::{Exemption, Policy, Verdict};
use serde_json::{Value, json};

use crate::evidence::cluster::{Cluster, Sample};
use crate::exemption;
use crate::judgement;
use crate::paint::{Ink, Painter, fit, tame};
use crate::records::Record;
use crate::report::samples;

/// What is known of a finding besides itself.
pub(crate) struct Beside<'a> {
    /// The rule that found it.
    pub(crate) rule: &'static Rule,
    /// The policy to judge by.
    pub(crate) policy: &'a Policy,
    /// The event that it was found in, if it is at hand.
    pub(crate) event: Option<&'a [u8]>,
}

/// What became of the attempt to find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// The event is not at hand.
    NotTried,
    /// The same decision: rule, place, steps, bytes and grammar.
    Same,
    /// The rule finds something at the place, but decides otherwise.
    Otherwise,
    /// The rule finds nothing there.
    Not,
}

impl Again {
    fn name(self) -> &'static str {
        match self {
            Self::NotTried => "not-tried",
            Self::Same => "same",
            Self::Otherwise => "otherwise",
            Self::Not => "not",
        }
    }
}

/// The finding in words, with its exemption.
pub(crate) fn text(record: &Record<'_>, beside: &Beside<'_>, painter: &Painter) -> String {
    let mut out = String::new();
    let rule = beside.rule;
    let head = painter.ink(Ink::Bold, rule.id);
    let _ = writeln!(out, "{head}  CWE-{}, {}\n", rule.cwe, rule.class);
    let room = painter.width.saturating_sub(14);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let name = painter.ink(Ink::Dim, &format!("{name:>12}"));
            let _ = writeln!(out, "{name}  {}", fit(value, room.max(value.len())));
        }
    };
    row("where", &place(record));
    row("route", &route(record));
    row("batch record", record.batch_record.get());
    row("decoded", &chain(record));
    row("read", &grammar(record));
    row("bytes", &bytes(record));
    if record.sample.some().is_some() {
        out.push('\n');
        out.push_str(&ruler(record, painter));
        out.push('\n');
    }
    let mut row = |name: &str, value: &str| {
        let name = painter.ink(Ink::Dim, &format!("{name:>12}"));
        let _ = writeln!(out, "{name}  {value}");
    };
    row("decision", &decision(record, beside));
    row("recorded", &recorded(record));
    match again(record, beside) {
        Again::NotTried => (),
        Again::Same => row(
            "again",
            &painter.ink(Ink::Green, "the event leads to the same decision"),
        ),
        Again::Otherwise => {
            let said =
                "the rule finds this place, and decides otherwise: another version or policy";
            row("again", &painter.ink(Ink::Yellow, said));
        }
        Again::Not => {
            let said = "the rule finds nothing there: another event, version or policy";
            row("again", &painter.ink(Ink::Red, said));
        }
    }
    let harmless = if exemption::is_narrow(&Cluster::new(record)) {
        "if it is harmless, for the policy:"
    } else {
        "it tells no place to exempt; if it is harmless, its rule can only watch:"
    };
    let _ = writeln!(out, "\n{harmless}\n");
    for line in exemption(record).lines() {
        let _ = writeln!(out, "  {}", painter.ink(Ink::Cyan, &tame(line)));
    }
    out.push('\n');
    out
}

/// The finding for machines.
pub(crate) fn json(record: &Record<'_>, beside: &Beside<'_>) -> Value {
    let chain: Vec<&str> = record.decoded.iter().collect();
    json!({
        "location": record.location.get(), "route": record.route.get(),
        "source": record.source.get(), "part": record.part.get(), "role": record.role.get(),
        "decoded": chain, "context": record.context.get(), "dialect": record.dialect.get(),
        "production": record.production.get(), "span": record.span.0.map(|(a, b)| [a, b]),
        "length": record.length.0, "sample": record.sample.get(),
        "confidence": record.confidence.get(), "cwe": beside.rule.cwe,
        "decision": verdict(record, beside).0.name(), "again": again(record, beside).name(),
        "exemption": exemption(record),
    })
}

fn place(record: &Record<'_>) -> String {
    let location = record.location.some().unwrap_or("the whole event");
    let mut text = location.to_owned();
    if record.part.get() == "key" {
        text.push_str(", a key");
    }
    if let Some(role) = record.role.some() {
        let _ = write!(text, " ({role})");
    }
    text
}

fn route(record: &Record<'_>) -> String {
    let named = [
        record.route.get(),
        record.source.get(),
        record.function.get(),
    ];
    let named: Vec<&str> = named.into_iter().filter(|name| !name.is_empty()).collect();
    named.join(", ")
}

fn chain(record: &Record<'_>) -> String {
    let mut steps = vec!["as sent"];
    steps.extend(record.decoded.iter());
    steps.join(" → ")
}

fn grammar(record: &Record<'_>) -> String {
    let mut text = record.production.get().to_owned();
    for (word, value) in [("in", record.context.get()), ("as", record.dialect.get())] {
        if !value.is_empty() {
            let _ = write!(text, ", {word} {value}");
        }
    }
    text
}

fn bytes(record: &Record<'_>) -> String {
    match (record.span.0, record.length.0) {
        (Some((start, end)), Some(length)) => {
            format!("{start} to {end} of the {length} of the form that was judged")
        }
        (Some((start, end)), None) => format!("{start} to {end}"),
        _ => String::new(),
    }
}

/// The masked form with a line under the bytes that decided.
fn ruler(record: &Record<'_>, painter: &Painter) -> String {
    let sample = Sample {
        text: record.sample.get().to_owned(),
        span: record.span.0,
        ..Sample::default()
    };
    let (before, decisive, after) = samples::parts(&sample);
    let is_cut = record
        .span
        .0
        .is_some_and(|(start, _)| start > samples::LEAD);
    let lead = if is_cut { "…" } else { "" };
    let indent = " ".repeat(14 + lead.chars().count() + before.chars().count());
    let marks = "^".repeat(decisive.chars().count().max(1));
    format!(
        "{:14}{lead}{}{}{}\n{indent}{}\n",
        "",
        tame(&before),
        painter.ink(Ink::Red, &tame(&decisive)),
        tame(&after),
        painter.ink(Ink::Red, &format!("{marks} {}", record.production.get()))
    )
}

/// The verdict of the policy on this finding alone, as in block mode, and the exemption that says
/// so.
fn verdict<'p>(record: &Record<'_>, beside: &Beside<'p>) -> (Verdict, Option<&'p Exemption>) {
    let place = judgement::place(record, &[]);
    let Some(finding) = judgement::finding(record, beside.rule) else {
        return (Verdict::Pass, None);
    };
    match judgement::exemption(beside.policy, &finding, &place) {
        Some(exemption) => (Verdict::Pass, Some(exemption)),
        None => (beside.policy.at(&place).finding(&finding), None),
    }
}

fn decision(record: &Record<'_>, beside: &Beside<'_>) -> String {
    let Some(confidence) = judgement::confidence(record) else {
        return "none: the finding does not say how sure it is".to_owned();
    };
    let mut said = beside.policy.rules.iter();
    let said = said.find(|rule| rule.id == beside.rule.id);
    let minimum = said.map_or(Confidence::High, |rule| rule.minimum_confidence);
    let from = minimum.name();
    let (verdict, exemption) = verdict(record, beside);
    let by_rule = beside.policy.finding_verdict(beside.rule.id, confidence);
    let why = match (exemption, verdict) {
        (Some(exemption), _) => {
            let (author, last) = (&exemption.author, exemption.expires);
            format!("an exemption by {author} covers it until {last}")
        }
        _ if verdict != by_rule => "the policy says so of this place".to_owned(),
        (None, Verdict::Block) => format!("the rule blocks from {from} on"),
        (None, Verdict::Flag) if confidence < minimum => {
            format!("the rule blocks from {from} on, and reports below")
        }
        (None, Verdict::Flag) => "the policy lets this rule report only".to_owned(),
        (None, Verdict::Pass) => "the policy does not watch this rule".to_owned(),
    };
    format!(
        "{}: confidence {}, and {}",
        verdict.name(),
        confidence.name(),
        tame(&why)
    )
}

fn recorded(record: &Record<'_>) -> String {
    let Some(verdict) = record.verdict.some() else {
        return "no verdict".to_owned();
    };
    let mut text = format!("verdict {verdict}");
    if let Some(mode) = record.mode.some() {
        let done = match (record.applied.0, verdict) {
            (true, _) => "refused",
            (false, "block") => "passed, because of the mode",
            (false, _) => "passed",
        };
        let _ = write!(text, " in mode {mode}: {done}");
    }
    if let Some(policy) = record.policy.some() {
        let _ = write!(text, "; policy {policy}");
    }
    text
}

fn exemption(record: &Record<'_>) -> String {
    let mut cluster = Cluster::new(record);
    cluster.add(record);
    cluster.invocations = 1;
    exemption::of(
        &cluster,
        &exemption::author(),
        &exemption::expiry(record.seconds()),
    )
}

/// Judges the event again, if it is at hand.
fn again(record: &Record<'_>, beside: &Beside<'_>) -> Again {
    let Some(event) = beside.event else {
        return Again::NotTried;
    };
    let key = HashKey(*b"credenza explain");
    let steps = Steps::for_bytes(event.len());
    let about = Circumstances {
        today: exemption::today(),
        ..Circumstances::default()
    };
    let judged = credenza_exchange::event_under(event, &about, steps, beside.policy, &key);
    let here: Vec<&Finding> = judged
        .report
        .findings
        .iter()
        .filter(|found| found.rule.id == beside.rule.id && found.location == record.location.get())
        .collect();
    let same = |found: &&&Finding| {
        let span = (u64::from(found.span.start), u64::from(found.span.end));
        let decoded = found.decoded.iter().map(|decoder| decoder.name());
        record.span.0 == Some(span)
            && decoded.eq(record.decoded.iter())
            && found.explanation.production == record.production.get()
            && (found.part == Part::Key) == (record.part.get() == "key")
    };
    if here.iter().any(|found| same(&found)) {
        Again::Same
    } else if here.is_empty() {
        Again::Not
    } else {
        Again::Otherwise
    }
}

/// The findings in a text: a record, a verdict of `inspect --jsonl`, or a log line around one.
pub(crate) fn findings(text: &str) -> Result<Vec<String>> {
    let value: Value = serde_json::from_str(text)?;
    if let Some(list) = value.get("findings").and_then(Value::as_array) {
        return Ok(list.iter().map(Value::to_string).collect());
    }
    for name in ["message", "@message"] {
        let inner = value.get(name).and_then(Value::as_str);
        if let Some(inner) = inner.and_then(|inner| inner.get(inner.find('{')?..)) {
            return findings_once(inner);
        }
    }
    Ok(vec![text.to_owned()])
}

fn findings_once(text: &str) -> Result<Vec<String>> {
    let value: Value = serde_json::from_str(text)?;
    Ok(vec![value.to_string()])
}
