//! The detector of packed data that grows beyond all measure when it is unpacked.
//! It never unpacks more than the walk did: it is told how far that went.
//!
#![doc = include_str!("decompression_bomb.md")]
use credenza_event::{Form, Shape};

use super::{Detector, Evidence, Rule};
use crate::gate::Signals;
use crate::lexicon::Vocabulary;
use crate::report::{Confidence, Explanation};

/// No words: what is packed has none.
pub(super) const WORDS: &Vocabulary = &[];

/// It judges shapes, and no text.
pub(super) const NEEDS: &[Signals] = &[];

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "decompression-bomb",
    class: "dos",
    cwe: 409,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("decompression_bomb.md"),
};

/// Finds packed data that grows beyond all measure.
#[derive(Debug)]
pub struct DecompressionBomb;

impl Detector for DecompressionBomb {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge_shape(&self, form: &Form<'_>, shape: &Shape) -> Option<Evidence> {
        let (confidence, production) = strongest(shape)?;
        Some(Evidence::of_all(
            form,
            confidence,
            Explanation {
                context: "packed",
                dialect: "deflate",
                production,
            },
        ))
    }
}

// Limit: 200 : 1. Deflate ends at 1,032 : 1 (258 bytes for two bits); text comes to 5, log lines
// that repeat to 30, and what comes to 200 says the same thing all the way.
const RATIO_MAX: u32 = 200;

// Limit: 2; log groups are packed, and the stream that carries them may pack them again.
const PACKINGS_MAX: u32 = 2;

fn strongest(shape: &Shape) -> Option<(Confidence, &'static str)> {
    if shape.ratio > RATIO_MAX {
        Some((Confidence::High, "ratio"))
    } else if shape.ratio > 0 {
        Some((Confidence::Medium, "ratio"))
    } else if shape.packings > PACKINGS_MAX {
        Some((Confidence::Low, "packed-again"))
    } else {
        None
    }
}
