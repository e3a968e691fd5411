//! One event on trial: its bytes, what is known beside them, and the policy that judges it.
//! It never recognises a source, nor asks for a route, before there is something to say.
use alloc::string::String;
use core::cell::{Cell, OnceCell};

use credenza_engine::detector::Rule;
use credenza_engine::leak::{self, Reflections};
use credenza_engine::{Exempt, HashKey, Report, inspect_exempting, inspect_reflecting};
use credenza_event::{Beside, Form, Source, Steps};
use credenza_policy::{Day, Exemption, Judge, Place, Policy, Routes, Will};

use crate::custom;
use crate::guards::{self, Admit};
use crate::quarantine::relocated;
use crate::route::routes;

/// What is known of an invocation beside its event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// The texts that come beside the event.
    pub beside: &'a [Beside<'a>],
    /// The invocation's id; empty at a desk.
    pub request_id: &'a [u8],
    /// The caller's tenant; empty if there is none.
    pub tenant: &'a [u8],
    /// The function's own name, with account and region; empty at a desk.
    pub function_arn: &'a [u8],
    /// Whoever counts the requests of each caller; nobody at a desk.
    pub admit: Option<&'a dyn Admit>,
    /// Today, in UTC; nothing has expired on the first day.
    pub today: Day,
}

/// Who shaped an event, and on which routes it came.
pub fn whence(event: &[u8]) -> (Source, Routes) {
    let source = credenza_event::source::recognise(event);
    (source, routes(source, event))
}

/// An event on trial.
pub(crate) struct Case<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) about: Circumstances<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) key: &'a HashKey,
    place: OnceCell<Place<'a>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        body: &'a [u8],
        about: Circumstances<'a>,
        policy: &'a Policy,
        key: &'a HashKey,
    ) -> Self {
        Self {
            body,
            about,
            policy,
            key,
            place: OnceCell::new(),
        }
    }

    /// The same for an event that its source would not recognise.
    #[cfg(test)]
    pub(crate) fn coming_from(self, source: Source) -> Self {
        let place = Place {
            source,
            routes: routes(source, self.body),
            ..Place::unknown()
        };
        Self {
            place: place.into(),
            ..self
        }
    }

    /// Where the event comes from.
    pub(crate) fn place(&self) -> &Place<'a> {
        self.place.get_or_init(|| {
            let (source, routes) = whence(self.body);
            Place {
                source,
                routes,
                tenant: self.about.tenant,
                request_id: self.about.request_id,
                today: self.about.today,
            }
        })
    }

    /// What the policy wills here.
    pub(crate) fn will(&self) -> Will<'_> {
        self.policy.at(self.place())
    }

    /// What the candidate beside it wills here.
    pub(crate) fn shadow(&self) -> Option<Will<'_>> {
        let shadow = self.policy.shadow.as_deref()?;
        Some(shadow.judged_by(self.place(), Judge::Shadow))
    }

    /// Inspects the event, or what is left of it; `record` is the pointer of the record that stands
    /// alone in it.
    pub(crate) fn inspect(
        &self,
        body: &[u8],
        beside: &[Beside<'_>],
        record: Option<&str>,
        steps: Steps,
    ) -> Report {
        let watch = self.policy.watch();
        let mut report = self.exempting(body, record, |exempt| {
            inspect_exempting(body, beside, steps, self.key, watch, exempt)
        });
        self.ask(body, record, &mut report);
        report
    }

    /// Inspects the event as it came, and keeps of it what could do harm in its answer.
    pub(crate) fn inspect_whole(&self, steps: Steps) -> (Report, Reflections) {
        let beside = self.about.beside;
        if !watches_reflections(self.policy) {
            let report = self.inspect(self.body, beside, None, steps);
            return (report, Reflections::default());
        }
        let watch = self.policy.watch();
        let (mut report, reflections) = self.exempting(self.body, None, |exempt| {
            inspect_reflecting(self.body, beside, steps, self.key, watch, exempt)
        });
        self.ask(self.body, None, &mut report);
        (report, reflections)
    }

    /// Adds to a report what the policy and its candidate ask beside the engine.
    fn ask(&self, body: &[u8], record: Option<&str>, report: &mut Report) {
        let shadow = self.policy.shadow.as_deref();
        if !self.policy.has_guards() && !shadow.is_some_and(Policy::has_guards) {
            return;
        }
        if let Some(said) = custom::judge(self, body, record) {
            report.coverage.merge(said.coverage);
            report.exempted = report.exempted.saturating_add(said.exempted);
            report.steps = report.steps.saturating_add(said.steps);
            report.add_findings(said.findings);
        }
        // What is about the invocation is asked once, and not of each record.
        if record.is_none() && body.len() == self.body.len() {
            report.add_findings(guards::findings(self));
        }
    }

    /// Inspects with the exemptions of the policy and of its candidate, if there are any.
    fn exempting<T>(
        &self,
        body: &[u8],
        record: Option<&str>,
        inspect: impl FnOnce(Option<&dyn Exempt>) -> T,
    ) -> T {
        let shadow = self.policy.shadow.as_deref();
        let exempts = !self.policy.exemptions.is_empty()
            || shadow.is_some_and(|shadow| !shadow.exemptions.is_empty());
        let exempt = Exemptions::new(self, record, body.len());
        let exempt: Option<&dyn Exempt> = if exempts { Some(&exempt) } else { None };
        inspect(exempt)
    }
}

/// True if somebody wants to know what of an event does harm in its answer.
fn watches_reflections(policy: &Policy) -> bool {
    let rules = [
        &leak::reflected_script::RULE,
        &leak::reflected_header::RULE,
        &leak::reflected_error::RULE,
    ];
    rules.iter().any(|rule| policy.watches_at_all(rule))
}

/// Asks the exemptions of a policy and of its candidate.
pub(crate) struct Exemptions<'c, 'a> {
    case: &'c Case<'a>,
    record: Option<&'c str>,
    // Limit: as much work as the inspection itself may do; an event with so many findings that
    // asking takes longer keeps those that are left. The candidate has as much of its own, so that
    // it takes nothing from the policy.
    left: [Cell<u64>; 2],
}

impl Exempt for Exemptions<'_, '_> {
    fn exempts(&self, rule: &'static Rule, form: &Form<'_>) -> Option<u8> {
        let policy = self.case.policy;
        let names = |policy: &Policy| policy.exemptions.iter().any(|one| one.rule == rule.id);
        if !names(policy) && !policy.shadow.as_deref().is_some_and(names) {
            return Some(0);
        }
        self.bits(rule, &self.located(form), form.text)
    }
}

impl<'c, 'a> Exemptions<'c, 'a> {
    /// The exemptions for an event of so many bytes, or for one record of it.
    pub(crate) fn new(case: &'c Case<'a>, record: Option<&'c str>, bytes: usize) -> Self {
        Self {
            case,
            record,
            left: [0, 1].map(|_| Cell::new(Steps::for_bytes(bytes).left())),
        }
    }

    /// Where a form stands in the whole event.
    pub(crate) fn located(&self, form: &Form<'_>) -> String {
        let location = form.pointer();
        match self.record {
            Some(record) => relocated(&location, record),
            None => location,
        }
    }

    /// For whom a finding is none; `None` for everyone.
    pub(crate) fn bits(&self, rule: &'static Rule, location: &str, text: &[u8]) -> Option<u8> {
        let policy = self.case.policy;
        let [own, other] = &self.left;
        let active = self.covers(own, &policy.exemptions, rule, location, text);
        let shadow = policy.shadow.as_deref();
        let shadow =
            shadow.map(|shadow| self.covers(other, &shadow.exemptions, rule, location, text));
        match (active, shadow) {
            (true, None | Some(true)) => None,
            (active, shadow) => {
                let bit = |is: bool, judge: Judge| if is { judge.bit() } else { 0 };
                let bits = bit(active, Judge::Active) | bit(shadow == Some(true), Judge::Shadow);
                Some(bits)
            }
        }
    }

    fn covers(
        &self,
        budget: &Cell<u64>,
        exemptions: &[Exemption],
        rule: &'static Rule,
        location: &str,
        text: &[u8],
    ) -> bool {
        let mut those = exemptions
            .iter()
            .filter(|one| one.rule == rule.id)
            .peekable();
        if those.peek().is_none() {
            return false;
        }
        let place = self.case.place();
        let route = place.routes.at(location);
        let pattern_steps = |text: &str| text.len().saturating_mul(128);
        let cost = pattern_steps(location)
            .saturating_add(pattern_steps(route))
            .saturating_add(text.len().min(4096));
        let cost = u64::try_from(cost).unwrap_or(u64::MAX);
        those.any(|one| {
            let Some(left) = budget.get().checked_sub(cost) else {
                return false;
            };
            budget.set(left);
            one.covers(rule.id, location, text, place)
        })
    }
}
