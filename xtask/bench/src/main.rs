//! `credenza-bench` measures what the agent adds to an invocation, side by side with other proxies.
//! It never compares a time with one of another run, and it never prints a mean.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints its table"
)]

extern crate alloc;

#[path = "../../fuzz/src/dice.rs"]
mod dice;
#[path = "../../../extension/engine/src/cost/families.rs"]
mod families;
#[path = "../../../extension/engine/src/fences.rs"]
#[expect(dead_code, reason = "where a value stands does not matter here")]
mod fences;
mod goals;
#[path = "../../fuzz/src/grammar.rs"]
mod grammar;
mod inspection;
mod latency;
mod memory;
mod outputs;
#[path = "../../fuzz/src/spelling.rs"]
mod spelling;
mod startup;
mod streams;
mod walk;
mod worst;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use credenza_bench::secrets;
use inspection::Pair;
use worst::Worst;

#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Arguments {
    /// The agent as it ships.
    #[arg(long)]
    agent: PathBuf,
    /// The folder of the peers.
    #[arg(long)]
    peers: PathBuf,
    /// A Python that has libddwaf, for the comparison of inspections.
    #[arg(long)]
    waf: Option<PathBuf>,
    /// A folder of files of JSON lines, to be inspected beside the inputs that are made.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Bytes of tables that one inspection touches, as counted from outside.
    #[arg(long)]
    table_bytes: Option<u32>,
    /// Bytes of code that one inspection touches, as counted from outside.
    #[arg(long)]
    code_bytes: Option<u32>,
    /// Fewer rounds, for a first impression.
    #[arg(long)]
    quick: bool,
    /// Only what inspection costs.
    #[arg(long)]
    inspection: bool,
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
    /// Only a few invocations under valgrind, whose traces go into this folder.
    #[arg(long)]
    walk: Option<PathBuf>,
}

/// One thing to measure: a program between platform and runtime, or nothing at all.
#[derive(Clone, Debug)]
struct Variant {
    /// What the table calls it.
    name: &'static str,
    /// The program; `None` joins platform and runtime directly.
    program: Option<OsString>,
    /// `CREDENZA_MODE`, which the peers ignore.
    mode: &'static str,
    /// What else is in its environment.
    variables: Vec<(&'static str, String)>,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What slow outputs cost.
fn measure_outputs(arguments: &Arguments) -> Result<Vec<Worst>> {
    eprintln!("worst outputs");
    let worst = outputs::measure(arguments.corpus.as_deref(), arguments.quick)?;
    worst::print("outputs", &worst);
    Ok(worst)
}

/// What inspection costs: slow inputs, and benign ones beside libddwaf.
fn measure_inspection(arguments: &Arguments) -> Result<(Vec<Worst>, Vec<Pair>)> {
    eprintln!("worst inputs");
    let worst = worst::measure(arguments.corpus.as_deref(), arguments.quick)?;
    worst::print("inputs", &worst);
    let inspections = inspections(arguments.waf.as_deref());
    inspection::print(&inspections);
    Ok((worst, inspections))
}

fn measure(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.walk {
        return walk::walk(&arguments.agent, folder);
    }
    if arguments.outputs {
        return measure_outputs(arguments).map(|_| ());
    }
    if arguments.inspection {
        return measure_inspection(arguments).map(|_| ());
    }
    if arguments.memory {
        println!("{:?}", memory::measure(&arguments.agent, arguments.quick)?);
        return Ok(());
    }
    let variants = variants(arguments);
    if arguments.latency || arguments.series.is_some() {
        let only = arguments.series.as_deref();
        let figures = latency::measure(&variants, arguments.quick, only)?;
        latency::print(&figures, &variants);
        return Ok(());
    }
    let streaming = streaming(&variants);
    if arguments.streams {
        streams::print(&streams::measure(&streaming, arguments.quick)?);
        return Ok(());
    }
    eprintln!("start-up, variants in turn");
    let plain = arguments.peers.join("peer-plain").into_os_string();
    let startup = startup::measure(&variants, Some(&plain), arguments.quick)?;
    eprintln!("latency, variants in turn");
    let latency = latency::measure(&variants, arguments.quick, None)?;
    latency::print(&latency, &variants);
    eprintln!("latency on a small function");
    let small = latency::measure_small(&variants, arguments.quick);
    match &small {
        Ok(figures) => latency::print_small(figures),
        Err(error) => println!("skipped: latency on a small function: {error:#}"),
    }
    eprintln!("streams, variants in turn");
    let streams = streams::measure(&streaming, arguments.quick)?;
    streams::print(&streams);
    eprintln!("memory");
    let memory = memory::measure(&arguments.agent, arguments.quick)?;
    let (worst, inspections) = measure_inspection(arguments)?;
    let worst_outputs = measure_outputs(arguments)?;
    goals::print(&goals::Measured {
        figures: &latency,
        streams: &streams,
        small: small.as_deref().ok(),
        startup: &startup,
        memory: &memory,
        worst: &worst,
        worst_outputs: &worst_outputs,
        inspections: &inspections,
        agent_bytes: std::fs::metadata(&arguments.agent)?.len(),
        table_bytes: arguments.table_bytes,
        code_bytes: arguments.code_bytes,
    });
    Ok(())
}

/// What is measured, side by side.
fn variants(arguments: &Arguments) -> Vec<Variant> {
    let peer = |name: &str| Some(arguments.peers.join(name).into_os_string());
    let agent = Some(arguments.agent.clone().into_os_string());
    let variant = |name, program, mode| Variant {
        name,
        program,
        mode,
        // Every function has the keys of its role, and this one a whole processor.
        variables: [secrets::of_a_function(), latency::of_memory("1769")].concat(),
    };
    let without_secrets = Variant {
        variables: Vec::new(),
        ..variant(latency::WITHOUT_SECRETS, agent.clone(), "block")
    };
    let mut variants = vec![
        variant(latency::DIRECT, None, "off"),
        variant(latency::RAW, peer("peer-blocking"), "off"),
        variant("raw, tokio", peer("peer-tokio"), "off"),
        variant(latency::HYPER, peer("peer-hyper"), "off"),
        variant("agent, off", agent.clone(), "off"),
        variant(latency::MONITOR, agent.clone(), "monitor"),
        variant(latency::BLOCK, agent, "block"),
        without_secrets,
    ];
    if let Some(other) = &arguments.beside {
        let other = Some(other.clone().into_os_string());
        variants.push(variant("beside, monitor", other.clone(), "monitor"));
        variants.push(variant("beside, block", other, "block"));
    }
    variants
}

/// What streams are measured through, the one that looks at nothing first.
fn streaming(variants: &[Variant]) -> Vec<Variant> {
    let names = ["agent, off", latency::MONITOR, latency::BLOCK];
    let found = names.map(|name| variants.iter().find(|variant| variant.name == name));
    found.into_iter().flatten().cloned().collect()
}

/// The comparison with libddwaf; none where it is absent or fails.
fn inspections(waf: Option<&Path>) -> Vec<Pair> {
    let Some(python) = waf else {
        return Vec::new();
    };
    eprintln!("inspection beside libddwaf");
    inspection::measure(python).unwrap_or_else(|error| {
        println!("skipped: libddwaf: {error:#}");
        Vec::new()
    })
}
