//! The tables of a policy file that speak of event sources.
//! It never accepts a name that no source has.
use alloc::format;
use alloc::vec::Vec;

use credenza_event::Source;
use toml::Spanned;
use toml::de::DeValue;

use super::{Reader, clipped, kind, pick};
use crate::suggestion::{did_you_mean, one_of};
use crate::{AuthorizerForm, Policy, Quarantine, SourcePolicy};

const SOURCE_KEYS: [&str; 3] = ["quarantine", "reports_failures", "answer"];

impl Reader<'_> {
    /// Reads `[source.NAME]` tables.
    pub(super) fn sources(&mut self, value: &Spanned<DeValue<'_>>, policy: &mut Policy) {
        let DeValue::Table(table) = value.get_ref() else {
            let said = format!(
                "`source` is {}; expected one table for each event source, as in `[source.sqs]`",
                kind(value.get_ref())
            );
            self.problem(value.span().start, said);
            return;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Some(source) = Source::named(name) {
                let source = self.source(source, value);
                policy.sources.push(source);
                continue;
            }
            let known: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
            let said = format!(
                "unknown event source `{}`{}",
                clipped(name),
                did_you_mean(name, &known)
            );
            self.problem(key.span().start, said);
        }
    }

    fn source(&mut self, source: Source, value: &Spanned<DeValue<'_>>) -> SourcePolicy {
        let mut read = SourcePolicy::default_of(source);
        let DeValue::Table(table) = value.get_ref() else {
            let said = format!(
                "`source.{}` is {}; expected a table with {}",
                source.name(),
                kind(value.get_ref()),
                one_of(&SOURCE_KEYS)
            );
            self.problem(value.span().start, said);
            return read;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "quarantine" => {
                    let names = Quarantine::ALL.map(Quarantine::name);
                    let choice = self.choice(value, "quarantine", &names);
                    read.quarantine = pick(choice, &Quarantine::ALL);
                }
                "reports_failures" => {
                    read.reports_failures = self.flag(value, "reports_failures").unwrap_or(false);
                }
                "answer" => {
                    let names = AuthorizerForm::ALL.map(AuthorizerForm::name);
                    let choice = self.choice(value, "answer", &names);
                    read.answer = pick(choice, &AuthorizerForm::ALL).unwrap_or_default();
                }
                other => self.unknown_key(key.span().start, other, &SOURCE_KEYS),
            }
        }
        read
    }

    pub(super) fn flag(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        let said = format!(
            "`{key}` is {}; expected `true` or `false`",
            kind(value.get_ref())
        );
        self.problem(value.span().start, said);
        None
    }
}
