//! The detector of expressions that a template engine would evaluate.
//! It never takes offence at a name in braces: only at what computes, calls or reaches out.
//!
#![doc = include_str!("template_injection.md")]
mod expression;
mod meaning;
mod nest;
mod opening;
mod signals;
mod stand;
mod word;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "template-injection",
    class: "ssti",
    cwe: 1336,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("template_injection.md"),
};

/// Finds expressions that a template engine would evaluate.
#[derive(Debug)]
pub struct TemplateInjection;

impl Detector for TemplateInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        16
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        let found = nest::read(form.text);
        let confidence = found.confidence(form.text);
        Judgement {
            evidence: confidence.map(|confidence| Evidence {
                confidence,
                span: found.span(),
                explanation: Explanation {
                    context: found.context(),
                    dialect: "generic",
                    production: found.production(),
                },
            }),
            complete: true,
        }
    }
}
