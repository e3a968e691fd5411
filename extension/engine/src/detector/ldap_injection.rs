//! The detector of values that close their assertion and rewrite the filter of a directory.
//! It never takes a parenthesis for evidence: something of a filter must stand behind it.
//!
#![doc = include_str!("ldap_injection.md")]
mod filter;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::cursor::span;
use crate::prose;
use crate::report::{Confidence, Explanation};
use filter::Breakout;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "ldap-injection",
    class: "ldap",
    cwe: 90,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("ldap_injection.md"),
};

/// Finds values that rewrite the filter of a directory.
#[derive(Debug)]
pub struct LdapInjection;

impl Detector for LdapInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        24
    }

    fn price(&self) -> u8 {
        2
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let text = form.text;
        let first = filter::first_parenthesis(text);
        if !steps.take(first.saturating_add(1)) {
            return Judgement::UNPAID;
        }
        let Some(found) = filter::read(text, first) else {
            return Judgement::CLEAN;
        };
        if !steps.take(found.end.saturating_sub(first)) {
            return Judgement::UNPAID;
        }
        // `filter=(&(a=b)(c=d))` falls apart at its `&`, as any form does.
        let is_piece =
            form.part == Part::Value && form.path.member().is_some_and(|name| name.contains(&b'('));
        Judgement::of(Some(evidence(text, found, is_piece)))
    }
}

fn evidence(text: &[u8], found: Breakout, is_piece: bool) -> Evidence {
    let span = span(found.start, found.end);
    let confidence = match found.confidence {
        Confidence::High if is_piece || prose::surrounds(text, span) => Confidence::Medium,
        confidence => confidence,
    };
    Evidence {
        confidence,
        span,
        explanation: Explanation {
            context: if found.is_whole { "bare" } else { "assertion" },
            dialect: "ldap",
            production: found.production,
        },
    }
}
