//! Rules of the user's own: what a field must not hold, in words, shapes, numbers and patterns.
//! It never asks anything that does not end: each rule says beforehand what it costs a byte.
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::detector::Rule;
use credenza_event::{Decoder, Form, Part, Role, Source, Span};
use memchr::memmem;

use crate::scope::{is_location, is_route, is_source};
use crate::{Automaton, Pattern, Place, ValueShape};

/// A rule of the user's own: everything that it says must hold of one form of one key or value.
#[derive(Clone, Debug)]
pub struct CustomRule {
    /// Its identity; its id is that of `[rule.ID]`, of scopes and of exemptions.
    pub rule: &'static Rule,
    /// How sure a finding is.
    pub confidence: Confidence,
    /// For which source.
    pub source: Option<Source>,
    /// On which routes.
    pub route: Option<Pattern>,
    /// In which fields, as JSON Pointers.
    pub location: Option<Pattern>,
    /// What the value means to its sender.
    pub role: Option<Role>,
    /// In keys or in values.
    pub part: Part,
    /// What must hold.
    pub tests: Vec<Test>,
}

/// Something that holds of a text, or does not.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One of these stands in it.
    Contains(Vec<String>),
    /// It is one of these.
    OneOf(Vec<String>),
    /// It is none of these.
    NoneOf(Vec<String>),
    /// The pattern stands in it.
    Matches(Automaton),
    /// It has this shape.
    Shaped(ValueShape),
    /// It has not.
    Unshaped(ValueShape),
    /// It is a number above this one.
    Above(f64),
    /// It is a number below this one.
    Below(f64),
    /// It has more bytes than this.
    Longer(usize),
}

impl Test {
    /// The most steps that a byte costs.
    fn steps_per_byte(&self) -> usize {
        match self {
            Self::Contains(words) => words.len(),
            Self::Matches(automaton) => automaton.steps_per_byte(),
            // A look at each text costs what a step does; the words share one.
            _ => 1,
        }
    }

    /// True if it speaks of a value as it stands, and so not of what else it may be read as.
    fn is_of_plain(&self) -> bool {
        !matches!(self, Self::Contains(_) | Self::Matches(_))
    }

    /// The bytes that decided, if it holds.
    fn find(&self, text: &[u8]) -> Option<Span> {
        let all = Span::of_offsets(0, text.len());
        match self {
            Self::Contains(words) => words.iter().find_map(|word| {
                let at = memmem::find(text, word.as_bytes())?;
                Some(Span::of_offsets(at, at.saturating_add(word.len())))
            }),
            Self::Matches(automaton) => automaton.find(text).map(|end| Span::of_offsets(0, end)),
            Self::OneOf(words) => is_among(words, text).then_some(all),
            Self::NoneOf(words) => (!is_among(words, text)).then_some(all),
            Self::Shaped(shape) => shape.fits(text).then_some(all),
            Self::Unshaped(shape) => (!shape.fits(text)).then_some(all),
            Self::Above(bound) => number(text).filter(|number| number > bound).map(|_| all),
            Self::Below(bound) => number(text).filter(|number| number < bound).map(|_| all),
            Self::Longer(bytes) => (text.len() > *bytes).then_some(all),
        }
    }
}

/// The words stand in order, so that a list of ten thousand costs fourteen looks.
fn is_among(words: &[String], text: &[u8]) -> bool {
    words
        .binary_search_by(|word| word.as_bytes().cmp(text))
        .is_ok()
}

/// A number as JSON or a form writes it.
fn number(text: &[u8]) -> Option<f64> {
    // Limit: the longest number that means anything, a 64-bit float, has 24 letters.
    let text = core::str::from_utf8(text.get(..40).unwrap_or(text)).ok()?;
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| is_number)
}

impl CustomRule {
    /// The most steps that a byte of a form costs.
    pub fn steps_per_byte(&self) -> usize {
        self.tests.iter().map(Test::steps_per_byte).sum()
    }

    /// True if it speaks of an event from there.
    pub fn is_at(&self, place: &Place<'_>) -> bool {
        is_source(self.source, place.source)
    }

    /// True if it has something to say of a form, wherever that stands.
    pub fn judges(&self, form: &Form<'_>) -> bool {
        let is_plain = || {
            let mut steps = form.decoded.iter();
            // Opening what carries a value leaves the value as it is.
            steps.all(|step| matches!(step, Decoder::Json | Decoder::Form | Decoder::Multipart))
        };
        self.part == form.part
            && self.role.is_none_or(|role| role == form.role)
            && (is_plain() || !self.tests.iter().any(Test::is_of_plain))
    }

    /// The bytes that decided, if all of it holds of a text.
    pub fn find(&self, text: &[u8]) -> Option<Span> {
        let mut decided = None;
        for test in &self.tests {
            let span = test.find(text)?;
            decided = decided.or(Some(span));
        }
        decided
    }

    /// True if it speaks of the place of a form.
    pub fn covers(&self, location: &str, place: &Place<'_>) -> bool {
        is_location(self.location.as_ref(), location)
            && is_route(self.route.as_ref(), place.routes.at(location))
    }
}

impl PartialEq for CustomRule {
    fn eq(&self, other: &Self) -> bool {
        self.rule.id == other.rule.id
            && self.confidence == other.confidence
            && self.source == other.source
            && self.route == other.route
            && self.location == other.location
            && (self.role, self.part) == (other.role, other.part)
            && self.tests == other.tests
    }
}

impl Eq for CustomRule {}
