//! The processes of a sandbox: each in a process group of its own, each killed at the end.
//! It never leaves a process behind and never signals one that it did not start.

use crate::{
    config::{Line, Origin, OutputSink},
    core::Core,
    keeper,
};
use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::{BTreeSet, VecDeque},
    ffi::OsString,
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child as Process, Command},
    sync::watch,
    task::JoinSet,
};

/// The process groups that are alive now.
#[derive(Debug, Default)]
pub(crate) struct Children(Mutex<Groups>);

#[derive(Debug, Default)]
struct Groups {
    alive: BTreeSet<i32>,
    closed: bool,
    last_lines: VecDeque<String>,
}

/// Limit: 20 lines tell why a start failed and fit on a screen.
const LAST_LINES_MAX: usize = 20;

/// Limit: what lies in two pipes (64 KiB each) is read in a millisecond; a machine that stands
/// still for some of them must not cost a program the words that say why it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Limit: between fork and exec another thread's child holds this process' open files, also
/// a program that was just written; that takes milliseconds, and a second on a loaded machine.
const BUSY: Duration = Duration::from_secs(5);

/// Limit: a thousandth of that time, so that a start waits hardly longer than it must.
const BUSY_STEP: Duration = Duration::from_millis(5);

impl Children {
    /// Sends a signal to every living group.
    pub(crate) fn signal_all(&self, signal: Signal) {
        for group in &self.lock().alive {
            signal_group(*group, signal);
        }
    }

    /// Kills every group, and from now on every group that is added.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.signal_all(Signal::KILL);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The last lines that any process wrote to stderr.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        self.lock().last_lines.iter().cloned().collect()
    }

    fn keep(&self, line: &Line) {
        let mut groups = self.lock();
        if groups.last_lines.len() >= LAST_LINES_MAX {
            groups.last_lines.pop_front();
        }
        groups.last_lines.push_back(line.text.clone());
    }

    fn add(&self, group: i32) {
        let mut groups = self.lock();
        groups.alive.insert(group);
        keeper::add(group);
        if groups.closed {
            signal_group(group, Signal::KILL);
        }
    }

    fn remove(&self, group: i32) {
        self.lock().alive.remove(&group);
        keeper::remove(group);
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.close();
    }
}

fn signal_group(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group) {
        // The group may be gone already; then there is nothing to do.
        let _ = kill_process_group(pid, signal);
    }
}

/// A started process, which a task of its own waits for.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) pid: u32,
    group: i32,
    exit: watch::Receiver<Option<ExitStatus>>,
}

/// What to start.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) command: &'a [OsString],
    pub(crate) env: Vec<(String, String)>,
    pub(crate) directory: &'a Path,
    pub(crate) origin: Origin,
}

impl Child {
    /// Starts a program with exactly this environment, its output going to the sink by lines.
    pub(crate) async fn start(core: &Arc<Core>, program: Program<'_>) -> Result<Self> {
        let command = match &core.cpu {
            Some(cpu) => cpu.wrap(program.command),
            None => program.command.to_vec(),
        };
        let (name, arguments) = command.split_first().context("no command given")?;
        let mut command = Command::new(name);
        command
            .args(arguments)
            .env_clear()
            .envs(program.env)
            .current_dir(program.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let spawned = spawn(core, &mut command).await;
        let mut process = spawned.with_context(|| format!("cannot start {}", name.display()))?;
        let pid = process.id().context("the process ended at once")?;
        let group = i32::try_from(pid)?;
        core.children.add(group);
        let output = |stderr| Output {
            core: Arc::downgrade(core),
            sink: core.config.output.clone(),
            origin: program.origin.clone(),
            stderr,
        };
        let mut copies = JoinSet::new();
        if let Some(stdout) = process.stdout.take() {
            copies.spawn(output(false).copy_lines(stdout));
        }
        if let Some(stderr) = process.stderr.take() {
            copies.spawn(output(true).copy_lines(stderr));
        }
        let (exited, exit) = watch::channel(None);
        // The task holds no strong handle on the core: the core's end must kill this process.
        let core = Arc::downgrade(core);
        tokio::spawn(async move {
            let status = process.wait().await;
            // Whatever the leader left in its group goes with it.
            signal_group(group, Signal::KILL);
            if let Some(core) = core.upgrade() {
                core.children.remove(group);
            }
            // Its last words come before its end is known; somebody outside the group may hold
            // the pipe open, and is not waited for.
            let all = async { while copies.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(LAST_WORDS, all).await;
            copies.detach_all();
            exited.send_replace(status.ok().or_else(|| Some(ExitStatus::default())));
        });
        Ok(Self { pid, group, exit })
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            signal_group(self.group, signal);
        }
    }

    /// Waits for the end of the process.
    pub(crate) async fn exited(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            Err(_) => ExitStatus::default(),
        }
    }
}

/// Starts the process, and again for a while if its file is still open for writing somewhere.
async fn spawn(core: &Core, command: &mut Command) -> io::Result<Process> {
    let until = Instant::now() + BUSY;
    loop {
        let spawned = match &core.cpu {
            Some(cpu) => cpu.inside(|| command.spawn()),
            None => command.spawn(),
        };
        match spawned {
            Err(error)
                if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < until =>
            {
                tokio::time::sleep(BUSY_STEP).await;
            }
            other => return other,
        }
    }
}

/// The end of a process in the words of the platform, which are Go's.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, Some(11)) => "signal: segmentation fault".to_owned(),
        (None, Some(15)) => "signal: terminated".to_owned(),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => "unknown".to_owned(),
    }
}

/// One stream of one process.
struct Output {
    core: Weak<Core>,
    sink: OutputSink,
    origin: Origin,
    stderr: bool,
}

impl Output {
    async fn copy_lines(self, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            let written = Line {
                origin: self.origin.clone(),
                stderr: self.stderr,
                text: String::from_utf8_lossy(&line).into_owned(),
            };
            self.sink.write(&written);
            if let Some(core) = self.core.upgrade() {
                if let Some(generation) = core.generation() {
                    generation.telemetry.line(&written.origin, &written.text);
                }
                if self.stderr {
                    core.children.keep(&written);
                }
            }
            line.clear();
        }
    }
}
