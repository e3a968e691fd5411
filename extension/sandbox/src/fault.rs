//! Faults by plan: the sandbox's side of a connection breaks at a chosen step.
//! It never breaks anything that the plan does not name, so every failure can be replayed.

use bytes::Bytes;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The connection is reset (RST).
    Reset,
    /// The connection is closed (FIN).
    Close,
    /// Nothing happens for this long; then all goes on as if nothing had been.
    Stall(Duration),
    /// From here on the reply is written in pieces of so many bytes, with a pause before each.
    Trickle {
        /// Bytes per piece.
        bytes: usize,
        /// The pause before each piece.
        pause: Duration,
    },
    /// The call is answered like this instead, and has no effect on the sandbox's state.
    Reply {
        /// The HTTP status.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// The call is answered with these bytes, whatever they are; then the connection is closed.
    /// The call has no effect on the sandbox's state.
    Raw(Bytes),
}

/// Which calls a plan concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTarget {
    /// Every call.
    Any,
    /// `GET …/invocation/next`.
    Next,
    /// `POST …/response`.
    Response,
    /// `POST …/error` of an invocation.
    Error,
    /// The whole Runtime API.
    Runtime,
    /// The whole Extensions API.
    Extensions,
    /// `POST …/extension/register`.
    Register,
    /// The Telemetry API.
    Telemetry,
}

impl FaultTarget {
    /// Whether a call with this target (path and query, or a request line) is meant.
    pub(crate) fn covers(self, target: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Next => target.contains("/runtime/invocation/next"),
            Self::Response => target.contains("/invocation/") && target.contains("/response"),
            Self::Error => target.contains("/invocation/") && target.contains("/error"),
            Self::Runtime => target.contains("/2018-06-01/"),
            Self::Extensions => target.contains("/2020-01-01/"),
            Self::Register => target.contains("/extension/register"),
            Self::Telemetry => target.contains("/2022-07-01/"),
        }
    }
}

/// The moments at which a connection can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultStep {
    /// The first bytes of the request were read, and nothing has been done about them.
    RequestArrived,
    /// More bytes of the same request are about to be read.
    InRequest,
    /// The call has had its effect, and no byte of the reply was written.
    BeforeReply,
    /// Half of the reply's head was written.
    InReplyHead,
    /// The head and half of the body were written.
    InReplyBody,
    /// The whole reply was written.
    AfterReply,
    /// A call is answered by the plan ([`FaultKind::Reply`] and [`FaultKind::Raw`]).
    Instead,
}

/// A plan: one kind of fault, at the N-th step of the calls it concerns.
///
/// Run a test with N = 1, 2, … until [`FaultPlan::fired`] is `None` after the run: then every
/// step has been tried.
#[derive(Clone)]
pub struct FaultPlan {
    kind: FaultKind,
    target: FaultTarget,
    at: u64,
    repeating: bool,
    progress: Arc<Mutex<Progress>>,
}

#[derive(Debug, Default)]
struct Progress {
    steps: u64,
    fired: Option<FaultStep>,
}

impl FaultPlan {
    /// This fault at the first step of any call.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            target: FaultTarget::Any,
            at: 1,
            repeating: false,
            progress: Arc::default(),
        }
    }

    /// A connection fault and a step chosen by this seed, the same for the same seed.
    pub fn seeded(seed: u64) -> Self {
        let dice = scramble(seed);
        let kind = match dice % 4 {
            0 => FaultKind::Reset,
            1 => FaultKind::Close,
            2 => FaultKind::Stall(Duration::from_millis(30)),
            _ => FaultKind::Trickle {
                bytes: 7,
                pause: Duration::from_millis(1),
            },
        };
        let target = if dice & 64 == 0 {
            FaultTarget::Next
        } else {
            FaultTarget::Runtime
        };
        // Limit: 40 steps are about seven calls, so that faults fall into INIT and INVOKE alike.
        Self::new(kind).on(target).fail_at((dice >> 8) % 40 + 1)
    }

    /// Only steps of these calls count.
    #[must_use]
    pub fn on(mut self, target: FaultTarget) -> Self {
        self.target = target;
        self
    }

    /// The fault comes at the N-th step, counted from 1.
    #[must_use]
    pub fn fail_at(mut self, step: u64) -> Self {
        self.at = step;
        self
    }

    /// The fault comes at the N-th step and at every later one.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeating = true;
        self
    }

    /// The step at which the fault came first, if it came.
    pub fn fired(&self) -> Option<FaultStep> {
        self.lock().fired
    }

    /// How many steps there were so far.
    pub fn steps(&self) -> u64 {
        self.lock().steps
    }

    pub(crate) fn covers(&self, target: &str) -> bool {
        self.target.covers(target)
    }

    /// Counts a step of a connection; gives the fault if it is due.
    pub(crate) fn step(&self, step: FaultStep) -> Option<&FaultKind> {
        match self.kind {
            FaultKind::Reply { .. } | FaultKind::Raw(_) => None,
            _ => self.count(step),
        }
    }

    /// Counts a call that the plan may answer by itself.
    pub(crate) fn instead(&self, target: &str) -> Option<&FaultKind> {
        match self.kind {
            FaultKind::Reply { .. } | FaultKind::Raw(_) if self.covers(target) => {
                self.count(FaultStep::Instead)
            }
            _ => None,
        }
    }

    fn count(&self, step: FaultStep) -> Option<&FaultKind> {
        let mut progress = self.lock();
        progress.steps = progress.steps.saturating_add(1);
        let is_due = progress.steps == self.at || (self.repeating && progress.steps > self.at);
        if is_due {
            progress.fired.get_or_insert(step);
        }
        is_due.then_some(&self.kind)
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind, target, at, ..
        } = self;
        write!(f, "{kind:?} on {target:?} at step {at}")
    }
}

/// Spreads a seed over all bits (the finalizer of splitmix64).
fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{FaultKind, FaultPlan, FaultStep, FaultTarget};

    #[test]
    fn a_plan_fires_once_at_its_step() {
        let plan = FaultPlan::new(FaultKind::Reset).fail_at(2);
        assert_eq!(plan.step(FaultStep::RequestArrived), None);
        assert_eq!(plan.step(FaultStep::BeforeReply), Some(&FaultKind::Reset));
        assert_eq!(plan.step(FaultStep::AfterReply), None);
        assert_eq!(plan.fired(), Some(FaultStep::BeforeReply));
        assert_eq!(plan.steps(), 3);
    }

    #[test]
    fn equal_seeds_give_equal_plans() {
        let texts = |seed| format!("{:?}", FaultPlan::seeded(seed));
        assert_eq!(texts(7), texts(7));
        assert_ne!(texts(7), texts(8));
    }

    #[test]
    fn targets_cover_their_calls_only() {
        let response = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1";
        assert!(FaultTarget::Response.covers(response));
        assert!(FaultTarget::Runtime.covers(response));
        assert!(!FaultTarget::Next.covers(response));
        assert!(!FaultTarget::Error.covers(response));
        assert!(!FaultTarget::Extensions.covers(response));
    }
}
