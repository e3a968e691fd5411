//! Fuzzing: seeded inputs on the stable compiler, and targets that coverage guides.
//! It never keeps a corpus in the project: what it learns lies under the target folder.
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::debian::{self, bounded, quiet};
use crate::project;
use crate::skips::Skip;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this target; without one every target has its turn.
    #[arg(long)]
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many inputs each target gets, instead of a time.
    #[arg(long)]
    inputs: Option<u64>,
    /// The seeded inputs instead: hostile events, and every property with more draws.
    #[arg(long)]
    stable: bool,
    /// The seeded hostile events alone, as many as `--inputs` says (else ten million).
    #[arg(long)]
    hostile: bool,
    /// Another seed gives other events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A folder of files of JSON lines whose values are mutated too.
    #[arg(long)]
    corpus: Option<PathBuf>,
}

/// A property that coverage may guide: its name here, its package and its test.
struct Target {
    name: &'static str,
    package: &'static str,
    test: &'static str,
}

const fn target(name: &'static str, package: &'static str, test: &'static str) -> Target {
    Target {
        name,
        package,
        test,
    }
}

const EVENT: &str = "credenza-event";
const ENGINE: &str = "credenza-engine";

/// The targets, from the bytes of an event to its verdict.
const TARGETS: [Target; 13] = [
    target(
        "scanner",
        EVENT,
        "scan::block::tests::vectors_and_their_twin_agree_on_any_bytes",
    ),
    target(
        "pairs",
        EVENT,
        "scan::pairs::tests::vectors_and_their_twin_agree_on_any_bytes",
    ),
    target(
        "walker",
        EVENT,
        "walk::in_place::tests::anything_shows_the_same_in_place_as_unescaped",
    ),
    target(
        "damaged",
        EVENT,
        "decode::tests::nothing_that_is_damaged_stops_a_decoder",
    ),
    target(
        "encodings",
        EVENT,
        "decode::tests::any_text_is_read_again_in_any_encoding",
    ),
    target(
        "containers",
        EVENT,
        "decode::tests::any_container_is_opened_within_its_steps",
    ),
    target(
        "escapes",
        EVENT,
        "decode::escapes::tests::whatever_is_escaped_is_read_again",
    ),
    target(
        "css",
        EVENT,
        "decode::css::tests::whatever_is_escaped_is_read_again",
    ),
    target(
        "codes",
        EVENT,
        "decode::codes::tests::whatever_text_is_built_of_numbers_is_read_again",
    ),
    target(
        "gate",
        ENGINE,
        "props::the_gate_hides_no_finding_in_any_bytes",
    ),
    target(
        "gate-words",
        ENGINE,
        "props::the_gate_hides_no_finding_in_any_text_of_sql",
    ),
    target(
        "inspection",
        ENGINE,
        "props::any_event_is_inspected_within_its_steps",
    ),
    target(
        "linear",
        ENGINE,
        "cost::any_piece_repeated_takes_linear_steps",
    ),
];

/// The version of the tool that guides by coverage.
const BOLERO: &str = "cargo-bolero@0.13.5";

/// Runs what was asked for.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.hostile {
        return hostile(arguments, arguments.inputs.unwrap_or(10_000_000));
    }
    if arguments.stable {
        hostile(arguments, arguments.inputs.unwrap_or(HOSTILE_OF_CI))?;
        return properties(DRAWS_OF_CI);
    }
    let is_chosen = |target: &&Target| {
        arguments
            .target
            .as_deref()
            .is_none_or(|name| name == target.name)
    };
    let chosen: Vec<&Target> = TARGETS.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        bail!("no such target; there are {}", names.join(", "));
    }
    let bolero = bolero()?;
    for target in chosen {
        println!("fuzz: {}", target.name);
        guide(&bolero, target, budget(arguments))?;
    }
    Ok(())
}

// Limit: 600,000 events take about two minutes on two cores, and 20,000 draws of each of some
// twenty properties as long again: a million inputs in four minutes.
const HOSTILE_OF_CI: u64 = 600_000;
const DRAWS_OF_CI: u64 = 20_000;

/// The run that every change must pass.
pub(crate) fn run_stable() -> Result<Vec<Skip>> {
    let mut fuzz = project::fuzz()?;
    project::run(fuzz.args(["hostile", "--inputs", &HOSTILE_OF_CI.to_string()]))?;
    properties(DRAWS_OF_CI)?;
    guided_briefly()
}

/// What one target may do.
#[derive(Clone, Copy)]
enum Budget {
    Seconds(u64),
    Inputs(u64),
}

fn budget(arguments: &Arguments) -> Budget {
    arguments
        .inputs
        .map_or(Budget::Seconds(arguments.seconds), Budget::Inputs)
}

/// Enough to see that the command works: an option that the tool does not know ends it at once.
const GUIDED_OF_CI: Budget = Budget::Seconds(10);

/// One target that coverage guides, for a moment; a machine that cannot have the tool says so.
fn guided_briefly() -> Result<Vec<Skip>> {
    let bolero = match bolero() {
        Ok(bolero) => bolero,
        Err(error) => {
            return Ok(vec![Skip {
                name: "a target that coverage guides".to_owned(),
                reason: format!("{error:#}"),
            }]);
        }
    };
    for target in TARGETS.iter().filter(|target| target.name == "pairs") {
        guide(&bolero, target, GUIDED_OF_CI)?;
    }
    Ok(Vec::new())
}

fn hostile(arguments: &Arguments, inputs: u64) -> Result<()> {
    let mut fuzz = project::fuzz()?;
    fuzz.args(["hostile", "--inputs", &inputs.to_string()]);
    fuzz.args(["--seed", &arguments.seed.to_string()]);
    if let Some(corpus) = &arguments.corpus {
        fuzz.arg("--corpus").arg(corpus);
    }
    project::run(&mut fuzz)
}

/// Draws each property's inputs many times more often than the tests do.
fn properties(draws: u64) -> Result<()> {
    let mut cargo = project::cargo();
    cargo.env("BOLERO_RANDOM_ITERATIONS", draws.to_string());
    // Limit: an hour; the count of draws is what ends a property.
    cargo.env("BOLERO_RANDOM_TEST_TIME_MS", "3600000");
    cargo.args(["test", "--quiet", "--lib", "--profile", "desk"]);
    cargo.args(["--package", EVENT, "--package", ENGINE, "--"]);
    project::run(cargo.args(["any", "whatever", "nothing", "vectors", "short", "linear"]))
}

/// The tool that guides by coverage, installed if it is not here.
fn bolero() -> Result<PathBuf> {
    let folder = project::root().join(".tools/bolero");
    let program = folder.join("bin/cargo-bolero");
    if !program.exists() {
        println!("tools: {BOLERO}: installing, two minutes");
        // The engine is C++, and is built with each target.
        debian::need("c++", &["g++"])?;
        let mut install = bounded("cargo");
        install.args(["install", BOLERO, "--locked", "--no-default-features"]);
        install
            .args(["--features", "libfuzzer", "--root"])
            .arg(&folder);
        quiet(&mut install).with_context(|| {
            format!("{BOLERO} is needed to guide by coverage; --stable runs without it")
        })?;
    }
    Ok(program)
}

fn guide(program: &PathBuf, target: &Target, budget: Budget) -> Result<()> {
    let folder = project::target().join("fuzz");
    let mut bolero = Command::new(program);
    bolero.current_dir(project::root());
    // The desk's profile, but for what coverage needs: one unit, and checks that release has not.
    bolero.env("CARGO_PROFILE_FUZZ_INHERITS", "desk");
    bolero.env("CARGO_PROFILE_FUZZ_CODEGEN_UNITS", "1");
    bolero.env("CARGO_PROFILE_FUZZ_DEBUG_ASSERTIONS", "true");
    bolero.env_remove("CARGO_TARGET_DIR");
    bolero.args(["bolero", "test", "--engine", "libfuzzer"]);
    // The engine's instruments are open to nightly compilers alone, unless one insists.
    bolero.args(["--rustc-bootstrap", "--sanitizer", "NONE"]);
    bolero.args(["--package", target.package, "--target-dir"]);
    bolero.arg(folder.join("build"));
    for (option, kind) in [("--corpus-dir", "corpus"), ("--crashes-dir", "crashes")] {
        bolero.arg(option).arg(folder.join(kind).join(target.name));
    }
    match budget {
        Budget::Inputs(inputs) => bolero.args(["--runs", &inputs.to_string()]),
        Budget::Seconds(seconds) => bolero.args(["-T", &format!("{seconds}s")]),
    };
    project::run(bolero.arg(target.test))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::TARGETS;
    use crate::project;

    #[test]
    fn every_target_is_a_test_that_is_there() {
        for target in TARGETS {
            let package = target.package.trim_start_matches("credenza-");
            let mut path: Vec<&str> = target.test.split("::").collect();
            let test = path.pop().unwrap();
            path.retain(|module| *module != "tests");
            let place = path.join("/");
            let folder = project::root().join("extension").join(package).join("src");
            let files = ["{}.rs", "{}/mod.rs", "{}/tests.rs"];
            let found = files.iter().any(|file| {
                let file = folder.join(file.replace("{}", &place));
                fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {test}(")))
            });
            assert!(found, "{}: {}", target.name, target.test);
        }
    }
}
