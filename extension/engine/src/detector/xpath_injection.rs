//! The detector of values that leave their literal or predicate and rewrite an XPath.
//! It never takes a path or a glob for an expression.
//!
#![doc = include_str!("xpath_injection.md")]
mod expression;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Decoder, Form, Role, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::cursor::span;
use crate::prose;
use crate::report::{Confidence, Explanation};
use expression::Breakout;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "xpath-injection",
    class: "xpath",
    cwe: 643,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("xpath_injection.md"),
};

/// Finds values that rewrite an XPath.
#[derive(Debug)]
pub struct XpathInjection;

impl Detector for XpathInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        40
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let text = form.text;
        if !steps.take(text.len() / 2) {
            return Judgement::UNPAID;
        }
        for quote in [b'\'', b'"'] {
            let at = expression::first_quote(text, quote);
            let Some(found) = expression::break_out(text, at) else {
                continue;
            };
            if !steps.take(found.end.saturating_sub(at)) {
                return Judgement::UNPAID;
            }
            return Judgement::of(Some(evidence(text, found, "literal")));
        }
        let mut found = expression::question(text).or_else(|| expression::bare(text));
        if found.is_none() && form.role == Role::Path {
            found = expression::behind_folders(text);
        }
        if found.is_none() && form.decoded.last() == Some(&Decoder::Json) {
            found = expression::within_quotes(text);
        }
        Judgement::of(found.map(|found| evidence(text, found, "predicate")))
    }
}

fn evidence(text: &[u8], found: Breakout, context: &'static str) -> Evidence {
    let span = span(found.start, found.end);
    let confidence = match found.confidence {
        Confidence::High if prose::surrounds(text, span) => Confidence::Medium,
        confidence => confidence,
    };
    Evidence {
        confidence,
        span,
        explanation: Explanation {
            context,
            dialect: "xpath",
            production: found.production,
        },
    }
}
