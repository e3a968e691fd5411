//! The detector of operators or code where data was meant.
//! It never takes a dollar sign for an operator: the name must be known and its operand must fit.
//!
#![doc = include_str!("nosql_injection.md")]
mod beyond;
mod line;
mod operator;
mod script;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Decoder, Form, Part, Role, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::prose;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "nosql-injection",
    class: "nosqli",
    cwe: 943,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("nosql_injection.md"),
};

/// Finds operators or code where data was meant.
#[derive(Debug)]
pub struct NosqlInjection;

/// What was found in a text.
#[derive(Clone, Copy, Debug)]
struct Find {
    confidence: Confidence,
    span: Span,
    explanation: Explanation,
}

// Limit: break-outs stand in the first 256 bytes and are decided by as many behind them, in three
// contexts; commands stand in the first lines.
const VALUE_BYTES_MAX: usize = 2048;

impl Detector for NosqlInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        5
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let text = form.text;
        if !steps.take(text.len().min(VALUE_BYTES_MAX)) {
            return Judgement::UNPAID;
        }
        let named = match form.part {
            Part::Key => {
                let is_parameter = form.role == Role::Query && form.decoded.is_empty();
                operator::key(form.path, text, is_parameter)
            }
            Part::Value => operator::value(text).or_else(|| script::engine(form.path, text)),
        };
        // A name is written into programs and protocols as a value is.
        let found = named.or_else(|| {
            let within_quotes = form.decoded.last() == Some(&Decoder::Json);
            script::read(text, within_quotes, form.role == Role::Body).or_else(|| line::read(text))
        });
        Judgement::of(found.map(|found| evidence(form, found)))
    }
}

fn evidence(form: &Form<'_>, found: Find) -> Evidence {
    let is_prose = prose::surrounds(form.text, found.span);
    Evidence {
        confidence: if is_prose {
            found.confidence.min(Confidence::Medium)
        } else {
            found.confidence
        },
        span: found.span,
        explanation: found.explanation,
    }
}
