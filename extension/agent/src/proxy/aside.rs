//! A look at a large event or output that was handed on already, beside whoever has it.
//! It never lets an invocation end before its verdict is told, and lets no answer wait for it.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

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

    /// Starts to look at an output with a head of so many bytes; gives both back if no thread can
    /// be had.
    pub(super) fn of_output(
        proxy: &Arc<Proxy>,
        answer: Answer,
        output: Buffer,
        head: usize,
    ) -> Result<Self, Option<Box<(Answer, Buffer)>>> {
        let request_id = answer.request_id.clone();
        let limit = guarded_for(output.len());
        let shown = Arc::new(Mutex::new(Some(Box::new((answer, output)))));
        let looked_at = Arc::clone(&shown);
        let take = |place: &Mutex<Option<_>>| {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.take()
        };
        let started = Self::start(proxy, limit, move |proxy| {
            if let Some(kept) = take(&looked_at) {
                let (answer, output) = &*kept;
                proxy.look_at_output(answer, output, head);
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

    /// Waits for so long at most; true if it has ended.
    pub(super) fn ends_within(&self, patience: Duration) -> bool {
        self.ended.has_one_by(Instant::now() + patience)
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
