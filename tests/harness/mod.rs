//! What every acceptance test stands on: programs, processes, a platform of plain sockets.
//! It never judges; it only starts, waits with a deadline, and writes down what happened.

pub(crate) mod agent;
pub(crate) mod doors;
pub(crate) mod http;
pub(crate) mod lambda;
pub(crate) mod measure;
pub(crate) mod pair;
pub(crate) mod programs;
pub(crate) mod random;
pub(crate) mod relay;
pub(crate) mod runtime;
pub(crate) mod samples;
pub(crate) mod sandboxed;

use std::io::Write as _;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// No wait in a test takes longer than this before the test fails.
// Limit: 30 s; the slowest honest wait is the start of a runtime beside a compiler, about 5 s.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

static ROOM: RwLock<()> = RwLock::new(());

/// For a test that measures time: waits until no other test runs, and holds them off.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    ROOM.write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// For a test that does not measure time; a few of these run together.
pub(crate) fn beside_others() -> RwLockReadGuard<'static, ()> {
    ROOM.read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Tells the person at the terminal how far a long test is, past the capture of test output.
pub(crate) fn progress(line: &str) {
    // A closed terminal is no reason to fail a test.
    let _ = writeln!(std::io::stderr().lock(), "acceptance: {line}");
}
