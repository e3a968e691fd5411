//! The verdict: what a policy makes of a report.
//! It never looks at the event, the clock or an earlier invocation.
use credenza_engine::detector::Rule;
use credenza_engine::{Confidence, Report, Watch, is_on_by_default};
use credenza_event::{Gap, Source};

use crate::{Action, Mode, OnError, OnPartial, Policy, RulePolicy, SourcePolicy};

/// What the policy makes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing worth saying.
    Pass,
    /// Worth a record.
    Flag,
    /// Refused in block mode; would be refused in monitor mode.
    Block,
}

impl Verdict {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flag => "flag",
            Self::Block => "block",
        }
    }
}

impl Policy {
    /// The verdict on a report, as it would be in block mode.
    pub fn verdict(&self, report: &Report) -> Verdict {
        if self.mode == Mode::Off {
            return Verdict::Pass;
        }
        let findings = report
            .findings
            .iter()
            .map(|finding| self.finding_verdict(finding.rule.id, finding.confidence))
            .max()
            .unwrap_or(Verdict::Pass);
        let gaps = report.coverage.gaps().map(|gap| match gap {
            Gap::Fault => self.fault_verdict(),
            Gap::Off => Verdict::Pass,
            _ => self.partial_verdict(),
        });
        // What was dropped was not judged.
        let crowd = match report.findings.last() {
            Some(weakest) if report.findings_dropped > 0 && findings < Verdict::Block => {
                self.crowd_verdict(weakest.confidence)
            }
            _ => Verdict::Pass,
        };
        gaps.max().unwrap_or(Verdict::Pass).max(findings).max(crowd)
    }

    /// True if an event with this verdict is refused.
    pub fn applies(&self, verdict: Verdict) -> bool {
        self.mode == Mode::Block && verdict == Verdict::Block
    }

    /// True if findings of the rule `id` are wanted at all.
    pub fn watches(&self, id: &str) -> bool {
        self.mode != Mode::Off && self.rule_mode(id, is_on_by_default(id)) != Mode::Off
    }

    /// The rules that an inspection has to look for.
    pub fn watch(&self) -> Watch {
        if self.mode != Mode::Off && self.rules.is_empty() {
            return Watch::by_default();
        }
        Watch::of(|rule| {
            self.mode != Mode::Off && self.rule_mode(rule.id, rule.is_on_by_default) != Mode::Off
        })
    }

    /// What may come of a rule's findings: what the policy says, else as much as the global mode
    /// lets come, and nothing of rules that are off until a policy asks for them.
    fn rule_mode(&self, id: &str, is_on_by_default: bool) -> Mode {
        match self.rule(id) {
            Some(rule) => rule.mode,
            None if is_on_by_default => Mode::Block,
            None => Mode::Off,
        }
    }

    /// The verdict on one finding alone: what is masked in block mode passes, and so is flagged.
    pub fn finding_verdict(&self, id: &str, confidence: Confidence) -> Verdict {
        match self.rule_mode(id, is_on_by_default(id)) {
            Mode::Off => Verdict::Pass,
            Mode::Monitor | Mode::Block => match self.action(id, confidence) {
                Action::Flag | Action::Mask => Verdict::Flag,
                Action::Block => Verdict::Block,
            },
        }
    }

    /// What one finding causes in block mode; [`Action::Flag`] for one whose rule only watches or
    /// that is not sure enough.
    pub fn action(&self, id: &str, confidence: Confidence) -> Action {
        let rule = self.rule(id);
        let minimum = rule.map_or(Confidence::High, |rule| rule.minimum_confidence);
        match self.rule_mode(id, is_on_by_default(id)) {
            Mode::Block if confidence >= minimum => rule.map_or(Action::Block, |rule| rule.action),
            Mode::Off | Mode::Monitor | Mode::Block => Action::Flag,
        }
    }

    /// What the policy says of a source.
    pub fn source(&self, source: Source) -> SourcePolicy {
        let named = source.name();
        let mut said = self.sources.iter();
        said.find(|said| said.source.name() == named)
            .copied()
            .unwrap_or_else(|| SourcePolicy::default_of(source))
    }

    fn rule(&self, id: &str) -> Option<&RulePolicy> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The verdict on findings that were crowded out, none of them surer than `weakest`: a flood of
    /// what this policy lets pass may hide what it would not, but no flood of advice hides more
    /// than advice.
    fn crowd_verdict(&self, weakest: Confidence) -> Verdict {
        let may_block = |rule: &Rule| self.finding_verdict(rule.id, weakest) == Verdict::Block;
        if credenza_engine::rules().any(may_block) {
            self.partial_verdict()
        } else {
            Verdict::Flag
        }
    }

    fn fault_verdict(&self) -> Verdict {
        match self.on_error {
            OnError::Open => Verdict::Flag,
            OnError::Closed => Verdict::Block,
        }
    }

    fn partial_verdict(&self) -> Verdict {
        match (self.on_partial, self.mode) {
            (Some(OnPartial::Pass), _) => Verdict::Pass,
            (Some(OnPartial::Block), _) | (None, Mode::Block) => Verdict::Block,
            (Some(OnPartial::Flag), _) | (None, Mode::Monitor | Mode::Off) => Verdict::Flag,
        }
    }
}

#[cfg(test)]
mod tests;
