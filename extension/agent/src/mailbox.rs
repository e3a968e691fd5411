//! A bounded queue from threads that must not wait to one that does.
//! It never blocks who puts something in, and never grows beyond its room.
//!
//! The channels of the standard library do this too, in twenty times the code: they carry three
//! kinds of queue each, for loads that this process does not have.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was put in and not taken yet, oldest first.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    waiting: Mutex<Vec<T>>,
    came: Condvar,
    room: usize,
}

impl<T> Mailbox<T> {
    /// One with room for `room` things.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            waiting: Mutex::new(Vec::new()),
            came: Condvar::new(),
            room,
        }
    }

    /// Puts one in; false if there is no room.
    pub(crate) fn put(&self, thing: T) -> bool {
        let mut waiting = self.waiting();
        let fits = waiting.len() < self.room;
        if fits {
            waiting.push(thing);
            self.came.notify_one();
        }
        fits
    }

    /// Takes all that is there, and waits for the first.
    pub(crate) fn take(&self) -> Vec<T> {
        let mut waiting = self.waiting();
        while waiting.is_empty() {
            let woken = self.came.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut *waiting)
    }

    /// True once something is there; false if nothing came until then.
    pub(crate) fn has_one_by(&self, deadline: Instant) -> bool {
        let mut waiting = self.waiting();
        while waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return false;
            }
            let woken = self.came.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::Mailbox;

    #[test]
    fn what_was_put_in_is_taken_in_order_by_another_thread() {
        let mailbox = Arc::new(Mailbox::new(1_000));
        let there = Arc::clone(&mailbox);
        let taker = thread::spawn(move || {
            let mut taken = Vec::new();
            while taken.len() < 100 {
                taken.extend(there.take());
            }
            taken
        });
        for number in 0..100 {
            assert!(mailbox.put(number));
        }
        assert_eq!(taker.join().unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_one_takes_no_more_and_does_not_wait() {
        let mailbox = Mailbox::new(2);
        assert!(mailbox.put('a') && mailbox.put('b') && !mailbox.put('c'));
        assert_eq!(mailbox.take(), ['a', 'b']);
        assert!(mailbox.put('c'));
    }

    #[test]
    fn a_deadline_ends_the_wait_for_what_does_not_come() {
        let mailbox = Mailbox::new(1);
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(!mailbox.has_one_by(soon));
        assert!(Instant::now() >= soon);
        assert!(mailbox.put(()));
        assert!(mailbox.has_one_by(soon));
    }
}
