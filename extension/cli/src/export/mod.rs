//! `credenza export`: findings and leaks in the form of other systems.
//! It never sends anything, and adds nothing of an event that its record does not hold.
mod asff;
mod ecs;
mod ocsf;

use std::io::{self, Write as _};

use anyhow::Result;
use credenza_engine::detector::Rule;
use serde_json::Value;

use crate::Outcome;
use crate::arguments::{ExportArguments, Target};
use crate::evidence::tally::hash;
use crate::failure::Failure;
use crate::goes_on;
use crate::records::{self, Record};
use crate::rules;

/// Where the functions live, as far as records do not tell.
#[derive(Clone, Debug, Default)]
struct Account {
    id: String,
    region: String,
}

// Limit: `BatchImportFindings` takes at most 100 findings (Security Hub's API reference).
const BATCH_MAX: usize = 100;

/// Reads records and writes what they tell of, one object a line, or one batch a line for ASFF.
pub(crate) fn run(arguments: &ExportArguments) -> Result<Outcome> {
    let account = account(arguments)?;
    let mut out: Box<dyn io::Write> = match &arguments.output {
        Some(file) if file.as_os_str() != "-" => {
            let opened = std::fs::File::create(file).map_err(|error| {
                Failure::new(file.display(), error, "name a file that can be written")
            })?;
            Box::new(io::BufWriter::new(opened))
        }
        _ => Box::new(io::BufWriter::new(io::stdout().lock())),
    };
    let mut batch: Vec<Value> = Vec::new();
    let intake = records::each(&arguments.records, &mut |record| {
        let Some(told) = Told::of(record) else {
            return Ok(true);
        };
        match arguments.to {
            Target::Ocsf => goes_on(writeln!(out, "{}", ocsf::event(&told, &account))),
            Target::Ecs => goes_on(writeln!(out, "{}", ecs::document(&told, &account))),
            Target::Asff => {
                batch.push(asff::finding(&told, &account));
                if batch.len() < BATCH_MAX {
                    return Ok(true);
                }
                let full = Value::Array(std::mem::take(&mut batch));
                goes_on(writeln!(out, "{full}"))
            }
        }
    })?;
    if !batch.is_empty() {
        goes_on(writeln!(out, "{}", Value::Array(batch)))?;
    }
    goes_on(out.flush())?;
    if intake.others > 0 {
        intake.is_any()?;
    }
    Ok(Outcome::Clean)
}

fn account(arguments: &ExportArguments) -> Result<Account> {
    let account = Account {
        id: arguments.account.clone().unwrap_or_default(),
        region: arguments.region.clone().unwrap_or_default(),
    };
    let is_missing = account.id.is_empty() || account.region.is_empty();
    if arguments.to == Target::Asff && is_missing {
        let reason = "Security Hub wants to know account and region, and records do not tell";
        let fix = "say --account 123456789012 --region eu-west-1";
        return Err(Failure::new("export", reason, fix).into());
    }
    Ok(account)
}

/// How bad, from what was found and whether it was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Low,
    Medium,
    High,
}

/// A record that is worth telling others of.
struct Told<'a> {
    record: &'a Record<'a>,
    rule: Option<&'static Rule>,
    /// What it is called.
    title: String,
    /// What was found where, in a sentence.
    text: String,
    /// The same on every run.
    id: String,
    severity: Severity,
    millis: i64,
}

impl<'a> Told<'a> {
    fn of(record: &'a Record<'a>) -> Option<Self> {
        let kind = record.kind()?;
        let is_of_candidate = kind == "leak" && record.verdict.get() == "pass";
        if !matches!(kind, "finding" | "leak" | "tamper" | "repeats") || is_of_candidate {
            return None;
        }
        let id = record.rule.some().unwrap_or(kind);
        let rule = rules::all().find(|rule| rule.id == id);
        let key = (
            record.function.get(),
            record.request_id.get(),
            id,
            record.location.get(),
            record.span.0,
            record.secret.get(),
            record.time.some().or_else(|| record.timestamp.some()),
        );
        let severity = match (record.applied.0, record.confidence.get()) {
            (false, "high") if record.verdict.get() != "flag" => Severity::High,
            (true, "high") | (false, "high" | "medium") => Severity::Medium,
            _ if kind == "tamper" => Severity::High,
            _ => Severity::Low,
        };
        Some(Self {
            record,
            rule,
            title: title(id, kind),
            text: text(record, id, kind),
            id: format!("credenza-{:016x}", hash(&key)),
            severity,
            millis: record.millis()?,
        })
    }

    fn rule_id(&self) -> &str {
        self.rule.map_or_else(
            || self.record.rule.some().unwrap_or("tamper"),
            |rule| rule.id,
        )
    }

    fn cwe(&self) -> Option<u16> {
        self.rule.map(|rule| rule.cwe)
    }

    /// The time as RFC 3339.
    fn time(&self) -> String {
        records::clock::rfc3339(self.millis)
    }
}

/// `sql-injection` as people write it.
fn title(id: &str, kind: &str) -> String {
    let mut words = id.replace('-', " ");
    if let Some(first) = words.get(..1).map(str::to_uppercase) {
        words.replace_range(..1, &first);
    }
    match kind {
        "leak" => format!("{words} in an answer of a function"),
        "tamper" => format!("{words}: something went past credenza"),
        "repeats" => format!("{words} in events of a function, repeatedly"),
        _ => format!("{words} in an event of a function"),
    }
}

fn text(record: &Record<'_>, id: &str, kind: &str) -> String {
    let done = match (record.applied.0, record.verdict.get()) {
        (true, _) => "It was refused.",
        (false, "block") => "It passed, because the mode is monitor.",
        _ => "It passed.",
    };
    let place = record.location.some().unwrap_or("the whole event");
    let what = match kind {
        "leak" => format!("{id} found {} in an answer", record.secret.get()),
        "tamper" => format!(
            "The platform has seen what the agent has not: {}",
            record.why.get()
        ),
        "repeats" => format!("{id} found {} more at {place}", record.times()),
        _ => format!("{id} found {} at {place}", record.production.get()),
    };
    let mut chain: Vec<&str> = record.decoded.iter().collect();
    if chain.is_empty() {
        return format!("{what}. {done}");
    }
    chain.insert(0, "as sent");
    format!("{what}, decoded {}. {done}", chain.join(" → "))
}
