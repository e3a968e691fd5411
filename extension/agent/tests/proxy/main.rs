//! The proxy between a platform and a runtime of raw sockets: every byte, every way to break.
//! It never judges an event; what is inspected here is made up.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at a surprise"
)]

mod batches;
mod beside;
mod bytes;
mod farewell;
mod faults;
mod harness;
mod inspection;
mod kept;
mod load;
mod memory;
mod monitor;
mod mutations;
mod outputs;
mod parking;
mod platform;
mod process;
mod recordings;
mod repeats;
mod smuggling;
mod streams;
mod swaps;
