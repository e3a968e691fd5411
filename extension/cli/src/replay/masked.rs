//! Masked events: what the agent found in them, judged under another policy.
//! It never looks for anything in what is masked: a value is not there any more.
use credenza_engine::{Confidence, Explanation, Finding, Report};
use credenza_event::{Coverage, Gap, Part, Role, Source, Span};
use credenza_policy::rules::{DENIED_CALLER, INVOCATION_LOOP, REQUEST_RATE, REQUEST_SIZE};
use credenza_policy::{Judge, Place, Policy, Route, Routes, all_rules};

use super::Judged;
use crate::exemption;
use crate::records::Record;

/// What an event is under a policy, by what was found in it when it was recorded; `None` if the
/// record does not tell that.
pub(super) fn judged(event: &[u8], policy: &Policy, record: &Record<'_>) -> Option<Judged> {
    let told: Vec<Record<'_>> = serde_json::from_str(record.findings?.get()).ok()?;
    let mut routes = Routes::default();
    for one in told.iter().filter(|one| one.route.some().is_some()) {
        let route = Route::named(one.route.get().to_owned());
        routes.add(one.location.get().to_owned(), route);
    }
    routes.add(String::new(), Route::named(record.route.get().to_owned()));
    let place = Place {
        source: Source::named(record.source.get()).unwrap_or(Source::Unknown),
        routes,
        tenant: record.tenant.get().as_bytes(),
        request_id: record.request_id.get().as_bytes(),
        today: exemption::today(),
    };
    let mut findings: Vec<Finding> = told.iter().filter_map(|one| found(one, policy)).collect();
    let most = policy.limits.event_bytes_max;
    if most.is_some_and(|most| event.len() as u64 > most) {
        findings.push(Finding::of_invocation(&REQUEST_SIZE, "", "event-bytes"));
    }
    for finding in &mut findings {
        let mut exemptions = policy.exemptions.iter();
        let form = whole_form(finding).as_bytes();
        if exemptions.any(|one| one.covers(finding.rule.id, &finding.location, form, &place)) {
            finding.exempt = Judge::Active.bit();
        }
    }
    let mut coverage = Coverage::COMPLETE;
    let gaps = record.gaps.iter();
    for name in gaps {
        let known = Gap::ALL.into_iter().find(|gap| gap.name() == name);
        coverage.add(known.unwrap_or(Gap::Fault));
    }
    let report = Report {
        findings,
        findings_dropped: 0,
        exempted: 0,
        coverage,
        bytes: event.len() as u64,
        steps: 0,
    };
    let will = policy.at(&place);
    Some(Judged {
        verdict: will.verdict(&report),
        ns: 0,
        findings: report.findings,
    })
}

/// The masked form, where the sample is all of it: no shape fits a part of a value.
fn whole_form(finding: &Finding) -> &str {
    let is_whole = finding.sample.len() as u64 == u64::from(finding.length);
    if is_whole { &finding.sample } else { "'" }
}

/// A finding as it was told; `None` for one that this policy cannot have.
fn found(told: &Record<'_>, policy: &Policy) -> Option<Finding> {
    let id = told.rule.get();
    let own = policy.custom.iter().map(|custom| custom.rule);
    let rule = all_rules().chain(own).find(|rule| rule.id == id)?;
    let asks = match rule.id {
        // It is asked anew, for nothing of it is masked.
        id if id == REQUEST_SIZE.id => false,
        id if id == REQUEST_RATE.id => policy.limits.rate.is_some(),
        id if id == DENIED_CALLER.id => !policy.callers.is_empty(),
        id if id == INVOCATION_LOOP.id => !policy.recursion.is_empty(),
        id => policy.watches(id),
    };
    let confidence = [Confidence::Low, Confidence::Medium, Confidence::High];
    let confidence = confidence
        .into_iter()
        .find(|one| one.name() == told.confidence.get())?;
    let is_key = told.part.get() == "key";
    asks.then(|| Finding {
        rule,
        confidence,
        location: told.location.get().to_owned(),
        role: Role::Other,
        part: if is_key { Part::Key } else { Part::Value },
        span: Span::default(),
        length: u32::try_from(told.length.get()).unwrap_or(u32::MAX),
        decoded: Vec::new(),
        explanation: Explanation {
            context: "",
            dialect: "",
            production: "as it was recorded",
        },
        sample: told.sample.get().to_owned(),
        record: told.batch_record.some().map(str::to_owned),
        hash: 0,
        exempt: 0,
    })
}
