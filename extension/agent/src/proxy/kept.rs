//! Large messages in mode `monitor`: each piece goes on as it comes, and all of them are kept until
//! somebody has looked at the whole.
//! It never lets either side wait for a look, and asks for nothing twice of which a part has left.
use std::io;
use std::sync::Arc;
use std::time::Instant;

use credenza_policy::Policy;

use super::aside::{Aside, Kept};
use super::both::Share;
use super::buffer::{Buffer, Filling};
use super::connection::Connection;
use super::head::Request;
use super::link::Link;
use super::message::{EVENT_BYTES_MAX, Message, Unheld};
use super::next::After;
use super::pool::Parked;
use super::relay::{Lost, Rest, Sent};
use super::watched::Answer;
use super::wire::{Ready, wait_either};
use crate::fault::Fault;

// Limit: up to 1 MiB a message is read whole and leaves in one write: the heap has its pages
// already, and it can be asked for again when its connection breaks.
pub(super) const WHOLE_BYTES_MAX: u64 = 1024 * 1024;

impl Connection {
    /// Hands an event on as it comes, without a look at it.
    pub(super) fn pass_unheld(self, link: Link, unheld: &Unheld, begun: Instant) -> After {
        let proxy = Arc::clone(&self.proxy);
        proxy.running();
        let id = unheld.request_id(&link).to_vec();
        if unheld.reply.status == 200 {
            proxy.shared.witness.came(&id);
        }
        if let Some(fault) = unheld.fault {
            proxy.fault(fault, &id);
        }
        let after = self.pass_on(link, unheld).into();
        proxy.dealt_with(begun);
        after
    }

    /// Hands an event on as it comes, and has it inspected when it is whole.
    pub(super) fn pass_kept(
        mut self,
        link: Link,
        unheld: Unheld,
        policy: Arc<Policy>,
        begun: Instant,
    ) -> After {
        let (mut link, mut unheld) = (link, unheld);
        let length = match unheld.rest {
            Rest::Length(bytes) => usize::try_from(bytes).ok(),
            Rest::Chunked(_) => None,
        };
        let Some(body) = length.filter(|body| *body <= EVENT_BYTES_MAX) else {
            unheld.fault = Some(Fault::PlatformEventTooLarge);
            return self.pass_unheld(link, &unheld, begun);
        };
        let total = unheld.reply.bytes.saturating_add(body);
        let Ok(mut filling) = link.wire.fill_whole(total, self.proxy.pool.room(total)) else {
            unheld.fault = Some(Fault::OursMemoryless);
            return self.pass_unheld(link, &unheld, begun);
        };
        let proxy = Arc::clone(&self.proxy);
        proxy.running();
        let id = filling.bytes().get(unheld.reply.request_id.clone());
        let id = id.unwrap_or_default().to_vec();
        proxy.shared.witness.came(&id);
        proxy.remember(&id, &policy, None);
        let mut is_there = self.down.write(filling.bytes()).is_ok();
        while !filling.is_full() {
            let piece = match filling.read(&link.wire.stream) {
                Ok(piece) if !piece.is_empty() => piece,
                // The runtime has a part of it, so it cannot be asked for again.
                Ok(_) | Err(_) => return self.torn().into(),
            };
            // One that has left takes nothing more, but its successor will want all of it.
            is_there = is_there && self.down.write(piece).is_ok();
        }
        let message = Message::kept(filling.into(), unheld.reply, policy);
        if message.reply.keeps {
            self.own(link);
        }
        proxy.dealt_with(begun);
        if !is_there || self.down.is_left() {
            // Who closed before the last byte was written has not read the event (R14).
            proxy.pool.park([Parked::Event(Arc::clone(&message))]);
            let after = self.end().into();
            proxy.look(&message);
            return after;
        }
        match Aside::of_event(&proxy, &message) {
            Some(aside) => self.asides.push(aside),
            None => proxy.look(&message),
        }
        After::Served(self)
    }

    /// Passes an answer on as it comes, and has it looked at when it is whole.
    pub(super) fn relay_kept(mut self, request: &Request, total: usize, answer: Answer) -> Relayed {
        let proxy = Arc::clone(&self.proxy);
        let Ok(share) = self.room_for(total) else {
            return Relayed::NotBegun(Box::new((self, answer)));
        };
        let Ok(mut filling) = self.down.fill_whole(total, proxy.pool.room(total)) else {
            proxy.fault(Fault::OursMemoryless, &answer.request_id);
            return Relayed::NotBegun(Box::new((self, answer)));
        };
        let Ok((mut link, kept)) = self.link() else {
            return Relayed::Done(self.answer(Fault::PlatformUnreachable, b"", false));
        };
        let mut begun = link.begin_with(filling.bytes(), request);
        if begun.is_err() && kept {
            // Nothing was accepted on the kept connection: the same bytes on a fresh one.
            let Ok(fresh) = proxy.connect() else {
                return Relayed::Done(self.answer(Fault::PlatformUnreachable, b"", false));
            };
            link = fresh;
            proxy.fault(Fault::PlatformAnswerBroken, b"");
            begun = link.begin_with(filling.bytes(), request);
        }
        let sent = match begun {
            Ok(()) => self.send_rest(&mut link, &mut filling),
            Err(_) => Sent::Broken(false),
        };
        let served = match sent {
            Sent::Waiting => match self.await_reply(&mut link, false) {
                Ok(reply) => self.pass(link, &reply),
                Err(Lost::Runtime) => self.end(),
                Err(Lost::Platform | Lost::Malformed) => self.torn(),
            },
            sent => self.unsent(link, &sent),
        };
        let kept = Kept {
            answer,
            bytes: Buffer::from(filling),
            head: request.bytes,
            share,
        };
        let Some(mut connection) = served else {
            Box::new(kept).look(&proxy);
            return Relayed::Done(None);
        };
        match Aside::of_output(&proxy, kept, &connection.asides) {
            Ok(aside) => connection.asides.push(aside),
            Err(Some(back)) => back.look(&proxy),
            Err(None) => {}
        }
        Relayed::Done(Some(connection))
    }

    /// Sends the rest of a message, each piece as it arrives, while watching for an early answer.
    fn send_rest(&mut self, link: &mut Link, filling: &mut Filling) -> Sent {
        while !filling.is_full() {
            match wait_either(&link.wire, &mut self.down, true) {
                Ok((Ready::Yes, _)) => match self.interim(link) {
                    Some(sent) => return sent,
                    None => continue,
                },
                Ok((Ready::No, Ready::Yes)) => {}
                Ok((Ready::No, Ready::No)) => continue,
                Err(_) => return Sent::Broken(false),
            }
            let piece = match filling.read(&self.down.stream) {
                Ok(piece) if !piece.is_empty() => piece,
                Ok(_) | Err(_) => return Sent::RuntimeCut,
            };
            match link.wire.write_unless_answered(piece) {
                Ok(true) => {}
                Ok(false) => return Sent::Answered,
                Err(_) => return Sent::Broken(false),
            }
        }
        Sent::Waiting
    }

    /// The memory to keep an answer in: its event's, if somebody has looked at that, or else some
    /// beside it. An error where there is none, and an answer kept would make that twice an event.
    fn room_for(&mut self, total: usize) -> Result<Option<Share>, ()> {
        let proxy = Arc::clone(&self.proxy);
        for aside in std::mem::take(&mut self.asides) {
            if aside.has_ended() {
                aside.done(&proxy);
            } else {
                self.asides.push(aside);
            }
        }
        if self.asides.is_empty() {
            return Ok(None);
        }
        proxy.both.take(total).map(Some).ok_or(())
    }
}

/// What became of an answer that was to be kept.
pub(super) enum Relayed {
    /// It was passed on, or could not be.
    Done(Option<Connection>),
    /// There is no memory to keep it in, or its event takes that.
    NotBegun(Box<(Connection, Answer)>),
}

impl Link {
    /// Begins a request with its head and what has come of its body.
    fn begin_with(&mut self, bytes: &[u8], request: &Request) -> io::Result<()> {
        self.wire.begin();
        let head = bytes.get(..request.bytes).unwrap_or_default();
        let head = self.head(head, request);
        let body = bytes.get(request.bytes..).unwrap_or_default();
        self.wire.write(&[&head, body].concat())
    }
}
