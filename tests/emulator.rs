//! A11: AWS's own emulator, classic and Managed Instances, with the layer's tree at `/opt`.
//! It never runs where a mount namespace of its own cannot be had; it says so instead.
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::agent::free_address;
use crate::harness::http::message;
use crate::harness::programs::{self, root, skip, tool};
use crate::harness::runtime::Runtime;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::Folder;
use crate::harness::{DEADLINE, beside_others, progress};

const REFUSAL: &str = r#"{"statusCode":403,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}","isBase64Encoded":false}"#;

/// The emulator with a function in it; ended with its whole process group.
struct Emulator {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Emulator {
    /// Invokes the function, and gives back status and payload.
    fn invoke(&self, event: &[u8]) -> (u16, String) {
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            assert!(
                begun.elapsed() < DEADLINE,
                "the emulator does not listen: {}",
                self.said()
            );
            std::thread::park_timeout(Duration::from_millis(10));
        }
        loop {
            let mut caller = Runtime::connect(self.address);
            let start = "POST /2015-03-31/functions/function/invocations HTTP/1.1";
            let reply = caller.call(&message(start, &[("Host", "a")], event));
            let (head, body) = reply.unwrap_or_else(|error| panic!("{error}: {}", self.said()));
            let payload = String::from_utf8_lossy(&body.bytes).into_owned();
            // On Managed Instances a slot is free again a moment after its answer, when the
            // runtime asks for the next event; callers try again until then.
            let is_busy = head.status() == 400 && payload.contains("Runtime.Unavailable");
            if !is_busy || begun.elapsed() > DEADLINE {
                return (head.status(), payload);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it as the platform ends an environment, and waits for the agent's exit to be logged.
    fn shut_down(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                begun.elapsed() < DEADLINE,
                "the emulator does not end: {}",
                self.said()
            );
            std::thread::park_timeout(Duration::from_millis(10));
        }
        self.said()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        // Already gone is as good as ended.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Runs `words` under the emulator, with `/opt` made of the agent and the wrapper.
fn emulate(test: &str, words: &str, managed: bool, folder: &Folder) -> Option<Emulator> {
    let emulator = tool(test, "aws emulator")?;
    let namespace = namespace(test)?;
    let opt = folder.path().join("opt");
    fs::create_dir_all(opt.join("extensions")).unwrap();
    let wrapper = root().join("layer-packaging/credenza-wrapper");
    folder.program("opt/extensions/credenza-agent", programs::agent());
    folder.program("opt/credenza-wrapper", &wrapper);
    folder.program("opt/echo-function", programs::echo_function());
    folder.script("opt/bootstrap", &format!("#!/bin/sh\nexec {words}\n"));
    let (api, address) = (free_address(), free_address());
    // In Managed Instances mode the emulator starts `bootstrap` from a task root that exists.
    let task = if managed {
        "mount -t tmpfs none /var && mkdir /var/task /var/tmp &&"
    } else {
        ""
    };
    let program = if managed { "" } else { words };
    let script = format!(
        "mount --bind {} /opt && {task} cd {} && exec {} --log-level info \
         --runtime-interface-emulator-address {address} --runtime-api-address {api} {program}",
        opt.display(),
        root().join("tests/functions").display(),
        emulator.display(),
    );
    let log = folder.path().join("log");
    let output = fs::File::create(&log).unwrap();
    let mut command = Command::new("unshare");
    command
        .args(namespace)
        .args(["sh", "-c", &script])
        .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "20")
        .env("CREDENZA_MODE", "block")
        .env("CREDENZA_LISTEN", free_address().to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .process_group(0);
    if managed {
        command.env("AWS_LAMBDA_MAX_CONCURRENCY", "3");
    }
    Some(Emulator {
        child: command.spawn().unwrap(),
        address,
        log,
    })
}

/// The flags with which `unshare` gives us a mount namespace, if it does.
fn namespace(test: &str) -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["-m"], &["-rm"]];
    let works = |way: &&&[&str]| {
        let mut probe = Command::new("unshare");
        probe.args(**way).args(["mount", "--bind", "/opt", "/opt"]);
        probe.stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    };
    let found = ways.iter().find(works).copied();
    if found.is_none() {
        skip(
            test,
            "no mount namespace can be had: neither root nor user namespaces",
        );
    }
    found
}

fn smoke(emulator: &Emulator) {
    for round in 0..10 {
        let event = rest("/q", &round.to_string());
        let (status, payload) = emulator.invoke(event.as_bytes());
        assert_eq!(status, 200, "{}", emulator.said());
        assert_eq!(payload, event, "{}", emulator.said());
        let (status, payload) = emulator.invoke(rest("/q", INJECTION).as_bytes());
        assert_eq!(
            (status, payload.as_str()),
            (200, REFUSAL),
            "{}",
            emulator.said()
        );
    }
}

#[test]
fn the_emulator_in_classic_mode_serves_and_refuses_through_the_agent() {
    let _room = beside_others();
    let test = "the emulator, classic";
    let folder = Folder::new();
    let python = tool(test, "python runtime client");
    let command = python.map_or_else(
        || "/opt/echo-function".to_owned(),
        |python| format!("{} -m awslambdaric app.handler", python.display()),
    );
    let words = format!("/opt/credenza-wrapper {command}");
    let Some(emulator) = emulate(test, &words, false, &folder) else {
        return;
    };
    smoke(&emulator);
    let said = emulator.shut_down();
    assert!(!said.contains("Extension.Crash"), "{said}");
    progress("the emulator, classic: 20 invocations");
}

#[test]
fn the_emulator_in_managed_instances_mode_serves_and_refuses_through_the_agent() {
    let _room = beside_others();
    let folder = Folder::new();
    // The function runs as another user there, so it stands in the layer, readable for all.
    let words = "/opt/extensions/credenza-agent wrap -- /opt/echo-function";
    let test = "the emulator, Managed Instances";
    let Some(emulator) = emulate(test, words, true, &folder) else {
        return;
    };
    smoke(&emulator);
    let (said, total) = (emulator.said(), 20);
    assert!(!said.contains("Extension.InvalidEventType"), "{said}");
    progress(&format!(
        "the emulator, Managed Instances: {total} invocations"
    ));
}
