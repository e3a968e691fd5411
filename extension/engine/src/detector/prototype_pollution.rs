//! The detector of names that write into the prototype of every object.
//! It never takes the words in a sentence or in program text for a name.
//!
#![doc = include_str!("prototype_pollution.md")]
mod signals;

pub(super) use signals::{NEEDS, WORDS};

use credenza_event::{Form, Part, Steps};
use memchr::memchr3;

use super::{Detector, Evidence, Judgement, Rule};
use crate::cursor::{Cursor, span};
use crate::name::{pieces, spells};
use crate::report::{Confidence, Explanation};
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "prototype-pollution",
    class: "proto",
    cwe: 1321,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("prototype_pollution.md"),
};

/// Finds names that write into the prototype of every object.
#[derive(Debug)]
pub struct PrototypePollution;

impl Detector for PrototypePollution {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let found = match form.part {
            Part::Key => key(form, steps),
            Part::Value => value(form, steps),
        };
        let Some(found) = found else {
            return Judgement::UNPAID;
        };
        Judgement::of(found.map(|(context, confidence)| Evidence {
            confidence,
            span: span(0, form.text.len()),
            explanation: Explanation {
                context,
                dialect: "javascript",
                production: "prototype",
            },
        }))
    }
}

/// What was found: where, and how sure.
type Found = Option<(&'static str, Confidence)>;

// Limit: a name that reaches a prototype is short; no longer one is read.
const NAME_BYTES_MAX: usize = 4096;

/// Judges a name; `None` if the budget ended.
fn key(form: &Form<'_>, steps: &mut Steps) -> Option<Found> {
    let name = without_zeros(form.text);
    let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
    steps.take(name.len()).then_some(())?;
    if reaches_prototype(pieces(name)) && !is_program(name) {
        return Some(Some(("name", Confidence::High)));
    }
    if name == b"prototype" {
        let parent = form.path.names().nth(1).unwrap_or(&[]);
        let of_constructor = pieces(parent)
            .last()
            .is_some_and(|piece| spells(piece, b"constructor"));
        return Some(of_constructor.then_some(("member", Confidence::High)));
    }
    Some(None)
}

/// Judges a value: a pointer of JSON Patch, or the name of a property as a path.
fn value(form: &Form<'_>, steps: &mut Steps) -> Option<Found> {
    let text = without_zeros(form.text.trim_ascii());
    let text = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    // A query that is a value as a whole brings the sign before it.
    let text = text.strip_prefix(b"?").unwrap_or(text);
    match text.first() {
        Some(b'/') => {
            steps.take(text.len()).then_some(())?;
            Some(pointer(form, text))
        }
        Some(b'$') => {
            steps.take(text.len()).then_some(())?;
            Some(reference(text))
        }
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            let path = property_path(text);
            steps.take(path.len().saturating_add(1)).then_some(())?;
            Some(property(text, path))
        }
        _ => Some(None),
    }
}

/// Judges a JSON Pointer: something must stand behind the prototype, and no sign but those of
/// names.
fn pointer(form: &Form<'_>, text: &[u8]) -> Found {
    let is_pointer = text
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/_-.~$".contains(byte));
    let parts = || text.split(|byte| *byte == b'/').skip(1);
    let last = parts().last().unwrap_or(&[]);
    if !is_pointer || last == b"__proto__" || last == b"prototype" || !reaches_prototype(parts()) {
        return None;
    }
    let is_patch = matches!(form.path.member(), Some(b"path" | b"from" | b"pointer"));
    let confidence = if is_patch {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(("json-pointer", confidence))
}

/// Judges a reference to a part of a serialised answer of React's server: `$1:a:b` is member `b` of
/// member `a` of part 1, and nobody's members are those of every object.
fn reference(text: &[u8]) -> Found {
    let mut parts = text.split(|byte| *byte == b':');
    let part = parts.next().unwrap_or(&[]);
    let is_reference = part.iter().skip(1).all(u8::is_ascii_alphanumeric)
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"$:_".contains(byte));
    let is_of_all = |name: &[u8]| matches!(name, b"__proto__" | b"constructor" | b"prototype");
    (is_reference && parts.any(is_of_all)).then_some(("reference", Confidence::High))
}

/// Judges a text that begins with a path of properties.
fn property(text: &[u8], path: &[u8]) -> Found {
    let behind = text.get(path.len()..).unwrap_or(&[]);
    let ends = matches!(behind, [] | [b'=', ..]) && !behind.starts_with(b"==");
    // A path that ends in the prototype names it and sets nothing.
    if !ends || !reaches_prototype(pieces(path)) || names_only(path) {
        return None;
    }
    // Dots alone are what documentation writes, too, and the gate calls such a text plain.
    let is_plain = behind.is_empty()
        && path
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
    if is_plain {
        return None;
    }
    // Program text writes dots and quotes; nobody but the parser of a form reads bare brackets.
    let is_form = path.starts_with(b"__proto__")
        || path.starts_with(b"constructor")
        || sought::find(path, b"[__proto__]").is_some()
        || sought::find(path, b"[prototype]").is_some();
    let confidence = if is_form {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(("property-path", confidence))
}

/// True if nothing stands behind the prototype.
fn names_only(path: &[u8]) -> bool {
    matches!(
        pieces(path).last(),
        Some(b"__proto__" | b"prototype" | b"constructor")
    )
}

/// The path of properties at the start of a text: names, dots, and names in brackets.
fn property_path(text: &[u8]) -> &[u8] {
    let mut cursor = Cursor::at(text, 0);
    cursor.name();
    loop {
        if cursor.eat(b"[") {
            let rest = cursor.rest();
            let Some(len) = memchr3(b']', b'[', b'\n', rest) else {
                return &[];
            };
            cursor.skip(len);
            if !cursor.eat(b"]") {
                return &[];
            }
        } else if !cursor.eat(b".") || cursor.name().is_empty() {
            return text.get(..cursor.offset()).unwrap_or(&[]);
        }
    }
}

/// True if `__proto__` is among the pieces, or `prototype` right behind `constructor`.
fn reaches_prototype<'n>(pieces: impl Iterator<Item = &'n [u8]>) -> bool {
    let mut before: &[u8] = &[];
    for piece in pieces {
        // The doubled ones are what filters that cut the words out leave whole.
        let is_prototype = matches!(piece, b"prototype" | b"protoprototypetype");
        if matches!(piece, b"__proto__" | b"__pro__proto__to__")
            || (is_prototype && matches!(before, b"constructor" | b"constconstructorructor"))
        {
            return true;
        }
        before = piece;
    }
    false
}

/// True for program text that a `=` or a colon behind it makes the name of a field.
fn is_program(name: &[u8]) -> bool {
    let ends_in_space = name.last().is_some_and(u8::is_ascii_whitespace);
    ends_in_space || name.iter().any(|byte| b"(){};,!?<>".contains(byte))
}

/// A name without the zero bytes that may stand behind it.
fn without_zeros(name: &[u8]) -> &[u8] {
    let zeros = name.iter().rev().take_while(|byte| **byte == 0).count();
    name.get(..name.len().saturating_sub(zeros)).unwrap_or(name)
}
