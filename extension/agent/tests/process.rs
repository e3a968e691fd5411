//! The real binary as a process: as a wrapper that becomes a command, and as an extension.
//! It never sends an event; those are the sandbox's and the acceptance tests' business.
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use credenza_agent::handover;
use credenza_agent::upstream::{Route, Upstream};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

const BINARY: &str = env!("CARGO_BIN_EXE_credenza-agent");

/// Prints what a runtime would find: its Runtime API, the hosts without proxy, its arguments, and
/// whether it may still gain privileges.
const RUNTIME: &str = r#"
printf '%s|%s|%s|%s|' "$AWS_LAMBDA_RUNTIME_API" "$NO_PROXY" "$no_proxy" "$0"
printf '<%s>' "$@"
while read -r name value
do [ "$name" = NoNewPrivs: ] && printf '|%s' "$value"
done < /proc/self/status
exit 0
"#;

/// A folder of one test, removed when it is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("credenza-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A child writes it: what this process has open for writing is open in each child that another
    /// test forks meanwhile, and the system starts no program that somebody may still write.
    fn file(&self, name: &str, content: &str, mode: u32) -> String {
        let path = self.0.join(name);
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod \"$1\" \"$0\""])
            .arg(&path)
            .arg(format!("{mode:o}"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = writer.stdin.take().unwrap();
        stdin.write_all(content.as_bytes()).unwrap();
        drop(stdin);
        assert!(writer.wait().unwrap().success());
        path.display().to_string()
    }

    /// `/opt/credenza-wrapper` as the layer has it, with this build as its interpreter.
    fn wrapper(&self) -> String {
        let layer = include_str!("../../../layer-packaging/credenza-wrapper");
        self.file(
            "credenza-wrapper",
            &layer.replace("/opt/extensions/credenza-agent", BINARY),
            0o755,
        )
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A platform's port, and an agent that answers wrappers for it.
struct Environment {
    platform: TcpListener,
    route: Arc<Route>,
}

impl Environment {
    fn without_agent() -> Self {
        let platform = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Upstream::parse(&platform.local_addr().unwrap().to_string()).unwrap();
        Self {
            platform,
            route: Arc::new(Route::new(upstream)),
        }
    }

    fn with_agent(listen: &str) -> Self {
        let made = Self::without_agent();
        let names = handover::names(Some(&made.route.current()), "127.0.0.1:0".parse().unwrap());
        let listen: SocketAddr = listen.parse().unwrap();
        assert!(
            handover::serve(&names, Some(listen), None, Arc::clone(&made.route))
                .unwrap()
                .is_empty()
        );
        made
    }

    fn api(&self) -> String {
        self.platform.local_addr().unwrap().to_string()
    }

    /// `program` in an environment that holds nothing else.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_LAMBDA_RUNTIME_API", self.api());
        command.env("CREDENZA_LISTEN", "127.0.0.1:0");
        command
    }
}

/// Runs to the end; stdout, stderr and status.
fn run(command: &mut Command) -> (String, String, Option<i32>) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(stdout), text(stderr), status.code())
}

#[test]
fn the_version_is_told_without_any_environment() {
    let told = run(Command::new(BINARY).arg("--version").env_clear());
    assert_eq!(
        told,
        ("credenza-agent 0.1.0\n".into(), String::new(), Some(0))
    );
}

#[test]
fn the_layers_wrapper_becomes_the_runtime_behind_the_agent() {
    let (scratch, environment) = (Scratch::new(), Environment::with_agent("127.0.0.1:9222"));
    let mut wrapper = environment.command(&scratch.wrapper());
    wrapper.args(["/bin/sh", "-c", RUNTIME, "name", "a b", "", "--", "$(x)"]);
    let (stdout, stderr, status) = run(&mut wrapper);
    assert_eq!(
        stdout,
        "127.0.0.1:9222|127.0.0.1|127.0.0.1|name|<a b><><--><$(x)>|0"
    );
    assert_eq!((stderr.as_str(), status), ("", Some(0)));
}

#[test]
fn a_bootstrap_or_entrypoint_is_started_the_same_way() {
    let environment = Environment::with_agent("127.0.0.1:9222");
    let mut wrapper = environment.command(BINARY);
    wrapper
        .env("NO_PROXY", "internal")
        .args(["wrap", "--", "sh", "-c", RUNTIME, "name"]);
    let (stdout, stderr, _) = run(&mut wrapper);
    assert_eq!(
        stdout,
        "127.0.0.1:9222|internal,127.0.0.1|127.0.0.1|name|<>|0"
    );
    assert_eq!(stderr, "");
}

#[test]
fn without_an_agent_the_runtime_keeps_its_address_and_one_line_says_so() {
    let (scratch, environment) = (Scratch::new(), Environment::without_agent());
    let mut wrapper = environment.command(&scratch.wrapper());
    wrapper.args(["/bin/sh", "-c", RUNTIME, "name"]);
    let (stdout, stderr, status) = run(&mut wrapper);
    assert_eq!(stdout, format!("{}|||name|<>|0", environment.api()));
    assert_eq!((stderr.lines().count(), status), (1, Some(0)), "{stderr}");
    assert!(
        stderr.contains("credenza-agent does not answer"),
        "{stderr}"
    );
}

#[test]
fn the_next_wrapper_runs_between_the_platform_and_us() {
    let (scratch, environment) = (Scratch::new(), Environment::with_agent("127.0.0.1:9222"));
    let neighbour = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = neighbour.local_addr().unwrap().to_string();
    let script = format!("#!/bin/sh\nexport AWS_LAMBDA_RUNTIME_API={theirs} SEEN=1\nexec \"$@\"\n");
    let next = scratch.file("next", &script, 0o755);
    let mut wrapper = environment.command(&scratch.wrapper());
    wrapper.env("CREDENZA_NEXT_WRAPPER", &next);
    wrapper.args([
        "/bin/sh",
        "-c",
        &format!("printf %s \"$SEEN-\"; {RUNTIME}"),
        "name",
        "a b",
    ]);
    let (stdout, stderr, _) = run(&mut wrapper);
    assert_eq!(stdout, "1-127.0.0.1:9222|127.0.0.1|127.0.0.1|name|<a b>|0");
    assert_eq!(stderr, "");
    assert_eq!(
        environment.route.current().to_string(),
        theirs,
        "runtime → ours → theirs"
    );
}

#[test]
fn a_next_wrapper_that_cannot_run_is_skipped_with_one_line() {
    let (scratch, environment) = (Scratch::new(), Environment::with_agent("127.0.0.1:9222"));
    let wrapper = scratch.wrapper();
    let plain = scratch.file("plain", "#!/bin/sh\nexec \"$@\"\n", 0o644);
    let lost = scratch.file("lost", "#!/no/such/interpreter\n", 0o755);
    let folder = scratch.0.display().to_string();
    let missing = format!("{folder}/missing");
    for next in [
        &missing,
        &plain,
        &lost,
        &folder,
        &wrapper,
        &BINARY.to_owned(),
    ] {
        let mut command = environment.command(&wrapper);
        command
            .env("CREDENZA_NEXT_WRAPPER", next)
            .args(["/bin/sh", "-c", RUNTIME, "name"]);
        let (stdout, stderr, _) = run(&mut command);
        assert_eq!(
            stdout, "127.0.0.1:9222|127.0.0.1|127.0.0.1|name|<>|0",
            "{next}"
        );
        assert_eq!(stderr.lines().count(), 1, "{next}: {stderr}");
        assert!(stderr.contains("is skipped"), "{next}: {stderr}");
    }
}

#[test]
fn a_next_wrapper_that_calls_us_again_ends_in_the_runtime() {
    let (scratch, environment) = (Scratch::new(), Environment::with_agent("127.0.0.1:9222"));
    let wrapper = scratch.wrapper();
    let next = scratch.file(
        "next",
        &format!("#!/bin/sh\nexec {wrapper} \"$@\"\n"),
        0o755,
    );
    let mut command = environment.command(&wrapper);
    command
        .env("CREDENZA_NEXT_WRAPPER", next)
        .args(["/bin/sh", "-c", RUNTIME, "name"]);
    assert_eq!(
        run(&mut command).0,
        "127.0.0.1:9222|127.0.0.1|127.0.0.1|name|<>|0"
    );
}

#[test]
fn a_dead_address_of_the_next_wrapper_is_replaced_by_the_platforms() {
    let (scratch, environment) = (Scratch::new(), Environment::without_agent());
    // Bound and not listening: refused for certain, as nobody else is given the port.
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let dead: SocketAddr = getsockname(&socket).unwrap().try_into().unwrap();
    let script = format!("#!/bin/sh\nexport AWS_LAMBDA_RUNTIME_API={dead}\nexec \"$@\"\n");
    let next = scratch.file("next", &script, 0o755);
    let mut command = environment.command(&scratch.wrapper());
    command
        .env("CREDENZA_NEXT_WRAPPER", next)
        .args(["/bin/sh", "-c", RUNTIME, "name"]);
    let (stdout, stderr, _) = run(&mut command);
    assert_eq!(stdout, format!("{}|||name|<>|0", environment.api()));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn large_arguments_pass_and_a_missing_command_is_said() {
    let environment = Environment::with_agent("127.0.0.1:9222");
    let large = "x".repeat(100_000);
    let mut command = environment.command(BINARY);
    command.args([
        "wrap",
        "--",
        "/bin/sh",
        "-c",
        "printf %s ${#1}",
        "name",
        &large,
    ]);
    assert_eq!(run(&mut command).0, "100000");

    let (_, stderr, status) = run(environment.command(BINARY).args(["wrap", "--", "/no/such"]));
    assert_eq!((stderr.lines().count(), status), (1, Some(127)), "{stderr}");
    let (_, stderr, status) = run(environment.command(BINARY).args(["wrap", "--", "/"]));
    assert_eq!((stderr.lines().count(), status), (1, Some(126)), "{stderr}");
    let (_, stderr, status) = run(environment.command(BINARY).arg("wrap"));
    assert_eq!((stderr.lines().count(), status), (1, Some(2)), "{stderr}");
}

/// An agent started as an extension, and the platform's side of its two calls.
struct Extension {
    child: Child,
    stream: TcpStream,
}

impl Extension {
    /// Starts the agent and answers its registration; gives the request back too.
    fn start(environment: &Environment, prepare: impl FnOnce(&mut Command)) -> (Self, String) {
        let mut command = environment.command(BINARY);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        prepare(&mut command);
        let child = command.spawn().unwrap();
        let (stream, _) = environment.platform.accept().unwrap();
        let mut extension = Self { child, stream };
        let asked = extension.request();
        extension.answer("Lambda-Extension-Identifier: 0-1\r\n", "{}");
        (extension, asked)
    }

    fn request(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 1024];
        while !String::from_utf8_lossy(&bytes).contains("\r\n\r\n") {
            let read = self.stream.read(&mut piece).unwrap();
            assert!(read > 0, "the agent hung up");
            bytes.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(bytes).unwrap()
    }

    fn answer(&mut self, headers: &str, body: &str) {
        let length = body.len();
        let text = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    fn shut_down(&mut self) {
        assert!(
            self.request()
                .starts_with("GET /2020-01-01/extension/event/next ")
        );
        self.answer(
            "",
            r#"{"eventType":"SHUTDOWN","shutdownReason":"spindown"}"#,
        );
    }

    /// Waits for the end; status, milliseconds it took, and what was written.
    fn end(mut self) -> (Option<i32>, u128, String) {
        let start = Instant::now();
        let status = self.child.wait().unwrap().code();
        let millis = start.elapsed().as_millis();
        let mut said = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut said).unwrap();
        }
        (status, millis, said)
    }
}

/// The agent leaves in time in one of three lives: one that is late by itself is late each time, and
/// a machine that stood still for a moment is not the agent. What it says is the same in each.
fn leaves_in_time(mut life: impl FnMut() -> u128) {
    // Limit: 200 ms from SHUTDOWN to exit (contract A8).
    let lives: Vec<u128> = (0..3).map(|_| life()).collect();
    assert!(lives.iter().any(|millis| *millis < 200), "{lives:?} ms");
}

fn records(said: &str) -> Vec<&str> {
    said.lines()
        .map(|line| line.split('"').nth(11).unwrap_or(line))
        .collect()
}

#[test]
fn an_extension_registers_listens_and_leaves_at_shutdown() {
    leaves_in_time(|| {
        let environment = Environment::without_agent();
        let (mut extension, asked) = Extension::start(&environment, |_| {});
        assert!(
            asked.contains("\r\nLambda-Extension-Name: credenza-agent\r\n"),
            "{asked}"
        );
        let listen = handover::hello(&handover::names(
            Some(&environment.route.current()),
            "127.0.0.1:0".parse().unwrap(),
        ));
        let listen = listen
            .expect("wrappers find the agent once it has registered")
            .listen
            .unwrap();
        TcpStream::connect(listen).expect("runtimes can connect once the agent has registered");
        extension.shut_down();
        let (status, millis, said) = extension.end();
        assert_eq!(status, Some(0));
        assert_eq!(records(&said), ["init", "summary"], "{said}");
        millis
    });
}

#[test]
fn sigterm_without_an_event_is_a_clean_end_too() {
    leaves_in_time(|| {
        let environment = Environment::without_agent();
        let (mut extension, _) = Extension::start(&environment, |_| {});
        assert!(extension.request().contains("/event/next"));
        let pid = rustix::process::Pid::from_child(&extension.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let (status, millis, said) = extension.end();
        assert_eq!(status, Some(0));
        assert!(said.contains(r#""reason":"sigterm""#), "{said}");
        millis
    });
}

#[test]
fn a_taken_port_is_another_port_and_a_line_that_says_so() {
    let environment = Environment::without_agent();
    let squatter = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = squatter.local_addr().unwrap();
    let (mut extension, _) = Extension::start(&environment, |command| {
        command.env("CREDENZA_LISTEN", taken.to_string());
    });
    let names = handover::names(Some(&environment.route.current()), taken);
    let listen = handover::hello(&names).unwrap().listen.unwrap();
    assert_ne!(listen, taken);
    TcpStream::connect(listen).unwrap();
    extension.shut_down();
    let (status, _, said) = extension.end();
    assert_eq!(
        (status, records(&said)),
        (Some(0), vec!["problem", "init", "summary"]),
        "{said}"
    );
    drop(squatter);
}

#[test]
fn stdout_that_is_closed_or_full_ends_nothing() {
    leaves_in_time(|| {
        let environment = Environment::without_agent();
        let (mut extension, _) = Extension::start(&environment, |_| {});
        drop(extension.child.stdout.take());
        extension.shut_down();
        let (status, millis, _) = extension.end();
        assert_eq!(status, Some(0));
        millis
    });

    let environment = Environment::without_agent();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let (mut extension, _) = Extension::start(&environment, |command| {
        command.stdout(full);
    });
    extension.shut_down();
    assert_eq!(extension.end().0, Some(0));
}

#[test]
fn bad_settings_are_lines_and_never_an_exit() {
    let environment = Environment::without_agent();
    let scratch = Scratch::new();
    let policy = scratch.file("credenza.toml", "mode = 'block\n", 0o644);
    let (mut extension, _) = Extension::start(&environment, |command| {
        command
            .env("CREDENZA_POLICY", &policy)
            .env("CREDENZA_MOD", "block");
        command
            .env("CREDENZA_ON_ERROR", "never")
            .env("CREDENZA_UPSTREAM", "ftp://x");
    });
    extension.shut_down();
    let (status, _, said) = extension.end();
    assert_eq!(status, Some(0));
    assert_eq!(
        records(&said)
            .iter()
            .filter(|name| **name == "problem")
            .count(),
        4,
        "{said}"
    );
    assert!(said.contains(r#""mode":"monitor""#), "{said}");
}

#[test]
fn a_refused_registration_is_one_line_and_exit_0() {
    let environment = Environment::without_agent();
    let mut command = environment.command(BINARY);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (mut stream, _) = environment.platform.accept().unwrap();
    let body = r#"{"errorType":"Extension.RegistrationClosed"}"#;
    let reply = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).unwrap();
    let said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .next()
        .unwrap()
        .unwrap();
    assert!(
        said.contains("answered 403 (Extension.RegistrationClosed)"),
        "{said}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn started_by_hand_the_agent_says_what_it_is_for() {
    let (_, stderr, status) = run(Command::new(BINARY).env_clear());
    assert_eq!(status, Some(2));
    assert!(
        stderr.contains("credenza dev") && stderr.lines().count() == 1,
        "{stderr}"
    );
}
