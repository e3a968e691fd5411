//! What one inspection says: findings, coverage and cost.
//! It never holds a field's value.
use alloc::{string::String, vec::Vec};

use credenza_event::{Coverage, Decoder, Form, Part, Role, Span};

use crate::detector::{Evidence, Rule};
use crate::inspect::HashKey;
use crate::mask;

/// How sure a finding is (detection.md section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Advice; never blocks by default.
    Low,
    /// Attack syntax that someone may mean; blocks only where the policy says so.
    Medium,
    /// No innocent reading in this place; blocks in block mode.
    High,
}

impl Confidence {
    /// The name in records and policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Why a finding is one, in terms of the grammar that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The context that the value breaks out of (`single-quoted`, `bare`, …).
    pub context: &'static str,
    /// The dialect or language in which the result reads (`postgresql`, `generic`, …).
    pub dialect: &'static str,
    /// The production that decided (`union-select`, `tautology`, …).
    pub production: &'static str,
}

/// One detection with its redacted proof.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How sure it is.
    pub confidence: Confidence,
    /// JSON Pointer of the key or value.
    pub location: String,
    /// What the value means to its sender.
    pub role: Role,
    /// Key or value.
    pub part: Part,
    /// The bytes that decided, within the judged form.
    pub span: Span,
    /// Bytes of the judged form.
    pub length: u32,
    /// The decode chain that led to the judged form.
    pub decoded: Vec<Decoder>,
    /// Context, dialect and production.
    pub explanation: Explanation,
    /// The form with letters and digits masked, at most 48 bytes of printable ASCII.
    pub sample: String,
    /// The id of the record of a batch in which it is, as the batch's source knows it.
    pub record: Option<String>,
    /// SipHash-2-4 of the form under the process's key: equal values can be told, nothing else.
    pub hash: u64,
    /// For whom it is none although the rule says so: the bits that [`Exempt`] set; 0 for nobody.
    ///
    /// [`Exempt`]: crate::Exempt
    pub exempt: u8,
}

/// Findings, coverage and cost of one inspection.
#[derive(Clone, Debug)]
pub struct Report {
    /// Findings, strongest first; at most one a rule and location, at most 16 in all.
    pub findings: Vec<Finding>,
    /// Findings beyond the sixteen; from 64 on, at least so many.
    pub findings_dropped: u32,
    /// What would have been findings, had nobody said that they are none.
    pub exempted: u32,
    /// What was not looked at.
    pub coverage: Coverage,
    /// Bytes of the message.
    pub bytes: u64,
    /// Steps spent.
    pub steps: u64,
}

impl Finding {
    /// A finding in a form, by whoever judges it.
    pub fn in_form(
        rule: &'static Rule,
        evidence: &Evidence,
        form: &Form<'_>,
        key: &HashKey,
        exempt: u8,
    ) -> Self {
        let start = usize::try_from(evidence.span.start).unwrap_or(usize::MAX);
        Self {
            rule,
            confidence: evidence.confidence,
            location: form.pointer(),
            role: form.role,
            part: form.part,
            span: evidence.span,
            length: u32::try_from(form.text.len()).unwrap_or(u32::MAX),
            decoded: form.decoded.to_vec(),
            explanation: evidence.explanation,
            sample: mask::sample(form.text, start),
            record: None,
            hash: key.hash(form.text),
            exempt,
        }
    }

    /// A finding about an invocation and no text of it.
    pub fn of_invocation(rule: &'static Rule, location: &str, production: &'static str) -> Self {
        Self {
            rule,
            confidence: Confidence::High,
            location: location.into(),
            role: Role::Other,
            part: Part::Value,
            span: Span::default(),
            length: 0,
            decoded: Vec::new(),
            explanation: Explanation {
                context: "policy",
                dialect: "",
                production,
            },
            sample: String::new(),
            record: None,
            hash: 0,
            exempt: 0,
        }
    }
}

// Limit: one finding is a line of at most 700 bytes; sixteen of them stay below 12 KiB of log.
pub(crate) const FINDINGS_MAX: usize = 16;

impl Report {
    /// Adds findings: the strongest sixteen stay, the rest is counted.
    pub fn add_findings(&mut self, findings: Vec<Finding>) {
        let before = self.findings_dropped;
        let mut all = core::mem::take(&mut self.findings);
        all.extend(findings);
        let cut = u32::try_from(all.len().saturating_sub(FINDINGS_MAX)).unwrap_or(u32::MAX);
        self.replace_findings(all);
        self.findings_dropped = before.saturating_add(cut);
    }

    /// Puts other findings in the place of these: the strongest sixteen, the rest counted.
    pub fn replace_findings(&mut self, findings: Vec<Finding>) {
        let (high, rest) = parted(findings, Confidence::High);
        let (medium, low) = parted(rest, Confidence::Medium);
        self.findings = high;
        self.findings.extend(medium);
        self.findings.extend(low);
        let dropped = self.findings.len().saturating_sub(FINDINGS_MAX);
        self.findings.truncate(FINDINGS_MAX);
        let dropped = u32::try_from(dropped).unwrap_or(u32::MAX);
        self.findings_dropped = self.findings_dropped.max(dropped);
    }
}

/// Those of one confidence, and the others.
fn parted(findings: Vec<Finding>, confidence: Confidence) -> (Vec<Finding>, Vec<Finding>) {
    findings
        .into_iter()
        .partition(|finding| finding.confidence == confidence)
}
