//! The user's will about recorded events: masked ones, of a share of all requests.
//! It never lets one be recorded that nobody asked for.
use alloc::vec::Vec;

use crate::{Pattern, Routes, Share};

/// What is wanted of recorded events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingPolicy {
    /// The share of requests whose events are recorded.
    pub share: Share,
    /// The longest event that is recorded.
    pub event_bytes_max: usize,
    /// The most that is written of events in a minute.
    pub bytes_per_minute: usize,
    /// On which routes; on all if there is none.
    pub routes: Vec<Pattern>,
}

impl RecordingPolicy {
    // Limit: an event waits in memory and in one line of the log, which has at most 256 KB.
    /// The longest event that a policy may ask for.
    pub const EVENT_BYTES_MOST: usize = 64 * 1024;

    /// True if the event of a request is to be recorded, as far as its id says.
    pub fn draws(&self, request_id: &[u8]) -> bool {
        self.share.has(request_id)
    }

    /// True if an event that came on these routes is to be recorded.
    pub fn has_route(&self, routes: &Routes) -> bool {
        let is_wanted = |route| self.routes.iter().any(|one| one.matches_route(route));
        self.routes.is_empty() || routes.all().any(|(_, route)| is_wanted(route))
    }
}

impl Default for RecordingPolicy {
    fn default() -> Self {
        Self {
            share: Share::NONE,
            // Limit: an event of API Gateway has 2 to 5 KB; at eight of them a minute a line each
            // costs 3.5 MB of log a day.
            event_bytes_max: 8 * 1024,
            bytes_per_minute: 64 * 1024,
            routes: Vec::new(),
        }
    }
}
