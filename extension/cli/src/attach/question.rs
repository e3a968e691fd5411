//! What is asked of a person, and how far the work is.
//! It never writes where nobody watches.
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use credenza_attach::journal::What;
use credenza_attach::plan::{Planned, Step};

use crate::evidence::readiness::plural;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// When the line was written last.
static LAST: Mutex<Option<Instant>> = Mutex::new(None);
// Limit: ten lines a second are as many as an eye follows.
const GAP: Duration = Duration::from_millis(100);

/// Tells how far long work is, in one line of a terminal.
pub(super) fn progress(what: &str, done: usize, all: usize) {
    if !io::stderr().is_terminal() {
        return;
    }
    let Ok(mut last) = LAST.lock() else { return };
    if done != all && last.is_some_and(|last| last.elapsed() < GAP) {
        return;
    }
    *last = Some(Instant::now());
    let count = if all == 0 {
        format!("{done}")
    } else {
        format!("{done} of {all}")
    };
    let _ = write!(io::stderr(), "\r\x1b[K{what}: {count}");
}

/// Takes the line away.
pub(super) fn done() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

/// Asks whether a plan is to be carried out.
pub(super) fn asked(what: What, planned: &[Planned]) -> Result<bool> {
    let count = planned
        .iter()
        .filter(|one| matches!(one.step, Step::Change(_)))
        .count();
    let _ = write!(
        io::stderr(),
        "{} {}? [y/N] ",
        what.name(),
        plural(count as u64, "function")
    );
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.map_err(|error| Failure::new("stdin", error, "add --yes"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Works; Ctrl-C lets what has begun come to its end, and begins nothing more.
pub(super) fn until_interrupted<T>(ends: &AtomicBool, work: impl FnOnce() -> T) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let fix = "run it on Linux or macOS";
    let runtime = runtime.map_err(|error| Failure::new("signals", error, fix))?;
    let mut interrupt = runtime.block_on(async { Interrupt::listen() })?;
    let is_done = AtomicBool::new(false);
    Ok(thread::scope(|scope| {
        scope.spawn(|| {
            runtime.block_on(async {
                while !is_done.load(Ordering::Relaxed) {
                    let waited = tokio::time::timeout(GAP, interrupt.wait()).await;
                    if waited.is_ok() {
                        ends.store(true, Ordering::Relaxed);
                        let _ = writeln!(io::stderr(), "\nending after what has begun");
                    }
                }
            });
        });
        let outcome = work();
        is_done.store(true, Ordering::Relaxed);
        outcome
    }))
}
