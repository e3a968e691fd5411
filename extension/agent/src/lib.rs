//! `agent` is the process in the layer: the only room with windows.
//! It never decides what an attack is, and it never stands between a function and its event when
//! something in here breaks.

pub mod config;
mod decoy;
pub mod fault;
pub mod files;
mod guard;
pub mod handover;
pub mod harden;
pub mod lifecycle;
pub mod live;
mod mailbox;
pub mod own;
pub mod proxy;
pub mod remote;
pub mod secret;
pub mod telemetry;
pub mod upstream;
pub mod witness;
pub mod wrap;

use std::sync::Arc;

use live::Live;
use own::Own;
use secret::Secret;
use telemetry::Sink;
use upstream::Route;
use witness::Witness;

/// What every connection of a runtime shares: the user's will, the way to the platform, the sink.
#[derive(Clone)]
pub struct Shared {
    /// The policy in force.
    pub policy: Arc<Live>,
    /// The key of the keyed hashes in findings, drawn by this process.
    pub key: Arc<Secret>,
    /// Where the platform is; the wrapper may change it before the first `next`.
    pub route: Arc<Route>,
    /// The function's own secrets, which must not leave.
    pub own: Arc<Own>,
    /// Hears of every event and answer, to hold them against what the platform tells.
    pub witness: Arc<Witness>,
    /// What the function may use of memory; 0 where nobody says.
    pub memory_bytes: usize,
    /// Takes records; never blocks.
    pub sink: Arc<dyn Sink>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("policy", &self.policy)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}
