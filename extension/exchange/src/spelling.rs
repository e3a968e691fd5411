//! JSON put together from fixed text and from what the platform wrote into an event.
//! It never unescapes or escapes a string: what is taken over stands as it stood.
use alloc::vec::Vec;

use credenza_event::layout::{self, Range};

/// An answer in the making.
#[derive(Debug, Default)]
pub(crate) struct Spelling {
    out: Vec<u8>,
}

impl Spelling {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    /// Adds a string of the event as it stands there; an empty one if there is none, or if it is
    /// not fit to stand in an answer.
    pub(crate) fn string(&mut self, event: &[u8], at: Option<Range>) -> &mut Self {
        let found = at.and_then(|at| event.get(at));
        let text = found.filter(|text| is_string(text)).unwrap_or(b"\"\"");
        self.out.extend_from_slice(text);
        self
    }

    /// Adds JSON that was spelled before.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    /// Adds a value of the event as it stands there.
    pub(crate) fn raw(&mut self, event: &[u8], at: Range) -> &mut Self {
        self.out.extend_from_slice(event.get(at).unwrap_or(b"null"));
        self
    }

    /// Adds the ids of failed records, each as the member that the platform looks for.
    pub(crate) fn items(&mut self, ids: &[Vec<u8>]) -> &mut Self {
        for (index, id) in ids.iter().enumerate() {
            self.text(if index > 0 { "," } else { "" })
                .text(r#"{"itemIdentifier":"#);
            self.out.extend_from_slice(id);
            self.text("}");
        }
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.out
    }
}

/// True for one whole JSON string in UTF-8 without raw control characters.
pub(crate) fn is_string(text: &[u8]) -> bool {
    let inside = text
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    inside.is_some_and(|inside| {
        core::str::from_utf8(inside).is_ok() && !inside.iter().any(u8::is_ascii_control)
    })
}

/// Where the value at the end of a path of member names stands.
pub(crate) fn value_at(event: &[u8], path: &[&[u8]]) -> Option<Range> {
    value_within(event, 0, path)
}

/// The same, from the object at an offset on.
pub(crate) fn value_within(event: &[u8], at: usize, path: &[&[u8]]) -> Option<Range> {
    let mut found = at..event.len();
    for name in path {
        found = layout::member_named(event, found.start, name)?;
    }
    Some(found)
}
