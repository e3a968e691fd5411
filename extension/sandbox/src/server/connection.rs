//! The connections to the API: who is pending, and the means to cut them.
//! It never looks into the bytes that pass.

use super::wire::Raw;
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// All open connections of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    opened: AtomicU64,
}

/// One connection, as handlers and supervisors know it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Its number in the ledger, from 1.
    pub(crate) number: u64,
    created: Instant,
    pending: AtomicU32,
    written_ns: AtomicU64,
    ended: AtomicBool,
    reset: AtomicBool,
    cut: Notify,
    raw: Mutex<Raw>,
}

impl Connections {
    pub(crate) fn open(&self) -> Arc<Connection> {
        let number = self
            .opened
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        let connection = Arc::new(Connection {
            number,
            created: Instant::now(),
            pending: AtomicU32::new(0),
            written_ns: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            cut: Notify::new(),
            raw: Mutex::default(),
        });
        self.lock().insert(number, Arc::clone(&connection));
        connection
    }

    pub(crate) fn close(&self, connection: &Connection) {
        self.lock().remove(&connection.number);
    }

    /// Resets the connections on which no call is pending.
    pub(crate) fn reset_idle(&self) -> usize {
        self.reset(|connection| connection.pending.load(Ordering::Acquire) == 0)
    }

    /// Resets every connection.
    pub(crate) fn reset_all(&self) -> usize {
        self.reset(|_| true)
    }

    fn reset(&self, which: impl Fn(&Connection) -> bool) -> usize {
        let open = self.lock();
        let chosen = open.values().filter(|connection| which(connection));
        chosen.map(|connection| connection.reset()).count()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Ends the connection with a TCP reset.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
        self.close();
    }

    /// Ends the connection with an orderly close.
    pub(crate) fn close(&self) {
        self.ended.store(true, Ordering::Release);
        self.cut.notify_one();
    }

    /// Whether it was this side that ended the connection.
    pub(crate) fn is_cut(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Waits until the connection is to be cut.
    pub(crate) async fn cut(&self) {
        self.cut.notified().await;
    }

    /// Marks a call as pending until the guard goes.
    pub(crate) fn pend(self: &Arc<Self>) -> Pending {
        self.pending.fetch_add(1, Ordering::AcqRel);
        Pending(Arc::clone(self))
    }

    /// When bytes were last written to the socket; absent before the first.
    pub(crate) fn written_at(&self) -> Option<Instant> {
        match self.written_ns.load(Ordering::Acquire) {
            0 => None,
            ns => self.created.checked_add(Duration::from_nanos(ns)),
        }
    }

    /// Whether the connection is to end with a TCP reset.
    pub(crate) fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Acquire)
    }

    /// Puts these bytes in the place of the reply that is due.
    pub(crate) fn replace_reply(&self, bytes: Bytes) {
        *self.raw() = Some(bytes);
    }

    /// The bytes in the place of the reply, if any.
    pub(crate) fn raw(&self) -> MutexGuard<'_, Raw> {
        self.raw.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wrote(&self) {
        let ns = u64::try_from(self.created.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.written_ns.store(ns.max(1), Ordering::Release);
    }
}

/// A call that is being worked on.
#[derive(Debug)]
pub(crate) struct Pending(Arc<Connection>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::AcqRel);
    }
}
