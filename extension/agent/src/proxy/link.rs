//! Connections to the platform: how they are made, and how a request's head goes on one.
//! It never changes more of a head than the place that the upstream itself has.
use std::borrow::Cow;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::head::Request;
use super::wire::Wire;
use crate::upstream::{Route, Upstream};

// Limit: the platform listens before extensions start; a proxy behind us may need a moment (R26).
const CONNECT_FOR: Duration = Duration::from_secs(2);
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(20);

// Limit: loopback answers a connect in microseconds, or refuses it; a second is patience for a
// machine that is starved.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// A connection to the platform.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) wire: Wire,
    pub(super) upstream: Arc<Upstream>,
}

impl Link {
    /// Connects; if `patient`, tries again for a while when refused.
    pub(super) fn connect(route: &Route, patient: bool) -> io::Result<Self> {
        let started = Instant::now();
        loop {
            let upstream = route.current();
            match connect(&upstream) {
                Ok(stream) => {
                    return Ok(Self {
                        wire: Wire::new(stream)?,
                        upstream,
                    });
                }
                Err(error) if !patient || started.elapsed() > CONNECT_FOR => return Err(error),
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
        bytes.extend_from_slice(&origin);
        bytes.extend_from_slice(head.get(request.target.end..).unwrap_or_default());
        Cow::Owned(bytes)
    }
}

fn connect(upstream: &Upstream) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in upstream.addresses() {
        match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The target without scheme and authority, if it has them; with them goes nothing else.
pub(super) fn origin_form(target: &[u8]) -> Cow<'_, [u8]> {
    let Some((scheme, rest)) = target.split_at_checked(7) else {
        return Cow::Borrowed(target);
    };
    if !scheme.eq_ignore_ascii_case(b"http://") {
        return Cow::Borrowed(target);
    }
    // The authority ends before the path, or before a query that has no path before it.
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    let rest = rest.get(end..).unwrap_or_default();
    if rest.first() == Some(&b'/') {
        return Cow::Borrowed(rest);
    }
    Cow::Owned([b"/", rest].concat())
}
