//! `credenza explain`: the page of a rule, or of the rule behind a finding.
//! It never repeats what the page says; the page is the one text.
use std::fmt::Write;
use std::io::Read;

use credenza_engine::detector::Rule;
use serde_json::{Value, json};

use crate::Outcome;
use crate::arguments::Format;
use crate::failure::Failure;
use crate::paint::{Ink, Painter, fit};
use crate::{page, rules, suggest};

/// Shows the page of `subject`: a rule id, a finding as JSON, or `-` for a finding on stdin.
pub(crate) fn run(
    subject: &str,
    format: Format,
    painter: &Painter,
) -> anyhow::Result<(String, Outcome)> {
    let subject = if subject == "-" {
        stdin()?
    } else {
        subject.to_owned()
    };
    let subject = subject.trim();
    let finding = if subject.starts_with('{') {
        Some(finding(subject)?)
    } else {
        None
    };
    let id = finding
        .as_ref()
        .and_then(|finding| finding.get("rule"))
        .and_then(Value::as_str);
    let rule = rule(id.unwrap_or(subject))?;
    let text = match format {
        Format::Json => {
            let page = json!({
                "rule": rule.id, "class": rule.class, "cwe": rule.cwe,
                "ceiling": rule.ceiling.name(), "page": rule.page,
            });
            format!("{page:#}\n")
        }
        Format::Text => {
            let mut text = String::new();
            if let Some(finding) = &finding {
                describe(finding, painter, &mut text);
            }
            text.push_str(&page::render(rule.page, painter));
            text
        }
    };
    Ok((text, Outcome::Clean))
}

fn stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new("stdin", error, "pipe one finding in, as a JSON line"))?;
    Ok(text)
}

fn finding(text: &str) -> anyhow::Result<Value> {
    let record: Value = serde_json::from_str(text).map_err(|error| {
        Failure::new(
            "the finding",
            error,
            "give one whole JSON line, in single quotes",
        )
    })?;
    // A verdict of `inspect --jsonl` holds a list; its first finding is the strongest.
    Ok(record.pointer("/findings/0").cloned().unwrap_or(record))
}

fn rule(id: &str) -> anyhow::Result<&'static Rule> {
    if let Some(rule) = rules::all().find(|rule| rule.id == id) {
        return Ok(rule);
    }
    let fix = match suggest::nearest(id, rules::all().map(|rule| rule.id)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`credenza rules` lists them all".to_owned(),
    };
    Err(Failure::new(format!("`{}`", fit(id, 40)), "there is no such rule", &fix).into())
}

/// What is worth telling of a finding, in this order.
const FINDING_MEMBERS: [&str; 9] = [
    "location",
    "confidence",
    "decoded",
    "production",
    "context",
    "dialect",
    "explanation",
    "sample",
    "verdict",
];

/// Says where a finding stood and why it is one.
fn describe(finding: &Value, painter: &Painter, text: &mut String) {
    for name in FINDING_MEMBERS {
        let value = match finding.get(name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(value)) => value.clone(),
            Some(Value::Array(items)) if items.is_empty() => continue,
            Some(Value::Array(items)) => {
                let names: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                names.join(" → ")
            }
            Some(Value::Object(members)) => {
                let values: Vec<&str> = members.values().filter_map(Value::as_str).collect();
                values.join(", ")
            }
            Some(other) => other.to_string(),
        };
        let name = painter.ink(Ink::Dim, &format!("{name:>12}"));
        let _ = writeln!(
            text,
            "{name}  {}",
            fit(&value, painter.width.saturating_sub(14))
        );
    }
    text.push('\n');
}
