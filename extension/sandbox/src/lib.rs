//! `sandbox` is the platform at a desk: a local Lambda with the Runtime, Extensions and Telemetry
//! API, as strict as the real one, over plain processes.
//! It never knows what runs inside it, never listens beyond loopback and never leaves a process
//! behind.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use credenza_sandbox::{Config, Invocation, Sandbox, ShutdownReason};
//!
//! let sandbox = Sandbox::start(Config::new(["./bootstrap"])).await?;
//! let outcome = sandbox.invoke(Invocation::new(r#"{"answer":42}"#)).await;
//! assert!(outcome.is_response());
//! sandbox.shutdown(ShutdownReason::Spindown).await;
//! # Ok(())
//! # }
//! ```

mod child;
mod config;
mod core;
mod cpu;
mod environment;
mod fault;
mod generation;
mod keeper;
mod ledger;
mod life;
mod outcome;
mod random;
mod sandbox;
mod server;
mod telemetry;
mod time;

pub use config::{AddressForm, Config, Extension, Line, Origin, OutputSink};
pub use cpu::CpuShare;
pub use fault::{FaultKind, FaultPlan, FaultStep, FaultTarget};
pub use ledger::{Call, Violation, ViolationKind};
pub use life::{ExtensionExit, InitReport, InitStatus, Shutdown, ShutdownReason};
pub use outcome::{Answer, Chunk, Ending, Invocation, LivePart, Outcome};
pub use sandbox::{Bound, Sandbox};
