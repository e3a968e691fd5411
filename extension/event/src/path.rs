//! Where the walker stands, as open containers of nested documents, and how a pointer says it.
//! It never renders anything before it is asked to.
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::form::Span;
use crate::text;

/// What a frame counts its members by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Members have names: an object, a form, a cookie header.
    Named,
    /// Members have positions: an array.
    Counted,
    /// The texts beside an event have names: headers of the message that carries it.
    Beside,
}

/// One open container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// How its members are told apart.
    pub(crate) kind: Kind,
    /// The name of the current member, as it stands in the text; at the container's begin where
    /// there is none.
    pub(crate) key: Span,
    /// The position of the current member.
    pub(crate) index: u32,
}

impl Frame {
    /// A container that was just opened at an offset.
    pub(crate) fn opened(kind: Kind, at: usize) -> Self {
        Self {
            kind,
            key: Span::of_offsets(at, at),
            index: 0,
        }
    }

    /// Comes to the member whose name stands between two offsets; true if the member before it has
    /// the same name.
    #[inline]
    pub(crate) fn enter(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        let key = Span::of_offsets(start, end);
        let is_doubled =
            self.index > 0 && key.bytes() == self.key.bytes() && key.of(text) == self.key.of(text);
        self.key = key;
        is_doubled
    }
}

// Limit: a finding is one line of at most 700 bytes; a pointer longer than this is cut.
const POINTER_BYTES_MAX: usize = 1024;

/// Where the walker stands: a stack of member names and indices over the event and the documents
/// nested in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<'a> {
    pub(crate) parent: Option<&'a Self>,
    pub(crate) text: &'a [u8],
    pub(crate) frames: &'a [Frame],
}

impl Path<'_> {
    /// The place of a text that stands alone; its pointer is empty.
    pub const ROOT: Path<'static> = Path {
        parent: None,
        text: &[],
        frames: &[],
    };

    /// The JSON Pointer (RFC 6901) of the current key or value, through nested documents.
    ///
    /// A pointer of more than 1,024 bytes is cut and ends in `…`; bytes that are not UTF-8 become
    /// U+FFFD.
    pub fn pointer(&self) -> String {
        let mut levels = Vec::new();
        let mut level = Some(self);
        while let Some(path) = level {
            levels.push(path);
            level = path.parent;
        }
        let mut pointer = String::new();
        for path in levels.iter().rev() {
            for frame in path.frames {
                if pointer.len() > POINTER_BYTES_MAX {
                    let mut end = POINTER_BYTES_MAX;
                    while !pointer.is_char_boundary(end) {
                        end -= 1;
                    }
                    pointer.truncate(end);
                    pointer.push('…');
                    return pointer;
                }
                match frame.kind {
                    Kind::Counted => {
                        let _ = write!(pointer, "/{}", frame.index);
                    }
                    Kind::Named => push_name(&mut pointer, path.name(frame)),
                    Kind::Beside => {
                        pointer.push('#');
                        push_name(&mut pointer, path.name(frame));
                    }
                }
            }
        }
        pointer
    }

    /// The name of the member in which the walker stands, as it stands in the text (escapes kept);
    /// `None` in an array or outside of any container.
    pub fn member(&self) -> Option<&[u8]> {
        let mut level = Some(self);
        while let Some(path) = level {
            if let Some(frame) = path.frames.last() {
                return (frame.kind == Kind::Named).then(|| path.name(frame));
            }
            level = path.parent;
        }
        None
    }

    /// The names of the members around the current key or value, the innermost first, through
    /// nested documents: its own name, if it has one, then those of the containers in which it
    /// stands.
    ///
    /// Names are as they stand in the text (escapes kept); arrays have none and are passed over,
    /// and so are the names of types that DynamoDB and SQS put between a name and its value.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        let mut level = Some(self);
        let levels = core::iter::from_fn(move || {
            let path = level?;
            level = path.parent;
            Some(path)
        });
        levels.flat_map(|path| {
            let named = path.frames.iter().rev();
            named
                .filter(|frame| frame.kind == Kind::Named)
                .map(|frame| path.name(frame))
                .filter(|name| !is_type(name))
        })
    }

    /// What stands behind the current member's name and its colon, to the end of the document, as
    /// it stands there: where a key is judged, the value that it names begins here. Empty where
    /// there is no name, and for the fields of forms.
    pub fn operand(&self) -> &[u8] {
        let name = self.frames.last().map(|frame| frame.key.end as usize);
        let behind = name.and_then(|end| self.text.get(end..)).unwrap_or(&[]);
        // In a document that is walked inside its string a backslash stands before the quote.
        let behind = behind.strip_prefix(b"\\").unwrap_or(behind);
        let behind = behind.strip_prefix(b"\"").unwrap_or(&[]).trim_ascii_start();
        let value = behind.strip_prefix(b":").unwrap_or(&[]).trim_ascii_start();
        // A string of DynamoDB, with its type.
        let typed = value.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        let typed = typed.and_then(|value| value.strip_prefix(b"\"S\""));
        let typed = typed.and_then(|value| value.trim_ascii_start().strip_prefix(b":"));
        typed.map_or(value, <[u8]>::trim_ascii_start)
    }

    /// The position of the object in which the current member stands, where the document is a list
    /// of objects (a batch of requests in a body).
    pub fn position(&self) -> Option<u32> {
        match self.frames {
            [list, object] if (list.kind, object.kind) == (Kind::Counted, Kind::Named) => {
                Some(list.index)
            }
            _ => None,
        }
    }

    /// True if the current value is the first of a list.
    pub fn is_first_of_list(&self) -> bool {
        let last = self.frames.last();
        last.is_some_and(|frame| frame.kind == Kind::Counted && frame.index == 0)
    }

    /// What stands before the current member's name in its document, as it stands there; empty
    /// where there is no name.
    pub fn before(&self) -> &[u8] {
        let name = self
            .frames
            .last()
            .map_or(0, |frame| frame.key.start as usize);
        self.text.get(..name).unwrap_or(&[])
    }

    fn name(&self, frame: &Frame) -> &[u8] {
        frame.key.of(self.text).unwrap_or(&[])
    }
}

fn push_name(pointer: &mut String, name: &[u8]) {
    let mut plain = Vec::new();
    // A name longer than any pointer is cut before it is unescaped.
    let name = name.get(..POINTER_BYTES_MAX * 6).unwrap_or(name);
    text::unescape(name, &mut plain);
    pointer.push('/');
    for part in plain.utf8_chunks() {
        for char in part.valid().chars() {
            match char {
                '~' => pointer.push_str("~0"),
                '/' => pointer.push_str("~1"),
                _ => pointer.push(char),
            }
        }
        if !part.invalid().is_empty() {
            pointer.push('\u{fffd}');
        }
    }
}

/// True for the name of a type that stands between an attribute's name and its value.
fn is_type(name: &[u8]) -> bool {
    matches!(name, b"S" | b"M" | b"L" | b"SS" | b"stringValue")
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use crate::{Form, Part, Steps, Visitor, walk};

    /// The names around each value, innermost first, and what stands behind the colon of each key.
    #[derive(Default)]
    struct Names(Vec<String>);

    impl Visitor for Names {
        fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let names: Vec<_> = form.path.names().map(text).collect();
            let operand = form.path.operand().first().copied().map(char::from);
            self.0.push(match form.part {
                Part::Key => alloc::format!("{}: {operand:?}", text(form.text)),
                Part::Value => names.join(" < "),
            });
        }
    }

    #[test]
    fn types_between_a_name_and_its_value_are_no_names() {
        let event = br#"{"NewImage":{"a":{"M":{"b":{ "S" : "x y"},"c":{"SS":["z z"]}}}},
            "messageAttributes":{"d":{"stringValue":"w w"}}}"#;
        let mut names = Names::default();
        walk(event, &mut Steps::for_bytes(event.len()), &mut names);
        for line in [
            "b < a < NewImage",
            "c < a < NewImage",
            "d < messageAttributes",
            "b: Some('\"')",
            "a: Some('{')",
        ] {
            assert!(
                names.0.iter().any(|seen| seen == line),
                "{line}: {names:?}",
                names = names.0
            );
        }
    }
}
