//! Outputs in mode `block` that come whole: held until they are judged, then passed on as they
//! came, masked, or answered in their place.
//! It never sends a byte of what is withheld, and never lets an invocation go without an answer.
use std::sync::Arc;

use credenza_exchange::{Channel, Completion, Guard, OutputStep, Refusal};

use super::batch;
use super::buffer::Buffer;
use super::chunked::Chunked;
use super::connection::Connection;
use super::head::{Framing, Request};
use super::refuse::Target;
use super::relay::Rest;
use super::watched::{ANSWER_BYTES_MAX, Answer};
use crate::fault::Fault;

impl Connection {
    /// Holds an output until it is judged, and passes it on as it came, masks what is in it, or
    /// answers in its place.
    pub(super) fn relay_judged(
        mut self,
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        if request.expects && self.down.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
            return self.end();
        }
        let whole = match self.take_whole(request) {
            Ok(Taken::Whole(whole)) => whole,
            // More than any answer may have: it is watched from here on as a stream.
            Ok(Taken::Begun(plain, chunked, head)) => {
                let begun = (plain, Rest::Chunked(chunked));
                return self.guard_rest(&head, request, answer, guard, begun);
            }
            Err(()) => return self.cut_short(),
        };
        let proxy = Arc::clone(&self.proxy);
        let head = whole.raw.get(..request.bytes).unwrap_or_default();
        let beside = whole.beside();
        let output = answer.output(beside.as_deref().unwrap_or(head), whole.body());
        let seen = credenza_exchange::output(&output, guard);
        let is_changed = seen.step != OutputStep::Pass;
        proxy.tell_leaks(answer, &seen.found, is_changed);
        let served = match seen.step {
            OutputStep::Pass => self.send_whole(request, answer, &whole, None, completion),
            OutputStep::Rewrite(body) => {
                self.send_whole(request, answer, &whole, Some(body), completion)
            }
            OutputStep::Replace(refusal) => self.replace(head, request, answer, guard, &refusal),
        };
        proxy.pool.keep_room(whole.raw.into_room());
        served
    }

    /// Sends what was held, as it came or with another body.
    fn send_whole(
        self,
        request: &Request,
        answer: &Answer,
        whole: &Whole,
        rewritten: Option<Vec<u8>>,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let is_answer = answer.channel != Channel::InitError;
        let body = rewritten.as_deref().unwrap_or_else(|| whole.body());
        let completed = completion.and_then(|completion| completion.complete(body));
        let Some(body) = completed.or(rewritten) else {
            return self.send_held(&whole.raw, request, is_answer);
        };
        let head = whole.raw.get(..request.bytes).unwrap_or_default();
        match batch::with_body(head, &body) {
            Some((bytes, request)) => self.send_held(&bytes, &request, is_answer),
            None => self.answer(Fault::RuntimeMalformed, &answer.request_id, false),
        }
    }

    /// Reads an answer as it came, and what it holds.
    fn take_whole(&mut self, request: &Request) -> Result<Taken, ()> {
        if let Framing::Length(bytes) = request.framing {
            let body = usize::try_from(bytes).unwrap_or(usize::MAX);
            let total = request.bytes.saturating_add(body);
            if self.down.unread().len() < total {
                self.down.hurry();
            }
            let room = self.proxy.pool.room(total);
            let raw = self.down.take_into(total, room).map_err(|_| ())?;
            if raw.len() < total {
                return Err(());
            }
            return Ok(Taken::Whole(Whole {
                raw,
                head: request.bytes,
                plain: None,
            }));
        }
        let head = self.down.unread().get(..request.bytes).unwrap_or_default();
        let head = head.to_vec();
        self.down.consume(request.bytes);
        let mut raw = head.clone();
        let mut plain = Vec::new();
        if request.framing == Framing::Chunked {
            let mut chunked = Chunked::new();
            while !chunked.is_done() {
                if self.down.unread().is_empty() {
                    self.down.hurry();
                    if matches!(self.down.fill(), Ok(0) | Err(_)) {
                        return Err(());
                    }
                }
                let unread = self.down.unread();
                let count = chunked.follow(unread, Some(&mut plain)).map_err(|_| ())?;
                raw.extend_from_slice(unread.get(..count).unwrap_or_default());
                self.down.consume(count);
                if plain.len() > ANSWER_BYTES_MAX {
                    return Ok(Taken::Begun(plain, chunked, head));
                }
            }
        }
        Ok(Taken::Whole(Whole {
            raw: raw.into(),
            head: request.bytes,
            plain: Some(plain),
        }))
    }

    /// Answers the platform in the place of an answer that is withheld, and tells the runtime that
    /// it was taken.
    fn replace(
        mut self,
        head: &[u8],
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        refusal: &Refusal,
    ) -> Option<Self> {
        self.post_instead(head, request, answer, guard, refusal);
        self.accepted()
    }

    /// The same for an answer of which this is still to come, and is read by nobody.
    pub(super) fn withhold(
        mut self,
        head: &[u8],
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        rest: Rest,
    ) -> Option<Self> {
        let refusal = credenza_exchange::withheld(answer.channel, answer.provenance());
        self.post_instead(head, request, answer, guard, &refusal);
        if self.read_out(rest) {
            self.accepted()
        } else {
            self.end()
        }
    }

    fn post_instead(
        &mut self,
        head: &[u8],
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        refusal: &Refusal,
    ) {
        let agent = request.user_agent.clone().and_then(|agent| head.get(agent));
        // A secret may stand there, too.
        let agent = agent.filter(|agent| !guard.knows(agent));
        let to = match answer.channel {
            Channel::InitError => Target::Init,
            _ => Target::Invocation(&answer.request_id),
        };
        let posted = self.post(agent, to, refusal);
        let taken = if let Ok(status) = posted {
            status == 202
        } else {
            self.link = None;
            self.proxy.pool.forget_idle();
            self.post(agent, to, refusal)
                .is_ok_and(|status| matches!(status, 202 | 400 | 403))
        };
        if !taken {
            self.proxy
                .fault(Fault::PlatformRefusalRejected, &answer.request_id);
        }
    }

    /// Guards an answer that is longer than any may be, and begins like one.
    pub(super) fn relay_begun(
        mut self,
        request: &Request,
        bytes: u64,
        answer: &Answer,
        guard: &Guard<'_>,
    ) -> Option<Self> {
        if request.expects && self.down.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
            return self.end();
        }
        let begun = request.bytes.saturating_add(ANSWER_BYTES_MAX);
        self.down.hurry();
        let raw = match self.down.take_into(begun, self.proxy.pool.room(begun)) {
            Ok(raw) if raw.len() == begun => raw,
            Ok(_) | Err(_) => return self.cut_short(),
        };
        let (head, plain) = raw.split_at_checked(request.bytes).unwrap_or_default();
        let rest = bytes.saturating_sub(u64::try_from(plain.len()).unwrap_or(u64::MAX));
        let begun = (plain.to_vec(), Rest::Length(rest));
        self.guard_rest(head, request, answer, guard, begun)
    }
}

/// What was read of an answer.
enum Taken {
    Whole(Whole),
    /// More than is held: its content so far, where its framing stands, and its head.
    Begun(Vec<u8>, Chunked, Vec<u8>),
}

/// An answer that was read whole.
struct Whole {
    /// Head and body as they came.
    raw: Buffer,
    /// Bytes of the head.
    head: usize,
    /// The body, where framing hides it.
    plain: Option<Vec<u8>>,
}

impl Whole {
    /// The head, and what of the body is no content: sizes of chunks, what extends them, trailers;
    /// nothing where there is only a head.
    fn beside(&self) -> Option<Vec<u8>> {
        self.plain.as_ref()?;
        let (head, body) = self.raw.split_at_checked(self.head)?;
        Some([head, &Chunked::beside(body)].concat())
    }

    fn body(&self) -> &[u8] {
        match &self.plain {
            Some(plain) => plain,
            None => self.raw.get(self.head..).unwrap_or_default(),
        }
    }
}
