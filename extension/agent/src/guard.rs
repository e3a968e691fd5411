//! The wall-clock guard: takes a connection away from an inspection that does not end.
//! It never costs a running invocation a system call, and never touches the stuck thread.
//!
//! Whoever inspects first puts all it needs to go on into a slot here, and takes it back
//! afterwards. The guard looks at the slots from its own thread: what has lain there too long it
//! takes itself, so even an endless loop in a detector cannot hold the bytes.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

// Limit: an inspection may take a second and more, so that two looks a second see each one before
// its time is over; for one with less time the guard is woken. A look costs some 10 µs.
const LOOK_EVERY: Duration = Duration::from_millis(400);

// Limit: after ten seconds of empty slots the guard sleeps until it is woken.
const IDLE_LOOKS: u32 = 25;

/// Holds what inspections in progress need to go on.
#[derive(Debug)]
pub(crate) struct Guard<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    slots: Mutex<Vec<Slot<T>>>,
    began: Instant,
    /// When the guard looks next, in milliseconds since it began; `u64::MAX` while it sleeps.
    looks_at: AtomicU64,
    thread: OnceLock<Thread>,
}

#[derive(Debug)]
struct Slot<T> {
    ticket: u64,
    held: Option<(T, Instant, Duration)>,
}

/// Proof of having put something into the guard.
#[derive(Debug)]
pub(crate) struct Ticket {
    place: usize,
    ticket: u64,
}

impl<T> Clone for Guard<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Send + 'static> Guard<T> {
    /// Starts the guard; `rescue` gets what lay too long, on the guard's own thread.
    ///
    /// If no thread can be had there is no guard, and inspections are only bounded by their steps.
    pub(crate) fn start(rescue: impl Fn(T) + Send + 'static) -> Self {
        let inner = Arc::new(Inner {
            slots: Mutex::new(Vec::new()),
            began: Instant::now(),
            looks_at: AtomicU64::new(u64::MAX),
            thread: OnceLock::new(),
        });
        let watched = Arc::clone(&inner);
        let spawned = thread::Builder::new()
            .name("guard".into())
            .stack_size(128 * 1024)
            .spawn(move || watched.watch(&rescue));
        if let Ok(handle) = spawned {
            let _ = inner.thread.set(handle.thread().clone());
        }
        Self { inner }
    }

    /// Holds `value` for at most `limit`.
    pub(crate) fn hold(&self, value: T, limit: Duration) -> Ticket {
        let since = Instant::now();
        let ticket = {
            let mut slots = self.inner.slots();
            let held = Some((value, since, limit));
            let free = slots.iter().position(|slot| slot.held.is_none());
            let place = free.unwrap_or(slots.len());
            if let Some(slot) = slots.get_mut(place) {
                slot.ticket = slot.ticket.wrapping_add(1);
                slot.held = held;
                let ticket = slot.ticket;
                Ticket { place, ticket }
            } else {
                slots.push(Slot { ticket: 0, held });
                Ticket { place, ticket: 0 }
            }
        };
        let ends_at = self.inner.millis(since).saturating_add(millis(limit));
        if ends_at < self.inner.looks_at.load(Ordering::SeqCst)
            && let Some(thread) = self.inner.thread.get()
        {
            thread.unpark();
        }
        ticket
    }

    /// Takes back what was held; `None` if the guard was faster.
    pub(crate) fn release(&self, ticket: &Ticket) -> Option<T> {
        let mut slots = self.inner.slots();
        let slot = slots
            .get_mut(ticket.place)
            .filter(|slot| slot.ticket == ticket.ticket)?;
        slot.held.take().map(|(value, _, _)| value)
    }
}

impl<T> Inner<T> {
    fn slots(&self) -> MutexGuard<'_, Vec<Slot<T>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds between the guard's beginning and `at`.
    fn millis(&self, at: Instant) -> u64 {
        millis(at.saturating_duration_since(self.began))
    }

    fn watch(&self, rescue: &impl Fn(T)) {
        let mut idle = 0_u32;
        loop {
            // Told before the look: whoever comes after the look compares with it.
            let soonest = self
                .millis(Instant::now())
                .saturating_add(millis(LOOK_EVERY));
            self.looks_at.store(soonest, Ordering::SeqCst);
            let (late, pause) = self.late();
            for value in late {
                rescue(value);
            }
            idle = if pause.is_some() {
                0
            } else {
                idle.saturating_add(1)
            };
            if idle < IDLE_LOOKS {
                thread::park_timeout(pause.unwrap_or(LOOK_EVERY).min(LOOK_EVERY));
                continue;
            }
            self.looks_at.store(u64::MAX, Ordering::SeqCst);
            // Whoever came between the look and the mark did not wake us: look once more.
            if self.slots().iter().all(|slot| slot.held.is_none()) {
                thread::park();
            }
            idle = 0;
        }
    }

    /// What has lain too long, and when the next of the others will have, if there are any.
    fn late(&self) -> (Vec<T>, Option<Duration>) {
        let mut late = Vec::new();
        let mut pause = None;
        for slot in self.slots().iter_mut() {
            let Some((_, since, limit)) = &slot.held else {
                continue;
            };
            match limit.checked_sub(since.elapsed()) {
                Some(left) if !left.is_zero() => {
                    pause = Some(pause.map_or(left, |pause: Duration| pause.min(left)));
                }
                _ => late.extend(slot.held.take().map(|(value, _, _)| value)),
            }
        }
        (late, pause)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::Guard;

    #[test]
    fn what_is_taken_back_in_time_is_not_rescued() {
        let (sender, receiver) = mpsc::channel();
        let guard = Guard::start(move |value: u32| sender.send(value).unwrap());
        for value in 0..1000 {
            let ticket = guard.hold(value, Duration::from_mins(1));
            assert_eq!(guard.release(&ticket), Some(value));
            assert_eq!(guard.release(&ticket), None);
        }
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn what_lies_too_long_is_rescued_even_after_the_guard_slept() {
        let (sender, receiver) = mpsc::channel();
        let guard = Guard::start(move |value: u32| sender.send(value).unwrap());
        for value in 0..2 {
            let ticket = guard.hold(value, Duration::from_millis(1));
            assert_eq!(receiver.recv_timeout(Duration::from_secs(30)), Ok(value));
            assert_eq!(guard.release(&ticket), None);
            // The guard falls asleep after ten seconds of empty looks; each wakes it to the next.
            let looks_at = &guard.inner.looks_at;
            while looks_at.load(std::sync::atomic::Ordering::SeqCst) != u64::MAX {
                guard.inner.thread.get().unwrap().unpark();
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn each_of_many_is_rescued_at_its_own_time() {
        let (sender, receiver) = mpsc::channel();
        let guard = Guard::start(move |value: u64| sender.send(value).unwrap());
        let _kept = guard.hold(99, Duration::from_mins(1));
        let begun = std::time::Instant::now();
        for value in [300, 100, 200, 0, 600] {
            guard.hold(value, Duration::from_millis(value));
        }
        for expected in [0, 100, 200, 300, 600] {
            assert_eq!(receiver.recv_timeout(Duration::from_secs(30)), Ok(expected));
            assert!(begun.elapsed() >= Duration::from_millis(expected));
        }
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn a_ticket_opens_only_its_own_slot() {
        let guard = Guard::start(|_: u32| {});
        let first = guard.hold(1, Duration::from_mins(1));
        assert_eq!(guard.release(&first), Some(1));
        let second = guard.hold(2, Duration::from_mins(1));
        assert_eq!(guard.release(&first), None);
        assert_eq!(guard.release(&second), Some(2));
    }
}
