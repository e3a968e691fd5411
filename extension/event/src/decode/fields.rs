//! Forms, query strings and cookie headers, split into names and values.
//! It never looks at a declared content type.
use memchr::memchr;

use super::call;
use super::container::show_field;
use super::joined::{self, Names};
use crate::form::{Classes, Part, Role, Span};
use crate::path::{Frame, Kind, Path};
use crate::shape::Shape;
use crate::walk::{Field, Walk};

// Limit: a name of a form or cookie; a longer run before `=` is prose, shown as it stands.
const NAME_BYTES_MAX: usize = 256;

/// True if a text looks like `name=value` in a place where that means something, or like a whole
/// form anywhere.
pub(super) fn may_be(text: &[u8], classes: Classes, field: &Field<'_>, is_decoded: bool) -> bool {
    if !call::is_opened(text, field) || (field.split && !is_decoded) {
        return false;
    }
    let Some(at) = memchr(b'=', text.get(..NAME_BYTES_MAX).unwrap_or(text)) else {
        return false;
    };
    let (head, tail) = text.split_at(at);
    // `=` and `==` at the end are the padding of base64; `name=` may be a cookie, and no value of
    // one.
    if matches!(tail, b"=" | b"==") && (field.role != Role::Cookie || field.split) {
        return false;
    }
    match field.role {
        Role::Cookie => true,
        Role::Body | Role::Message | Role::Query if field.levels == 0 => is_name(head),
        _ => {
            classes.has(Classes::AMPERSAND)
                && is_name(head)
                && memchr(b'&', tail).is_some()
                && memchr(b' ', text).is_none()
        }
    }
}

fn is_name(head: &[u8]) -> bool {
    !head.is_empty()
        && !head.iter().any(|byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'{' | b'}' | b'"' | b'(')
        })
}

/// Shows each name and each value; true if the text is encoded as strictly as browsers encode, so
/// that the separators can be nothing else.
pub(super) fn split(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) -> bool {
    let separator = if field.role == Role::Cookie {
        b';'
    } else {
        b'&'
    };
    let mut frames = walk.frames();
    let mut strict = is_strict(text, separator);
    let mut shape = Shape::default();
    let mut names = Names::default();
    let mut start = 0;
    while start < text.len() {
        shape.fields = shape.fields.saturating_add(1);
        let rest = text.get(start..).unwrap_or(&[]);
        let len = memchr(separator, rest).unwrap_or(rest.len());
        let pair = rest.get(..len).unwrap_or(rest);
        let skipped = pair.len() - pair.trim_ascii_start().len();
        let pair = pair.trim_ascii_start();
        let at = memchr(b'=', pair).unwrap_or(pair.len());
        let name = pair.get(..at).unwrap_or(pair);
        let value = pair.get(at + 1..).unwrap_or(&[]);
        strict &= is_strict_name(name);
        names.note(name);
        let from = start + skipped;
        frames.clear();
        let key = Span::of_offsets(from, from + at);
        frames.push(Frame {
            kind: Kind::Named,
            key,
            index: 0,
        });
        let path = Path {
            parent: Some(field.path),
            text,
            frames: &frames,
        };
        let plus = field.role != Role::Cookie;
        let inner = Field {
            path: &path,
            plus,
            ..*field
        };
        show_field(walk, name, Part::Key, &inner);
        show_field(walk, value, Part::Value, &inner);
        start += len + 1;
    }
    walk.recycle_frames(frames);
    if shape.is_remarkable() {
        walk.remark(text, field, &shape);
    }
    if names.may_repeat() && separator == b'&' {
        joined::show(walk, text, field);
    }
    strict
}

fn is_strict_name(name: &[u8]) -> bool {
    name.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'_' | b'.' | b'*' | b'+' | b'%' | b'[' | b']' | b'$' | b'~'
            )
    })
}

fn is_strict(text: &[u8], separator: u8) -> bool {
    text.iter().all(|byte| match byte {
        b' ' => separator == b';',
        b'<' | b'>' | b'"' | b'\'' | b'`' | b'{' | b'|' | b'}' | b'\\' | b'^' | b'(' | b')' => {
            false
        }
        _ => byte.is_ascii_graphic(),
    })
}
