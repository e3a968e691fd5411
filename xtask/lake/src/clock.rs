//! The clock of the simulated sandboxes.
//! It never moves by itself: the fleet says what time it is.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credenza_agent::telemetry::Clock;

/// Milliseconds since 1970, for every thread of this process.
static NOW: AtomicU64 = AtomicU64::new(0);
static BEGUN: OnceLock<Instant> = OnceLock::new();

/// 2026-11-12T00:00:00Z, when the three days begin.
pub(crate) const FIRST_MS: u64 = 1_794_441_600_000;
pub(crate) const DAY_MS: u64 = 86_400_000;

/// What the agents' logs are told by.
pub(crate) const SIMULATED: Clock = Clock {
    wall: || UNIX_EPOCH + Duration::from_millis(now()),
    steady: || {
        let begun = *BEGUN.get_or_init(Instant::now);
        begun + Duration::from_millis(now().saturating_sub(FIRST_MS))
    },
};

/// The time.
pub(crate) fn now() -> u64 {
    NOW.load(Ordering::Relaxed)
}

/// Sets the time.
pub(crate) fn set(millis: u64) {
    NOW.store(millis, Ordering::Relaxed);
}

/// The day of a moment, as partitions are named.
pub(crate) fn day(millis: u64) -> String {
    // Twelve days into November; the three days and what comes late end before the month does.
    let day = 12 + (millis.saturating_sub(FIRST_MS)) / DAY_MS;
    format!("2026-11-{day:02}")
}

/// The day as the wall clock of a log would write it.
pub(crate) fn wall() -> SystemTime {
    (SIMULATED.wall)()
}
