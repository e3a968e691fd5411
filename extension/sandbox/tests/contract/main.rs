//! The sandbox held against the platform's contract, with clients over raw sockets.
//! These tests never need a network, a package or a container.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

mod extensions_api;
mod faults;
mod http_strictness;
mod lifecycle;
mod managed_instances;
mod runtime_api;
mod snap_start;
mod streaming;
mod support;
mod telemetry_api;
