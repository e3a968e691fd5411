//! `credenza rules`: every rule in one line.
//! It never knows a rule by name; the engine's list is the only one.
use std::fmt::Write;

use credenza_engine::detector::Rule;
use credenza_engine::{Confidence, is_on_by_default};
use serde_json::{Value, json};

use crate::Outcome;
use crate::arguments::Format;
use crate::paint::{Ink, Painter, fit, pad};

/// All rules, in the engine's order.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    credenza_policy::all_rules()
}

/// What comes of a rule's surest findings where no policy says anything of it.
fn default_of(rule: &Rule) -> &'static str {
    if !is_on_by_default(rule.id) {
        "off"
    } else if rule.ceiling == Confidence::High {
        "blocks"
    } else {
        "reports"
    }
}

/// Lists the rules.
pub(crate) fn run(format: Format, painter: &Painter) -> (String, Outcome) {
    let text = match format {
        Format::Json => {
            let rules: Vec<_> = all().map(line).collect();
            format!("{:#}\n", json!({ "rules": rules }))
        }
        Format::Text => table(painter),
    };
    (text, Outcome::Clean)
}

fn line(rule: &Rule) -> Value {
    json!({
        "rule": rule.id,
        "class": rule.class,
        "cwe": rule.cwe,
        "default": default_of(rule),
        "ceiling": rule.ceiling.name(),
        "finds": summary(rule.page),
    })
}

fn table(painter: &Painter) -> String {
    let widest = |of: fn(&Rule) -> &str| all().map(|rule| of(rule).len()).max().unwrap_or(0);
    let (id_width, class_width) = (widest(|rule| rule.id), widest(|rule| rule.class));
    let mut text = String::new();
    for rule in all() {
        let default = default_of(rule);
        let ink = match default {
            "blocks" => Ink::Red,
            "reports" => Ink::Yellow,
            _ => Ink::Dim,
        };
        let id = painter.ink(Ink::Cyan, &pad(rule.id, id_width));
        let default = painter.ink(ink, &pad(default, 7));
        let class = pad(rule.class, class_width);
        let cwe = format!("CWE-{}", rule.cwe);
        let _ = writeln!(text, "{id}  {default}  {class}  {cwe}");
        let finds = fit(summary(rule.page), painter.width.saturating_sub(2));
        let _ = writeln!(text, "  {finds}");
    }
    let _ = writeln!(
        text,
        "\n{}",
        painter.ink(
            Ink::Dim,
            "What each does in block mode where no policy says otherwise.\n\
             credenza explain RULE shows its page."
        )
    );
    text
}

/// The first sentence of prose on a rule page.
pub(crate) fn summary(page: &str) -> &str {
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
                .filter(|line| line.split(' ').next() == Some(rule.id))
                .count();
            assert_eq!(lines, 1, "{}", rule.id);
        }
    }

    #[test]
    fn a_rule_says_what_it_does_by_default() {
        let default = |id: &str| {
            let found = all().find(|rule| rule.id == id);
            default_of(found.unwrap())
        };
        assert_eq!(default("sql-injection"), "blocks");
        assert_eq!(default("graphql-abuse"), "reports");
        assert_eq!(default("prompt-injection"), "off");
    }

    #[test]
    fn the_json_list_says_the_same() {
        let (text, _) = run(Format::Json, &Painter::plain(80));
        let list: Value = serde_json::from_str(&text).unwrap();
        let rules = list["rules"].as_array().unwrap();
        assert_eq!(rules.len(), all().count());
        for (line, rule) in rules.iter().zip(all()) {
            assert_eq!(line["rule"], rule.id);
            assert_eq!(line["default"], default_of(rule));
            assert!(!line["finds"].as_str().unwrap().is_empty(), "{line}");
        }
    }

    #[test]
    fn every_rule_has_its_line_in_the_runbook() {
        let page = include_str!("../../../docs/operating.md");
        let (_, table) = page.split_once("\n## By rule\n").unwrap();
        for rule in all() {
            assert!(table.contains(&format!("`{}`", rule.id)), "{}", rule.id);
        }
    }
}
