//! `credenza check`: what a policy says, and what is wrong with it.
//! It never changes a file.
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use credenza_policy::{Policy, Problem};
use serde_json::json;

use crate::Outcome;
use crate::arguments::Format;
use crate::exemption;
use crate::failure::Failure;
use crate::paint::{Ink, Painter, tame};

// Limit: what the agent reads of a policy (its `config.rs`).
const POLICY_BYTES_MAX: u64 = 1024 * 1024;

// Limit: a fortnight is long enough to renew an exemption, and too short to forget the note.
const NEARLY_SECONDS: u64 = 14 * 86_400;

/// One file of a policy, and what is wrong with it.
struct Checked {
    path: String,
    source: String,
    problems: Vec<Problem>,
}

/// Reads the policy at `path` (`-` is stdin), and the candidate that it names, and reports their
/// problems.
pub(crate) fn run(
    path: &str,
    format: Format,
    painter: &Painter,
) -> anyhow::Result<(String, Outcome)> {
    let source = read(path)?;
    let (policy, problems) = Policy::parse(&source);
    let mut files = vec![Checked {
        path: path.to_owned(),
        source,
        problems,
    }];
    if let Some(file) = &policy.shadow_file {
        let place = Path::new(if path == "-" { "" } else { path }).with_file_name(file);
        files.push(candidate(&policy, &place.display().to_string())?);
    }
    let is_clean = files.iter().all(|file| file.problems.is_empty());
    let outcome = if is_clean {
        Outcome::Clean
    } else {
        Outcome::Findings
    };
    let text = match format {
        Format::Json => {
            let problems: Vec<_> = files.iter().flat_map(Checked::json).collect();
            let report = json!({ "policy": path, "mode": policy.mode.name(),
                "problems": problems, "notes": notes(&policy) });
            format!("{report:#}\n")
        }
        Format::Text => describe(&files, &policy, painter),
    };
    Ok((text, outcome))
}

/// The candidate in a file of its own.
fn candidate(policy: &Policy, path: &str) -> anyhow::Result<Checked> {
    let source = read(path)?;
    let (candidate, mut problems) = Policy::parse(&source);
    if let Err(why) = policy.clone().beside(candidate) {
        let (at, message) = ("1:1".to_owned(), why.to_owned());
        problems.push(Problem { at, message });
    }
    Ok(Checked {
        path: path.to_owned(),
        source,
        problems,
    })
}

impl Checked {
    fn json(&self) -> impl Iterator<Item = serde_json::Value> {
        self.problems.iter().map(|problem| {
            let spot = spot(&problem.at);
            json!({ "file": self.path, "at": problem.at, "message": problem.message,
                "line": spot.map(|(line, _)| line),
                "column": spot.map(|(_, column)| column) })
        })
    }
}

/// Reads a policy, as much of it as the agent takes.
pub(crate) fn read(path: &str) -> anyhow::Result<String> {
    let opened: std::io::Result<Box<dyn Read>> = match path {
        "-" => Ok(Box::new(std::io::stdin())),
        path => std::fs::File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    let place = if path == "-" { "stdin" } else { path };
    let mut text = String::new();
    let read = opened.and_then(|file| file.take(POLICY_BYTES_MAX + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > POLICY_BYTES_MAX => {
            let why = format!("more than {POLICY_BYTES_MAX} bytes, which the agent does not read");
            Err(Failure::new(place, why, "make it shorter").into())
        }
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Failure::new(place, error, "name a readable policy file, as UTF-8 text").into())
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
        None => Ok(with_candidate(policy, file)),
        Some(problem) => {
            let place = format!("{file}:{}", problem.at);
            let fix = "run `credenza check` on the policy";
            Err(Failure::new(place, &problem.message, fix).into())
        }
    }
}

/// A policy with its candidate beside it, as records name both by one hash; without one that is not
/// there yet, which `check` tells.
fn with_candidate(policy: Policy, file: &str) -> Policy {
    let Some(name) = &policy.shadow_file else {
        return policy;
    };
    let place = Path::new(file).with_file_name(name).display().to_string();
    let text = read(&place).unwrap_or_default();
    if text.is_empty() {
        return policy;
    }
    let (candidate, _) = Policy::parse(&text);
    policy.clone().beside(candidate).unwrap_or(policy)
}

fn describe(files: &[Checked], policy: &Policy, painter: &Painter) -> String {
    let named = |path: &str| if path == "-" { "stdin" } else { path }.to_owned();
    let mut text = String::new();
    for file in files {
        for problem in &file.problems {
            diagnostic(
                &named(&file.path),
                &file.source,
                problem,
                painter,
                &mut text,
            );
        }
    }
    for note in notes(policy) {
        let _ = writeln!(text, "{} {note}", painter.ink(Ink::Cyan, "note:"));
    }
    let on_error = policy.on_error.name();
    let mode = painter.ink(Ink::Bold, policy.mode.name());
    let path = files
        .first()
        .map_or_else(String::new, |file| named(&file.path));
    let _ = writeln!(text, "{path}: mode {mode}, on error {on_error}");
    if files.iter().all(|file| file.problems.is_empty()) {
        let _ = writeln!(text, "{}", painter.ink(Ink::Green, "no problems"));
    }
    text
}

/// Line and column of a place in the file; `None` for any other place.
fn spot(at: &str) -> Option<(usize, usize)> {
    let (line, column) = at.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// A problem, the line that it is in, and a mark under the column.
fn diagnostic(path: &str, source: &str, problem: &Problem, painter: &Painter, text: &mut String) {
    let Problem { at, message } = problem;
    let mark = painter.ink(Ink::Yellow, "problem");
    let _ = writeln!(text, "{path}:{at}: {mark}: {message}");
    let Some((line, column)) = spot(at) else {
        return;
    };
    let Some(shown) = line.checked_sub(1).and_then(|at| source.lines().nth(at)) else {
        return;
    };
    let signs: Vec<char> = tame(shown).chars().collect();
    // A long line is shown around the column.
    let room = painter.width.saturating_sub(10);
    let first = (column - 1).min(signs.len()).saturating_sub(room / 2);
    let first = if signs.len() > room { first } else { 0 };
    let window: String = signs.iter().skip(first).take(room).collect();
    let under = " ".repeat((column - 1).saturating_sub(first).min(room));
    let carets = "^".repeat(token(signs.get(column - 1..).unwrap_or_default()).min(room));
    let number = painter.ink(Ink::Dim, &format!("{line:>5} |"));
    let edge = painter.ink(Ink::Dim, "      |");
    let _ = writeln!(text, "{number} {window}");
    let _ = writeln!(text, "{edge} {under}{}", painter.ink(Ink::Yellow, &carets));
}

/// How many signs the word, the text in quotes or the header takes that begins here.
fn token(signs: &[char]) -> usize {
    let length = match signs.first() {
        Some(quote @ ('"' | '\'')) => {
            let close = signs.iter().skip(1).position(|sign| sign == quote);
            close.map_or(signs.len(), |at| at + 2)
        }
        Some('[') => signs.iter().take_while(|sign| **sign == '[').count(),
        _ => signs
            .iter()
            .take_while(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.'))
            .count(),
    };
    length.max(1)
}

/// What is no problem, and worth knowing: exemptions that are over, or nearly, and what the policy
/// has written or judged beside itself.
fn notes(policy: &Policy) -> Vec<String> {
    let (today, soon) = (exemption::today(), exemption::in_seconds(NEARLY_SECONDS));
    let mut notes = Vec::new();
    for known in &policy.exemptions {
        let (rule, last) = (known.rule, known.expires);
        if known.is_over(today) {
            notes.push(format!("an exemption from {rule} ended on {last}"));
        } else if known.is_over(soon) {
            notes.push(format!("an exemption from {rule} ends on {last}"));
        }
    }
    let recording = &policy.recording;
    let hundredths = recording.share.hundredths();
    if hundredths > 0 {
        let percent = f64::from(hundredths) / 100.0;
        let bytes = recording.bytes_per_minute;
        notes.push(format!(
            "{percent} % of all events are recorded in the log, masked: at most {bytes} bytes a \
             minute"
        ));
    }
    if let Some(file) = &policy.shadow_file {
        notes.push(format!(
            "the candidate in {} is judged beside it",
            tame(file)
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(source: &str, expected: &Expect) {
        let (policy, problems) = Policy::parse(source);
        let file = Checked {
            path: "p.toml".to_owned(),
            source: source.to_owned(),
            problems,
        };
        expected.assert_eq(&describe(&[file], &policy, &Painter::plain(80)));
    }

    #[test]
    fn a_mark_stands_under_the_column_of_a_problem() {
        check(
            "# ours\nmod = \"block\"\n[rule.sql-injection]\n  mode = \"blok\"\n",
            &expect![[r#"
                p.toml:2:1: problem: unknown key `mod`; did you mean `mode`?
                    2 | mod = "block"
                      | ^^^
                p.toml:4:10: problem: `mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?
                    4 |   mode = "blok"
                      |          ^^^^^^
                p.toml: mode monitor, on error open
            "#]],
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_column() {
        let long = format!("mode = \"{}\" # {}\n", "x".repeat(200), "y".repeat(200));
        check(
            &long,
            &expect![[r#"
            p.toml:1:8: problem: `mode` is `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`; expected `off`, `monitor` or `block`
                1 | mode = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                  |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            p.toml: mode monitor, on error open
        "#]],
        );
        let late = format!(
            "rule.xpath-injection = {{ why = \"{}\", mode = \"blok\" }}\n",
            "long ".repeat(40)
        );
        check(
            &late,
            &expect![[r#"
                p.toml:1:26: problem: unknown key `why`; expected `mode`, `minimum_confidence`, `action` or `canary`
                    1 | rule.xpath-injection = { why = "long long long long long long long lon
                      |                          ^^^
                p.toml:1:243: problem: `mode` is `blok`; expected `off`, `monitor` or `block`; did you mean `block`?
                    1 | long long long long long ", mode = "blok" }
                      |                                    ^^^^^^
                p.toml: mode monitor, on error open
            "#]],
        );
    }

    #[test]
    fn a_policy_with_a_candidate_in_a_file_has_the_hash_of_both() {
        let folder = std::env::temp_dir().join(format!("credenza-hash-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("p.toml").display().to_string();
        let hash = || {
            policy_of(&file, "[shadow]\nfile = \"next.toml\"\n")
                .unwrap()
                .hash
        };
        let alone = hash();
        std::fs::write(folder.join("next.toml"), "mode = \"block\"\n").unwrap();
        let first = hash();
        std::fs::write(folder.join("next.toml"), "mode = \"off\"\n").unwrap();
        let second = hash();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(alone != first && first != second && alone != second);
    }

    #[test]
    fn what_is_recorded_and_what_is_judged_beside_it_is_worth_a_note() {
        check(
            "mode = \"block\"\n[recording]\nshare = 0.25\n[shadow]\nfile = \"next.toml\"\n",
            &expect![[r#"
                note: 0.25 % of all events are recorded in the log, masked: at most 65536 bytes a minute
                note: the candidate in next.toml is judged beside it
                p.toml: mode block, on error open
                no problems
            "#]],
        );
    }

    #[test]
    fn an_exemption_that_is_over_is_worth_a_note() {
        let policy = "[[exemption]]\nrule = \"xpath-injection\"\nlocation = \"/q\"\n\
                      reason = \"a\"\nauthor = \"b\"\nexpires = 2020-01-31\n";
        check(
            policy,
            &expect![[r#"
                note: an exemption from xpath-injection ended on 2020-01-31
                p.toml: mode monitor, on error open
                no problems
            "#]],
        );
    }
}
