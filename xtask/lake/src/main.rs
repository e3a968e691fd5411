//! `credenza-lake` lets a fleet of simulated sandboxes run for three days, and delivers what their
//! agents say as the templates of `deploy/fleet` would have it delivered.
//! It never writes a line of the agent's itself: the agent's own log does, by a clock of ours.
//!
//! Three things come out, in the folder that is named: `parcels/`, what CloudWatch Logs sends to a
//! delivery stream; `lake/`, what the delivery stream makes of it in its bucket; and
//! `counted.json`, the answers of the named queries as they are counted along the way.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool talks to its user"
)]

mod clock;
mod event;
mod fleet;
mod group;
mod numbers;
mod sandbox;
mod straight;
mod stream;
mod template;

use std::fs;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::json;

use fleet::Fleet;
use template::{Delivery, Subscription};

#[derive(Parser)]
struct Arguments {
    /// How many findings are told, at least.
    #[arg(long)]
    findings: u64,
    /// The folder that is made.
    #[arg(long)]
    into: PathBuf,
    /// The folder of the templates.
    #[arg(long)]
    templates: PathBuf,
    /// Another seed makes another fleet.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let read = |name: &str| {
        let file = arguments.templates.join(name);
        let text = fs::read_to_string(&file);
        text.with_context(|| format!("cannot read {}", file.display()))
    };
    let delivery = Delivery::read(&read("lake.yaml")?).context("lake.yaml")?;
    let subscription =
        Subscription::read(&read("subscription.yaml")?).context("subscription.yaml")?;
    let shows = std::io::stderr().is_terminal();
    let mut fleet = Fleet::begin(&arguments.into, arguments.seed, delivery, subscription)?;
    let mut told = 0;
    fleet.run(arguments.findings, &mut |findings| {
        let percent = findings * 100 / arguments.findings.max(1);
        if shows && percent > told {
            told = percent;
            eprint!("\r{percent:>3} % of {} findings", arguments.findings);
        }
    })?;
    if shows {
        eprintln!();
    }
    let (tally, straight) = fleet.end()?;
    let mut answers = straight.answers();
    for (name, sql) in template::questions(&read("lake.yaml")?)? {
        let answer = answers.get_mut(&name);
        answer.with_context(|| format!("nobody counts `{name}`"))?["sql"] = json!(sql);
    }
    let counted = json!({ "tally": tally.told(), "questions": answers });
    let file = arguments.into.join("counted.json");
    fs::write(file, format!("{counted:#}\n"))?;
    println!("{}", tally.told());
    Ok(())
}
