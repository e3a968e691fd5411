//! The detector of events with more parts than anyone who sends them needs.
//! It never looks at bytes: the walk has counted the parts already.
//!
#![doc = include_str!("oversize.md")]
use credenza_event::{Form, Shape};

use super::{Detector, Evidence, Rule};
use crate::gate::Signals;
use crate::lexicon::Vocabulary;
use crate::report::{Confidence, Explanation};

/// No words: a number of parts has none.
pub(super) const WORDS: &Vocabulary = &[];

/// It judges shapes, and no text.
pub(super) const NEEDS: &[Signals] = &[];

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "oversize",
    class: "dos",
    cwe: 770,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("oversize.md"),
};

/// Finds events with more parts than anyone who sends them needs.
#[derive(Debug)]
pub struct Oversize;

impl Detector for Oversize {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge_shape(&self, form: &Form<'_>, shape: &Shape) -> Option<Evidence> {
        let (confidence, production) = strongest(shape)?;
        Some(Evidence::of_all(
            form,
            confidence,
            Explanation {
                context: "parts",
                dialect: "generic",
                production,
            },
        ))
    }
}

// Limit: 1,000 fields or parts, where Django, PHP, Express, Werkzeug and others stop reading a
// form.
const FIELDS_MAX: u32 = 1_000;
// Limit: 10,000 names in one object: a table of them costs 1 MB in Python, and one made of names
// that collide costs 10,000 × 10,000 / 2 comparisons; dictionaries have as many, so that only ten
// times as many are more than advice.
const NAMES_MUCH: u32 = 10_000;
const NAMES_MAX: u32 = 100_000;
// Limit: 100,000 items in one list: at 10 ms of work each, a quarter of an hour, the platform's
// longest invocation, is over after 90,000.
const ITEMS_MAX: u32 = 100_000;

fn strongest(shape: &Shape) -> Option<(Confidence, &'static str)> {
    let (medium, low) = (Confidence::Medium, Confidence::Low);
    let judged = [
        (shape.fields > FIELDS_MAX, medium, "fields"),
        (shape.names > NAMES_MAX, medium, "names"),
        (shape.names > NAMES_MUCH, low, "names"),
        (shape.items > ITEMS_MAX, low, "fan-out"),
    ];
    let (_, confidence, production) = judged.into_iter().find(|(is_so, ..)| *is_so)?;
    Some((confidence, production))
}
