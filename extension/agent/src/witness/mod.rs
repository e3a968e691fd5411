//! The witness: what the platform tells of invocations, held against what the proxy saw of them.
//! It never stands in the way of an invocation, and claims nothing of what it was not told.
//!
//! The Telemetry API tells the end of every invocation, whoever fetched its event. One that the
//! proxy has not seen went past it, and an answer that it did not carry was given by someone else
//! (threats.md, 4.6). Off by default: it costs a wake-up a second and some memory.
mod ledger;
mod listener;
mod process;
mod telling;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::mailbox::Mailbox;
use crate::telemetry::{Sink, TamperNote};
use ledger::Ledger;
use listener::Listener;
use telling::{Telling, tellings};

// Limit: a runtime opens a connection or two; who opens more than 64 before the first was looked
// at is looked at later or not at all.
const MEETINGS_MAX: usize = 64;

const STACK_BYTES: usize = 64 * 1024;

/// The two ends of a connection: theirs, and ours.
type Meeting = (SocketAddr, SocketAddr);

/// Takes a line that the function wrote, as the bytes of a JSON value.
pub(crate) type Lines = Box<dyn Fn(&[u8]) + Send + Sync>;

/// What the platform is to tell.
pub(crate) struct Wanted {
    /// Its version of telling (`schemaVersion`).
    pub(crate) schema: &'static str,
    /// The end of every invocation.
    pub(crate) invocations: bool,
    /// What the function prints, and who takes it.
    pub(crate) lines: Option<Lines>,
}

/// What the proxy tells the witness; does nothing where nobody listens to the platform.
#[derive(Debug, Default)]
pub struct Witness {
    /// There once the platform was asked to tell of invocations.
    asked: OnceLock<Active>,
    /// It would not.
    refused: AtomicBool,
}

#[derive(Debug)]
struct Active {
    ledger: Arc<Ledger>,
    met: Arc<Mailbox<Meeting>>,
}

impl Witness {
    /// True if somebody listens to the platform.
    pub(crate) fn is_active(&self) -> bool {
        self.active().is_some()
    }

    fn active(&self) -> Option<&Active> {
        let asked = self.asked.get();
        asked.filter(|_| !self.refused.load(Ordering::Relaxed))
    }

    /// An event came to the proxy.
    pub(crate) fn came(&self, request_id: &[u8]) {
        if let Some(active) = self.active() {
            active.ledger.came(request_id);
        }
    }

    /// An answer goes through the proxy.
    pub(crate) fn answered(&self, request_id: &[u8]) {
        if let Some(active) = self.active() {
            active.ledger.answered(request_id);
        }
    }

    /// A connection broke on which an event was awaited.
    pub(crate) fn broke(&self) {
        if let Some(active) = self.active() {
            active.ledger.broke();
        }
    }

    /// A runtime asks for its first event on a connection from `theirs` to `ours`.
    pub(crate) fn met(&self, theirs: SocketAddr, ours: SocketAddr) {
        if let Some(active) = self.active() {
            // One more than there is room for is like the others, or will be seen another time.
            active.met.put((theirs, ours));
        }
    }

    /// Listens to the platform; `subscribe` sends a subscription and says what came of it.
    pub(crate) fn start(
        &self,
        sink: &Arc<dyn Sink>,
        wanted: Wanted,
        subscribe: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<(), String> {
        let listener = Listener::bind().map_err(|error| error.to_string())?;
        let kinds: &[&str] = match (wanted.invocations, &wanted.lines) {
            (true, Some(_)) => &["platform", "function"],
            (false, Some(_)) => &["function"],
            (_, None) => &["platform"],
        };
        let subscription = listener.subscription(kinds, wanted.schema);
        let subscription = subscription.map_err(|error| error.to_string())?;
        let ledger = Arc::new(Ledger::default());
        let met = Arc::new(Mailbox::new(MEETINGS_MAX));
        watch(Arc::clone(&met), Arc::clone(sink)).map_err(|error| error.to_string())?;
        let (told, heard) = (Arc::clone(&ledger), Arc::clone(sink));
        let lines = wanted.lines;
        listener
            .serve(move |batch| take(batch, &told, heard.as_ref(), lines.as_ref()))
            .map_err(|error| error.to_string())?;
        // Before the platform may tell of any invocation, the proxy must write each one down.
        if wanted.invocations {
            let _ = self.asked.set(Active { ledger, met });
        }
        let subscribed = subscribe(&subscription);
        self.refused.store(subscribed.is_err(), Ordering::Relaxed);
        subscribed
    }
}

/// Holds a batch against the ledger.
fn take(batch: &[u8], ledger: &Ledger, sink: &dyn Sink, lines: Option<&Lines>) {
    for telling in tellings(batch) {
        match telling {
            Telling::Ended { request_id, ending } => {
                if let Some(bypass) = ledger.ended(request_id, ending) {
                    sink.tampered(&TamperNote {
                        rule: "proxy-bypass",
                        why: bypass.name(),
                        request_id,
                        detail: "",
                    });
                }
            }
            Telling::Line(line) => {
                if let Some(lines) = lines {
                    lines(line);
                }
            }
            Telling::Dropped => sink.tampered(&TamperNote {
                rule: "proxy-bypass",
                why: "telemetry-lost",
                request_id: b"",
                detail: "the platform dropped telemetry, so some invocations have no witness",
            }),
        }
    }
}

/// Looks at who connects, and tells if that is another program than before.
fn watch(meetings: Arc<Mailbox<Meeting>>, sink: Arc<dyn Sink>) -> io::Result<()> {
    thread::Builder::new()
        .name("witness".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let mut known = None;
            loop {
                for (theirs, ours) in meetings.take() {
                    if let Some(program) = process::program(theirs, ours) {
                        compare(&mut known, program, sink.as_ref());
                    }
                }
            }
        })?;
    Ok(())
}

/// Tells if a program is another than the one before it.
fn compare(known: &mut Option<PathBuf>, program: PathBuf, sink: &dyn Sink) {
    match known {
        Some(before) if *before != program => {
            let detail = format!("{} after {}", program.display(), before.display());
            sink.tampered(&TamperNote {
                rule: "runtime-changed",
                why: "another-program",
                request_id: b"",
                detail: &detail,
            });
        }
        _ => {}
    }
    *known = Some(program);
}
