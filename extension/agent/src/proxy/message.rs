//! A reply to `next`, head and body whole: how it is read, and what is in it.
//! It never holds more than an event may have, and never changes a byte of it.
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credenza_event::Beside;
use credenza_exchange::platform::lambda::BESIDE;
use credenza_policy::Policy;

use super::Look;
use super::buffer::{Buffer, Room};
use super::chunked::Chunked;
use super::head::{self, Framing, Reply};
use super::link::Link;
use super::relay::Rest;
use super::wire::NoHead;
use crate::fault::Fault;
use crate::telemetry::Invocation;

// Limit: an event is at most 6,291,556 bytes; 8 MiB leaves room for a platform that allows more.
// Beyond it bytes pass as they come, and a record says that nobody looked.
pub(super) const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

// Limit: 20 ns a byte is the promise on one whole vCPU; a 128 MB function has a fourteenth of it.
const GUARD_BASE: Duration = Duration::from_secs(1);
const GUARD_PER_BYTE: Duration = Duration::from_nanos(300);

// Limit: a thread of a small function may be off its processor for 18.5 ms at a time (F41); less
// than two such gaps says nothing about an inspection, however near the deadline is (F50).
const GUARD_FLOOR: Duration = Duration::from_millis(50);

/// A reply to `next`: head and body as they came, in one piece.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Buffer,
    pub(super) reply: Reply,
    /// The event, where the body's framing hides it.
    plain: Option<Vec<u8>>,
    /// The policy under which it and its answer are judged.
    pub(super) policy: Arc<Policy>,
}

/// What came instead of a whole message.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection ended before the message did.
    Broken,
    /// It is not HTTP/1.1.
    Malformed,
    /// `100 Continue` or the like: the reply is still to come.
    Interim,
    /// It cannot be held.
    Unheld(Box<Unheld>),
}

/// A message that has to pass as it comes.
#[derive(Debug)]
pub(super) struct Unheld {
    /// Why; nothing where nobody would look at it anyway.
    pub(super) fault: Option<Fault>,
    pub(super) reply: Reply,
    /// The bytes taken so far; none if even the head is still unread.
    pub(super) begun: Vec<u8>,
    /// What follows them.
    pub(super) rest: Rest,
}

impl Unheld {
    pub(super) fn request_id<'a>(&'a self, link: &'a Link) -> &'a [u8] {
        let head = if self.begun.is_empty() {
            link.wire.unread()
        } else {
            &self.begun
        };
        head.get(self.reply.request_id.clone()).unwrap_or_default()
    }
}

impl Message {
    /// A reply whose head and body are these bytes.
    pub(super) fn whole(bytes: Vec<u8>, reply: Reply, policy: Arc<Policy>) -> Self {
        Self {
            bytes: bytes.into(),
            reply,
            plain: None,
            policy,
        }
    }

    /// A reply that was kept while it was handed on.
    pub(super) fn kept(bytes: Buffer, reply: Reply, policy: Arc<Policy>) -> Arc<Self> {
        Arc::new(Self {
            bytes,
            reply,
            plain: None,
            policy,
        })
    }

    /// The event's own bytes.
    pub(super) fn event(&self) -> &[u8] {
        match &self.plain {
            Some(plain) => plain,
            None => self.bytes.get(self.reply.bytes..).unwrap_or_default(),
        }
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// What comes beside the event.
    pub(super) fn beside(&self) -> [Beside<'_>; BESIDE.len()] {
        let mut at = 0;
        BESIDE.map(|(_, name, role)| {
            let range = self.reply.beside.get(at).cloned().unwrap_or_default();
            at += 1;
            let text = self.part(&range);
            Beside { name, text, role }
        })
    }

    pub(super) fn request_id(&self) -> &[u8] {
        self.part(&self.reply.request_id)
    }

    /// What records say of it.
    pub(super) fn invocation(&self) -> Invocation<'_> {
        Invocation {
            request_id: self.request_id(),
            trace_id: self.part(&self.reply.trace_id),
            function_arn: self.part(&self.reply.function_arn),
            tenant_id: self.part(&self.reply.tenant_id),
        }
    }

    /// What whoever inspects it is told.
    pub(super) fn look<'a>(&'a self, beside: &'a [Beside<'a>]) -> Look<'a> {
        Look {
            event: self.event(),
            beside,
            policy: &self.policy,
            invocation: self.invocation(),
        }
    }

    /// How long inspection may take: by size, and hardly more than half of what is left.
    pub(super) fn limit(&self) -> Duration {
        let own = guarded_for(self.event().len());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        match self.reply.deadline_ms {
            // A deadline in the past, or in seconds, says nothing (F31).
            Some(deadline) => match Duration::from_millis(deadline).checked_sub(now) {
                Some(left) if !left.is_zero() => own.min(left / 2).max(GUARD_FLOOR),
                _ => own,
            },
            None => own,
        }
    }
}

/// How long a look at so many bytes may take.
pub(super) fn guarded_for(bytes: usize) -> Duration {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    GUARD_BASE.saturating_add(GUARD_PER_BYTE.saturating_mul(bytes))
}

impl Link {
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

    /// Reads a reply to `next`, whole.
    ///
    /// `room` is asked for room of so many bytes; a body above `held_max` is not held.
    pub(super) fn message(
        &mut self,
        policy: Arc<Policy>,
        held_max: u64,
        room: impl FnOnce(usize) -> Room,
    ) -> Result<Message, Unread> {
        let reply = self.reply(false).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Unread::Malformed,
            _ => Unread::Broken,
        })?;
        match reply.status {
            // A switch of protocols would be a tunnel that nobody inspects (R35).
            101 => return Err(Unread::Malformed),
            100..=199 => {
                self.wire.consume(reply.bytes);
                return Err(Unread::Interim);
            }
            _ => {}
        }
        match reply.framing {
            Framing::Empty => self.take_length(policy, reply, 0, room),
            Framing::Length(length) if length > held_max => Err(Unread::Unheld(Box::new(Unheld {
                fault: None,
                reply,
                begun: Vec::new(),
                rest: Rest::Length(length),
            }))),
            Framing::Length(length) => self.take_length(policy, reply, length, room),
            Framing::Chunked => self.take_chunked(policy, reply),
            Framing::Close => self.take_to_the_end(policy, reply),
        }
    }

    fn take_length(
        &mut self,
        policy: Arc<Policy>,
        reply: Reply,
        length: u64,
        room: impl FnOnce(usize) -> Room,
    ) -> Result<Message, Unread> {
        let unheld = |fault, reply| {
            Unread::Unheld(Box::new(Unheld {
                fault: Some(fault),
                reply,
                begun: Vec::new(),
                rest: Rest::Length(length),
            }))
        };
        let body = match usize::try_from(length) {
            Ok(body) if body <= EVENT_BYTES_MAX => body,
            _ => return Err(unheld(Fault::PlatformEventTooLarge, reply)),
        };
        let total = reply.bytes.saturating_add(body);
        match self.wire.take_into(total, room(total)) {
            Ok(bytes) if bytes.len() == total => Ok(Message {
                bytes,
                reply,
                plain: None,
                policy,
            }),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                Err(unheld(Fault::OursMemoryless, reply))
            }
            Ok(_) | Err(_) => Err(Unread::Broken),
        }
    }

    /// The head that was just read.
    fn take_head(&mut self, reply: &Reply) -> Vec<u8> {
        let head = self.wire.unread().get(..reply.bytes).unwrap_or_default();
        let head = head.to_vec();
        self.wire.consume(head.len());
        head
    }

    fn take_chunked(&mut self, policy: Arc<Policy>, reply: Reply) -> Result<Message, Unread> {
        let mut bytes = self.take_head(&reply);
        let mut plain = Vec::new();
        let mut chunked = Chunked::new();
        while !chunked.is_done() {
            if self.wire.unread().is_empty() && matches!(self.wire.fill(), Ok(0) | Err(_)) {
                return Err(Unread::Broken);
            }
            let count = chunked
                .follow(self.wire.unread(), Some(&mut plain))
                .map_err(|_| Unread::Malformed)?;
            bytes.extend_from_slice(self.wire.unread().get(..count).unwrap_or_default());
            self.wire.consume(count);
            // Chunks of one byte take six on the wire.
            if plain.len() > EVENT_BYTES_MAX || bytes.len() > EVENT_BYTES_MAX.saturating_mul(6) {
                return Err(Unread::Unheld(Box::new(Unheld {
                    fault: Some(Fault::PlatformEventTooLarge),
                    reply,
                    begun: bytes,
                    rest: Rest::Chunked(chunked),
                })));
            }
        }
        Ok(Message {
            bytes: bytes.into(),
            reply,
            plain: Some(plain),
            policy,
        })
    }

    /// A body that ends with its connection: whether it is whole nobody can tell.
    fn take_to_the_end(&mut self, policy: Arc<Policy>, reply: Reply) -> Result<Message, Unread> {
        let mut bytes = self.take_head(&reply);
        loop {
            let count = self.wire.unread().len();
            bytes.extend_from_slice(self.wire.unread());
            self.wire.consume(count);
            if bytes.len().saturating_sub(reply.bytes) > EVENT_BYTES_MAX {
                return Err(Unread::Unheld(Box::new(Unheld {
                    fault: Some(Fault::PlatformEventTooLarge),
                    reply,
                    begun: bytes,
                    rest: Rest::Length(u64::MAX),
                })));
            }
            match self.wire.fill() {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => return Err(Unread::Broken),
            }
        }
        Ok(Message {
            bytes: bytes.into(),
            reply,
            plain: None,
            policy,
        })
    }
}
