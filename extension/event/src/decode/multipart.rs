//! Multipart bodies, split into headers and contents of their parts.
//! It never asks the content type for the boundary: the first line of the body tells it.
use memchr::{memchr, memmem};

use super::show_field;
use crate::form::{Part, Role, Span};
use crate::path::{Frame, Kind, Path};
use crate::shape::Shape;
use crate::walk::{Field, Visitor, Walk};

// Limit: RFC 2046 allows 70 characters; lenient readers more.
const BOUNDARY_BYTES_MAX: usize = 256;

/// True if a text starts like a multipart body, with or without a preamble line.
pub(super) fn may_be(text: &[u8], field: &Field<'_>) -> bool {
    // Limit: `--a`, a line break, `b:` and another are the shortest part there is.
    let is_long = text.len() > 8;
    is_long && field.part == Part::Value && field.role == Role::Body && boundary(text).is_some()
}

/// The boundary with its two dashes.
fn boundary(text: &[u8]) -> Option<&[u8]> {
    let head = text.get(..BOUNDARY_BYTES_MAX * 4).unwrap_or(text);
    let at = if head.starts_with(b"--") {
        0
    } else {
        memmem::find(head, b"\n--")? + 1
    };
    let line = head.get(at..)?;
    let end = memchr(b'\n', line)?;
    let line = line.get(..end)?.trim_ascii_end();
    // Behind the boundary line stands a header.
    let next = text.get(at + end + 1..)?;
    let name = next.get(..next.len().min(BOUNDARY_BYTES_MAX))?;
    let colon = memchr(b':', name)?;
    let is_header = name
        .get(..colon)?
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    (line.len() > 2 && line.len() <= BOUNDARY_BYTES_MAX && is_header).then_some(line)
}

/// Shows the headers, the name, the file name and the content of each part.
///
/// Never true: readers differ on what belongs to a part, so the whole is judged as well.
pub(super) fn split<V: Visitor>(walk: &mut Walk<'_, V>, text: &[u8], field: &Field<'_>) -> bool {
    let Some(boundary) = boundary(text) else {
        return false;
    };
    let finder = memmem::Finder::new(boundary);
    let mut frames = walk.frames();
    let mut start = finder
        .find(text)
        .map_or(text.len(), |at| at + boundary.len());
    let mut shape = Shape::default();
    while start < text.len() {
        shape.fields = shape.fields.saturating_add(1);
        let rest = text.get(start..).unwrap_or(&[]);
        let len = finder.find(rest).unwrap_or(rest.len());
        part(
            walk,
            text,
            Span::of_offsets(start, start + len),
            field,
            &mut frames,
        );
        start += len + boundary.len();
    }
    walk.recycle_frames(frames);
    if shape.is_remarkable() {
        walk.remark(text, field, &shape);
    }
    false
}

fn part<V: Visitor>(
    walk: &mut Walk<'_, V>,
    text: &[u8],
    span: Span,
    field: &Field<'_>,
    frames: &mut alloc::vec::Vec<Frame>,
) {
    let part = span.of(text).unwrap_or(&[]);
    let (head, content) = split_head(part);
    let name = parameter(head, b"name");
    // The name's place in the text: the offset of a slice of it.
    let key = name
        .and_then(|name| {
            let at = memmem::find(head, name)?;
            let from = span.start as usize + at;
            Some(Span::of_offsets(from, from + name.len()))
        })
        .unwrap_or_default();
    frames.clear();
    frames.push(Frame {
        kind: Kind::Named,
        key,
        index: 0,
    });
    let path = Path {
        parent: Some(field.path),
        text,
        frames,
    };
    let inner = Field {
        path: &path,
        plus: false,
        ..*field
    };
    if let Some(name) = name {
        show_field(walk, name, Part::Key, &inner);
    }
    for line in head.split(|byte| *byte == b'\n') {
        show_field(
            walk,
            line.trim_ascii(),
            Part::Value,
            &Field {
                role: Role::Header,
                ..inner
            },
        );
    }
    if let Some(file) = parameter(head, b"filename") {
        show_field(walk, file, Part::Value, &inner);
    }
    show_field(walk, content, Part::Value, &inner);
}

/// The headers and the content of a part, without the line ends around them.
fn split_head(part: &[u8]) -> (&[u8], &[u8]) {
    let crlf = memmem::find(part, b"\r\n\r\n").map(|at| (at, 4));
    let lf = memmem::find(part, b"\n\n").map(|at| (at, 2));
    let end = match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let Some((at, len)) = end else {
        return (&[], part.trim_ascii());
    };
    let content = part.get(at + len..).unwrap_or(&[]);
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    (
        part.get(..at).unwrap_or(part),
        content.strip_suffix(b"\r").unwrap_or(content),
    )
}

/// The value of a parameter in the headers of a part, without its quotes.
fn parameter<'t>(head: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let mut rest = head;
    loop {
        let at = memmem::find(rest, name)?;
        let before = at.checked_sub(1).and_then(|at| rest.get(at)).copied();
        let behind = rest.get(at + name.len()..)?;
        let is_whole = !before.is_some_and(|byte| byte.is_ascii_alphanumeric());
        if let Some(value) = behind.strip_prefix(b"=")
            && is_whole
        {
            if let Some(quoted) = value.strip_prefix(b"\"") {
                return quoted.get(..memchr(b'"', quoted).unwrap_or(quoted.len()));
            }
            let end = value
                .iter()
                .position(|byte| matches!(byte, b';' | b'\r' | b'\n'));
            return value.get(..end.unwrap_or(value.len()));
        }
        rest = behind;
    }
}
