//! The detector of values whose evaluation costs far more than their bytes: patterns, ranges,
//! numbers, brackets.
//! It never evaluates one.
//!
#![doc = include_str!("complexity_bomb.md")]
mod letters;
mod pattern;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Shape, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "complexity-bomb",
    class: "dos",
    cwe: 1333,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("complexity_bomb.md"),
};

/// Finds values whose evaluation costs far more than their bytes.
#[derive(Debug)]
pub struct ComplexityBomb;

impl Detector for ComplexityBomb {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        2
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let mut judgement = Judgement::CLEAN;
        if form.part == Part::Key {
            return judgement;
        }
        if let Some(found) = power(form.text) {
            judgement.evidence = Some(found);
        } else if steps.take(form.text.len()) {
            judgement.evidence = ranges(form)
                .or_else(|| repeated_group(form, steps, &mut judgement.complete))
                .or_else(|| nesting(form.text));
        } else {
            judgement.complete = false;
        }
        judgement
    }

    fn judge_shape(&self, form: &Form<'_>, shape: &Shape) -> Option<Evidence> {
        let production = if shape.digits > DIGITS_MAX {
            "long-number"
        } else if shape.exponent > EXPONENT_MAX {
            "exponent"
        } else {
            return None;
        };
        let whole = (0, form.text.len());
        Some(evidence(Confidence::Medium, "number", production, whole))
    }
}

// Limit: 4,300 digits, where Python refuses to go on because reading a number of n digits takes n ×
// n steps; keys of cryptography have 1,234.
const DIGITS_MAX: u32 = 4_300;
// Limit: exponents of 4 digits; doubles end at 308, and writers of JSON that mean infinity write
// 9999.
const EXPONENT_MAX: u32 = 4;
// Limit: exponents of 7 digits in a text: fewer are met in short hashes that begin so (one in 2^20
// of those with nine characters).
const POWER_MIN: usize = 7;
// Limit: 10 ranges; readers of documents ask for about five pages at once, and for lists of one.
const RANGES_MAX: usize = 10;
// Limit: 256 open brackets within 4 KiB: a recursive reader of formulas takes 200 bytes and more of
// the stack for each, people open ten.
const NESTING_MAX: usize = 256;
const NESTING_BYTES: usize = 4 << 10;
// Limit: patterns of people have a few hundred bytes.
const PATTERN_BYTES_MAX: usize = 4 << 10;

fn evidence(
    confidence: Confidence,
    context: &'static str,
    production: &'static str,
    (start, end): (usize, usize),
) -> Evidence {
    Evidence {
        confidence,
        span: Span::of_offsets(start, end),
        explanation: Explanation {
            context,
            dialect: "generic",
            production,
        },
    }
}

/// `1e999999999`: nothing but a number whose exponent is longer than any that is meant.
fn power(text: &[u8]) -> Option<Evidence> {
    let [b'0'..=b'9', b'e' | b'E', exponent @ ..] = text else {
        return None;
    };
    let digits = exponent.strip_prefix(b"+").unwrap_or(exponent);
    // The gate shows a plain text of this kind up to the same length.
    let is_power = text.len() <= 24
        && digits.len() >= POWER_MIN
        && digits.iter().all(u8::is_ascii_digit)
        && digits.first() != Some(&b'0');
    let whole = (0, text.len());
    is_power.then(|| evidence(Confidence::Low, "number", "exponent", whole))
}

/// The name of the member in which a value stands, through lists.
fn name<'f>(form: &'f Form<'_>) -> &'f [u8] {
    form.path.names().next().unwrap_or(&[])
}

/// More ranges than anyone reads at once.
fn ranges(form: &Form<'_>) -> Option<Evidence> {
    let list = form.text.trim_ascii_start();
    let head = list.get(..6)?;
    if !head.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let list = list.get(6..)?;
    let is_list = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b',' | b' ');
    let len = list.iter().take_while(|byte| is_list(byte)).count();
    let list = list.get(..len)?;
    let commas = memchr::memchr_iter(b',', list).count();
    let whole = (0, form.text.len());
    (commas >= RANGES_MAX).then(|| evidence(Confidence::Medium, "range", "ranges", whole))
}

/// A pattern that costs exponential time: in a field of that name, or one that is marked as such.
fn repeated_group(form: &Form<'_>, steps: &mut Steps, is_complete: &mut bool) -> Option<Evidence> {
    let text = form.text;
    if text.len() > PATTERN_BYTES_MAX {
        return None;
    }
    let (confidence, start, pattern) = if is_pattern_field(name(form)) {
        let (start, pattern) = unmarked(text).unwrap_or((0, text));
        (Confidence::Medium, start, pattern)
    } else if let Some((start, pattern)) = unmarked(text) {
        (Confidence::Low, start, pattern)
    } else if text.starts_with(b"^") && !text.contains(&b'\n') {
        (Confidence::Low, 0, text)
    } else {
        return None;
    };
    // To read a pattern costs several times what it costs to look for brackets.
    if !steps.take(pattern.len().saturating_mul(2)) {
        *is_complete = false;
        return None;
    }
    let dear = pattern::dear(pattern)?;
    let place = (
        start.saturating_add(dear.start),
        start.saturating_add(dear.end),
    );
    Some(evidence(confidence, "pattern", dear.production, place))
}

/// True for the names of members that hold patterns.
fn is_pattern_field(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"$").unwrap_or(name);
    let holds = |word: &[u8]| {
        name.windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    name.len() <= 64 && (holds(b"regex") || holds(b"pattern") || matches!(name, b"re" | b"rx"))
}

/// The pattern between slashes, and where it begins.
fn unmarked(text: &[u8]) -> Option<(usize, &[u8])> {
    let inside = text.strip_prefix(b"/")?;
    let end = memchr::memrchr(b'/', inside)?;
    let flags = inside.get(end.saturating_add(1)..)?;
    let are_flags = flags.len() <= 6 && flags.iter().all(|flag| b"dgimsuvyx".contains(flag));
    are_flags.then_some((1, inside.get(..end)?))
}

/// Brackets inside of each other, beyond what a recursive reader returns from.
fn nesting(text: &[u8]) -> Option<Evidence> {
    if text.len() < NESTING_MAX {
        return None;
    }
    let (mut open, mut since) = (0_usize, 0_usize);
    // The gate shows nobody a text without two of one kind in a row.
    let mut is_row = false;
    for at in sought::all(text, 0, *b"([{)]}") {
        match text.get(at) {
            Some(byte @ (b'(' | b'[' | b'{')) => {
                if open == 0 {
                    since = at;
                }
                open = open.saturating_add(1);
                is_row |= at > 0 && text.get(at.saturating_sub(1)) == Some(byte);
                let is_dense = at.saturating_sub(since) <= NESTING_BYTES;
                if open >= NESTING_MAX && is_dense && is_row {
                    let place = (since, at.saturating_add(1));
                    return Some(evidence(Confidence::Medium, "brackets", "nesting", place));
                }
            }
            _ => open = open.saturating_sub(1),
        }
    }
    None
}
