//! The ledger: every call that reached the sandbox's API, and every breach of its contract.
//! It never judges whether a test passes; it only writes down what happened.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// One call to the Runtime, Extensions or Telemetry API.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number, from 0, in the order of arrival.
    pub index: u64,
    /// When its head was read, since the sandbox started.
    pub at: Duration,
    /// The connection it came by, numbered from 1.
    pub connection: u64,
    /// Which life of the environment it belongs to; each reset begins a new one.
    pub generation: u32,
    /// The method.
    pub method: String,
    /// The target exactly as it was sent, query included.
    pub target: String,
    /// The headers, names in lower case, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The size of the body that was read.
    pub body_bytes: u64,
    /// A hash of the body, equal for equal bodies within one build of the sandbox.
    pub body_hash: u64,
    /// The status of the reply; absent while pending or if the connection was cut.
    pub status: Option<u16>,
    /// When the reply was ready, since the sandbox started.
    pub replied_at: Option<Duration>,
}

/// Something that the real platform would reject, or that costs it capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was breached.
    pub kind: ViolationKind,
    /// When, since the sandbox started.
    pub at: Duration,
    /// The connection it came by, numbered from 1; 0 if none.
    pub connection: u64,
    /// The particulars.
    pub detail: String,
}

/// The kinds of breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// A pending `next` was closed by its client (R14).
    DroppedNext,
    /// A second `next` while one was pending, on classic Lambda (R16).
    DoubledNext,
    /// `next` again although the event was delivered and not yet answered (R15).
    RepeatedNext,
    /// `next` while an answer was still being read (R17).
    NextDuringAnswer,
    /// An answer for an id that is not the current one.
    WrongRequestId,
    /// An answer for an invocation that already has one.
    DoubledAnswer,
    /// An answer whose body ended too early.
    TruncatedAnswer,
    /// An answer with an invalid response mode.
    InvalidResponseMode,
    /// An answer above the size limit.
    AnswerTooLarge,
    /// A Runtime API call before the runtime process was started (R6, R11).
    CallBeforeRuntime,
    /// A path or method that the API does not have.
    UnknownEndpoint,
    /// A request that is not valid HTTP, or whose head is too large.
    MalformedRequest,
    /// A call to the Extensions API that was refused.
    ExtensionRefused,
    /// A body where none is allowed, such as with `GET next`.
    UnexpectedBody,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    started: Instant,
    calls_max: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    calls: VecDeque<Call>,
    calls_total: u64,
    violations: Vec<Violation>,
}

impl Ledger {
    pub(crate) fn new(calls_max: usize) -> Self {
        Self {
            started: Instant::now(),
            calls_max,
            entries: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Writes the call down and returns its number.
    pub(crate) fn begin(&self, mut call: Call) -> u64 {
        let mut entries = self.lock();
        let index = entries.calls_total;
        entries.calls_total = index.saturating_add(1);
        call.index = index;
        call.at = self.now();
        if entries.calls.len() >= self.calls_max {
            entries.calls.pop_front();
        }
        if self.calls_max > 0 {
            entries.calls.push_back(call);
        }
        index
    }

    pub(crate) fn body(&self, index: u64, bytes: u64, hash: u64) {
        self.change(index, |call| {
            call.body_bytes = bytes;
            call.body_hash = hash;
        });
    }

    pub(crate) fn reply(&self, index: u64, status: u16) {
        let at = self.now();
        self.change(index, |call| {
            call.status = Some(status);
            call.replied_at = Some(at);
        });
    }

    pub(crate) fn violate(&self, kind: ViolationKind, connection: u64, detail: String) {
        let at = self.now();
        let mut entries = self.lock();
        // Limit: 100,000 breaches of about 100 bytes are 10 MiB; a test fails at the first.
        if entries.violations.len() < 100_000 {
            entries.violations.push(Violation {
                kind,
                at,
                connection,
                detail,
            });
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    pub(crate) fn calls_total(&self) -> u64 {
        self.lock().calls_total
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.lock().violations.clone()
    }

    fn change(&self, index: u64, change: impl FnOnce(&mut Call)) {
        let mut entries = self.lock();
        let first = entries.calls.front().map_or(0, |call| call.index);
        let place = index
            .checked_sub(first)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(call) = place.and_then(|place| entries.calls.get_mut(place)) {
            change(call);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
