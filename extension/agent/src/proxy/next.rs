//! The hot path: a runtime asks for an event, gets one that may pass, and never sees another.
//! It never drops, doubles or times a pending `next`: it is a token of capacity (R14 to R18).
use std::io;
use std::io::Read;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credenza_exchange::{Inspected, Refusal, Step};
use credenza_policy::{Mode, OnError};

use super::STACK_BYTES;
use super::chunked::Chunked;
use super::connection::{Call, Connection};
use super::head::{self, Framing, Reply};
use super::link::Link;
use super::wire::{NoHead, Ready, wait_either};
use crate::fault::Fault;
use crate::telemetry::Invocation;

// Limit: an event is at most 6,291,556 bytes; 8 MiB leaves room for a platform that allows more.
// Beyond it bytes pass as they come, and a record says that nobody looked.
const EVENT_BYTES_MAX: u64 = 8 * 1024 * 1024;

// Limit: each try costs a connection; ten broken ones in a row are a platform that is gone.
const TRIES_MAX: u32 = 10;

// Limit: 20 ns a byte is the promise on one whole vCPU; a 128 MB function has a fourteenth of it.
const GUARD_BASE: Duration = Duration::from_secs(1);
const GUARD_PER_BYTE: Duration = Duration::from_nanos(300);

/// A reply to `next`: head and body as they came, in one piece.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    reply: Reply,
    /// The event, where the body's framing hides it.
    plain: Option<Vec<u8>>,
}

/// All that is needed to go on with an invocation, on this thread or on another.
#[derive(Debug)]
pub(crate) struct Held {
    connection: Connection,
    link: Link,
    call: Call,
    message: Arc<Message>,
}

/// What became of the wait for an event.
enum Waited {
    Reply(Box<Message>),
    /// The body is too large to be held; the head is unread.
    TooLarge(Reply),
    RuntimeLeft,
    Broken,
    Malformed,
}

/// What to do after an event was dealt with.
enum After {
    Delivered(Connection),
    Refused(Connection, Call),
    Gone,
}

impl Message {
    fn event(&self) -> &[u8] {
        match &self.plain {
            Some(plain) => plain,
            None => self.bytes.get(self.reply.bytes..).unwrap_or_default(),
        }
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    fn request_id(&self) -> &[u8] {
        self.part(&self.reply.request_id)
    }

    fn invocation(&self) -> Invocation<'_> {
        Invocation {
            request_id: self.request_id(),
            trace_id: self.part(&self.reply.trace_id),
            function_arn: self.part(&self.reply.function_arn),
            tenant_id: self.part(&self.reply.tenant_id),
        }
    }

    /// How long inspection may take: by size, and never more than half of what is left.
    fn limit(&self) -> Duration {
        let bytes = u32::try_from(self.event().len()).unwrap_or(u32::MAX);
        let own = GUARD_BASE.saturating_add(GUARD_PER_BYTE.saturating_mul(bytes));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        match self.reply.deadline_ms {
            // A deadline in the past, or in seconds, says nothing (F31).
            Some(deadline) => match Duration::from_millis(deadline).checked_sub(now) {
                Some(left) if !left.is_zero() => own.min(left / 2),
                _ => own,
            },
            None => own,
        }
    }
}

impl Connection {
    /// Serves a `next`.
    pub(super) fn next(self, call: Call) -> Option<Self> {
        self.proxy.shared.route.seal();
        let (mut connection, mut call) = (self, call);
        let mut tries = 0_u32;
        loop {
            let Ok(mut link) = connection.pending(&call) else {
                return connection.answer(Fault::PlatformUnreachable, b"", true);
            };
            match link.wait(&connection) {
                Waited::Reply(message) => match connection.judge(link, call, *message) {
                    After::Delivered(connection) => return Some(connection),
                    After::Refused(again, same) => {
                        (connection, call) = (again, same);
                        tries = 0;
                    }
                    After::Gone => return None,
                },
                Waited::RuntimeLeft => {
                    connection.proxy.fault(Fault::RuntimeLeft, b"");
                    connection.proxy.pool.park(link);
                    return connection.end();
                }
                Waited::TooLarge(reply) => {
                    let id = link.request_id(&reply);
                    connection.proxy.fault(Fault::PlatformEventTooLarge, &id);
                    return connection.pass(link, &reply);
                }
                Waited::Broken if tries < TRIES_MAX => {
                    connection.proxy.fault(Fault::PlatformNextBroken, b"");
                    tries = tries.saturating_add(1);
                }
                Waited::Broken => return connection.answer(Fault::PlatformUnreachable, b"", true),
                Waited::Malformed => return connection.answer(Fault::PlatformMalformed, b"", true),
            }
        }
    }

    /// A connection on which exactly one `next` is pending: a parked one, or one that just asked.
    fn pending(&mut self, call: &Call) -> io::Result<Link> {
        if let Some(parked) = self.proxy.pool.parked() {
            return Ok(parked);
        }
        loop {
            let (mut link, kept) = self.link()?;
            let head = link.head(&call.head, &call.request);
            match link.wire.write(&head) {
                Ok(()) => return Ok(link),
                // The peer left between the look and the write; the next one is fresh.
                Err(_) if kept => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Inspects an event and acts on the verdict.
    fn judge(self, link: Link, call: Call, message: Message) -> After {
        if message.reply.status != 200 || self.proxy.shared.policy.mode == Mode::Off {
            return self.deliver(link, &message);
        }
        let proxy = Arc::clone(&self.proxy);
        let message = Arc::new(message);
        let limit = message.limit();
        let held = Held {
            connection: self,
            link,
            call,
            message: Arc::clone(&message),
        };
        let started = Instant::now();
        let ticket = proxy.guard.hold(held, limit);
        let inspected = catch_unwind(AssertUnwindSafe(|| proxy.inspection.event(message.event())));
        let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // The guard was faster: the event is delivered, and this thread has nothing left to do.
        let Some(held) = proxy.guard.release(&ticket) else {
            return After::Gone;
        };
        match inspected {
            Ok(inspected) => held.act(&inspected, us),
            Err(_) => held.fail(Fault::OursPanicked),
        }
    }

    /// Hands an event on, head and body in one write.
    fn deliver(mut self, link: Link, message: &Message) -> After {
        let written = self.down.write(&message.bytes);
        if message.reply.keeps {
            self.link = Some(link);
        }
        match written {
            Ok(()) if message.reply.framing != Framing::Close => After::Delivered(self),
            Ok(()) => {
                self.end();
                After::Gone
            }
            Err(_) => {
                self.proxy
                    .fault(Fault::RuntimeBodyCut, message.request_id());
                self.end();
                After::Gone
            }
        }
    }

    /// Answers the platform in the function's place.
    fn refuse(mut self, link: Link, call: Call, message: &Message, refusal: &Refusal) -> After {
        if message.reply.keeps {
            self.link = Some(link);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.post(&call, message.request_id(), refusal) {
                Ok(202) => break,
                // A repeat that is refused by id had arrived the first time (R18).
                Ok(400 | 403) if tries > 1 => {
                    self.proxy
                        .fault(Fault::PlatformAnswerDoubled, message.request_id());
                    break;
                }
                Err(_) if tries < 2 => {
                    self.proxy
                        .fault(Fault::PlatformAnswerBroken, message.request_id());
                }
                Ok(_) | Err(_) => {
                    self.proxy
                        .fault(Fault::PlatformRefusalRejected, message.request_id());
                    break;
                }
            }
        }
        After::Refused(self, call)
    }

    /// Posts a refusal and reads the platform's whole reply; the status.
    fn post(&mut self, call: &Call, request_id: &[u8], refusal: &Refusal) -> io::Result<u16> {
        let (mut link, _) = self.link()?;
        let verb = if refusal.error_type.is_some() {
            "error"
        } else {
            "response"
        };
        let mut bytes = Vec::with_capacity(512_usize.saturating_add(refusal.body.len()));
        bytes.extend_from_slice(b"POST ");
        bytes.extend_from_slice(link.upstream.prefix().as_bytes());
        bytes.extend_from_slice(b"/2018-06-01/runtime/invocation/");
        bytes.extend_from_slice(request_id);
        let authority = link.upstream.authority();
        bytes.extend_from_slice(format!("/{verb} HTTP/1.1\r\nHost: {authority}\r\n").as_bytes());
        if let Some(agent) = call.user_agent() {
            // The platform takes the runtime's release from here (R6).
            bytes.extend_from_slice(b"User-Agent: ");
            bytes.extend_from_slice(agent);
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(error_type) = refusal.error_type {
            let header = format!("Lambda-Runtime-Function-Error-Type: {error_type}\r\n");
            bytes.extend_from_slice(header.as_bytes());
        }
        let (kind, length) = (refusal.content_type, refusal.body.len());
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
        bytes.extend_from_slice(headers.as_bytes());
        bytes.extend_from_slice(&refusal.body);
        link.wire.write(&bytes)?;
        let reply = link.reply(false)?;
        let message = link.message(reply)?;
        let status = message.reply.status;
        if message.reply.keeps {
            self.link = Some(link);
        }
        Ok(status)
    }
}

impl Held {
    /// Acts on a verdict.
    fn act(self, inspected: &Inspected, us: u64) -> After {
        let Self {
            connection,
            link,
            call,
            message,
        } = self;
        connection
            .proxy
            .shared
            .sink
            .inspected(&message.invocation(), inspected, us);
        match &inspected.step {
            Step::Deliver => connection.deliver(link, &message),
            Step::Refuse(_) if !is_plain(message.request_id()) => {
                connection
                    .proxy
                    .fault(Fault::PlatformRequestIdMissing, message.request_id());
                connection.deliver(link, &message)
            }
            Step::Refuse(refusal) => connection.refuse(link, call, &message, refusal),
        }
    }

    /// Acts on a fault of ours: the bytes pass, or the event is refused where the user chose so.
    fn fail(self, fault: Fault) -> After {
        let Self {
            connection,
            link,
            call,
            message,
        } = self;
        connection.proxy.fault(fault, message.request_id());
        let closed = connection.proxy.shared.policy.on_error == OnError::Closed;
        if !closed || !is_plain(message.request_id()) {
            return connection.deliver(link, &message);
        }
        let source = catch_unwind(|| credenza_event::source::recognise(message.event()))
            .unwrap_or(credenza_event::Source::Unknown);
        let refusal = credenza_exchange::refusal(source);
        connection.refuse(link, call, &message, &refusal)
    }
}

/// Goes on, on a fresh thread, with what an inspection held too long.
pub(super) fn rescue(held: Held) {
    let go_on = move || match held.fail(Fault::OursStuck) {
        After::Delivered(connection) => connection.run(),
        After::Refused(connection, call) => {
            if let Some(connection) = connection.next(call) {
                connection.run();
            }
        }
        After::Gone => {}
    };
    // Without a thread the connection is lost, and the runtime comes again.
    let _ = thread::Builder::new()
        .name("rescued".into())
        .stack_size(STACK_BYTES)
        .spawn(go_on);
}

/// True if an id can stand in a request line as it is.
fn is_plain(request_id: &[u8]) -> bool {
    !request_id.is_empty()
        && request_id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl Link {
    /// Waits without limit for the reply to a pending `next`, or for the runtime to leave.
    fn wait(&mut self, connection: &Connection) -> Waited {
        while self.wire.unread().is_empty() {
            match wait_either(&self.wire, &connection.down, false) {
                Ok((Ready::Yes, _)) => match self.wire.fill() {
                    Ok(0) | Err(_) => return Waited::Broken,
                    Ok(_) => {}
                },
                Ok((Ready::No, Ready::Yes)) => return Waited::RuntimeLeft,
                Ok((Ready::No, Ready::No)) => {}
                Err(_) => return Waited::Broken,
            }
        }
        let reply = match self.head_of_reply() {
            Ok(reply) => reply,
            Err(NoHead::Cut) => return Waited::Broken,
            Err(NoHead::Bad(_)) => return Waited::Malformed,
        };
        if matches!(reply.framing, Framing::Length(bytes) if bytes > EVENT_BYTES_MAX) {
            return Waited::TooLarge(reply);
        }
        match self.message(reply) {
            Ok(message) => Waited::Reply(Box::new(message)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Waited::Malformed,
            Err(_) => Waited::Broken,
        }
    }

    /// Reads the head of a reply; it stays unread.
    pub(super) fn reply(&mut self, to_head: bool) -> io::Result<Reply> {
        let bytes = match self.wire.read_head() {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(NoHead::Cut) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(NoHead::Bad(_)) => return Err(io::ErrorKind::InvalidData.into()),
        };
        head::reply(self.wire.unread().get(..bytes).unwrap_or_default(), to_head)
            .map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn head_of_reply(&mut self) -> Result<Reply, NoHead> {
        self.reply(false).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => NoHead::Bad(head::BadHead::Malformed),
            _ => NoHead::Cut,
        })
    }

    /// Takes a reply, head and body, whole.
    fn message(&mut self, reply: Reply) -> io::Result<Message> {
        let (bytes, plain) = match reply.framing {
            Framing::Empty => (self.wire.take(reply.bytes)?, None),
            Framing::Length(length) => {
                let length = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
                let total = reply.bytes.saturating_add(length);
                let bytes = self.wire.take(total)?;
                if bytes.len() < total {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                (bytes, None)
            }
            Framing::Chunked => self.take_chunked(reply.bytes)?,
            Framing::Close => {
                let mut bytes = self.wire.take(self.wire.unread().len())?;
                (&self.wire.stream)
                    .take(EVENT_BYTES_MAX)
                    .read_to_end(&mut bytes)?;
                (bytes, None)
            }
        };
        Ok(Message {
            bytes,
            reply,
            plain,
        })
    }

    fn take_chunked(&mut self, head_bytes: usize) -> io::Result<(Vec<u8>, Option<Vec<u8>>)> {
        let mut bytes = self.wire.take(head_bytes)?;
        let mut plain = Vec::new();
        let mut chunked = Chunked::new();
        let bytes_max = usize::try_from(EVENT_BYTES_MAX).unwrap_or(usize::MAX);
        while !chunked.is_done() {
            if self.wire.unread().is_empty() && self.wire.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = chunked
                .follow(self.wire.unread(), Some(&mut plain))
                .map_err(|_| io::ErrorKind::InvalidData)?;
            bytes.extend_from_slice(self.wire.unread().get(..count).unwrap_or_default());
            self.wire.consume(count);
            if bytes.len() > bytes_max.saturating_mul(2) {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok((bytes, Some(plain)))
    }

    fn request_id(&self, reply: &Reply) -> Vec<u8> {
        self.wire
            .unread()
            .get(reply.request_id.clone())
            .unwrap_or_default()
            .to_vec()
    }
}
