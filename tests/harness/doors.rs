//! `credenza demo` kept open: the vulnerable function twice, each behind a door that speaks HTTP.
//! It never stays open longer than the test.
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::programs;

/// The command line of the demo, with everything built that it needs.
pub(crate) fn demo(arguments: &[&str]) -> Command {
    let credenza = programs::desk("credenza");
    let mut command = Command::new(credenza);
    command
        .args(["--format", "json", "demo", "--agent"])
        .arg(programs::agent())
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// Both doors.
pub(crate) struct Doors {
    child: Child,
    pub(crate) unprotected: String,
    pub(crate) protected: String,
}

impl Doors {
    pub(crate) fn open() -> Self {
        let mut command = demo(&["--http", "--pairs", "1"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = follow(child.stdout.take().unwrap());
        // Whole from here on, so that a test that fails while it waits ends the demo, too.
        let mut doors = Self {
            child,
            unprotected: String::new(),
            protected: String::new(),
        };
        loop {
            // The demo plays its scenes first; that takes seconds beside other tests.
            let line = lines
                .recv_timeout(Duration::from_mins(2))
                .expect("the doors open");
            let value: Value = serde_json::from_str(&line).expect("the demo writes JSON");
            if let Some(http) = value.get("http") {
                let door = |name: &str| http[name].as_str().unwrap_or_default().to_owned();
                doors.unprotected = door("unprotected");
                doors.protected = door("protected");
                return doors;
            }
        }
    }
}

fn follow(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Drop for Doors {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // Asked first, so that the demo ends its own children.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
