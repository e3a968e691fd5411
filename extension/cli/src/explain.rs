//! `credenza explain`: the page of a rule, or the decision behind a finding and its rule's page.
//! It never repeats what the page says; the page is the one text.
use std::io::Read;
use std::path::Path;

use credenza_engine::detector::Rule;
use credenza_engine::leak::leaked_secret;
use serde_json::{Value, json};

use crate::Outcome;
use crate::arguments::Format;
use crate::failure::Failure;
use crate::paint::{Painter, fit};
use crate::records::Record;
use crate::{decision, page, rules, suggest};

/// What is to be explained.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// A rule id, a finding as JSON, a file that holds one, or `-` for stdin.
    pub(crate) subject: &'a str,
    /// The policy to judge a finding by.
    pub(crate) policy: Option<&'a str>,
    /// The event of a finding, to be judged again.
    pub(crate) event: Option<&'a Path>,
}

/// Shows the page of a rule, or the decision behind a finding and then the page of its rule.
pub(crate) fn run(
    request: &Request<'_>,
    format: Format,
    painter: &Painter,
) -> anyhow::Result<(String, Outcome)> {
    let subject = subject(request.subject)?;
    let subject = subject.trim();
    let text = if subject.starts_with('{') {
        explained(subject, request, format, painter)?
    } else if let Some(page) = kind_of_secret(subject) {
        match format {
            Format::Json => format!("{:#}\n", json!({ "kind": subject, "page": page })),
            Format::Text => page::render(page, painter),
        }
    } else {
        let rule = rule(subject)?;
        match format {
            Format::Json => format!("{:#}\n", page_json(rule)),
            Format::Text => page::render(rule.page, painter),
        }
    };
    Ok((text, Outcome::Clean))
}

/// The page of a kind of secret, without the forms at its head.
fn kind_of_secret(kind: &str) -> Option<&'static str> {
    let (_, page) = leaked_secret::pages().find(|(name, _)| *name == kind)?;
    let behind = page.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(behind.1)
}

// Limit: a finding is a line of 700 bytes, and the first of a file is explained; a mebibyte holds
// the longest event that `inspect` tells of.
const FINDINGS_BYTES_MAX: u64 = 1024 * 1024;

/// What stands behind the argument: itself, a file, or stdin.
fn subject(subject: &str) -> anyhow::Result<String> {
    let fix = "give one finding as a JSON line, a file that holds one, or a rule's id";
    let mut bytes = Vec::new();
    if subject == "-" {
        std::io::stdin()
            .take(FINDINGS_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new("stdin", error, fix))?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let is_file = !subject.trim_start().starts_with('{') && Path::new(subject).is_file();
    if is_file {
        std::fs::File::open(subject)
            .and_then(|file| file.take(FINDINGS_BYTES_MAX).read_to_end(&mut bytes))
            .map_err(|error| Failure::new(subject, error, fix))?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    Ok(subject.to_owned())
}

fn explained(
    text: &str,
    request: &Request<'_>,
    format: Format,
    painter: &Painter,
) -> anyhow::Result<String> {
    let fix = "give one whole JSON line, in single quotes";
    // A file of records may hold more lines; the first is the one that was asked for.
    let first = text
        .lines()
        .next()
        .filter(|line| line.trim_end().ends_with('}'));
    let findings = decision::findings(text)
        .or_else(|error| first.map_or(Err(error), decision::findings))
        .map_err(|error| Failure::new("the finding", error, fix))?;
    let policy = crate::check::policy(request.policy)?;
    let event = match request.event {
        Some(file) => {
            let unread = |error| Failure::new(file.display(), error, "name the event's file");
            Some(std::fs::read(file).map_err(unread)?)
        }
        None => None,
    };
    let mut out = String::new();
    let mut pages: Vec<&'static Rule> = Vec::new();
    let mut all = Vec::new();
    for finding in &findings {
        let record: Record<'_> = serde_json::from_str(finding)
            .map_err(|error| Failure::new("the finding", error, fix))?;
        let id = record.rule.get();
        let own = policy.custom.iter().find(|custom| custom.rule.id == id);
        let rule = own.map_or_else(|| rule(id), |custom| Ok(custom.rule))?;
        let policy = policy.clone().for_function(record.function.get());
        let beside = decision::Beside {
            rule,
            policy: &policy,
            event: event.as_deref(),
        };
        if pages.iter().all(|page| page.id != rule.id) {
            pages.push(rule);
        }
        match format {
            Format::Json => all.push(decision::json(&record, &beside)),
            Format::Text => out.push_str(&decision::text(&record, &beside, painter)),
        }
    }
    if findings.is_empty() {
        return Err(Failure::new("the finding", "there is none in it", fix).into());
    }
    if format == Format::Json {
        let mut page = pages
            .first()
            .map(|rule| page_json(rule))
            .unwrap_or_default();
        page["findings"] = json!(all);
        return Ok(format!("{page:#}\n"));
    }
    for rule in pages {
        out.push_str(&page::render(rule.page, painter));
    }
    Ok(out)
}

fn page_json(rule: &Rule) -> Value {
    json!({
        "rule": rule.id, "class": rule.class, "cwe": rule.cwe,
        "ceiling": rule.ceiling.name(), "page": rule.page,
    })
}

fn rule(id: &str) -> anyhow::Result<&'static Rule> {
    if id.is_empty() {
        let fix = "give a finding, a leak or a rule's id";
        return Err(Failure::new("the finding", "it names no rule", fix).into());
    }
    if let Some(rule) = rules::all().find(|rule| rule.id == id) {
        return Ok(rule);
    }
    let fix = match suggest::nearest(id, rules::all().map(|rule| rule.id)) {
        Some(name) => format!("did you mean `{name}`?"),
        None if id.contains(['.', '/']) => {
            "there is no such file either; give the file of a finding, or a rule's id".to_owned()
        }
        None => "`credenza rules` lists them all".to_owned(),
    };
    Err(Failure::new(format!("`{}`", fit(id, 40)), "there is no such rule", &fix).into())
}
