//! The bench: latency, cost, size and memory, side by side with other proxies in one run.
//! It never compares a time with one of another run.
use anyhow::{Result, bail};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fewer rounds and sizes, for continuous integration.
    #[arg(long)]
    quick: bool,
    /// Only the instruction counts under callgrind.
    #[arg(long)]
    instructions: bool,
    /// Writes the counted instructions as the new budgets.
    #[arg(long)]
    update: bool,
}

/// Measures and prints the table of goals.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments {
        quick,
        instructions,
        update,
    } = arguments;
    bail!("the bench is not built yet ({quick}, {instructions}, {update})")
}
