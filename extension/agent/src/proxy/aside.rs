//! A look at a large event or output that was handed on already, beside whoever has it.
//! It never lets an invocation end before its verdict is told, and lets no answer wait for it.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::both::Share;
use super::buffer::Buffer;
use super::message::{Message, guarded_for};
use super::watched::Answer;
use super::{Proxy, STACK_BYTES};
use crate::fault::Fault;
use crate::mailbox::Mailbox;

// Limit: a thread costs some 30 µs, as much as the inspection of 30 KB; below twice that an event
// is inspected by the thread that delivered it.
pub(super) const ASIDE_BYTES_MIN: usize = 64 * 1024;

// Limit: a tenth of the weight of a thread of the function; alone it still has the whole processor.
const NICE: i32 = 10;

/// A look that runs on a thread of its own.
#[derive(Debug)]
pub(super) struct Aside {
    request_id: Vec<u8>,
    /// The event, for the room that it took.
    message: Option<Arc<Message>>,
    ends_at: Instant,
    ended: Arc<Mailbox<()>>,
    /// Set by whoever comes first: the look that ends, or the one who waits no longer.
    settled: Arc<AtomicBool>,
}

/// An output that was kept while it passed.
pub(super) struct Kept {
    pub(super) answer: Answer,
    /// Its head and its body.
    pub(super) bytes: Buffer,
    /// Bytes of its head.
    pub(super) head: usize,
    /// The memory that it takes beside its event, if that was still kept.
    pub(super) share: Option<Share>,
}

impl Kept {
    /// Looks at it, and gives back what it took.
    pub(super) fn look(mut self: Box<Self>, proxy: &Proxy) {
        self.answer.catch_up(proxy);
        proxy.look_at_output(&self.answer, &self.bytes, self.head);
        let Self { bytes, share, .. } = *self;
        proxy.pool.keep_room(bytes.into_room());
        drop(share);
    }
}

impl Aside {
    /// Starts to inspect an event; nothing if no thread can be had.
    pub(super) fn of_event(proxy: &Arc<Proxy>, message: &Arc<Message>) -> Option<Self> {
        let looked_at = Arc::clone(message);
        let limit = message.limit();
        let aside = Self::start(proxy, limit, move |proxy| proxy.look(&looked_at))?;
        Some(Self {
            request_id: message.request_id().to_vec(),
            message: Some(Arc::clone(message)),
            ..aside
        })
    }

    /// Starts to look at an output, behind the looks that are under way; gives it back if no
    /// thread can be had.
    pub(super) fn of_output(
        proxy: &Arc<Proxy>,
        output: Kept,
        before: &[Self],
    ) -> Result<Self, Option<Box<Kept>>> {
        let request_id = output.answer.request_id.clone();
        let earlier: Vec<_> = before
            .iter()
            .map(|aside| (Arc::clone(&aside.ended), aside.ends_at))
            .collect();
        let now = Instant::now();
        let ends = earlier.iter().map(|(_, ends_at)| *ends_at);
        let waits = ends.max().unwrap_or(now).saturating_duration_since(now);
        let limit = guarded_for(output.bytes.len()).saturating_add(waits);
        let shown = Arc::new(Mutex::new(Some(Box::new(output))));
        let looked_at = Arc::clone(&shown);
        let take = |place: &Mutex<Option<_>>| {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.take()
        };
        let started = Self::start(proxy, limit, move |proxy| {
            // What is said of an event is said first, and its answer is held against it.
            for (ended, ends_at) in earlier {
                ended.has_one_by(ends_at);
            }
            if let Some(kept) = take(&looked_at) {
                kept.look(proxy);
            }
        });
        let Some(aside) = started else {
            return Err(take(&shown));
        };
        Ok(Self {
            request_id,
            ..aside
        })
    }

    fn start(
        proxy: &Arc<Proxy>,
        limit: Duration,
        look: impl FnOnce(&Proxy) + Send + 'static,
    ) -> Option<Self> {
        let ended = Arc::new(Mailbox::new(1));
        let settled = Arc::new(AtomicBool::new(false));
        let aside = Self {
            request_id: Vec::new(),
            message: None,
            ends_at: Instant::now() + limit,
            ended: Arc::clone(&ended),
            settled: Arc::clone(&settled),
        };
        let proxy = Arc::clone(proxy);
        let spawned = thread::Builder::new()
            .name("inspection".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                // Nobody waits for the verdict, and the function may want the processor; whoever
                // may not be made slower stays as fast as he is.
                let _ = rustix::process::setpriority_process(None, NICE);
                // Who waits is told in any case.
                let _ = catch_unwind(AssertUnwindSafe(|| look(&proxy)));
                if settled.swap(true, Ordering::AcqRel) {
                    proxy.note_unstuck();
                }
                ended.put(());
            });
        spawned.ok().map(|_| aside)
    }

    /// True if it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.has_one_by(Instant::now())
    }

    /// Waits until it has ended, but not for one that does not end.
    pub(super) fn wait(self, proxy: &Proxy) {
        if !self.ended.has_one_by(self.ends_at) && !self.settled.swap(true, Ordering::AcqRel) {
            proxy.note_stuck();
            proxy.fault(Fault::OursStuck, &self.request_id);
        }
        self.done(proxy);
    }

    /// Gives the room of its event back.
    pub(super) fn done(self, proxy: &Proxy) {
        if let Some(message) = self.message {
            proxy.reclaim(message);
        }
    }
}
