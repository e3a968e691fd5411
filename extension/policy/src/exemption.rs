//! What is no finding although a rule says so: of one rule, somewhere, in some values, for a time.
//! It never silences more than the rule that it names, and never longer than it says.
use alloc::string::String;
use core::fmt::Write;

use credenza_event::Source;

use crate::scope::{is_location, is_route, is_source};
use crate::{Day, Pattern, Place, ValueShape};

/// What is no finding: everything that it names must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Of which rule.
    pub rule: &'static str,
    /// For which source.
    pub source: Option<Source>,
    /// On which routes.
    pub route: Option<Pattern>,
    /// In which fields, as JSON Pointers.
    pub location: Option<Pattern>,
    /// In which values: those in which the judged form has this shape.
    pub shape: Option<ValueShape>,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub author: String,
    /// The last day on which it holds, in UTC.
    pub expires: Day,
}

impl Exemption {
    /// True if it speaks of a finding of the rule `id` at `location` in the form `text`.
    pub fn covers(&self, id: &str, location: &str, text: &[u8], place: &Place<'_>) -> bool {
        self.rule == id
            && !self.is_over(place.today)
            && is_source(self.source, place.source)
            && is_route(self.route.as_ref(), place.routes.at(location))
            && is_location(self.location.as_ref(), location)
            && self.shape.as_ref().is_none_or(|shape| shape.fits(text))
    }

    /// True once its last day is over.
    pub fn is_over(&self, today: Day) -> bool {
        today > self.expires
    }

    /// True if it names more than a rule.
    pub(crate) fn is_narrow(&self) -> bool {
        self.source.is_some()
            || self.route.is_some()
            || self.location.is_some()
            || self.shape.is_some()
    }

    /// The table as a policy file has it, to be put at its end.
    pub fn to_toml(&self) -> String {
        let mut text = String::from("[[exemption]]\n");
        let source = self.source.map(Source::name);
        let fields = [
            ("rule", Some(self.rule)),
            ("source", source),
            ("route", self.route.as_ref().map(Pattern::text)),
            ("location", self.location.as_ref().map(Pattern::text)),
            ("shape", self.shape.as_ref().map(ValueShape::text)),
            ("reason", Some(self.reason.as_str())),
            ("author", Some(self.author.as_str())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                let _ = write!(text, "{name} = ");
                quote(value, &mut text);
                text.push('\n');
            }
        }
        let _ = writeln!(text, "expires = {}", self.expires);
        text
    }
}

/// A basic string of TOML.
fn quote(value: &str, text: &mut String) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => {
                text.push('\\');
                text.push(letter);
            }
            _ if letter.is_control() => {
                let _ = write!(text, "\\u{:04X}", u32::from(letter));
            }
            _ => text.push(letter),
        }
    }
    text.push('"');
}
