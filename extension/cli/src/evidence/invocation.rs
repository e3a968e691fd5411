//! Lines of one invocation, gathered until it is over: it counts once, however many findings.
//! It never holds more than a few invocations open.
use std::collections::VecDeque;

use super::label::Label;
use super::tally::hash;
use crate::records::Record;

/// What a finding has touched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touched {
    pub(super) rule: u64,
    pub(super) cluster: u64,
    pub(super) blocks: bool,
    pub(super) label: Label,
}

/// An invocation, as far as its lines tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Invocation {
    key: u64,
    /// Whether a line tells of its event; one of its answer alone says nothing of that.
    pub(super) is_event: bool,
    pub(super) function: String,
    pub(super) verdict: String,
    pub(super) applied: bool,
    pub(super) is_partial: bool,
    pub(super) bytes: u64,
    pub(super) us: Option<u64>,
    pub(super) steps: Option<u64>,
    pub(super) gaps: Vec<String>,
    pub(super) findings_dropped: u64,
    touched: Vec<Touched>,
}

impl Invocation {
    fn tells_of_its_event(&mut self, record: &Record<'_>) {
        self.is_event = true;
        record.verdict.get().clone_into(&mut self.verdict);
        self.applied = record.applied.0;
        self.is_partial = record.coverage.get() == "partial";
        self.bytes = record.bytes.get();
        self.us = record.us.0;
        self.steps = record.steps.0;
        self.gaps = record.gaps.iter().map(str::to_owned).collect();
        self.findings_dropped = record.findings_dropped.get();
    }

    /// Each rule once: whether it blocks here, and what was said of it.
    pub(super) fn rules(&self) -> Vec<(u64, bool, Label)> {
        once(self.touched.iter().map(|touched| (touched.rule, touched)))
    }

    /// Each cluster once.
    pub(super) fn clusters(&self) -> Vec<(u64, bool, Label)> {
        once(
            self.touched
                .iter()
                .map(|touched| (touched.cluster, touched)),
        )
    }

    /// Whether all of it is known to be an attack.
    pub(super) fn is_attack(&self) -> bool {
        let mut touched = self.touched.iter();
        !self.touched.is_empty() && touched.all(|touched| touched.label == Label::Attack)
    }
}

fn once<'a>(all: impl Iterator<Item = (u64, &'a Touched)>) -> Vec<(u64, bool, Label)> {
    let mut seen: Vec<(u64, bool, Label)> = Vec::new();
    for (key, touched) in all {
        match seen.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, blocks, label)) => {
                *blocks |= touched.blocks;
                // One word is enough to call an invocation an attack.
                if *label == Label::None || touched.label == Label::Attack {
                    *label = touched.label;
                }
            }
            None => seen.push((key, touched.blocks, touched.label)),
        }
    }
    seen
}

// Limit: a process writes the lines of an invocation one after another, and as many processes as
// write into one export at a time mix theirs; 64 is more than any stretch that was seen.
const OPEN_MAX: usize = 64;

// Limit: an event has at most 16 findings (the engine's own limit).
const TOUCHED_MAX: usize = 64;

/// The invocations that may still have lines to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Invocations(VecDeque<Invocation>);

impl Invocations {
    /// Takes a line of an invocation; gives back one that is over.
    pub(super) fn meet(
        &mut self,
        record: &Record<'_>,
        touched: Option<Touched>,
    ) -> Option<Invocation> {
        let key = hash(&(record.function.get(), record.request_id.get()));
        let has_id = record.request_id.some().is_some();
        // The last ones are the likeliest.
        let open = self.0.iter_mut().rev();
        let known = open.into_iter().find(|open| has_id && open.key == key);
        let (invocation, closed) = if let Some(known) = known {
            (known, None)
        } else {
            let closed = if self.0.len() >= OPEN_MAX {
                self.0.pop_front()
            } else {
                None
            };
            self.0.push_back(Invocation {
                key,
                function: record.function.get().to_owned(),
                ..Invocation::default()
            });
            (self.0.back_mut()?, closed)
        };
        if !invocation.is_event && record.kind() != Some("leak") {
            invocation.tells_of_its_event(record);
        }
        if let (Some(touched), true) = (touched, invocation.touched.len() < TOUCHED_MAX) {
            invocation.touched.push(touched);
        }
        closed
    }

    /// All that are open.
    pub(super) fn close_all(&mut self) -> Vec<Invocation> {
        std::mem::take(&mut self.0).into()
    }
}
