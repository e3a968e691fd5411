//! Where telemetry arrives: a socket of this environment, and a path that nobody can guess.
//! It never believes a batch that was sent elsewhere, and never holds more than a batch of each
//! sender.
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::secret::Secret;

// Limit: the platform keeps one connection, and opens another when that one broke; a process that
// opens more is no platform.
const SENDERS_MAX: u32 = 4;

// Limit: twice the `maxBytes` that we ask for, and as much again for what stands around the records
// (Telemetry API: a batch may be twice as long and has metadata).
const BATCH_BYTES_MAX: usize = 4 * MAX_BYTES;

// Limit: the least that may be asked for; a function that prints more in a second is cut into
// more batches.
const MAX_BYTES: usize = 262_144;

// Limit: a wake-up a second is little even for a starved function, and the ledger holds more than
// a second's invocations.
const TIMEOUT_MS: u32 = 1_000;

// Limit: a request's head has some 200 bytes; 16 KiB is room for headers of a later version.
const HEAD_BYTES_MAX: usize = 16 * 1024;

// Limit: a sender that has begun a batch has it in memory.
const PATIENCE: Duration = Duration::from_secs(5);

const STACK_BYTES: usize = 64 * 1024;

/// The name under which the platform reaches extensions (Telemetry API: no other is accepted).
const HOST: &str = "sandbox.localdomain";

/// A bound listener that nobody knows of yet.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    /// `/` and 32 letters.
    path: String,
}

impl Listener {
    /// Binds any port of the address that the platform's name stands for.
    pub(crate) fn bind() -> io::Result<Self> {
        let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
        let socket = TcpListener::bind(SocketAddr::new(address(&hosts), 0))?;
        let token = Secret::draw().current().0;
        let letters: Vec<String> = token.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            socket,
            path: format!("/{}", letters.concat()),
        })
    }

    /// The subscription to `kinds` (`platform`, `function`) that brings telemetry here.
    pub(crate) fn subscription(&self, kinds: &[&str], schema: &str) -> io::Result<String> {
        let port = self.socket.local_addr()?.port();
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
        Ok(format!(
            concat!(
                r#"{{"schemaVersion":"{}","types":[{}],"buffering":{{"maxItems":1000,"#,
                r#""maxBytes":{},"timeoutMs":{}}},"destination":{{"protocol":"HTTP","#,
                r#""URI":"http://{}:{}{}"}}}}"#,
            ),
            schema,
            kinds.join(","),
            MAX_BYTES,
            TIMEOUT_MS,
            HOST,
            port,
            self.path
        ))
    }

    /// Hands every batch to `take`, on threads of its own; returns at once.
    pub(crate) fn serve(self, take: impl Fn(&[u8]) + Send + Sync + 'static) -> io::Result<()> {
        let take = Arc::new(take);
        let senders = Arc::new(AtomicU32::new(0));
        thread::Builder::new()
            .name("telemetry".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                loop {
                    match self.socket.accept() {
                        Ok((stream, _)) => self.attend(stream, &senders, &take),
                        // Out of descriptors: somebody has to close one first.
                        Err(_) => thread::sleep(Duration::from_millis(100)),
                    }
                }
            })?;
        Ok(())
    }

    /// Gives a sender its thread, if it may have one.
    fn attend<T: Fn(&[u8]) + Send + Sync + 'static>(
        &self,
        stream: TcpStream,
        senders: &Arc<AtomicU32>,
        take: &Arc<T>,
    ) {
        if senders.fetch_add(1, Ordering::Relaxed) >= SENDERS_MAX {
            senders.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let (path, take, senders) = (self.path.clone(), Arc::clone(take), Arc::clone(senders));
        let _ = thread::Builder::new()
            .name("telemetry".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let mut sender = Sender {
                    stream,
                    unread: Vec::new(),
                };
                // Whoever breaks off, or is not the platform, comes again or does not.
                while let Ok(batch) = sender.batch(&path) {
                    take(&batch);
                    if sender.accept().is_err() {
                        break;
                    }
                }
                senders.fetch_sub(1, Ordering::Relaxed);
            });
    }
}

/// The address of [`HOST`] in a table of hosts: an address of this environment, else loopback.
fn address(hosts: &str) -> IpAddr {
    let named = hosts.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address: Ipv4Addr = words.next()?.parse().ok()?;
        let is_near = address.is_loopback() || address.is_link_local();
        (is_near && words.any(|name| name == HOST)).then_some(address)
    });
    IpAddr::V4(named.unwrap_or(Ipv4Addr::LOCALHOST))
}

/// One connection that brings batches.
struct Sender {
    stream: TcpStream,
    /// What was read and belongs to the next request.
    unread: Vec<u8>,
}

impl Sender {
    /// Reads one `POST` to `path` with its whole body.
    fn batch(&mut self, path: &str) -> io::Result<Vec<u8>> {
        // The environment may be frozen between two batches for as long as it likes.
        self.stream.set_read_timeout(None)?;
        if self.unread.is_empty() {
            self.more()?;
        }
        self.stream.set_read_timeout(Some(PATIENCE))?;
        let (head, length) = loop {
            if let Some(read) = read_head(&self.unread, path)? {
                break read;
            }
            if self.unread.len() > HEAD_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.more()?;
        };
        self.unread.drain(..head);
        while self.unread.len() < length {
            self.more()?;
        }
        let rest = self.unread.split_off(length);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    fn more(&mut self) -> io::Result<()> {
        let mut piece = [0; 8 * 1024];
        let read = self.stream.read(&mut piece)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread
            .extend_from_slice(piece.get(..read).unwrap_or_default());
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        self.stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
}

/// The bytes of a whole head and of the body behind it; `None` if there is more of it to come.
fn read_head(bytes: &[u8], path: &str) -> io::Result<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let end = match request.parse(bytes).map_err(|_| bad())? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial => return Ok(None),
    };
    if request.method != Some("POST") || request.path != Some(path) {
        return Err(bad());
    }
    let mut named = request.headers.iter();
    let length = named.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok());
    let length: usize = length
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(bad)?;
    if length > BATCH_BYTES_MAX {
        return Err(bad());
    }
    Ok(Some((end, length)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpStream};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::{BATCH_BYTES_MAX, Listener, address, read_head};

    #[test]
    fn the_platforms_name_is_looked_up_in_this_environment_only() {
        for (hosts, expected) in [
            ("", [127, 0, 0, 1]),
            (
                "169.254.79.129 sandbox.localdomain sandbox\n",
                [169, 254, 79, 129],
            ),
            (
                "# 169.254.1.1 sandbox.localdomain\n127.0.0.1 localhost\n",
                [127, 0, 0, 1],
            ),
            ("10.0.0.1 sandbox.localdomain\n", [127, 0, 0, 1]),
            ("127.0.0.9 a sandbox.localdomain # us\n", [127, 0, 0, 9]),
        ] {
            assert_eq!(address(hosts), Ipv4Addr::from(expected), "{hosts:?}");
        }
    }

    fn post(path: &str, body: &str) -> String {
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
    }

    #[test]
    fn batches_arrive_whole_and_only_at_the_path_that_was_told() {
        let listener = Listener::bind().unwrap();
        let (path, at) = (listener.path.clone(), listener.socket.local_addr().unwrap());
        let (sender, batches) = channel();
        let sender = std::sync::Mutex::new(sender);
        let take = move |batch: &[u8]| {
            let _ = sender.lock().unwrap().send(batch.to_vec());
        };
        listener.serve(take).unwrap();

        let mut stranger = TcpStream::connect(at).unwrap();
        stranger
            .write_all(post("/guess", "[1]").as_bytes())
            .unwrap();
        assert_eq!(
            stranger.read(&mut [0; 16]).unwrap_or(0),
            0,
            "a stranger is answered"
        );

        let mut platform = TcpStream::connect(at).unwrap();
        let long = "x".repeat(600_000);
        let both = post(&path, &long) + &post(&path, "[2]");
        for piece in both.as_bytes().chunks(100_000) {
            platform.write_all(piece).unwrap();
        }
        let wait = Duration::from_secs(30);
        assert_eq!(batches.recv_timeout(wait).unwrap().len(), long.len());
        assert_eq!(batches.recv_timeout(wait).unwrap(), b"[2]");
        assert!(batches.try_recv().is_err());
    }

    #[test]
    fn heads_without_a_length_or_with_too_long_a_body_are_refused() {
        assert!(read_head(b"POST /p HTTP/1.1\r\nHost: a\r\n\r\n", "/p").is_err());
        let long = BATCH_BYTES_MAX + 1;
        let head = format!("POST /p HTTP/1.1\r\nContent-Length: {long}\r\n\r\n");
        assert!(read_head(head.as_bytes(), "/p").is_err());
        assert_eq!(read_head(b"POST /p HT", "/p").unwrap(), None);
        bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
            let _ = read_head(bytes, "/p");
        });
    }
}
