//! `credenza replay`: recorded events, judged under two policies, and what differs.
//! It never prints a value of an event, and never keeps more of them than one.
mod compared;
mod junit;
mod masked;
mod sarif;

use std::time::Instant;

use anyhow::Result;
use credenza_engine::{Finding, HashKey};
use credenza_event::Steps;
use credenza_exchange::{Circumstances, Inspected};
use credenza_policy::{Mode, Policy, Verdict};

use crate::arguments::{Differs, ReplayArguments, Written};
use crate::failure::Failure;
use crate::paint::Painter;
use crate::records::{self, Record};
use crate::{Outcome, check, exemption};
use compared::Comparison;

/// The key of the hashes that are compared: fixed, so that equal values are equal.
const KEY: HashKey = HashKey(*b"credenza inspect");

/// What people say of a recorded event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Attack,
    Benign,
}

/// One event under one policy.
struct Judged {
    verdict: Verdict,
    findings: Vec<Finding>,
    ns: u64,
}

/// Reads the events and writes what differs.
pub(crate) fn run(
    arguments: &ReplayArguments,
    written: Written,
    painter: &Painter,
) -> Result<(String, Outcome)> {
    let (old, new) = (policy(&arguments.old)?, policy(&arguments.new)?);
    let mut comparison = Comparison::default();
    let mut is_even = false;
    let mut policies: Option<(String, Policy, Policy)> = None;
    records::each(&arguments.records, &mut |record| {
        let Some(message) = record.event.or(record.output) else {
            return Ok(true);
        };
        let bytes = message.get().as_bytes();
        let function = record.function.get();
        if policies.as_ref().is_none_or(|(of, ..)| of != function) {
            // What scopes say of a function holds for its records alone.
            let of = |policy: &Policy| policy.clone().for_function(function);
            policies = Some((function.to_owned(), of(&old), of(&new)));
        }
        let Some((_, old, new)) = &policies else {
            return Ok(false);
        };
        // Whoever is first finds the event cold in the caches, so they take turns.
        is_even = !is_even;
        let (old, new) = if is_even {
            let old = judged(bytes, old, record);
            (old, judged(bytes, new, record))
        } else {
            let new = judged(bytes, new, record);
            (judged(bytes, old, record), new)
        };
        comparison.add(record, said(record), &old, &new);
        Ok(true)
    })?;
    if comparison.events == 0 {
        let fix = "name lines with `id` and `event`, such as those for `inspect --jsonl`; findings \
                   alone cannot be judged again, for they hold no event";
        return Err(Failure::new("the records", "no event is in them", fix).into());
    }
    let text = match written {
        Written::Text => comparison.text(arguments, painter),
        Written::Json => format!("{:#}\n", comparison.json(arguments)),
        Written::Sarif => format!("{:#}\n", sarif::document(&comparison)),
        Written::Junit => junit::document(&comparison),
    };
    let outcome = if comparison.differs(arguments.fail_on) {
        Outcome::Findings
    } else {
        Outcome::Clean
    };
    Ok((text, outcome))
}

/// A policy held to block mode, so that the verdict is "as it would be"; `-` is the built-in one.
fn policy(file: &str) -> Result<Policy> {
    let mut policy = match file {
        "default" => Policy::default(),
        file => check::policy(Some(file))?,
    };
    if policy.mode != Mode::Off {
        policy.mode = Mode::Block;
    }
    Ok(policy)
}

fn judged(bytes: &[u8], policy: &Policy, record: &Record<'_>) -> Judged {
    if record.masked.0
        && let Some(judged) = masked::judged(bytes, policy, record)
    {
        return judged;
    }
    let begun = Instant::now();
    let about = Circumstances {
        request_id: record.request_id.get().as_bytes(),
        tenant: record.tenant.get().as_bytes(),
        today: exemption::today(),
        ..Circumstances::default()
    };
    let steps = Steps::for_bytes(bytes.len());
    let Inspected {
        report, verdict, ..
    } = credenza_exchange::event_under(bytes, &about, steps, policy, &KEY);
    Judged {
        verdict,
        ns: u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX),
        findings: report.findings,
    }
}

fn said(record: &Record<'_>) -> Said {
    match record.label.get() {
        "attack" => Said::Attack,
        "benign" | "harmless" | "false-alarm" => Said::Benign,
        _ => Said::Nothing,
    }
}

/// Whether a change of verdicts is one that the user asked to hear of.
fn counts(fail_on: Differs, old: Verdict, new: Verdict) -> bool {
    match fail_on {
        Differs::Change => old != new,
        Differs::Stricter => new > old,
        Differs::Milder => new < old,
        Differs::Never => false,
    }
}
