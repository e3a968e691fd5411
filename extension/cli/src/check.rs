//! `credenza check`: what a policy says, and what is wrong with it.
//! It never changes a file.
use std::fmt::Write;
use std::io::Read;

use credenza_policy::{OnError, Policy, Problem};
use serde_json::json;

use crate::Outcome;
use crate::arguments::Format;
use crate::failure::Failure;
use crate::paint::{Ink, Painter};

/// Reads the policy at `path` (`-` is stdin) and reports its problems.
pub(crate) fn run(
    path: &str,
    format: Format,
    painter: &Painter,
) -> anyhow::Result<(String, Outcome)> {
    let (policy, problems) = Policy::parse(&read(path)?);
    let outcome = if problems.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Findings
    };
    let text = match format {
        Format::Json => {
            let problems: Vec<_> = problems
                .iter()
                .map(|problem| json!({ "at": problem.at, "message": problem.message }))
                .collect();
            let report =
                json!({ "policy": path, "mode": policy.mode.name(), "problems": problems });
            format!("{report:#}\n")
        }
        Format::Text => describe(path, &policy, &problems, painter),
    };
    Ok((text, outcome))
}

/// Reads a policy; the agent takes the same bytes.
pub(crate) fn read(path: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if path == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Failure::new(path, error, "name a readable policy file, as UTF-8 text").into())
        }
    }
}

/// The policy in a file that must be without problems; the built-in one without a file.
pub(crate) fn policy(file: Option<&str>) -> anyhow::Result<Policy> {
    let Some(file) = file else {
        return Ok(Policy::default());
    };
    policy_of(file, &read(file)?)
}

/// The policy in the text of a file, which must be without problems.
pub(crate) fn policy_of(file: &str, text: &str) -> anyhow::Result<Policy> {
    let (policy, problems) = Policy::parse(text);
    match problems.first() {
        None => Ok(policy),
        Some(problem) => {
            let place = format!("{file}:{}", problem.at);
            let fix = "run `credenza check` on the policy";
            Err(Failure::new(place, &problem.message, fix).into())
        }
    }
}

fn describe(path: &str, policy: &Policy, problems: &[Problem], painter: &Painter) -> String {
    let path = if path == "-" { "stdin" } else { path };
    let mut text = String::new();
    for Problem { at, message } in problems {
        let mark = painter.ink(Ink::Yellow, "problem");
        let _ = writeln!(text, "{path}:{at}: {mark}: {message}");
    }
    let on_error = match policy.on_error {
        OnError::Open => "open",
        OnError::Closed => "closed",
    };
    let mode = painter.ink(Ink::Bold, policy.mode.name());
    let _ = writeln!(text, "{path}: mode {mode}, on error {on_error}");
    if problems.is_empty() {
        let _ = writeln!(text, "{}", painter.ink(Ink::Green, "no problems"));
    }
    text
}
