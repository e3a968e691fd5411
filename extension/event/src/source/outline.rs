//! The members of one object, found without looking into their values.
//! It never allocates per member of a value: what is nested is passed over.
use alloc::vec::Vec;

use memchr::memchr2;

use crate::scan;
use crate::text;

// Limit: the richest HTTP event has 16 top-level members and a request context of 20.
const MEMBERS_MAX: usize = 64;

/// The direct members of an object.
#[derive(Debug)]
pub(super) struct Outline<'e> {
    members: Vec<(&'e [u8], &'e [u8])>,
    /// True for the first element of an array.
    is_in_array: bool,
}

impl<'e> Outline<'e> {
    /// The outline of an object; `None` for anything else, and for more members than any service
    /// writes.
    pub(super) fn of(text: &'e [u8]) -> Option<Self> {
        let mut rest = open(text, b"{")?;
        let mut outline = Self {
            members: Vec::new(),
            is_in_array: false,
        };
        while let Some(start) = memchr2(b'"', b'}', rest) {
            let (_, found) = rest.split_at_checked(start)?;
            let Some(quoted) = found.strip_prefix(b"\"") else {
                break;
            };
            let name_len = scan::end_of_string(quoted, 0);
            let behind = quoted
                .get(name_len..)?
                .strip_prefix(b"\"")?
                .trim_ascii_start();
            let value = behind.strip_prefix(b":")?.trim_ascii_start();
            let len = value_len(value);
            outline.put(quoted.get(..name_len)?, value.get(..len)?)?;
            rest = value.get(len..)?;
        }
        Some(outline)
    }

    /// The outline of an event: of its first element, where it is an array.
    pub(super) fn of_event(text: &'e [u8]) -> Option<Self> {
        if let Some(first) = open(text, b"[") {
            return Some(Self {
                is_in_array: true,
                ..Self::of(first)?
            });
        }
        Self::of(text)
    }

    /// This outline if it is that of an element of an array.
    pub(super) fn as_element(&self) -> Option<&Self> {
        self.is_in_array.then_some(self)
    }

    /// Puts a member in, in place of an earlier one of that name; `None` if there are too many.
    fn put(&mut self, name: &'e [u8], value: &'e [u8]) -> Option<()> {
        if let Some(member) = self.members.iter_mut().find(|(known, _)| same(known, name)) {
            member.1 = value;
            return Some(());
        }
        if self.members.len() == MEMBERS_MAX {
            return None;
        }
        self.members.push((name, value));
        Some(())
    }

    /// The value of a member as it stands in the text, quotes and braces included.
    pub(super) fn value(&self, name: &str) -> Option<&'e [u8]> {
        let (_, value) = self
            .members
            .iter()
            .find(|(known, _)| same(known, name.as_bytes()))?;
        Some(value)
    }

    /// True if the member is there and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != b"null")
    }

    /// The inside of a member that is a string without escapes.
    pub(super) fn string(&self, name: &str) -> Option<&'e [u8]> {
        self.value(name)?.strip_prefix(b"\"")?.strip_suffix(b"\"")
    }

    /// The outline of a member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.value(name)?)
    }

    /// The outlines of all members that are objects.
    pub(super) fn objects(&self) -> impl Iterator<Item = Self> {
        self.members.iter().filter_map(|(_, value)| Self::of(value))
    }

    /// The outline of the first element of a member that is an array of objects.
    pub(super) fn first(&self, name: &str) -> Option<Self> {
        Self::of(open(self.value(name)?, b"[")?)
    }

    /// The outline of the first element of the first array among the members.
    pub(super) fn first_of_any(&self) -> Option<Self> {
        let mut values = self.members.iter();
        values.find_map(|(_, value)| Self::of(open(value, b"[")?))
    }
}

/// What stands behind an opening bracket.
fn open<'t>(text: &'t [u8], bracket: &[u8]) -> Option<&'t [u8]> {
    text.trim_ascii_start().strip_prefix(bracket)
}

/// True if two names are the same once their escapes are undone.
fn same(one: &[u8], other: &[u8]) -> bool {
    if !one.contains(&b'\\') && !other.contains(&b'\\') {
        return one == other;
    }
    let (mut plain, mut plain_other) = (Vec::new(), Vec::new());
    text::unescape(one, &mut plain);
    text::unescape(other, &mut plain_other);
    plain == plain_other
}

/// The length of the value at the start of a text.
fn value_len(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = scan::end_of_string(text, at + 1);
                at = end.saturating_add(1).min(text.len());
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 0 { at } else { at + 1 },
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}
