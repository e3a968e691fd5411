//! `cargo xtask` is the project's only tool: every build, proof and measurement has its command.
//! It never ships, and it never changes a tracked file unless the command says so.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool talks to its user"
)]

mod accuracy;
mod bench;
mod ci;
mod crates;
mod debian;
mod demo;
mod deploy;
mod desk;
mod differential;
mod docs;
mod fuzz;
mod lake;
mod layer;
mod project;
mod publish;
mod skips;
mod soak;
mod tidy;
mod tools;
mod tree;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, proves and measures credenza.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that a change must pass, with a summary; what the README calls the tests.
    Ci(ci::Arguments),
    /// The house rules that keep themselves.
    Tidy,
    /// The documentation, with every warning an error.
    Docs,
    /// The layer zips for `x86_64` and `arm64`, and the same trees as folders.
    Layer(layer::Arguments),
    /// Latency, cost, size and memory, side by side with other proxies.
    Bench(bench::Arguments),
    /// The scoreboard: recall and false alarms on a corpus, beside peers, with floors.
    Accuracy(accuracy::Arguments),
    /// A million invocations through the agent, with the slope of its memory.
    Soak(soak::Arguments),
    /// A million records through the rollout desk, with the time and memory that they take.
    Desk(desk::Arguments),
    /// A million findings of simulated sandboxes on their way to the lake, and the named queries
    /// held against a straight count.
    Lake(lake::Arguments),
    /// Whether every string that Python's or Node's parser sees is inspected.
    Differential(differential::Arguments),
    /// Hostile inputs: seeded on the stable compiler, or guided by coverage.
    Fuzz(fuzz::Arguments),
    /// Builds what the demonstration needs and starts it.
    Demo(demo::Arguments),
    /// The ways in of `deploy/`, each held to its own tool's rules and tried with its function.
    Deploy(deploy::Arguments),
    /// The layer versions of each region and architecture, and the table of their ARNs.
    Publish(publish::Arguments),
    /// Installs what tests need beyond Rust, and names what it could not.
    Tools,
}

/// The names of all commands, as a reader would type them.
fn commands() -> Vec<String> {
    Arguments::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect()
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Ci(arguments) => ci::run(&arguments),
        Command::Tidy => tidy::run(),
        Command::Docs => docs::run(),
        Command::Layer(arguments) => layer::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Accuracy(arguments) => accuracy::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Desk(arguments) => desk::run(&arguments),
        Command::Lake(arguments) => lake::run(&arguments),
        Command::Differential(arguments) => differential::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Deploy(arguments) => deploy::run(&arguments),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Tools => tools::install().map(|skips| skips::print(&skips)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
