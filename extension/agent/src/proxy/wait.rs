//! The wait for an event: on every pending `next` that this runtime may be given, without limit.
//! It never ends a pending `next`: what is not used is parked for the next one who asks.
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};

use super::connection::Connection;
use super::link::Link;
use super::message::Message;
use super::pool::Parked;
use super::wire::wait;

/// What ended the wait.
pub(super) enum Waited {
    /// The platform spoke, or closed, on this connection.
    Spoken(Link),
    /// An event that another runtime left behind.
    Event(Arc<Message>),
    /// The runtime hung up; everything pending is parked.
    RuntimeLeft,
    /// The sockets cannot be watched.
    Broken,
}

/// What one poll saw.
struct Seen {
    /// The place of the first link that is ready: 0 is the connection's own.
    link: Option<usize>,
    down: PollFlags,
    bell: bool,
}

impl Connection {
    /// Waits for an event on `own`, or on what other runtimes left behind; the connection has
    /// entered the pool, and leaves it here.
    pub(super) fn wait(&mut self, own: Link) -> Waited {
        let proxy = Arc::clone(&self.proxy);
        let mut parked = VecDeque::new();
        let mut more = Vec::new();
        if !own.wire.unread().is_empty() {
            proxy.pool.leave(&self.bell, parked);
            return Waited::Spoken(own);
        }
        loop {
            if let Some(event) = sort(&mut parked, &mut more) {
                let rest = more.into_iter().chain([own]).map(Parked::Next);
                proxy.pool.leave(&self.bell, rest.chain(parked));
                return Waited::Event(event);
            }
            let Ok(seen) = self.look(&own, &more) else {
                proxy
                    .pool
                    .leave(&self.bell, more.into_iter().map(Parked::Next));
                return Waited::Broken;
            };
            if seen.bell {
                self.bell.hush();
                parked = proxy.pool.take_all();
            }
            // A half-closed runtime that closes for good makes no sound, so it is looked at.
            let quiet = self.down.is_half_closed();
            if (!seen.down.is_empty() || quiet) && self.down.is_left_after(seen.down) {
                let rest = [own].into_iter().chain(more).map(Parked::Next);
                proxy.pool.leave(&self.bell, rest.chain(parked));
                return Waited::RuntimeLeft;
            }
            if let Some(place) = seen.link {
                let spoken = match place.checked_sub(1).filter(|at| *at < more.len()) {
                    None => own,
                    Some(at) => {
                        more.push(own);
                        more.swap_remove(at)
                    }
                };
                let rest = more.into_iter().map(Parked::Next);
                proxy.pool.leave(&self.bell, rest.chain(parked));
                return Waited::Spoken(spoken);
            }
        }
    }

    fn look(&self, own: &Link, more: &[Link]) -> io::Result<Seen> {
        let down = PollFd::new(&self.down.stream, self.down.leaving());
        let bell = PollFd::new(&*self.bell, PollFlags::IN);
        let own = PollFd::new(&own.wire.stream, PollFlags::IN);
        if more.is_empty() {
            let mut fds = [down, bell, own];
            wait(&mut fds, None)?;
            return Ok(Seen::of(&fds));
        }
        let more = more
            .iter()
            .map(|link| PollFd::new(&link.wire.stream, PollFlags::IN));
        let mut fds: Vec<_> = [down, bell, own].into_iter().chain(more).collect();
        wait(&mut fds, None)?;
        Ok(Seen::of(&fds))
    }
}

impl Seen {
    /// Reads the runtime's flags, the bell's and those of the links, in this order.
    fn of(fds: &[PollFd<'_>]) -> Self {
        let revents = |place: usize| fds.get(place).map_or(PollFlags::empty(), PollFd::revents);
        let mut links = fds.iter().skip(2);
        Self {
            link: links.position(|link| !link.revents().is_empty()),
            down: revents(0),
            bell: !revents(1).is_empty(),
        }
    }
}

/// Puts pending `next`s with the others, and gives the first event that lay among them.
fn sort(parked: &mut VecDeque<Parked>, more: &mut Vec<Link>) -> Option<Arc<Message>> {
    while let Some(parked) = parked.pop_front() {
        match parked {
            Parked::Next(link) => more.push(link),
            Parked::Event(event) => return Some(event),
        }
    }
    None
}
