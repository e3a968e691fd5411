//! How fast the API is asked: evenly, and slower when it says so.
//! It never lets one caller run ahead of the others.
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The pace of all calls together.
#[derive(Debug)]
pub struct Pace {
    /// The time between two calls.
    gap: Duration,
    /// The first wait after a refusal that passes; each next one is twice as long.
    first_wait: Duration,
    /// When the next call may begin.
    next: Mutex<Instant>,
}

// Limit: beyond 20 s a longer wait gains nothing: the quota is one of calls a second.
const WAIT_MAX: Duration = Duration::from_secs(20);

impl Pace {
    /// So many calls a second; never less than one in ten seconds.
    pub fn new(calls_per_second: f64, first_wait: Duration) -> Self {
        let gap = 1.0 / calls_per_second.clamp(0.1, 10_000.0);
        Self {
            gap: Duration::from_secs_f64(gap),
            first_wait,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until the next call may begin.
    pub fn wait(&self) {
        let begins = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let begins = (*next).max(Instant::now());
            *next = begins.checked_add(self.gap).unwrap_or(begins);
            begins
        };
        thread::sleep(begins.saturating_duration_since(Instant::now()));
    }

    /// Waits after the `tries`th refusal; a throttled caller holds the others back as well.
    pub fn back_off(&self, tries: u32, holds_others: bool) {
        let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
        let wait = self.first_wait.saturating_mul(doubled).min(WAIT_MAX);
        // Between half of it and all of it, so that callers do not come back together.
        let wait = wait.mul_f64(0.5 + 0.5 * share());
        if holds_others {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let until = Instant::now().checked_add(wait);
            *next = until.map_or(*next, |until| (*next).max(until));
        } else {
            thread::sleep(wait);
        }
    }
}

/// A number between 0 and 1 that two callers hardly share.
fn share() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    f64::from(since.map_or(0, |since| since.subsec_nanos() % 1000)) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_even_and_a_throttled_one_holds_back_the_others() {
        let pace = Pace::new(1000.0, Duration::from_mins(1));
        let begun = Instant::now();
        for _ in 0..21 {
            pace.wait();
        }
        assert!(begun.elapsed() >= Duration::from_millis(20));
        // It does not wait itself: the next call does, for half of the longest wait at least.
        let begun = Instant::now();
        pace.back_off(1, true);
        assert!(begun.elapsed() < WAIT_MAX / 2);
        let next = *pace.next.lock().unwrap();
        let until = next.saturating_duration_since(begun);
        assert!(until >= WAIT_MAX / 2, "{until:?}");

        let pace = Pace::new(1000.0, Duration::from_millis(40));
        let begun = Instant::now();
        pace.back_off(2, true);
        pace.wait();
        assert!(begun.elapsed() >= Duration::from_millis(38));
    }
}
