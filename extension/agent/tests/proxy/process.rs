//! The agent as a process, before a scripted platform.
//! It never lets a process outlive its test.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::harness::{Client, NEXT, client_of};
use crate::platform::{ACCEPTED, PATIENCE, Peer, Platform, find, wait_for};

const SHUTDOWN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 52\r\n\r\n\
    {\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"spindown\"}";

/// The agent as a process, before a platform that serves what it is asked for.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    address: SocketAddr,
    platform: Platform,
    shutdown: Arc<AtomicBool>,
}

impl Process {
    /// `reply` makes the reply to each `next`, whose count it gets.
    pub(crate) fn start(reply: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let count = AtomicUsize::new(0);
        let shutdown = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&shutdown);
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
                        wait_for("shutdown", || ends.load(Ordering::Acquire));
                        peer.write(SHUTDOWN)?;
                    } else if find(&request, b"/invocation/next").is_some() {
                        let number = count.fetch_add(1, Ordering::AcqRel);
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
            platform,
            shutdown,
        }
    }

    pub(crate) fn client(&self) -> Client {
        client_of(self.address)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it says.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// How often `next` was asked for so far.
    pub(crate) fn nexts(&self) -> usize {
        self.platform
            .seen()
            .iter()
            .map(|seen| {
                seen.windows(NEXT.len())
                    .filter(|call| *call == NEXT)
                    .count()
            })
            .sum()
    }

    /// Lets the platform say SHUTDOWN; the lines until the process has left with code 0.
    pub(crate) fn shut_down(mut self) -> Vec<String> {
        self.shutdown.store(true, Ordering::Release);
        let lines = self.lines.iter().collect();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        lines
    }

    /// A line of `/proc/PID/status`, in bytes.
    pub(crate) fn status(&self, name: &str) -> u64 {
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
