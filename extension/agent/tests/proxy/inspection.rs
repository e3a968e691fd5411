//! Inspections that nobody would ship: one that refuses, one that panics, one that never ends.
//! They never look at an event beyond one word.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use credenza_agent::proxy::{Inspect, Look};
use credenza_engine::HashKey;
use credenza_event::Steps;
use credenza_exchange::{Completion, Cut, Inspected, Step, refusal_unseen};
use credenza_policy::Policy;

/// Finds nothing.
pub(crate) struct Plain;

/// The report of an event without anything in it.
fn clean() -> Inspected {
    let steps = Steps::for_bytes(2);
    credenza_exchange::event(b"{}", steps, &Policy::default(), &HashKey([0; 16]))
}

fn holds(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len()).any(|window| window == word)
}

impl Inspect for Plain {
    fn event(&self, _: &Look<'_>) -> Inspected {
        clean()
    }
}

/// Refuses what says so.
pub(crate) struct Refusing;

/// The body of a refusal for an event of no source that we know.
pub(crate) fn refusal_body() -> Vec<u8> {
    refusal_unseen(b"", &Policy::default()).body
}

impl Inspect for Refusing {
    fn event(&self, look: &Look<'_>) -> Inspected {
        let mut inspected = clean();
        let is_beside = look
            .beside
            .iter()
            .any(|beside| holds(beside.text, b"attack"));
        if is_beside || holds(look.event, b"attack") {
            inspected.step = Step::Refuse(refusal_unseen(b"", &Policy::default()));
        }
        inspected
    }
}

/// Cuts the record `bad` out of what holds it, and reports it as failed.
pub(crate) struct Cutting;

impl Inspect for Cutting {
    fn event(&self, look: &Look<'_>) -> Inspected {
        let mut inspected = clean();
        if holds(look.event, b"\"bad\",") {
            let left = String::from_utf8_lossy(look.event).replace("\"bad\",", "");
            inspected.records_cut = 1;
            inspected.step = Step::Cut(Cut {
                event: left.into_bytes(),
                completion: Some(Completion::Failures(vec![b"\"bad\"".to_vec()])),
            });
        }
        inspected
    }
}

/// Panics at what says so.
pub(crate) struct Panicking;

impl Inspect for Panicking {
    fn event(&self, look: &Look<'_>) -> Inspected {
        assert!(!holds(look.event, b"panic"), "a detector that breaks");
        clean()
    }
}

/// Never ends where an event says so; ends with its test, so that no thread is left behind.
pub(crate) struct Looping(pub(crate) Arc<AtomicBool>);

impl Inspect for Looping {
    fn event(&self, look: &Look<'_>) -> Inspected {
        if holds(look.event, b"loop") {
            while !self.0.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        }
        clean()
    }
}

/// Ends every loop when its test is over, however it ends.
#[derive(Default)]
pub(crate) struct Release(pub(crate) Arc<AtomicBool>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
