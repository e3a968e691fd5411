//! The soak: a million invocations through the agent, with the slope of its memory.
//! It never judges latency.
use anyhow::Result;

use crate::project;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many invocations.
    #[arg(long, default_value_t = 1_000_000)]
    invocations: u64,
}

/// Runs the acceptance test of many invocations with a larger number.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    project::build_programs(&["credenza", "credenza-demo-function"])?;
    let mut cargo = project::cargo();
    cargo.env(
        "CREDENZA_SOAK_INVOCATIONS",
        arguments.invocations.to_string(),
    );
    cargo.args([
        "test",
        "--package",
        "credenza-tests",
        "--test",
        "acceptance",
        "--",
        "--nocapture",
    ]);
    project::run(cargo.arg("back_to_back"))
}
