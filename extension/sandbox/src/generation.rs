//! One life of the execution environment: the platform's view of its runtime and extensions.
//! It never does I/O; servers and supervisors change it and wait for its changes.

use crate::{
    life::Processes,
    outcome::{Answer, Ending, LivePart},
    server::{Arrival, Connection},
    telemetry::Telemetry,
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};

/// A life of the environment; a reset ends it and begins another.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) number: u32,
    /// Managed Instances: several events at a time, matched by id.
    pub(crate) managed: bool,
    pub(crate) snap_start: bool,
    pub(crate) telemetry: Telemetry,
    state: Mutex<State>,
    processes: Mutex<Processes>,
    changes: watch::Sender<()>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) waiters: VecDeque<oneshot::Sender<Arc<Event>>>,
    /// The invocation that classic Lambda works on; it stays current until the next one.
    pub(crate) current: Option<String>,
    pub(crate) active: BTreeMap<String, Active>,
    /// Ids that timed out on Managed Instances: their answers get 410.
    pub(crate) expired: BTreeSet<String>,
    pub(crate) extensions: Vec<ExtensionState>,
    pub(crate) registration_open: bool,
    pub(crate) runtime_started: bool,
    pub(crate) restore_waiter: Option<oneshot::Sender<()>>,
    pub(crate) init_error: Option<PostedError>,
    /// How long INIT took, until the first report has told it.
    pub(crate) init: Option<Duration>,
    pub(crate) failure: Option<Failure>,
    pub(crate) closing: bool,
}

/// The states of a classic runtime (RIE `core/states.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Started,
    RestoreReady,
    Restoring,
    Ready,
    Running,
    InvocationResponse,
    InvocationErrorResponse,
    ResponseSent,
    InitError,
    RestoreError,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::RestoreReady => "RestoreReady",
            Self::Restoring => "Restoring",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::InvocationResponse => "InvocationResponse",
            Self::InvocationErrorResponse => "InvocationErrorResponse",
            Self::ResponseSent => "ResponseSent",
            Self::InitError => "InitError",
            Self::RestoreError => "RestoreError",
        }
    }
}

/// What the runtime receives for one invocation.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) event: Arc<Event>,
    pub(crate) delivery: Option<Arc<Connection>>,
    pub(crate) answer: AnswerState,
    pub(crate) live: Option<mpsc::UnboundedSender<LivePart>>,
}

#[derive(Debug)]
pub(crate) enum AnswerState {
    Awaited,
    /// Its body is being read; the connection is cut when the invocation times out.
    Arriving {
        connection: Arc<Connection>,
        arrival: Arrival,
    },
    Posted(Box<Posted>),
    /// The supervisor has taken it.
    Taken,
}

#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) ending: Ending,
    pub(crate) answer: Answer,
    pub(crate) turnaround: Option<Duration>,
    pub(crate) completed: Instant,
}

#[derive(Clone, Debug)]
pub(crate) struct PostedError {
    pub(crate) error_type: String,
    pub(crate) body: Bytes,
}

/// Why a life of the environment cannot go on.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) error_type: String,
    pub(crate) message: String,
}

#[derive(Debug)]
pub(crate) struct ExtensionState {
    pub(crate) name: String,
    pub(crate) internal: bool,
    pub(crate) phase: ExtensionPhase,
    pub(crate) identifier: String,
    pub(crate) on_invoke: bool,
    pub(crate) on_shutdown: bool,
    pub(crate) waiter: Option<oneshot::Sender<ExtensionEvent>>,
    /// The SHUTDOWN event that it has not fetched yet.
    pub(crate) shutdown: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtensionPhase {
    Started,
    Registered,
    Ready,
    Running,
    InitError,
    ExitError,
    Exited,
}

impl ExtensionPhase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Registered => "Registered",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::InitError => "InitError",
            Self::ExitError => "ExitError",
            Self::Exited => "Exited",
        }
    }
}

/// A reply to `event/next`.
#[derive(Debug)]
pub(crate) struct ExtensionEvent {
    pub(crate) identifier: Option<String>,
    pub(crate) body: String,
}

/// What a `next` leads to.
#[derive(Debug)]
pub(crate) enum Next {
    Deliver(Arc<Event>),
    Wait(oneshot::Receiver<Arc<Event>>),
    Forbidden(Phase),
}

/// What releasing an event to a runtime leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// Somebody waits, or the runtime will ask again.
    Released,
    /// Managed Instances: the oldest slot's connection was dead.
    DeadSlot,
    /// Managed Instances: no slot waits.
    NoSlot,
}

impl Generation {
    pub(crate) fn new(number: u32, managed: bool, snap_start: bool) -> Self {
        Self {
            number,
            managed,
            snap_start,
            telemetry: Telemetry::new(),
            state: Mutex::new(State {
                phase: Phase::Started,
                waiters: VecDeque::new(),
                current: None,
                active: BTreeMap::new(),
                expired: BTreeSet::new(),
                extensions: Vec::new(),
                registration_open: true,
                runtime_started: false,
                restore_waiter: None,
                init_error: None,
                init: None,
                failure: None,
                closing: false,
            }),
            processes: Mutex::default(),
            changes: watch::Sender::new(()),
        }
    }

    /// Reads or changes the state, and wakes everyone who waits for a change.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changes.send_replace(());
        result
    }

    /// Reads the state without waking anyone.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.lock())
    }

    /// Waits until `ready` gives a value.
    pub(crate) async fn until<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(value) = ready(&mut self.lock()) {
                return value;
            }
            // The sender lives as long as this generation, so waiting cannot fail.
            let _ = changes.changed().await;
        }
    }

    /// Writes down why this life ends; the first reason stays.
    pub(crate) fn fail(&self, error_type: &str, message: String) {
        self.with(|state| {
            if !state.closing && state.failure.is_none() {
                state.failure = Some(Failure {
                    error_type: error_type.to_owned(),
                    message,
                });
            }
        });
    }

    /// The processes of this life, locked.
    pub(crate) fn processes(&self) -> MutexGuard<'_, Processes> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The runtime asks for an event (RIE `core/states.go`, section 1.5 of the contract).
    pub(crate) fn next(&mut self, managed: bool, connection: &Arc<Connection>) -> Next {
        if managed {
            return match self.phase {
                Phase::InitError | Phase::RestoreError => Next::Forbidden(self.phase),
                _ => self.wait(),
            };
        }
        match self.phase {
            Phase::Started | Phase::Restoring | Phase::Ready | Phase::ResponseSent => self.wait(),
            Phase::Running => match self.current_active() {
                Some(active) => {
                    active.delivery = Some(Arc::clone(connection));
                    Next::Deliver(Arc::clone(&active.event))
                }
                None => self.wait(),
            },
            phase => Next::Forbidden(phase),
        }
    }

    fn wait(&mut self) -> Next {
        self.phase = Phase::Ready;
        let (sender, receiver) = oneshot::channel();
        self.waiters.push_back(sender);
        Next::Wait(receiver)
    }

    /// Hands an event to the oldest waiter, even if its connection is dead (R14).
    pub(crate) fn release(
        &mut self,
        managed: bool,
        event: Arc<Event>,
        live: Option<mpsc::UnboundedSender<LivePart>>,
    ) -> Release {
        let id = event.request_id.clone();
        let active = Active {
            event: Arc::clone(&event),
            delivery: None,
            answer: AnswerState::Awaited,
            live,
        };
        if managed {
            let Some(waiter) = self.waiters.pop_front() else {
                return Release::NoSlot;
            };
            self.active.insert(id.clone(), active);
            if waiter.send(event).is_err() {
                self.active.remove(&id);
                return Release::DeadSlot;
            }
            return Release::Released;
        }
        // Classic: the former invocation's id stops being current only now.
        self.active.clear();
        self.active.insert(id.clone(), active);
        self.current = Some(id);
        self.phase = Phase::Running;
        if let Some(waiter) = self.waiters.pop_front() {
            // A dead waiter swallows the event; a repeated `next` gets it again.
            let _ = waiter.send(event);
        }
        Release::Released
    }

    fn current_active(&mut self) -> Option<&mut Active> {
        let id = self.current.as_ref()?;
        self.active.get_mut(id)
    }

    /// Whether the runtime waits for an event.
    pub(crate) fn is_runtime_done(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Whether the runtime waits for an event, and so does every extension.
    pub(crate) fn is_idle(&self) -> bool {
        let mut extensions = self.extensions.iter();
        self.is_runtime_done()
            && extensions.all(|extension| extension.phase == ExtensionPhase::Ready)
    }

    /// Takes the answer of this invocation once it is complete.
    pub(crate) fn take_posted(&mut self, id: &str) -> Option<Posted> {
        let active = self.active.get_mut(id)?;
        match std::mem::replace(&mut active.answer, AnswerState::Taken) {
            AnswerState::Posted(posted) => Some(*posted),
            other => {
                active.answer = other;
                None
            }
        }
    }
}
