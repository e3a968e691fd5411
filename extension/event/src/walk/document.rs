//! One document under the walker: the event itself, or JSON found in a string.
//! It never asks whether the document is valid: every byte is a string, a literal, structure, or
//! text shown as it stands.
use alloc::vec::Vec;

use super::bare::{ends_bare, is_literal, is_number};
use super::{Field, Walk};
use crate::coverage::Gap;
use crate::decode;
use crate::form::{Classes, Part, Role};
use crate::path::{Frame, Kind, Path};
use crate::role::{Place, Places};
use crate::scan::{self, Scanner, Stop};
use crate::shape::Shape;
use crate::source;
use crate::text;

// Limit: 512 levels have a name in a pointer and a role; detection.md section 7. Deeper containers
// are only counted: their strings are visited all the same.
const FRAMES_MAX: usize = 512;

/// A document and the walker's position in it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the document or the position"
)]
pub(crate) struct Document<'d> {
    pub(super) text: &'d [u8],
    pub(super) scanner: Scanner<'d>,
    pub(super) field: &'d Field<'d>,
    /// True for the event itself, false for a document inside a string.
    pub(super) is_event: bool,
    /// True for a document that is walked inside its string, a backslash before each quote.
    pub(super) is_in_place: bool,
    pub(super) frames: Vec<Frame>,
    /// Open containers beyond the frames.
    pub(super) deeper: usize,
    /// Where the position is among those of the sources.
    pub(super) places: Places,
    /// True if the current member is an object key of S3, where `+` is a space.
    pub(super) plus: bool,
    /// True behind a value, where a comma, a colon or an end is due.
    pub(super) behind_value: bool,
    /// Where the text stopped being JSON.
    pub(super) odd_from: Option<usize>,
    /// True if a walk in place came to something that it does not read.
    pub(super) gave_up: bool,
    /// True if the value at hand is a document whose leaves were shown already.
    is_walked: bool,
    /// What is counted on the way.
    pub(super) shape: Shape,
}

/// What a walk made of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// All of it was in place, and each leaf was shown.
    Whole,
    /// Each leaf was shown, but something besides is no JSON.
    Left,
    /// A walk in place came to a spelling that it does not read.
    GaveUp,
}

impl<'d> Document<'d> {
    /// The event itself.
    pub(crate) fn event(text: &'d [u8], field: &'d Field<'d>, frames: Vec<Frame>) -> Self {
        Self {
            is_event: true,
            ..Self::new(text, field, frames, Place::EVENT)
        }
    }

    /// JSON in a string whose place and decode steps `field` tells.
    pub(crate) fn nested(text: &'d [u8], field: &'d Field<'d>, frames: Vec<Frame>) -> Self {
        let is_event = field.is_message && source::is_event(text);
        let place = if is_event {
            Place::nested_event(field.role)
        } else {
            Place::nested(field.role)
        };
        Self::new(text, field, frames, place)
    }

    /// JSON inside a string, as it stands there.
    pub(crate) fn in_place(text: &'d [u8], field: &'d Field<'d>, frames: Vec<Frame>) -> Self {
        Self {
            is_in_place: true,
            ..Self::nested(text, field, frames)
        }
    }

    fn new(text: &'d [u8], field: &'d Field<'d>, frames: Vec<Frame>, place: Place) -> Self {
        Self {
            text,
            scanner: Scanner::new(text),
            field,
            is_event: false,
            is_in_place: false,
            frames,
            deeper: 0,
            places: Places::new(place),
            plus: false,
            behind_value: false,
            odd_from: None,
            gave_up: false,
            is_walked: false,
            shape: Shape::default(),
        }
    }

    /// Walks to the end of the text.
    pub(crate) fn run(mut self, walk: &mut Walk<'_>) -> Walked {
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'"' => at = self.string(walk, at.saturating_add(1)),
                b'\\' if self.is_in_place => {
                    at = match self.text.get(at.saturating_add(1)) {
                        Some(b'"') => self.string(walk, at.saturating_add(2)),
                        _ => self.escape_in_place(at),
                    };
                }
                b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                b':' => {
                    self.behind_value = false;
                    at = self.pass(walk, at.saturating_add(1));
                }
                b',' => {
                    self.behind_value = false;
                    self.next_member();
                    at += 1;
                    if self.text.get(at) != Some(&b'{') {
                        at = self.pass(walk, at);
                    }
                }
                b'{' | b'[' => {
                    self.begin_value(at);
                    self.behind_value = false;
                    if byte == b'[' && self.places.is_bytes() {
                        self.bytes(walk, at + 1);
                    }
                    self.open(at, byte);
                    at = self.pass(walk, at.saturating_add(1));
                }
                b'}' | b']' => {
                    if byte == b']' && self.is_event {
                        self.join_repeated(walk, at);
                    }
                    self.close(at);
                    self.behind_value = true;
                    at += 1;
                }
                _ => {
                    let start = at;
                    at = self.bare(start);
                    if walk.shows_bare {
                        let token = self.text.get(start..at).unwrap_or_default();
                        self.member(walk, token, Classes::of(token), Part::Value);
                    }
                }
            }
        }
        if self.is_event {
            self.rest(walk);
        }
        let is_whole = self.odd_from.is_none() && self.frames.is_empty() && self.deeper == 0;
        if !self.gave_up && self.shape.is_remarkable() {
            walk.remark(self.text, self.field, &self.shape);
        }
        walk.recycle_frames(self.frames);
        if self.gave_up {
            Walked::GaveUp
        } else if is_whole {
            Walked::Whole
        } else {
            Walked::Left
        }
    }

    /// Notes two values side by side, which no JSON has.
    fn begin_value(&mut self, at: usize) {
        if self.behind_value {
            self.note_odd(at);
        }
        self.behind_value = true;
    }

    fn open(&mut self, at: usize, byte: u8) {
        if self.frames.len() < FRAMES_MAX {
            let kind = if byte == b'{' {
                Kind::Named
            } else {
                Kind::Counted
            };
            self.places.open(self.frames.len(), kind);
            self.frames.push(Frame::opened(kind, at));
        } else {
            self.deeper += 1;
        }
        // A reader of JSON goes no further than to what is none.
        let depth = self.frames.len().saturating_add(self.deeper);
        if depth > self.shape.depth as usize && self.odd_from.is_none() {
            self.shape.depth = u32::try_from(depth).unwrap_or(u32::MAX);
        }
    }

    fn close(&mut self, at: usize) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(frame) = self.frames.pop() else {
            self.note_odd(at);
            return;
        };
        self.places.close(self.frames.len());
        if !self.behind_value {
            self.shape.hollow = self.shape.hollow.saturating_add(1);
            return;
        }
        let members = frame.index.saturating_add(1);
        self.shape.members = self.shape.members.saturating_add(members);
        let broadest = match frame.kind {
            Kind::Named => &mut self.shape.names,
            Kind::Counted | Kind::Beside => &mut self.shape.items,
        };
        *broadest = (*broadest).max(members);
    }

    fn next_member(&mut self) {
        if self.deeper == 0
            && let Some(frame) = self.frames.last_mut()
        {
            frame.index = frame.index.saturating_add(1);
        }
    }

    /// Notes the name of the member at hand.
    fn name(&mut self, start: usize, end: usize) {
        if self.deeper == 0
            && let Some(frame) = self.frames.last_mut()
        {
            let is_doubled = frame.enter(self.text, start, end);
            if is_doubled && self.odd_from.is_none() {
                self.shape.doubled = self.shape.doubled.saturating_add(1);
            }
        }
    }

    /// Shows the string that starts at `start`; gives the offset behind it.
    #[inline(never)]
    fn string(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        self.begin_value(start.saturating_sub(1));
        let scanned = self.scanner.string(start);
        let end = scanned.end;
        if self.is_in_place {
            if self.text.get(end.saturating_add(1)) != Some(&b'"') {
                return self.string_in_place(walk, start);
            }
        } else if scanned.stop == Stop::Escape {
            match self.nested_in_place(walk, start) {
                Some((Walked::Whole, behind)) => return behind,
                nested => self.is_walked = matches!(nested, Some((Walked::Left, _))),
            }
            let behind = self.escaped(walk, start);
            self.is_walked = false;
            return behind;
        }
        let (part, behind) = self.end_string(start, end);
        let raw = self.text.get(start..end).unwrap_or(&[]);
        self.member(walk, raw, scanned.classes, part);
        behind
    }

    /// Shows the key or value that starts at `start` and has escapes; gives the offset behind it.
    fn escaped(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        let steps = usize::try_from(walk.steps.left()).unwrap_or(usize::MAX);
        let decoded = if self.is_event {
            usize::MAX
        } else {
            walk.decoded_left
        };
        let mut plain = walk.buffer();
        let found = text::unescape_string(self.text, start, steps.min(decoded), &mut plain);
        let end = found.unwrap_or_else(|| scan::end_of_string(self.text, start));
        let (part, behind) = self.end_string(start, end);
        let raw = self.text.get(start..end).unwrap_or(&[]);
        if found.is_some() && walk.take(raw.len()) {
            if !self.is_event {
                walk.decoded(plain.len());
            }
            self.member(walk, &plain, decode::classes(&plain), part);
        } else {
            walk.coverage.add(Gap::Budget);
            self.member(walk, raw, Classes::of(raw), part);
        }
        walk.recycle(plain);
        behind
    }

    /// Notes the string between two offsets; gives what it is, and the offset behind it.
    #[inline(never)]
    pub(super) fn end_string(&mut self, start: usize, end: usize) -> (Part, usize) {
        if end >= self.text.len() {
            self.note_odd(start);
            return (Part::Value, self.text.len());
        }
        let behind = end.saturating_add(if self.is_in_place { 2 } else { 1 });
        if let Some(b',' | b'}' | b']') = self.text.get(behind) {
            return (Part::Value, behind);
        }
        let Some(behind_colon) = self.behind_colon(behind) else {
            return (Part::Value, behind);
        };
        self.behind_value = false;
        self.name(start, end);
        (Part::Key, behind_colon)
    }

    /// Shows a key or value as the function will see it.
    #[inline(never)]
    pub(super) fn member(
        &mut self,
        walk: &mut Walk<'_>,
        text: &[u8],
        classes: Classes,
        part: Part,
    ) {
        let place = match part {
            Part::Key if self.deeper == 0 => {
                self.plus = text == b"key" && self.is_in_object();
                self.places.enter(self.frames.len(), text)
            }
            _ => self.places.at(),
        };
        let role = place.role;
        if walk.is_cold(text, classes, part) {
            return;
        }
        let path = Path {
            parent: Some(self.field.path),
            text: self.text,
            frames: &self.frames,
        };
        let field = Field {
            path: &path,
            role,
            part,
            plus: self.takes_plus(role),
            split: false,
            is_walked: self.is_walked,
            is_message: place.is_message,
            ..*self.field
        };
        if self.is_event {
            walk.value_of_message(text, classes, &field);
        } else {
            walk.value_within(text, classes, &field);
        }
    }

    /// True if `+` may stand for a space in values of a role.
    pub(super) fn takes_plus(&self, role: Role) -> bool {
        matches!(role, Role::Query | Role::ObjectKey) || self.plus
    }

    /// True in a container that is the member `object` (an S3 notification's).
    fn is_in_object(&self) -> bool {
        let outer = self.frames.iter().rev().nth(1);
        outer.and_then(|frame| frame.key.of(self.text)) == Some(b"object")
    }

    /// The offset behind the colon that comes next; `None` if something else does.
    #[inline]
    pub(super) fn behind_colon(&self, behind: usize) -> Option<usize> {
        let mut at = behind;
        loop {
            at = match self.text.get(at..)? {
                [b':', ..] => return Some(at.saturating_add(1)),
                [b' ' | b'\n' | b'\r' | b'\t', ..] => at.saturating_add(1),
                [b'\\', b'n' | b'r' | b't', ..] if self.is_in_place => at.saturating_add(2),
                _ => return None,
            };
        }
    }

    /// Passes a literal or number, or notes that this is no JSON; gives the offset behind it.
    fn bare(&mut self, start: usize) -> usize {
        self.begin_value(start);
        let rest = self.text.get(start..).unwrap_or(&[]);
        // Most numbers are digits, and perhaps a point between them.
        if let Some(len) = rest
            .first_chunk()
            .and_then(|bytes| scan::number(u64::from_le_bytes(*bytes)))
            && matches!(rest.get(len), Some(b',' | b'}' | b']'))
        {
            return start.saturating_add(len);
        }
        let len = rest
            .iter()
            .position(|byte| ends_bare(*byte) || (self.is_in_place && *byte == b'\\'))
            .unwrap_or(rest.len());
        let token = rest.get(..len).unwrap_or(rest);
        if is_number(token) {
            self.shape.note_number(token);
        } else if !is_literal(token) {
            self.note_odd(start);
        }
        start + len
    }

    pub(super) fn note_odd(&mut self, at: usize) {
        self.odd_from.get_or_insert(at);
    }

    /// Shows what is no JSON as raw text: from there to the end, or all of it behind a string at
    /// the top, whose quotes may not have been JSON's.
    fn rest(&self, walk: &mut Walk<'_>) {
        let Some(odd) = self.odd_from else { return };
        let from = if self.text.trim_ascii_start().starts_with(b"\"") {
            0
        } else {
            odd
        };
        let rest = self.text.get(from..).unwrap_or(&[]);
        if walk.take(rest.len()) {
            walk.value_of_message(rest, Classes::of(rest), self.field);
        }
    }
}
