//! The detector of lookups that a logger or a text substitutor would resolve.
//! It never resolves anything: it reckons what nested lookups spell, in a few bytes.
//!
#![doc = include_str!("jndi_lookup.md")]
mod evaluator;
mod lookup;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::prose;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "jndi-lookup",
    class: "jndi",
    cwe: 917,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("jndi_lookup.md"),
};

/// Finds lookups that a logger or a text substitutor would resolve.
#[derive(Debug)]
pub struct JndiLookup;

impl Detector for JndiLookup {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        // What a lookup spells is written once more into each lookup around it.
        if !steps.take(form.text.len().saturating_mul(2)) {
            return Judgement::UNPAID;
        }
        let evidence = evaluator::strongest(form.text).map(|found| {
            let before = form.text.get(..found.span.start as usize).unwrap_or(&[]);
            let is_told = before.ends_with(b"`") || prose::surrounds(form.text, found.span);
            Evidence {
                confidence: if is_told {
                    found.confidence.min(Confidence::Medium)
                } else {
                    found.confidence
                },
                span: found.span,
                explanation: Explanation {
                    context: found.context,
                    dialect: "generic",
                    production: found.production,
                },
            }
        });
        Judgement::of(evidence)
    }
}
