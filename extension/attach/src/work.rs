//! A plan carried out: several functions at a time, each read again before it is changed.
//! It never does anything but what was planned: a function that has changed meanwhile is left.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::aws::{Kind, Lambda, Refusal};
use crate::change::Change;
use crate::configuration::{Configuration, Update};
use crate::fleet::Watch;
use crate::journal::{Entry, Journal, What};
use crate::plan::{Planned, Step};

/// What became of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was changed, and the change is in force.
    Done,
    /// It was as it should be.
    Kept,
    /// It was left as it is, and why.
    Left(String),
    /// The change was tried and is not in force, and why.
    Failed(String),
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Between two looks at a function that is being changed.
    pub look: Duration,
    /// For a change to be taken over.
    pub change: Duration,
    /// How many functions are changed at a time.
    pub hands: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(2),
            // Limit: a change in a private network takes a minute or two.
            change: Duration::from_mins(5),
            // Limit: a change takes some five seconds and four calls; eight at a time use what the
            // quota of calls allows.
            hands: 8,
        }
    }
}

// Limit: somebody who changes a function five times while it is to be changed once has work there.
const ATTEMPTS_MAX: u32 = 5;

/// Decides about a function as it is now.
pub type Decide<'a> = &'a (dyn Fn(&Configuration, Option<&Entry>) -> Step + Sync);

/// Carries out plans.
pub struct Work<'a> {
    /// The API.
    pub lambda: &'a Lambda,
    /// What has to come back.
    pub journal: Mutex<Journal>,
    /// Whether the layer is put on or taken off.
    pub what: What,
    /// What would be done with a function.
    pub decide: Decide<'a>,
    /// How long to wait.
    pub patience: Patience,
    /// Told how far it is.
    pub watch: Watch<'a>,
    /// Set by whoever wants it to end after what has begun.
    pub ends: &'a AtomicBool,
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl Work<'_> {
    /// Carries out a plan; the outcomes are in the order of the plan.
    pub fn all(&self, planned: &[Planned]) -> Vec<Outcome> {
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let unknown = Outcome::Left("the work ended before".to_owned());
        let outcomes = Mutex::new(vec![unknown; planned.len()]);
        thread::scope(|scope| {
            for _ in 0..self.patience.hands.clamp(1, 64) {
                scope.spawn(|| {
                    while !self.ends.load(Ordering::Relaxed) {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = planned.get(at) else { break };
                        let outcome = self.one(one);
                        let mut all = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Some(place) = all.get_mut(at) {
                            *place = outcome;
                        }
                        let count = done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                        (self.watch)("changing functions", count, planned.len());
                    }
                });
            }
        });
        outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, planned: &Planned) -> Outcome {
        let change = match &planned.step {
            Step::Leave(why) => return Outcome::Left(why.clone()),
            Step::Keep(_) => {
                let settled = self.journal().settle(&planned.configuration);
                return settled.map_or_else(|error| unwritten(&error), |()| Outcome::Kept);
            }
            Step::Change(change) => change,
        };
        for attempt in 0..ATTEMPTS_MAX {
            let configuration = match self.settled(&planned.configuration.arn) {
                Ok(configuration) => configuration,
                Err(refusal) => return Outcome::Failed(refusal.to_string()),
            };
            let step = {
                let mut journal = self.journal();
                if let Err(error) = journal.settle(&configuration) {
                    return unwritten(&error);
                }
                // What was begun had arrived, and its answer was lost.
                if attempt > 0 && change.is_in_place(&configuration) {
                    return Outcome::Done;
                }
                (self.decide)(&configuration, journal.entry(&configuration.arn))
            };
            match step {
                Step::Keep(_) => return Outcome::Kept,
                Step::Change(now) if now == *change => (),
                Step::Change(_) => {
                    let why = "it was changed since the plan; plan again".to_owned();
                    return Outcome::Left(why);
                }
                Step::Leave(why) => {
                    return Outcome::Left(format!("it was changed since the plan: {why}"));
                }
            }
            if let Some(outcome) = self.try_once(&configuration, change) {
                return outcome;
            }
        }
        Outcome::Failed("somebody else is changing it".to_owned())
    }

    /// Changes a function; nothing if somebody else was faster.
    fn try_once(&self, configuration: &Configuration, change: &Change) -> Option<Outcome> {
        let arn = &configuration.arn;
        if let Err(error) = self.journal().begin(self.what, arn, change) {
            return Some(unwritten(&error));
        }
        let Err(refusal) = self.lambda.update(arn, &change.request(configuration)) else {
            return Some(self.taken_over(arn));
        };
        match refusal.kind {
            // Either somebody else was faster, or it had arrived and was sent again: the journal
            // keeps it open, and the function tells.
            Kind::Changed => None,
            Kind::Conflict => {
                thread::sleep(self.patience.look);
                None
            }
            kind if kind.passes() => Some(Outcome::Failed(format!(
                "{refusal}; the same command goes on"
            ))),
            _ => {
                let noted = self.journal().refused(self.what, arn, &refusal.to_string());
                let why = refusal.to_string();
                Some(noted.map_or_else(|error| unwritten(&error), |()| Outcome::Failed(why)))
            }
        }
    }

    /// Waits until a change is in force, and notes it.
    fn taken_over(&self, arn: &str) -> Outcome {
        let waited = self.settled(arn);
        // The API has taken it: it is to come back, whatever became of it.
        if let Err(error) = self.journal().done(self.what, arn) {
            return unwritten(&error);
        }
        match waited {
            Ok(Configuration {
                update: Update::Failed(why),
                ..
            }) => Outcome::Failed(why),
            Ok(_) => Outcome::Done,
            Err(refusal) => Outcome::Failed(refusal.to_string()),
        }
    }

    /// A function's configuration when nothing is under way any more.
    fn settled(&self, arn: &str) -> Result<Configuration, Refusal> {
        let begun = Instant::now();
        loop {
            let configuration = self.lambda.configuration(arn)?;
            if configuration.update != Update::Pending {
                return Ok(configuration);
            }
            if begun.elapsed() > self.patience.change {
                return Err(Refusal {
                    kind: Kind::Conflict,
                    code: String::new(),
                    message: "a change of it does not end".to_owned(),
                });
            }
            thread::sleep(self.patience.look);
        }
    }
}

/// Without a journal nothing may go on.
fn unwritten(error: &std::io::Error) -> Outcome {
    Outcome::Failed(format!("the journal cannot be written: {error}"))
}
