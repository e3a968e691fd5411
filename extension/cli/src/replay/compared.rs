//! What two policies make of the same events, added up.
//! It never keeps more changes than a reader or a build server reads.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use credenza_policy::Verdict;
use serde_json::{Value, json};

use super::{Judged, Said, counts};
use crate::arguments::{Differs, ReplayArguments};
use crate::evidence::readiness::{group, plural};
use crate::evidence::tally::Histogram;
use crate::paint::{Ink, Painter, fit, pad, pad_left, tame};
use crate::records::Record;
use crate::report::html::share;

// Limit: a build server shows some hundred; 1,000 of about 400 bytes are 400 KB.
const CHANGES_MAX: usize = 1000;
/// How many of them people are shown.
const SHOWN: usize = 20;

const VERDICTS: [Verdict; 3] = [Verdict::Pass, Verdict::Flag, Verdict::Block];

/// What a rule has done under the two policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// Events in which it has found something.
    pub(super) found: u64,
    /// Of these, those that are attacks, and those that are harmless, by their labels.
    pub(super) attacks: u64,
    pub(super) benign: u64,
}

/// An event whose verdict differs.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) old: Verdict,
    pub(super) new: Verdict,
    pub(super) said: &'static str,
    /// The rule that decided, under whichever policy is stricter.
    pub(super) rule: &'static str,
    pub(super) location: String,
    pub(super) production: &'static str,
    pub(super) sample: String,
}

/// The sums.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) events: u64,
    pub(super) masked: u64,
    /// Events by old and new verdict.
    verdicts: [[u64; 3]; 3],
    /// Refused events, old and new: of attacks and of harmless ones.
    refused: [[u64; 2]; 2],
    /// Attacks and harmless events.
    labelled: [u64; 2],
    rules: BTreeMap<&'static str, [Side; 2]>,
    latency: [Histogram; 2],
    pub(super) changes: Vec<Change>,
    pub(super) more_changes: u64,
    by_kind: BTreeMap<(u8, u8), u64>,
}

fn rank(verdict: Verdict) -> usize {
    VERDICTS
        .iter()
        .position(|known| *known == verdict)
        .unwrap_or_default()
}

impl Comparison {
    /// Adds an event.
    pub(super) fn add(&mut self, record: &Record<'_>, said: Said, old: &Judged, new: &Judged) {
        self.events += 1;
        self.masked += u64::from(record.masked.0);
        let (from, to) = (rank(old.verdict), rank(new.verdict));
        if let Some(count) = self.verdicts.get_mut(from).and_then(|row| row.get_mut(to)) {
            *count += 1;
        }
        let label = match said {
            Said::Attack => Some(0),
            Said::Benign => Some(1),
            Said::Nothing => None,
        };
        if let Some(count) = label.and_then(|at: usize| self.labelled.get_mut(at)) {
            *count += 1;
        }
        for (side, judged) in [(0_usize, old), (1, new)] {
            // Nothing was looked for in a masked event, and so nothing took time.
            let latency = self.latency.get_mut(side).filter(|_| judged.ns > 0);
            if let Some(latency) = latency {
                latency.add(judged.ns);
            }
            let refused = self.refused.get_mut(side).zip(label);
            if let Some(count) = refused.and_then(|(row, at)| row.get_mut(at))
                && judged.verdict == Verdict::Block
            {
                *count += 1;
            }
            self.rules_of(side, said, judged);
        }
        if old.verdict != new.verdict {
            *self
                .by_kind
                .entry((old.verdict as u8, new.verdict as u8))
                .or_default() += 1;
            self.change(record, said, old, new);
        }
    }

    fn rules_of(&mut self, side: usize, said: Said, judged: &Judged) {
        let mut met: Vec<&'static str> = Vec::new();
        for finding in &judged.findings {
            if met.contains(&finding.rule.id) {
                continue;
            }
            met.push(finding.rule.id);
            let sides = self.rules.entry(finding.rule.id).or_default();
            if let Some(side) = sides.get_mut(side) {
                side.found += 1;
                side.attacks += u64::from(said == Said::Attack);
                side.benign += u64::from(said == Said::Benign);
            }
        }
    }

    fn change(&mut self, record: &Record<'_>, said: Said, old: &Judged, new: &Judged) {
        if self.changes.len() >= CHANGES_MAX {
            self.more_changes += 1;
            return;
        }
        let (strict, mild) = if new.verdict > old.verdict {
            (new, old)
        } else {
            (old, new)
        };
        // The finding that only one of them has; else the surest.
        let other = |rule: &str| mild.findings.iter().any(|finding| finding.rule.id == rule);
        let only = strict
            .findings
            .iter()
            .find(|finding| !other(finding.rule.id));
        let finding = only.or_else(|| strict.findings.first());
        let id = record.id.some().or_else(|| record.request_id.some());
        self.changes.push(Change {
            id: id.map_or_else(|| format!("event {}", self.events), str::to_owned),
            old: old.verdict,
            new: new.verdict,
            said: match said {
                Said::Attack => "attack",
                Said::Benign => "benign",
                Said::Nothing => "",
            },
            rule: finding.map_or("", |finding| finding.rule.id),
            location: finding.map_or_else(String::new, |finding| finding.location.clone()),
            production: finding.map_or("", |finding| finding.explanation.production),
            sample: finding.map_or_else(String::new, |finding| finding.sample.clone()),
        });
    }

    /// Events whose verdict differs.
    pub(super) fn changed(&self) -> u64 {
        self.changes.len() as u64 + self.more_changes
    }

    /// Whether anything differs that the user asked to hear of.
    pub(super) fn differs(&self, fail_on: Differs) -> bool {
        VERDICTS.iter().any(|old| {
            VERDICTS.iter().any(|new| {
                let seen = self.by_kind.contains_key(&(*old as u8, *new as u8));
                seen && counts(fail_on, *old, *new)
            })
        })
    }

    /// For machines.
    pub(super) fn json(&self, arguments: &ReplayArguments) -> Value {
        let mut verdicts = serde_json::Map::new();
        for (old, row) in VERDICTS.iter().zip(self.verdicts) {
            for (new, count) in VERDICTS.iter().zip(row) {
                verdicts.insert(format!("{} to {}", old.name(), new.name()), json!(count));
            }
        }
        let side = |side: &Side| {
            let Side {
                found,
                attacks,
                benign,
            } = side;
            json!({ "events": found, "attacks": attacks, "benign": benign })
        };
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|(rule, [old, new])| json!({ "rule": rule, "old": side(old), "new": side(new) }))
            .collect();
        let [old, new] = &self.latency;
        let latency = |of: &Histogram| {
            json!({ "p50": of.quantile(500), "p99": of.quantile(990), "p999": of.quantile(999),
                "longest": of.largest() })
        };
        let [old_refused, new_refused] = self.refused;
        let [attacks, benign] = self.labelled;
        let refused = |of: [u64; 2]| json!({ "attacks": of[0], "benign": of[1] });
        let changes: Vec<Value> = self.changes.iter().map(Change::json).collect();
        json!({
            "old": arguments.old, "new": arguments.new, "events": self.events,
            "masked": self.masked, "changed": self.changed(), "verdicts": verdicts,
            "labelled": { "attacks": attacks, "benign": benign },
            "refused": { "old": refused(old_refused), "new": refused(new_refused) },
            "rules": rules, "ns": { "old": latency(old), "new": latency(new) },
            "changes": changes,
        })
    }

    /// For people.
    pub(super) fn text(&self, arguments: &ReplayArguments, painter: &Painter) -> String {
        let mut text = String::new();
        let changed = self.changed();
        let ink = if changed == 0 {
            Ink::Green
        } else {
            Ink::Yellow
        };
        let _ = writeln!(
            text,
            "{}: {} under {} and {}",
            painter.ink(ink, &format!("{} changed", plural(changed, "verdict"))),
            plural(self.events, "event"),
            arguments.old,
            arguments.new
        );
        if self.masked > 0 {
            let note = "masked: judged by what the agent found in them, and not by what the policy \
                        of that day did not look for";
            let _ = writeln!(text, "{} of them {note}", group(self.masked));
        }
        self.transitions(painter, &mut text);
        self.tables(painter, &mut text);
        for change in self.changes.iter().take(SHOWN) {
            let _ = writeln!(text, "{}", change.line(painter));
        }
        let rest = changed.saturating_sub(SHOWN as u64);
        if rest > 0 {
            let _ = writeln!(text, "and {} more; --format json has them", group(rest));
        }
        text
    }

    fn transitions(&self, painter: &Painter, text: &mut String) {
        for (old, row) in VERDICTS.iter().zip(self.verdicts) {
            for (new, count) in VERDICTS.iter().zip(row) {
                if old == new || count == 0 {
                    continue;
                }
                let ink = if new > old { Ink::Red } else { Ink::Green };
                let change = format!("{} → {}", old.name(), new.name());
                let _ = writeln!(text, "  {}  {}", painter.ink(ink, &change), group(count));
            }
        }
    }

    fn tables(&self, painter: &Painter, text: &mut String) {
        let [attacks, benign] = self.labelled;
        let [old, new] = self.refused;
        if attacks + benign > 0 {
            let head = format!("{:<28}{:>16}{:>16}", "", "old", "new");
            let _ = writeln!(text, "\n{}", painter.ink(Ink::Dim, &head));
            let names = [("attacks refused", attacks), ("harmless refused", benign)];
            for ((name, all), (old, new)) in names.into_iter().zip(old.into_iter().zip(new)) {
                let name = format!("{name} of {}", group(all));
                let (old, new) = (rated(old, all), rated(new, all));
                let _ = writeln!(text, "{name:<28}{old:>16}{new:>16}");
            }
        }
        let differing = self.rules.iter().filter(|(_, [old, new])| old != new);
        let mut differing = differing.peekable();
        if differing.peek().is_some() {
            let head = format!(
                "{:<28}{:>10}{:>10}{:>12}",
                "rule", "old", "new", "of harmless"
            );
            let _ = writeln!(text, "\n{}", painter.ink(Ink::Dim, &head));
        }
        for (rule, [old, new]) in differing {
            let _ = writeln!(
                text,
                "{}{}{}{}",
                painter.ink(Ink::Cyan, &pad(rule, 28)),
                pad_left(&group(old.found), 10),
                pad_left(&group(new.found), 10),
                pad_left(&format!("{} → {}", old.benign, new.benign), 12)
            );
        }
        if self.latency.iter().all(|of| of.total() == 0) {
            text.push('\n');
            return;
        }
        let head = format!(
            "{:<24}{:>10}{:>10}{:>10}{:>10}",
            "µs", "50 %", "99 %", "99.9 %", "most"
        );
        let _ = writeln!(text, "\n{}", painter.ink(Ink::Dim, &head));
        for (name, of) in ["old", "new"].iter().zip(&self.latency) {
            let us = |ns: u64| format!("{}.{}", ns / 1000, ns % 1000 / 100);
            let cells = [
                of.quantile(500),
                of.quantile(990),
                of.quantile(999),
                of.largest(),
            ];
            let cells = cells.map(|ns| format!("{:>10}", us(ns))).concat();
            let _ = writeln!(text, "{name:<24}{cells}");
        }
        text.push('\n');
    }
}

fn rated(count: u64, of: u64) -> String {
    format!("{} ({})", group(count), share(count, of))
}

impl Change {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "old": self.old.name(), "new": self.new.name(), "label": self.said,
            "rule": self.rule, "location": self.location, "production": self.production,
            "sample": self.sample,
        })
    }

    /// What changed, without the event's name.
    pub(super) fn gist(&self) -> String {
        let mut text = format!("{} → {}", self.old.name(), self.new.name());
        if !self.rule.is_empty() {
            let place = if self.location.is_empty() {
                "the whole event"
            } else {
                &self.location
            };
            let _ = write!(text, ": {} at {place}, {}", self.rule, self.production);
        }
        text
    }

    fn line(&self, painter: &Painter) -> String {
        let ink = match (self.new > self.old, self.said) {
            (true, "benign") | (false, "attack") => Ink::Red,
            (true, "attack") | (false, "benign") => Ink::Green,
            _ => Ink::Yellow,
        };
        let said = if self.said.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.said)
        };
        let gist = tame(&self.gist());
        format!("{}{said}  {}", fit(&self.id, 40), painter.ink(ink, &gist))
    }
}
