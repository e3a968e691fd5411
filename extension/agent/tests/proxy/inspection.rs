//! Inspections that nobody would ship: one that refuses, one that panics, one that never ends.
//! They never look at an event beyond one word.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use credenza_agent::proxy::Inspect;
use credenza_engine::HashKey;
use credenza_event::{Source, Steps};
use credenza_exchange::{Inspected, Step, refusal};
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
    fn event(&self, _: &[u8]) -> Inspected {
        clean()
    }
}

/// Refuses what says so.
pub(crate) struct Refusing;

/// The body of a refusal for an event of no source that we know.
pub(crate) fn refusal_body() -> Vec<u8> {
    refusal(Source::Unknown).body
}

impl Inspect for Refusing {
    fn event(&self, body: &[u8]) -> Inspected {
        let mut inspected = clean();
        if holds(body, b"attack") {
            inspected.step = Step::Refuse(refusal(Source::Unknown));
        }
        inspected
    }
}

/// Panics at what says so.
pub(crate) struct Panicking;

impl Inspect for Panicking {
    fn event(&self, body: &[u8]) -> Inspected {
        assert!(!holds(body, b"panic"), "a detector that breaks");
        clean()
    }
}

/// Never ends where an event says so; ends with its test, so that no thread is left behind.
pub(crate) struct Looping(pub(crate) Arc<AtomicBool>);

impl Inspect for Looping {
    fn event(&self, body: &[u8]) -> Inspected {
        if holds(body, b"loop") {
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
