//! The detector of GraphQL documents that ask for too much, or for the schema.
//! It never blocks: what a document may ask for is the function's to say.
//!
#![doc = include_str!("graphql_abuse.md")]
mod document;
mod fragments;
mod lexer;
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Span, Steps};

use self::document::Shape;
use self::lexer::{Lexer, Token};
use super::{Detector, Evidence, Judgement, Rule};
use crate::prose;
use crate::report::{Confidence, Explanation};
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "graphql-abuse",
    class: "graphql",
    cwe: 770,
    ceiling: Confidence::Medium,
    is_on_by_default: true,
    page: page!("graphql_abuse.md"),
};

/// Finds documents that ask for too much, or for the schema.
#[derive(Debug)]
pub struct GraphqlAbuse;

impl Detector for GraphqlAbuse {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn steps(&self) -> usize {
        160
    }

    fn price(&self) -> u8 {
        3
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let none = |complete| Judgement {
            evidence: None,
            complete,
        };
        if form.part == Part::Key {
            return none(true);
        }
        let found = if let Some(start) = begin(form.text) {
            // The bytes of a document are read as tokens, and once more as names.
            if !steps.take(form.text.len().saturating_mul(2)) {
                return none(false);
            }
            whole(&document::read(form.text, start), form)
        } else {
            if !steps.take(form.text.len() / 8) {
                return none(false);
            }
            cut(form)
        };
        Judgement {
            evidence: found.map(Found::evidence),
            complete: true,
        }
    }
}

/// What was found, and between which offsets.
struct Found {
    confidence: Confidence,
    production: &'static str,
    context: &'static str,
    start: usize,
    end: usize,
}

impl Found {
    fn evidence(self) -> Evidence {
        Evidence {
            confidence: self.confidence,
            span: Span::of_offsets(self.start, self.end),
            explanation: Explanation {
                context: self.context,
                dialect: "graphql",
                production: self.production,
            },
        }
    }
}

/// Where the document begins, if the whole text may be one; decides on its first tokens.
fn begin(text: &[u8]) -> Option<usize> {
    let mut lexer = Lexer::new(text, 0);
    let start = lexer.blank();
    let is_document = match lexer.next() {
        Token::Sign(b'{') => matches!(lexer.next(), Token::Name(_) | Token::Spread),
        Token::Name(b"query" | b"mutation" | b"subscription") => match lexer.next() {
            Token::Sign(b'{' | b'(' | b'@') => true,
            Token::Name(_) => matches!(lexer.next(), Token::Sign(b'{' | b'(' | b'@')),
            _ => false,
        },
        Token::Name(b"fragment") => {
            matches!(lexer.next(), Token::Name(_)) && lexer.next() == Token::Name(b"on")
        }
        _ => false,
    };
    is_document.then_some(start)
}

// Limit: 15 open selections, as many as the schema question of the common tools opens (seven of
// them `ofType`); three lists of edges and nodes inside of each other open ten.
const DEPTH_MAX: usize = 15;
// Limit: 6 fields of one name inside of each other; answers to answers are shown to the fifth
// level.
const RECURRING_MAX: usize = 6;
// Limit: 10 fields of one name under aliases are advice, 30 are more than a page shows; a program
// that asks for many things at once asks for a list.
const ALIASES_SOME: u32 = 10;
const ALIASES_MAX: u32 = 30;
// Limit: 60 fields under aliases in one selection, whatever they are.
const ALIASED_MAX: u32 = 60;
// Limit: 5 changes of one name in one mutation: the sixth guess at a password is not paid for.
const MUTATIONS_MAX: u32 = 5;
// Limit: 10 times the same field has no second reading, since answers hold each name once.
const REPEATS_MAX: u32 = 10;
// Limit: 2 directives of one name at one place; the standard's own may stand there once.
const SAME_DIRECTIVES_MAX: u32 = 2;
// Limit: 100 directives; documents of clients have one for each conditional field.
const DIRECTIVES_MAX: u32 = 100;
// Limit: ten documents in one request are a page's worth; said of the eleventh, the hundred-first
// and the thousand-first alone, so that a batch is a few findings.
const BATCH: [u32; 3] = [10, 100, 1000];

/// The strongest that a document shows.
fn whole(shape: &Shape, form: &Form<'_>) -> Option<Found> {
    if shape.definitions == 0 {
        return None;
    }
    let found = |confidence, production, start, end| Found {
        confidence,
        production,
        context: "document",
        start,
        end,
    };
    let (medium, low) = (Confidence::Medium, Confidence::Low);
    if let Some((start, end)) = shape.introspection {
        return Some(found(medium, "introspection", start, end));
    }
    let end = shape.end;
    if let Some(production) = shape.fragments {
        return Some(found(medium, production, 0, end));
    }
    if shape.depth > DEPTH_MAX {
        return Some(found(medium, "depth", 0, shape.deepest_at));
    }
    let counted = [
        (shape.mutations > MUTATIONS_MAX, medium, "mutation-batch"),
        (shape.aliases > ALIASES_MAX, medium, "aliases"),
        (shape.aliased > ALIASED_MAX, medium, "aliases"),
        (
            shape.same_directives > SAME_DIRECTIVES_MAX,
            medium,
            "directives",
        ),
        (shape.directives > DIRECTIVES_MAX, medium, "directives"),
        (shape.repeats > REPEATS_MAX, medium, "repeated-field"),
        (is_batch(form), medium, "batch"),
        (shape.aliases > ALIASES_SOME, low, "aliases"),
        (shape.recurring >= RECURRING_MAX, low, "recursion"),
        (shape.twins > 1, low, "twin-fields"),
        (
            shape.fields == 1 && shape.type_names == 1,
            low,
            "type-name-alone",
        ),
    ];
    let (_, confidence, production) = counted.into_iter().find(|(is_so, ..)| *is_so)?;
    Some(found(confidence, production, 0, end))
}

/// True for some of the documents behind the tenth of one request.
fn is_batch(form: &Form<'_>) -> bool {
    form.path.member() == Some(b"query")
        && form.path.position().is_some_and(|at| BATCH.contains(&at))
}

/// A question for the schema in a text that is no document: cut out of one, or in a URL.
fn cut(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let at = sought::find_all(text, b"__")
        .find(|at| names_schema(text.get(*at..).unwrap_or(&[])).is_some())?;
    let name = names_schema(text.get(at..)?)?;
    let end = at.saturating_add(name.len());
    let mut behind = Lexer::new(text, end);
    let next = behind.next();
    let before = text.get(..at)?.trim_ascii_end();
    let is_first = before.is_empty();
    let is_whole = is_first && next == Token::End;
    let confidence = if is_first && matches!(next, Token::Sign(b'{' | b'@' | b'(')) {
        Confidence::Medium
    } else if is_whole && form.path.member() == Some(b"query")
        || before.ends_with(b"{") && matches!(next, Token::Sign(b'{' | b'}' | b'@' | b'('))
    {
        Confidence::Low
    } else {
        return None;
    };
    let is_shown = before.contains(&b'`') || prose::surrounds(text, Span::of_offsets(at, end));
    (!is_shown).then_some(Found {
        confidence,
        production: "introspection",
        context: "cut",
        start: at,
        end,
    })
}

/// The name at the start of a text if it asks for a schema.
fn names_schema(text: &[u8]) -> Option<&'static [u8]> {
    let names: [&'static [u8]; 2] = [b"__schema", b"__type"];
    names.into_iter().find(|name| {
        let behind = text.strip_prefix(*name).map(<[u8]>::first);
        behind.is_some_and(|next| {
            next.is_none_or(|byte| *byte != b'_' && !byte.is_ascii_alphanumeric())
        })
    })
}
