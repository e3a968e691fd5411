//! A platform of raw sockets that follows a script, and writes down every byte it got.
//! It never answers by itself: each connection belongs to the script.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// No wait of a test is longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the script does with one connection; the first one is number 0.
pub(crate) type Script = dyn Fn(&mut Peer) -> Option<()> + Send + Sync;

/// The platform; its threads end with the test's process.
pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Platform {
    /// Accepts so many connections, then nobody listens any more.
    pub(crate) fn start(script: Box<Script>, connections: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let (script, all): (Arc<Script>, _) = (script.into(), Arc::clone(&seen));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().take(connections).enumerate() {
                all.lock().unwrap().push(Vec::new());
                let (script, all) = (Arc::clone(&script), Arc::clone(&all));
                thread::spawn(move || {
                    stream.set_nodelay(true).unwrap();
                    let mut peer = Peer {
                        stream,
                        number,
                        unread: Vec::new(),
                        seen: all,
                    };
                    script(&mut peer)
                });
            }
        });
        Self { address, seen }
    }

    /// Every byte of each connection so far.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until connection `number` has brought exactly these bytes, and no more connections
    /// than that were made.
    pub(crate) fn expect(&self, number: usize, bytes: &[u8]) {
        wait_for("the platform's bytes", || {
            let seen = self.seen();
            seen.get(number)
                .is_some_and(|seen| seen.len() >= bytes.len())
        });
        let seen = self.seen();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&seen[number]), text(bytes));
    }
}

/// Waits until `done`, and fails with `what` if it takes too long.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "no {what} in time");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// An address at which nobody listens, and the socket that keeps it so.
pub(crate) fn refusing_address() -> (OwnedFd, SocketAddr) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = getsockname(&socket).unwrap().try_into().unwrap();
    (socket, address)
}

/// Runs a test in which something must be done within `limit`, and again where a try failed after
/// more than that: a machine that stood still for so long says nothing about the proxy. What is
/// wrong with the proxy itself is wrong in each try, and what never comes is not waited for again.
pub(crate) fn within(limit: Duration, test: impl Fn()) {
    // Limit: five tries; a machine that stands still in each of them is no machine for tests.
    for _ in 0..4 {
        let begun = Instant::now();
        let Err(failure) = catch_unwind(AssertUnwindSafe(&test)) else {
            return;
        };
        if !(limit..PATIENCE).contains(&begun.elapsed()) {
            resume_unwind(failure);
        }
    }
    test();
}

/// The platform's end of one connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    pub(crate) number: usize,
    unread: Vec<u8>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Peer {
    /// Reads once; `None` at the end of the connection.
    pub(crate) fn read(&mut self) -> Option<usize> {
        let mut piece = vec![0; 1 << 16];
        let count = self
            .stream
            .read(&mut piece)
            .ok()
            .filter(|count| *count > 0)?;
        self.unread.extend_from_slice(&piece[..count]);
        self.seen.lock().unwrap()[self.number].extend_from_slice(&piece[..count]);
        Some(count)
    }

    /// Reads one request, head and body as they came.
    pub(crate) fn request(&mut self) -> Option<Vec<u8>> {
        let head = self.head()?;
        let mut whole = head.clone();
        whole.extend(self.body(&head)?);
        Some(whole)
    }

    /// Reads one head.
    pub(crate) fn head(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                return Some(self.unread.drain(..at + 4).collect());
            }
            self.read()?;
        }
    }

    /// Reads the body that belongs to `head`, framing included.
    pub(crate) fn body(&mut self, head: &[u8]) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(head).to_ascii_lowercase();
        let chunked = text.contains("\r\ntransfer-encoding:");
        let length = text.split("\r\ncontent-length:").nth(1).map_or(0, |rest| {
            let value = rest.split("\r\n").next().unwrap().trim();
            value.parse().unwrap()
        });
        loop {
            let end = if chunked {
                end_of_chunks(&self.unread)
            } else {
                (self.unread.len() >= length).then_some(length)
            };
            if let Some(end) = end {
                return Some(self.unread.drain(..end).collect());
            }
            self.read()?;
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    /// Forgets what this connection has brought so far, for very much of it.
    pub(crate) fn forget(&mut self) {
        self.seen.lock().unwrap()[self.number].clear();
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(&mut self) -> Option<()> {
        let zero = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(&self.stream, zero).unwrap();
        None
    }

    /// Waits for the other side to close, and keeps what it still sends.
    pub(crate) fn drain(&mut self) -> Option<()> {
        while self.read().is_some() {}
        None
    }
}

/// Where a chunked body ends, trailers included.
fn end_of_chunks(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let digits = bytes[at..at + line].split(|byte| !byte.is_ascii_hexdigit());
        let digits = std::str::from_utf8(digits.into_iter().next().unwrap()).unwrap();
        let size = usize::from_str_radix(digits, 16).unwrap();
        at += line + 2;
        if size == 0 {
            break;
        }
        at += size + 2;
        if bytes.len() < at {
            return None;
        }
    }
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        at += line + 2;
        if line == 0 {
            return Some(at);
        }
    }
}

pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The reply to `next` with this request id and event.
pub(crate) fn event(id: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
         Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The reply to an accepted answer.
pub(crate) const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\
    Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
