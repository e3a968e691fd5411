//! One function in one sandbox, with or without the agent before it.
//! It never leaves a process behind.
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use credenza_sandbox::{
    Config, Extension, InitStatus, Invocation, Line, Origin, Outcome, OutputSink, Sandbox,
    ShutdownReason,
};

use crate::failure::Failure;
use crate::record::{Record, Records};

/// What is to be started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The function's command line.
    pub(crate) command: Vec<OsString>,
    /// The agent, if the function is to be protected.
    pub(crate) agent: Option<PathBuf>,
    /// From which level on the agent writes records; `debug` is a line for each event.
    pub(crate) log_level: &'static str,
    /// Variables for function and agent.
    pub(crate) env: Vec<(String, String)>,
    /// Configured memory, which decides the share of CPU.
    pub(crate) memory_mb: Option<u32>,
    /// Time limit of an invocation.
    pub(crate) timeout: Duration,
    /// Parallel slots; absent means one at a time.
    pub(crate) concurrency: Option<u16>,
}

/// A running function.
#[derive(Debug)]
pub(crate) struct Stage {
    sandbox: Sandbox,
    records: Option<Records>,
}

// Limit: the agent writes a line for every event before the answer leaves, so that it needs only be
// read; a quarter of a second in all is for a machine that is busy, and many looks for one that
// stands still, as that costs one of them.
const LOOKS: usize = 25;
const LOOK: Duration = Duration::from_millis(10);

impl Stage {
    /// Starts function and agent and takes them through INIT; `line` gets what they print, save
    /// records about invocations.
    pub(crate) async fn start(
        setup: Setup,
        line: impl Fn(&Line) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let records = Records::default();
        let protected = setup.agent.is_some();
        let mut config = configure(setup);
        config.output = OutputSink::new({
            let records = records.clone();
            move |text: &Line| {
                let agent = matches!(text.origin, Origin::Extension(_));
                if !(agent && records.take(&text.text)) {
                    line(text);
                }
            }
        });
        let sandbox = Sandbox::start(config).await.map_err(|error| {
            Failure::new("the sandbox", format!("{error:#}"), "see the lines above")
        })?;
        match sandbox.init().status.clone() {
            InitStatus::Success => (),
            InitStatus::Timeout => {
                let reason = "it did not ask for an event within 10 s";
                let fix = "name a program that speaks the Runtime API, such as a `bootstrap` \
                           or a runtime client with its handler";
                return Err(Failure::new("the function", reason, fix).into());
            }
            InitStatus::Error {
                error_type,
                message,
            } => {
                let reason = format!("it did not come to its first event: {message}");
                let (who, fix) = if error_type.starts_with("Extension.") {
                    ("the agent", "see its lines above, or try with --no-agent")
                } else {
                    ("the function", "see its lines above, or run it by itself")
                };
                return Err(Failure::new(who, reason, fix).into());
            }
        }
        Ok(Self {
            sandbox,
            records: protected.then_some(records),
        })
    }

    /// The sandbox itself.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Whether the agent stands before the function.
    pub(crate) fn is_protected(&self) -> bool {
        self.records.is_some()
    }

    /// Runs one event to its end.
    pub(crate) async fn invoke(&self, event: Bytes) -> Outcome {
        let mut invocation = Invocation::new(event);
        // A runtime asks for its next event a moment after its answer.
        invocation.slot_patience = self.sandbox.config().timeout;
        self.sandbox.invoke(invocation).await
    }

    /// What the agent said of an invocation; waits a moment for it.
    pub(crate) async fn records(&self, request_id: &str) -> Vec<Record> {
        let Some(records) = &self.records else {
            return Vec::new();
        };
        for _ in 0..LOOKS {
            let told = records.of(request_id, LOOK).await;
            if !told.is_empty() {
                return told;
            }
        }
        Vec::new()
    }
}

/// Waits for the last tasks to let go of the stage, then takes it through SHUTDOWN.
pub(crate) async fn stop(mut stage: Arc<Stage>) {
    // Limit: cut-off guests are gone at once; a second is for a machine that is busy. Should
    // one hold on for longer, dropping the stage ends every process all the same.
    for _ in 0..100 {
        match Arc::try_unwrap(stage) {
            Ok(stage) => {
                stage.sandbox.shutdown(ShutdownReason::Spindown).await;
                return;
            }
            Err(shared) => stage = shared,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn configure(setup: Setup) -> Config {
    let mut command = setup.command;
    let mut env = setup.env;
    let mut extensions = Vec::new();
    if let Some(agent) = setup.agent {
        let runtime = std::mem::take(&mut command);
        command = vec![agent.clone().into(), "wrap".into(), "--".into()];
        command.extend(runtime);
        // Any port, so that several sandboxes stand side by side; the wrapper asks which it is.
        env.push(("CREDENZA_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
        env.push(("CREDENZA_LOG_LEVEL".to_owned(), setup.log_level.to_owned()));
        extensions.push(Extension::new(agent));
    }
    let mut config = Config::new(command);
    config.env = env;
    config.extensions = extensions;
    config.timeout = setup.timeout;
    config.concurrency = setup.concurrency;
    config.working_directory = std::env::current_dir().ok();
    if let Some(memory_mb) = setup.memory_mb {
        config.memory_mb = memory_mb;
        config.cpu_share = true;
    }
    config
}
