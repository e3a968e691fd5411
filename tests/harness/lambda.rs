//! A platform of plain sockets: the least of a Lambda, and every way for it to misbehave.
//! It never follows HTTP where a test tells it not to; the faithful platform is the sandbox.
use std::collections::VecDeque;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::DEADLINE;
use super::http::{Body, Head, message, read_body, read_head};

/// One event on its way to a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One answer as the platform read it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Body,
}

impl Answer {
    /// The request id in the target.
    pub(crate) fn id(&self) -> &str {
        self.head
            .target()
            .split('/')
            .nth_back(1)
            .unwrap_or_default()
    }
}

/// The other end of one connection, in the hands of a behaviour.
pub(crate) struct Peer {
    pub(crate) reader: BufReader<TcpStream>,
}

impl Peer {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    pub(crate) fn reply(&mut self, status: &str, body: &[u8]) -> io::Result<()> {
        let json = [("Content-Type", "application/json")];
        self.write(&message(&format!("HTTP/1.1 {status}"), &json, body))
    }

    /// Ends the connection with a reset instead of an orderly close.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        let zero = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(self.reader.get_ref(), zero)?;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Body> {
        read_body(&mut self.reader, head)
    }

    /// Whether the other side has closed while nothing was expected from it.
    fn is_gone(&self) -> bool {
        let stream = self.reader.get_ref();
        let _ = stream.set_nonblocking(true);
        let seen = stream.peek(&mut [0]);
        let _ = stream.set_nonblocking(false);
        match seen {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// Takes a call out of the normal course: `None` leaves it to the platform.
pub(crate) type Fault = dyn Fn(&Head, &mut Peer) -> Option<io::Result<()>> + Send + Sync;

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    answers: Vec<Answer>,
    calls: Vec<String>,
    heads: Vec<Head>,
    others: Vec<(Head, Body)>,
    fault: Option<Arc<Fault>>,
    /// Connections that may still bring a call, and those that only wait for an extension event.
    connections: usize,
    extensions_waiting: usize,
    nexts_pending: usize,
    nexts_dropped: usize,
    shutdown: Option<String>,
}

/// The platform; it stands until it is dropped.
pub(crate) struct Lambda {
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
    ended: AtomicBool,
    keeps_answers: AtomicBool,
}

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

impl Lambda {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lambda = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            state: Mutex::default(),
            changed: Condvar::new(),
            ended: AtomicBool::new(false),
            keeps_answers: AtomicBool::new(true),
        });
        let own = Arc::downgrade(&lambda);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(lambda) = own.upgrade() else { return };
                if lambda.ended.load(Ordering::Acquire) {
                    return;
                }
                thread::spawn(move || lambda.serve(stream));
            }
        });
        lambda
    }

    /// Ends the platform: pending calls are closed and nobody is accepted any more.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.changed.notify_all();
        let _ = TcpStream::connect(self.address);
    }

    /// Puts an event in line.
    pub(crate) fn push(&self, event: Event) {
        self.lock().events.push_back(event);
        self.changed.notify_all();
    }

    /// An event of this body, under this id, with the headers that the platform sends.
    pub(crate) fn event(id: &str, body: &[u8]) -> Event {
        Event {
            id: id.to_owned(),
            headers: Vec::new(),
            body: body.to_vec(),
        }
    }

    /// Every call from now on is shown to `fault` first.
    pub(crate) fn set_fault(
        &self,
        fault: impl Fn(&Head, &mut Peer) -> Option<io::Result<()>> + Send + Sync + 'static,
    ) {
        self.lock().fault = Some(Arc::new(fault));
    }

    /// Counts answers without keeping their bytes, for very many of them.
    pub(crate) fn forget_answers(&self) {
        self.keeps_answers.store(false, Ordering::Release);
    }

    /// Waits until `count` answers have come, and gives them back.
    pub(crate) fn answers(&self, count: usize) -> Vec<Answer> {
        self.wait(&format!("{count} answers"), |state| {
            state.answers.len() >= count
        });
        self.lock().answers.clone()
    }

    /// Waits for the answer under this id, the first one behind the first `known`.
    pub(crate) fn answer_to(&self, id: &str, known: usize) -> Answer {
        let find = |state: &State| {
            let mut news = state.answers.iter().skip(known);
            news.position(|answer| answer.id() == id)
        };
        self.wait(&format!("answer to {id}"), |state| find(state).is_some());
        let state = self.lock();
        let place = find(&state).expect("it was there a moment ago");
        state.answers[known + place].clone()
    }

    /// How many answers have come so far.
    pub(crate) fn count_answers(&self) -> usize {
        self.lock().answers.len()
    }

    /// Waits for one answer and takes it away, where all of them would be too much to keep.
    pub(crate) fn take_answer(&self) -> Answer {
        self.wait("an answer", |state| !state.answers.is_empty());
        self.lock().answers.remove(0)
    }

    /// The answers that have come so far.
    pub(crate) fn answers_so_far(&self) -> Vec<Answer> {
        self.lock().answers.clone()
    }

    /// Waits until exactly `count` calls of `next` are pending.
    pub(crate) fn wait_pending(&self, count: usize) {
        self.wait(&format!("{count} pending next"), |state| {
            state.nexts_pending == count
        });
    }

    /// Waits until everything that a client which is gone has sent was read.
    pub(crate) fn wait_quiet(&self) {
        self.wait("quiet", |state| {
            state.connections == state.extensions_waiting
        });
    }

    /// Waits until a call whose start line begins with `start` has been read.
    pub(crate) fn wait_call(&self, start: &str) {
        self.wait(start, |state| {
            state.calls.iter().any(|call| call.starts_with(start))
        });
    }

    /// Waits until `count` such calls have been read.
    pub(crate) fn wait_calls(&self, start: &str, count: usize) {
        self.wait(start, |state| {
            let calls = state.calls.iter();
            calls.filter(|call| call.starts_with(start)).count() >= count
        });
    }

    /// How many calls have a start line that begins with `start`.
    pub(crate) fn count_calls(&self, start: &str) -> usize {
        let state = self.lock();
        state
            .calls
            .iter()
            .filter(|call| call.starts_with(start))
            .count()
    }

    /// The heads of all calls so far.
    pub(crate) fn heads(&self) -> Vec<Head> {
        self.lock().heads.clone()
    }

    /// The calls so far that are none of the platform's own, whole.
    pub(crate) fn others(&self) -> Vec<(Head, Body)> {
        self.lock().others.clone()
    }

    /// How many pending `next` were closed by the client.
    pub(crate) fn nexts_dropped(&self) -> usize {
        self.lock().nexts_dropped
    }

    /// Tells the extensions to end.
    pub(crate) fn shut_down(&self, reason: &str) {
        self.lock().shutdown = Some(reason.to_owned());
        self.changed.notify_all();
    }

    fn wait(&self, what: &str, mut done: impl FnMut(&State) -> bool) {
        let end = Instant::now() + DEADLINE;
        let mut state = self.lock();
        while !done(&state) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "no {what} in time; calls: {:?}",
                state.calls
            );
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut peer = Peer {
            reader: BufReader::with_capacity(1 << 16, stream),
        };
        self.lock().connections += 1;
        while let Ok(head) = read_head(&mut peer.reader) {
            if self.ended.load(Ordering::Acquire) || self.call(&head, &mut peer).is_err() {
                break;
            }
        }
        self.lock().connections -= 1;
        self.changed.notify_all();
    }

    fn call(&self, head: &Head, peer: &mut Peer) -> io::Result<()> {
        let fault = {
            let mut state = self.lock();
            // Limit: 100,000 calls are noted, about 10 MiB; a longer run looks at answers only.
            if state.calls.len() < 100_000 && self.keeps_answers.load(Ordering::Acquire) {
                state.calls.push(head.start.clone());
                state.heads.push(head.clone());
            }
            state.fault.clone()
        };
        self.changed.notify_all();
        let outcome = fault.and_then(|fault| fault(head, peer));
        outcome.unwrap_or_else(|| self.normal(head, peer))
    }

    /// The platform's normal course.
    pub(crate) fn normal(&self, head: &Head, peer: &mut Peer) -> io::Result<()> {
        match (head.method(), head.target()) {
            ("POST", "/2020-01-01/extension/register") => {
                peer.body(head)?;
                peer.write(&message(
                    "HTTP/1.1 200 OK",
                    &[(
                        "Lambda-Extension-Identifier",
                        "0f6c1f4e-41c2-4cf5-8ad1-6a2e5b7a3d10",
                    )],
                    br#"{"functionName":"f","functionVersion":"$LATEST","handler":"a.b"}"#,
                ))
            }
            ("GET", "/2020-01-01/extension/event/next") => self.extension_next(peer),
            ("GET", NEXT) => self.next(peer),
            ("GET", "/2018-06-01/ping") => peer.reply("200 OK", b"pong"),
            ("POST", target) if target.starts_with("/2018-06-01/runtime/invocation/") => {
                let body = peer.body(head)?;
                self.note(Answer {
                    head: head.clone(),
                    body,
                });
                peer.reply("202 Accepted", b"{\"status\":\"OK\"}\n")
            }
            _ => {
                let body = peer.body(head)?;
                self.lock().others.push((head.clone(), body));
                peer.reply("404 Not Found", b"404 page not found")
            }
        }
    }

    /// Writes an answer down.
    pub(crate) fn note(&self, answer: Answer) {
        self.lock().answers.push(answer);
        self.changed.notify_all();
    }

    fn extension_next(&self, peer: &mut Peer) -> io::Result<()> {
        let mut state = self.lock();
        state.extensions_waiting += 1;
        self.changed.notify_all();
        loop {
            if let Some(reason) = state.shutdown.clone() {
                state.extensions_waiting -= 1;
                let event = format!(
                    r#"{{"eventType":"SHUTDOWN","shutdownReason":"{reason}","deadlineMs":{}}}"#,
                    now_ms() + 2000
                );
                drop(state);
                return peer.reply("200 OK", event.as_bytes());
            }
            if self.ended.load(Ordering::Acquire) {
                state.extensions_waiting -= 1;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    fn next(&self, peer: &mut Peer) -> io::Result<()> {
        let mut state = self.lock();
        state.nexts_pending += 1;
        self.changed.notify_all();
        let event = loop {
            if let Some(event) = state.events.pop_front() {
                state.nexts_pending -= 1;
                break event;
            }
            if self.ended.load(Ordering::Acquire) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            // The look at the socket is how the platform knows that a waiter is gone.
            let beat = Duration::from_millis(20);
            state = self.changed.wait_timeout(state, beat).unwrap().0;
            if state.events.is_empty() && peer.is_gone() {
                state.nexts_pending -= 1;
                state.nexts_dropped += 1;
                self.changed.notify_all();
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        };
        drop(state);
        self.changed.notify_all();
        peer.write(&next_reply(&event))
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.end();
    }
}

/// The reply to `next` as the platform writes it.
pub(crate) fn next_reply(event: &Event) -> Vec<u8> {
    let deadline = (now_ms() + 60_000).to_string();
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", event.id.as_str()),
        ("Lambda-Runtime-Deadline-Ms", &deadline),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:f",
        ),
        (
            "Lambda-Runtime-Trace-Id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c8",
        ),
    ];
    for (name, value) in &event.headers {
        headers.push((name, value));
    }
    message("HTTP/1.1 200 OK", &headers, &event.body)
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}
