//! SHUTDOWN and reset: the runtime first, then the extensions, all within the budget.
//! It never returns while a process of this life is alive.

use super::Processes;
use crate::{
    child::Child,
    core::Core,
    generation::{ExtensionEvent, ExtensionPhase, Generation},
    time,
};
use rustix::process::Signal;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Limit: 2,000 ms for runtime and external extensions together (documented).
const WITH_EXTERNAL: Duration = Duration::from_secs(2);
/// Limit: 500 ms with internal extensions only (documented).
const WITH_INTERNAL: Duration = Duration::from_millis(500);
/// Limit: 30 % of the budget for the runtime's SIGTERM (RIE `rapid/shutdown.go`).
const RUNTIME_PERCENT: u32 = 30;

/// Why the environment ends, as extensions are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownReason {
    /// It was idle for long enough.
    Spindown,
    /// An invocation or INIT ran out of time.
    Timeout,
    /// A process crashed.
    Failure,
}

impl ShutdownReason {
    /// The word in the SHUTDOWN event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

/// How a SHUTDOWN went.
#[derive(Clone, Debug)]
pub struct Shutdown {
    /// One entry per external extension, in the order of the configuration.
    pub extensions: Vec<ExtensionExit>,
    /// How the runtime ended: its exit code, absent if a signal ended it.
    pub runtime_code: Option<i32>,
    /// From the first signal to the end of the last process.
    pub duration: Duration,
}

/// How one extension ended.
#[derive(Clone, Debug)]
pub struct ExtensionExit {
    /// The extension's name.
    pub name: String,
    /// Its exit code, absent if a signal ended it.
    pub code: Option<i32>,
    /// Whether the budget was over and it was killed, or had not asked for SHUTDOWN.
    pub killed: bool,
    /// From the SHUTDOWN event to its exit.
    pub elapsed: Duration,
}

/// Ends the sandbox's current life, for good.
pub(crate) async fn shutdown(core: &Arc<Core>, reason: ShutdownReason) -> Shutdown {
    let ended = match core.generation() {
        Some(generation) => end(core, &generation, reason).await,
        None => None,
    };
    core.close();
    ended.unwrap_or(Shutdown {
        extensions: Vec::new(),
        runtime_code: None,
        duration: Duration::ZERO,
    })
}

/// Ends one life of the environment; does nothing if it has been ended before.
pub(crate) async fn end(
    core: &Arc<Core>,
    generation: &Arc<Generation>,
    reason: ShutdownReason,
) -> Option<Shutdown> {
    let was_closing = generation.with(|state| std::mem::replace(&mut state.closing, true));
    if was_closing {
        return None;
    }
    let started = Instant::now();
    let processes = std::mem::take(&mut *generation.processes());
    let internal = generation.read(|state| state.extensions.iter().any(|e| e.internal));
    let budget = if !processes.extensions.is_empty() {
        WITH_EXTERNAL
    } else if internal {
        WITH_INTERNAL
    } else {
        Duration::ZERO
    };
    let Processes {
        runtime,
        extensions,
    } = processes;
    let mut runtime_code = None;
    if let Some(runtime) = runtime {
        runtime_code = end_runtime(&runtime, budget).await;
    }
    // What the runtime has said last is on its way to the subscribers before they must go.
    generation.telemetry.flush();
    let deadline = started + budget;
    let left = deadline.saturating_duration_since(Instant::now());
    let body = json!({
        "eventType": "SHUTDOWN",
        "shutdownReason": reason.word(),
        "deadlineMs": time::epoch_ms_in(left),
    })
    .to_string();
    let told = tell_extensions(generation, &body);
    let sent = Instant::now();
    let mut exits = Vec::new();
    for (name, child) in extensions {
        let is_told = told.contains(&name);
        exits.push(tokio::spawn(end_extension(
            name, child, is_told, sent, deadline,
        )));
    }
    let mut extensions = Vec::new();
    for exit in exits {
        extensions.extend(exit.await);
    }
    generation.with(|state| {
        state.waiters.clear();
        state.restore_waiter = None;
        for extension in &mut state.extensions {
            extension.waiter = None;
        }
    });
    core.say(format!("environment ended: {}", reason.word()));
    Some(Shutdown {
        extensions,
        runtime_code,
        duration: started.elapsed(),
    })
}

async fn end_runtime(runtime: &Child, budget: Duration) -> Option<i32> {
    if !budget.is_zero() {
        runtime.signal(Signal::TERM);
        let share = budget * RUNTIME_PERCENT / 100;
        if let Ok(status) = tokio::time::timeout(share, runtime.exited()).await {
            return status.code();
        }
    }
    runtime.signal(Signal::KILL);
    runtime.exited().await.code()
}

/// Sends SHUTDOWN to those who asked for it; returns their names.
fn tell_extensions(generation: &Generation, body: &str) -> Vec<String> {
    generation.with(|state| {
        let mut told = Vec::new();
        for extension in &mut state.extensions {
            let asked = extension.on_shutdown && extension.phase != ExtensionPhase::Exited;
            if !asked {
                continue;
            }
            told.push(extension.name.clone());
            extension.shutdown = Some(body.to_owned());
            if let Some(waiter) = extension.waiter.take() {
                extension.phase = ExtensionPhase::Running;
                let _ = waiter.send(ExtensionEvent {
                    identifier: None,
                    body: body.to_owned(),
                });
                extension.shutdown = None;
            }
        }
        told
    })
}

async fn end_extension(
    name: String,
    child: Child,
    is_told: bool,
    sent: Instant,
    deadline: Instant,
) -> ExtensionExit {
    let in_time = if is_told {
        let deadline = tokio::time::Instant::from_std(deadline);
        tokio::time::timeout_at(deadline, child.exited()).await.ok()
    } else {
        None
    };
    let killed = in_time.is_none();
    let status = if let Some(status) = in_time {
        status
    } else {
        child.signal(Signal::KILL);
        child.exited().await
    };
    ExtensionExit {
        name,
        code: status.code(),
        killed,
        elapsed: sent.elapsed(),
    }
}
