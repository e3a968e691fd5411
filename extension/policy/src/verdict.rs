//! The verdict: what a policy makes of a report.
//! It never looks at the event, the clock or an earlier invocation.
use credenza_engine::detector::Rule;
use credenza_engine::{Confidence, Finding, Report, Watch, is_on_by_default};
use credenza_event::{Gap, Source};

use crate::{Action, Mode, OnError, OnPartial, Place, Policy, RulePolicy, Share, SourcePolicy};

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

/// Who judges: a finding may be exempt for one policy and not for its shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The policy in force.
    Active,
    /// The candidate beside it.
    Shadow,
}

impl Judge {
    /// The bit in [`Finding::exempt`] that says that a finding is none for this judge.
    pub const fn bit(self) -> u8 {
        match self {
            Self::Active => 1,
            Self::Shadow => 2,
        }
    }
}

/// What a policy wills for one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Will<'a> {
    policy: &'a Policy,
    place: &'a Place<'a>,
    judge: Judge,
}

/// What holds for the findings of one rule in one place.
#[derive(Clone, Copy)]
struct Held {
    mode: Mode,
    minimum: Confidence,
    action: Action,
    share: Share,
}

impl Held {
    /// What a finding of this confidence causes.
    fn action(self, confidence: Confidence) -> Action {
        match self.mode {
            Mode::Block if confidence >= self.minimum => self.action,
            Mode::Off | Mode::Monitor | Mode::Block => Action::Flag,
        }
    }

    /// What is masked passes, and so is flagged.
    fn verdict(self, confidence: Confidence) -> Verdict {
        match (self.mode, self.action(confidence)) {
            (Mode::Off, _) => Verdict::Pass,
            (_, Action::Flag | Action::Mask) => Verdict::Flag,
            (_, Action::Block) => Verdict::Block,
        }
    }

    /// Both wills together: the milder counts.
    fn within(self, other: Self) -> Self {
        Self {
            mode: self.mode.min(other.mode),
            minimum: self.minimum.max(other.minimum),
            action: self.action.min(other.action),
            share: self.share.min(other.share),
        }
    }
}

impl Will<'_> {
    /// The verdict on a report, as it would be in block mode and for all requests.
    pub fn verdict(&self, report: &Report) -> Verdict {
        if self.policy.mode == Mode::Off {
            return Verdict::Pass;
        }
        let findings = report.findings.iter().map(|finding| self.finding(finding));
        let findings = findings.max().unwrap_or(Verdict::Pass);
        findings.max(self.unseen(report, findings))
    }

    /// True if an event with this report is refused: in block mode, and for this request.
    pub fn refuses(&self, report: &Report) -> bool {
        if self.policy.mode != Mode::Block {
            return false;
        }
        let mut findings = report.findings.iter();
        if findings.any(|finding| self.refuses_for(finding)) {
            return true;
        }
        let findings = report.findings.iter().map(|finding| self.finding(finding));
        let strongest = findings.max().unwrap_or(Verdict::Pass);
        self.unseen(report, strongest) == Verdict::Block
            && self.policy.canary.has(self.place.request_id)
    }

    /// The verdict on one finding alone.
    pub fn finding(&self, finding: &Finding) -> Verdict {
        if finding.exempt & self.judge.bit() != 0 {
            return Verdict::Pass;
        }
        let held = self.held(finding.rule.id, &finding.location);
        held.verdict(finding.confidence)
    }

    /// True if an event is refused for this finding alone.
    pub fn refuses_for(&self, finding: &Finding) -> bool {
        let share = self.held(finding.rule.id, &finding.location).share;
        self.policy.mode == Mode::Block
            && self.finding(finding) == Verdict::Block
            && share.has(self.place.request_id)
    }

    /// What a finding causes in block mode.
    pub fn action(&self, id: &str, confidence: Confidence, location: &str) -> Action {
        self.held(id, location).action(confidence)
    }

    /// The verdict on one leak alone, what it causes in block mode, and whether this request is one
    /// of those for which that is done; `None` where it is for all.
    pub fn leak(
        &self,
        id: &str,
        confidence: Confidence,
        location: &str,
    ) -> (Verdict, Action, Option<bool>) {
        if self.policy.mode == Mode::Off {
            return (Verdict::Pass, Action::Flag, None);
        }
        let held = self.held(id, location);
        let action = held.action(confidence);
        let is_for_all = action == Action::Flag || held.share == Share::ALL;
        let canary = (!is_for_all).then(|| held.share.has(self.place.request_id));
        (held.verdict(confidence), action, canary)
    }

    /// Whether this request is one of those for which the policy is enforced; `None` where it is
    /// for all.
    pub fn canary(&self, report: &Report) -> Option<bool> {
        let is_in = |share: Share| share.has(self.place.request_id);
        let of_all = Some(self.policy.canary).filter(|share| *share != Share::ALL);
        let blocks = report
            .findings
            .iter()
            .filter(|finding| self.finding(finding) == Verdict::Block);
        let shares = blocks.map(|finding| self.held(finding.rule.id, &finding.location).share);
        let of_findings = shares.filter(|share| *share != Share::ALL).map(is_in);
        of_findings.max().or_else(|| of_all.map(is_in))
    }

    fn held(&self, id: &str, location: &str) -> Held {
        self.policy.held(id, Some((self.place, location)))
    }

    /// The verdict on what was not looked at, and on findings that found no place.
    fn unseen(&self, report: &Report, findings: Verdict) -> Verdict {
        let gaps = report.coverage.gaps().map(|gap| match gap {
            Gap::Fault => self.policy.fault_verdict(),
            Gap::Off => Verdict::Pass,
            _ => self.policy.partial_verdict(),
        });
        // What was dropped was not judged.
        let crowd = match report.findings.last() {
            Some(weakest) if report.findings_dropped > 0 && findings < Verdict::Block => {
                self.policy.crowd_verdict(weakest.confidence)
            }
            _ => Verdict::Pass,
        };
        gaps.max().unwrap_or(Verdict::Pass).max(crowd)
    }
}

impl Policy {
    /// The verdict on a report from nowhere in particular, as it would be in block mode.
    pub fn verdict(&self, report: &Report) -> Verdict {
        self.at(&Place::unknown()).verdict(report)
    }

    /// What the policy wills for an invocation that comes from `place`.
    pub fn at<'a>(&'a self, place: &'a Place<'a>) -> Will<'a> {
        self.judged_by(place, Judge::Active)
    }

    /// The same for one of two judges.
    pub fn judged_by<'a>(&'a self, place: &'a Place<'a>, judge: Judge) -> Will<'a> {
        Will {
            policy: self,
            place,
            judge,
        }
    }

    /// Whether a request is one of those for which this policy is enforced; `None` if it is for
    /// all.
    pub fn canary_for(&self, request_id: &[u8]) -> Option<bool> {
        (self.canary != Share::ALL).then(|| self.canary.has(request_id))
    }

    /// True if an event with this verdict is refused, canaries aside.
    pub fn applies(&self, verdict: Verdict) -> bool {
        self.mode == Mode::Block && verdict == Verdict::Block
    }

    /// True if findings of the rule `id` are wanted somewhere.
    pub fn watches(&self, id: &str) -> bool {
        self.looks_for(id, is_on_by_default(id))
    }

    /// The same for a rule that need not be looked up.
    pub fn watches_rule(&self, rule: &Rule) -> bool {
        self.looks_for(rule.id, rule.is_on_by_default)
    }

    /// The same for this policy or its candidate.
    pub fn watches_at_all(&self, rule: &Rule) -> bool {
        let shadow = self.shadow.as_deref().filter(|_| self.mode != Mode::Off);
        self.watches_rule(rule) || shadow.is_some_and(|shadow| shadow.watches_rule(rule))
    }

    /// True if it, or its candidate, says something of outputs that depends on where they come
    /// from.
    pub fn asks_whence(&self) -> bool {
        !self.exemptions.is_empty()
            || self.scopes.iter().any(|scope| !scope.is_everywhere())
            || self.shadow.as_deref().is_some_and(Self::asks_whence)
    }

    /// The rules that an inspection has to look for.
    pub fn watch(&self) -> Watch {
        let shadow = self.shadow.as_deref();
        if self.mode != Mode::Off
            && self.rules.is_empty()
            && self.scopes.is_empty()
            && shadow.is_none()
        {
            return Watch::by_default();
        }
        Watch::of(|rule| {
            let looks = |policy: &Self| policy.looks_for(rule.id, rule.is_on_by_default);
            looks(self) || (self.mode != Mode::Off && shadow.is_some_and(looks))
        })
    }

    fn looks_for(&self, id: &str, is_on_by_default: bool) -> bool {
        let somewhere = || {
            let mut scopes = self.scopes.iter();
            scopes.any(|scope| {
                scope.rules.contains(&id) && scope.terms.mode.is_some_and(|mode| mode != Mode::Off)
            })
        };
        self.mode != Mode::Off && (self.rule_mode(id, is_on_by_default) != Mode::Off || somewhere())
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

    /// The verdict on one finding alone, wherever it is.
    pub fn finding_verdict(&self, id: &str, confidence: Confidence) -> Verdict {
        self.held(id, None).verdict(confidence)
    }

    /// What one finding causes in block mode, wherever it is; [`Action::Flag`] for one whose rule
    /// only watches or that is not sure enough.
    pub fn action(&self, id: &str, confidence: Confidence) -> Action {
        self.held(id, None).action(confidence)
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

    /// What holds for findings of a rule: what is said of the rule, within what is said of the
    /// place; of two scopes that say the same thing the later counts.
    fn held(&self, id: &str, place: Option<(&Place<'_>, &str)>) -> Held {
        let rule = self.rule(id);
        let mut own = Held {
            mode: self.rule_mode(id, is_on_by_default(id)),
            minimum: rule.map_or(Confidence::High, |rule| rule.minimum_confidence),
            action: rule.map_or(Action::Block, |rule| rule.action),
            share: rule.map_or(Share::ALL, |rule| rule.canary),
        };
        let mut around = Held {
            mode: Mode::Block,
            minimum: Confidence::Low,
            action: Action::Block,
            share: self.canary,
        };
        for scope in &self.scopes {
            let is_here = match place {
                Some((place, location)) => scope.has(id, location, place),
                None => scope.is_everywhere() && scope.has(id, "", &Place::unknown()),
            };
            if !is_here {
                continue;
            }
            let target = if scope.rules.is_empty() {
                &mut around
            } else {
                &mut own
            };
            let terms = scope.terms;
            target.mode = terms.mode.unwrap_or(target.mode);
            target.minimum = terms.minimum_confidence.unwrap_or(target.minimum);
            target.action = terms.action.unwrap_or(target.action);
            target.share = terms.canary.unwrap_or(target.share);
        }
        let mut held = own.within(around);
        if self.held_rules.contains(&id) {
            held.mode = held.mode.min(Mode::Monitor);
        }
        held
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
