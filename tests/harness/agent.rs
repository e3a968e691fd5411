//! The agent as a process: started before a platform, watched, and ended with the test.
//! It never reaches into the agent: only its environment, sockets, output and `/proc` are used.
use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::DEADLINE;
use super::lambda::Lambda;
use super::programs;
use super::runtime::Runtime;

/// Lines of output, readable while they come.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Lines {
    fn follow(self: &Arc<Self>, source: impl Read + Send + 'static) {
        let own = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                own.lines.lock().unwrap().push(line);
                own.changed.notify_all();
            }
        });
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line that holds all of `words`.
    pub(crate) fn wait(&self, words: &[&str]) -> String {
        let end = Instant::now() + DEADLINE;
        let mut lines = self.lines.lock().unwrap();
        loop {
            let fits = |line: &&String| words.iter().all(|word| line.contains(word));
            if let Some(line) = lines.iter().find(fits) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no line with {words:?} in {lines:#?}");
            lines = self.changed.wait_timeout(lines, left).unwrap().0;
        }
    }
}

/// One running agent.
pub(crate) struct Agent {
    child: Child,
    /// Where it was told to listen.
    pub(crate) address: SocketAddr,
    /// What it says, stdout and stderr together.
    pub(crate) lines: Arc<Lines>,
}

impl Agent {
    /// Starts the agent before `lambda` and waits until it has registered, so that it listens.
    pub(crate) fn start(lambda: &Lambda, environment: &[(&str, &str)]) -> Self {
        let agent = Self::launch(&lambda.address.to_string(), environment);
        lambda.wait_call("POST /2020-01-01/extension/register");
        agent
    }

    /// Starts the agent with this text as the platform's address, and does not wait.
    pub(crate) fn launch(upstream: &str, environment: &[(&str, &str)]) -> Self {
        Self::launch_at(free_address(), upstream, environment)
    }

    /// The same, told to listen at `address`.
    pub(crate) fn launch_at(
        address: SocketAddr,
        upstream: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = command(address, upstream);
        command.envs(environment.iter().copied());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the agent must start");
        let lines = Arc::new(Lines::default());
        lines.follow(child.stdout.take().unwrap());
        lines.follow(child.stderr.take().unwrap());
        Self {
            child,
            address,
            lines,
        }
    }

    /// A child that was started elsewhere, with nobody reading its output.
    pub(crate) fn adopt(child: Child, address: SocketAddr) -> Self {
        Self {
            child,
            address,
            lines: Arc::default(),
        }
    }

    /// A runtime connection to this agent.
    pub(crate) fn runtime(&self) -> Runtime {
        Runtime::connect(self.address)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the process to end, and says how long that took.
    pub(crate) fn wait_exit(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, begun.elapsed());
            }
            assert!(begun.elapsed() < DEADLINE, "the agent does not end");
            // There is no event for "a child ended" without a signal handler; this is the poll.
            thread::park_timeout(Duration::from_millis(1));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The agent's command with the environment that the platform gives an extension, and no more.
pub(crate) fn command(address: SocketAddr, upstream: &str) -> Command {
    let mut command = Command::new(programs::agent());
    command
        .arg0("/opt/extensions/credenza-agent")
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", upstream)
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_REGION", "eu-central-1")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("CREDENZA_LISTEN", address.to_string())
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// A loopback address that nobody else will have taken when the agent binds it.
///
/// It lies below the ports that the system gives to connections and to port 0, so only another
/// run of these tests looks for one there, and each run begins at a place of its own.
pub(crate) fn free_address() -> SocketAddr {
    // Limit: ports from 20,000 to 31,999; the system's own begin at 32,768.
    const PORTS: std::ops::Range<u32> = 20_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = PORTS.end - PORTS.start;
    let begin = std::process::id().wrapping_mul(7_919) % count;
    for _ in 0..count {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (begin + step) % count;
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free");
}
