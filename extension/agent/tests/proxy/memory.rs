//! Memory of the real process: what happens without it, and that it is given back.
//! It never compares more than what the kernel counts as resident.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{Client, NEXT, client_of, response};
use crate::platform::{ACCEPTED, PATIENCE, Peer, Platform, event, find};

/// The agent as a process, before a platform that serves what it is asked for.
struct Process {
    child: Child,
    lines: Receiver<String>,
    address: SocketAddr,
    _platform: Platform,
}

impl Process {
    /// `reply` makes the reply to each `next`, whose count it gets.
    fn start(reply: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let count = std::sync::atomic::AtomicUsize::new(0);
        let platform = Platform::start(
            Box::new(move |peer: &mut Peer| {
                loop {
                    let request = peer.request()?;
                    if find(&request, b"/register").is_some() {
                        peer.write(
                            b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: x\r\n\
                              Content-Length: 2\r\n\r\n{}",
                        )?;
                    } else if find(&request, b"/event/next").is_some() {
                        return peer.drain();
                    } else if find(&request, b"/invocation/next").is_some() {
                        let number = count.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
                        peer.write(&reply(number))?;
                    } else {
                        peer.write(ACCEPTED)?;
                    }
                    peer.forget();
                }
            }),
            usize::MAX,
        );
        let mut child = Command::new(env!("CARGO_BIN_EXE_credenza-agent"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", platform.address.to_string())
            .env("CREDENZA_LISTEN", "127.0.0.1:0")
            .env("CREDENZA_MODE", "block")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let init = lines.recv_timeout(PATIENCE).unwrap();
        let listen = init.split("\"listen\":\"").nth(1).unwrap();
        let address = listen.split('"').next().unwrap().parse().unwrap();
        Self {
            child,
            lines,
            address,
            _platform: platform,
        }
    }

    fn client(&self) -> Client {
        client_of(self.address)
    }

    /// A line of `/proc/PID/status`, in bytes.
    fn status(&self, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let kib = line.split_ascii_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
pub(crate) fn an_event_without_memory_for_it_passes() {
    let large = event("large", &vec![b'['; 6_000_000]);
    let reply = large.clone();
    let process = Process::start(move |number| {
        if number == 0 {
            event("small", b"{}")
        } else {
            reply.clone()
        }
    });
    let mut client = process.client();
    client.call(NEXT, &event("small", b"{}"));
    client.call(&response("small", b"1"), ACCEPTED);
    // From here on the process gets one mebibyte more of address space, and no more.
    let limit = Some(process.status("VmSize") + (1 << 20));
    let limit = Rlimit {
        current: limit,
        maximum: limit,
    };
    prlimit(
        Pid::from_raw(process.child.id().cast_signed()),
        Resource::As,
        limit,
    )
    .unwrap();
    client.call(NEXT, &large);
    let line = process.lines.recv_timeout(PATIENCE).unwrap();
    assert!(
        line.contains("\"no-memory\"") && line.contains("\"large\""),
        "{line}"
    );
    // It goes on living.
    client.call(&response("large", b"1"), ACCEPTED);
}

#[test]
fn what_a_large_event_took_is_given_back() {
    let large = event("large", &vec![b'x'; 6_000_000]);
    let reply = large.clone();
    let process = Process::start(move |number| {
        if number % 2 == 0 {
            event("small", b"{}")
        } else {
            reply.clone()
        }
    });
    let mut client = process.client();
    client.call(NEXT, &event("small", b"{}"));
    client.call(&response("small", b"1"), ACCEPTED);
    let before = process.status("VmRSS");
    let answer = response("large", &vec![b'y'; 6_000_000]);
    for _ in 0..10 {
        client.call(NEXT, &large);
        client.call(&answer, ACCEPTED);
        client.call(NEXT, &event("small", b"{}"));
        client.call(&response("small", b"1"), ACCEPTED);
    }
    let after = process.status("VmRSS");
    let peak = process.status("VmHWM");
    // Limit: 2 MiB for what the first event of each kind touches for good.
    assert!(after < before + (2 << 20), "{before} before, {after} after");
    // Limit: 1.2 times the event, and 5 MB.
    assert!(
        peak < before + 6_000_000 * 12 / 10 + 5_000_000,
        "{before} before, {peak} at the peak"
    );
}

#[test]
fn a_thousand_refusals_leave_no_memory_behind() {
    let attack = br#"{"version":"2.0","requestContext":{"http":{"method":"GET","path":"/"}},
        "rawQueryString":"id=1%27%20or%20%271%27%3D%271%27%20union%20select%20a%20from%20b--"}"#;
    let process = Process::start(move |number| {
        let id = format!("id-{number}");
        if number % 1000 == 999 {
            event("good", b"{}")
        } else {
            event(&id, attack)
        }
    });
    let mut client = process.client();
    let mut round = || {
        client.call(NEXT, &event("good", b"{}"));
        client.call(&response("good", b"1"), ACCEPTED);
    };
    round();
    let before = process.status("VmRSS");
    for _ in 0..3 {
        round();
    }
    let after = process.status("VmRSS");
    assert!(
        after < before + (256 << 10),
        "{before} before, {after} after"
    );
}
