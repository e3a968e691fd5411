//! The user's own rules, held against every form of an event in a walk of their own.
//! It never walks for a policy without such rules, and never does more work than they were granted.
use alloc::vec::Vec;

use credenza_engine::detector::Evidence;
use credenza_engine::{Explanation, Finding};
use credenza_event::{Coverage, Form, Gap, Steps, Visitor, walk, walk_beside};
use credenza_policy::{CustomRule, Judge};

use crate::case::{Case, Exemptions};

// Limit: as much as a policy's rules may cost together; an event that unfolds into so many forms
// that this is too little is partial, and says so.
const STEPS_PER_BYTE: usize = 32;
const STEPS_FREE: usize = 1 << 18;

// Limit: nobody reads more than the sixteen findings of an event; 64 leave room for the strongest.
const FINDINGS_MAX: usize = 64;

/// What the user's own rules say.
pub(crate) struct Said {
    pub(crate) findings: Vec<Finding>,
    pub(crate) exempted: u32,
    pub(crate) coverage: Coverage,
    pub(crate) steps: u64,
}

/// Holds the rules of a policy, and those of its candidate, against an event.
pub(crate) fn judge(case: &Case<'_>, body: &[u8], record: Option<&str>) -> Option<Said> {
    let policy = case.policy;
    let shadow = policy.shadow.as_deref();
    let is_own = |rule: &CustomRule| policy.custom.contains(rule);
    let candidates = shadow.map_or(&[][..], |shadow| shadow.custom.as_slice());
    // A candidate in a file of its own may lack what the policy has.
    let own = policy.custom.iter().map(|rule| {
        let is_lacking = shadow.is_some() && !candidates.contains(rule);
        (rule, if is_lacking { Judge::Shadow.bit() } else { 0 })
    });
    // What only the candidate has is no finding for the policy.
    let candidates = candidates
        .iter()
        .filter(|rule| !is_own(rule))
        .map(|rule| (rule, Judge::Active.bit()));
    let rules: Vec<_> = own
        .chain(candidates)
        .filter(|(rule, _)| rule.is_at(case.place()))
        .collect();
    if rules.is_empty() {
        return None;
    }
    let bytes = body.len().saturating_mul(STEPS_PER_BYTE);
    let budget = u64::try_from(bytes.saturating_add(STEPS_FREE)).unwrap_or(u64::MAX);
    let mut custom = Custom {
        exemptions: Exemptions::new(case, record, body.len()),
        case,
        rules,
        own: Steps::new(budget),
        findings: Vec::new(),
        exempted: 0,
        complete: true,
    };
    let mut steps = Steps::for_bytes(body.len());
    let mut coverage = walk(body, &mut steps, &mut custom);
    if record.is_none() {
        coverage.merge(walk_beside(case.about.beside, &mut steps, &mut custom));
    }
    if !custom.complete {
        coverage.add(Gap::Budget);
    }
    Some(Said {
        steps: custom.own.spent().saturating_add(steps.spent()),
        findings: custom.findings,
        exempted: custom.exempted,
        coverage,
    })
}

struct Custom<'c, 'a> {
    case: &'c Case<'a>,
    exemptions: Exemptions<'c, 'a>,
    /// Each with the bits of those for whom it finds nothing.
    rules: Vec<(&'c CustomRule, u8)>,
    own: Steps,
    findings: Vec<Finding>,
    exempted: u32,
    complete: bool,
}

impl Visitor for Custom<'_, '_> {
    fn wants_bare(&self) -> bool {
        true
    }

    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        if form.opened || !self.complete {
            return;
        }
        for at in 0..self.rules.len() {
            let Some((rule, exempt)) = self.rules.get(at).copied() else {
                return;
            };
            if rule.judges(form) {
                self.hold(rule, exempt, form);
            }
        }
    }
}

impl Custom<'_, '_> {
    /// Holds one rule against one form.
    fn hold(&mut self, rule: &CustomRule, exempt: u8, form: &Form<'_>) {
        let cost = form.text.len().saturating_add(1);
        if !self.own.take(cost.saturating_mul(rule.steps_per_byte())) {
            self.complete = false;
            return;
        }
        let Some(span) = rule.find(form.text) else {
            return;
        };
        let location = self.exemptions.located(form);
        if !rule.covers(&location, self.case.place()) || self.findings.len() >= FINDINGS_MAX {
            return;
        }
        let Some(bits) = self.exemptions.bits(rule.rule, &location, form.text) else {
            self.exempted = self.exempted.saturating_add(1);
            return;
        };
        let evidence = Evidence {
            confidence: rule.confidence,
            span,
            explanation: Explanation {
                context: "policy",
                dialect: "",
                production: "custom",
            },
        };
        let finding = Finding {
            location,
            ..Finding::in_form(rule.rule, &evidence, form, self.case.key, bits | exempt)
        };
        let is_same =
            |old: &Finding| old.rule.id == finding.rule.id && old.location == finding.location;
        if !self.findings.iter().any(is_same) {
            self.findings.push(finding);
        }
    }
}
