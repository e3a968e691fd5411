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
mod signals;
mod statement;
mod token;
mod word;
mod worth;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "sql-injection",
    class: "sqli",
    cwe: 89,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("sql_injection.md"),
};

/// Finds values that change the shape of a query.
#[derive(Debug)]
pub struct SqlInjection;

impl Detector for SqlInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        3
    }

    fn is_local(&self) -> bool {
        true
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
