//! INIT: extensions first, then the runtime, until all of them wait for an event.
//! It never starts the runtime before every external extension has registered.

use super::shutdown::{self, ShutdownReason};
use crate::{
    child::{Child, Program, describe},
    config::Origin,
    core::Core,
    environment,
    generation::{ExtensionPhase, ExtensionState, Failure, Generation, Phase, State},
    server::EXTENSIONS_MAX,
    telemetry::Init,
};
use std::{
    ffi::OsString,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// How an INIT went.
#[derive(Clone, Debug)]
pub struct InitReport {
    /// Its result.
    pub status: InitStatus,
    /// How long it took, from the start of the first process.
    pub duration: Duration,
    /// The last lines that the processes wrote to stderr, if it failed.
    pub last_lines: Vec<String>,
}

impl Default for InitReport {
    /// An INIT that never began.
    fn default() -> Self {
        Self {
            status: InitStatus::Timeout,
            duration: Duration::ZERO,
            last_lines: Vec::new(),
        }
    }
}

impl InitReport {
    /// Whether runtime and extensions came to wait for the first event.
    pub fn is_success(&self) -> bool {
        self.status == InitStatus::Success
    }
}

/// The result of an INIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitStatus {
    /// The runtime and all extensions wait for the first event.
    Success,
    /// The time limit passed; INIT runs again inside the first invocation.
    Timeout,
    /// A process failed; INIT runs again inside the first invocation.
    Error {
        /// Such as `Runtime.ExitError` or `Extension.Crash`.
        error_type: String,
        /// The particulars.
        message: String,
    },
}

/// Begins a new life of the environment and takes it through INIT.
pub(crate) async fn init(core: &Arc<Core>, limit: Duration) -> InitReport {
    let generation = core.begin_generation();
    let started = Instant::now();
    let told = Init::start(core, &generation);
    let result = tokio::time::timeout(limit, run(core, &generation, &told)).await;
    let status = match result {
        Ok(Ok(())) => InitStatus::Success,
        Ok(Err(failure)) => InitStatus::Error {
            error_type: failure.error_type,
            message: failure.message,
        },
        Err(_) => InitStatus::Timeout,
    };
    let duration = started.elapsed();
    generation.with(|state| state.init = Some(duration));
    told.report(&status, duration);
    let name = match &status {
        InitStatus::Success => None,
        InitStatus::Timeout => Some("timeout".to_owned()),
        InitStatus::Error { error_type, .. } => Some(format!("error\tError Type: {error_type}")),
    };
    if let Some(name) = name {
        let ms = duration.as_secs_f64() * 1000.0;
        core.say(format!(
            "INIT_REPORT Init Duration: {ms:.2} ms\tPhase: init\tStatus: {name}"
        ));
        let reason = if status == InitStatus::Timeout {
            ShutdownReason::Timeout
        } else {
            ShutdownReason::Failure
        };
        shutdown::end(core, &generation, reason).await;
    }
    let last_lines = match status {
        InitStatus::Success => Vec::new(),
        _ => core.children.last_lines(),
    };
    InitReport {
        status,
        duration,
        last_lines,
    }
}

async fn run(
    core: &Arc<Core>,
    generation: &Arc<Generation>,
    told: &Init<'_>,
) -> Result<(), Failure> {
    start_extensions(core, generation).await?;
    settled(generation, |state| {
        state
            .extensions
            .iter()
            .all(|extension| extension.internal || extension.phase != ExtensionPhase::Started)
    })
    .await?;
    start_runtime(core, generation).await?;
    if generation.snap_start {
        restore(generation, told).await?;
    }
    let managed = generation.managed;
    settled(generation, move |state| {
        state.is_runtime_done() && (!managed || !state.waiters.is_empty())
    })
    .await?;
    told.runtime_done();
    settled(generation, State::is_idle).await?;
    generation.with(|state| state.registration_open = false);
    Ok(())
}

/// Waits until `ready` holds or this life fails.
async fn settled(generation: &Generation, ready: impl Fn(&State) -> bool) -> Result<(), Failure> {
    generation
        .until(|state| match &state.failure {
            Some(failure) => Some(Err(failure.clone())),
            None => ready(state).then_some(Ok(())),
        })
        .await
}

/// SnapStart: the snapshot is taken when the runtime asks for the restore or for an event.
async fn restore(generation: &Generation, told: &Init<'_>) -> Result<(), Failure> {
    settled(generation, |state| {
        matches!(state.phase, Phase::RestoreReady | Phase::Ready)
    })
    .await?;
    told.restore();
    generation.with(|state| {
        if let Some(waiter) = state.restore_waiter.take() {
            state.phase = Phase::Restoring;
            // A dead waiter fails the restore by the time limit.
            let _ = waiter.send(());
        }
    });
    Ok(())
}

async fn start_extensions(core: &Arc<Core>, generation: &Arc<Generation>) -> Result<(), Failure> {
    if core.config.extensions_disabled {
        return Ok(());
    }
    let extensions = &core.config.extensions;
    if extensions.len() > EXTENSIONS_MAX {
        return Err(launch_error("too many extensions".to_owned()));
    }
    generation.with(|state| {
        state.extensions = extensions
            .iter()
            .map(|extension| ExtensionState::new(&extension.name(), false))
            .collect();
    });
    for extension in extensions {
        let name = extension.name();
        let command = [extension.path.clone().into_os_string()];
        let program = Program {
            command: &command,
            env: environment::of_extension(core, extension),
            directory: Path::new("/"),
            origin: Origin::Extension(name.clone()),
        };
        let child = Child::start(core, program)
            .await
            .map_err(|error| launch_error(format!("{name}: {error:#}")))?;
        let processes = &mut generation.processes();
        processes.extensions.push((name.clone(), child.clone()));
        tokio::spawn(watch_extension(Arc::clone(generation), name, child));
    }
    Ok(())
}

fn launch_error(message: String) -> Failure {
    Failure {
        error_type: "Extension.LaunchError".to_owned(),
        message,
    }
}

/// Any exit of an extension outside SHUTDOWN is a crash, whatever its code.
async fn watch_extension(generation: Arc<Generation>, name: String, child: Child) {
    let status = child.exited().await;
    generation.with(|state| {
        let mut all = state.extensions.iter_mut();
        if let Some(extension) = all.find(|extension| extension.name == name) {
            let gave_up = matches!(
                extension.phase,
                ExtensionPhase::InitError | ExtensionPhase::ExitError
            );
            if !gave_up {
                extension.phase = ExtensionPhase::Exited;
            }
        }
    });
    generation.fail("Extension.Crash", format!("{name}: {}", describe(status)));
}

async fn start_runtime(core: &Arc<Core>, generation: &Arc<Generation>) -> Result<(), Failure> {
    let config = &core.config;
    let wrapper = config
        .wrapper
        .iter()
        .map(|path| path.clone().into_os_string());
    let command: Vec<OsString> = wrapper.chain(config.command.iter().cloned()).collect();
    let directory = match &config.working_directory {
        Some(directory) => directory.as_path(),
        None if config.task_root.is_dir() => config.task_root.as_path(),
        None => Path::new("/"),
    };
    let program = Program {
        command: &command,
        env: environment::of_runtime(core),
        directory,
        origin: Origin::Function,
    };
    generation.with(|state| state.runtime_started = true);
    let child = Child::start(core, program).await.map_err(|error| Failure {
        error_type: "Runtime.InvalidEntrypoint".to_owned(),
        message: format!("{error:#}"),
    })?;
    generation.processes().runtime = Some(child.clone());
    let generation = Arc::clone(generation);
    tokio::spawn(async move {
        let status = child.exited().await;
        let message = if status.success() {
            "Runtime exited without providing a reason".to_owned()
        } else {
            format!("Runtime exited with error: {}", describe(status))
        };
        generation.fail("Runtime.ExitError", message);
    });
    Ok(())
}
