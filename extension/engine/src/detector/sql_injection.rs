//! The detector of values that change the shape of a query.
//! It never calls a value an injection that only leaves its context and then means nothing.
//!
#![doc = include_str!("sql_injection.md")]
mod context;
mod dialect;
#[cfg(test)]
mod oracle;
mod production;
mod reading;
mod statement;
mod token;
mod word;
mod worth;

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::gate::Signals;
use crate::report::Explanation;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "sql-injection",
    class: "sqli",
    cwe: 89,
    page: include_str!("sql_injection.md"),
};

/// Finds values that change the shape of a query.
#[derive(Debug)]
pub struct SqlInjection;

impl Detector for SqlInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn needs(&self) -> &'static [Signals] {
        NEEDS
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let (candidate, complete) = context::strongest(form.text, steps);
        let Some(candidate) = candidate else {
            return Judgement {
                evidence: None,
                complete,
            };
        };
        let evidence = Evidence {
            confidence: candidate.confidence(),
            span: token::span(candidate.start, candidate.end),
            explanation: Explanation {
                context: candidate.context.name(),
                dialect: dialect::name(form.text, candidate.start, candidate.end),
                production: candidate.production,
            },
        };
        Judgement {
            evidence: Some(evidence),
            complete,
        }
    }
}

/// The signals without which no reading passes anything.
const NEEDS: &[Signals] = &[
    Signals::SELECT,
    Signals::EFFECT,
    Signals::SET_OPERATION.with(Signals::ROWS),
    Signals::CONNECTIVE.with(Signals::COMPARISON),
    Signals::CONNECTIVE
        .with(Signals::COMPARISON_WORD)
        .with(Signals::CONSTANT),
    Signals::CONNECTIVE.with(Signals::COMMENT),
    Signals::CONNECTIVE
        .with(Signals::QUOTE)
        .with(Signals::CONSTANT),
    Signals::CALL.with(Signals::PARENTHESIS),
    Signals::CONNECTIVE.with(Signals::PARENTHESIS),
    Signals::CONNECTIVE.with(Signals::BRACE),
    Signals::QUOTE.with(Signals::COMMENT),
    Signals::QUOTE.with(Signals::COMPARISON),
    Signals::QUOTE.with(Signals::COMPARISON_WORD),
    Signals::QUOTE.with(Signals::SET_OPERATION),
    Signals::VERB.with(Signals::OBJECT),
    Signals::VERB.with(Signals::SEMICOLON),
    Signals::VERB.with(Signals::COMMENT),
    Signals::MARKED_VERB.with(Signals::SEMICOLON),
    Signals::ORDER.with(Signals::BY),
    Signals::CASE.with(Signals::COMPARISON),
];
