//! The rollout desk with as many records as a busy month has: time and memory of its commands.
//! It never measures anything but the program as it is installed.
use anyhow::Result;

use crate::project;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many records.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
}

/// Runs the test of scale with so many records.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut cargo = project::cargo();
    cargo.env("CREDENZA_DESK_RECORDS", arguments.records.to_string());
    project::run(
        cargo
            .args(["test", "--profile", "desk", "-p", "credenza"])
            .args(["--test", "desk", "scale::", "--", "--nocapture"]),
    )
}
