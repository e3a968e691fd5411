//! The platform's side: enough of the Runtime and Extensions API to keep a proxy busy.
//! It never checks what it is sent, and it never closes a connection first.
use std::io::{self, Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::wire::Message;

/// How long a proxy may take before it counts as stuck.
// Limit: 30 s, a thousand times what the slowest peer needs for the largest event here.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A listening platform for one proxy and one runtime.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens; what `AWS_LAMBDA_RUNTIME_API` names.
    pub address: SocketAddr,
    events: Sender<Arc<Vec<u8>>>,
    marks: Receiver<Mark>,
    registered: Receiver<Instant>,
}

/// Something that happened on the platform's side.
#[derive(Debug)]
enum Mark {
    /// An event is about to be written.
    EventSent(Instant),
    /// An output has arrived to its last byte.
    OutputHere(Instant, Vec<u8>),
}

/// What the connections of one platform share.
struct Shared {
    events: Mutex<Receiver<Arc<Vec<u8>>>>,
    marks: Sender<Mark>,
    registered: Sender<Instant>,
}

impl Upstream {
    /// Starts to listen on a free port of loopback.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (events, orders) = channel();
        let (mark, marks) = channel();
        let (register, registered) = channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(orders),
            marks: mark,
            registered: register,
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A connection ends when its peer does; the proxy's death is no news here.
                thread::spawn(move || converse(stream, &shared).unwrap_or_default());
            }
        });
        Ok(Self {
            address,
            events,
            marks,
            registered,
        })
    }

    /// Puts an event in line for the next `next`.
    pub fn order(&self, event: &Arc<Vec<u8>>) -> Result<()> {
        self.events
            .send(Arc::clone(event))
            .context("the platform's threads are gone")
    }

    /// When the ordered event began to be written.
    pub fn event_sent(&self) -> Result<Instant> {
        match self
            .marks
            .recv_timeout(PATIENCE)
            .context("no event was asked for")?
        {
            Mark::EventSent(at) => Ok(at),
            Mark::OutputHere(..) => anyhow::bail!("an output came before its event"),
        }
    }

    /// When the output had arrived whole, and its bytes.
    pub fn output_here(&self) -> Result<(Instant, Vec<u8>)> {
        match self
            .marks
            .recv_timeout(PATIENCE)
            .context("no output arrived")?
        {
            Mark::OutputHere(at, output) => Ok((at, output)),
            Mark::EventSent(_) => anyhow::bail!("a second event was asked for"),
        }
    }

    /// When an extension has registered.
    pub fn registered(&self) -> Result<Instant> {
        self.registered
            .recv_timeout(PATIENCE)
            .context("no extension registered")
    }
}

/// Serves one connection until its peer closes it.
fn converse(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut message = Message::default();
    let mut reply = Vec::new();
    let mut served = 0_u64;
    // Marks that nobody reads any more are of no interest: the bench has moved on.
    while message.read(&mut stream)? {
        let now = Instant::now();
        let target = message.first_line().split(' ').nth(1).unwrap_or_default();
        if target.ends_with("/runtime/invocation/next") {
            served += 1;
            let orders = shared.events.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok(event) = orders.recv() else {
                return Ok(());
            };
            drop(orders);
            write_event(&mut reply, served, &event);
            shared
                .marks
                .send(Mark::EventSent(Instant::now()))
                .unwrap_or_default();
            stream.write_all(&reply)?;
        } else if target.ends_with("/response") && message.header("transfer-encoding").is_some() {
            drain(message.body(), &mut stream)?;
            let here = Mark::OutputHere(Instant::now(), Vec::new());
            shared.marks.send(here).unwrap_or_default();
            stream.write_all(ACCEPTED)?;
        } else if target.ends_with("/response") || target.ends_with("/error") {
            let output = message.body().to_vec();
            shared
                .marks
                .send(Mark::OutputHere(now, output))
                .unwrap_or_default();
            stream.write_all(ACCEPTED)?;
        } else if target.ends_with("/extension/register") {
            shared.registered.send(now).unwrap_or_default();
            stream.write_all(REGISTERED)?;
        } else if target.ends_with("/extension/event/next") {
            // An extension waits for SHUTDOWN for as long as it lives.
            return message.read(&mut stream).map(drop);
        } else {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK")?;
        }
    }
    Ok(())
}

/// What a chunked body without trailers ends with.
pub(crate) const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// Reads a chunked body to its end; what the bench streams holds no such bytes before.
fn drain(begun: &[u8], stream: &mut TcpStream) -> io::Result<()> {
    let mut room = vec![0; 256 * 1024];
    let mut end = begun.to_vec();
    while !end.ends_with(LAST_CHUNK) {
        let count = stream.read(&mut room)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = room.get(..count).unwrap_or_default();
        let kept = read.get(count.saturating_sub(LAST_CHUNK.len())..);
        end.extend_from_slice(kept.unwrap_or(read));
        end.drain(..end.len().saturating_sub(LAST_CHUNK.len()));
    }
    Ok(())
}

const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\n\
    content-length: 16\r\n\r\n{\"status\":\"OK\"}\n";

const REGISTERED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    lambda-extension-identifier: 00000000-0000-4000-8000-000000000001\r\n\
    content-length: 69\r\n\r\n\
    {\"functionName\":\"bench\",\"functionVersion\":\"1\",\"handler\":\"bench.main\"}";

/// Puts head and event into one buffer, so that they leave in one write.
fn write_event(reply: &mut Vec<u8>, served: u64, event: &[u8]) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let deadline_ms = (now + Duration::from_mins(1)).as_millis();
    reply.clear();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
         Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-{served:012x}\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:000000000000:function:b\r\n\
         Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
         Content-Length: {}\r\n\r\n",
        event.len()
    );
    reply.extend_from_slice(head.as_bytes());
    reply.extend_from_slice(event);
}

#[cfg(test)]
mod tests {
    use super::REGISTERED;
    use crate::wire::Message;

    #[test]
    fn the_registration_is_as_long_as_it_says() {
        let mut message = Message::default();
        assert!(message.read(&mut &REGISTERED[..]).unwrap());
        assert_eq!(message.body().len(), 69);
        assert!(message.body().ends_with(b"}"));
    }
}
