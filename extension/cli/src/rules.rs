//! `credenza rules`: every rule in one line.
//! It never knows a rule by name; the engine's list is the only one.
use std::fmt::Write;

use credenza_engine::detector::Rule;
use serde_json::json;

use crate::Outcome;
use crate::arguments::Format;
use crate::paint::{Ink, Painter, fit, pad};

/// All rules, in the engine's order.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    credenza_engine::rules()
}

/// Lists the rules.
pub(crate) fn run(format: Format, painter: &Painter) -> (String, Outcome) {
    let text = match format {
        Format::Json => {
            let rules: Vec<_> = all()
                .map(|rule| json!({ "rule": rule.id, "class": rule.class, "cwe": rule.cwe }))
                .collect();
            format!("{:#}\n", json!({ "rules": rules }))
        }
        Format::Text => table(painter),
    };
    (text, Outcome::Clean)
}

fn table(painter: &Painter) -> String {
    let width = all()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or_default()
        .max(4);
    let mut text = String::new();
    for rule in all() {
        let id = painter.ink(Ink::Cyan, &pad(rule.id, width));
        let cwe = pad(&format!("CWE-{}", rule.cwe), 8);
        let room = painter.width.saturating_sub(width + 12);
        let _ = writeln!(text, "{id}  {cwe}  {}", fit(summary(rule.page), room));
    }
    let _ = writeln!(
        text,
        "\n{}",
        painter.ink(Ink::Dim, "credenza explain RULE shows its page.")
    );
    text
}

/// The first sentence of prose on a rule page.
fn summary(page: &str) -> &str {
    page.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('`'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_first_sentence() {
        assert_eq!(
            summary("# a-rule\n\n## What it finds\n\nText.\nMore.\n"),
            "Text."
        );
        assert_eq!(summary("# a-rule\n"), "");
    }

    #[test]
    fn every_rule_is_listed_once() {
        let (text, outcome) = run(Format::Text, &Painter::plain(80));
        assert_eq!(outcome, Outcome::Clean);
        for rule in all() {
            let lines = text
                .lines()
                .filter(|line| line.starts_with(rule.id))
                .count();
            assert_eq!(lines, 1, "{}", rule.id);
        }
    }
}
