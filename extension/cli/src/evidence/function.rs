//! What is known of one function: what it has counted of itself, and what its lines add up to.
//! It never adds two counts of the same invocations.
use std::collections::BTreeSet;

use crate::records::Record;

/// Where a count of invocations comes from, the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Basis {
    /// The agent's metrics, one line a minute.
    Metrics,
    /// The agent's sums at SHUTDOWN.
    Summaries,
    /// One line for each event, of level debug.
    Lines,
    /// The user.
    Given,
    /// Nobody has counted the clean ones.
    #[default]
    Nothing,
}

impl Basis {
    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics lines",
            Self::Summaries => "summaries at SHUTDOWN",
            Self::Lines => "a line for each event",
            Self::Given => "the command line",
            Self::Nothing => "nothing",
        }
    }
}

/// Sums of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) invocations: u64,
    pub(crate) inspected: u64,
    pub(crate) partial: u64,
    /// Verdict `flag`.
    pub(crate) flagged: u64,
    /// Verdict `block`, refused or not.
    pub(crate) blocking: u64,
    pub(crate) leaks: u64,
    pub(crate) faults: u64,
    pub(crate) bytes: u64,
}

impl Sums {
    /// Adds the sums of another function.
    pub(crate) fn add(&mut self, other: &Self) {
        self.invocations += other.invocations;
        self.inspected += other.inspected;
        self.partial += other.partial;
        self.flagged += other.flagged;
        self.blocking += other.blocking;
        self.leaks += other.leaks;
        self.faults += other.faults;
        self.bytes += other.bytes;
    }
}

/// One function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    pub(crate) metrics: Sums,
    pub(crate) summaries: Sums,
    /// From lines about single events.
    pub(crate) lines: Sums,
    /// Events that were refused, from their lines and from metrics.
    pub(crate) refused_lines: u64,
    pub(crate) refused_metrics: u64,
    /// Clean events that have a line.
    pub(crate) clean_lines: u64,
    /// Lines that could not be written.
    pub(crate) dropped: u64,
    pub(crate) modes: BTreeSet<String>,
    pub(crate) policies: BTreeSet<String>,
    pub(crate) versions: BTreeSet<String>,
    pub(crate) agents: BTreeSet<String>,
    pub(crate) environments: u64,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    /// Invocations that the user says there were.
    pub(crate) given: Option<u64>,
}

// Limit: a rollout has a handful of policies, versions and agents; names beyond eight say no more.
const NAMES_MAX: usize = 8;

impl Function {
    /// Takes what every line tells.
    pub(crate) fn meet(&mut self, record: &Record<'_>) {
        if let Some(seconds) = record.seconds() {
            self.first = Some(self.first.map_or(seconds, |first| first.min(seconds)));
            self.last = Some(self.last.map_or(seconds, |last| last.max(seconds)));
        }
        note(&mut self.modes, record.mode.get());
        note(&mut self.policies, record.policy.get());
        note(&mut self.versions, record.version.get());
        note(&mut self.agents, record.agent.get());
    }

    /// Takes a minute's metrics.
    pub(crate) fn minute(&mut self, record: &Record<'_>) {
        let sums = &mut self.metrics;
        sums.invocations += record.invocations.get();
        sums.inspected += record.inspected.get();
        sums.partial += record.partial.get();
        sums.flagged += record.flagged.get();
        sums.blocking += record.would_block.get() + record.blocked.get();
        sums.leaks += record.leaks.get();
        sums.faults += record.faults.get();
        sums.bytes += record.bytes.get();
        self.refused_metrics += record.blocked.get();
        self.dropped = self.dropped.max(record.dropped.get());
    }

    /// Takes a process's sums at SHUTDOWN.
    pub(crate) fn summary(&mut self, record: &Record<'_>) {
        let sums = &mut self.summaries;
        sums.invocations += record.inspected.get();
        sums.inspected += record.inspected.get();
        sums.partial += record.partial.get();
        sums.flagged += record.flagged.get();
        sums.blocking += record.blocked.get();
        sums.leaks += record.leaks.get();
        sums.faults += record.faults.get();
        self.dropped = self.dropped.max(record.dropped.get());
    }

    /// The sums of the surest count, and which that is.
    ///
    /// Each count may miss what the others have: a process that was killed has no SHUTDOWN, an
    /// export may cut either. So the largest is taken, and the counts are never added up.
    pub(crate) fn sums(&self) -> (Sums, Basis) {
        if let Some(given) = self.given {
            let sums = Sums {
                invocations: given,
                inspected: given,
                ..self.counted().0
            };
            return (sums, Basis::Given);
        }
        self.counted()
    }

    fn counted(&self) -> (Sums, Basis) {
        let (mut sums, basis) = self.by_events();
        // These have lines of their own, whoever counts the events.
        for of in [self.metrics, self.summaries, self.lines] {
            sums.leaks = sums.leaks.max(of.leaks);
            sums.faults = sums.faults.max(of.faults);
            sums.blocking = sums.blocking.max(of.blocking);
            sums.flagged = sums.flagged.max(of.flagged);
        }
        (sums, basis)
    }

    fn by_events(&self) -> (Sums, Basis) {
        let (metrics, summaries) = (self.metrics, self.summaries);
        if metrics.inspected > 0 && metrics.inspected >= summaries.inspected {
            return (metrics, Basis::Metrics);
        }
        let by_lines = self.lines.inspected;
        if summaries.inspected > 0 && (self.clean_lines == 0 || summaries.inspected >= by_lines) {
            let bytes = self.lines.bytes;
            return (Sums { bytes, ..summaries }, Basis::Summaries);
        }
        if self.clean_lines > 0 {
            return (self.lines, Basis::Lines);
        }
        (self.lines, Basis::Nothing)
    }

    /// Events that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused_lines.max(self.refused_metrics)
    }

    /// Invocations that prove something about a rule: inspected to the last byte.
    pub(crate) fn trials(&self) -> (u64, Basis) {
        let (sums, basis) = self.sums();
        if basis == Basis::Nothing {
            return (0, basis);
        }
        (sums.inspected.saturating_sub(sums.partial), basis)
    }
}

fn note(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && names.len() < NAMES_MAX && !names.contains(name) {
        names.insert(name.to_owned());
    }
}
