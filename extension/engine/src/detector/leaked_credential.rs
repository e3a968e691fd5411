//! The detector of secrets of known kinds in events: keys that open something of somebody's.
//! It never tries a secret, and never takes a caller's own credential in its own header for a leak.
//!
#![doc = include_str!("leaked_credential.md")]
pub(crate) mod kind;
mod signals;
#[cfg(test)]
mod tests;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Role, Span, Steps};

use self::kind::Proof;
use super::{Detector, Evidence, Judgement, Rule};
use crate::gate;
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-credential",
    class: "credential",
    cwe: 798,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: include_str!("leaked_credential.md"),
};

/// Finds secrets of known kinds.
#[derive(Debug)]
pub struct LeakedCredential;

impl Detector for LeakedCredential {
    fn rule(&self) -> &'static Rule {
        &RULE
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

/// The first secret of a text; a whole one before one that is locked.
fn strongest(text: &[u8]) -> Option<Evidence> {
    let mut weaker = None;
    let mut halves = Halves::default();
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..)
        && !rest.is_empty()
    {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let is_free = before.is_none_or(|byte| !is_inside(*byte));
        if is_free && begins(rest) {
            match secret(text, at, &mut halves) {
                Some(found) if found.confidence == Confidence::Medium => return Some(found),
                found => weaker = weaker.or(found),
            }
        }
        at = at.saturating_add(1);
    }
    weaker
}

/// What stands before a secret is no part of a longer name.
fn is_inside(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// True for the few beginnings that are worth a look at the table.
fn begins(text: &[u8]) -> bool {
    matches!(
        text,
        [b'-', b'-', b'-', b'-', ..] | [b'A', b'c', b'c', b'o', ..]
    ) || text.starts_with(b"https://hooks.")
        || gate::begins_packed(text)
}

fn secret(text: &[u8], start: usize, halves: &mut Halves) -> Option<Evidence> {
    let rest = text.get(start..)?;
    if rest.starts_with(b"-----") {
        return private_key(rest, start);
    }
    let (kind, len) = kind::at_start(rest)?;
    let end = start.saturating_add(len);
    if matches!(kind.proof, Proof::Pair) && !halves.are_near(text, start, end) {
        return None;
    }
    Some(evidence(Confidence::Medium, kind.name, start, end))
}

// Limit: 256 bytes: the two halves stand in two lines of one file.
const NEAR_BYTES: usize = 256;

/// Where the 40 characters stand that are the other half of AWS's keys, as far as was looked.
#[derive(Default)]
struct Halves {
    looked_to: usize,
    /// Where the last of them begins.
    last: Option<usize>,
}

impl Halves {
    /// True if such a half stands near; ids come in the order of the text, so that no byte is
    /// looked at twice but for a word at the end of what was.
    fn are_near(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        let from = start.saturating_sub(NEAR_BYTES);
        let to = end.saturating_add(NEAR_BYTES).min(text.len());
        let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let mut at = self.looked_to.max(from);
        while at < to {
            let rest = text.get(at..).unwrap_or(&[]);
            let len = rest.iter().take(41).take_while(|byte| is_in(byte)).count();
            if rest.get(..len).is_some_and(kind::is_aws_secret) {
                self.last = Some(at);
            }
            // A longer run is something else, to its end.
            let run = if len > 40 {
                rest.iter()
                    .position(|byte| !is_in(byte))
                    .unwrap_or(rest.len())
            } else {
                len
            };
            at = at.saturating_add(run).saturating_add(1);
        }
        self.looked_to = at;
        self.last.is_some_and(|last| last >= from)
    }
}

/// A private key in PEM; one that is locked is worth its passphrase.
fn private_key(text: &[u8], start: usize) -> Option<Evidence> {
    let head = text.get(..text.len().min(64))?;
    let label = head.strip_prefix(concat!("-----BE", "GIN ").as_bytes())?;
    let label = label.get(..memchr::memmem::find(label, b"-----")?)?;
    if !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let marked = label.len().saturating_add(16);
    let body = text.get(marked..)?;
    // Line breaks may be written as escapes.
    let packed = |byte: &&u8| {
        byte.is_ascii_alphanumeric()
            || matches!(**byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b'\\' | b' ')
    };
    // Limit: 64 characters, one line; the shortest key, of an elliptic curve, has 64.
    let len = body.iter().take(4096).take_while(packed).count();
    let is_locked = label.starts_with(b"ENCRYPTED") || body.starts_with(b"\nProc-Type");
    if len < 64 && !is_locked {
        return None;
    }
    let confidence = if is_locked {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    let end = start.saturating_add(marked).saturating_add(len);
    Some(evidence(confidence, "private-key", start, end))
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
    (is_whole && kind::is_aws_secret(secret))
        .then(|| evidence(Confidence::Medium, "aws-secret-key", 0, form.text.len()))
}
