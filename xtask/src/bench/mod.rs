//! The bench: latency, cost, size and memory, side by side with other proxies in one run.
//! It never compares a time with one of another run; only instruction counts have budgets.
mod instructions;
mod layout;
mod touched;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::layer::{self, Architecture, Source};
use crate::skips::{self, Skip};
use crate::{project, tools};

pub(crate) use instructions::gate;

#[derive(clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Arguments {
    /// Fewer rounds, for a first impression.
    #[arg(long)]
    quick: bool,
    /// Only the added one-way time.
    #[arg(long)]
    latency: bool,
    /// Only streamed answers.
    #[arg(long)]
    streams: bool,
    /// Of the added one-way time only the series of this name, such as `6 MB`.
    #[arg(long)]
    series: Option<String>,
    /// Another build of the agent, to be measured beside this one in the same run.
    #[arg(long)]
    beside: Option<PathBuf>,
    /// Only resident memory.
    #[arg(long)]
    memory: bool,
    /// Only the slowest outputs.
    #[arg(long)]
    outputs: bool,
    /// A folder of files of JSON lines, to be inspected beside the inputs that are made.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Only what inspection costs.
    #[arg(long)]
    inspection: bool,
    /// Only the instruction counts under callgrind.
    #[arg(long)]
    instructions: bool,
    /// Traces invocations, and writes in which order the agent's functions are to lie.
    #[arg(long)]
    layout: bool,
    /// Writes the counted instructions as the new budgets.
    #[arg(long)]
    update: bool,
}

/// Measures and prints the table of goals, or compares instruction counts with their budgets.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.instructions || arguments.update {
        let skip = gate(arguments.update)?;
        skips::print(skip.as_slice());
        return Ok(());
    }
    if arguments.layout {
        return layout::write();
    }
    eprintln!("building the agent and its peers as they would ship");
    let source = Source::here();
    let agent = layer::agent(Architecture::X86, &source)?;
    let peers = programs("credenza-peers", &source)?;
    let harness = programs("credenza-bench", &source)?.join("credenza-bench");
    let mut bench = Command::new(harness);
    bench.arg("--agent").arg(&agent).arg("--peers").arg(&peers);
    if arguments.quick {
        bench.arg("--quick");
    }
    if let Some(series) = &arguments.series {
        bench.arg("--series").arg(series);
    }
    if let Some(beside) = &arguments.beside {
        bench.arg("--beside").arg(beside);
    }
    let is_latency = arguments.latency || arguments.series.is_some();
    let only = [
        (is_latency, "--latency"),
        (arguments.streams, "--streams"),
        (arguments.outputs, "--outputs"),
        (arguments.memory, "--memory"),
    ];
    if let Some(corpus) = &arguments.corpus {
        bench.arg("--corpus").arg(corpus);
    }
    if let Some((_, only)) = only.into_iter().find(|(is_wanted, _)| *is_wanted) {
        return project::run(bench.arg(only));
    }
    if arguments.inspection {
        bench.arg("--inspection");
    }
    if let Some(touched) = touched::measure()? {
        bench.args(["--table-bytes", &touched.table_bytes.to_string()]);
        bench.args(["--code-bytes", &touched.code_bytes.to_string()]);
    }
    let mut skips = Vec::new();
    match tools::waf() {
        Ok(python) => drop(bench.arg("--waf").arg(python)),
        Err(error) => skips.push(Skip {
            name: "libddwaf".to_owned(),
            reason: format!("{error:#}"),
        }),
    }
    project::run(&mut bench)?;
    skips::print(&skips);
    Ok(())
}

/// Builds the programs of a package as the agent is built; gives back their folder.
fn programs(package: &str, source: &Source) -> Result<PathBuf> {
    layer::programs(Architecture::X86, source, package)
}
