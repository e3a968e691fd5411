//! Everything but `next`: passed on as it comes, in both directions at once.
//! It never holds more than one buffer of a stream, and never lets either side wait for the other.
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::chunked::{BadChunk, Chunked};
use super::connection::Connection;
use super::head::{Framing, Reply, Request};
use super::link::Link;
use super::message::Unheld;
use super::watched::Watch;
use super::wire::{Ready, wait_either};
use crate::fault::Fault;

// Limit: an answer up to 1 MiB is held until the platform has it all, so that it can be sent again
// when its connection was stale (R18); the heap has its pages already. A longer one streams.
const HELD_BYTES_MAX: u64 = 1024 * 1024;

// Limit: replies of the platform are short; up to this size head and body leave in one write.
const ONE_WRITE_BYTES_MAX: u64 = 64 * 1024;

/// What is left of a body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rest {
    /// So many bytes.
    Length(u64),
    /// The chunks up to the last one.
    Chunked(Chunked),
}

/// What became of sending a request.
pub(super) enum Sent {
    /// All of it is with the platform, or the platform has already answered.
    Waiting,
    /// The platform answered before the body was whole.
    Answered,
    /// The platform's connection broke; true if the request can be sent again.
    Broken(bool),
    RuntimeCut,
    RuntimeMalformed,
}

impl Connection {
    /// Passes a request on and its reply back; `answer` if it is one that the platform knows by
    /// request id, so that a repeat is harmless.
    pub(super) fn relay(self, request: &Request, answer: bool) -> Option<Self> {
        self.relay_with(request, answer, None)
    }

    /// The same, seen by `watch`: afterwards where it is short, else as it passes.
    pub(super) fn relay_with(
        self,
        request: &Request,
        answer: bool,
        watch: Option<&mut Watch<'_>>,
    ) -> Option<Self> {
        match self.whole(request) {
            Some(total) if !request.expects => self.relay_held(request, total, answer, watch),
            _ => self.relay_stream(request, watch),
        }
    }

    /// The bytes of head and body together, where that is known and short enough to be held.
    fn whole(&self, request: &Request) -> Option<usize> {
        let body = match request.framing {
            Framing::Empty | Framing::Close => 0,
            Framing::Length(bytes) if bytes <= HELD_BYTES_MAX => usize::try_from(bytes).ok()?,
            Framing::Length(_) => return None,
            // Go sends every answer in chunks; a short one is here with its head.
            Framing::Chunked => {
                let mut chunked = Chunked::new();
                let body = self.down.unread().get(request.bytes..)?;
                let count = chunked.follow(body, None).ok()?;
                chunked.is_done().then_some(count)?
            }
        };
        request.bytes.checked_add(body)
    }

    /// A request that is read whole first: it can be sent again when the connection was stale.
    fn relay_held(
        mut self,
        request: &Request,
        total: usize,
        answer: bool,
        watch: Option<&mut Watch<'_>>,
    ) -> Option<Self> {
        if self.down.unread().len() < total {
            self.down.hurry();
        }
        let proxy = Arc::clone(&self.proxy);
        let bytes = match self.down.take_into(total, proxy.pool.room(total)) {
            Ok(bytes) if bytes.len() == total => bytes,
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                self.proxy.fault(Fault::OursMemoryless, b"");
                return self.relay_stream(request, watch);
            }
            Ok(_) | Err(_) => return self.cut_short(),
        };
        let served = self.send_held(&bytes, request, answer);
        if let Some(watch) = watch {
            let head = bytes.get(..request.bytes).unwrap_or_default();
            let body = bytes.get(request.bytes..total).unwrap_or_default();
            let mut plain = Vec::new();
            if request.framing == Framing::Chunked {
                // It was followed once already, and so can be again.
                let _ = Chunked::new().follow(body, Some(&mut plain));
                watch.see(&[head, &Chunked::beside(body)].concat(), &plain);
            } else {
                watch.see(head, body);
            }
        }
        proxy.pool.keep_room(bytes.into_room());
        served
    }

    /// Sends a request that is held whole, again if the connection was stale, and passes the reply
    /// back.
    pub(super) fn send_held(
        mut self,
        bytes: &[u8],
        request: &Request,
        answer: bool,
    ) -> Option<Self> {
        let head = bytes.get(..request.bytes).unwrap_or_default();
        let method = head.get(request.method.clone()).unwrap_or_default();
        let (to_head, safe) = (method == b"HEAD", matches!(method, b"GET" | b"HEAD"));
        let body = bytes.len().saturating_sub(request.bytes);
        let mut repeated = false;
        loop {
            let Ok((mut link, kept)) = self.link() else {
                return self.answer(Fault::PlatformUnreachable, b"", true);
            };
            let sent = link.send(bytes, request);
            // Even when the write broke, the platform may have answered before.
            match (self.await_reply(&mut link, to_head), sent) {
                (Ok(reply), _) if repeated && answer && matches!(reply.status, 400 | 403) => {
                    self.proxy.fault(Fault::PlatformAnswerDoubled, b"");
                    return self.accepted();
                }
                (Ok(reply), Ok(true)) => return self.pass(link, &reply),
                (Ok(reply), _) => return self.pass_and_close(link, &reply),
                (Err(Lost::Runtime), _) => return self.end(),
                (Err(Lost::Malformed), _) => {
                    return self.answer(Fault::PlatformMalformed, b"", true);
                }
                (Err(Lost::Platform), _) => {
                    // Once, and only if no byte of a reply came (R18).
                    let harmless = safe || answer || (kept && body == 0);
                    if repeated || !harmless || link.wire.has_spoken() {
                        return self.answer(Fault::PlatformUnreachable, b"", true);
                    }
                    self.proxy.fault(Fault::PlatformAnswerBroken, b"");
                    repeated = true;
                    self.link = None;
                    self.proxy.pool.forget_idle();
                }
            }
        }
    }

    /// A request whose body goes on as it comes.
    fn relay_stream(mut self, request: &Request, watch: Option<&mut Watch<'_>>) -> Option<Self> {
        let mut watch = watch;
        let Ok((mut link, kept)) = self.link() else {
            return self.answer(Fault::PlatformUnreachable, b"", false);
        };
        let mut rest = Rest::of(request.framing);
        let mut sent = self.send_start(&mut link, request, &mut rest, watch.as_deref_mut());
        if matches!(sent, Sent::Broken(true)) && kept {
            // Nothing was accepted on the kept connection: the same bytes on a fresh one.
            match self.proxy.connect() {
                Ok(fresh) => link = fresh,
                Err(_) => return self.answer(Fault::PlatformUnreachable, b"", false),
            }
            self.proxy.fault(Fault::PlatformAnswerBroken, b"");
            sent = self.send_start(&mut link, request, &mut rest, None);
        }
        if matches!(sent, Sent::Waiting) {
            sent = self.pump(&mut link, &mut rest, watch);
        }
        match sent {
            Sent::Waiting => match self.await_reply(&mut link, false) {
                Ok(reply) => self.pass(link, &reply),
                Err(Lost::Runtime) => self.end(),
                Err(Lost::Platform | Lost::Malformed) => self.torn(),
            },
            sent => self.unsent(link, &sent),
        }
    }

    /// Ends a request that could not be sent whole.
    pub(super) fn unsent(self, link: Link, sent: &Sent) -> Option<Self> {
        let mut link = link;
        match sent {
            // The platform gave up on the invocation and closed (F59): so does this side, or a
            // runtime would stream into nowhere. An answer that it left behind still counts.
            Sent::Waiting | Sent::Answered | Sent::Broken(_) => match link.reply(false) {
                Ok(reply) => self.pass_and_close(link, &reply),
                Err(_) => self.torn(),
            },
            Sent::RuntimeCut => self.cut_short(),
            Sent::RuntimeMalformed => self.answer(Fault::RuntimeMalformed, b"", false),
        }
    }

    /// Sends the head with what has come of the body.
    fn send_start(
        &mut self,
        link: &mut Link,
        request: &Request,
        rest: &mut Rest,
        watch: Option<&mut Watch<'_>>,
    ) -> Sent {
        let unread = self.down.unread();
        let head = unread.get(..request.bytes).unwrap_or_default();
        let mut bytes = link.head(head, request).into_owned();
        let body = unread.get(request.bytes..).unwrap_or_default();
        let before = *rest;
        let mut watch = watch;
        let Ok(count) = rest.follow_watched(body, watch.as_deref_mut()) else {
            return Sent::RuntimeMalformed;
        };
        bytes.extend_from_slice(body.get(..count).unwrap_or_default());
        if link.wire.write(&bytes).is_ok() {
            self.down.consume(request.bytes.saturating_add(count));
            if let Some(watch) = watch {
                watch.look();
            }
            Sent::Waiting
        } else {
            *rest = before;
            Sent::Broken(true)
        }
    }

    /// Moves the rest of a body, each piece as it arrives, while watching for an early answer.
    fn pump(&mut self, link: &mut Link, rest: &mut Rest, watch: Option<&mut Watch<'_>>) -> Sent {
        let mut watch = watch;
        while !rest.is_done() {
            if self.down.unread().is_empty() {
                if matches!(rest, Rest::Chunked(_)) {
                    self.down.hurry();
                }
                match wait_either(&link.wire, &mut self.down, true) {
                    Ok((Ready::Yes, _)) => match self.interim(link) {
                        Some(sent) => return sent,
                        None => continue,
                    },
                    Ok((Ready::No, Ready::Yes)) => match self.down.fill_stream() {
                        Ok(0) | Err(_) => return Sent::RuntimeCut,
                        Ok(_) => {}
                    },
                    Ok((Ready::No, Ready::No)) => continue,
                    Err(_) => return Sent::Broken(false),
                }
            }
            let unread = self.down.unread();
            let Ok(count) = rest.follow_watched(unread, watch.as_deref_mut()) else {
                return Sent::RuntimeMalformed;
            };
            let piece = self.down.unread().get(..count).unwrap_or_default();
            match link.wire.write_unless_answered(piece) {
                Ok(true) => {
                    self.down.consume(count);
                    if let Some(watch) = watch.as_deref_mut() {
                        watch.look();
                    }
                }
                Ok(false) => return Sent::Answered,
                Err(_) => return Sent::Broken(false),
            }
        }
        Sent::Waiting
    }

    /// The platform spoke inside a request: `100 Continue` is passed on, the rest is an answer.
    pub(super) fn interim(&mut self, link: &mut Link) -> Option<Sent> {
        let Ok(reply) = link.reply(false) else {
            return Some(Sent::Broken(false));
        };
        if !is_interim(&reply) {
            return Some(Sent::Answered);
        }
        match self.pass_interim(link, &reply) {
            Ok(()) => None,
            Err(_) => Some(Sent::RuntimeCut),
        }
    }

    fn pass_interim(&mut self, link: &mut Link, reply: &Reply) -> Result<(), Lost> {
        let head = link.wire.unread().get(..reply.bytes).unwrap_or_default();
        let passed = self.down.write(head);
        link.wire.consume(reply.bytes);
        passed.map_err(|_| Lost::Runtime)
    }

    /// Waits for the head of the final reply; it stays unread.
    pub(super) fn await_reply(&mut self, link: &mut Link, to_head: bool) -> Result<Reply, Lost> {
        loop {
            while link.wire.unread().is_empty() {
                match wait_either(&link.wire, &mut self.down, false) {
                    Ok((Ready::Yes, _)) => match link.wire.fill() {
                        Ok(0) | Err(_) => return Err(Lost::Platform),
                        Ok(_) => {}
                    },
                    Ok((Ready::No, Ready::Yes)) => return Err(Lost::Runtime),
                    Ok((Ready::No, Ready::No)) => {}
                    Err(_) => return Err(Lost::Platform),
                }
            }
            let reply = link.reply(to_head).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => Lost::Malformed,
                _ => Lost::Platform,
            })?;
            match reply.status {
                // A switch of protocols would be a tunnel that nobody inspects (R35).
                101 => return Err(Lost::Malformed),
                _ if is_interim(&reply) => self.pass_interim(link, &reply)?,
                _ => return Ok(reply),
            }
        }
    }

    /// Passes a reply on, and keeps both connections if it ended cleanly.
    pub(super) fn pass(mut self, mut link: Link, reply: &Reply) -> Option<Self> {
        let passed = self.pass_bytes(&mut link, reply);
        self.passed(link, reply, passed)
    }

    /// Passes on what could not be held.
    pub(super) fn pass_on(mut self, mut link: Link, unheld: &Unheld) -> Option<Self> {
        if unheld.begun.is_empty() {
            return self.pass(link, &unheld.reply);
        }
        let begun = self.down.write(&unheld.begun).map_err(|_| Lost::Runtime);
        let framing = unheld.reply.framing;
        let passed = begun.and_then(|()| self.pass_rest(&mut link, framing, unheld.rest));
        self.passed(link, &unheld.reply, passed)
    }

    fn passed(mut self, link: Link, reply: &Reply, passed: Result<(), Lost>) -> Option<Self> {
        match passed {
            Ok(()) if reply.framing == Framing::Close => self.end(),
            Ok(()) => {
                if reply.keeps {
                    self.own(link);
                }
                Some(self)
            }
            Err(Lost::Runtime) => None,
            Err(Lost::Platform | Lost::Malformed) => self.torn(),
        }
    }

    /// Passes a reply that came before the request was whole; neither side can be used again.
    pub(super) fn pass_and_close(mut self, mut link: Link, reply: &Reply) -> Option<Self> {
        if self.pass_bytes(&mut link, reply).is_err() {
            return self.torn();
        }
        self.drain();
        None
    }

    fn pass_bytes(&mut self, link: &mut Link, reply: &Reply) -> Result<(), Lost> {
        let mut rest = match reply.framing {
            Framing::Empty => Rest::Length(0),
            Framing::Length(bytes) if bytes <= ONE_WRITE_BYTES_MAX => {
                let body = usize::try_from(bytes).unwrap_or(usize::MAX);
                let total = reply.bytes.saturating_add(body);
                let whole = link.wire.take(total).map_err(|_| Lost::Platform)?;
                self.down.write(&whole).map_err(|_| Lost::Runtime)?;
                let complete = whole.len() == total;
                return complete.then_some(()).ok_or(Lost::Platform);
            }
            Framing::Length(bytes) => Rest::Length(bytes),
            Framing::Chunked => Rest::Chunked(Chunked::new()),
            Framing::Close => Rest::Length(u64::MAX),
        };
        let body = link.wire.unread().get(reply.bytes..).unwrap_or_default();
        let count = rest
            .follow(body)
            .map_err(|BadChunk| Lost::Malformed)?
            .saturating_add(reply.bytes);
        let piece = link.wire.unread().get(..count).unwrap_or_default();
        self.down.write(piece).map_err(|_| Lost::Runtime)?;
        link.wire.consume(count);
        self.pass_rest(link, reply.framing, rest)
    }

    /// Passes on what is left of a reply, each piece as it arrives.
    fn pass_rest(&mut self, link: &mut Link, framing: Framing, rest: Rest) -> Result<(), Lost> {
        let mut rest = rest;
        while !rest.is_done() {
            match wait_either(&link.wire, &mut self.down, false) {
                Ok((Ready::Yes, _)) => {}
                Ok((Ready::No, Ready::Yes)) => return Err(Lost::Runtime),
                Ok((Ready::No, Ready::No)) => continue,
                Err(_) => return Err(Lost::Platform),
            }
            match link.wire.fill_stream() {
                Ok(0) if framing == Framing::Close => return Ok(()),
                Ok(0) | Err(_) => return Err(Lost::Platform),
                Ok(_) => {}
            }
            let count = rest
                .follow(link.wire.unread())
                .map_err(|BadChunk| Lost::Malformed)?;
            let piece = link.wire.unread().get(..count).unwrap_or_default();
            self.down.write(piece).map_err(|_| Lost::Runtime)?;
            link.wire.consume(count);
        }
        Ok(())
    }

    /// The platform took an answer whose acknowledgement was lost.
    pub(super) fn accepted(mut self) -> Option<Self> {
        let reply = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\
                     Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
        if self.down.write(reply.as_bytes()).is_ok() {
            Some(self)
        } else {
            self.end()
        }
    }

    /// The runtime hung up inside a body: whatever the platform has of it must not look whole.
    pub(super) fn cut_short(self) -> Option<Self> {
        self.proxy.fault(Fault::RuntimeBodyCut, b"");
        None
    }

    /// The platform closed inside an exchange: the runtime must not wait for the rest.
    pub(super) fn torn(self) -> Option<Self> {
        self.proxy.fault(Fault::PlatformReplyCut, b"");
        None
    }
}

/// Which side was lost while a reply was awaited or passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Platform,
    Runtime,
    Malformed,
}

impl Link {
    /// Sends a whole request in one write; false if the platform answered before it took it all.
    fn send(&mut self, bytes: &[u8], request: &Request) -> io::Result<bool> {
        self.wire.begin();
        let head = bytes.get(..request.bytes).unwrap_or_default();
        match self.head(head, request) {
            Cow::Borrowed(_) => self.wire.write_unless_answered(bytes),
            Cow::Owned(mut whole) => {
                whole.extend_from_slice(bytes.get(request.bytes..).unwrap_or_default());
                self.wire.write_unless_answered(&whole)
            }
        }
    }
}

/// `100 Continue` and what later versions may say before the reply itself.
fn is_interim(reply: &Reply) -> bool {
    matches!(reply.status, 100 | 102..=199)
}

impl Rest {
    /// All of a request's body.
    fn of(framing: Framing) -> Self {
        match framing {
            Framing::Length(bytes) => Self::Length(bytes),
            Framing::Chunked => Self::Chunked(Chunked::new()),
            Framing::Empty | Framing::Close => Self::Length(0),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_done(),
        }
    }

    /// How many of `bytes` belong to the body.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        match self {
            Self::Length(left) => {
                let count = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                *left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
                Ok(count)
            }
            Self::Chunked(chunked) => chunked.follow(bytes, None),
        }
    }
}
