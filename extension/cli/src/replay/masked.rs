//! Masked events: what the agent found in them, judged under another policy.
//! It never looks for anything in what is masked: a value is not there any more.
use credenza_engine::{Finding, Report};
use credenza_event::{Coverage, Gap};
use credenza_policy::rules::{DENIED_CALLER, INVOCATION_LOOP, REQUEST_RATE, REQUEST_SIZE};
use credenza_policy::{Judge, Policy, all_rules};

use super::Judged;
use crate::judgement;
use crate::records::Record;

/// What an event is under a policy, by what was found in it when it was recorded; `None` if the
/// record does not tell that.
pub(super) fn judged(event: &[u8], policy: &Policy, record: &Record<'_>) -> Option<Judged> {
    let told: Vec<Record<'_>> = serde_json::from_str(record.findings?.get()).ok()?;
    let place = judgement::place(record, &told);
    let mut findings: Vec<Finding> = told.iter().filter_map(|one| found(one, policy)).collect();
    let most = policy.limits.event_bytes_max;
    if most.is_some_and(|most| event.len() as u64 > most) {
        findings.push(Finding::of_invocation(&REQUEST_SIZE, "", "event-bytes"));
    }
    for finding in &mut findings {
        if judgement::exemption(policy, finding, &place).is_some() {
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
    asks.then(|| judgement::finding(told, rule)).flatten()
}
