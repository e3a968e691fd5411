//! A batch of which the function gets only a part: the reply that carries it, and its answer.
//! It never touches a message that is whole, and never holds more answers than are awaited.
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use credenza_engine::leak::Reflections;
use credenza_event::Source;
use credenza_exchange::{Completion, Cut};
use credenza_policy::{Policy, Routes};

use super::chunked::Chunked;
use super::connection::Connection;
use super::head::{self, Framing, Request};
use super::message::Message;
use crate::fault::Fault;

// Limit: as many invocations may be under way as an environment of Managed Instances serves at
// once; an answer that never comes makes room for the newest.
const AWAITED_MAX: usize = 64;

// Limit: an answer has at most 6 MiB; beyond twice that the platform refuses it in any case.
const ANSWER_BYTES_MAX: u64 = 12 * 1024 * 1024;

// Limit: whose event it was is told within microseconds; a thread of a small function may be off
// its processor for 18.5 ms at a time, and after five such gaps the answer goes on without.
const SETTLED_WITHIN: Duration = Duration::from_millis(100);

/// What has to be known of answers that are still to come.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    /// How many there are, so that every other answer costs one load.
    count: AtomicUsize,
    answers: Mutex<Vec<(Vec<u8>, Expected)>>,
    /// Who takes an answer on another connection waits here for the source of its event.
    known: Condvar,
}

/// Who shaped the event of an answer.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// It is known, and on which routes it came where the policy asks for that.
    Known(Source, Routes),
    /// The event is small enough to be kept, and is looked at when somebody asks.
    Of(Arc<Message>),
    /// That is being looked at.
    Sought,
}

/// What is known of an answer before it comes.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Who shaped the event.
    pub(super) origin: Origin,
    /// The caller's tenant, where the policy asks for that.
    pub(super) tenant: Vec<u8>,
    /// What has to be added.
    pub(super) completion: Option<Completion>,
    /// The policy that its event was judged under.
    pub(super) policy: Arc<Policy>,
    /// What of the event could do harm in it.
    pub(super) reflections: Reflections,
}

impl Expected {
    /// Nothing but the policy.
    pub(super) fn nothing(policy: Arc<Policy>) -> Self {
        Self {
            origin: Origin::Known(Source::Unknown, Routes::default()),
            tenant: Vec::new(),
            completion: None,
            policy,
            reflections: Reflections::default(),
        }
    }
}

impl Awaited {
    /// Remembers what an invocation's answer will need.
    pub(super) fn note(&self, request_id: &[u8], expected: Expected) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers.iter_mut().find(|(id, _)| id == request_id) {
            known.1 = expected;
            return;
        }
        if answers.len() == AWAITED_MAX {
            answers.remove(0);
        }
        answers.push((request_id.to_vec(), expected));
        self.count.store(answers.len(), Ordering::Release);
    }

    /// Adds who shaped the event, where that was not known before it was handed on.
    pub(super) fn settle(&self, request_id: &[u8], source: Source, routes: Routes) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, expected)) = answers.iter_mut().find(|(id, _)| id == request_id) {
            expected.origin = Origin::Known(source, routes);
        }
        drop(answers);
        self.known.notify_all();
    }

    /// What an invocation's answer needs, once.
    pub(super) fn take(&self, request_id: &[u8]) -> Option<Expected> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unsettled = |answers: &mut Vec<(Vec<u8>, Expected)>| {
            let mut all = answers.iter();
            all.any(|(id, expected)| id == request_id && matches!(expected.origin, Origin::Sought))
        };
        let waited = self
            .known
            .wait_timeout_while(answers, SETTLED_WITHIN, is_unsettled);
        let mut answers = waited.unwrap_or_else(PoisonError::into_inner).0;
        let at = answers.iter().position(|(id, _)| id == request_id)?;
        let (_, expected) = answers.remove(at);
        self.count.store(answers.len(), Ordering::Release);
        Some(expected)
    }
}

impl Message {
    /// The same reply with another event; `None` if its head cannot be read again.
    fn with_event(&self, event: &[u8]) -> Option<Self> {
        let head = self.bytes.get(..self.reply.bytes)?;
        let bytes = reframed(head, event)?;
        let reply = head::reply(bytes.get(..bytes.len().checked_sub(event.len())?)?, false).ok()?;
        Some(Self::whole(bytes, reply, Arc::clone(&self.policy)))
    }
}

impl Connection {
    /// The reply that carries what is left of a batch.
    pub(super) fn cut(message: &Message, cut: &Cut) -> Option<Message> {
        message.with_event(&cut.event)
    }

    /// Completes an answer and passes it on; one that cannot be held passes as it comes.
    pub(super) fn relay_completed(
        mut self,
        request: &Request,
        completion: &Completion,
    ) -> Option<Self> {
        match request.framing {
            Framing::Length(bytes) if bytes <= ANSWER_BYTES_MAX => {}
            Framing::Chunked => {}
            _ => return self.relay(request, true),
        }
        let goes_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        if request.expects && self.down.write(goes_on).is_err() {
            return self.end();
        }
        let head = self.down.unread().get(..request.bytes).unwrap_or_default();
        let head = head.to_vec();
        let Ok(answer) = self.take_answer(request) else {
            self.proxy.fault(Fault::RuntimeBodyCut, b"");
            return None;
        };
        let body = completion.complete(&answer).unwrap_or(answer);
        match with_body(&head, &body) {
            Some((bytes, request)) => self.send_held(&bytes, &request, true),
            None => self.answer(Fault::RuntimeMalformed, b"", false),
        }
    }

    /// Reads an answer whole, its framing undone.
    fn take_answer(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        if let Framing::Length(bytes) = request.framing {
            let body = usize::try_from(bytes).unwrap_or(usize::MAX);
            let total = request.bytes.saturating_add(body);
            let bytes = self.down.take(total)?;
            let answer = bytes.get(request.bytes..total);
            return answer
                .map(<[u8]>::to_vec)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
        self.down.consume(request.bytes);
        let (mut chunked, mut answer) = (Chunked::new(), Vec::new());
        while !chunked.is_done() {
            if self.down.unread().is_empty() && self.down.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let followed = chunked.follow(self.down.unread(), Some(&mut answer));
            let count = followed.map_err(|_| io::ErrorKind::InvalidData)?;
            self.down.consume(count);
            let held = u64::try_from(answer.len()).unwrap_or(u64::MAX);
            if held > ANSWER_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(answer)
    }
}

/// A request with another body; `None` if its head cannot be read again.
pub(super) fn with_body(head: &[u8], body: &[u8]) -> Option<(Vec<u8>, Request)> {
    let bytes = reframed(head, body)?;
    let end = bytes.len().checked_sub(body.len())?;
    let request = head::request(bytes.get(..end)?).ok()?;
    Some((bytes, request))
}

/// A head with another body behind it: every line as it stood, but for those that frame the body.
fn reframed(head: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let lines = head.strip_suffix(b"\r\n\r\n")?;
    let mut bytes = Vec::with_capacity(head.len().saturating_add(body.len()).saturating_add(32));
    for (at, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let frames = ["content-length", "transfer-encoding", "trailer", "expect"];
        let is_frame = frames
            .iter()
            .any(|frame| name.trim_ascii().eq_ignore_ascii_case(frame.as_bytes()));
        if at == 0 || !is_frame {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use credenza_event::Source;
    use credenza_exchange::Completion;
    use credenza_policy::Routes;

    use super::{AWAITED_MAX, Awaited, Expected, Origin, reframed};

    #[test]
    fn a_head_keeps_its_lines_and_gets_the_length_of_its_new_body() {
        let head = b"HTTP/1.1 200 OK\r\nA: 1\r\ntransfer-encoding: chunked\r\nB: x:y\r\n\r\n";
        assert_eq!(
            reframed(head, b"[1]").as_deref(),
            Some(&b"HTTP/1.1 200 OK\r\nA: 1\r\nB: x:y\r\nContent-Length: 3\r\n\r\n[1]"[..])
        );
        assert_eq!(reframed(b"HTTP/1.1 200 OK\r\n", b""), None);
    }

    #[test]
    fn an_answer_is_completed_once_and_the_oldest_makes_room() {
        let awaited = Awaited::default();
        let completed = |id: &[u8]| awaited.take(id).map(|expected| expected.completion);
        assert_eq!(completed(b"0"), None);
        for id in 0..=AWAITED_MAX {
            let expected = Expected {
                completion: Some(Completion::Failures(Vec::new())),
                ..Expected::nothing(Arc::default())
            };
            awaited.note(id.to_string().as_bytes(), expected);
        }
        assert_eq!(completed(b"0"), None);
        let expected = Some(Some(Completion::Failures(Vec::new())));
        assert_eq!(completed(b"1"), expected);
        assert_eq!(completed(b"1"), None);
    }

    #[test]
    fn an_answer_that_overtakes_its_source_waits_for_it() {
        let awaited = Awaited::default();
        let sought = Expected {
            origin: Origin::Sought,
            ..Expected::nothing(Arc::default())
        };
        let taken = |id: &[u8]| awaited.take(id).map(|expected| expected.origin);
        awaited.note(b"1", sought.clone());
        thread::scope(|scope| {
            let taken = scope.spawn(|| taken(b"1"));
            awaited.settle(b"1", Source::Sns, Routes::default());
            let origin = taken.join().unwrap();
            assert!(matches!(origin, Some(Origin::Known(Source::Sns, _))));
        });
        awaited.note(b"2", sought);
        assert!(matches!(taken(b"2"), Some(Origin::Sought)));
        // An answer that nobody awaits any more is nothing to settle.
        awaited.settle(b"2", Source::Sns, Routes::default());
    }
}
