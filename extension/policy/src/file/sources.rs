//! The tables of a policy file that speak of event sources.
//! It never accepts a name that no source has.
use alloc::format;
use alloc::vec::Vec;

use credenza_event::Source;

use super::Reader;
use super::reading::clipped;
use crate::suggestion::{did_you_mean, nearest};
use crate::tree::{Kind, Member, Node};
use crate::{AuthorizerForm, Mode, Policy, Quarantine, Scope, SourcePolicy, Terms};

pub(super) const SOURCE_KEYS: [&str; 7] = [
    "mode",
    "minimum_confidence",
    "action",
    "canary",
    "quarantine",
    "reports_failures",
    "answer",
];

impl Reader<'_> {
    /// Reads `[source.NAME]` tables.
    pub(super) fn sources(&mut self, value: &Node, policy: &mut Policy) {
        let Kind::Table(members) = &value.kind else {
            let said = format!(
                "`source` is {}; expected one table for each event source, as in `[source.sqs]`",
                value.kind.name()
            );
            policy.is_held = true;
            return self.problem(value.at, said);
        };
        for Member { at, name, value } in members {
            if let Some(source) = Source::named(name) {
                let before = self.met();
                self.source(source, value, policy);
                if self.met() > before {
                    policy.hold_source(source);
                }
                continue;
            }
            let known: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
            let said = format!(
                "unknown event source `{}`{}",
                clipped(name),
                did_you_mean(name, &known)
            );
            self.problem(*at, said);
            match nearest(name, &known).and_then(Source::named) {
                Some(source) => policy.hold_source(source),
                None => policy.is_held = true,
            }
        }
    }

    fn source(&mut self, source: Source, value: &Node, policy: &mut Policy) {
        let mut read = policy.source(source);
        let mut terms = Terms::default();
        let key = format!("source.{}", source.name());
        for Member { name, value, .. } in self.table(value, &key, &SOURCE_KEYS).unwrap_or(&[]) {
            match name.as_str() {
                "quarantine" => {
                    let all = &Quarantine::ALL;
                    let choice = self.choice(value, "quarantine", all, Quarantine::name);
                    read.quarantine = choice.or(read.quarantine);
                }
                "reports_failures" => {
                    let flag = self.flag(value, "reports_failures");
                    read.reports_failures = flag.unwrap_or(false);
                }
                "answer" => {
                    let all = &AuthorizerForm::ALL;
                    let choice = self.choice(value, "answer", all, AuthorizerForm::name);
                    read.answer = choice.unwrap_or_default();
                }
                _ => self.term(name, value, &mut terms),
            }
        }
        policy.sources.retain(|said| said.source != source);
        policy.sources.push(SourcePolicy { source, ..read });
        if terms != Terms::default() {
            policy.scopes.push(Scope {
                source: Some(source),
                terms,
                ..Scope::default()
            });
        }
    }

    /// Reads one of the keys that scopes and sources share.
    pub(super) fn term(&mut self, name: &str, value: &Node, terms: &mut Terms) {
        match name {
            "mode" => terms.mode = self.mode(value),
            "minimum_confidence" => terms.minimum_confidence = self.confidence(value),
            "action" => terms.action = self.action(value),
            "canary" => terms.canary = self.share(value, name),
            _ => {}
        }
    }
}

impl Policy {
    /// Lets a source's events pass, because somebody meant something by it that we could not read.
    fn hold_source(&mut self, source: Source) {
        let terms = Terms {
            mode: Some(Mode::Monitor),
            ..Terms::default()
        };
        self.scopes.push(Scope {
            source: Some(source),
            terms,
            ..Scope::default()
        });
    }
}
