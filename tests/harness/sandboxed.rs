//! Real runtime clients in the sandbox, with and without the agent before them.
//! It never lets a breach of the platform's contract pass unnoticed.
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credenza_sandbox::{Config, Extension, Line, Origin, OutputSink, Sandbox};

use super::agent::free_address;
use super::programs::{self, root, tool};

/// The runtime clients that the tests drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Python,
    Node,
    NodeStreaming,
    Rust,
    RustStreaming,
}

impl Client {
    pub(crate) const ALL: [Self; 4] = [Self::Python, Self::Node, Self::NodeStreaming, Self::Rust];
}

/// Everything that a test sets up for one function; `None` from `new` means a skip was told.
pub(crate) struct Setup {
    pub(crate) config: Config,
    /// Where the function writes what it received.
    pub(crate) record: PathBuf,
    pub(crate) lines: Arc<Mutex<Vec<Line>>>,
    pub(crate) folder: Folder,
    listen: std::net::SocketAddr,
}

impl Setup {
    /// A function over `client`, without the agent.
    pub(crate) fn new(test: &str, client: Client) -> Option<Self> {
        let functions = root().join("tests/functions");
        let words: Vec<std::ffi::OsString> = match client {
            Client::Python => {
                let python = tool(test, "python runtime client")?;
                vec![
                    python.into(),
                    "-m".into(),
                    "awslambdaric".into(),
                    "app.handler".into(),
                ]
            }
            Client::Node | Client::NodeStreaming => {
                let package = tool(test, "node runtime client")?;
                let handler = if client == Client::Node {
                    "app.handler"
                } else {
                    "app.streaming"
                };
                vec![
                    "node".into(),
                    package.join("bin/index.mjs").into(),
                    handler.into(),
                ]
            }
            Client::Rust | Client::RustStreaming => vec![programs::echo_function().into()],
        };
        let mut config = Config::new(words);
        config.working_directory = Some(functions.clone());
        config.task_root = functions;
        config.timeout = Duration::from_mins(1);
        config.init_timeout = Duration::from_mins(1);
        // Limit: 20,000 calls hold one run over all sample events with room to spare.
        config.ledger_calls_max = 20_000;
        let (output, lines) = OutputSink::collect();
        config.output = output;
        let folder = Folder::new();
        let record = folder.path().join("record");
        let mut setup = Self {
            config,
            record: record.clone(),
            lines,
            folder,
            listen: free_address(),
        };
        setup.set("ECHO_RECORD", &record.display().to_string());
        setup.set("PYTHONDONTWRITEBYTECODE", "1");
        if client == Client::RustStreaming {
            setup.set("ECHO_MODE", "stream");
        }
        Some(setup)
    }

    /// Puts the agent before the function, by extension and wrapper.
    pub(crate) fn protect(&mut self, mode: &str) {
        if std::env::var_os("DIRECT_ONLY").is_some() {
            return;
        }
        let listen = self.listen.to_string();
        self.set("CREDENZA_MODE", mode);
        self.set("CREDENZA_LISTEN", &listen);
        self.config
            .extensions
            .push(Extension::new(programs::agent()));
        self.config.wrapper = Some(self.folder.wrapper());
    }

    /// Where the agent was told to listen.
    pub(crate) fn listen(&self) -> std::net::SocketAddr {
        self.listen
    }

    /// One of the customer's environment variables.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.config.env.push((name.to_owned(), value.to_owned()));
    }

    /// Starts the sandbox; an INIT that fails is shown with everything that was said.
    pub(crate) async fn start(&self) -> Sandbox {
        let sandbox = Sandbox::start(self.config.clone())
            .await
            .expect("the sandbox starts");
        assert!(
            sandbox.init().is_success(),
            "INIT failed: {:?}\n{}",
            sandbox.init(),
            self.said()
        );
        sandbox
    }

    /// Everything that function, agent and platform have said.
    pub(crate) fn said(&self) -> String {
        let lines = self.lines.lock().unwrap();
        let text = |line: &Line| format!("{:?}: {}\n", line.origin, line.text);
        lines.iter().map(text).collect()
    }

    /// The lines that the agent has written to its standard output.
    pub(crate) fn agent_said(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let own = |line: &&Line| matches!(&line.origin, Origin::Extension(_));
        lines
            .iter()
            .filter(own)
            .map(|line| line.text.clone())
            .collect()
    }

    /// What the function has received: SHA-256 and length of each event, by its request id.
    pub(crate) fn received(&self) -> BTreeMap<String, Vec<String>> {
        let text = fs::read_to_string(&self.record).unwrap_or_default();
        let mut received: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, digest) in text.lines().filter_map(|line| line.split_once(' ')) {
            received
                .entry(id.to_owned())
                .or_default()
                .push(digest.to_owned());
        }
        received
    }
}

/// Fails the test if the sandbox has seen its contract broken.
pub(crate) fn assert_no_violation(sandbox: &Sandbox) {
    let violations = sandbox.violations();
    assert!(
        violations.is_empty(),
        "contract violations: {violations:#?}"
    );
}

/// A folder of its own for one test, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("credenza-acceptance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// An executable file with this text.
    ///
    /// A child writes it: what this process has open for writing is open in each child that another
    /// test forks meanwhile, and the system starts no program that somebody may still write.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = writer.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(writer.wait().unwrap().success());
        path
    }

    /// A program under another name, copied by a child for the same reason.
    pub(crate) fn program(&self, name: &str, from: &Path) -> PathBuf {
        let path = self.0.join(name);
        copy_program(from, &path);
        path
    }

    /// The layer's wrapper, with the agent under test on its interpreter line.
    pub(crate) fn wrapper(&self) -> PathBuf {
        let line = format!("#!{} wrap\n", programs::agent().display());
        self.script("credenza-wrapper", &line)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left for the system to tidy; the test is over.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies an executable file without ever holding it open in this process.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    let mut copy = Command::new("sh");
    copy.args(["-c", "cp \"$0\" \"$1\" && chmod 755 \"$1\""]);
    assert!(copy.arg(from).arg(to).status().unwrap().success());
}

/// A runtime for one test's asynchronous parts.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
