//! Everything that a change must pass, in order of cost, with the time of each step.
//! It never stops at the first failure, and never hides what it skipped.
use anyhow::{Result, bail};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the steps whose name holds this word.
    #[arg(long)]
    only: Option<String>,
}

/// Runs the steps.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    bail!("not built yet ({:?})", arguments.only)
}
