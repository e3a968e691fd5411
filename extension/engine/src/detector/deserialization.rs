//! The detector of serialised objects whose reconstruction runs code.
//! It never runs one: what a stream would load and call is read off its marks.
//!
#![doc = include_str!("deserialization.md")]
mod class;
mod dotnet;
mod java;
mod member;
mod php;
mod pickle;
mod ruby;
mod signals;
mod tag;
mod xml;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Steps};

use super::{Detector, Evidence, Judgement, Rule};
use crate::cursor::span;
use crate::prose;
use crate::report::{Confidence, Explanation};
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "deserialization",
    class: "deser",
    cwe: 502,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("deserialization.md"),
};

/// Finds serialised objects whose reconstruction runs code.
#[derive(Debug)]
pub struct Deserialization;

/// What was found in a text: how sure, the bytes that decided, the format and the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Find {
    confidence: Confidence,
    start: usize,
    end: usize,
    format: &'static str,
    mark: &'static str,
    /// True if the text is of the format as a whole, so that no words of it are a sentence around.
    is_whole: bool,
}

impl Detector for Deserialization {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let text = form.text;
        // Each reader below looks at a byte once.
        if !steps.take(text.len()) {
            return Judgement::UNPAID;
        }
        if form.part == Part::Key
            && let Some(found) = member::key(form.path, text)
        {
            return Judgement::of(Some(evidence(found)));
        }
        let found = binary(text).or_else(|| textual(form, text));
        Judgement::of(found.map(|found| {
            let mut found = found;
            if !found.is_whole && prose::surrounds(text, span(found.start, found.end)) {
                found.confidence = found.confidence.min(Confidence::Medium);
            }
            evidence(found)
        }))
    }
}

/// Streams of bytes, told by their first ones.
fn binary(text: &[u8]) -> Option<Find> {
    match text.first()? {
        0xac => java::read(text),
        0x00 | 0xff => dotnet::read(text),
        0x04 => ruby::read(text),
        0x80 | b'c' | b'(' | b']' | b'}' => pickle::read(text),
        _ => None,
    }
}

/// Formats of text: the strongest find of all.
fn textual(form: &Form<'_>, text: &[u8]) -> Option<Find> {
    let first = match form.part {
        Part::Value => member::first_of_list(form.path, text),
        Part::Key => None,
    };
    let finds = [
        first,
        member::lenient(text),
        dotnet::packed(text),
        php::read(text),
        tag::read(text),
        xml::read(text),
        function(text),
    ];
    let strongest = finds.into_iter().flatten();
    strongest.max_by_key(|found| found.confidence)
}

/// The mark by which `node-serialize` knows a function, and what it then calls.
fn function(text: &[u8]) -> Option<Find> {
    let mark = b"_$$ND_FUNC$$_";
    let start = sought::find(text, mark)?;
    let end = start.saturating_add(mark.len());
    let behind = text.get(end..).unwrap_or(&[]).trim_ascii_start();
    let is_function = behind.starts_with(b"function") || matches!(behind.first(), Some(b'('));
    is_function.then_some(Find {
        confidence: Confidence::High,
        start,
        end,
        format: "node-serialize",
        mark: "function",
        is_whole: start == 0 || text.starts_with(b"{"),
    })
}

fn evidence(found: Find) -> Evidence {
    Evidence {
        confidence: found.confidence,
        span: span(found.start, found.end),
        explanation: Explanation {
            context: "object",
            dialect: found.format,
            production: found.mark,
        },
    }
}
