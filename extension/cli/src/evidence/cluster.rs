//! Findings of one rule at one place of one route: what an exemption could silence.
//! It never holds a value, only what records hold: masked samples and hashes.
use std::collections::BTreeSet;

use super::tally::{Distinct, Weight, hash};
use super::will;
use crate::records::Record;
use crate::records::record::Text;

/// One finding, kept to be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// When.
    pub(crate) seconds: Option<i64>,
    /// The invocation.
    pub(crate) request_id: String,
    /// How surely.
    pub(crate) confidence: String,
    /// The steps to the judged form.
    pub(crate) decoded: Vec<String>,
    /// The grammar.
    pub(crate) context: String,
    /// Its dialect.
    pub(crate) dialect: String,
    /// What it read.
    pub(crate) production: String,
    /// The bytes that decided.
    pub(crate) span: Option<(u64, u64)>,
    /// The bytes of the form.
    pub(crate) length: u64,
    /// The form with letters and digits masked.
    pub(crate) text: String,
    /// Keyed hash of the form.
    pub(crate) hash: String,
    /// Key or value.
    pub(crate) part: String,
}

impl Sample {
    fn of(record: &Record<'_>) -> Self {
        let text = |text: &Text<'_>| text.get().to_owned();
        let production = match record.kind() {
            Some("leak") => leaked(record),
            _ => text(&record.production),
        };
        Self {
            seconds: record.seconds(),
            request_id: text(&record.request_id),
            confidence: text(&record.confidence),
            decoded: record.decoded.iter().map(str::to_owned).collect(),
            context: text(&record.context),
            dialect: text(&record.dialect),
            production,
            span: record.span.0,
            length: record.length.get(),
            text: text(&record.sample),
            hash: text(&record.hash),
            part: text(&record.part),
        }
    }
}

/// What was about to leave, and by which kind of answer.
fn leaked(record: &Record<'_>) -> String {
    let what = record.secret.some().or_else(|| record.kind.some());
    [what.unwrap_or("a leak"), record.channel.get()].join(" in ")
}

/// What is told of one rule at one place.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) rule: String,
    pub(crate) source: String,
    pub(crate) route: String,
    /// The location with numbers of list items as `*`.
    pub(crate) place: String,
    /// Whether it is about answers; records of those tell no value, not even masked.
    pub(crate) is_leak: bool,
    /// The functions that it was seen in, a few of them.
    pub(crate) functions: BTreeSet<String>,
    /// Lines, repeats included.
    pub(crate) findings: u64,
    /// Invocations with a finding here.
    pub(crate) invocations: u64,
    /// Those that block mode would have refused for this.
    pub(crate) blocking: u64,
    /// Those that had a finding of another rule, too.
    pub(crate) in_company: u64,
    /// Invocations that people have called attacks, and false alarms.
    pub(crate) attacks: u64,
    pub(crate) alarms: u64,
    /// Tenants, or callers as far as records tell them apart.
    pub(crate) callers: Distinct,
    /// Hours with a finding here.
    pub(crate) hours: Distinct,
    /// Different values.
    pub(crate) values: Distinct,
    /// Lengths of the judged forms, shortest and longest.
    pub(crate) lengths: Option<(u64, u64)>,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) samples: Vec<Sample>,
}

// Limit: a reader judges a cluster by a few samples; four of some 300 bytes, of at most twice as
// many clusters as are kept, are under 5 MB.
const SAMPLES_MAX: usize = 4;
const FUNCTIONS_MAX: usize = 4;

impl Weight for Cluster {
    fn weight(&self) -> u64 {
        self.findings
    }
}

impl Cluster {
    /// The cluster of a finding, with nothing counted.
    pub(crate) fn new(record: &Record<'_>) -> Self {
        Self {
            rule: record.rule.get().to_owned(),
            source: record.source.get().to_owned(),
            route: record.route.get().to_owned(),
            place: place(record.location.get()),
            is_leak: will::is_of_answers(record.rule.get()),
            functions: BTreeSet::new(),
            findings: 0,
            invocations: 0,
            blocking: 0,
            in_company: 0,
            attacks: 0,
            alarms: 0,
            callers: Distinct::default(),
            hours: Distinct::default(),
            values: Distinct::default(),
            lengths: None,
            first: None,
            last: None,
            samples: Vec::new(),
        }
    }

    /// The key of the cluster that a finding belongs to.
    pub(crate) fn key(record: &Record<'_>) -> u64 {
        hash(&(
            record.rule.get(),
            record.source.get(),
            record.route.get(),
            place(record.location.get()),
        ))
    }

    /// Counts a finding.
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        self.findings += record.times();
        if self.functions.len() < FUNCTIONS_MAX && !self.functions.contains(record.function.get()) {
            self.functions.insert(record.function.get().to_owned());
        }
        if let Some(seconds) = record.seconds() {
            self.hours.add(hash(&(seconds / 3600)));
            self.first = Some(self.first.map_or(seconds, |first| first.min(seconds)));
            self.last = Some(self.last.map_or(seconds, |last| last.max(seconds)));
        }
        self.callers.add(caller(record));
        if let Some(value) = record.hash.some() {
            self.values.add(hash(value));
        }
        if let Some(length) = record.length.0 {
            let (short, long) = self.lengths.unwrap_or((length, length));
            self.lengths = Some((short.min(length), long.max(length)));
        }
        let tells = record.sample.some().is_some() || self.is_leak;
        if tells && self.samples.len() < SAMPLES_MAX {
            let new = Sample::of(record);
            let is_new = |old: &Sample| old.text != new.text || old.production != new.production;
            if self.samples.iter().all(is_new) {
                self.samples.push(new);
            }
        }
    }
}

/// Who called, as far as the record tells: its caller, its tenant, else its trace or invocation.
pub(crate) fn caller(record: &Record<'_>) -> u64 {
    let told = [
        &record.caller,
        &record.tenant,
        &record.trace,
        &record.request_id,
    ];
    let known = told.into_iter().find_map(Text::some);
    hash(known.unwrap_or_default())
}

/// A JSON Pointer with the numbers of list items as `*`, so that the third message of a batch is
/// the same place as the first.
pub(crate) fn place(location: &str) -> String {
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    if !location.split('/').any(is_number) {
        return location.to_owned();
    }
    let steps: Vec<&str> = location
        .split('/')
        .map(|step| if is_number(step) { "*" } else { step })
        .collect();
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_list_are_one_place() {
        assert_eq!(place("/Records/12/body/id"), "/Records/*/body/id");
        assert_eq!(place("/body/v2/q"), "/body/v2/q");
        assert_eq!(place(""), "");
    }

    #[test]
    fn samples_are_few_and_different() {
        let line = |sample: &str| format!(r#"{{"rule":"a","sample":"{sample}","length":7}}"#);
        let first = line("a' aa 0=0");
        let record: Record<'_> = serde_json::from_str(&first).unwrap();
        let mut cluster = Cluster::new(&record);
        cluster.add(&record);
        cluster.add(&record);
        for at in 0..9 {
            let text = line(&"a".repeat(at + 1));
            cluster.add(&serde_json::from_str(&text).unwrap());
        }
        assert_eq!((cluster.findings, cluster.samples.len()), (11, SAMPLES_MAX));
        assert_eq!(cluster.lengths, Some((7, 7)));
    }
}
