//! The handle on one running sandbox.
//! It never lets a child live on: dropping it kills every process group it started.

use crate::{
    config::Config,
    core::Core,
    cpu::CpuShare,
    ledger::{Call, Violation},
    life::{self, InitReport, Shutdown, ShutdownReason},
    outcome::{Invocation, Outcome},
    server,
};
use anyhow::{Context as _, Result};
use rustix::process::Signal;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A local Lambda execution environment with one function in it.
///
/// It needs a running tokio runtime for as long as it lives.
#[derive(Debug)]
pub struct Sandbox {
    core: Arc<Core>,
    init: InitReport,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts the API, the extensions and the runtime, and goes through INIT.
    ///
    /// A failed INIT is not an error here, for the platform goes on as well: it is told by
    /// [`Sandbox::init`], and the next invocation runs INIT again.
    /// An error means that the sandbox itself could not start: a busy port or an empty command.
    pub async fn start(config: Config) -> Result<Self> {
        Ok(Self::bind(config).await?.start().await)
    }

    /// Starts the API only, for those who must know its address before any process runs.
    pub async fn bind(config: Config) -> Result<Bound> {
        anyhow::ensure!(
            !config.command.is_empty(),
            "the sandbox needs a command to run"
        );
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
            .await
            .context("cannot bind the Runtime API to loopback")?;
        let core = Arc::new(Core::new(config, listener.local_addr()?));
        let server = tokio::spawn(server::serve(listener, Arc::downgrade(&core)));
        Ok(Bound(Self {
            core,
            init: InitReport::default(),
            server,
        }))
    }

    /// The address of the Runtime, Extensions and Telemetry API.
    pub fn api(&self) -> SocketAddr {
        self.core.address
    }

    /// How the first INIT went.
    pub fn init(&self) -> &InitReport {
        &self.init
    }

    /// The configuration it runs with.
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// Whether the children's CPU is limited to the share of the configured memory.
    pub fn cpu_share(&self) -> &CpuShare {
        &self.core.cpu_share
    }

    /// Invokes the function and waits for the outcome.
    ///
    /// On classic Lambda invocations stand in a queue; on Managed Instances they run in parallel
    /// as far as slots are free.
    /// Dropping the future does not cancel the invocation, as hanging up does not on the platform.
    pub async fn invoke(&self, invocation: Invocation) -> Outcome {
        self.begin(invocation).await.unwrap_or_else(|_| Outcome {
            request_id: String::new(),
            ending: crate::Ending::Platform {
                error_type: "Sandbox.Failure".to_owned(),
                message: "the sandbox was shut down".to_owned(),
            },
            answer: None,
            turnaround: None,
            duration: Duration::ZERO,
            suppressed_init: None,
        })
    }

    /// Begins an invocation and returns at once; the outcome follows by the channel.
    pub fn begin(&self, invocation: Invocation) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        let core = Arc::clone(&self.core);
        tokio::spawn(life::invoke(core, invocation, sender));
        receiver
    }

    /// Waits until the function and its extensions wait for the next event.
    pub async fn idle(&self) {
        let _turn = self.core.turn.lock().await;
    }

    /// The calls to the API so far, the newest [`Config::ledger_calls_max`] of them.
    pub fn calls(&self) -> Vec<Call> {
        self.core.ledger.calls()
    }

    /// How many calls there were in all.
    pub fn calls_total(&self) -> u64 {
        self.core.ledger.calls_total()
    }

    /// Every breach of the platform's contract so far.
    pub fn violations(&self) -> Vec<Violation> {
        self.core.ledger.violations()
    }

    /// The time since the sandbox started, on the scale of calls, chunks and violations.
    pub fn now(&self) -> Duration {
        self.core.ledger.now()
    }

    /// The process id of the runtime, or of its wrapper, if it runs.
    pub fn runtime_pid(&self) -> Option<u32> {
        life::runtime_pid(&self.core)
    }

    /// The process id of this extension, if it runs.
    pub fn extension_pid(&self, name: &str) -> Option<u32> {
        life::extension_pid(&self.core, name)
    }

    /// Stops all processes for a while, as the platform does between invocations.
    /// With `reset_idle_connections` every connection without a pending call is reset meanwhile,
    /// as if it had timed out during a long freeze.
    pub async fn freeze(&self, duration: Duration, reset_idle_connections: bool) {
        self.core.children.signal_all(Signal::STOP);
        tokio::time::sleep(duration).await;
        if reset_idle_connections {
            self.core.connections.reset_idle();
        }
        self.core.children.signal_all(Signal::CONT);
    }

    /// Resets every connection without a pending call; returns how many.
    pub fn reset_idle_connections(&self) -> usize {
        self.core.connections.reset_idle()
    }

    /// Resets every connection, pending calls included; returns how many.
    pub fn reset_all_connections(&self) -> usize {
        self.core.connections.reset_all()
    }

    /// Takes the environment through SHUTDOWN and ends the sandbox.
    pub async fn shutdown(self, reason: ShutdownReason) -> Shutdown {
        let _turn = self.core.turn.lock().await;
        life::shutdown(&self.core, reason).await
    }
}

/// A sandbox whose API listens and whose processes have not been started.
#[derive(Debug)]
pub struct Bound(Sandbox);

impl Bound {
    /// The address of the Runtime, Extensions and Telemetry API.
    pub fn api(&self) -> SocketAddr {
        self.0.api()
    }

    /// Starts the extensions and the runtime, and goes through INIT.
    pub async fn start(self) -> Sandbox {
        let Self(mut sandbox) = self;
        let core = Arc::clone(&sandbox.core);
        sandbox.init = life::init(&core, core.config.init_timeout).await;
        sandbox
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
        self.core.close();
    }
}
