//! `credenza inspect`: events from files or stdin, judged as a policy in block mode would.
//! It never prints a field's value.
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Instant;

use anyhow::Result;
use credenza_engine::{Finding, HashKey, Report};
use credenza_event::Steps;
use credenza_exchange::Inspected;
use credenza_policy::{Mode, Policy, Verdict};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::arguments::{FailOn, Format};
use crate::failure::Failure;
use crate::paint::{Ink, Painter, tame};
use crate::{Outcome, check, goes_on};

/// The key of the hashes that `inspect` shows: fixed, so that two runs can be compared.
const KEY: HashKey = HashKey(*b"credenza inspect");

/// What `inspect` was asked to do.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// Files, or `-` for stdin.
    pub(crate) files: &'a [String],
    /// Each line of the input is an object with an `id` and an `event` or `output`.
    pub(crate) lines: bool,
    /// The policy file.
    pub(crate) policy: Option<&'a str>,
    /// From which verdict on the exit code says so.
    pub(crate) fail_on: FailOn,
}

/// Inspects and writes as it goes, because a run may be long.
pub(crate) fn run(request: &Request<'_>, format: Format, painter: &Painter) -> Result<Outcome> {
    let policy = policy(request.policy)?;
    let mut found = Outcome::Clean;
    let mut show = |judged: &Judged<'_>, text: &str| {
        if judged.fails(request.fail_on) {
            found = Outcome::Findings;
        }
        goes_on(out_line(text))
    };
    for file in request.files {
        let mut input = open(file)?;
        let on = if request.lines {
            each_line(file, input.as_mut(), |id, message| {
                let judged = Judged::new(id, message, &policy);
                show(&judged, &judged.json().to_string())
            })?
        } else {
            let mut event = Vec::new();
            let unread = |error| Failure::new(place(file), error, "name a file that can be read");
            input.read_to_end(&mut event).map_err(unread)?;
            let judged = Judged::new(file, &event, &policy);
            let text = match format {
                Format::Json => judged.json().to_string(),
                Format::Text => judged.text(painter),
            };
            show(&judged, text.trim_end())?
        };
        if !on {
            break;
        }
    }
    Ok(found)
}

fn out_line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// How an input is called in messages.
fn place(file: &str) -> &str {
    if file == "-" { "stdin" } else { file }
}

/// The policy in force, held to block mode: the verdict is always "as it would be".
fn policy(file: Option<&str>) -> Result<Policy> {
    let mut policy = check::policy(file)?;
    policy.mode = Mode::Block;
    Ok(policy)
}

fn open(file: &str) -> Result<Box<dyn BufRead>> {
    if file == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = std::fs::File::open(file)
        .map_err(|error| Failure::new(file, error, "name a file that can be read, or `-`"))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// One line of `--jsonl` input.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// Hands each line's message to `show`, until it has seen enough; true if it never had.
fn each_line(
    file: &str,
    input: &mut dyn BufRead,
    mut show: impl FnMut(&str, &[u8]) -> Result<bool>,
) -> Result<bool> {
    for (number, line) in (1..).zip(input.lines()) {
        let place = || format!("{}:{number}", place(file));
        let line = line.map_err(|error| Failure::new(place(), error, "use UTF-8"))?;
        if line.trim().is_empty() {
            continue;
        }
        let fix = "write one object a line with `id` and `event` or `output`";
        let read: Line<'_> =
            serde_json::from_str(&line).map_err(|error| Failure::new(place(), error, fix))?;
        let message = read
            .event
            .or(read.output)
            .ok_or_else(|| Failure::new(place(), "neither `event` nor `output`", fix))?;
        let id = read
            .id
            .as_str()
            .map_or_else(|| read.id.to_string(), str::to_owned);
        if !show(&id, message.get().as_bytes())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// One inspected message.
struct Judged<'a> {
    id: &'a str,
    report: Report,
    verdict: Verdict,
    nanoseconds: u128,
}

impl<'a> Judged<'a> {
    fn new(id: &'a str, message: &[u8], policy: &Policy) -> Self {
        let begun = Instant::now();
        let steps = Steps::for_bytes(message.len());
        let Inspected {
            report, verdict, ..
        } = credenza_exchange::event(message, steps, policy, &KEY);
        let nanoseconds = begun.elapsed().as_nanos();
        Self {
            id,
            report,
            verdict,
            nanoseconds,
        }
    }

    fn fails(&self, fail_on: FailOn) -> bool {
        match fail_on {
            FailOn::Flag => self.verdict >= Verdict::Flag,
            FailOn::Block => self.verdict >= Verdict::Block,
            FailOn::Never => false,
        }
    }

    fn json(&self) -> Value {
        let findings: Vec<Value> = self.report.findings.iter().map(finding).collect();
        json!({
            "id": self.id,
            "verdict": self.verdict.name(),
            "coverage": self.report.coverage.name(),
            "gaps": self.report.coverage.gaps().map(credenza_event::Gap::name).collect::<Vec<_>>(),
            "findings": findings,
            "findings_dropped": self.report.findings_dropped,
            "bytes": self.report.bytes,
            "steps": self.report.steps,
            "ns": u64::try_from(self.nanoseconds).unwrap_or(u64::MAX),
        })
    }

    fn text(&self, painter: &Painter) -> String {
        let ink = match self.verdict {
            Verdict::Pass => Ink::Green,
            Verdict::Flag => Ink::Yellow,
            Verdict::Block => Ink::Red,
        };
        let verdict = painter.ink(ink, self.verdict.name());
        let coverage = self.report.coverage.name();
        let (id, bytes) = (tame(self.id), self.report.bytes);
        let mut text = format!("{verdict}  {id}  {bytes} bytes, coverage {coverage}\n");
        for finding in &self.report.findings {
            let chain = chain(finding);
            let decoded = if chain.is_empty() {
                String::new()
            } else {
                format!(", decoded {}", chain.join(" then "))
            };
            let _ = writeln!(
                text,
                "  {} {} at {}{decoded}",
                painter.ink(Ink::Cyan, finding.rule.id),
                finding.confidence.name(),
                if finding.location.is_empty() {
                    "the whole event"
                } else {
                    &finding.location
                },
            );
            let explanation = finding.explanation;
            let _ = writeln!(
                text,
                "    {} ({}, {})  {}",
                explanation.production,
                explanation.context,
                explanation.dialect,
                painter.ink(Ink::Dim, &finding.sample),
            );
        }
        text
    }
}

fn chain(finding: &Finding) -> Vec<&'static str> {
    finding
        .decoded
        .iter()
        .map(|decoder| decoder.name())
        .collect()
}

fn finding(finding: &Finding) -> Value {
    let mut line = json!({
        "rule": finding.rule.id,
        "class": finding.rule.class,
        "confidence": finding.confidence.name(),
        "location": finding.location,
        "part": match finding.part {
            credenza_event::Part::Key => "key",
            credenza_event::Part::Value => "value",
        },
        "span": [finding.span.start, finding.span.end],
        "length": finding.length,
        "decoded": chain(finding),
        "context": finding.explanation.context,
        "dialect": finding.explanation.dialect,
        "production": finding.explanation.production,
        "sample": finding.sample,
        "hash": format!("{:016x}", finding.hash),
        "cwe": finding.rule.cwe,
    });
    if let (Some(members), Some(record)) = (line.as_object_mut(), &finding.record) {
        members.insert("record".to_owned(), json!(record));
    }
    line
}
