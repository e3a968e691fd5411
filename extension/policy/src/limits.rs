//! How much and how often: sizes of events, rates of callers, loops of functions, bytes of log.
//! It never asks what time it is, and remembers no caller but by a keyed hash.
use alloc::vec::Vec;

use crate::Pattern;

/// What is held of sizes and rates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitPolicy {
    /// A larger event is a finding.
    pub event_bytes_max: Option<u64>,
    /// How often one caller may call, in one environment.
    pub rate: Option<Rate>,
}

/// How often one caller may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute, in the long run.
    pub per_minute: u32,
    /// Requests at once.
    pub burst: u32,
    /// Who counts as one caller.
    pub principal: Principal,
}

/// Who counts as one caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Principal {
    /// Who calls from one address.
    #[default]
    Address,
    /// Who calls with one token.
    Token,
    /// Whom the authorizer knows by one name.
    Identity,
    /// Who calls for one tenant.
    Tenant,
}

impl Principal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Address, Self::Token, Self::Identity, Self::Tenant];

    /// The name in policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Token => "token",
            Self::Identity => "identity",
            Self::Tenant => "tenant",
        }
    }
}

/// What is held of functions that call themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecursionPolicy {
    /// How often an invocation may have led to another of the same function, as the platform counts
    /// in the trace header; more is a finding.
    pub lineage_max: Option<u32>,
    /// Routes to which the function itself writes: an event from there is its own.
    pub writes: Vec<Pattern>,
    /// Whether what another invocation of this function came to is a finding.
    pub own_destination: bool,
}

impl RecursionPolicy {
    /// True if nothing is held.
    pub fn is_empty(&self) -> bool {
        self.lineage_max.is_none() && self.writes.is_empty() && !self.own_destination
    }
}

/// The highest count in the lineage of a trace header: `Root=…;Lineage=1:2a82ed4a:3`, in which the
/// platform notes how often the same function has come by; 0 if there is none.
pub fn lineage(trace: &[u8]) -> u32 {
    let mut parts = trace.split(|byte| *byte == b';');
    let lineage = parts.find_map(|part| part.trim_ascii().strip_prefix(b"Lineage="));
    let counts = lineage.unwrap_or_default().split(|byte| *byte == b'|');
    counts
        .filter_map(|entry| {
            let count = entry.rsplit(|byte| *byte == b':').next()?;
            let is_number = !count.is_empty() && count.iter().all(u8::is_ascii_digit);
            let text = core::str::from_utf8(count).ok().filter(|_| is_number)?;
            Some(text.parse().unwrap_or(u32::MAX))
        })
        .max()
        .unwrap_or(0)
}

// Limit: 1,024 callers of 24 bytes are 24 KiB; who floods from more addresses than that pushes out
// those that called least recently.
const BUCKETS_MAX: usize = 1024;

/// A request in thousandths, so that a rate of one a minute fills up evenly.
const REQUEST: u64 = 1_000;

/// Counts the requests of each caller: a bucket that fills at the rate and is emptied by requests.
#[derive(Debug, Default)]
pub struct Limiter {
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    principal: u64,
    left: u64,
    at_ms: u64,
}

impl Limiter {
    /// True if this caller may call now; `now_ms` is any clock that does not go back.
    pub fn admits(&mut self, principal: u64, now_ms: u64, rate: &Rate) -> bool {
        let most = u64::from(rate.burst).saturating_mul(REQUEST);
        let found = self
            .buckets
            .iter()
            .position(|one| one.principal == principal);
        let at = found.unwrap_or_else(|| self.add(principal, most, now_ms));
        let Some(bucket) = self.buckets.get_mut(at) else {
            return true;
        };
        let since = now_ms.saturating_sub(bucket.at_ms);
        // A minute has 60,000 ms and a request 1,000 parts.
        let filled = since.saturating_mul(rate.per_minute.into()) / 60;
        bucket.left = bucket.left.saturating_add(filled).min(most);
        bucket.at_ms = now_ms.max(bucket.at_ms);
        match bucket.left.checked_sub(REQUEST) {
            Some(left) => {
                bucket.left = left;
                true
            }
            None => false,
        }
    }

    /// A full bucket for a new caller; gives its place.
    fn add(&mut self, principal: u64, left: u64, at_ms: u64) -> usize {
        let bucket = Bucket {
            principal,
            left,
            at_ms,
        };
        if self.buckets.len() < BUCKETS_MAX {
            self.buckets.push(bucket);
            return self.buckets.len().saturating_sub(1);
        }
        let oldest = self.buckets.iter().enumerate();
        let oldest = oldest
            .min_by_key(|(_, one)| one.at_ms)
            .map_or(0, |(at, _)| at);
        if let Some(place) = self.buckets.get_mut(oldest) {
            *place = bucket;
        }
        oldest
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS_MAX, Limiter, Principal, Rate, lineage};

    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 3,
        principal: Principal::Address,
    };

    #[test]
    fn a_caller_may_burst_and_then_call_at_the_rate() {
        let mut limiter = Limiter::default();
        let admitted = |limiter: &mut Limiter, now: u64| limiter.admits(1, now, &RATE);
        let burst: [bool; 4] = core::array::from_fn(|_| admitted(&mut limiter, 5_000));
        assert_eq!(burst, [true, true, true, false]);
        assert!(!admitted(&mut limiter, 5_900));
        assert!(admitted(&mut limiter, 6_900));
        assert!(!admitted(&mut limiter, 6_950));
        // Others are not counted with it, and a clock that goes back gives nothing.
        assert!(limiter.admits(2, 6_950, &RATE));
        assert!(!admitted(&mut limiter, 0));
        assert!(admitted(&mut limiter, 3_600_000));
    }

    #[test]
    fn a_flood_of_callers_takes_no_more_room() {
        let mut limiter = Limiter::default();
        for caller in 0..10_000 {
            assert!(limiter.admits(caller, caller, &RATE));
        }
        assert_eq!(limiter.buckets.len(), BUCKETS_MAX);
        assert_eq!(
            limiter.buckets.iter().map(|one| one.principal).min(),
            Some(8_976)
        );
    }

    #[test]
    fn a_lineage_tells_its_highest_count() {
        for (trace, expected) in [
            (
                b"Root=1-5bef4de7;Parent=ad49;Sampled=1;Lineage=1:2a82ed4a:3".as_slice(),
                3,
            ),
            (b"Root=1;Lineage=a87bd80c:0|68fd508a:17|c512fbe3:2", 17),
            (b"Root=1-5bef4de7;Sampled=0", 0),
            (b"Lineage=x:y", 0),
            (b"Lineage=a:99999999999999999999", u32::MAX),
            (b"", 0),
        ] {
            assert_eq!(lineage(trace), expected);
        }
    }
}
