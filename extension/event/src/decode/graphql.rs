//! GraphQL documents, split into their string literals.
//! It never reads more of the grammar than where a literal begins, ends, and which argument it is.
use memchr::{memchr, memmem};

use super::container::show_field;
use crate::form::{Part, Span};
use crate::path::{Frame, Kind, Path};
use crate::text;
use crate::walk::{Field, Walk};

/// The words that begin a document.
const WORDS: [&[u8]; 4] = [b"query", b"mutation", b"subscription", b"fragment"];

/// True if a text looks like a GraphQL document with a literal in it.
#[inline]
pub(super) fn may_be(text: &[u8], field: &Field<'_>) -> bool {
    let first = text.first().copied().unwrap_or(0);
    let may_start = matches!(
        first,
        b'{' | b'q' | b'm' | b's' | b'f' | b'#' | b' ' | b'\t' | b'\n'
    );
    may_start && field.part == Part::Value && is_document(text, field)
}

fn is_document(text: &[u8], field: &Field<'_>) -> bool {
    let start = behind_comments(text);
    let has_parts = memchr(b'"', start).is_some() && memchr(b'{', start).is_some();
    has_parts
        && if let Some(behind) = start.strip_prefix(b"{") {
            // A selection begins with a name; what begins with a quote is JSON.
            behind.trim_ascii_start().first() != Some(&b'"') && is_query(field)
        } else {
            let word = start.iter().take_while(|byte| byte.is_ascii_lowercase());
            let word = start.get(..word.count()).unwrap_or(&[]);
            WORDS.contains(&word)
        }
}

/// True where a document may begin with a brace: in a member `query`, and as a whole body.
fn is_query(field: &Field<'_>) -> bool {
    field.path.member() == Some(b"query") || (field.role.is_payload() && field.levels == 0)
}

/// The text behind white space and comments.
fn behind_comments(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    while rest.first() == Some(&b'#') {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or(&[]).trim_ascii_start();
    }
    rest
}

/// Shows each literal; never true, because the names around them mean something too.
pub(super) fn split(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) -> bool {
    let mut frames = walk.frames();
    let mut name = Span::default();
    let mut at = 0_usize;
    while let Some(&byte) = text.get(at) {
        let rest = text.get(at..).unwrap_or(&[]);
        match byte {
            b'#' => at = at.saturating_add(memchr(b'\n', rest).unwrap_or(rest.len())),
            b'"' => {
                let (literal, len) = literal(rest);
                frames.clear();
                frames.push(Frame {
                    kind: Kind::Named,
                    key: name,
                    index: 0,
                });
                let path = Path {
                    parent: Some(field.path),
                    text,
                    frames: &frames,
                };
                show(
                    walk,
                    literal,
                    &Field {
                        path: &path,
                        ..*field
                    },
                );
                at = at.saturating_add(len);
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let letters = rest
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
                let end = at.saturating_add(letters.count());
                name = Span::of_offsets(at, end);
                at = end;
            }
            _ => at = at.saturating_add(1),
        }
    }
    walk.recycle_frames(frames);
    false
}

/// The inside of the literal at the start of a text, and the length with its quotes.
fn literal(text: &[u8]) -> (&[u8], usize) {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        let len = memmem::find(block, b"\"\"\"").unwrap_or(block.len());
        let inside = block.get(..len).unwrap_or(block);
        return (inside, len.saturating_add(6).min(text.len()));
    }
    let mut end = 1_usize;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'"' => break,
            b'\\' => end = end.saturating_add(2),
            _ => end = end.saturating_add(1),
        }
    }
    let end = end.min(text.len());
    let inside = text.get(1..end).unwrap_or(&[]);
    (inside, end.saturating_add(1).min(text.len()))
}

/// Shows a literal as its reader will see it.
fn show(walk: &mut Walk<'_>, literal: &[u8], field: &Field<'_>) {
    if memchr(b'\\', literal).is_none() {
        show_field(walk, literal, Part::Value, field);
        return;
    }
    let mut plain = walk.buffer();
    text::unescape(literal, &mut plain);
    show_field(walk, &plain, Part::Value, field);
    walk.recycle(plain);
}
