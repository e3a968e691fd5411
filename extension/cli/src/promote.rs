//! `credenza promote`: which rules may block, proven by records, and the policy that lets them.
//! It never lets a rule block whose false alarms nobody has bounded.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use credenza_engine::Confidence;
use credenza_policy::{Mode, Policy};
use serde_json::json;

use crate::arguments::{Format, PromoteArguments};
use crate::evidence::Evidence;
use crate::evidence::function::Basis;
use crate::evidence::label::{Label, Labels};
use crate::evidence::readiness::{self, Readiness, State, group, plural, rate};
use crate::evidence::will;
use crate::failure::Failure;
use crate::paint::{Ink, Painter, pad, pad_left};
use crate::report::{rule_json, store};
use crate::{Outcome, check, patch};

/// What came of it.
struct Promotion {
    rules: Vec<Readiness>,
    old: String,
    new: String,
    notes: Vec<String>,
}

/// Reads records and policy, and writes table and policy.
pub(crate) fn run(
    arguments: &PromoteArguments,
    format: Format,
    painter: &Painter,
) -> Result<(String, Outcome)> {
    let old = check::read(&arguments.policy)?;
    let policy = check::policy_of(&arguments.policy, &old)?;
    if policy.mode == Mode::Off {
        let fix = "set `mode = \"monitor\"` and collect records first";
        return Err(Failure::new(&arguments.policy, "its mode is `off`", fix).into());
    }
    let evidence = gather(arguments, &policy)?;
    let rules = readiness::of_rules(&evidence, &policy, arguments.false_alarms_max.0);
    refuse(&evidence, &rules)?;
    let new = promoted(&old, &policy, &rules, &arguments.policy)?;
    let promotion = Promotion {
        notes: notes(&evidence, &policy),
        rules,
        old,
        new,
    };
    if let Some(output) = &arguments.output {
        store(output, promotion.new.as_bytes())?;
    }
    let held = promotion.rules.iter().any(|rule| is_held(rule.state));
    let outcome = if held {
        Outcome::Findings
    } else {
        Outcome::Clean
    };
    let text = match format {
        Format::Json => promotion.json(),
        Format::Text => promotion.text(arguments, painter),
    };
    // With the policy on stdout the table has to go elsewhere.
    if arguments
        .output
        .as_ref()
        .is_some_and(|output| output.as_os_str() == "-")
    {
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(text.as_bytes());
        return Ok((String::new(), outcome));
    }
    Ok((text, outcome))
}

fn is_held(state: State) -> bool {
    matches!(state, State::TooFew | State::Alarms | State::Uncounted)
}

fn gather(arguments: &PromoteArguments, policy: &Policy) -> Result<Evidence> {
    let labels = match &arguments.labels {
        Some(file) => Labels::read(file)?,
        None => Labels::default(),
    };
    let mut evidence = Evidence::new(policy.clone(), labels);
    evidence.read(&arguments.records, Label::None)?;
    if !arguments.attacks.is_empty() {
        evidence.read(&arguments.attacks, Label::Attack)?;
    }
    if let Some(given) = arguments.invocations {
        evidence.given(given);
    }
    Ok(evidence)
}

/// Without a count of invocations nothing is proven.
fn refuse(evidence: &Evidence, rules: &[Readiness]) -> Result<()> {
    evidence.is_any()?;
    if !rules.iter().any(|rule| rule.state == State::Uncounted) {
        return Ok(());
    }
    let reported = evidence.intake.reported;
    let fix = if reported > 0 {
        format!(
            "export the agent's metrics lines and summaries too; or, if all of the {} that the \
             platform reports went through the agent, say --invocations {reported}",
            plural(reported, "invocation")
        )
    } else {
        "export the agent's metrics lines and summaries too (`{ $.record = \"metrics\" }`), set \
         CREDENZA_LOG_LEVEL=debug for a while, or say --invocations N"
            .to_owned()
    };
    let reason = "nobody has counted the clean invocations";
    Err(Failure::new("the records", reason, &fix).into())
}

/// The policy with every rule that is ready in block mode, and no other.
fn promoted(old: &str, policy: &Policy, rules: &[Readiness], path: &str) -> Result<String> {
    let mut text = old.to_owned();
    if rules.iter().all(|rule| rule.state != State::Ready) {
        return Ok(text);
    }
    if policy.mode != Mode::Block {
        text = patch::set(&text, None, "mode", "\"block\"");
    }
    for rule in rules {
        let said = policy.rules.iter().find(|said| said.id == rule.rule);
        let mode = match (rule.state, said.map(|said| said.mode)) {
            // Where the policy says nothing, the mode of all is the rule's.
            (State::Ready, None | Some(Mode::Block)) => continue,
            (State::Ready, Some(_)) => "\"block\"",
            (state, None | Some(Mode::Block)) if is_held(state) => "\"monitor\"",
            _ => continue,
        };
        text = patch::set(&text, Some(&format!("rule.{}", rule.rule)), "mode", mode);
    }
    unleashed(policy, rules, path)?;
    // What was changed as text is read again as the agent will read it.
    let (read, problems) = Policy::parse(&text);
    let wrong = rules.iter().find(|rule| {
        let blocks = will::acts(&rule.rule, read.action(&rule.rule, Confidence::High));
        (is_held(rule.state) && blocks) || (rule.state == State::Ready && !blocks)
    });
    let stuck = problems.first().map(|problem| problem.message.clone());
    match (wrong, stuck) {
        (None, None) => Ok(text),
        (wrong, stuck) => {
            let unset = |rule: &Readiness| format!("`{}` cannot be set", rule.rule);
            let reason = stuck.or_else(|| wrong.map(unset));
            let fix = "write each rule as a table, as in `[rule.sql-injection]`";
            Err(Failure::new(path, reason.unwrap_or_default(), fix).into())
        }
    }
}

/// A scope that lets a rule block wins over the rule's own table, and so over its being held.
fn unleashed(policy: &Policy, rules: &[Readiness], path: &str) -> Result<()> {
    let mut scopes = policy.scopes.iter();
    let held = scopes.find_map(|scope| {
        let lets = scope.terms.mode == Some(Mode::Block);
        let mut held = rules.iter().filter(|rule| lets && is_held(rule.state));
        held.find(|rule| scope.rules.contains(&rule.rule.as_str()))
    });
    let Some(rule) = held else { return Ok(()) };
    let reason = format!(
        "a scope lets `{}` block, and the records do not: {}",
        rule.rule, rule.reason
    );
    let fix = "write `mode = \"monitor\"` in that scope until the rule is proven";
    Err(Failure::new(path, reason, fix).into())
}

/// What weakens the proof.
fn notes(evidence: &Evidence, policy: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    let policies: BTreeSet<&str> = evidence
        .functions
        .values()
        .flat_map(|function| function.policies.iter().map(String::as_str))
        .collect();
    let own = if policy.hash == 0 {
        "default".to_owned()
    } else {
        format!("{:016x}", policy.hash)
    };
    let others: Vec<&str> = policies.into_iter().filter(|name| *name != own).collect();
    if !others.is_empty() {
        notes.push(format!(
            "the records were made under another policy ({}; this one is {own}): a rule that was \
             off there has no hits here",
            others.join(", ")
        ));
    }
    let agents: BTreeSet<&str> = evidence
        .functions
        .values()
        .flat_map(|function| function.agents.iter().map(String::as_str))
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let older: Vec<&str> = agents
        .into_iter()
        .filter(|agent| *agent != version)
        .collect();
    if !older.is_empty() {
        notes.push(format!(
            "the records were made by version {}, this is {version}: rules may differ",
            older.join(", ")
        ));
    }
    let lost: u64 = evidence.functions.values().map(|seen| seen.dropped).sum();
    if lost > 0 {
        notes.push(format!(
            "{} lost; the hits of their functions are those that metrics have counted",
            plural(lost, "record")
        ));
    }
    let uncounted: Vec<&str> = evidence
        .functions
        .iter()
        .filter(|(_, seen)| seen.lines.inspected > 0 && seen.trials().1 == Basis::Nothing)
        .map(|(name, _)| name.as_str())
        .collect();
    if !uncounted.is_empty() {
        notes.push(format!(
            "clean invocations of {} are not counted, its hits are",
            uncounted.join(", ")
        ));
    }
    notes
}

/// Whether a rule's line, its reason too, is no wider than the terminal.
fn fits(rule: &Readiness, widest: usize, painter: &Painter) -> bool {
    // Four figures, the word and the gaps beside name and reason.
    !painter.terminal || widest + 64 + rule.reason.chars().count() <= painter.width
}

impl Promotion {
    fn json(&self) -> String {
        let rules: Vec<_> = self.rules.iter().map(rule_json).collect();
        let promoted: Vec<_> = self
            .rules
            .iter()
            .filter(|rule| rule.state == State::Ready)
            .map(|rule| &rule.rule)
            .collect();
        let report = json!({
            "promoted": promoted, "rules": rules, "notes": self.notes, "policy": self.new,
        });
        format!("{report:#}\n")
    }

    fn text(&self, arguments: &PromoteArguments, painter: &Painter) -> String {
        let mut text = String::new();
        let widest = self
            .rules
            .iter()
            .map(|rule| rule.rule.len())
            .max()
            .unwrap_or(4);
        let head = format!(
            "{}  {}  {}  {}  {}",
            pad("rule", widest),
            pad_left("invocations", 11),
            pad_left("hits", 7),
            pad_left("attacks", 7),
            "false alarms, at most"
        );
        let _ = writeln!(text, "{}", painter.ink(Ink::Dim, &head));
        for rule in &self.rules {
            let (ink, word) = match rule.state {
                State::Ready => (Ink::Green, "block"),
                State::Alarms => (Ink::Red, "held"),
                State::TooFew | State::Uncounted => (Ink::Yellow, "held"),
                State::Advice | State::Kept | State::Off => (Ink::Dim, "as it is"),
            };
            let bound = match rule.state {
                State::Advice | State::Kept | State::Off => "–".to_owned(),
                _ => rate(rule.bound),
            };
            // What has no room beside the figures stands under them.
            let before = if fits(rule, widest, painter) {
                "  "
            } else {
                "\n    "
            };
            let _ = writeln!(
                text,
                "{}  {}  {}  {}  {}  {}{before}{}",
                painter.ink(Ink::Cyan, &pad(&rule.rule, widest)),
                pad_left(&group(rule.trials), 11),
                pad_left(&group(rule.hits), 7),
                pad_left(&group(rule.attacks), 7),
                pad_left(&bound, 19),
                painter.ink(ink, &pad(word, 8)),
                rule.reason
            );
        }
        for note in &self.notes {
            let _ = writeln!(text, "{} {note}", painter.ink(Ink::Yellow, "note:"));
        }
        self.change(arguments, painter, &mut text);
        text
    }

    /// What becomes of the policy.
    fn change(&self, arguments: &PromoteArguments, painter: &Painter, text: &mut String) {
        let ready = self
            .rules
            .iter()
            .filter(|rule| rule.state == State::Ready)
            .count();
        if ready == 0 {
            let _ = writeln!(text, "\nno rule meets the bar; the policy stays as it is");
            return;
        }
        let to = arguments
            .output
            .as_ref()
            .filter(|output| output.as_os_str() != "-");
        let of = plural(ready as u64, "rule");
        let _ = match to {
            Some(output) => writeln!(text, "\n{of} promoted in {}:", output.display()),
            None => writeln!(
                text,
                "\n{of} to promote; with -o FILE this policy is written:"
            ),
        };
        for (sign, line) in patch::diff(&self.old, &self.new) {
            let ink = match sign {
                '+' => Ink::Green,
                '-' => Ink::Red,
                _ => Ink::Dim,
            };
            let _ = writeln!(text, "  {}", painter.ink(ink, &format!("{sign} {line}")));
        }
    }
}
