//! `credenza-fuzz` makes hostile inputs by the million and holds the engine to its promises.
//! It never writes a file, and never keeps an input that it was given.
use anyhow::Result;
use clap::{Parser, Subcommand};

mod corpus;
mod dice;
mod differential;
mod grammar;
mod hostile;
mod json;
mod place;
mod spelling;

#[derive(Parser)]
#[command(name = "credenza-fuzz", about = "Hostile inputs by the million.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compares what other parsers see with what is inspected.
    Differential(differential::Arguments),
    /// Holds the inspection of hostile inputs to its promises.
    Hostile(hostile::Arguments),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Differential(arguments) => differential::run(&arguments),
        Command::Hostile(arguments) => hostile::run(&arguments),
    }
}
