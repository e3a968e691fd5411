//! Markup read from end to end: each tag once, and what stands in attributes once more.
//! It never executes or expands anything.
use core::cell::Cell;

use memchr::memchr;

use super::attribute::{is_event, is_idle, is_plain_name, trimmed};
use super::element::Facts;
use super::place::Place;
use super::signals::{EVENT, roles};
use super::tag::{self, Attribute, Attributes, Tag, Unclosed};
use super::{Found, script, style};
use crate::report::Confidence::{self, High, Medium};

// Limit: markup in the attribute of markup; what stands deeper is in no browser's data state.
const DEPTH_MAX: u8 = 2;

// Limit: a payload behind an odd sign has few attributes.
const ODD_MAX: usize = 4;

/// Reads markup and keeps what is surest.
pub(super) struct Reader<'t, 'p> {
    pub(super) text: &'t [u8],
    pub(super) place: &'p mut Place<'t>,
    depth: u8,
    /// Where this text begins in the form.
    pub(super) base: usize,
    /// The surest that may be found here.
    ceiling: Confidence,
    unclosed: Cell<Unclosed>,
    /// Where the next script ends, as far as that was asked; nowhere if none does.
    pub(super) script_end: Option<usize>,
    /// How far scripts without an end were read.
    pub(super) coded_to: usize,
    /// How far tags were read that are none.
    odd_to: usize,
    /// How far style sheets were read.
    pub(super) styled_to: usize,
    context: &'static str,
}

impl<'t, 'p> Reader<'t, 'p> {
    pub(super) fn new(text: &'t [u8], place: &'p mut Place<'t>) -> Self {
        Self {
            text,
            place,
            depth: 0,
            base: 0,
            ceiling: High,
            unclosed: Cell::default(),
            script_end: Some(0),
            coded_to: 0,
            odd_to: 0,
            styled_to: 0,
            context: "data",
        }
    }

    /// Reads on from `at`, as data.
    pub(super) fn read(&mut self, at: usize) {
        let mut at = at;
        while !self.place.is_decided() {
            let Some(less) = memchr(b'<', self.text.get(at..).unwrap_or(&[])) else {
                return;
            };
            let start = at.saturating_add(less);
            let Some(tag) = tag::open(self.text, start) else {
                self.odd(start);
                at = start.saturating_add(1);
                continue;
            };
            at = self.tag(&tag);
            self.place.passed(tag.name.as_bytes());
        }
    }

    /// What only old browsers took for a tag, `<//` and `<"`: handlers and styles in it.
    fn odd(&mut self, start: usize) {
        let at = start.saturating_add(2);
        let sign = self.text.get(start.saturating_add(1));
        let is_odd = matches!(sign, Some(b'/' | b'"' | b'\'' | b'%'));
        // What was read behind such a sign before is not read once more.
        if start < self.odd_to || !is_odd {
            return;
        }
        let unclosed = Cell::default();
        let mut attributes = Attributes::new(self.text, at, &unclosed);
        for attribute in attributes.by_ref().take(ODD_MAX) {
            let styled = trimmed(attribute.name).eq_ignore_ascii_case(b"style")
                && style::runs(attribute.value).is_some();
            let known = is_event(attribute.name) && roles(trimmed(attribute.name)) & EVENT != 0;
            let deeds = script::SURE.with(script::CALL);
            if styled || known && script::read(attribute.value).has(deeds) {
                self.note(High, "odd-tag", start, attribute.end);
            }
        }
        self.odd_to = attributes.at;
    }

    /// Judges one tag; where the text goes on behind it.
    fn tag(&mut self, tag: &Tag) -> usize {
        let unclosed = self.unclosed.clone();
        let mut attributes = Attributes::new(self.text, tag.name_end, &unclosed);
        let mut facts = Facts::default();
        for attribute in attributes.by_ref() {
            self.attribute(tag, &attribute, &mut facts);
        }
        let (end, is_closed) = (attributes.at, attributes.is_closed);
        self.unclosed.set(unclosed.get());
        let behind = self.text.get(end..).unwrap_or(&[]);
        let before = tag.start.checked_sub(1).and_then(|at| self.text.get(at));
        let quoted = before.is_some_and(|byte| matches!(byte, b'"' | b'\''));
        if quoted && is_closed && behind.starts_with(b"=&{") && memchr(b'}', behind).is_some() {
            self.note(High, "script-reference", tag.start, end);
        }
        if !tag.is_end {
            self.element(tag, facts, end, is_closed);
        }
        end.max(tag.name_end)
    }

    /// Reads attributes from `at` on, where a value may have left the attribute in which it stands.
    pub(super) fn added(&mut self, at: usize, context: &'static str, attributes_max: usize) {
        let unclosed = Cell::default();
        self.context = context;
        let is_bare = at == 0;
        // `href="x" onclick=…` opens with its first quote what another text closes.
        let opens = at
            .checked_sub(2)
            .and_then(|at| self.text.get(at))
            .is_some_and(|byte| *byte == b'=');
        for attribute in Attributes::new(self.text, at, &unclosed).take(attributes_max) {
            if !is_plain_name(attribute.name) {
                break;
            }
            if attribute.name.eq_ignore_ascii_case(b"style") {
                self.added_style(&attribute);
            }
            if !is_event(attribute.name) {
                continue;
            }
            let deeds = script::read(attribute.value);
            let is_known = roles(trimmed(attribute.name)) & EVENT != 0;
            let sure = deeds.has(script::SURE) || !is_bare && !opens && deeds.acts();
            if is_known && deeds.acts() || deeds.has(script::EFFECT) {
                let sure = sure && !is_idle(attribute.value.trim_ascii());
                let confidence = if sure { High } else { Medium };
                self.note(confidence, "event-handler", attribute.start, attribute.end);
            }
        }
    }

    /// A style that is added as it stands, so that the gate has seen its words.
    fn added_style(&mut self, attribute: &Attribute<'t>) {
        let is_hidden =
            memchr(b'\\', attribute.value).is_some() || memchr(b'*', attribute.value).is_some();
        let production = style::runs(attribute.value).filter(|_| !is_hidden);
        if let Some(production) = production {
            self.note(High, production, attribute.start, attribute.end);
        }
    }

    pub(super) fn note(
        &mut self,
        confidence: Confidence,
        production: &'static str,
        start: usize,
        end: usize,
    ) {
        let confidence = confidence.min(self.ceiling);
        self.place.note(Found {
            confidence,
            start: self.base.saturating_add(start),
            end: self.base.saturating_add(end),
            context: self.context,
            dialect: "html",
            production,
            is_complete: confidence == High,
        });
    }

    /// Markup in the value of an attribute: high where it may end what hides it, or is no text.
    pub(super) fn nested(&mut self, attribute: &Attribute<'t>, is_used: bool) {
        let value = attribute.value;
        let Some(less) = memchr(b'<', value) else {
            return;
        };
        if self.depth >= DEPTH_MAX {
            return;
        }
        let before = value.get(..less).unwrap_or(&[]);
        let ends = value.get(less.saturating_add(1)) == Some(&b'/')
            || before
                .iter()
                .any(|byte| matches!(byte, b'>' | b'"' | b'\'' | b'`'));
        let base = attribute.end.saturating_sub(value.len());
        let mut inner = Reader {
            text: value,
            place: self.place,
            depth: self.depth.saturating_add(1),
            base: self.base.saturating_add(base),
            ceiling: if ends || is_used {
                self.ceiling
            } else {
                Medium
            },
            unclosed: Cell::default(),
            script_end: Some(0),
            coded_to: 0,
            odd_to: 0,
            styled_to: 0,
            context: "attribute",
        };
        inner.read(0);
    }
}
