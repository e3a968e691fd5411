//! The acceptance tests: the agent as it ships, between the sandbox and real runtime clients.
//! It never reaches beyond loopback, and never skips without saying so.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise, wherever its code stands"
)]

mod back_to_back;
mod bad_input;
mod batches;
mod bypass;
mod chains;
mod demo;
mod documentation;
mod emulator;
mod fail_open;
mod flood;
mod framing;
mod freeze;
mod harness;
mod leaks;
mod leaks_by_the_wire;
mod limits;
mod managed_instances;
mod os_only;
mod pending_next;
mod recordings;
mod reflected_places;
mod reflections;
mod refusals;
mod scenarios;
mod second_extension;
mod shutdown;
mod size_sweep;
mod snap_start;
mod sources;
mod specification;
mod sqlmap;
mod start_up;
mod streaming;
mod telemetry;
mod transparency;
mod ways_in;
