//! The detector of values that a spreadsheet takes for formulas and that reach beyond the sheet.
//! It never takes offence at a formula that only calculates.
//!
#![doc = include_str!("csv_formula.md")]
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Span, Steps};
use memchr::memchr;

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "csv-formula",
    class: "csvinj",
    cwe: 1236,
    ceiling: Confidence::Low,
    is_on_by_default: true,
    page: page!("csv_formula.md"),
};

/// Finds formulas that reach beyond their sheet.
#[derive(Debug)]
pub struct CsvFormula;

impl Detector for CsvFormula {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        24
    }

    fn price(&self) -> u8 {
        2
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let Some(start) = formula(form) else {
            return Judgement::CLEAN;
        };
        let text = form.text.get(start..).unwrap_or(&[]);
        let text = text.get(..FORMULA_BYTES).unwrap_or(text);
        if !steps.take(text.len()) {
            return Judgement::UNPAID;
        }
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let evidence = reaches_out(text).map(|production| Evidence {
            confidence: Confidence::Low,
            span: Span {
                start: offset(start),
                end: offset(start.saturating_add(text.len())),
            },
            explanation: Explanation {
                context: "cell",
                dialect: "spreadsheet",
                production,
            },
        });
        Judgement::of(evidence)
    }
}

// Limit: a cell's formula has at most 8,192 characters.
const FORMULA_BYTES: usize = 8 << 10;

/// Where the formula begins, if a spreadsheet takes the value for one.
fn formula(form: &Form<'_>) -> Option<usize> {
    if form.part == Part::Key {
        return None;
    }
    let start = form
        .text
        .iter()
        .position(|byte| *byte > b' ' && *byte != b'"')?;
    let next = form.text.get(start.saturating_add(1))?;
    match form.text.get(start)? {
        b'=' => Some(start),
        // `- call (if late)` and `--flag` are no formulas.
        b'+' | b'-' | b'@' => next.is_ascii_alphanumeric().then_some(start),
        _ => None,
    }
}

/// What a formula reaches: a function that calls out, or another program.
fn reaches_out(text: &[u8]) -> Option<&'static str> {
    let line = memchr(b'\n', text).unwrap_or(text.len());
    let text = text.get(..line).unwrap_or(text);
    // `@app.route("/a") def image(x)`: behind `@` only the first name is called.
    let is_named = text.first() == Some(&b'@');
    let mut at = 0_usize;
    while let Some(&byte) = text.get(at) {
        if byte == b'"' {
            // A text of the formula.
            let rest = text.get(at.saturating_add(1)..).unwrap_or(&[]);
            let len = memchr(b'"', rest).map_or(rest.len(), |len| len.saturating_add(1));
            at = at.saturating_add(len).saturating_add(1);
            continue;
        }
        if !byte.is_ascii_alphabetic() {
            at = at.saturating_add(1);
            continue;
        }
        let rest = text.get(at..).unwrap_or(&[]);
        let len = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
            .count();
        let (word, behind) = rest.split_at(len);
        match behind {
            [b'(', ..] if signals::is_function(word) && (!is_named || at == 1) => {
                return Some("function-that-reaches-out");
            }
            // `cmd|'/C calc'!A0`: a program, a topic and an item.
            [b'|', b'\'', topic @ ..] if memchr(b'!', topic).is_some() => {
                return Some("data-exchange");
            }
            _ => {}
        }
        at = at.saturating_add(len);
    }
    None
}
