//! Multipart bodies, split into headers and contents of their parts.
//! It never asks the content type for the boundary: the line before the first part tells it.
use memchr::{memchr, memmem};

use super::container::show_field;
use super::quoted;
use crate::form::{Decoder, Part, Role, Span};
use crate::path::{Frame, Kind, Path};
use crate::shape::Shape;
use crate::walk::{Field, Walk};

// Limit: RFC 2046 allows 70 characters; lenient readers more, and a header may be longer.
const BOUNDARY_BYTES_MAX: usize = 1024;

/// True if a text starts like a multipart body, with or without a preamble.
pub(super) fn may_be(text: &[u8], field: &Field<'_>) -> bool {
    // Limit: `--a`, a line break, `b:` and another are the shortest part there is.
    let is_long = text.len() > 8;
    is_long && field.part == Part::Value && field.role.is_payload() && boundary(text).is_some()
}

/// The boundary with its two dashes: the first line of that kind with a header behind it.
fn boundary(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    if !rest.starts_with(b"--") {
        rest = behind_line(rest)?;
    }
    loop {
        if let Some(line) = boundary_line(rest) {
            return Some(line);
        }
        rest = behind_line(rest)?;
    }
}

/// The text from the next line on that starts with two dashes.
fn behind_line(text: &[u8]) -> Option<&[u8]> {
    text.get(memmem::find(text, b"\n--")?.saturating_add(1)..)
}

fn boundary_line(text: &[u8]) -> Option<&[u8]> {
    let head = text.get(..BOUNDARY_BYTES_MAX).unwrap_or(text);
    let end = memchr(b'\n', head)?;
    let line = head.get(..end)?.trim_ascii_end();
    // Behind the boundary line stands a header.
    let next = text.get(end.saturating_add(1)..)?;
    let name = next.get(..BOUNDARY_BYTES_MAX).unwrap_or(next);
    let colon = name
        .iter()
        .position(|byte| !byte.is_ascii_graphic() || *byte == b':')?;
    let behind = name.get(colon..)?.trim_ascii_start();
    let is_header = colon > 0 && behind.starts_with(b":");
    (line.len() > 2 && is_header).then_some(line)
}

/// Shows the headers, the names and the content of each part.
///
/// Never true: readers differ on what belongs to a part, so the whole is judged as well.
pub(super) fn split(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) -> bool {
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
        let span = Span::of_offsets(start, start + len);
        part(walk, text, span, field, &mut frames);
        start += len + boundary.len();
    }
    walk.recycle_frames(frames);
    if shape.is_remarkable() {
        walk.remark(text, field, &shape);
    }
    false
}

fn part(
    walk: &mut Walk<'_>,
    text: &[u8],
    span: Span,
    field: &Field<'_>,
    frames: &mut alloc::vec::Vec<Frame>,
) {
    let part = span.of(text).unwrap_or(&[]);
    let (head, content) = split_head(part);
    // Where a header names a part twice, readers differ in which name they take.
    let names = Parameters { rest: head }.filter(|(known, _)| *known == Parameter::Name);
    let name = names.last().map(|(_, name)| name);
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
    let is_quoted = show_head(walk, head, &inner);
    show_field(walk, content, Part::Value, &inner);
    if is_quoted {
        show_quoted(walk, content, &inner);
    }
}

/// Shows each header, and the names in them as values of their own; true if they say that the
/// content is quoted-printable.
fn show_head(walk: &mut Walk<'_>, head: &[u8], field: &Field<'_>) -> bool {
    let header = Field {
        role: Role::Header,
        ..*field
    };
    let mut is_quoted = false;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        is_quoted |= says_quoted(line);
        show_field(walk, line, Part::Value, &header);
    }
    for (parameter, value) in (Parameters { rest: head }) {
        match parameter {
            Parameter::Name => show_field(walk, value, Part::Key, field),
            Parameter::File => show_field(walk, value, Part::Value, field),
            Parameter::Encoded => {
                // `UTF-8'en'%2e%2e` (RFC 8187): character set and language stand before the name.
                let mut parts = value.splitn(3, |byte| *byte == b'\'');
                let name = parts.nth(2).unwrap_or(value);
                show_field(walk, name, Part::Value, field);
            }
        }
    }
    is_quoted
}

/// True for the header that says that a part is quoted-printable.
fn says_quoted(line: &[u8]) -> bool {
    let Some((name, value)) = line.split_at_checked(26) else {
        return false;
    };
    let value = value.trim_ascii();
    let value = value.get(..16).unwrap_or(value);
    name.eq_ignore_ascii_case(b"content-transfer-encoding:")
        && value.eq_ignore_ascii_case(b"quoted-printable")
}

fn show_quoted(walk: &mut Walk<'_>, content: &[u8], field: &Field<'_>) {
    let Some(chain) = field.chain.then(Decoder::QuotedPrintable) else {
        return;
    };
    let mut plain = walk.buffer();
    if walk.take(content.len()) && quoted::decode(content, &mut plain) {
        let field = Field {
            chain: &chain,
            ..*field
        };
        show_field(walk, &plain, Part::Value, &field);
    }
    walk.recycle(plain);
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

/// A parameter whose value is a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Name,
    File,
    /// A file name with its character set.
    Encoded,
}

/// The names in the headers of a part, without their quotes, in order.
struct Parameters<'t> {
    rest: &'t [u8],
}

impl<'t> Iterator for Parameters<'t> {
    type Item = (Parameter, &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = memchr(b'=', self.rest)?;
            let (before, behind) = self.rest.split_at_checked(at)?;
            let value = behind.get(1..)?;
            self.rest = value;
            if let Some(parameter) = parameter_before(before) {
                return Some((parameter, value_of(value.trim_ascii_start())));
            }
        }
    }
}

/// The parameter whose name a text ends with, in any case.
fn parameter_before(text: &[u8]) -> Option<Parameter> {
    let text = text.trim_ascii_end();
    // Limit: `filename*`, the longest name, has 9 characters.
    let name = text.iter().rev().take(10);
    let len = name
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'_'))
        .count();
    let name = text.get(text.len().checked_sub(len)?..)?;
    [
        (&b"name"[..], Parameter::Name),
        (b"filename", Parameter::File),
        (b"filename*", Parameter::Encoded),
    ]
    .into_iter()
    .find_map(|(known, parameter)| name.eq_ignore_ascii_case(known).then_some(parameter))
}

/// The value at the start of a text: up to the quote that no backslash escapes, or to the end of
/// the parameter.
fn value_of(value: &[u8]) -> &[u8] {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value
            .iter()
            .position(|byte| matches!(byte, b';' | b'\r' | b'\n'));
        return value.get(..end.unwrap_or(value.len())).unwrap_or(value);
    };
    let mut end = 0_usize;
    while let Some(&byte) = quoted.get(end) {
        match byte {
            b'"' | b'\n' => break,
            b'\\' => end = end.saturating_add(2),
            _ => end = end.saturating_add(1),
        }
    }
    quoted.get(..end.min(quoted.len())).unwrap_or(quoted)
}
