//! The tables of a policy file that say what holds where.
//! It never lets a scope speak of a place that it did not understand.
use alloc::vec::Vec;

use credenza_event::Source;

use super::Reader;
use super::reading::clipped;
use crate::suggestion::{did_you_mean, nearest};
use crate::tree::{Kind, Member, Node};
use crate::{Pattern, Policy, Scope, Terms};

pub(super) const SCOPE_KEYS: [&str; 10] = [
    "rules",
    "source",
    "route",
    "location",
    "function",
    "tenant",
    "mode",
    "minimum_confidence",
    "action",
    "canary",
];

// Limit: each finding is asked of each scope; 256 of them with patterns of 127 elements on a route
// of 1 KiB take some 30 million steps for the sixteen findings of the worst event: 10 ms. The
// worst answer has 256 leaks, of which such a policy is asked for some 0.2 s, and one of ten
// scopes for 8 ms.
pub(super) const SCOPES_MAX: usize = 256;

pub(super) const PATTERN: &str =
    "a pattern of 1 to 127 letters, in which `*` stands for one step and `**` for all of the rest";

impl Reader<'_> {
    /// Reads `[[scope]]` tables.
    pub(super) fn scopes(&mut self, value: &Node, policy: &mut Policy) {
        let before = self.met();
        let tables = self.tables(value, "scope");
        policy.is_held |= self.met() > before;
        for table in tables {
            if policy.scopes.len() >= SCOPES_MAX {
                let said = alloc::format!("more than {SCOPES_MAX} scopes; this one is left out");
                self.problem(table.at, said);
                policy.is_held = true;
                return;
            }
            let before = self.met();
            let scope = self.scope(table);
            if self.met() == before {
                policy.scopes.push(scope);
                continue;
            }
            // It may have been meant to let something pass.
            for id in &scope.rules {
                policy.hold_rule(id);
            }
            policy.is_held |= scope.rules.is_empty();
        }
    }

    fn scope(&mut self, table: &Node) -> Scope {
        let mut scope = Scope::default();
        let members = self.table(table, "scope", &SCOPE_KEYS).unwrap_or(&[]);
        for Member { name, value, .. } in members {
            match name.as_str() {
                "rules" => {
                    scope.rules = self.list(value, "rules", Self::rule_id);
                    if matches!(&value.kind, Kind::List(items) if items.is_empty()) {
                        let said = "`rules` is empty; name a rule, or leave the key out for all";
                        self.problem(value.at, said.into());
                    }
                }
                "source" => scope.source = self.source_named(value),
                "route" => scope.route = self.pattern(value, "route"),
                "location" => scope.location = self.location(value),
                "function" => scope.function = self.pattern(value, "function"),
                "tenant" => scope.tenant = self.pattern(value, "tenant"),
                _ => self.term(name, value, &mut scope.terms),
            }
        }
        if scope.terms == Terms::default() {
            let said = "this scope says nothing; expected `mode`, `minimum_confidence`, `action` \
                        or `canary` in it";
            self.problem(table.at, said.into());
        }
        scope
    }

    /// The id of a rule.
    pub(super) fn rule_id(&mut self, value: &Node) -> Option<&'static str> {
        let Kind::Text(name) = &value.kind else {
            let said = alloc::format!(
                "a rule is {}; expected its id, as in `sql-injection`",
                value.kind.name()
            );
            self.problem(value.at, said);
            return None;
        };
        let found = self.known.iter().find(|id| **id == name.as_str()).copied();
        if found.is_none() {
            let hint = did_you_mean(name, &self.known);
            self.problem(
                value.at,
                alloc::format!("unknown rule `{}`{hint}", clipped(name)),
            );
            // What was meant is held.
            return nearest(name, &self.known)
                .and_then(|near| self.known.iter().find(|id| **id == near))
                .copied();
        }
        found
    }

    pub(super) fn source_named(&mut self, value: &Node) -> Option<Source> {
        let names: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
        let word = match &value.kind {
            Kind::Text(word) => word.as_str(),
            kind => {
                let said = alloc::format!(
                    "`source` is {}; expected the name of an event source, as in `sqs`",
                    kind.name()
                );
                self.problem(value.at, said);
                return None;
            }
        };
        let found = Source::named(word);
        if found.is_none() {
            let hint = did_you_mean(word, &names);
            let said = alloc::format!("unknown event source `{}`{hint}", clipped(word));
            self.problem(value.at, said);
        }
        found
    }

    pub(super) fn pattern(&mut self, value: &Node, key: &str) -> Option<Pattern> {
        self.read(value, key, PATTERN, Pattern::parse)
    }

    /// A JSON Pointer, in which a step may be open.
    pub(super) fn location(&mut self, value: &Node) -> Option<Pattern> {
        let expected = "a JSON Pointer as in records, as in `/body/comment` or `/Records/*/body`";
        self.read(value, "location", expected, |text| {
            let is_pointer = text.starts_with('/') || text.starts_with('#');
            Pattern::parse(text).filter(|_| is_pointer)
        })
    }
}
