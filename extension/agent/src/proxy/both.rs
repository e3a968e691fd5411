//! How much may be kept of large answers while their events are kept as well.
//! It never lets a small function pay for two large messages at once.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

// Limit: answers beside their events take at most a 128th of what the function may use: one of
// 6 MiB where it has 805 MB and more, and none where the event alone is a twentieth of all.
const SHARE: usize = 128;

/// What is left for answers beside their events.
#[derive(Debug)]
pub(super) struct Both(Arc<AtomicUsize>);

/// A part of it, given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    left: Arc<AtomicUsize>,
    bytes: usize,
}

impl Both {
    /// The share of a function that may use so much memory.
    pub(super) fn of(memory_bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(memory_bytes / SHARE)))
    }

    /// Takes so many bytes of it, if they are there.
    pub(super) fn take(&self, bytes: usize) -> Option<Share> {
        let without = |left: usize| left.checked_sub(bytes);
        let (set, seen) = (Ordering::AcqRel, Ordering::Acquire);
        self.0.fetch_update(set, seen, without).ok()?;
        Some(Share {
            left: Arc::clone(&self.0),
            bytes,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.left.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::Both;

    #[test]
    fn a_share_is_lent_once_and_comes_back() {
        let both = Both::of(1 << 30);
        let share = both.take(6 << 20);
        assert!(share.is_some() && both.take(6 << 20).is_none() && both.take(2 << 20).is_some());
        drop(share);
        assert!(both.take(8 << 20).is_some());
    }

    #[test]
    fn a_small_function_and_one_of_unknown_size_keep_one_large_message_at_a_time() {
        for megabytes in [0, 128, 512] {
            assert!(Both::of(megabytes << 20).take(6_291_556).is_none());
        }
    }
}
