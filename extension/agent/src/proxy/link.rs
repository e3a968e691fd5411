//! Connections to the platform: made, kept, parked and taken up again.
//! It never closes a pending `next`, and never hands out a connection that the peer has left.
use std::borrow::Cow;
use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::head::Request;
use super::wire::Wire;
use crate::upstream::{Route, Upstream};

// Limit: the platform listens before extensions start; a proxy behind us may need a moment (R26).
const CONNECT_FOR: Duration = Duration::from_secs(2);
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(20);

// Limit: one for each runtime connection that comes and goes; more would only be stale.
const IDLE_MAX: usize = 16;

/// A connection to the platform.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) wire: Wire,
    pub(super) upstream: Arc<Upstream>,
}

impl Link {
    /// Connects, trying again for a while when refused.
    pub(super) fn connect(route: &Route) -> io::Result<Self> {
        let started = Instant::now();
        loop {
            let upstream = route.current();
            match TcpStream::connect((upstream.host(), upstream.port())) {
                Ok(stream) => {
                    return Ok(Self {
                        wire: Wire::new(stream)?,
                        upstream,
                    });
                }
                Err(error) if started.elapsed() > CONNECT_FOR => return Err(error),
                Err(_) => thread::sleep(CONNECT_AGAIN_AFTER),
            }
        }
    }

    /// The request's head for this upstream: origin form, behind its path prefix (R21, R35).
    pub(super) fn head<'a>(&self, head: &'a [u8], request: &Request) -> Cow<'a, [u8]> {
        let target = head.get(request.target.clone()).unwrap_or_default();
        let origin = origin_form(target);
        if self.upstream.prefix().is_empty() && origin.len() == target.len() {
            return Cow::Borrowed(head);
        }
        let mut bytes = Vec::with_capacity(head.len().saturating_add(self.upstream.prefix().len()));
        bytes.extend_from_slice(head.get(..request.target.start).unwrap_or_default());
        bytes.extend_from_slice(self.upstream.prefix().as_bytes());
        bytes.extend_from_slice(origin);
        bytes.extend_from_slice(head.get(request.target.end..).unwrap_or_default());
        Cow::Owned(bytes)
    }
}

/// The target without scheme and authority, if it has them.
pub(super) fn origin_form(target: &[u8]) -> &[u8] {
    let Some((scheme, rest)) = target.split_at_checked(7) else {
        return target;
    };
    if !scheme.eq_ignore_ascii_case(b"http://") {
        return target;
    }
    match rest.iter().position(|byte| *byte == b'/') {
        Some(slash) => rest.get(slash..).unwrap_or(b"/"),
        None => b"/",
    }
}

/// Connections that nobody holds just now.
#[derive(Debug, Default)]
pub(super) struct Pool {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    idle: Vec<Link>,
    parked: Vec<Link>,
}

impl Pool {
    /// Keeps a connection with nothing outstanding.
    pub(super) fn keep(&self, link: Link) {
        let mut kept = self.kept();
        if kept.idle.len() < IDLE_MAX {
            kept.idle.push(link);
        }
    }

    /// Keeps a connection whose `next` is pending: it is capacity (R14), so there is no limit but
    /// the number of runtimes that hung up.
    pub(super) fn park(&self, link: Link) {
        self.kept().parked.push(link);
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

    /// The connection that has waited longest for an event, or already has one.
    pub(super) fn parked(&self) -> Option<Link> {
        loop {
            let link = {
                let mut kept = self.kept();
                if kept.parked.is_empty() {
                    return None;
                }
                kept.parked.remove(0)
            };
            if !link.wire.unread().is_empty() || !link.wire.is_dead() {
                return Some(link);
            }
        }
    }

    /// Forgets everything: after a snapshot is restored no connection of before is alive.
    pub(super) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
