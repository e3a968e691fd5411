//! The detector of values that change the shape of a query.
//! It never calls a value an injection that only leaves its context and then means nothing.
//!
#![doc = include_str!("sql_injection.md")]
mod context;
mod dialect;
#[cfg(test)]
mod oracle;
mod pivot;
mod production;
mod reading;
mod signals;
mod statement;
mod token;
mod word;
mod worth;

pub(super) use signals::{NEEDS, WORDS};
pub(crate) use word::is_word;

use credenza_event::{Decoder, Form, Steps};

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

    fn steps(&self) -> usize {
        240
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
            confidence: if is_escaped(form) {
                candidate.confidence().min(Confidence::Medium)
            } else {
                candidate.confidence()
            },
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

// Limit: a field that was sent escaped shows three escapes in its first 512 bytes.
const ESCAPED_BYTES: usize = 512;

/// True for a field of a form as it was sent: what it says shows when its escapes are undone.
fn is_escaped(form: &Form<'_>) -> bool {
    let is_escape = |three: &[u8]| match three {
        [b'%', one, two] => one.is_ascii_hexdigit() && two.is_ascii_hexdigit(),
        _ => false,
    };
    let near = form.text.get(..ESCAPED_BYTES).unwrap_or(form.text);
    form.decoded.last() == Some(&Decoder::Form)
        && !form.text.contains(&b' ')
        && near.windows(3).filter(|three| is_escape(three)).count() > 2
}
