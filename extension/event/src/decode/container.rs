//! Containers: a text that is opened, so that its leaves are shown as values of their own.
//! It never trusts a declared type: what a text looks like decides.
use crate::coverage::Gap;
use crate::form::{Classes, Decoder, Part};
use crate::scan;
use crate::walk::{Document, Field, Walk, Walked};

use super::{How, aggregate, archive, fields, graphql, multipart, xml};

// Limit: 8 documents inside of each other; SNS in SQS in a body is 3 (lambda-contract.md 4.2).
const LEVELS_MAX: u8 = 8;

/// Opens a form as the container that it looks like; true if nothing of it was left over.
///
/// Where that leaves something over, `how` knows the text's classes afterwards. A document that was
/// walked in place already is not walked again.
pub(super) fn open(
    walk: &mut Walk<'_>,
    text: &[u8],
    how: &mut How,
    field: &Field<'_>,
    is_walked: bool,
) -> bool {
    if !is_walked && is_json(text) && into(walk, text, Decoder::Json, how, field) {
        return true;
    }
    if how.classes == Classes::UNKNOWN {
        how.classes = Classes::of(text);
    }
    if archive::may_be(text, field) {
        return into(walk, text, Decoder::Archive, how, field);
    }
    if aggregate::may_be(text, field) {
        return into(walk, text, Decoder::Aggregate, how, field);
    }
    if how.is_binary(text) {
        return false;
    }
    let container = if multipart::may_be(text, field) {
        Decoder::Multipart
    } else if fields::may_be(text, how.classes, field, how.steps > 0) {
        Decoder::Form
    } else if xml::may_be(text, field) {
        Decoder::Xml
    } else if graphql::may_be(text, field) {
        Decoder::Graphql
    } else {
        return false;
    };
    into(walk, text, container, how, field)
}

/// Goes into a container; true if nothing of it was left over.
fn into(
    walk: &mut Walk<'_>,
    text: &[u8],
    container: Decoder,
    how: &How,
    field: &Field<'_>,
) -> bool {
    let chain = match how.chain.then(container) {
        Some(chain) if field.levels < LEVELS_MAX => chain,
        _ => {
            walk.coverage.add(Gap::Nested);
            return false;
        }
    };
    let paid = walk.within_budget(text);
    let inner = Field {
        chain: &chain,
        levels: field.levels + 1,
        split: false,
        is_walked: false,
        ..*field
    };
    let whole = match container {
        Decoder::Json => {
            let frames = walk.frames();
            Document::nested(paid, &inner, frames).run(walk) == Walked::Whole
        }
        Decoder::Multipart => multipart::split(walk, paid, &inner),
        Decoder::Xml => xml::split(walk, paid, &inner),
        Decoder::Graphql => graphql::split(walk, paid, &inner),
        Decoder::Archive => archive::split(walk, paid, &inner),
        Decoder::Aggregate => aggregate::split(walk, paid, &inner),
        _ => fields::split(walk, paid, &inner),
    };
    whole && paid.len() == text.len()
}

/// Goes into a JSON document inside its string.
pub(crate) fn open_in_place(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) -> Walked {
    let Some(chain) = field.chain.then(Decoder::Json) else {
        return Walked::GaveUp;
    };
    if field.levels >= LEVELS_MAX || !walk.pay(text.len()) {
        return Walked::GaveUp;
    }
    let inner = Field {
        chain: &chain,
        levels: field.levels + 1,
        split: false,
        is_walked: false,
        ..*field
    };
    let frames = walk.frames();
    Document::in_place(text, &inner, frames).run(walk)
}

/// True if a text looks like a JSON document with something inside.
pub(super) fn is_json(text: &[u8]) -> bool {
    let text = text
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(text)
        .trim_ascii_start();
    let Some((&first, rest)) = text.split_first() else {
        return false;
    };
    let next = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(next, Some(b'"' | b'}')),
        b'[' => matches!(
            next,
            Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I')
        ),
        // One string and nothing else: `" or "1"="1` is none.
        b'"' => {
            let end = scan::end_of_string(rest, 0);
            let behind = rest.get(end..).unwrap_or(&[]);
            behind.trim_ascii_end() == b"\""
        }
        _ => false,
    }
}

/// Shows one field of a form, a cookie header, a multipart body, a document.
pub(super) fn show_field(walk: &mut Walk<'_>, text: &[u8], part: Part, field: &Field<'_>) {
    let classes = Classes::of(text);
    if !text.is_empty() && !walk.is_cold(text, classes, part) {
        let field = Field {
            part,
            split: true,
            ..*field
        };
        walk.value_within(text, classes, &field);
    }
}
