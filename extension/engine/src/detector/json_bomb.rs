//! The detector of documents that cost their reader far more than their bytes.
//! It never reads a document a second time: the walk has counted already.
//!
#![doc = include_str!("json_bomb.md")]
use credenza_event::{Form, Shape};

use super::{Detector, Evidence, Rule};
use crate::gate::Signals;
use crate::lexicon::Vocabulary;
use crate::report::{Confidence, Explanation};

/// No words: a shape has none.
pub(super) const WORDS: &Vocabulary = &[];

/// It judges shapes, and no text.
pub(super) const NEEDS: &[Signals] = &[];

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "json-bomb",
    class: "dos",
    cwe: 674,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("json_bomb.md"),
};

/// Finds documents that cost their reader far more than their bytes.
#[derive(Debug)]
pub struct JsonBomb;

impl Detector for JsonBomb {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge_shape(&self, form: &Form<'_>, shape: &Shape) -> Option<Evidence> {
        let (confidence, production) = strongest(shape)?;
        Some(Evidence::of_all(
            form,
            confidence,
            Explanation {
                context: "document",
                dialect: "json",
                production,
            },
        ))
    }
}

// Limit: 512 levels are where PHP's reader ends; the recursive ones of Python, Ruby, Rust and .NET
// end between 64 and 1,000, and no person or program nests an answer so deep.
const DEPTH_MAX: u32 = 512;
// Limit: 128 levels are where Rust's readers end; the deepest ordinary documents, syntax trees and
// rich texts, have some fifty.
const DEPTH_MUCH: u32 = 128;
// Limit: 250,000 empty containers are 750 KB on the wire and 64 bytes each in Python or Node, which
// is 16 MB: an eighth of a function of 128 MB, and 21 times what was sent.
const HOLLOW_MAX: u32 = 250_000;
// Limit: 1,000 names that stand twice in a row; no writer of JSON makes one, a broken one a few.
const DOUBLED_MAX: u32 = 1_000;

fn strongest(shape: &Shape) -> Option<(Confidence, &'static str)> {
    let (high, medium, low) = (Confidence::High, Confidence::Medium, Confidence::Low);
    let judged = [
        (shape.depth > DEPTH_MAX, high, "depth"),
        (shape.depth > DEPTH_MUCH, medium, "depth"),
        (shape.hollow > HOLLOW_MAX, medium, "hollow"),
        (shape.doubled > DOUBLED_MAX, medium, "doubled-names"),
        (shape.doubled > 0, low, "doubled-names"),
    ];
    let (_, confidence, production) = judged.into_iter().find(|(is_so, ..)| *is_so)?;
    Some((confidence, production))
}
