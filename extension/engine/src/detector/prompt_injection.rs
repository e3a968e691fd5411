//! The detector of sentences that are meant for a model and not for a person.
//! It never blocks, and it is off until a policy asks for it.
//!
#![doc = include_str!("prompt_injection.md")]
mod sentence;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Span, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::report::{Confidence, Explanation};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "prompt-injection",
    class: "prompt",
    cwe: 1427,
    ceiling: Confidence::Low,
    is_on_by_default: false,
    page: page!("prompt_injection.md"),
};

/// Finds sentences that are meant for a model and not for a person.
#[derive(Debug)]
pub struct PromptInjection;

impl Detector for PromptInjection {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        40
    }

    fn is_local(&self) -> bool {
        true
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        if form.part == Part::Key {
            return Judgement::CLEAN;
        }
        if !steps.take(form.text.len().saturating_mul(2)) {
            return Judgement::UNPAID;
        }
        let found = turn(form.text).or_else(|| sentence::first(form.text));
        let evidence = found.map(|(production, start, end)| Evidence {
            confidence: Confidence::Low,
            span: Span::of_offsets(start, end),
            explanation: Explanation {
                context: "text",
                dialect: "english",
                production,
            },
        });
        Judgement::of(evidence)
    }
}

/// What was found, and between which offsets.
type Found = (&'static str, usize, usize);

/// The mark of a turn: what stands behind it would be the operator's words.
fn turn(text: &[u8]) -> Option<Found> {
    const MARKS: [&[u8]; 8] = [
        b"<|im_start|>",
        b"<|im_end|>",
        b"<|system|>",
        b"<|endoftext|>",
        b"<<SYS>>",
        b"[INST]",
        b"[/INST]",
        b"<|start_header_id|>system",
    ];
    memchr::memchr2_iter(b'<', b'[', text).find_map(|at| {
        let rest = text.get(at..)?;
        let mark = MARKS.iter().find(|mark| rest.starts_with(mark))?;
        let is_quoted = at
            .checked_sub(1)
            .and_then(|before| text.get(before))
            .is_some_and(|byte| matches!(byte, b'`' | b'"' | b'\''));
        (!is_quoted).then_some(("turn-mark", at, at.saturating_add(mark.len())))
    })
}
