//! The parser differential: what Python's and Node's parsers see beside what is inspected.
//! It never makes a document itself; the program beside it does.
use anyhow::Result;

use crate::debian;
use crate::project;
use crate::skips::{self, Skip};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many documents.
    #[arg(long, default_value_t = 1_000_000)]
    inputs: u64,
    /// Another seed gives other documents.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

// Limit: 20,000 documents take about five seconds; the million runs before a release.
const INPUTS_OF_CI: u64 = 20_000;

/// Compares with every parser that is here or can be installed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    skips::print(&compare(arguments.inputs, arguments.seed)?);
    Ok(())
}

/// The run that every change must pass.
pub(crate) fn run_small() -> Result<Vec<Skip>> {
    compare(INPUTS_OF_CI, 1)
}

fn compare(inputs: u64, seed: u64) -> Result<Vec<Skip>> {
    let mut skips = Vec::new();
    let programs = [("python3", "python3"), ("node", "nodejs")];
    for (program, package) in programs {
        if let Err(error) = debian::need(program, &[package]) {
            skips.push(Skip {
                name: format!("differential against {program}"),
                reason: format!("{error:#}"),
            });
        }
    }
    if skips.len() == programs.len() {
        return Ok(skips);
    }
    let mut fuzz = project::fuzz()?;
    fuzz.args(["differential", "--inputs", &inputs.to_string()]);
    project::run(fuzz.args(["--seed", &seed.to_string()]))?;
    Ok(skips)
}
