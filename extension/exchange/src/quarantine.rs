//! One bad record among good ones: which records are bad, what the function gets instead, and what
//! the source is told.
//! It never re-serialises an event: a record is cut out by its bytes, the others stand as they
//! stood.
use alloc::{string::String, vec::Vec};

use credenza_engine::{Finding, Report};
use credenza_event::{Source, Steps};
use credenza_policy::{Quarantine, SourcePolicy, Will};

use crate::answer::success;
use crate::case::Case;
use crate::completion::{Completion, Insert};
use crate::records::{self, Batch};
use crate::refusal::{self, default_of};
use crate::spelling::Spelling;
use crate::{Cut, Step};

/// What is done about a batch in which something is to be refused.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) step: Step,
    /// Records that the function does not get.
    pub(crate) cut: u32,
}

/// What an inspection of a part needs.
pub(crate) struct Inspector<'c, 'a> {
    pub(crate) case: &'c Case<'a>,
    /// What is left of the event's budget.
    pub(crate) steps: Steps,
}

/// Names the record of each finding in a batch, so that it can be found again.
pub(crate) fn name_records(batch: &Batch, findings: &mut [Finding]) {
    for finding in findings {
        let record = batch.record_of(&finding.location);
        let id = record.and_then(|at| batch.records.get(at)?.id.as_deref());
        finding.record = id.map(plain_id);
    }
}

/// An id as records tell it: without the quotes of a string.
fn plain_id(id: &[u8]) -> String {
    // Limit: the longest id, a Kinesis sequence number with its shard, has 56 digits; Firehose's
    // record ids have up to 130 characters.
    const ID_BYTES_MAX: usize = 160;
    let id = id.strip_prefix(b"\"").unwrap_or(id);
    let id = id.strip_suffix(b"\"").unwrap_or(id);
    let id = id.get(..ID_BYTES_MAX).unwrap_or(id);
    String::from_utf8_lossy(id).into_owned()
}

/// Sorts a batch that is to be refused; `None` if it is to be treated as a whole.
pub(crate) fn sort(
    batch: &Batch,
    report: &mut Report,
    inspector: &mut Inspector<'_, '_>,
) -> Option<Sorted> {
    let (event, source) = (inspector.case.body, inspector.case.place().source);
    let policy = inspector.case.policy.source(source);
    let quarantine = policy
        .quarantine
        .unwrap_or_else(|| default_of(source, policy));
    let bad = match told_by(batch, report, &inspector.case.will()) {
        Some(bad) => bad,
        None => looked_at(event, batch, report, inspector)?,
    };
    if quarantine == Quarantine::Pass || !bad.contains(&true) {
        let step = Step::Deliver;
        return Some(Sorted { step, cut: 0 });
    }
    let plan = plan(source, event, batch, policy, quarantine, bad)?;
    let cut = plan.out.iter().filter(|out| **out).count();
    let step = if cut == batch.records.len() {
        Step::Refuse(success(plan.answer(source, event, batch)))
    } else {
        let event = batch.without(event, |at| plan.is_out(at));
        let completion = plan.completion(source);
        Step::Cut(Cut { event, completion })
    };
    let cut = u32::try_from(cut).unwrap_or(u32::MAX);
    Some(Sorted { step, cut })
}

/// The bad records by the findings of the event; `None` if these do not tell all of it.
fn told_by(batch: &Batch, report: &Report, will: &Will<'_>) -> Option<Vec<bool>> {
    if report.findings_dropped > 0 || !report.coverage.is_complete() {
        return None;
    }
    let mut bad: Vec<bool> = batch.records.iter().map(|_| false).collect();
    for finding in &report.findings {
        if will.refuses_for(finding) {
            *bad.get_mut(batch.record_of(&finding.location)?)? = true;
        }
    }
    Some(bad)
}

// Limit: what stands around the records is looked at with each of them; the platform writes some
// hundred bytes there, and an event with so much that this would cost more than the event itself
// four times over is treated as a whole.
const AROUND_FACTOR_MAX: usize = 4;

/// The bad records by an inspection of each alone; `None` if what stands around them is bad.
///
/// Where findings were dropped, or something was not looked at, this tells which record it was.
fn looked_at(
    event: &[u8],
    batch: &Batch,
    report: &mut Report,
    inspector: &mut Inspector<'_, '_>,
) -> Option<Vec<bool>> {
    let around = batch.without(event, |_| true);
    let most = event.len().saturating_mul(AROUND_FACTOR_MAX);
    if around.len().saturating_mul(batch.records.len()) > most.saturating_add(1 << 16) {
        return None;
    }
    if inspector.look(&around, None).1 {
        return None;
    }
    let mut bad = Vec::with_capacity(batch.records.len());
    let mut findings = Vec::new();
    for (at, record) in batch.records.iter().enumerate() {
        let alone = batch.without(event, |other| other != at);
        let (mut seen, is_bad) = inspector.look(&alone, Some(&record.pointer));
        bad.push(is_bad);
        findings.append(&mut seen.findings);
    }
    report.replace_findings(findings);
    Some(bad)
}

/// The place of what was found in a record that stood alone, and so first in its list.
pub(crate) fn relocated(location: &str, record: &str) -> String {
    let list = record.rsplit_once('/').map(|(list, _)| list);
    let rest = list.and_then(|list| location.strip_prefix(list));
    match rest.and_then(|rest| rest.strip_prefix("/0")) {
        Some(rest) => alloc::format!("{record}{rest}"),
        None => location.into(),
    }
}

impl Inspector<'_, '_> {
    /// The report on what is left of a batch, and whether it is to be refused; `record` is the
    /// pointer of the one record in it.
    fn look(&mut self, event: &[u8], record: Option<&str>) -> (Report, bool) {
        let mut report = self.case.inspect(event, &[], record, self.steps);
        self.steps
            .take(usize::try_from(report.steps).unwrap_or(usize::MAX));
        for finding in &mut report.findings {
            if let Some(record) = record {
                finding.location = relocated(&finding.location, record);
            }
        }
        let is_bad = self.case.will().refuses(&report);
        (report, is_bad)
    }
}

/// Which records the function does not get, and what the source is told of them.
struct Plan {
    /// Records that are cut out.
    out: Vec<bool>,
    /// Ids that are reported as failed, in the order of the records.
    failed: Vec<Vec<u8>>,
    /// Answers that are put in for the function, by place.
    inserts: Vec<Insert>,
}

impl Plan {
    fn is_out(&self, at: usize) -> bool {
        self.out.get(at).copied().unwrap_or(false)
    }

    /// What is left to do with the function's answer.
    fn completion(self, source: Source) -> Option<Completion> {
        if !self.inserts.is_empty() {
            let inserts = self.inserts;
            return Some(match source {
                Source::AppSyncBatch => Completion::Elements(inserts),
                _ => Completion::Records(inserts),
            });
        }
        (!self.failed.is_empty()).then_some(Completion::Failures(self.failed))
    }

    /// The answer where the function gets no record at all.
    fn answer(self, source: Source, event: &[u8], batch: &Batch) -> Vec<u8> {
        if self.inserts.is_empty() {
            if self.failed.is_empty() {
                return refusal::done(source, event);
            }
            return refusal::failures(event, &self.failed);
        }
        debug_assert_eq!(self.inserts.len(), batch.records.len());
        let inserts = self.inserts.iter().map(|insert| insert.text.as_slice());
        let list = inserts.collect::<Vec<_>>().join(b",".as_slice());
        match source {
            Source::AppSyncBatch => [b"[".as_slice(), &list, b"]"].concat(),
            _ => [b"{\"records\":[".as_slice(), &list, b"]}"].concat(),
        }
    }
}

/// What follows for the records of a batch; `None` if the batch fails or passes as a whole.
fn plan(
    source: Source,
    event: &[u8],
    batch: &Batch,
    policy: SourcePolicy,
    quarantine: Quarantine,
    bad: Vec<bool>,
) -> Option<Plan> {
    let mut plan = Plan {
        out: bad,
        failed: Vec::new(),
        inserts: Vec::new(),
    };
    match source {
        // Each record has an answer of its own.
        Source::Firehose
        | Source::KinesisAnalyticsInput
        | Source::KinesisAnalyticsOutput
        | Source::AppSyncBatch => {
            plan.inserts = inserts(source, event, batch, quarantine, &plan.out);
            Some(plan)
        }
        _ if quarantine == Quarantine::Drop => Some(plan),
        Source::Sqs
        | Source::SqsFifo
        | Source::Kinesis
        | Source::DynamoDb
        | Source::Msk
        | Source::Kafka
            if policy.reports_failures =>
        {
            follow(source, event, batch, &mut plan.out);
            plan.failed = failed(source, batch, &plan.out);
            Some(plan)
        }
        _ => None,
    }
}

/// Takes out what stands behind a bad record and must not overtake it.
fn follow(source: Source, event: &[u8], batch: &Batch, out: &mut [bool]) {
    let is_same = |one: &records::Record, other: &records::Record| match source {
        // A group is in order, the queue is not; without a group all of the batch is one.
        Source::SqsFifo => {
            let group = |record: &records::Record| {
                let range = record.group.clone();
                range.and_then(|range| event.get(range))
            };
            group(one) == group(other)
        }
        Source::Kinesis | Source::DynamoDb => true,
        // A list of a Kafka event is one partition.
        Source::Msk | Source::Kafka => one.list == other.list,
        _ => false,
    };
    // Limit: groups of a batch are few, at most the ten that a FIFO batch has records.
    let mut stopped: Vec<&records::Record> = Vec::new();
    for (record, out) in batch.records.iter().zip(out) {
        let is_behind = stopped.iter().any(|other| is_same(other, record));
        if *out && !is_behind {
            stopped.push(record);
        }
        *out |= is_behind;
    }
}

/// The ids of the records that are reported as failed; of a shard the lowest is enough, because
/// everything from it on comes again.
fn failed(source: Source, batch: &Batch, out: &[bool]) -> Vec<Vec<u8>> {
    let ids = batch.records.iter().zip(out).filter(|(_, out)| **out);
    let mut lists = Vec::new();
    let mut failed = Vec::new();
    for (record, _) in ids {
        let is_shard = !matches!(source, Source::Sqs | Source::SqsFifo);
        if is_shard && lists.contains(&record.list) {
            continue;
        }
        lists.push(record.list);
        // Without an id the whole batch would come again: such a record counts as done.
        failed.extend(record.id.clone());
    }
    failed
}

/// The answers in place of the function's for the records that it does not get.
fn inserts(
    source: Source,
    event: &[u8],
    batch: &Batch,
    quarantine: Quarantine,
    out: &[bool],
) -> Vec<Insert> {
    let records = batch.records.iter().zip(out).enumerate();
    records
        .filter(|(_, (_, out))| **out)
        .map(|(at, (record, _))| {
            let mut text = Spelling::new();
            if source == Source::AppSyncBatch {
                text.text(r#"{"data":null,"errorMessage":"Blocked","#)
                    .text(r#""errorType":"Function.Blocked"}"#);
            } else {
                let result = match (source, quarantine) {
                    (Source::KinesisAnalyticsOutput, _) => "DeliveryFailed",
                    (_, Quarantine::Drop) => "Dropped",
                    _ => "ProcessingFailed",
                };
                let value = |name: &[u8]| {
                    credenza_event::layout::member_named(event, record.span.start, name)
                };
                text.text(r#"{"recordId":"#)
                    .string(event, value(b"recordId"))
                    .text(r#","result":""#)
                    .text(result)
                    .text("\"");
                // Firehose keeps what failed, so that it can be looked at.
                if result == "ProcessingFailed" {
                    let (name, data) = match value(b"kafkaRecordValue") {
                        Some(data) => ("kafkaRecordValue", Some(data)),
                        None => ("data", value(b"data")),
                    };
                    text.text(",\"").text(name).text("\":").string(event, data);
                }
                text.text("}");
            }
            Insert {
                at,
                text: text.done(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
