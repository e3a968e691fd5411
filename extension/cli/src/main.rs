//! `credenza` is the engine and the sandbox at a desk: inspect, explain, try out.
//! It never talks to anything but files, processes of its own and loopback; `attach` and `detach`
//! alone speak to the Lambda API.
mod answer;
mod arguments;
mod attach;
mod binaries;
mod check;
mod decision;
mod demo;
mod dev;
mod doctor;
mod evidence;
mod examples;
mod exemption;
mod explain;
mod export;
mod failure;
mod front_door;
mod inspect;
mod interrupt;
mod judgement;
mod page;
mod paint;
mod patch;
mod promote;
mod propose;
mod query;
mod record;
mod records;
mod replay;
mod report;
mod rules;
mod stage;
mod suggest;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command, Format};
use crate::failure::Failure;
use crate::paint::Painter;

/// How a command ended when nothing stood in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing was found that the user asked to hear of.
    Clean,
    /// Something was.
    Findings,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = arguments.format.format().unwrap_or(Format::Text);
    match run(&arguments) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            let painter = Painter::of_stderr(arguments.color);
            // Whoever closed stderr does not want to know.
            let _ = io::stderr().write_all(failure::render(&error, format, &painter).as_bytes());
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let painter = Painter::of_stdout(arguments.color);
    let Some(format) = format(arguments) else {
        let fix = "use `text` or `json`; `replay` alone has the others";
        return Err(Failure::new("--format", "this command does not write it", fix).into());
    };
    let (text, outcome) = match &arguments.command {
        Command::Rules => rules::run(format, &painter),
        Command::Explain {
            rule,
            policy,
            event,
        } => {
            let request = explain::Request {
                subject: rule,
                policy: policy.as_deref(),
                event: event.as_deref(),
            };
            explain::run(&request, format, &painter)?
        }
        Command::Inspect {
            jsonl,
            policy,
            fail_on,
            files,
        } => {
            let request = inspect::Request {
                files,
                lines: *jsonl,
                policy: policy.as_deref(),
                fail_on: *fail_on,
            };
            return inspect::run(&request, format, &painter);
        }
        Command::Check { policy } => check::run(policy, format, &painter)?,
        Command::Report(arguments) => report::run(arguments, format, &painter)?,
        Command::Promote(arguments) => promote::run(arguments, format, &painter)?,
        Command::Propose(arguments) => propose::run(arguments, format, &painter)?,
        Command::Replay(of_replay) => replay::run(of_replay, arguments.format, &painter)?,
        Command::Doctor(arguments) => doctor::run(arguments, format, &painter)?,
        Command::Export(arguments) => return export::run(arguments),
        Command::Query(arguments) => (query::run(arguments, format)?, Outcome::Clean),
        Command::Attach(arguments) => return attach::attach(arguments, format, &painter),
        Command::Detach(arguments) => return attach::detach(arguments, format, &painter),
        Command::Dev(arguments) => return dev::run(arguments, format, painter),
        Command::Demo(arguments) => return demo::run(arguments, format, painter),
    };
    goes_on(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(outcome)
}

/// The format of a command; `None` if it does not have the one that was asked for.
fn format(arguments: &Arguments) -> Option<Format> {
    let format = arguments.format.format();
    match &arguments.command {
        Command::Replay(_) => Some(format.unwrap_or(Format::Text)),
        _ => format,
    }
}

/// Whether the reader of stdout still listens; one who went away early (`| head`) is no failure.
fn goes_on(written: io::Result<()>) -> anyhow::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new("stdout", error, "give it a place to write to").into()),
    }
}
