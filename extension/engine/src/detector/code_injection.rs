//! The detector of program text that runs where a value was meant, server-side includes with it.
//! It never evaluates anything and never blocks program text that breaks out of nothing.
//!
#![doc = include_str!("code_injection.md")]
mod around;
mod call;
mod function;
mod include;
mod php;
mod probe;
mod search;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "code-injection",
    class: "codeinj",
    cwe: 94,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("code_injection.md"),
};

/// Finds program text that runs.
#[derive(Debug)]
pub struct CodeInjection;

impl Detector for CodeInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        140
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let (found, complete) = search::strongest(form, steps);
        let evidence = found.map(|found| Evidence {
            confidence: found.confidence,
            span: span(found.start, found.end),
            explanation: Explanation {
                context: found.context,
                dialect: found.language,
                production: found.production,
            },
        });
        Judgement { evidence, complete }
    }
}

/// A span from `start` to `end`, clipped to what a span can say.
fn span(start: usize, end: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: clip(start),
        end: clip(end),
    }
}
