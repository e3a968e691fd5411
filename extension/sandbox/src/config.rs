//! What a sandbox is made of: the function, its extensions, its limits and where output goes.
//! It never touches a file or a process; wrong paths show when the sandbox starts.

use crate::fault::FaultPlan;
use std::{
    ffi::OsString,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The whole configuration of one sandbox.
/// Start from [`Config::new`] and change what matters to you.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, named one by one where they are set"
)]
#[derive(Clone, Debug)]
pub struct Config {
    /// The runtime process: program and arguments, as the platform would start it.
    pub command: Vec<OsString>,
    /// The customer's environment variables; runtime and extensions both receive them.
    pub env: Vec<(String, String)>,
    /// Where the runtime starts; the task root if absent.
    pub working_directory: Option<PathBuf>,
    /// `LAMBDA_TASK_ROOT`, the folder of the function's code.
    pub task_root: PathBuf,
    /// The external extensions, started before the runtime.
    pub extensions: Vec<Extension>,
    /// Acts like the file `/opt/disable-extensions-jwigqn8j`: no extension is started.
    pub extensions_disabled: bool,
    /// `AWS_LAMBDA_EXEC_WRAPPER`: executed with the runtime's command line as its arguments.
    pub wrapper: Option<PathBuf>,
    /// The function's time limit for one invocation.
    pub timeout: Duration,
    /// The time limit of INIT, for extensions, runtime and function code together.
    pub init_timeout: Duration,
    /// The configured memory in MB; it decides the emulated CPU share, not a memory limit.
    pub memory_mb: u32,
    /// Limit the children's CPU to the share of `memory_mb` where control groups allow it.
    pub cpu_share: bool,
    /// Managed Instances: the number of parallel slots. Absent means classic Lambda.
    pub concurrency: Option<u16>,
    /// Serve the SnapStart endpoints and take the runtime through a restore.
    pub snap_start: bool,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function_name: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub function_version: String,
    /// `_HANDLER`, which only the runtime and the register reply see.
    pub handler: String,
    /// `AWS_REGION` and `AWS_DEFAULT_REGION`.
    pub region: String,
    /// The account in the function's ARN.
    pub account_id: String,
    /// How the address of the Runtime API is written in `AWS_LAMBDA_RUNTIME_API`.
    pub address_form: AddressForm,
    /// Where the lines of the children's stdout and stderr go.
    pub output: OutputSink,
    /// How many calls the ledger keeps; older ones are forgotten, violations never.
    pub ledger_calls_max: usize,
    /// Serve the Telemetry API; off, it answers as the emulator does, which has none.
    pub telemetry: bool,
    /// Faults that the API brings about.
    pub faults: Option<FaultPlan>,
    /// Keep the bytes of answers in [`crate::Answer::body`]; hash and chunks are kept always.
    pub keep_bodies: bool,
}

impl Config {
    /// A classic function of 512 MB with a time limit of 10 s and no extension.
    pub fn new<I>(command: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            working_directory: None,
            task_root: PathBuf::from("/var/task"),
            extensions: Vec::new(),
            extensions_disabled: false,
            wrapper: None,
            timeout: Duration::from_secs(10),
            init_timeout: Duration::from_secs(10),
            memory_mb: 512,
            cpu_share: false,
            concurrency: None,
            snap_start: false,
            function_name: "function".to_owned(),
            function_version: "$LATEST".to_owned(),
            handler: "index.handler".to_owned(),
            region: "eu-central-1".to_owned(),
            account_id: "123456789012".to_owned(),
            address_form: AddressForm::Plain,
            output: OutputSink::discard(),
            // Limit: 10,000 calls of about 1 KiB of head each are 10 MiB.
            ledger_calls_max: 10_000,
            telemetry: true,
            faults: None,
            keep_bodies: true,
        }
    }

    /// `AWS_LAMBDA_INITIALIZATION_TYPE`.
    pub(crate) fn initialization_type(&self) -> &'static str {
        if self.concurrency.is_some() {
            "lambda-managed-instances"
        } else if self.snap_start {
            "snap-start"
        } else {
            "on-demand"
        }
    }

    /// The function's ARN, as runtimes and extensions see it.
    pub fn function_arn(&self) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.region, self.account_id, self.function_name
        )
    }
}

/// One external extension: a program whose file name is the name under which it must register.
#[derive(Clone, Debug)]
pub struct Extension {
    /// The program, as it would lie in `/opt/extensions`.
    pub path: PathBuf,
    /// Variables for this extension alone, after the customer's.
    pub env: Vec<(String, String)>,
}

impl Extension {
    /// An extension without variables of its own.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            env: Vec::new(),
        }
    }

    /// The name under which the platform expects it: the base name of its file.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

/// The forms in which real platforms and local ones write the Runtime API's address.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum AddressForm {
    /// `127.0.0.1:PORT`, the usual one.
    #[default]
    Plain,
    /// `localhost:PORT`.
    Localhost,
    /// `http://127.0.0.1:PORT/PREFIX`, as cargo-lambda hands it out; the prefix has no slashes
    /// around it.
    Url {
        /// The path before every API path, such as `function-name`.
        prefix: String,
    },
}

/// Who wrote a line of output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The runtime process, with the function in it.
    Function,
    /// The extension of this name.
    Extension(String),
    /// The platform: the lines `START`, `END` and `REPORT`, and why an environment was reset.
    Platform,
}

/// One line of output, without its line end.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who wrote it.
    pub origin: Origin,
    /// Whether it came by stderr.
    pub stderr: bool,
    /// The text; invalid UTF-8 is replaced.
    pub text: String,
}

/// Where lines of output go.
#[derive(Clone)]
pub struct OutputSink(Arc<dyn Fn(&Line) + Send + Sync>);

impl OutputSink {
    /// Call this for each line, on the sandbox's own tasks: it must not block for long.
    pub fn new(write: impl Fn(&Line) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Forget every line.
    pub fn discard() -> Self {
        Self::new(|_| ())
    }

    /// Collect all lines for a test to read.
    pub fn collect() -> (Self, Arc<Mutex<Vec<Line>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let target = Arc::clone(&lines);
        let sink = Self::new(move |line| {
            if let Ok(mut lines) = target.lock() {
                lines.push(line.clone());
            }
        });
        (sink, lines)
    }

    pub(crate) fn write(&self, line: &Line) {
        (self.0)(line);
    }
}

impl fmt::Debug for OutputSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputSink")
    }
}
