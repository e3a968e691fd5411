//! The detector of tokens whose header tells the verifier not to verify.
//! It never doubts a token for its payload, its age or its issuer.
//!
#![doc = include_str!("jwt_tricks.md")]
mod header;
mod signals;
mod token;
mod trick;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Role, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::gate;
use crate::prose;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "jwt-tricks",
    class: "jwt",
    cwe: 347,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("jwt_tricks.md"),
};

// Limit: to unpack a byte of a token and read what it says costs about eight steps.
const TOKEN_STEPS: usize = 8;

/// Finds tokens whose header tells the verifier not to verify.
#[derive(Debug)]
pub struct JwtTricks;

impl Detector for JwtTricks {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        // The gate shows nobody a plain text with a token in it, only one that begins as a token.
        if gate::is_plain(form.text, form.classes, form.part) {
            return Judgement::CLEAN;
        }
        // Each byte is looked at once, and each of a token unpacked and read.
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        let is_quoted = memchr::memchr(b'`', form.text).is_some();
        let mut strongest: Option<Evidence> = None;
        for token in token::tokens(form.text) {
            let bytes = token.end.saturating_sub(token.start);
            if !steps.take(bytes.saturating_mul(TOKEN_STEPS)) {
                return Judgement {
                    evidence: strongest,
                    complete: false,
                };
            }
            let Some((confidence, production)) = trick::strongest(&token) else {
                continue;
            };
            let span = Span::of_offsets(token.start, token.end);
            let confidence = doubted(form, is_quoted, span, confidence, production);
            if strongest.is_none_or(|found| found.confidence < confidence) {
                strongest = Some(Evidence {
                    confidence,
                    span,
                    explanation: Explanation {
                        context: "header",
                        dialect: "jwt",
                        production,
                    },
                });
            }
            if confidence == Confidence::High {
                break;
            }
        }
        Judgement {
            evidence: strongest,
            complete: true,
        }
    }
}

/// One step less for a token in a sentence, and for one without a signature in a text that may have
/// been shortened or ends in a point.
fn doubted(
    form: &Form<'_>,
    is_quoted: bool,
    span: Span,
    confidence: Confidence,
    production: &'static str,
) -> Confidence {
    let is_sent = matches!(form.role, Role::Header | Role::Cookie | Role::Query);
    let is_shown = form.part == Part::Key
        || is_quoted
        || prose::surrounds(form.text, span)
        || production == "signature-removed" && !is_sent;
    if is_shown && confidence == Confidence::High {
        Confidence::Medium
    } else {
        confidence
    }
}
