//! The inspection of a large event that was handed on already, beside the function that has it.
//! It never lets an invocation end before its verdict is told, and lets no answer wait for it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use super::message::Message;
use super::{Proxy, STACK_BYTES};
use crate::fault::Fault;
use crate::mailbox::Mailbox;

// Limit: a thread costs some 30 µs, as much as the inspection of 30 KB; below twice that an event
// is inspected by the thread that delivered it.
pub(super) const ASIDE_BYTES_MIN: usize = 64 * 1024;

/// An inspection that runs on a thread of its own.
#[derive(Debug)]
pub(super) struct Aside {
    message: Arc<Message>,
    ends_at: Instant,
    ended: Arc<Mailbox<()>>,
    /// Set by whoever comes first: the inspection that ends, or the one who waits no longer.
    settled: Arc<AtomicBool>,
}

impl Aside {
    /// Starts it; nothing if no thread can be had.
    pub(super) fn start(proxy: &Arc<Proxy>, message: &Arc<Message>) -> Option<Self> {
        let ended = Arc::new(Mailbox::new(1));
        let settled = Arc::new(AtomicBool::new(false));
        let aside = Self {
            message: Arc::clone(message),
            ends_at: Instant::now() + message.limit(),
            ended: Arc::clone(&ended),
            settled: Arc::clone(&settled),
        };
        let (proxy, message) = (Arc::clone(proxy), Arc::clone(message));
        let spawned = thread::Builder::new()
            .name("inspection".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                proxy.look(&message);
                drop(message);
                if settled.swap(true, Ordering::AcqRel) {
                    proxy.note_unstuck();
                }
                ended.put(());
            });
        spawned.ok().map(|_| aside)
    }

    /// Waits until it has ended, but not for one that does not end.
    pub(super) fn wait(self, proxy: &Proxy) {
        if !self.ended.has_one_by(self.ends_at) && !self.settled.swap(true, Ordering::AcqRel) {
            proxy.note_stuck();
            proxy.fault(Fault::OursStuck, self.message.request_id());
        }
        proxy.reclaim(self.message);
    }
}
