//! The detector of secrets of known kinds in events: keys that open something of somebody's.
//! It never tries a secret, and never takes a caller's own credential in its own header for a leak.
//!
#![doc = include_str!("leaked_credential.md")]
mod signals;

#[cfg(test)]
mod tests;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Role, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::gate;
use crate::leak::leaked_secret::{each_in_event, is_aws_secret};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-credential",
    class: "credential",
    cwe: 798,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("leaked_credential.md"),
};

/// Finds secrets of known kinds.
#[derive(Debug)]
pub struct LeakedCredential;

impl Detector for LeakedCredential {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let mut judgement = Judgement::CLEAN;
        if is_meant(form) || gate::is_plain(form.text, form.classes, form.part) {
            return judgement;
        }
        if form.part == Part::Key {
            judgement.evidence = named_secret(form);
        } else if steps.take(form.text.len()) {
            judgement.evidence = strongest(form.text);
        } else {
            judgement.complete = false;
        }
        judgement
    }
}

/// True where a credential stands because it is one: the caller's own, in the header for it, and
/// what AWS gives a function of a pipeline.
fn is_meant(form: &Form<'_>) -> bool {
    let name = || form.path.names().next().unwrap_or(&[]);
    let is_own = |name: &[u8]| {
        const PARTS: [&[u8]; 4] = [b"auth", b"token", b"key", b"secret"];
        PARTS.iter().any(|part| {
            name.windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part))
        })
    };
    match form.role {
        Role::Cookie => true,
        Role::Header => is_own(name()),
        _ => form
            .path
            .names()
            .take(3)
            .any(|name| name == b"artifactCredentials"),
    }
}

fn evidence(confidence: Confidence, kind: &'static str, start: usize, end: usize) -> Evidence {
    Evidence {
        confidence,
        span: Span::of_offsets(start, end),
        explanation: Explanation {
            context: "secret",
            dialect: "generic",
            production: kind,
        },
    }
}

/// The first secret of a text; one that opens something before one that is locked.
fn strongest(text: &[u8]) -> Option<Evidence> {
    let (mut first, mut locked) = (None, None);
    each_in_event(text, |kind, start, end, is_open| {
        let (place, confidence) = if is_open {
            (&mut first, Confidence::Medium)
        } else {
            (&mut locked, Confidence::Low)
        };
        *place = place.or(Some(evidence(confidence, kind, start, end)));
    });
    first.or(locked)
}

/// AWS's secret under its name: the key is judged, because nothing in the value says what it is.
fn named_secret(form: &Form<'_>) -> Option<Evidence> {
    const NAMES: [&[u8]; 2] = [b"secretaccesskey", b"awssecretaccesskey"];
    let name = form.text.iter().filter(|byte| !matches!(byte, b'_' | b'-'));
    let is_name = NAMES.iter().any(|known| {
        name.clone()
            .map(u8::to_ascii_lowercase)
            .eq(known.iter().copied())
    });
    if !is_name {
        return None;
    }
    let value = form.path.operand();
    let value = value.strip_prefix(b"\\").unwrap_or(value);
    let value = value.strip_prefix(b"\"")?;
    let (secret, behind) = value.split_at_checked(40)?;
    let is_whole = matches!(behind.first(), Some(b'"' | b'\\'));
    (is_whole && is_aws_secret(secret))
        .then(|| evidence(Confidence::Medium, "aws-secret-key", 0, form.text.len()))
}
