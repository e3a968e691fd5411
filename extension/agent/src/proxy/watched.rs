//! Answers that are looked at on their way: held until they are judged, or watched as they pass.
//! It never delays an answer in mode `monitor`, and never lets a byte of a secret go in `block`.
use std::sync::Arc;

use credenza_engine::leak::{OWN_SECRET, OwnLeak, OwnSecrets};
use credenza_event::Source;
use credenza_exchange::{Channel, Completion, Output, OutputStep, Refusal, Stamp};
use credenza_policy::{Mode, Policy, Verdict};

use super::buffer::Buffer;
use super::chunked::Chunked;
use super::connection::Connection;
use super::head::{Framing, Request};
use super::relay::Rest;
use super::{Proxy, batch};
use crate::fault::Fault;
use crate::telemetry::LeakNote;

// Limit: an answer has at most 6,291,556 bytes; 8 MiB leaves room for a platform that allows more.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

// Limit: whoever reads records learns nothing from a seventeenth leak of one answer.
const LEAKS_MAX: usize = 16;

/// What an answer is, for its record.
pub(super) struct Answer {
    /// The policy that its event was judged under.
    pub(super) policy: Arc<Policy>,
    pub(super) request_id: Vec<u8>,
    pub(super) channel: Channel,
    pub(super) source: Source,
}

/// Sees what passes, across the pieces in which it comes.
pub(super) struct Watch<'o> {
    own: &'o OwnSecrets,
    /// The end of what passed, as far as a secret may have begun in it.
    tail: Vec<u8>,
    /// Bytes that passed before the tail.
    passed: usize,
    pub(super) leaks: Vec<OwnLeak>,
}

impl<'o> Watch<'o> {
    pub(super) fn new(own: &'o OwnSecrets) -> Self {
        Self {
            own,
            tail: Vec::new(),
            passed: 0,
            leaks: Vec::new(),
        }
    }

    /// Looks at the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece);
        let mut behind = 0;
        for leak in self.own.leaks(&self.tail) {
            behind = leak.end;
            if self.leaks.len() < LEAKS_MAX {
                self.leaks.push(OwnLeak {
                    start: leak.start.saturating_add(self.passed),
                    end: leak.end.saturating_add(self.passed),
                    ..leak
                });
            }
        }
        let kept = self
            .own
            .pending(self.tail.get(behind..).unwrap_or_default());
        let gone = self.tail.len().saturating_sub(kept);
        self.tail.drain(..gone);
        self.passed = self.passed.saturating_add(gone);
    }
}

impl Proxy {
    /// True if outputs are looked at.
    pub(super) fn watches_outputs(&self, policy: &Policy) -> bool {
        policy.mode != Mode::Off && !self.shared.own.is_empty() && policy.watches(OWN_SECRET.id)
    }

    /// Tells of leaks.
    pub(super) fn tell_leaks(
        &self,
        answer: &Answer,
        leaks: &[OwnLeak],
        verdict: Verdict,
        applied: bool,
    ) {
        for leak in leaks {
            self.shared.sink.leaked(&LeakNote {
                request_id: &answer.request_id,
                channel: answer.channel.name(),
                secret: self.shared.own.name(leak.secret),
                leak,
                verdict,
                applied,
                under: Some(Stamp::of(&answer.policy)),
            });
        }
    }
}

impl Answer {
    /// The verdict on a leak.
    fn verdict_on_leaks(&self) -> Verdict {
        let confidence = credenza_engine::Confidence::High;
        self.policy.finding_verdict(OWN_SECRET.id, confidence)
    }
}

impl Connection {
    /// Passes an answer on that is looked at.
    pub(super) fn relay_watched(
        self,
        request: &Request,
        answer: &Answer,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let is_blocking = answer.policy.applies(answer.verdict_on_leaks());
        match request.framing {
            Framing::Chunked if request.streams && is_blocking => {
                self.relay_guarded(request, answer, Vec::new(), Chunked::new())
            }
            Framing::Length(bytes) if bytes <= limit() && is_blocking => {
                self.relay_judged(request, answer, completion)
            }
            Framing::Chunked | Framing::Empty if is_blocking => {
                self.relay_judged(request, answer, completion)
            }
            _ => self.relay_seen(request, answer, completion),
        }
    }

    /// Passes an answer on as ever, and looks at it afterwards or as it passes.
    fn relay_seen(
        self,
        request: &Request,
        answer: &Answer,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let proxy = Arc::clone(&self.proxy);
        let mut watch = Watch::new(proxy.shared.own.secrets());
        let served = match completion {
            Some(completion) => self.relay_completed(request, completion),
            None => self.relay_with(request, true, Some(&mut watch)),
        };
        if !watch.leaks.is_empty() {
            proxy.tell_leaks(answer, &watch.leaks, answer.verdict_on_leaks(), false);
        }
        served
    }

    /// Holds an answer until it is judged, and passes it on as it came or answers in its place.
    fn relay_judged(
        mut self,
        request: &Request,
        answer: &Answer,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        if request.expects && self.down.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
            return self.end();
        }
        let whole = match self.take_whole(request) {
            Ok(Taken::Whole(whole)) => whole,
            // More than any answer may have: it is watched from here on as a stream.
            Ok(Taken::Begun(plain, chunked, head)) => {
                return self.guard_rest(&head, request, answer, plain, chunked);
            }
            Err(()) => return self.cut_short(),
        };
        let proxy = Arc::clone(&self.proxy);
        let shared = &proxy.shared;
        let output = Output {
            head: whole.raw.get(..request.bytes).unwrap_or_default(),
            body: whole.body(),
            channel: answer.channel,
            source: answer.source,
        };
        let seen = credenza_exchange::output(&output, shared.own.secrets(), &answer.policy);
        let replaced = matches!(seen.step, OutputStep::Replace(_));
        proxy.tell_leaks(answer, &seen.leaks, seen.verdict, replaced);
        match seen.step {
            OutputStep::Pass => self.send_whole(request, &whole, completion),
            OutputStep::Replace(refusal) => self.replace(output.head, request, answer, &refusal),
        }
    }

    /// Sends what was held, as it came.
    fn send_whole(
        self,
        request: &Request,
        whole: &Whole,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let completed = completion.and_then(|completion| completion.complete(whole.body()));
        let Some(body) = completed else {
            return self.send_held(&whole.raw, request, true);
        };
        let head = whole.raw.get(..request.bytes).unwrap_or_default();
        match batch::with_body(head, &body) {
            Some((bytes, request)) => self.send_held(&bytes, &request, true),
            None => self.send_held(&whole.raw, request, true),
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
            let raw = self.down.take(total).map_err(|_| ())?;
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
        refusal: &Refusal,
    ) -> Option<Self> {
        let agent = request.user_agent.clone().and_then(|agent| head.get(agent));
        let agent = agent.map(<[u8]>::to_vec);
        let posted = self.post(agent.as_deref(), &answer.request_id, refusal);
        let taken = if let Ok(status) = posted {
            status == 202
        } else {
            self.link = None;
            self.proxy.pool.forget_idle();
            self.post(agent.as_deref(), &answer.request_id, refusal)
                .is_ok_and(|status| matches!(status, 202 | 400 | 403))
        };
        if !taken {
            self.proxy
                .fault(Fault::PlatformRefusalRejected, &answer.request_id);
        }
        self.accepted()
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
    fn body(&self) -> &[u8] {
        match &self.plain {
            Some(plain) => plain,
            None => self.raw.get(self.head..).unwrap_or_default(),
        }
    }
}

fn limit() -> u64 {
    u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX)
}

impl Rest {
    /// Follows bytes of a body, and shows what they hold to whoever watches.
    pub(super) fn follow_watched(
        &mut self,
        bytes: &[u8],
        watch: Option<&mut Watch<'_>>,
    ) -> Result<usize, super::chunked::BadChunk> {
        let Some(watch) = watch else {
            return self.follow(bytes);
        };
        match self {
            Self::Length(_) => {
                let count = self.follow(bytes)?;
                watch.feed(bytes.get(..count).unwrap_or_default());
                Ok(count)
            }
            Self::Chunked(chunked) => {
                let mut plain = Vec::new();
                let count = chunked.follow(bytes, Some(&mut plain))?;
                watch.feed(&plain);
                Ok(count)
            }
        }
    }
}
