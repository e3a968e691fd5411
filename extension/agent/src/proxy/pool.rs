//! What no runtime holds just now: idle connections, pending `next`s, events that found nobody,
//! and the runtimes that would take them.
//! It never closes a pending `next`, and never gives one thing to two takers.
use std::collections::VecDeque;
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::buffer::{HEAP_BYTES_MAX, Room};
use super::link::Link;
use super::message::Message;
use super::peer;
use super::wire::seen;

// Limit: one for each runtime connection that comes and goes; more would only be stale.
const IDLE_MAX: usize = 16;

// Limit: below 16 KiB the heap has its pages always; above, it gives them back with each message.
const ROOM_BYTES_MIN: usize = 16 * 1024;

// Limit: two, an event's and its answer's: to have pages cleared for either takes a millisecond.
const PAGES_MAX: usize = 2;

// Limit: a thread whose runtime has left needs microseconds to notice, on a starved CPU periods
// of 20 ms. After a second it is busy with an unreachable platform, and nothing is gained by it.
const NOTICE_PATIENCE: Duration = Duration::from_secs(1);

/// What somebody left behind.
#[derive(Debug)]
pub(super) enum Parked {
    /// A connection whose `next` is pending: a token of capacity (R14).
    Next(Link),
    /// An event that may pass and found its runtime gone.
    Event(Arc<Message>),
}

/// Wakes one connection's thread out of a poll.
#[derive(Debug)]
pub(super) struct Bell(OwnedFd);

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(
            0,
            EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC,
        )?))
    }

    fn ring(&self) {
        // It fails only when it has been rung 2^64 times and nobody came.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Takes note of every ring so far.
    pub(super) fn hush(&self) {
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// All of it, behind one lock.
#[derive(Debug, Default)]
pub(super) struct Pool {
    kept: Mutex<Kept>,
    parked: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    idle: Vec<Link>,
    parked: VecDeque<Parked>,
    waiting: Vec<Waiting>,
    /// Room for one message, so that its pages need not be had anew for each.
    room: Room,
    /// The same for large ones, an event and its answer, as long as one follows the other.
    pages: Vec<Room>,
}

impl Kept {
    /// Adds to what is parked and tells a runtime that waits; true if anything is parked.
    fn park(&mut self, parked: impl IntoIterator<Item = Parked>) -> bool {
        self.parked.extend(parked);
        if self.parked.is_empty() {
            return false;
        }
        if let Some(waiting) = self.waiting.first() {
            waiting.bell.ring();
        }
        true
    }
}

/// A runtime that waits for an event.
#[derive(Debug)]
struct Waiting {
    stream: Arc<TcpStream>,
    bell: Arc<Bell>,
}

impl Waiting {
    /// True if nobody is left at its other end, whether its thread knows or not.
    fn is_left(&self) -> bool {
        let revents = seen(&self.stream, PollFlags::RDHUP);
        revents.intersects(PollFlags::HUP | PollFlags::ERR)
            || (!revents.is_empty() && !peer::is_held(&self.stream))
    }
}

impl Pool {
    /// Keeps a connection with nothing outstanding.
    pub(super) fn keep(&self, link: Link) {
        let mut kept = self.kept();
        if kept.idle.len() < IDLE_MAX {
            kept.idle.push(link);
        }
    }

    /// A connection with nothing outstanding that the platform still holds.
    pub(super) fn idle(&self) -> Option<Link> {
        loop {
            let link = self.kept().idle.pop()?;
            if !link.wire.is_stale() {
                return Some(link);
            }
        }
    }

    /// Forgets what is idle: where one connection is stale, all may be.
    pub(super) fn forget_idle(&self) {
        let idle = std::mem::take(&mut self.kept().idle);
        drop(idle);
    }

    /// Room for a message of so many bytes; small ones need none.
    pub(super) fn room(&self, bytes: usize) -> Room {
        if bytes < ROOM_BYTES_MIN {
            return Room::default();
        }
        let mut kept = self.kept();
        if bytes <= HEAP_BYTES_MAX {
            return std::mem::take(&mut kept.room);
        }
        let fits = kept.pages.iter().position(|room| room.len() >= bytes);
        // One that is too small would only be had beside the one that it makes place for.
        let place = fits.or_else(|| kept.pages.len().checked_sub(1));
        place.map_or_else(Room::default, |place| kept.pages.swap_remove(place))
    }

    /// Keeps the room of a message that is done with, if it is more than there is.
    pub(super) fn keep_room(&self, room: Room) {
        if room.len() < ROOM_BYTES_MIN {
            return;
        }
        let mut kept = self.kept();
        let place = match room {
            Room::Heap(_) => &mut kept.room,
            Room::Pages(_) if kept.pages.len() < PAGES_MAX => {
                kept.pages.push(room);
                return;
            }
            Room::Pages(_) => {
                let sizes = kept.pages.iter_mut().min_by_key(|kept| kept.len());
                let Some(least) = sizes else {
                    return;
                };
                least
            }
        };
        let smaller = if place.len() < room.len() {
            std::mem::replace(place, room)
        } else {
            room
        };
        // Pages go back to the kernel when nobody waits for the lock.
        drop(kept);
        drop(smaller);
    }

    /// Gives back what only large messages need.
    pub(super) fn rest(&self) {
        let pages = std::mem::take(&mut self.kept().pages);
        drop(pages);
    }

    /// Keeps what a runtime left behind, and tells one that waits, if there is one.
    ///
    /// There is no limit but the number of runtimes that hung up: each is capacity (R14).
    pub(super) fn park(&self, parked: impl IntoIterator<Item = Parked>) {
        let mut kept = self.kept();
        kept.park(parked);
        drop(kept);
        self.parked.notify_all();
    }

    /// Notes that a runtime waits, before anything is asked for it: whoever comes after it left
    /// must find either it or what it left.
    pub(super) fn enter(&self, stream: &Arc<TcpStream>, bell: &Arc<Bell>) {
        self.kept().waiting.push(Waiting {
            stream: Arc::clone(stream),
            bell: Arc::clone(bell),
        });
    }

    /// What has been parked longest.
    ///
    /// `newcomer` says that the caller may be the successor of a runtime whose leaving nobody has
    /// noticed yet; then it is waited for, because a second `next` would be a second slot (R16).
    pub(super) fn take(&self, bell: &Arc<Bell>, newcomer: bool) -> Option<Parked> {
        let mut kept = self.kept();
        let mut begun = None;
        loop {
            if let Some(parked) = kept.parked.pop_front() {
                return Some(parked);
            }
            if !newcomer {
                return None;
            }
            let mut left = kept
                .waiting
                .iter()
                .filter(|waiting| !Arc::ptr_eq(&waiting.bell, bell) && waiting.is_left());
            left.next()?.bell.ring();
            let begun = *begun.get_or_insert_with(Instant::now);
            let patience = NOTICE_PATIENCE.checked_sub(begun.elapsed())?;
            kept = self
                .parked
                .wait_timeout(kept, patience)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// All that is parked, for one that was told of it.
    pub(super) fn take_all(&self) -> VecDeque<Parked> {
        std::mem::take(&mut self.kept().parked)
    }

    /// Notes that a runtime waits no longer; `rest` is what it was given and did not use.
    ///
    /// Both at once, or a newcomer between them would find neither the runtime nor what it left.
    pub(super) fn leave(&self, bell: &Arc<Bell>, rest: impl IntoIterator<Item = Parked>) {
        let mut kept = self.kept();
        kept.waiting
            .retain(|waiting| !Arc::ptr_eq(&waiting.bell, bell));
        if kept.park(rest) {
            drop(kept);
            self.parked.notify_all();
        }
    }

    /// Forgets everything: after a snapshot is restored no connection of before is alive.
    pub(super) fn clear(&self) {
        let mut kept = self.kept();
        kept.idle.clear();
        kept.parked.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
