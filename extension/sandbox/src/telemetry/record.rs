//! The records of the platform's own events, in the shape of its schema.
//! It never invents a figure: what the sandbox does not measure is left out.

use crate::{
    core::Core,
    generation::{Event, ExtensionState, Generation},
    life::{self, InitStatus, ShutdownReason},
    outcome::Ending,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Milliseconds with the platform's three decimals.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Puts `errorType` and `status` where something failed, else the status alone.
fn with_status(mut record: Value, failure: Option<(&str, Option<&str>)>) -> Value {
    if let Some(object) = record.as_object_mut() {
        let (status, error_type) = failure.unwrap_or(("success", None));
        object.insert("status".to_owned(), Value::from(status));
        if let Some(error_type) = error_type {
            object.insert("errorType".to_owned(), Value::from(error_type));
        }
    }
    record
}

/// One INIT, as its events tell it.
#[derive(Debug)]
pub(crate) struct Init<'a> {
    core: &'a Core,
    generation: &'a Generation,
    /// Whether the runtime is known to be done, and since when it is being restored.
    progress: Mutex<(bool, Option<Instant>)>,
}

impl<'a> Init<'a> {
    /// Tells `platform.initStart`.
    pub(crate) fn start(core: &'a Core, generation: &'a Generation) -> Self {
        let own = Self {
            core,
            generation,
            progress: Mutex::default(),
        };
        own.tell("initStart", || {
            let mut record = own.head();
            let config = &core.config;
            let mut add = |name: &str, value: &str| {
                record.insert(name.to_owned(), Value::from(value));
            };
            add("functionName", &config.function_name);
            add("functionVersion", &config.function_version);
            Value::Object(record)
        });
        own
    }

    /// The runtime asks for its first event: tells `platform.initRuntimeDone`, or that it is
    /// restored.
    pub(crate) fn runtime_done(&self) {
        let (was_done, restored_since) = self.become_done();
        if let Some(since) = restored_since {
            self.tell("restoreRuntimeDone", || with_status(json!({}), None));
            self.tell("restoreReport", || {
                let metrics = json!({ "durationMs": ms(since.elapsed()) });
                with_status(json!({ "metrics": metrics }), None)
            });
        } else if !was_done {
            self.tell_done(None);
        }
    }

    /// The snapshot is taken and restored at once: tells the end of one, the start of the other.
    pub(crate) fn restore(&self) {
        self.become_done();
        self.tell_done(None);
        self.tell("restoreStart", || {
            let config = &self.core.config;
            json!({
                "functionName": config.function_name,
                "functionVersion": config.function_version,
            })
        });
        self.lock().1 = Some(Instant::now());
    }

    /// Tells how every extension and INIT itself came out; nobody can subscribe from now on.
    pub(crate) fn report(&self, status: &InitStatus, duration: Duration) {
        let failure = match status {
            InitStatus::Success => None,
            InitStatus::Timeout => Some(("timeout", None)),
            InitStatus::Error { error_type, .. } => Some(("error", Some(error_type.as_str()))),
        };
        let (was_done, _) = self.become_done();
        if !was_done {
            self.tell_done(failure);
        }
        let extensions = self.generation.read(|state| {
            let all = state.extensions.iter();
            all.map(record_of).collect::<Vec<_>>()
        });
        for extension in extensions {
            self.tell("extension", || extension);
        }
        self.tell("initReport", || {
            let mut record = self.head();
            let metrics = json!({ "durationMs": ms(duration) });
            record.insert("metrics".to_owned(), metrics);
            with_status(Value::Object(record), failure)
        });
        self.generation.telemetry.close_subscription();
    }

    fn become_done(&self) -> (bool, Option<Instant>) {
        let mut progress = self.lock();
        (std::mem::replace(&mut progress.0, true), progress.1.take())
    }

    fn tell_done(&self, failure: Option<(&str, Option<&str>)>) {
        self.tell("initRuntimeDone", || {
            with_status(Value::Object(self.head()), failure)
        });
    }

    fn tell(&self, event: &str, record: impl FnOnce() -> Value) {
        self.generation.telemetry.platform(event, record);
    }

    fn head(&self) -> Map<String, Value> {
        // Every life but the first begins inside an invocation.
        let phase = match self.generation.number {
            0 => "init",
            _ => "invoke",
        };
        let kind = self.core.config.initialization_type();
        let mut head = Map::new();
        head.insert("initializationType".to_owned(), Value::from(kind));
        head.insert("phase".to_owned(), Value::from(phase));
        head
    }

    fn lock(&self) -> MutexGuard<'_, (bool, Option<Instant>)> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The record of `platform.extension`.
fn record_of(extension: &ExtensionState) -> Value {
    let wanted = [
        ("INVOKE", extension.on_invoke),
        ("SHUTDOWN", extension.on_shutdown),
    ];
    let events = wanted.iter().filter(|(_, is_wanted)| *is_wanted);
    let events: Vec<&str> = events.map(|(name, _)| *name).collect();
    json!({ "name": extension.name, "state": extension.phase.name(), "events": events })
}

/// One invocation, as its three events tell it.
#[derive(Debug)]
pub(crate) struct Invoked {
    core: Arc<Core>,
    generation: Arc<Generation>,
    request_id: String,
    trace: String,
    started: Instant,
    /// Status and error type, as far as they are known.
    outcome: (&'static str, Option<String>),
    produced_bytes: u64,
    is_runtime_done: bool,
}

impl Invoked {
    /// Tells `platform.start`.
    pub(crate) fn start(core: &Arc<Core>, generation: &Arc<Generation>, event: &Event) -> Self {
        let mut headers = event.headers.iter();
        let trace = headers.find(|(name, _)| name == "lambda-runtime-trace-id");
        let own = Self {
            core: Arc::clone(core),
            generation: Arc::clone(generation),
            request_id: event.request_id.clone(),
            trace: trace.map(|(_, trace)| trace.clone()).unwrap_or_default(),
            started: Instant::now(),
            outcome: ("success", None),
            produced_bytes: 0,
            is_runtime_done: false,
        };
        own.tell("start", || {
            let mut record = own.head();
            let version = Value::from(core.config.function_version.clone());
            record.insert("version".to_owned(), version);
            Value::Object(record)
        });
        own
    }

    /// The caller has its outcome; the first one stands.
    pub(crate) fn ended(&mut self, ending: &Ending, produced_bytes: u64) {
        if let Ending::Error { error_type, .. } | Ending::Platform { error_type, .. } = ending {
            self.outcome = ("error", Some(error_type.clone()));
        }
        self.produced_bytes = produced_bytes;
    }

    /// Tells `platform.runtimeDone`, once: the runtime asks for the next event, or never will.
    pub(crate) fn runtime_done(&mut self) {
        if std::mem::replace(&mut self.is_runtime_done, true) {
            return;
        }
        self.tell("runtimeDone", || {
            self.record(json!({
                "durationMs": ms(self.started.elapsed()),
                "producedBytes": self.produced_bytes,
            }))
        });
    }

    /// Tells `platform.report`; whatever the caller was told, a reset is what it came to.
    pub(crate) fn report(&mut self, reset: Option<ShutdownReason>) {
        match reset {
            None => {}
            Some(ShutdownReason::Timeout) => self.outcome = ("timeout", None),
            Some(_) => {
                let failure = self.generation.read(|state| state.failure.clone());
                self.outcome = ("failure", failure.map(|failure| failure.error_type));
            }
        }
        self.runtime_done();
        let init = self.generation.with(|state| state.init.take());
        self.tell("report", || {
            let duration = self.started.elapsed();
            // INIT is billed with the first invocation (2.3).
            let billed = duration.saturating_add(init.unwrap_or_default());
            let billed = billed.as_micros().div_ceil(1_000);
            let billed = u64::try_from(billed).unwrap_or(u64::MAX);
            let mut metrics = json!({
                "durationMs": ms(duration),
                "billedDurationMs": billed,
                "memorySizeMB": self.core.config.memory_mb,
            });
            let mut add = |name: &str, value: Value| {
                if let Some(metrics) = metrics.as_object_mut() {
                    metrics.insert(name.to_owned(), value);
                }
            };
            if let Some(init) = init {
                add("initDurationMs", Value::from(ms(init)));
            }
            if let Some(memory_mb) = life::memory_used_mb(&self.core) {
                add("maxMemoryUsedMB", Value::from(memory_mb));
            }
            self.record(metrics)
        });
    }

    fn tell(&self, event: &str, record: impl FnOnce() -> Value) {
        self.generation.telemetry.platform(event, record);
    }

    fn record(&self, metrics: Value) -> Value {
        let mut record = self.head();
        record.insert("metrics".to_owned(), metrics);
        let (status, error_type) = &self.outcome;
        with_status(
            Value::Object(record),
            Some((*status, error_type.as_deref())),
        )
    }

    fn head(&self) -> Map<String, Value> {
        let mut tracing = json!({ "type": "X-Amzn-Trace-Id", "value": self.trace });
        let mut parts = self.trace.split(';');
        let parent = parts.find_map(|part| part.strip_prefix("Parent="));
        if let (Some(parent), Some(tracing)) = (parent, tracing.as_object_mut()) {
            tracing.insert("spanId".to_owned(), Value::from(parent));
        }
        let mut head = Map::new();
        head.insert("requestId".to_owned(), Value::from(self.request_id.clone()));
        head.insert("tracing".to_owned(), tracing);
        head
    }
}
