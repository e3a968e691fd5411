//! The detector of secrets of known kinds in outputs: keys that open something of somebody's.
//! It never tries a secret, and never keeps one.
//!
#![doc = include_str!("leaked_secret.md")]
mod compact;
mod form;
mod forms;
mod look;
mod pem;
mod proof;
mod table;
mod token;
mod url;

#[cfg(test)]
pub(crate) mod pages;
#[cfg(test)]
mod tests;

use super::{Leak, LeakDetector, Leaks, Media, OutputText, each_anchor_of};
use crate::detector::Rule;
use crate::report::Confidence;

use self::compact::TABLE;
use self::form::{Found, Kind, Row};
use self::forms::FORMS;
pub(super) use self::look::Look;
pub(crate) use self::proof::is_aws_secret;
use self::table::KINDS;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-secret",
    class: "secret",
    cwe: 200,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("leaked_secret.md"),
};

/// What the one pass looks for.
pub(super) const ANCHORS: &[&str] = &anchors();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at build time only: a wrong index fails the build"
)]
const fn anchors() -> [&'static str; FORMS.len()] {
    let mut anchors = [""; FORMS.len()];
    let mut at = 0;
    while at < FORMS.len() {
        anchors[at] = FORMS[at].anchor;
        at += 1;
    }
    anchors
}

/// Finds secrets of known kinds.
#[derive(Debug)]
pub struct LeakedSecret;

impl LeakDetector for LeakedSecret {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks) {
        if leaks.is_crowded() {
            return;
        }
        let Some((kind, found)) = secret(text, which, at, &mut leaks.look) else {
            return;
        };
        if text.was_judged(found.start) || text.is_cut(found.start, found.reach) {
            return;
        }
        leaks.add(Leak {
            rule: &RULE,
            kind: kind.name,
            confidence: found.confidence.unwrap_or(kind.confidence),
            start: found.start,
            end: found.end,
        });
    }
}

/// The secret around an anchor of a form, and its kind.
fn secret(
    text: &OutputText<'_>,
    which: usize,
    at: usize,
    look: &mut Look,
) -> Option<(&'static Kind, Found)> {
    let form = TABLE.rows.get(which)?;
    let found = form.find(text, at, look)?;
    Some((KINDS.get(usize::from(form.kind))?, found))
}

/// Calls `visit` for each secret of a text of an event, of the kinds that are looked for there: its
/// kind, where it stands, and whether it opens anything as it is. Names of secrets are told by the
/// event's own members, and not by its texts.
pub(crate) fn each_in_event(text: &[u8], mut visit: impl FnMut(&'static str, usize, usize, bool)) {
    let text = OutputText::whole(text, Media::Text);
    let mut look = Look::default();
    each_anchor_of(&RULE, text.bytes, |which, at| {
        let is_named = TABLE.rows.get(which).is_some_and(Row::is_named);
        let found =
            secret(&text, which, at, &mut look).filter(|(kind, _)| kind.in_events && !is_named);
        if let Some((kind, found)) = found {
            let is_open = found.confidence != Some(Confidence::Low);
            visit(kind.name, found.start, found.end, is_open);
        }
    });
}

/// A page of each kind of secret, by its name.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    table::PAGES.iter().copied()
}
