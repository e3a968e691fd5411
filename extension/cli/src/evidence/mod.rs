//! What records prove: one pass over them, into tables of bounded size.
//! It never keeps a record, and never decides what to do about what it has seen.
pub(crate) mod bound;
pub(crate) mod cluster;
pub(crate) mod function;
mod invocation;
pub(crate) mod label;
pub(crate) mod readiness;
pub(crate) mod tally;
pub(crate) mod timeline;
pub(crate) mod will;

use std::collections::BTreeMap;

use anyhow::Result;
use credenza_policy::Policy;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::records::{self, Intake, Record};
use cluster::{Cluster, caller};
use function::Function;
use invocation::Invocations;
use label::{Label, Labels};
use tally::{Distinct, Heaviest, Histogram, Top, Weight, hash};
use timeline::Timeline;
use will::Will;

// Limit: a cluster with its samples, callers and values takes some 8 KB, twice as many as are kept
// may be held: 33 MB.
const CLUSTERS_KEPT: usize = 2048;
// Limit: functions of an account are some hundreds, rules some dozens: each pair takes some 2 KB.
const RULES_KEPT: usize = 8192;
const FUNCTIONS_MAX: usize = 1024;
// Limit: a page shows ten; the rest is there so that none of the ten is forgotten too early.
const NAMES_KEPT: usize = 1000;

/// What is told of one rule in one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleSeen {
    pub(crate) function: String,
    pub(crate) rule: String,
    /// Findings, repeats included.
    pub(crate) findings: u64,
    /// Invocations that block mode would refuse for this rule.
    pub(crate) blocking: u64,
    /// Invocations with weaker findings alone.
    pub(crate) weaker: u64,
    /// Of the blocking ones: those that people have called attacks, and false alarms.
    pub(crate) attacks: u64,
    pub(crate) alarms: u64,
    /// Findings in events with verdict `block`, as metrics count them: more than the lines tell
    /// where lines were lost.
    pub(crate) counted: u64,
    pub(crate) callers: Distinct,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
}

impl Weight for RuleSeen {
    fn weight(&self) -> u64 {
        self.findings
    }
}

/// All that was seen.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) will: Will,
    labels: Labels,
    pub(crate) intake: Intake,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) rules: Heaviest<RuleSeen>,
    pub(crate) clusters: Heaviest<Cluster>,
    pub(crate) timeline: Timeline,
    pub(crate) routes: Top,
    pub(crate) places: Top,
    pub(crate) sources: Top,
    pub(crate) tenants: Top,
    pub(crate) gaps: Top,
    pub(crate) faults: Top,
    pub(crate) leaks: Top,
    pub(crate) problems: Top,
    pub(crate) tampers: Top,
    pub(crate) bypasses: u64,
    pub(crate) latency: Histogram,
    pub(crate) steps: Histogram,
    /// The 50 % and 99 % latencies of minutes.
    pub(crate) added_p50: Histogram,
    pub(crate) added_p99: Histogram,
    /// Findings whose shadow verdict differs, by `verdict → shadow`.
    pub(crate) shadows: Top,
    pub(crate) findings_dropped: u64,
    invocations: Invocations,
}

impl Evidence {
    /// Nothing seen yet; `policy` says which findings would block, and where.
    pub(crate) fn new(policy: Policy, labels: Labels) -> Self {
        Self {
            will: Will::of(policy),
            labels,
            intake: Intake::default(),
            first: None,
            last: None,
            functions: BTreeMap::new(),
            rules: Heaviest::new(RULES_KEPT),
            clusters: Heaviest::new(CLUSTERS_KEPT),
            timeline: Timeline::default(),
            routes: Top::new(NAMES_KEPT),
            places: Top::new(NAMES_KEPT),
            sources: Top::new(NAMES_KEPT),
            tenants: Top::new(NAMES_KEPT),
            gaps: Top::new(NAMES_KEPT),
            faults: Top::new(NAMES_KEPT),
            leaks: Top::new(NAMES_KEPT),
            problems: Top::new(NAMES_KEPT),
            tampers: Top::new(NAMES_KEPT),
            bypasses: 0,
            latency: Histogram::default(),
            steps: Histogram::default(),
            added_p50: Histogram::default(),
            added_p99: Histogram::default(),
            shadows: Top::new(NAMES_KEPT),
            findings_dropped: 0,
            invocations: Invocations::default(),
        }
    }

    /// Reads all records of `paths`; `label` is what is known of all their findings.
    pub(crate) fn read(&mut self, paths: &[String], label: Label) -> Result<()> {
        let intake = records::each(paths, &mut |record| {
            self.take(record, label);
            Ok(true)
        })?;
        if label != Label::Attack {
            self.intake = intake;
        }
        self.settle();
        Ok(())
    }

    /// Without a record nothing is known, which is another thing than that nothing was found.
    pub(crate) fn is_any(&self) -> Result<()> {
        self.intake.is_any()
    }

    /// Takes one record.
    pub(crate) fn take(&mut self, record: &Record<'_>, label: Label) {
        // What comes from attacks alone says nothing of customers, and is not counted with them.
        if label == Label::Attack {
            match record.kind() {
                Some("finding") => self.finding(record, label),
                Some("leak") if record.verdict.get() != "pass" => self.leak(record, label),
                _ => (),
            }
            return;
        }
        let Some(kind) = record.kind() else { return };
        if let Some(seconds) = record.seconds() {
            self.first = Some(self.first.map_or(seconds, |first| first.min(seconds)));
            self.last = Some(self.last.map_or(seconds, |last| last.max(seconds)));
        }
        self.function(record.function.get()).meet(record);
        match kind {
            "finding" => self.finding(record, self.labels.of(record)),
            "repeats" => self.repeats(record),
            "partial" | "inspected" => self.event(record, kind),
            "metrics" => self.minute(record),
            "summary" => self.function(record.function.get()).summary(record),
            "init" => self.function(record.function.get()).environments += 1,
            // What only a candidate would tell of is no leak.
            "leak" if record.verdict.get() == "pass" => {}
            "leak" => self.leak(record, self.labels.of(record)),
            "fault" => {
                let what = [
                    record.kind.get(),
                    record.behaviour.get(),
                    record.family.get(),
                ];
                self.faults.add(&what.join(" · "), 1);
                self.function(record.function.get()).lines.faults += 1;
            }
            "problem" => {
                let what = format!("{}: {}", record.at.get(), record.message.get());
                self.problems.add(&what, 1);
            }
            "wrapper" | "lifecycle" => self.problems.add(record.message.get(), 1),
            "dropped" => {
                let records = record.records.and_then(|raw| raw.get().parse().ok());
                let function = self.function(record.function.get());
                function.dropped = function.dropped.max(records.unwrap_or(1));
            }
            "tamper" => {
                self.tampers
                    .add(&[record.rule.get(), record.why.get()].join(" · "), 1);
                // Lost telemetry is no proof that anything went past.
                let is_bypass = record.rule.get() == "proxy-bypass";
                self.bypasses += u64::from(is_bypass && record.why.get() != "telemetry-lost");
            }
            _ => (),
        }
    }

    /// Takes the user's word for how many invocations there were.
    pub(crate) fn given(&mut self, invocations: u64) {
        // One word for all functions stands with one of them, and the others have no other count.
        let mut first = true;
        for function in self.functions.values_mut() {
            function.given = Some(if first { invocations } else { 0 });
            first = false;
        }
    }

    /// Counts what is still open.
    fn settle(&mut self) {
        for closed in self.invocations.close_all() {
            self.close(&closed);
        }
    }

    fn function(&mut self, name: &str) -> &mut Function {
        let full = self.functions.len() >= FUNCTIONS_MAX;
        let name = if full && !self.functions.contains_key(name) {
            "other functions"
        } else {
            name
        };
        if !self.functions.contains_key(name) {
            self.functions.insert(name.to_owned(), Function::default());
        }
        // It stands there since the line above, so nothing is made here but a way to it.
        self.functions.entry(name.to_owned()).or_default()
    }

    fn finding(&mut self, record: &Record<'_>, label: Label) {
        let (blocks, times) = (self.will.blocks(record), record.times());
        let is_of_customers = label != Label::Attack;
        if is_of_customers {
            self.names(record, times);
            if let Some(seconds) = record.seconds() {
                let blocking = if blocks { times } else { 0 };
                self.timeline
                    .add(seconds, record.rule.get(), times, blocking);
            }
        }
        self.touch(record, blocks, label);
    }

    /// Counts what a line tells of, for its rule, its place and its invocation.
    fn touch(&mut self, record: &Record<'_>, blocks: bool, label: Label) {
        let rule_key = self.rule(record, record.times());
        let cluster_key = Cluster::key(record);
        self.clusters
            .entry(cluster_key, || Cluster::new(record))
            .add(record);
        let touched = invocation::Touched {
            rule: rule_key,
            cluster: cluster_key,
            blocks,
            label,
        };
        if let Some(closed) = self.invocations.meet(record, Some(touched)) {
            self.close(&closed);
        }
    }

    /// Findings that were counted and not written: each of another invocation, as far as is known.
    fn repeats(&mut self, record: &Record<'_>) {
        let (blocks, times) = (self.will.blocks(record), record.times());
        self.names(record, times);
        if let Some(seconds) = record.seconds() {
            let blocking = if blocks { times } else { 0 };
            self.timeline
                .add(seconds, record.rule.get(), times, blocking);
        }
        let label = self.labels.of(record);
        let key = self.rule(record, times);
        self.hits(key, blocks, label, times);
        let key = Cluster::key(record);
        let cluster = self.clusters.entry(key, || Cluster::new(record));
        cluster.add(record);
        cluster.invocations += times;
        cluster.blocking += if blocks { times } else { 0 };
    }

    /// Counts findings of a rule in a function; gives back its key.
    fn rule(&mut self, record: &Record<'_>, times: u64) -> u64 {
        let key = hash(&(record.function.get(), record.rule.get()));
        let rule = self.rules.entry(key, || RuleSeen {
            function: record.function.get().to_owned(),
            rule: record.rule.get().to_owned(),
            ..RuleSeen::default()
        });
        rule.findings += times;
        rule.callers.add(caller(record));
        if let Some(seconds) = record.seconds() {
            rule.first = Some(rule.first.map_or(seconds, |first| first.min(seconds)));
            rule.last = Some(rule.last.map_or(seconds, |last| last.max(seconds)));
        }
        key
    }

    /// Counts invocations with findings of a rule.
    fn hits(&mut self, key: u64, blocks: bool, label: Label, times: u64) {
        let Some(rule) = self.rules.known(key) else {
            return;
        };
        if !blocks {
            rule.weaker += times;
            return;
        }
        rule.blocking += times;
        rule.attacks += if label == Label::Attack { times } else { 0 };
        rule.alarms += if label == Label::Alarm { times } else { 0 };
    }

    fn names(&mut self, record: &Record<'_>, times: u64) {
        self.routes.add(record.route.get(), times);
        self.places
            .add(&cluster::place(record.location.get()), times);
        self.sources.add(record.source.get(), times);
        self.tenants.add(record.tenant.get(), times);
        if let (Some(shadow), verdict) = (record.shadow.some(), record.verdict.get())
            && shadow != verdict
        {
            self.shadows.add(&format!("{verdict} → {shadow}"), times);
        }
    }

    /// An event that has one line and no finding.
    fn event(&mut self, record: &Record<'_>, kind: &str) {
        if kind == "inspected" {
            self.function(record.function.get()).clean_lines += 1;
        }
        if let Some(closed) = self.invocations.meet(record, None) {
            self.close(&closed);
        }
    }

    fn minute(&mut self, record: &Record<'_>) {
        self.function(record.function.get()).minute(record);
        let rules = record.rules.map(RawValue::get);
        let rules: BTreeMap<String, Value> = rules
            .and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default();
        for (rule, counts) in rules {
            let blocking = counts.get("block").and_then(Value::as_u64);
            let Some(blocking) = blocking.filter(|count| *count > 0) else {
                continue;
            };
            let key = hash(&(record.function.get(), rule.as_str()));
            let seen = self.rules.entry(key, || RuleSeen {
                function: record.function.get().to_owned(),
                rule,
                ..RuleSeen::default()
            });
            seen.counted += blocking;
        }
        if let Some(us) = record.added_us_p50.0 {
            self.added_p50.add(us);
        }
        if let Some(us) = record.added_us_p99.0 {
            self.added_p99.add(us);
        }
    }

    /// What must not leave is a hit of its rule, as what must not come in is.
    fn leak(&mut self, record: &Record<'_>, label: Label) {
        let blocks = self.will.blocks(record);
        self.touch(record, blocks, label);
        if label == Label::Attack {
            return;
        }
        let what = record.secret.some().or_else(|| record.kind.some());
        let what = [
            record.rule.get(),
            what.unwrap_or_default(),
            record.channel.get(),
            record.verdict.get(),
        ];
        self.leaks.add(&what.join(" · "), 1);
        if let Some(seconds) = record.seconds() {
            self.timeline
                .add(seconds, record.rule.get(), 1, u64::from(blocks));
        }
        self.function(record.function.get()).lines.leaks += 1;
    }

    /// Counts a whole invocation.
    fn close(&mut self, closed: &invocation::Invocation) {
        if let Some(us) = closed.us {
            self.latency.add(us);
        }
        if let Some(steps) = closed.steps {
            self.steps.add(steps);
        }
        for gap in &closed.gaps {
            self.gaps.add(gap, 1);
        }
        self.findings_dropped += closed.findings_dropped;
        if closed.is_event && !closed.is_attack() {
            let function = self.function(&closed.function);
            let sums = &mut function.lines;
            sums.invocations += 1;
            sums.inspected += 1;
            sums.bytes += closed.bytes;
            sums.partial += u64::from(closed.is_partial);
            sums.flagged += u64::from(closed.verdict == "flag");
            sums.blocking += u64::from(closed.verdict == "block");
            function.refused_lines += u64::from(closed.applied);
        }
        for (key, blocks, label) in closed.rules() {
            self.hits(key, blocks, label, 1);
        }
        let in_company = closed.rules().len() > 1;
        for (key, blocks, label) in closed.clusters() {
            let Some(cluster) = self.clusters.known(key) else {
                continue;
            };
            cluster.invocations += 1;
            cluster.blocking += u64::from(blocks);
            cluster.in_company += u64::from(in_company);
            cluster.attacks += u64::from(label == Label::Attack);
            cluster.alarms += u64::from(label == Label::Alarm);
        }
    }

    /// Invocations that block mode would refuse for a rule: as the lines tell, or, where lines of
    /// the function were lost, as many as metrics have counted.
    pub(crate) fn blocking(&self, seen: &RuleSeen) -> u64 {
        let function = self.functions.get(&seen.function);
        match function {
            Some(function) if function.dropped > 0 => seen.blocking.max(seen.counted),
            _ => seen.blocking,
        }
    }

    /// The sums of all functions, and the least sure basis of any of them.
    pub(crate) fn sums(&self) -> function::Sums {
        let mut all = function::Sums::default();
        for function in self.functions.values() {
            all.add(&function.sums().0);
        }
        all
    }
}

#[cfg(test)]
mod tests;
