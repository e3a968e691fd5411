//! A proxy in this process, with a scripted platform before it and raw clients behind it.
//! It never waits longer than a test's patience.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use credenza_agent::Shared;
use credenza_agent::config::Environment;
use credenza_agent::live::Live;
use credenza_agent::own::Own;
use credenza_agent::proxy::{Inspect, serve_with};
use credenza_agent::secret::Secret;
use credenza_agent::telemetry::{FaultNote, Invocation, LeakNote, Recorded, Sink, TamperNote};
use credenza_agent::upstream::{Route, Upstream};
use credenza_exchange::Inspected;
use credenza_policy::{Action, Mode, Policy, Problem};

use crate::inspection::Plain;
use crate::platform::{ACCEPTED, PATIENCE, Peer, Platform, wait_for};

/// What the proxy had to say.
#[derive(Default)]
pub(crate) struct Notes {
    faults: Mutex<Vec<String>>,
    inspected: Mutex<Vec<String>>,
    leaks: Mutex<Vec<String>>,
    /// The request ids of events and of leaks, each with the hash of the policy that judged it.
    judged: Mutex<Vec<(String, u64)>>,
    leaked: Mutex<Vec<(String, u64)>>,
    recorded: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Sink for Notes {
    fn recorded(&self, event: Box<Recorded>) {
        let id = String::from_utf8_lossy(&event.request_id).into_owned();
        self.recorded.lock().unwrap().push((id, event.event));
    }

    fn inspected(&self, invocation: &Invocation<'_>, inspected: &Inspected, _: u64) {
        let id = String::from_utf8_lossy(invocation.request_id).into_owned();
        let judged = (id.clone(), inspected.under.hash);
        self.judged.lock().unwrap().push(judged);
        self.inspected.lock().unwrap().push(id);
    }

    fn fault(&self, fault: &FaultNote<'_>) {
        let id = String::from_utf8_lossy(fault.request_id).into_owned();
        let note = format!("{} {} {id}", fault.kind, fault.behaviour);
        self.faults.lock().unwrap().push(note.trim().to_owned());
    }

    fn leaked(&self, leak: &LeakNote<'_>) {
        let (channel, spelling) = (leak.channel, leak.found.kind);
        let id = String::from_utf8_lossy(leak.request_id).into_owned();
        let hash = leak.under.map_or(0, |under| under.hash);
        self.leaked.lock().unwrap().push((id, hash));
        let applied = match leak.found.action {
            _ if !leak.applied => "seen",
            Action::Mask => "masked",
            Action::Flag | Action::Block => "withheld",
        };
        let note = format!("{} {spelling} {channel} {applied}", leak.secret);
        self.leaks.lock().unwrap().push(note);
    }

    fn problem(&self, _: &Problem) {}
    fn dealt_with(&self, _: u64) {}
    fn tampered(&self, _: &TamperNote<'_>) {}
}

/// How a room is furnished.
pub(crate) struct Plan {
    pub(crate) policy: Policy,
    /// Whether the policy may be swapped.
    pub(crate) changes: bool,
    pub(crate) inspection: Box<dyn Inspect>,
    pub(crate) upstream: Option<String>,
    /// The function's environment.
    pub(crate) environment: Environment,
    /// What the function may use of memory.
    pub(crate) memory_bytes: usize,
    /// How many connections the platform accepts before it is gone.
    pub(crate) connections: usize,
}

impl Plan {
    /// The usual, with another inspection.
    pub(crate) fn inspecting(inspection: impl Inspect + 'static) -> Self {
        Self {
            inspection: Box::new(inspection),
            ..Self::default()
        }
    }
}

impl Default for Plan {
    fn default() -> Self {
        let policy = Policy {
            mode: Mode::Block,
            ..Policy::default()
        };
        Self {
            policy,
            changes: false,
            inspection: Box::new(Plain),
            upstream: None,
            environment: Environment::default(),
            memory_bytes: 0,
            connections: usize::MAX,
        }
    }
}

/// The proxy, and the platform before it.
pub(crate) struct Room {
    pub(crate) platform: Platform,
    /// The policy in force, which a test may swap.
    pub(crate) live: Arc<Live>,
    pub(crate) address: SocketAddr,
    notes: Arc<Notes>,
}

/// A key of the platform's form, which opens nothing.
pub(crate) fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

/// A platform with an event for everyone who asks, and room for every answer.
pub(crate) fn never_empty(
    event: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
) -> impl Fn(&mut Peer) -> Option<()> + Send + Sync + 'static {
    let numbers = AtomicUsize::new(0);
    move |peer| loop {
        if peer.request()?.starts_with(b"GET") {
            peer.write(&event(numbers.fetch_add(1, Ordering::SeqCst)))?;
        } else {
            peer.write(ACCEPTED)?;
        }
    }
}

impl Room {
    pub(crate) fn new(script: impl Fn(&mut Peer) -> Option<()> + Send + Sync + 'static) -> Self {
        Self::planned(Plan::default(), script)
    }

    pub(crate) fn planned(
        plan: Plan,
        script: impl Fn(&mut Peer) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        let platform = Platform::start(Box::new(script), plan.connections);
        let upstream = match plan.upstream {
            Some(text) => text.replace("PLATFORM", &platform.address.to_string()),
            None => platform.address.to_string(),
        };
        let notes = Arc::new(Notes::default());
        let live = Arc::new(if plan.changes {
            Live::changing(plan.policy)
        } else {
            Live::fixed(plan.policy)
        });
        let shared = Shared {
            policy: Arc::clone(&live),
            own: Arc::new(Own::of(&plan.environment)),
            key: Arc::new(Secret::draw()),
            route: Arc::new(Route::new(Upstream::parse(&upstream).unwrap())),
            witness: Arc::default(),
            memory_bytes: plan.memory_bytes,
            sink: Arc::clone(&notes) as Arc<dyn Sink>,
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        serve_with(listener, shared, plan.inspection).unwrap();
        Self {
            platform,
            live,
            address,
            notes,
        }
    }

    /// A new connection of a runtime.
    pub(crate) fn client(&self) -> Client {
        client_of(self.address)
    }

    /// The faults so far, as `kind behaviour request-id`.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.notes.faults.lock().unwrap().clone()
    }

    /// Waits for exactly these faults.
    pub(crate) fn expect_faults(&self, expected: &[&str]) {
        wait_for(&format!("faults {expected:?}"), || {
            self.faults().len() >= expected.len()
        });
        assert_eq!(self.faults(), expected);
    }

    /// The leaks so far, as `secret spelling channel fate`.
    pub(crate) fn leaks(&self) -> Vec<String> {
        self.notes.leaks.lock().unwrap().clone()
    }

    /// The events that were to be recorded, by request id; without their bytes where that was not
    /// to be.
    pub(crate) fn recorded(&self) -> Vec<(String, Vec<u8>)> {
        self.notes.recorded.lock().unwrap().clone()
    }

    /// The policies that judged events, and those that judged leaks, by request id.
    pub(crate) fn judged(&self) -> [Vec<(String, u64)>; 2] {
        let of = |list: &Mutex<Vec<(String, u64)>>| list.lock().unwrap().clone();
        [of(&self.notes.judged), of(&self.notes.leaked)]
    }

    /// The request ids of what was inspected so far.
    pub(crate) fn inspected(&self) -> Vec<String> {
        self.notes.inspected.lock().unwrap().clone()
    }
}

/// A new connection to an agent.
pub(crate) fn client_of(address: SocketAddr) -> Client {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    Client {
        stream,
        unread: Vec::new(),
    }
}

/// A runtime's end of one connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

/// The call that asks for an event.
pub(crate) const NEXT: &[u8] =
    b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\nUser-Agent: raw/1\r\n\r\n";

/// So many header lines, no two the same.
pub(crate) fn lines(count: usize) -> String {
    let lines: Vec<String> = (0..count)
        .map(|line| format!("X-{line}: {line}\r\n"))
        .collect();
    lines.concat()
}

/// An answer to an invocation.
pub(crate) fn response(id: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: a\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Client {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads exactly as many bytes as `expected` has, and compares.
    pub(crate) fn expect(&mut self, expected: &[u8]) {
        let mut piece = vec![0; 1 << 16];
        while self.unread.len() < expected.len() {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => self.unread.extend_from_slice(&piece[..count]),
                Err(error) => panic!("{error}; so far: {}", text(&self.unread)),
            }
        }
        let count = expected.len().min(self.unread.len());
        let got: Vec<u8> = self.unread.drain(..count).collect();
        assert!(
            got == expected,
            "got {:?}, expected {:?}",
            text(&got),
            text(expected)
        );
    }

    /// Sends a call and compares its reply.
    pub(crate) fn call(&mut self, request: &[u8], reply: &[u8]) {
        self.send(request);
        self.expect(reply);
    }

    /// Everything until the other side closes; a reset counts as that.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut piece = vec![0; 1 << 16];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => self.unread.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error}; so far: {}", text(&self.unread)),
            }
        }
        std::mem::take(&mut self.unread)
    }

    /// So many bytes, or fewer if the other side closes.
    pub(crate) fn rest_or(&mut self, count: usize) -> Vec<u8> {
        let mut piece = vec![0; count];
        while self.unread.len() < count {
            match self.stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(count) => self.unread.extend_from_slice(&piece[..count]),
            }
        }
        let count = count.min(self.unread.len());
        self.unread.drain(..count).collect()
    }

    /// One byte; none at the end.
    pub(crate) fn byte(&mut self) -> Vec<u8> {
        let byte = self.rest_or(1);
        assert!(!byte.is_empty(), "closed in a reply");
        byte
    }

    /// One reply that need not be whole: until the other side closes or the body is there.
    pub(crate) fn rest_until_silent(&mut self) -> Vec<u8> {
        let mut whole = Vec::new();
        loop {
            let byte = self.rest_or(1);
            let empty = byte.is_empty();
            whole.extend(byte);
            if empty || whole.ends_with(b"}") || whole.ends_with(b"}\n") {
                return whole;
            }
        }
    }

    /// The status of the reply that comes; it stays unread.
    pub(crate) fn status(&mut self) -> u16 {
        let mut piece = [0; 4096];
        while self.unread.len() < 12 {
            let count = self.stream.read(&mut piece).unwrap();
            assert!(count > 0, "closed without a reply");
            self.unread.extend_from_slice(&piece[..count]);
        }
        text(&self.unread[9..12]).parse().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(2000).collect()
}
