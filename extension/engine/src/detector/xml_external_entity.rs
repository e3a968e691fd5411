//! The detector of XML that makes its parser read a file, call out, or explode.
//! It never expands an entity, and never calls a document an attack that only has a type.
//!
#![doc = include_str!("xml_external_entity.md")]
mod doctype;
mod identifier;
mod include;
mod reader;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Role, Span, Steps};
use memchr::memchr;

use super::{Detector, Evidence, Judgement, Rule};
use crate::prose;
use crate::report::Confidence::{self, High, Low, Medium};
use crate::report::Explanation;
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "xml-external-entity",
    class: "xxe",
    cwe: 611,
    ceiling: High,
    is_on_by_default: true,
    page: page!("xml_external_entity.md"),
};

/// Finds XML that makes its parser read a file, call out, or explode.
#[derive(Debug)]
pub struct XmlExternalEntity;

/// What was found, and where.
#[derive(Clone, Copy, Debug)]
struct Found {
    confidence: Confidence,
    production: &'static str,
    context: &'static str,
    start: usize,
    end: usize,
}

impl Detector for XmlExternalEntity {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn price(&self) -> u8 {
        8
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        // Each byte is read by one declaration, and searched for the words of inclusions.
        if !steps.take(form.text.len()) {
            return Judgement::UNPAID;
        }
        let evidence = strongest(form).map(|found| Evidence {
            confidence: found.confidence,
            span: span(found.start, found.end),
            explanation: Explanation {
                context: found.context,
                dialect: "xml",
                production: found.production,
            },
        });
        Judgement::of(evidence)
    }
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: offset(start),
        end: offset(end),
    }
}

fn strongest(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let found = declarations(form);
    if found.is_some_and(|found| found.confidence == High) {
        return found.map(|found| lowered(text, found));
    }
    let other = include::inclusions(text)
        .map(|found| (found, "inclusion"))
        .or_else(|| include::transformation(text).map(|found| (found, "style-sheet")));
    let other = other.map(|((confidence, production, start, end), context)| Found {
        confidence,
        production,
        context,
        start,
        end,
    });
    let best = match (found, other) {
        (Some(found), Some(other)) if found.confidence >= other.confidence => Some(found),
        (found, None) => found,
        (_, other) => other,
    };
    best.map(|found| lowered(text, found))
        .filter(|found| found.confidence > Low)
}

/// The surest of all declarations in a text.
fn declarations(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let mut best: Option<Found> = None;
    let mut at = 0_usize;
    while let Some(less) = sought::find(text.get(at..)?, b"<!") {
        let start = at.saturating_add(less);
        at = start.saturating_add(2);
        let mut reader = reader::Reader::new(text, at);
        let (declared, context) = if reader.word(b"doctype") {
            (doctype::document_type(text, reader.at), "document-type")
        } else if reader.word(b"entity") || reader.word(b"attlist") {
            (doctype::lone(text, start), "declaration")
        } else {
            continue;
        };
        at = declared.end.max(at);
        let confidence = match declared.confidence {
            // A parser that expands a text of one's own expands what follows, too.
            Low if declared.production.is_empty() => continue,
            Low if is_document(form) => High,
            Medium if declared.production == "odd-entity" && is_document(form) => High,
            other => other,
        };
        if best.is_none_or(|best| best.confidence < confidence) {
            best = Some(Found {
                confidence,
                production: declared.production,
                context,
                start,
                end: at,
            });
        }
    }
    best
}

/// True where the body of a request is the document.
fn is_document(form: &Form<'_>) -> bool {
    let mut names = form.path.names();
    let place = names.next();
    let is_body = match form.role {
        Role::Body => place.is_none_or(|name| name == b"body"),
        Role::Message => {
            let names = ["body", "Message", "data", "value"];
            place.is_some_and(|name| names.iter().any(|known| name == known.as_bytes()))
        }
        _ => false,
    };
    is_body && form.text.trim_ascii_start().first() == Some(&b'<')
}

/// What people write about a document type is not one.
fn lowered(text: &[u8], found: Found) -> Found {
    let before = text.get(..found.start).unwrap_or(&[]);
    let begins = before.trim_ascii_start().first();
    // A document begins with its type, behind a declaration or not.
    let is_spoken_of = begins.is_some_and(u8::is_ascii_alphabetic)
        && prose::surrounds(text, span(found.start, found.end));
    let shown = memchr(b'`', before).is_some() && prose::is_shown(text, found.start, found.end);
    let confidence = match found.confidence {
        High if is_spoken_of || shown => Medium,
        Medium if is_spoken_of || shown => Low,
        other => other,
    };
    Found {
        confidence,
        ..found
    }
}
