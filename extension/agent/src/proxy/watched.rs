//! Outputs that are looked at on their way: held until they are judged, or watched as they pass.
//! It never delays an output in mode `monitor`, and never lets a byte of a leak go in `block`.
use std::sync::Arc;

use credenza_engine::leak::Reflections;
use credenza_event::Source;
use credenza_exchange::{
    Channel, Completion, Found, Guard, Output, OutputStream, Provenance, Stamp, Whence,
};
use credenza_policy::{Action, Policy};

use super::Proxy;
use super::batch::{Expected, Origin};
use super::connection::Connection;
use super::head::{Flow, Framing, Request};
use super::kept::{Relayed, WHOLE_BYTES_MAX};
use super::relay::Rest;
use crate::telemetry::LeakNote;

// Limit: an answer has at most 6,291,556 bytes; 8 MiB leaves room for a platform that allows more.
pub(super) const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

// Limit: whoever reads records learns nothing from a seventeenth leak of one answer.
const LEAKS_MAX: usize = 16;

/// What an output is, for its judgement and its record.
pub(super) struct Answer {
    /// Empty where there was no invocation.
    pub(super) request_id: Vec<u8>,
    /// The policy that its event was judged under.
    pub(super) policy: Arc<Policy>,
    pub(super) channel: Channel,
    /// Who shaped its event.
    pub(super) origin: Origin,
    /// The caller's tenant, where the policy asks for that.
    pub(super) tenant: Vec<u8>,
    /// What of its event does harm where it is repeated.
    pub(super) reflections: Reflections,
}

impl Answer {
    /// Adds what was learned of its event since it was begun.
    pub(super) fn catch_up(&mut self, proxy: &Proxy) {
        let Some(expected) = proxy.awaited.take(&self.request_id) else {
            return;
        };
        let Expected {
            origin,
            tenant,
            reflections,
            ..
        } = expected;
        self.origin = origin;
        self.tenant = tenant;
        self.reflections = reflections;
    }

    pub(super) fn output<'a>(&'a self, head: &'a [u8], body: &'a [u8]) -> Output<'a> {
        Output {
            head,
            body,
            channel: self.channel,
            provenance: self.provenance(),
        }
    }

    /// The invocation that it answers.
    fn whence(&self) -> Whence<'_> {
        let today = super::today(&self.policy);
        Whence::new(self.provenance(), &self.tenant, &self.request_id, today)
    }

    pub(super) fn provenance(&self) -> Provenance<'_> {
        match &self.origin {
            Origin::Of(message) => Provenance::Of(message.event()),
            Origin::Known(source, routes) => Provenance::At(*source, routes),
            Origin::Sought => Provenance::Known(Source::Unknown),
        }
    }
}

/// Sees what passes.
pub(super) struct Watch<'o> {
    guard: Guard<'o>,
    answer: &'o Answer,
    stream: OutputStream<'o>,
    /// What was found in an output that was there as a whole.
    whole: Option<Vec<Found>>,
    /// What stands before an output that passes as it comes, and behind it.
    head: Vec<u8>,
    trailers: Vec<u8>,
}

impl<'o> Watch<'o> {
    fn new(guard: Guard<'o>, answer: &'o Answer, is_http: bool) -> Self {
        Self {
            guard,
            answer,
            stream: OutputStream::new(guard, is_http),
            whole: None,
            head: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// Takes the next piece of an output.
    fn take(&mut self, piece: &[u8]) {
        self.stream.room().extend_from_slice(piece);
    }

    /// Looks at what was taken; called when it has left.
    pub(super) fn look(&mut self) {
        self.stream.release(false);
    }

    /// Looks at an output that is there as a whole.
    pub(super) fn see(&mut self, head: &[u8], body: &[u8]) {
        let output = self.answer.output(head, body);
        self.whole = Some(credenza_exchange::output(&output, &self.guard).found);
    }

    /// What was found.
    fn found(&mut self) -> &[Found] {
        if let Some(found) = &self.whole {
            return found;
        }
        self.stream.release(true);
        self.stream.judge_head(&self.head);
        self.stream.judge_trailers(&self.trailers);
        self.stream.found()
    }
}

impl Proxy {
    /// True if outputs are looked at.
    pub(super) fn watches_outputs(&self, policy: &Policy) -> bool {
        Guard::is_needed(!self.shared.own.is_empty(), policy)
    }

    /// What an output is judged by.
    fn guard<'g>(&'g self, answer: &'g Answer, whence: &'g Whence<'g>) -> Guard<'g> {
        Guard::new(self.shared.own.known(), &answer.policy)
            .of_invocation(whence)
            .of_event(&answer.reflections)
            .of_files(self.shared.own.files.known())
    }

    /// Looks at an output that has left already, with a head of so many bytes, and tells of leaks.
    pub(super) fn look_at_output(&self, answer: &Answer, output: &[u8], head: usize) {
        let (head, body) = output.split_at_checked(head).unwrap_or((output, b""));
        let whence = answer.whence();
        let guard = self.guard(answer, &whence);
        let seen = credenza_exchange::output(&answer.output(head, body), &guard);
        self.tell_leaks(answer, &seen.found, false);
    }

    /// Tells of leaks; `applied` if they were withheld or masked, as far as the policy wants it.
    pub(super) fn tell_leaks(&self, answer: &Answer, leaks: &[Found], applied: bool) {
        let told = leaks.iter().filter(|found| found.is_told());
        for found in told.take(LEAKS_MAX) {
            let own = &self.shared.own;
            let (id, sink) = (&answer.request_id, self.shared.sink.as_ref());
            own.tell_decoy(found.secret, answer.channel.name(), id, sink);
            self.shared.sink.leaked(&LeakNote {
                request_id: &answer.request_id,
                channel: answer.channel.name(),
                secret: found.secret.map_or("", |secret| own.name(secret)),
                found,
                applied: applied && found.action != Action::Flag && found.canary != Some(false),
                under: Some(Stamp::of(&answer.policy)),
            });
        }
    }
}

impl Connection {
    /// Passes an answer on that is looked at.
    pub(super) fn relay_watched(
        self,
        request: &Request,
        answer: Answer,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let proxy = Arc::clone(&self.proxy);
        let (mut connection, mut answer) = (self, answer);
        let is_blocking = Guard::may_block(&answer.policy, &answer.request_id);
        if let Framing::Length(bytes) = request.framing
            && bytes > WHOLE_BYTES_MAX
            && bytes <= limit()
            && !is_blocking
            && completion.is_none()
        {
            let body = usize::try_from(bytes).unwrap_or(usize::MAX);
            let total = request.bytes.saturating_add(body);
            match connection.relay_kept(request, total, answer) {
                Relayed::Done(served) => return served,
                Relayed::NotBegun(back) => (connection, answer) = *back,
            }
        }
        let whence = answer.whence();
        let guard = proxy.guard(&answer, &whence);
        let served = match request.framing {
            Framing::Chunked if request.flow != Flow::Whole && is_blocking => {
                connection.relay_guarded(request, &answer, &guard)
            }
            Framing::Length(bytes) if bytes > limit() && is_blocking => {
                connection.relay_begun(request, bytes, &answer, &guard)
            }
            Framing::Length(_) | Framing::Chunked | Framing::Empty if is_blocking => {
                connection.relay_judged(request, &answer, &guard, completion)
            }
            _ => connection.relay_seen(request, &answer, &guard, completion),
        };
        if let Origin::Of(message) = answer.origin {
            proxy.reclaim(message);
        }
        served
    }

    /// Passes an output on as ever, and looks at it afterwards or as it passes.
    fn relay_seen(
        self,
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        completion: Option<&Completion>,
    ) -> Option<Self> {
        let proxy = Arc::clone(&self.proxy);
        let mut watch = Watch::new(*guard, answer, request.flow == Flow::HttpStream);
        if request.flow != Flow::Whole {
            let head = self.down.unread().get(..request.bytes);
            watch.head = head.unwrap_or_default().to_vec();
        }
        let is_answer = answer.channel != Channel::InitError;
        let served = match completion {
            Some(completion) => return self.relay_completed(request, completion),
            None => self.relay_with(request, is_answer, Some(&mut watch)),
        };
        proxy.tell_leaks(answer, watch.found(), false);
        served
    }
}

fn limit() -> u64 {
    u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX)
}

impl Rest {
    /// Follows bytes of a body, and gives what they hold to whoever watches.
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
                watch.take(bytes.get(..count).unwrap_or_default());
                Ok(count)
            }
            Self::Chunked(chunked) => {
                chunked.follow_all(bytes, watch.stream.room(), &mut watch.trailers)
            }
        }
    }
}
