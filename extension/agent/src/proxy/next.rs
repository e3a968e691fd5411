//! The hot path: a runtime asks for an event, gets one that may pass, and never sees another.
//! It never drops, doubles or times a pending `next`: it is a token of capacity (R14 to R18).
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use credenza_exchange::{Inspected, Step};
use credenza_policy::{Mode, OnError};

use super::aside::{ASIDE_BYTES_MIN, Aside};
use super::buffer::HEAP_BYTES_MAX;
use super::connection::{Call, Connection};
use super::head::Framing;
use super::kept::WHOLE_BYTES_MAX;
use super::link::Link;
use super::message::{Message, Unread};
use super::pool::Parked;
use super::wait::Waited;
use super::{Proxy, STACK_BYTES};
use crate::fault::Fault;

// Limit: each try costs a connection; ten broken ones in a row are a platform that is gone.
const TRIES_MAX: u32 = 10;

// Limit: in a millisecond a runtime can die; looking again costs less than one thousandth of it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(1);

// Limit: where nobody looks, an event up to 64 KiB is still read whole, so that it can be asked for
// again when its connection breaks; a longer one passes as it comes.
const UNSEEN_BYTES_MAX: u64 = 64 * 1024;

/// All that is needed to go on with an invocation, on this thread or on another.
#[derive(Debug)]
pub(crate) struct Held {
    connection: Connection,
    /// Where the event came from; nothing once it was handed on.
    link: Option<Link>,
    call: Call,
    message: Arc<Message>,
    begun: Instant,
}

/// What to do after one wait for an event.
pub(super) enum After {
    /// The runtime has its reply, and its connection goes on.
    Served(Connection),
    /// The event was refused, so the runtime still waits.
    Refused(Connection, Call),
    /// The platform's connection broke, so the runtime still waits.
    Broken(Connection, Call),
    /// This thread has nothing more to do with the connection.
    Gone,
}

impl From<Option<Connection>> for After {
    fn from(served: Option<Connection>) -> Self {
        served.map_or(Self::Gone, Self::Served)
    }
}

/// Where an event will come from.
enum Pending {
    Next(Link),
    Event(Arc<Message>),
}

impl Connection {
    /// Serves a `next`.
    pub(super) fn next(self, call: Call) -> Option<Self> {
        self.proxy.shared.route.seal();
        let (mut connection, mut call) = (self, call);
        for aside in std::mem::take(&mut connection.asides) {
            // With this call the invocation ends, and the environment may be frozen.
            aside.wait(&connection.proxy);
        }
        connection.meet();
        let mut tries = 0_u32;
        loop {
            let after = match connection.pending(&call, tries > 0) {
                Ok(Pending::Next(link)) => connection.turn(link, call),
                Ok(Pending::Event(event)) => connection.deliver(None, &event, false),
                Err(_) => return connection.answer(Fault::PlatformUnreachable, b"", true),
            };
            match after {
                After::Served(connection) => return Some(connection),
                After::Gone => return None,
                After::Refused(again, same) => {
                    (connection, call) = (again, same);
                    tries = 0;
                }
                After::Broken(again, same) if tries < TRIES_MAX => {
                    again.proxy.fault(Fault::PlatformNextBroken, b"");
                    again.proxy.shared.witness.broke();
                    (connection, call) = (again, same);
                    tries = tries.saturating_add(1);
                }
                After::Broken(again, _) => {
                    return again.answer(Fault::PlatformUnreachable, b"", true);
                }
            }
        }
    }

    /// Lets the witness look at who asks for the first time on this connection.
    fn meet(&self) {
        let witness = &self.proxy.shared.witness;
        if self.newcomer
            && witness.is_active()
            && let (Ok(theirs), Ok(ours)) =
                (self.down.stream.peer_addr(), self.down.stream.local_addr())
        {
            witness.met(theirs, ours);
        }
    }

    /// A connection on which exactly one `next` is pending: a parked one, or one that just asked.
    ///
    /// `fresh` says that a connection broke, so what is idle may be stale as well (R15, R18).
    fn pending(&mut self, call: &Call, fresh: bool) -> io::Result<Pending> {
        let proxy = Arc::clone(&self.proxy);
        let newcomer = std::mem::take(&mut self.newcomer);
        proxy.pool.enter(&self.down.stream, &self.bell);
        while let Some(parked) = proxy.pool.take(&self.bell, newcomer) {
            proxy.fault(Fault::RuntimeLeft, b"");
            match parked {
                Parked::Event(event) => {
                    proxy.pool.leave(&self.bell, []);
                    return Ok(Pending::Event(event));
                }
                Parked::Next(link) if !link.wire.is_dead() => return Ok(Pending::Next(link)),
                // It was lost while nobody waited on it.
                Parked::Next(_) => {}
            }
        }
        let asked = self.ask(call, fresh);
        if asked.is_err() {
            proxy.pool.leave(&self.bell, []);
        }
        asked.map(Pending::Next)
    }

    /// Asks the platform for one event.
    fn ask(&mut self, call: &Call, fresh: bool) -> io::Result<Link> {
        if fresh {
            self.link = None;
            self.proxy.pool.forget_idle();
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

    /// Waits for one event and deals with it.
    fn turn(mut self, pending: Link, call: Call) -> After {
        let mut pending = pending;
        loop {
            let mut link = match self.wait(pending) {
                Waited::Spoken(link) => link,
                Waited::Event(event) => return self.deliver(None, &event, false),
                Waited::RuntimeLeft => return self.end().into(),
                Waited::Broken => return After::Broken(self, call),
            };
            let begun = Instant::now();
            // Whatever becomes of the policy, this invocation is judged under this one.
            let policy = self.proxy.shared.policy.now();
            let held_max = match policy.mode {
                Mode::Off => UNSEEN_BYTES_MAX,
                Mode::Monitor => WHOLE_BYTES_MAX,
                Mode::Block => u64::MAX,
            };
            let under = Arc::clone(&policy);
            match link.message(under, held_max, |bytes| self.proxy.pool.room(bytes)) {
                Ok(message) => {
                    self.proxy.running();
                    if message.reply.status == 200 {
                        self.proxy.shared.witness.came(message.request_id());
                    }
                    return self.judge(link, call, message, begun);
                }
                Err(Unread::Interim) => {
                    self.proxy.pool.enter(&self.down.stream, &self.bell);
                    pending = link;
                }
                Err(Unread::Broken) => return After::Broken(self, call),
                Err(Unread::Malformed) => {
                    return self.answer(Fault::PlatformMalformed, b"", true).into();
                }
                Err(Unread::Unheld(unheld))
                    if policy.mode == Mode::Monitor
                        && unheld.fault.is_none()
                        && unheld.reply.status == 200 =>
                {
                    return self.pass_kept(link, *unheld, policy, begun);
                }
                Err(Unread::Unheld(unheld)) => return self.pass_unheld(link, &unheld, begun),
            }
        }
    }

    /// Inspects an event and acts on the verdict.
    ///
    /// Where the verdict decides nothing the event is handed on first, so that the function runs
    /// while somebody looks: at a large event beside this thread, until the next one is asked for;
    /// at any other on this thread, which the answer passes, and so comes after the verdict.
    fn judge(self, link: Link, call: Call, message: Message, begun: Instant) -> After {
        let proxy = Arc::clone(&self.proxy);
        let message = Arc::new(message);
        let slow = begun.elapsed() > LOOK_AGAIN_AFTER;
        let mode = message.policy.mode;
        if message.reply.status == 200 {
            proxy.remember(message.request_id(), &message.policy, Some(&message));
        }
        if message.reply.status != 200 || mode == Mode::Off {
            let status = message.reply.status;
            let after = self.deliver(Some(link), &message, slow);
            if status == 200 {
                proxy.dealt_with(begun);
            }
            proxy.reclaim(message);
            return after;
        }
        if mode == Mode::Block {
            let held = Held {
                connection: self,
                link: Some(link),
                call,
                message,
                begun,
            };
            return held.inspect();
        }
        let delivered = self.deliver(Some(link), &message, slow);
        proxy.dealt_with(begun);
        match delivered {
            After::Served(mut connection) if message.event().len() >= ASIDE_BYTES_MIN => {
                match Aside::of_event(&proxy, &message) {
                    Some(aside) => connection.asides.push(aside),
                    None => proxy.look(&message),
                }
                After::Served(connection)
            }
            After::Served(connection) => Held {
                connection,
                link: None,
                call,
                message,
                begun,
            }
            .inspect(),
            // Its runtime has left, so nobody waits for this thread.
            after => {
                proxy.look(&message);
                after
            }
        }
    }

    /// Hands an event on, head and body in one write (R19); `slow` if the runtime may have left
    /// since it was last looked at.
    fn deliver(mut self, link: Option<Link>, message: &Arc<Message>, slow: bool) -> After {
        if let Some(link) = link.filter(|_| message.reply.keeps) {
            self.own(link);
        }
        let left = slow && self.down.is_left();
        if left || self.down.write(&message.bytes).is_err() {
            // Who closed before the last byte was written has not read the event (R14); any other
            // reply was for that runtime alone.
            if message.reply.status == 200 {
                self.proxy.pool.park([Parked::Event(Arc::clone(message))]);
            }
            return self.end().into();
        }
        if message.reply.framing == Framing::Close {
            return self.end().into();
        }
        After::Served(self)
    }
}

impl Proxy {
    /// Looks at an event; nothing if that panicked, and the microseconds that it took.
    fn inspect(&self, message: &Message) -> (Option<Inspected>, u64) {
        let started = Instant::now();
        let inspected = catch_unwind(AssertUnwindSafe(|| {
            self.inspection.event(&message.look(&message.beside()))
        }));
        let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        (inspected.ok(), us)
    }

    /// Looks at an event that was handed on already, and tells what was seen.
    pub(super) fn look(&self, message: &Arc<Message>) {
        if self.has_given_up() {
            return self.fault(Fault::OursGivenUp, message.request_id());
        }
        let (inspected, us) = self.inspect(message);
        match inspected {
            Some(mut inspected) => {
                self.note(message, &inspected, us);
                let recorded = Self::to_record(message, &mut inspected);
                self.keep(message, inspected);
                self.record(message, recorded);
            }
            None => self.fault(Fault::OursPanicked, message.request_id()),
        }
    }

    /// Keeps the room of a message that is done with, if nobody else holds it.
    pub(super) fn reclaim(&self, message: Arc<Message>) {
        if message.bytes.len() <= HEAP_BYTES_MAX {
            self.pool.rest();
        }
        if let Ok(message) = Arc::try_unwrap(message) {
            self.pool.keep_room(message.bytes.into_room());
        }
    }

    /// Counts an event that was handed on or refused, and how long it was here.
    pub(super) fn dealt_with(&self, begun: Instant) {
        let us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.shared.sink.dealt_with(us);
    }

    fn note(&self, message: &Message, inspected: &Inspected, us: u64) {
        let sink = &self.shared.sink;
        sink.inspected(&message.invocation(), inspected, us);
        let (event, id) = (message.event(), message.request_id());
        self.shared.own.look_at_event(event, id, sink.as_ref());
    }
}

impl Held {
    /// Inspects the event under the guard, and goes on as the verdict says.
    fn inspect(self) -> After {
        let proxy = Arc::clone(&self.connection.proxy);
        if proxy.has_given_up() {
            return self.fail(Fault::OursGivenUp);
        }
        let message = Arc::clone(&self.message);
        let limit = message.limit();
        let ticket = proxy.guard.hold(self, limit);
        let (inspected, us) = proxy.inspect(&message);
        // The guard was faster: the event is delivered, and this thread has nothing left to do.
        let Some(held) = proxy.guard.release(&ticket) else {
            proxy.note_unstuck();
            return After::Gone;
        };
        drop(message);
        match inspected {
            Some(inspected) => held.act(inspected, us),
            None => held.fail(Fault::OursPanicked),
        }
    }

    /// Acts on a verdict.
    fn act(self, mut inspected: Inspected, us: u64) -> After {
        let slow = self.begun.elapsed() > LOOK_AGAIN_AFTER;
        let Self {
            connection,
            link,
            call,
            message,
            begun,
        } = self;
        let proxy = Arc::clone(&connection.proxy);
        let decides = link.is_some();
        proxy.note(&message, &inspected, us);
        let recorded = Proxy::to_record(&message, &mut inspected);
        let step = std::mem::replace(&mut inspected.step, Step::Deliver);
        let after = match (&step, link) {
            (_, None) => {
                proxy.keep(&message, inspected);
                After::Served(connection)
            }
            (Step::Deliver, Some(link)) => {
                let is_sought = proxy.expect(&message, &mut inspected, None);
                let after = connection.deliver(Some(link), &message, slow);
                if is_sought {
                    proxy.settle(&message);
                }
                after
            }
            (Step::Refuse(_), Some(link)) if !is_plain(message.request_id()) => {
                proxy.fault(Fault::PlatformRequestIdMissing, message.request_id());
                connection.deliver(Some(link), &message, slow)
            }
            (Step::Refuse(refusal), Some(link)) => connection.refuse(link, call, &message, refusal),
            (Step::Cut(cut), Some(link)) => {
                if let Some(left) = Connection::cut(&message, cut) {
                    proxy.expect(&message, &mut inspected, cut.completion.clone());
                    connection.deliver(Some(link), &Arc::new(left), slow)
                } else {
                    let policy = &message.policy;
                    let refusal = credenza_exchange::refusal_unseen(message.event(), policy);
                    connection.refuse(link, call, &message, &refusal)
                }
            }
        };
        if decides {
            proxy.dealt_with(begun);
        }
        proxy.record(&message, recorded);
        proxy.reclaim(message);
        after
    }

    /// Acts on a fault of ours: the bytes pass, or the event is refused where the user chose so.
    fn fail(self, fault: Fault) -> After {
        let Self {
            connection,
            link,
            call,
            message,
            begun,
        } = self;
        let proxy = Arc::clone(&connection.proxy);
        proxy.fault(fault, message.request_id());
        let Some(link) = link else {
            return After::Served(connection);
        };
        proxy.dealt_with(begun);
        let policy = Arc::clone(&message.policy);
        let closed = policy.on_error == OnError::Closed;
        if !closed || !is_plain(message.request_id()) {
            return connection.deliver(Some(link), &message, true);
        }
        let refusal = catch_unwind(AssertUnwindSafe(|| {
            credenza_exchange::refusal_unseen(message.event(), &policy)
        }));
        let refusal = refusal.unwrap_or_else(|_| credenza_exchange::refusal_unseen(b"", &policy));
        connection.refuse(link, call, &message, &refusal)
    }
}

/// Goes on, on a fresh thread, with what an inspection held too long.
pub(super) fn rescue(held: Held) {
    held.connection.proxy.note_stuck();
    let go_on = move || match held.fail(Fault::OursStuck) {
        After::Served(connection) => connection.run(),
        After::Refused(connection, call) | After::Broken(connection, call) => {
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
