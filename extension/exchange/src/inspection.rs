//! What becomes of an event: it goes on, it is refused, or what is left of its batch goes on.
//! It never lets a candidate policy change that, and never judges under two policies.
use alloc::vec::Vec;

use credenza_engine::leak::Reflections;
use credenza_engine::{HashKey, Report};
use credenza_event::{Beside, Coverage, Gap, Source, Steps};
use credenza_policy::{Mode, Policy, Routes, Verdict, Will};

use crate::case::{Case, Circumstances};
use crate::quarantine::{self, Inspector};
use crate::{Step, records, refusal};

/// One event after inspection.
#[derive(Debug)]
pub struct Inspected {
    /// What to do.
    pub step: Step,
    /// The verdict, as it would be in block mode.
    pub verdict: Verdict,
    /// Who shaped the event.
    pub source: Source,
    /// On which routes it came; none where there is nothing to say of it.
    pub routes: Routes,
    /// Records of a batch that the function does not get.
    pub records_cut: u32,
    /// Findings, coverage and cost.
    pub report: Report,
    /// The verdict of the candidate beside the policy, if there is one.
    pub shadow: Option<Verdict>,
    /// Whether this is one of the requests for which the policy is enforced; `None` where it is for
    /// all of them.
    pub canary: Option<bool>,
    /// Under which policy.
    pub under: Stamp,
    /// What of the event could do harm in its answer.
    pub reflections: Reflections,
}

/// What names a policy in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its mode.
    pub mode: Mode,
    /// The number that its author gave it; 0 if none.
    pub version: u64,
    /// The hash of its texts; 0 for the built-in default.
    pub hash: u64,
}

impl Stamp {
    /// The stamp of a policy.
    pub fn of(policy: &Policy) -> Self {
        Self {
            mode: policy.mode,
            version: policy.version,
            hash: policy.hash,
        }
    }
}

/// Inspects an event under a policy, and says whether it goes on.
///
/// Mode `off` does not look, and says so in its coverage.
/// In mode `monitor` the step is always [`Step::Deliver`]; the verdict says what `block` would
/// have done.
/// The source is recognised only when there is something to say about the event: on the verdict
/// `pass` it is [`Source::Unknown`].
pub fn event(body: &[u8], steps: Steps, policy: &Policy, key: &HashKey) -> Inspected {
    event_beside(body, &[], steps, policy, key)
}

/// The same for an event and what comes beside it, as headers of the message that carries it.
pub fn event_beside(
    body: &[u8],
    beside: &[Beside<'_>],
    steps: Steps,
    policy: &Policy,
    key: &HashKey,
) -> Inspected {
    let about = Circumstances {
        beside,
        ..Circumstances::default()
    };
    event_under(body, &about, steps, policy, key)
}

/// The same for an invocation of which more is known.
pub fn event_under(
    body: &[u8],
    about: &Circumstances<'_>,
    steps: Steps,
    policy: &Policy,
    key: &HashKey,
) -> Inspected {
    if policy.mode == Mode::Off {
        let report = Report {
            findings: Vec::new(),
            findings_dropped: 0,
            exempted: 0,
            coverage: Coverage::missing(Gap::Off),
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            steps: 0,
        };
        return Inspected::delivered(policy, report);
    }
    let case = Case::new(body, *about, policy, key);
    let (report, reflections) = case.inspect_whole(steps);
    Inspected {
        reflections,
        ..judge(&case, report, steps)
    }
}

/// Turns the report on an event into a step; `steps` is the budget that the inspection had.
pub(crate) fn judge(case: &Case<'_>, mut report: Report, steps: Steps) -> Inspected {
    let policy = case.policy;
    if report.findings.is_empty() && report.coverage.is_complete() {
        let shadow = policy.shadow.as_ref().map(|_| Verdict::Pass);
        let canary = policy.canary_for(case.about.request_id);
        return Inspected {
            shadow,
            canary,
            ..Inspected::delivered(policy, report)
        };
    }
    let will = case.will();
    let verdict = will.verdict(&report);
    let refuses = will.refuses(&report);
    let shadow = case.shadow().map(|shadow| shadow.verdict(&report));
    let canary = will.canary(&report);
    let place = case.place();
    let batch = records::batch(place.source, case.body);
    let mut sorted = None;
    if refuses
        && !is_beside(&report, &will)
        && let Some(batch) = &batch
    {
        let mut steps = steps;
        steps.take(usize::try_from(report.steps).unwrap_or(usize::MAX));
        let mut inspector = Inspector { case, steps };
        sorted = quarantine::sort(batch, &mut report, &mut inspector);
    }
    let mut report = wanted(report, case);
    if let Some(batch) = &batch {
        quarantine::name_records(batch, &mut report.findings);
    }
    let is_told = verdict > Verdict::Pass || shadow > Some(Verdict::Pass);
    let inspected = Inspected {
        verdict,
        source: if is_told {
            place.source
        } else {
            Source::Unknown
        },
        routes: if is_told {
            place.routes.clone()
        } else {
            Routes::default()
        },
        shadow,
        canary,
        ..Inspected::delivered(policy, report)
    };
    if !refuses {
        return inspected;
    }
    if let Some(sorted) = sorted {
        return Inspected {
            step: sorted.step,
            records_cut: sorted.cut,
            ..inspected
        };
    }
    match refusal::refusal(place.source, case.body, policy.source(place.source)) {
        Some(refusal) => Inspected {
            step: Step::Refuse(refusal),
            ..inspected
        },
        None => inspected,
    }
}

/// True if what is to be refused came beside the event or is the event itself: no record of a batch
/// is to blame.
fn is_beside(report: &Report, will: &Will<'_>) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| {
        let is_of_record = finding.location.starts_with('/');
        !is_of_record && will.refuses_for(finding)
    })
}

/// The report without the findings that nobody wants there, neither the policy nor its candidate.
fn wanted(mut report: Report, case: &Case<'_>) -> Report {
    let (will, shadow) = (case.will(), case.shadow());
    report.findings.retain(|finding| {
        will.finding(finding) > Verdict::Pass
            || shadow.is_some_and(|shadow| shadow.finding(finding) > Verdict::Pass)
    });
    report
}

impl Inspected {
    /// An event that goes on and of which there is nothing to say, save what its report says.
    pub fn delivered(policy: &Policy, report: Report) -> Self {
        Self {
            step: Step::Deliver,
            verdict: Verdict::Pass,
            source: Source::Unknown,
            routes: Routes::default(),
            records_cut: 0,
            report,
            shadow: None,
            canary: None,
            under: Stamp::of(policy),
            reflections: Reflections::default(),
        }
    }
}

#[cfg(test)]
mod tests;
