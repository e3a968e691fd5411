//! The detectors: one file and one page each, registered here in two adjacent lines.
//! This list is the only place that knows all of them; it never holds logic of a rule.
use credenza_event::{Form, Span, Steps};

use crate::gate::Signals;
use crate::report::{Confidence, Explanation};

pub mod sql_injection;

/// All detectors, in the order of their gate bits.
pub static DETECTORS: &[&dyn Detector] = &[
    &sql_injection::SqlInjection, // a value that changes the shape of a query
];

/// The public identity of a detector.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case id, named after the attack (`sql-injection`).
    pub id: &'static str,
    /// Short class name (`sqli`).
    pub class: &'static str,
    /// CWE number.
    pub cwe: u16,
    /// The rule page: rustdoc, tests, book and `credenza explain`.
    pub page: &'static str,
}

/// What a detector says of one form.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// How sure it is.
    pub confidence: Confidence,
    /// The bytes that decided.
    pub span: Span,
    /// Context, dialect and production.
    pub explanation: Explanation,
}

/// What a detector says of one form, and whether it has looked at all of it.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The strongest evidence, if any.
    pub evidence: Option<Evidence>,
    /// False if the budget ended before the form did.
    pub complete: bool,
}

/// What detectors may spend on one event.
#[derive(Debug)]
pub struct Budget<'a> {
    /// Steps, about one a byte.
    pub steps: &'a mut Steps,
    parses: u32,
}

impl<'a> Budget<'a> {
    // Limit: a parse costs up to 0.2 ms (2 KiB at 100 ns a byte), usually 5 µs; a benign event
    // needs none, so 64 bound what an event of nothing but attacks costs.
    pub(crate) const PARSES_MAX: u32 = 64;

    /// The budget of an event that may spend `steps`.
    pub fn new(steps: &'a mut Steps) -> Self {
        Self {
            steps,
            parses: Self::PARSES_MAX,
        }
    }

    /// The budget of the next form of an event that has `parses` left.
    pub(crate) fn resumed(steps: &'a mut Steps, parses: u32) -> Self {
        Self { steps, parses }
    }

    /// Parses that are left.
    pub(crate) fn parses(&self) -> u32 {
        self.parses
    }

    /// Takes one run of a full parser over `bytes` bytes; false when none is left.
    pub fn take_parse(&mut self, bytes: usize) -> bool {
        // Limit: a parser's byte costs about 32 times a tokenizer's.
        let Some(left) = self.parses.checked_sub(1) else {
            return false;
        };
        if !self.steps.take(bytes.saturating_mul(32)) {
            self.parses = 0;
            return false;
        }
        self.parses = left;
        true
    }

    /// True if the event has used all its parses.
    pub fn parses_spent(&self) -> bool {
        self.parses == 0
    }
}

/// Code that looks at one form for one rule.
pub trait Detector: Sync {
    /// The rule's identity.
    fn rule(&self) -> &'static Rule;
    /// Which signals a form must show before this detector could say anything: one of these sets.
    fn needs(&self) -> &'static [Signals];
    /// Judges one form that the gate called hot for this detector.
    fn judge(&self, form: &Form<'_>, budget: &mut Budget<'_>) -> Judgement;
}

#[cfg(test)]
mod tests;
