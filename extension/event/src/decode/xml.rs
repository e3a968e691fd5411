//! XML documents, split into the texts of elements, attributes and literals of the DTD.
//! It never expands an entity that a document declares, and never asks whether a document is valid.
use alloc::vec::Vec;

use memchr::{memchr, memmem};

use super::container::show_field;
use super::{call, html_names};
use crate::form::{Part, Span};
use crate::path::{Frame, Kind, Path};
use crate::walk::{Field, Walk};

// Limit: 512 open elements have a name in a pointer, as many as in JSON; deeper ones are counted.
const FRAMES_MAX: usize = 512;

/// True if a text looks like an XML document that is no page.
///
/// A page is judged as a whole: what its elements say is prose and program text that stands there
/// to be read. The body of a request may have any root, which few readers ask for.
#[inline]
pub(super) fn may_be(text: &[u8], field: &Field<'_>) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = match text.first() {
        Some(b'<' | b' ' | b'\n' | b'\r' | b'\t') => text.trim_ascii_start(),
        _ => return false,
    };
    call::is_opened(text, field) && is_document(text, field)
}

fn is_document(text: &[u8], field: &Field<'_>) -> bool {
    let is_body = field.role.is_payload() && field.levels == 0;
    let Some(rest) = text.strip_prefix(b"<") else {
        return false;
    };
    match rest {
        [b'?', b'x', b'm', b'l', ..] => true,
        [b'!', rest @ ..] => {
            let doctype = rest.split_at_checked(7);
            doctype.is_some_and(|(word, rest)| {
                let name = name_of(rest.trim_ascii_start());
                word.eq_ignore_ascii_case(b"doctype") && !name.eq_ignore_ascii_case(b"html")
            })
        }
        rest => {
            let name = name_of(rest);
            let is_page = if is_body {
                name.eq_ignore_ascii_case(b"html")
            } else {
                html_names::is_element(name)
            };
            name.first().is_some_and(u8::is_ascii_alphabetic)
                && !is_page
                && memchr(b'>', rest).is_some()
        }
    }
}

/// The name at the start of a text.
fn name_of(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| ends_name(*byte));
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=' | b'<' | b'[')
}

/// Shows the texts, the attributes and the literals; never true, because readers differ.
pub(super) fn split(walk: &mut Walk<'_>, text: &[u8], field: &Field<'_>) -> bool {
    let frames = walk.frames();
    let joined = walk.buffer();
    let mut reader = Reader {
        text,
        field,
        frames,
        deeper: 0,
        first: None,
        joined,
    };
    let mut at = 0;
    while at < text.len() {
        at = reader.step(walk, at);
    }
    reader.end_text(walk);
    walk.recycle(reader.joined);
    walk.recycle_frames(reader.frames);
    false
}

/// A document and the reader's position in it.
struct Reader<'x> {
    text: &'x [u8],
    field: &'x Field<'x>,
    frames: Vec<Frame>,
    /// Open elements beyond the frames.
    deeper: usize,
    /// The first piece of the text at hand.
    first: Option<Span>,
    /// The pieces together, once there are two: comments and CDATA part no text.
    joined: Vec<u8>,
}

impl<'x> Reader<'x> {
    /// Reads what stands at an offset; gives the offset behind it.
    fn step(&mut self, walk: &mut Walk<'_>, at: usize) -> usize {
        match self.from(at) {
            [b'<', b'!', b'-', b'-', ..] => self.behind(at.saturating_add(4), b"-->"),
            [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => {
                let start = at.saturating_add(9);
                let behind = self.behind(start, b"]]>");
                let end = if behind < self.text.len() || self.text.ends_with(b"]]>") {
                    behind.saturating_sub(3)
                } else {
                    behind
                };
                self.piece(start, end);
                behind
            }
            [b'<', b'?', ..] => self.behind(at.saturating_add(2), b"?>"),
            [b'<', b'!', ..] => self.declaration(walk, at.saturating_add(2)),
            [b'<', b'/', ..] => {
                self.end_text(walk);
                self.close();
                self.behind(at, b">")
            }
            [b'<', byte, ..]
                if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..) =>
            {
                self.end_text(walk);
                self.element(walk, at.saturating_add(1))
            }
            rest => {
                let len = rest.get(1..).and_then(|rest| memchr(b'<', rest));
                let end = len.map_or(self.text.len(), |len| {
                    at.saturating_add(len).saturating_add(1)
                });
                self.piece(at, end);
                end
            }
        }
    }

    fn from(&self, at: usize) -> &'x [u8] {
        self.text.get(at..).unwrap_or(&[])
    }

    /// The offset behind the next `mark`, or the end of the text.
    fn behind(&self, at: usize, mark: &[u8]) -> usize {
        memmem::find(self.from(at), mark).map_or(self.text.len(), |len| {
            at.saturating_add(len).saturating_add(mark.len())
        })
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.frames.pop();
        }
    }

    fn open(&mut self, name: Span) {
        if self.frames.len() < FRAMES_MAX {
            self.frames.push(Frame {
                kind: Kind::Named,
                key: name,
                index: 0,
            });
        } else {
            self.deeper += 1;
        }
    }

    /// Adds a piece to the text at hand.
    fn piece(&mut self, start: usize, end: usize) {
        let span = Span::of_offsets(start, end);
        let piece = span.of(self.text).unwrap_or(&[]);
        match self.first {
            None => self.first = Some(span),
            Some(first) => {
                if self.joined.is_empty() {
                    let first = first.of(self.text).unwrap_or(&[]);
                    self.joined.extend_from_slice(first);
                }
                self.joined.extend_from_slice(piece);
            }
        }
    }

    /// Shows the text at hand.
    fn end_text(&mut self, walk: &mut Walk<'_>) {
        let Some(first) = self.first.take() else {
            return;
        };
        if self.joined.is_empty() {
            self.show(walk, first.of(self.text).unwrap_or(&[]).trim_ascii());
        } else {
            let joined = core::mem::take(&mut self.joined);
            self.show(walk, joined.trim_ascii());
            self.joined = joined;
            self.joined.clear();
        }
    }

    fn show(&self, walk: &mut Walk<'_>, text: &[u8]) {
        let path = Path {
            parent: Some(self.field.path),
            text: self.text,
            frames: &self.frames,
        };
        let field = Field {
            path: &path,
            plus: false,
            ..*self.field
        };
        show_field(walk, text, Part::Value, &field);
    }

    /// Opens the element whose name begins at an offset, and shows its attributes.
    fn element(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        let mut at = start.saturating_add(name_of(self.from(start)).len());
        self.open(Span::of_offsets(start, at));
        let mut is_closed = false;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'>' => {
                    at = at.saturating_add(1);
                    break;
                }
                // The mark before was forgotten.
                b'<' => break,
                b'/' => {
                    is_closed = true;
                    at = at.saturating_add(1);
                }
                byte if byte.is_ascii_whitespace() || matches!(byte, b'=' | b'[') => {
                    at = at.saturating_add(1);
                }
                _ => {
                    is_closed = false;
                    at = self.attribute(walk, at);
                }
            }
        }
        if is_closed {
            self.close();
        }
        at
    }

    /// Shows the value of the attribute whose name begins at an offset; gives the offset behind.
    fn attribute(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        let end = start.saturating_add(name_of(self.from(start)).len().max(1));
        let Some(value) = self.from(end).trim_ascii_start().strip_prefix(b"=") else {
            return end;
        };
        let value = value.trim_ascii_start();
        let (value, behind) = literal(value).unwrap_or_else(|| {
            let len = value
                .iter()
                .position(|byte| byte.is_ascii_whitespace() || *byte == b'>');
            value
                .split_at_checked(len.unwrap_or(value.len()))
                .unwrap_or((value, &[]))
        });
        self.open(Span::of_offsets(start, end));
        self.show(walk, value);
        self.close();
        self.text.len().saturating_sub(behind.len())
    }

    /// Shows the literals of a declaration, with all of its subset; gives the offset behind it.
    fn declaration(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        let mut at = start;
        let mut is_subset = false;
        let mut word = Span::default();
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'"' | b'\'' => {
                    let rest = self.from(at);
                    let (value, behind) = literal(rest).unwrap_or((rest, &[]));
                    self.open(word);
                    self.show(walk, value);
                    self.close();
                    at = self.text.len().saturating_sub(behind.len());
                    continue;
                }
                b'[' => is_subset = true,
                b']' => is_subset = false,
                b'>' if !is_subset => return at.saturating_add(1),
                byte if byte.is_ascii_alphanumeric() => {
                    let len = name_of(self.from(at)).len().max(1);
                    word = Span::of_offsets(at, at.saturating_add(len));
                    at = at.saturating_add(len);
                    continue;
                }
                _ => {}
            }
            at = at.saturating_add(1);
        }
        self.text.len()
    }
}

/// The inside of the quotes at the start of a text, and what stands behind them.
fn literal(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (quote, rest) = text.split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = memchr(*quote, rest).unwrap_or(rest.len());
    let (inside, behind) = rest.split_at_checked(end)?;
    Some((inside, behind.get(1..).unwrap_or(&[])))
}
