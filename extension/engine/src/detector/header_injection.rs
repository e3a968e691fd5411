//! The detector of line breaks that add a header, a second message or a recipient.
//! It never takes offence at lines as such: texts have them.
//!
#![doc = include_str!("header_injection.md")]
mod block;
mod known;
mod place;
mod signals;
mod twin;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "header-injection",
    class: "crlf",
    cwe: 113,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("header_injection.md"),
};

/// Finds line breaks that add a header, a second message or a recipient.
#[derive(Debug)]
pub struct HeaderInjection;

impl Detector for HeaderInjection {
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
        // Each line is looked at once, and a fixed number of bytes behind a break.
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        let found = place::strongest(form).or_else(|| twin::of(form));
        Judgement {
            evidence: found.map(|found| Evidence {
                confidence: found.confidence,
                span: found.span,
                explanation: Explanation {
                    context: found.context,
                    dialect: "generic",
                    production: found.production,
                },
            }),
            complete: true,
        }
    }
}
