//! The acceptance tests: the agent as it ships, between the sandbox and real runtime clients.
//! It never reaches beyond loopback, and never skips without saying so.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise, wherever its code stands"
)]

mod harness;
mod transparency;
