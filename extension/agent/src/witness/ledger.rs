//! The ledger: which invocations came through the proxy, and which of them were answered there.
//! It never keeps an id, only a keyed hash of it, and never grows with what nobody settles.
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

// Limit: telemetry comes at most a second after its invocation (`listener`), and in a second one
// environment serves some thousands; 8,192 entries of 40 bytes are 320 KiB, which only a flood
// ever takes.
const OPEN_MAX: usize = 8_192;

/// How an invocation ended, in the platform's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was answered.
    Success,
    /// It was answered with an error.
    Failure,
    /// It was not answered: its time was over, or its runtime died.
    Unanswered,
}

/// Why an invocation went past the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bypass {
    /// Its event never came to the proxy.
    NotDelivered,
    /// Its event came to the proxy, and its answer did not.
    AnsweredElsewhere,
}

impl Bypass {
    /// The word in records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotDelivered => "not-delivered",
            Self::AnsweredElsewhere => "answered-elsewhere",
        }
    }
}

/// What the proxy has seen of one id. An asynchronous event that failed comes again under its id.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    came: u32,
    answered: u32,
}

#[derive(Debug, Default)]
struct Open {
    seen: HashMap<u64, Seen>,
    order: VecDeque<u64>,
    /// Ids that had to be forgotten before the platform told their end.
    forgotten: u64,
    /// Connections that broke before their event was read: the platform may have counted it as
    /// delivered.
    broken: u64,
}

/// The ledger of one process.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    open: Mutex<Open>,
    keys: RandomState,
}

impl Ledger {
    /// An event came to the proxy.
    pub(crate) fn came(&self, request_id: &[u8]) {
        let id = self.keys.hash_one(request_id);
        let mut open = self.open();
        if let Some(seen) = open.seen.get_mut(&id) {
            seen.came = seen.came.saturating_add(1);
            return;
        }
        if open.order.len() >= OPEN_MAX {
            open.forget_oldest();
        }
        let first = Seen {
            came: 1,
            answered: 0,
        };
        open.seen.insert(id, first);
        open.order.push_back(id);
    }

    /// An answer goes through the proxy.
    pub(crate) fn answered(&self, request_id: &[u8]) {
        let id = self.keys.hash_one(request_id);
        if let Some(seen) = self.open().seen.get_mut(&id) {
            seen.answered = seen.answered.saturating_add(1);
        }
    }

    /// A connection broke on which an event was awaited.
    pub(crate) fn broke(&self) {
        let mut open = self.open();
        open.broken = open.broken.saturating_add(1);
    }

    /// The platform tells the end of an invocation; gives what is wrong with it, if anything.
    pub(crate) fn ended(&self, request_id: &[u8], ending: Ending) -> Option<Bypass> {
        let id = self.keys.hash_one(request_id);
        let mut open = self.open();
        let Some(seen) = open.seen.get_mut(&id) else {
            return open.unknown(ending);
        };
        seen.came = seen.came.saturating_sub(1);
        let was_answered = seen.answered > 0;
        seen.answered = seen.answered.saturating_sub(1);
        if seen.came == 0 {
            open.seen.remove(&id);
            // Ends come in the order of beginnings, save where an environment serves several.
            if open.order.front() == Some(&id) {
                open.order.pop_front();
            } else {
                open.order.retain(|other| *other != id);
            }
        }
        let must_be_answered = ending != Ending::Unanswered;
        (must_be_answered && !was_answered).then_some(Bypass::AnsweredElsewhere)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.seen.remove(&oldest);
            self.forgotten = self.forgotten.saturating_add(1);
        }
    }

    /// What an id that is not in the ledger means.
    fn unknown(&mut self, ending: Ending) -> Option<Bypass> {
        if self.forgotten > 0 {
            self.forgotten -= 1;
            return None;
        }
        if ending == Ending::Unanswered && self.broken > 0 {
            self.broken -= 1;
            return None;
        }
        Some(Bypass::NotDelivered)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bypass, Ending, Ledger, OPEN_MAX};

    #[test]
    fn what_came_and_was_answered_is_in_order_however_it_ended() {
        let ledger = Ledger::default();
        for ending in [Ending::Success, Ending::Failure, Ending::Unanswered] {
            ledger.came(b"id");
            ledger.answered(b"id");
            assert_eq!(ledger.ended(b"id", ending), None);
        }
        ledger.came(b"id");
        assert_eq!(ledger.ended(b"id", Ending::Unanswered), None);
    }

    #[test]
    fn what_never_came_and_what_was_answered_elsewhere_is_told() {
        let ledger = Ledger::default();
        for ending in [Ending::Success, Ending::Failure, Ending::Unanswered] {
            assert_eq!(ledger.ended(b"past", ending), Some(Bypass::NotDelivered));
        }
        for ending in [Ending::Success, Ending::Failure] {
            ledger.came(b"id");
            let forged = ledger.ended(b"id", ending);
            assert_eq!(forged, Some(Bypass::AnsweredElsewhere));
        }
    }

    #[test]
    fn an_event_that_comes_again_under_its_id_ends_twice() {
        let ledger = Ledger::default();
        ledger.came(b"id");
        ledger.came(b"id");
        ledger.answered(b"id");
        assert_eq!(ledger.ended(b"id", Ending::Unanswered), None);
        ledger.answered(b"id");
        assert_eq!(ledger.ended(b"id", Ending::Success), None);
        let third = ledger.ended(b"id", Ending::Success);
        assert_eq!(third, Some(Bypass::NotDelivered));
    }

    #[test]
    fn an_event_whose_connection_broke_and_that_was_never_answered_is_no_bypass() {
        let ledger = Ledger::default();
        ledger.broke();
        assert_eq!(ledger.ended(b"id", Ending::Unanswered), None);
        let next = ledger.ended(b"id", Ending::Unanswered);
        assert_eq!(next, Some(Bypass::NotDelivered));
    }

    #[test]
    fn more_open_invocations_than_it_holds_make_it_unsure_and_never_wrong() {
        let ledger = Ledger::default();
        let ids: Vec<String> = (0..OPEN_MAX + 100).map(|id| id.to_string()).collect();
        for id in &ids {
            ledger.came(id.as_bytes());
            ledger.answered(id.as_bytes());
        }
        for id in &ids {
            assert_eq!(ledger.ended(id.as_bytes(), Ending::Success), None, "{id}");
        }
        let past = ledger.ended(b"past", Ending::Success);
        assert_eq!(past, Some(Bypass::NotDelivered));
    }
}
