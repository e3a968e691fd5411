//! The detector of personal data in outputs: payment cards, bank accounts, national ids, and lists
//! of addresses.
//! It never knows a person: what a number proves of itself, or is called, is all it goes by.
//!
#![doc = include_str!("personal_data.md")]
mod account;
mod card;
mod check;
mod digits;
mod id;
mod list;
mod name;

#[cfg(test)]
mod tests;

use super::{Leak, LeakDetector, Leaks, OutputText};
use crate::detector::Rule;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "personal-data",
    class: "privacy",
    cwe: 359,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("personal_data.md"),
};

/// What the one pass looks for: names of national ids.
pub(super) const ANCHORS: &[&str] = &name::ANCHORS;

/// Finds personal data.
#[derive(Debug)]
pub struct PersonalData;

/// A kind of data, where it stands, and how far was looked.
#[derive(Clone, Copy, Debug)]
struct Datum {
    kind: &'static str,
    start: usize,
    end: usize,
}

impl LeakDetector for PersonalData {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks) {
        leaks.looked_at(name::BETWEEN_BYTES_MAX);
        if let Some(datum) = name::named(text.bytes, which, at) {
            note(text, datum, leaks);
        }
    }

    fn sweep(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        let mut cards = card::Cards::default();
        let mut phones = list::Phones::new();
        digits::each_number(text.bytes, |number| {
            cards.meet(text.bytes, number);
            phones.meet(text.bytes, number);
            let found = account::iban(text.bytes, number)
                .or_else(|| card::card(text.bytes, number))
                .or_else(|| id::of_itself(text.bytes, number));
            if let Some(datum) = found {
                note(text, datum, leaks);
            }
        });
        for datum in cards.listed() {
            note(text, *datum, leaks);
        }
        list::addresses(text.bytes, |datum| note(text, datum, leaks));
        phones.tell(|datum| note(text, datum, leaks));
    }
}

/// Adds what was found, unless it belongs to another window.
fn note(text: &OutputText<'_>, datum: Datum, leaks: &mut Leaks) {
    let reach = datum.end.saturating_add(1);
    if !text.was_judged(datum.start) && !text.is_cut(datum.start, reach) {
        leaks.add(Leak {
            rule: &RULE,
            kind: datum.kind,
            confidence: Confidence::Medium,
            start: datum.start,
            end: datum.end,
        });
    }
}
