//! What a policy would do with what was recorded, if each rule that it watches were let.
//! It never asks whether a rule may block; the policy's scopes and exemptions say where it would.
use std::borrow::Cow;
use std::collections::BTreeMap;

use credenza_engine::{Confidence, leak};
use credenza_policy::{Action, Mode, Policy};

use crate::judgement;
use crate::records::Record;

// Limit: a policy of some hundred scopes and exemptions takes some 50 KB, and is kept once for each
// of so many functions; what more functions there are take it anew.
const FUNCTIONS_MAX: usize = 128;

/// A policy in block mode, with every rule that it watches let go.
#[derive(Debug)]
pub(crate) struct Will {
    all: Policy,
    /// The policy as it is for a function, if it says something of single ones.
    by_function: Option<BTreeMap<String, Policy>>,
}

impl Will {
    /// The will of `policy` once nothing is held back any more but by its scopes.
    pub(crate) fn of(mut policy: Policy) -> Self {
        policy.mode = Mode::Block;
        for rule in &mut policy.rules {
            if rule.mode == Mode::Monitor {
                rule.mode = Mode::Block;
            }
        }
        let names_some = policy.scopes.iter().any(|scope| scope.function.is_some());
        Self {
            all: policy,
            by_function: names_some.then(BTreeMap::new),
        }
    }

    /// Whether something would be refused, withheld or masked for what a record tells of.
    pub(crate) fn blocks(&mut self, record: &Record<'_>) -> bool {
        let Some(confidence) = judgement::confidence(record) else {
            return false;
        };
        let id = record.rule.get();
        let policy = self.known(record.function.get());
        let action = if policy.scopes.is_empty() && policy.exemptions.is_empty() {
            policy.action(id, confidence)
        } else {
            let place = judgement::place(record, &[]);
            if judgement::exemption_of(policy, record, &place).is_some() {
                return false;
            }
            let will = policy.at(&place);
            will.action(id, confidence, record.location.get())
        };
        acts(id, action)
    }

    /// True if the policy lets a rule do nothing anywhere in a function, however sure it is.
    pub(crate) fn keeps(&self, id: &str, function: &str) -> bool {
        let policy = self.for_function(function);
        !acts(id, policy.action(id, Confidence::High))
    }

    /// True if the policy says something of single functions.
    pub(crate) fn names_functions(&self) -> bool {
        self.by_function.is_some()
    }

    /// From which confidence on a rule blocks at the place where it needs least.
    pub(crate) fn minimum(&self, id: &str) -> Confidence {
        let said = self.all.rules.iter().find(|rule| rule.id == id);
        let own = said.map_or(Confidence::High, |rule| rule.minimum_confidence);
        let of_rule = self.all.scopes.iter();
        let of_rule = of_rule.filter(|scope| scope.rules.contains(&id));
        let scoped = of_rule.filter_map(|scope| scope.terms.minimum_confidence);
        scoped.fold(own, Ord::min)
    }

    fn for_function(&self, function: &str) -> Cow<'_, Policy> {
        match &self.by_function {
            None => Cow::Borrowed(&self.all),
            Some(_) => Cow::Owned(self.all.clone().for_function(function)),
        }
    }

    fn known(&mut self, function: &str) -> &Policy {
        let Some(known) = &mut self.by_function else {
            return &self.all;
        };
        if known.len() >= FUNCTIONS_MAX && !known.contains_key(function) {
            known.clear();
        }
        known
            .entry(function.to_owned())
            .or_insert_with(|| self.all.clone().for_function(function))
    }
}

/// Whether an action does anything: an answer may be masked, an event is never changed.
pub(crate) fn acts(id: &str, action: Action) -> bool {
    match action {
        Action::Flag => false,
        Action::Mask => is_of_answers(id),
        Action::Block => true,
    }
}

/// True for a rule of what leaves.
pub(crate) fn is_of_answers(id: &str) -> bool {
    leak::rules().any(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn will(text: &str) -> Will {
        let (policy, problems) = Policy::parse(text);
        assert_eq!(problems, []);
        Will::of(policy)
    }

    /// Whether a finding of SQL injection in `shop` on `POST /search` would be refused.
    fn blocks(policy: &str, confidence: &str) -> bool {
        let line = format!(
            r#"{{"level":"warn","record":"finding","function":"shop","source":"apigateway-http",
            "route":"POST /search","tenant":"acme","rule":"sql-injection","location":"/body/q",
            "sample":"a' aa 0=0","length":9,"confidence":"{confidence}"}}"#
        );
        will(policy).blocks(&serde_json::from_str(&line).unwrap())
    }

    #[test]
    fn a_scope_speaks_of_the_records_that_are_in_it() {
        let scope = |members: &str| format!("[[scope]]\n{members}\nmode = \"monitor\"\n");
        for inside in [
            "source = \"apigateway-http\"",
            "route = \"POST /*\"",
            "location = \"/body/*\"",
            "function = \"sh*\"",
            "tenant = \"acme\"",
            "rules = [\"sql-injection\"]",
        ] {
            assert!(!blocks(&scope(inside), "high"), "{inside}");
        }
        for outside in [
            "source = \"sqs\"",
            "route = \"GET /*\"",
            "location = \"/headers/*\"",
            "function = \"legacy-*\"",
            "tenant = \"umbrella\"",
            "rules = [\"path-traversal\"]",
        ] {
            assert!(blocks(&scope(outside), "high"), "{outside}");
        }
    }

    #[test]
    fn confidence_and_action_of_a_place_count() {
        assert!(!blocks("", "medium"));
        let here = "[[scope]]\nrules = [\"sql-injection\"]\nroute = \"POST /search\"\n";
        assert!(blocks(
            &format!("{here}minimum_confidence = \"medium\"\n"),
            "medium"
        ));
        assert!(!blocks(&format!("{here}action = \"flag\"\n"), "high"));
        assert!(!blocks(&format!("{here}action = \"mask\"\n"), "high"));
        assert!(!blocks(
            "[source.apigateway-http]\nmode = \"monitor\"\n",
            "high"
        ));
    }

    #[test]
    fn what_the_policy_exempts_is_no_hit_and_a_mode_to_be_lifted_is() {
        let exemption = |last: &str| {
            format!(
                "[[exemption]]\nrule = \"sql-injection\"\nlocation = \"/body/q\"\n\
                 reason = \"r\"\nauthor = \"a\"\nexpires = {last}\n"
            )
        };
        assert!(!blocks(&exemption("2097-01-31"), "high"));
        assert!(blocks(&exemption("2020-01-31"), "high"));
        assert!(blocks("[rule.sql-injection]\nmode = \"monitor\"\n", "high"));
        assert!(!blocks("[rule.sql-injection]\nmode = \"off\"\n", "high"));
    }

    #[test]
    fn an_answer_may_be_masked_and_an_event_may_not() {
        let text = "[rule.own-secret]\naction = \"mask\"\n[rule.path-traversal]\naction = \"mask\"\n\
                    [[scope]]\nfunction = \"legacy-*\"\nmode = \"monitor\"\n";
        let will = will(text);
        assert!(!will.keeps("own-secret", "shop"));
        assert!(will.keeps("own-secret", "legacy-shop"));
        assert!(will.keeps("path-traversal", "shop"));
        assert!(!will.keeps("sql-injection", "shop"));
        assert_eq!(will.minimum("path-traversal"), Confidence::High);
    }
}
