//! The detectors: one file and one page each, registered here in one line.
//! This list is the only place that knows all of them.
use credenza_event::{Form, Span, Steps};

use crate::report::{Confidence, Explanation};

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

/// Code that looks at one form for one rule.
pub trait Detector: Sync {
    /// The rule's identity.
    fn rule(&self) -> &'static Rule;
    /// Judges one form that the gate called hot for this detector.
    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Option<Evidence>;
}

/// All detectors.
pub static DETECTORS: &[&dyn Detector] = &[];
