//! What a minute came to: counters and histograms that become one embedded metric line.
//! It never says anything of a single event, and never asks the clock itself.
use std::fmt::Write;
use std::time::{Duration, Instant};

use credenza_exchange::Inspected;
use credenza_policy::Verdict;

/// How long a window lasts at least: CloudWatch aggregates by the minute (ecosystem.md, 1.3).
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// Buckets of a doubling: a quantile is told within an eighth.
const STEPS: u64 = 8;

// Limit: values below eight have buckets of their own, and eight buckets each double from there to
// 2^35: nine hours in microseconds, and more steps than an event of 6 MiB may take.
const BUCKETS: usize = 264;

/// Numbers, sorted into buckets whose bounds double every eight.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: [u32; BUCKETS],
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            count: 0,
        }
    }
}

impl Histogram {
    /// Adds a number.
    pub(crate) fn add(&mut self, value: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket(value)) {
            *bucket = bucket.saturating_add(1);
            self.count = self.count.saturating_add(1);
        }
    }

    /// The largest number of the bucket that `percent` of all numbers do not exceed; `None` if
    /// there is no number.
    pub(crate) fn quantile(&self, percent: u64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let wanted = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0_u64;
        let found = self.buckets.iter().position(|count| {
            seen = seen.saturating_add(u64::from(*count));
            seen >= wanted
        });
        found.map(largest)
    }
}

/// The bucket of a number.
fn bucket(value: u64) -> usize {
    let bucket = match value.checked_ilog2() {
        None | Some(0..=2) => value,
        Some(power) => {
            let eighth = (value >> (power - 3)) & (STEPS - 1);
            u64::from(power - 2) * STEPS + eighth
        }
    };
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// The largest number of a bucket.
fn largest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let (doubling, eighth) = (bucket / STEPS, bucket % STEPS);
    ((STEPS + eighth + 1) << (doubling - 1)) - 1
}

/// The quantiles by their names: halves and hundredths of what is added, inspection and steps.
pub(crate) const QUANTILES: [&str; 6] = [
    "added_us_p50",
    "added_us_p99",
    "inspection_us_p50",
    "inspection_us_p99",
    "steps_p50",
    "steps_p99",
];

/// What one rule found in a window.
#[derive(Clone, Copy, Debug)]
struct RuleCount {
    id: &'static str,
    flagged: u64,
    blocked: u64,
}

/// What was counted since the last line.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    since: Instant,
    /// Invocations, inspected or not.
    pub(crate) invocations: u64,
    pub(crate) inspected: u64,
    pub(crate) bytes: u64,
    pub(crate) partial: u64,
    pub(crate) flagged: u64,
    /// Verdict `block` that nothing came of, because the mode is `monitor`.
    pub(crate) would_block: u64,
    pub(crate) blocked: u64,
    pub(crate) leaks: u64,
    pub(crate) tampered: u64,
    pub(crate) faults: u64,
    pub(crate) findings_dropped: u64,
    added_us: Histogram,
    inspection_us: Histogram,
    steps: Histogram,
    rules: Vec<RuleCount>,
}

impl Window {
    /// An empty window that begins now.
    pub(crate) fn begun(now: Instant) -> Self {
        Self {
            since: now,
            invocations: 0,
            inspected: 0,
            bytes: 0,
            partial: 0,
            flagged: 0,
            would_block: 0,
            blocked: 0,
            leaks: 0,
            tampered: 0,
            faults: 0,
            findings_dropped: 0,
            added_us: Histogram::default(),
            inspection_us: Histogram::default(),
            steps: Histogram::default(),
            rules: Vec::new(),
        }
    }

    /// True if it has lasted long enough.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WINDOW
    }

    /// True if nothing happened in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.invocations == 0
            && self.inspected == 0
            && self.leaks == 0
            && self.tampered == 0
            && self.faults == 0
    }

    /// An event was dealt with, `us` microseconds after its first byte had come.
    pub(crate) fn dealt_with(&mut self, us: u64) {
        add(&mut self.invocations, 1);
        self.added_us.add(us);
    }

    /// An event was inspected.
    pub(crate) fn inspected(&mut self, inspected: &Inspected, us: u64) {
        let report = &inspected.report;
        add(&mut self.inspected, 1);
        add(&mut self.bytes, report.bytes);
        add(
            &mut self.findings_dropped,
            u64::from(report.findings_dropped),
        );
        if !report.coverage.is_complete() {
            add(&mut self.partial, 1);
        }
        self.inspection_us.add(us);
        self.steps.add(report.steps);
        let is_refused = !matches!(inspected.step, credenza_exchange::Step::Deliver);
        match inspected.verdict {
            Verdict::Pass => {}
            Verdict::Flag => add(&mut self.flagged, 1),
            Verdict::Block if is_refused => add(&mut self.blocked, 1),
            Verdict::Block => add(&mut self.would_block, 1),
        }
        for finding in &report.findings {
            self.found(finding.rule.id, inspected.verdict);
        }
    }

    /// Something was on its way out.
    pub(crate) fn leaked(&mut self, id: &'static str, verdict: Verdict) {
        add(&mut self.leaks, 1);
        self.found(id, verdict);
    }

    /// Somebody went past us.
    pub(crate) fn tampered(&mut self) {
        add(&mut self.tampered, 1);
    }

    /// Something broke.
    pub(crate) fn failed(&mut self) {
        add(&mut self.faults, 1);
    }

    /// A rule found something, and this came of it.
    fn found(&mut self, id: &'static str, verdict: Verdict) {
        let known = self.rules.iter().position(|rule| rule.id == id);
        let place = known.unwrap_or(self.rules.len());
        if known.is_none() {
            self.rules.push(RuleCount {
                id,
                flagged: 0,
                blocked: 0,
            });
        }
        if let Some(rule) = self.rules.get_mut(place) {
            match verdict {
                Verdict::Block => add(&mut rule.blocked, 1),
                Verdict::Flag | Verdict::Pass => add(&mut rule.flagged, 1),
            }
        }
    }

    /// Names and values of the quantiles, those without a number left out.
    pub(crate) fn quantiles(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let told = [&self.added_us, &self.inspection_us, &self.steps];
        let told = told
            .into_iter()
            .flat_map(|of| [of.quantile(50), of.quantile(99)]);
        let told = QUANTILES.into_iter().zip(told);
        told.filter_map(|(name, value)| Some((name, value?)))
    }

    /// True if a quantile of this name is told.
    pub(crate) fn has(&self, quantile: &str) -> bool {
        self.quantiles().any(|(name, _)| name == quantile)
    }

    /// Findings by rule, as the value of a member: `{"sql-injection":{"flag":1,"block":2}}`.
    ///
    /// A rule's findings count under the verdict on their event.
    pub(crate) fn rules(&self) -> String {
        let mut text = String::from("{");
        for (index, rule) in self.rules.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(
                text,
                r#"{comma}"{}":{{"flag":{},"block":{}}}"#,
                rule.id, rule.flagged, rule.blocked
            );
        }
        text.push('}');
        text
    }
}

fn add(counter: &mut u64, count: u64) {
    *counter = counter.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use super::{Histogram, bucket, largest};

    #[test]
    fn every_number_is_within_an_eighth_of_the_largest_in_its_bucket() {
        let mut values: Vec<u64> = (0..10_000).collect();
        values.extend((14..34).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 7]));
        for value in values {
            let top = largest(bucket(value));
            assert!(top >= value && top - value <= value / 8, "{value}: {top}");
            assert!(bucket(value) <= bucket(value + 1));
        }
    }

    #[test]
    fn a_number_beyond_all_buckets_is_in_the_last_one() {
        let mut histogram = Histogram::default();
        histogram.add(u64::MAX);
        assert_eq!(histogram.quantile(50), Some(largest(super::BUCKETS - 1)));
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_numbers() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(99), None);
        for value in 1..=1_000_u64 {
            histogram.add(value);
        }
        for (percent, exact) in [(1, 10), (50, 500), (99, 990), (100, 1_000)] {
            let told = histogram.quantile(percent).unwrap();
            assert!(
                told >= exact && told - exact <= exact / 8,
                "{percent}: {told}"
            );
        }
    }
}
