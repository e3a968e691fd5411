//! The layer: one reproducible zip for each architecture, and the same tree as a folder.
//! It never publishes anything.
use anyhow::{Result, bail};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Builds each zip twice and compares their hashes.
    #[arg(long)]
    twice: bool,
}

/// Builds the layer.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    bail!("the layer is not built yet ({})", arguments.twice)
}
