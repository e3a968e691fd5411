//! The detector of programs that look for holes: by the names they give, and by what they ask for.
//! It never says more than that: a scan is no attack, and may be the owner's own.
//!
#![doc = include_str!("scanner_traffic.md")]
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Role, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule, listener};
use crate::gate;
use crate::report::{Confidence, Explanation};
use crate::sought;
use signals::{PROBES, TOOLS};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "scanner-traffic",
    class: "scanner",
    cwe: 200,
    ceiling: Confidence::Low,
    is_on_by_default: true,
    page: page!("scanner_traffic.md"),
};

/// Finds programs that look for holes.
#[derive(Debug)]
pub struct ScannerTraffic;

impl Detector for ScannerTraffic {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        120
    }

    fn price(&self) -> u8 {
        4
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let text = form.text.get(..TEXT_BYTES_MAX).unwrap_or(form.text);
        if !steps.take(text.len()) {
            return Judgement::UNPAID;
        }
        // A host alone is a plain text, which nobody is shown.
        let is_plain = gate::is_plain(form.text, form.classes, form.part);
        let found = if is_plain || form.part == Part::Key {
            None
        } else if form.role == Role::Path {
            probe(text)
        } else if is_agent(form) {
            tool(text)
        } else {
            listener(text)
        };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Judgement {
            evidence: found.map(|(start, end, production)| Evidence {
                confidence: Confidence::Low,
                span: Span {
                    start: offset(start),
                    end: offset(end),
                },
                explanation: Explanation {
                    context: "whole-value",
                    dialect: "generic",
                    production,
                },
            }),
            complete: true,
        }
    }
}

// Limit: names of programs, paths and hosts stand at the start of short values; a scanner that
// hides behind a page of text hides nothing that matters.
const TEXT_BYTES_MAX: usize = 1024;

/// Where something stands, and what it is.
type Place = (usize, usize, &'static str);

/// True for the field in which a program gives its name.
fn is_agent(form: &Form<'_>) -> bool {
    let name = form.path.member().unwrap_or(&[]);
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    is("user-agent") || is("useragent") || form.role == Role::Header && name.is_empty()
}

/// The name of a tool, as a word of its own.
fn tool(text: &[u8]) -> Option<Place> {
    let mut at = 0_usize;
    for word in text.split(|byte| !byte.is_ascii_alphanumeric()) {
        let end = at.saturating_add(word.len());
        let is_tool = TOOLS
            .iter()
            .any(|tool| word.eq_ignore_ascii_case(tool.as_bytes()));
        if is_tool {
            return Some((at, end, "tool"));
        }
        at = end.saturating_add(1);
    }
    None
}

/// A path that nobody asks for who does not look for holes.
fn probe(text: &[u8]) -> Option<Place> {
    let path = text.split(|byte| matches!(byte, b'?' | b'#')).next()?;
    let is_probe = PROBES.iter().any(|probe| {
        let at = path.len().checked_sub(probe.len());
        // A probe that ends in a slash names a folder, any other one a file.
        if probe.ends_with('/') {
            path.get(..probe.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(probe.as_bytes()))
        } else {
            at.and_then(|at| path.get(at..))
                .is_some_and(|tail| tail.eq_ignore_ascii_case(probe.as_bytes()))
        }
    });
    is_probe.then_some((0, path.len(), "probe"))
}

/// A host whose owner waits to be called.
fn listener(text: &[u8]) -> Option<Place> {
    for zone in listener::ZONES {
        let Some(at) = sought::find(text, zone.as_bytes()) else {
            continue;
        };
        let end = at.saturating_add(zone.len());
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let before = text.get(..at).unwrap_or(&[]);
        let is_under = before.len() > 1 && before.iter().rev().take(1).all(|byte| *byte == b'.');
        if is_under && !text.get(end).is_some_and(is_host) {
            let start = before
                .iter()
                .rposition(|byte| !is_host(byte) && *byte != b'.');
            let start = start.map_or(0, |start| start.saturating_add(1));
            return Some((start, end, "listener"));
        }
    }
    None
}
