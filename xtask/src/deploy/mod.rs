//! The ways in: each folder of `deploy/` held to the rules of its own tool.
//! It never reaches a cloud: what has to be deployed is deployed to an emulator on loopback.
//!
//! What comes out of a template is a function's configuration; `functions.json` holds those of all
//! ways, and the acceptance tests start a function with each.
mod attach;
mod emulator;
mod fleet;
mod kit;
mod parcels;
mod stacks;
mod templates;
mod terraform;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::layer::{self, Architecture};
use crate::project;
use crate::skips::{self, Skip};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the ways whose name holds this word.
    #[arg(long)]
    only: Option<String>,
}

/// One way in, and how it is proved.
struct Way {
    name: &'static str,
    /// Gives the functions that come out.
    prove: fn(&Bench) -> Result<Vec<Value>>,
}

const WAYS: [Way; 14] = [
    Way {
        name: "publish",
        prove: emulator::publish,
    },
    Way {
        name: "sam",
        prove: |bench| templates::sam(bench, "sam"),
    },
    Way {
        name: "web-adapter",
        prove: |bench| templates::sam(bench, "web-adapter"),
    },
    Way {
        name: "datadog",
        prove: |bench| templates::sam(bench, "datadog"),
    },
    Way {
        name: "os-only",
        prove: |bench| templates::sam(bench, "os-only"),
    },
    Way {
        name: "cloudformation",
        prove: emulator::cloudformation,
    },
    Way {
        name: "cli",
        prove: emulator::cli,
    },
    Way {
        name: "attach",
        prove: attach::prove,
    },
    Way {
        name: "cdk",
        prove: templates::cdk,
    },
    Way {
        name: "serverless",
        prove: |bench| templates::serverless(bench, kit::Kit::Serverless),
    },
    Way {
        name: "osls",
        prove: |bench| templates::serverless(bench, kit::Kit::Osls),
    },
    Way {
        name: "terraform",
        prove: terraform::prove,
    },
    Way {
        name: "fleet",
        prove: fleet::prove,
    },
    Way {
        name: "image",
        prove: templates::image,
    },
];

/// A place to work in, outside of the tracked folders.
struct Bench {
    /// A copy of `deploy/`, beside which `target/layer` is where the templates expect it.
    deploy: PathBuf,
    logs: PathBuf,
}

impl Bench {
    /// A fresh copy of the kit, with layer zips beside it.
    fn new() -> Result<Self> {
        let root = project::target().join("deploy");
        let deploy = root.join("project/deploy");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        copy(&project::root().join("deploy"), &deploy)?;
        let layers = root.join("project/target/layer");
        fs::create_dir_all(&layers)?;
        for architecture in Architecture::ALL {
            let name = format!("credenza-layer-{}.zip", architecture.name());
            let zip = project::target().join("layer").join(&name);
            if zip.exists() {
                fs::copy(zip, layers.join(name))?;
            }
        }
        let logs = root.join("logs");
        fs::create_dir_all(&logs)?;
        Ok(Self { deploy, logs })
    }

    /// A folder of the copied kit.
    fn folder(&self, way: &str) -> PathBuf {
        self.deploy.join(way)
    }

    /// Runs a command; its output goes to a log whose end is told when it fails.
    fn run(&self, what: &str, command: &mut Command) -> Result<String> {
        let spelled = format!("{command:?}");
        let output = command
            .output()
            .with_context(|| format!("cannot start {spelled}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        let log = self.logs.join(format!("{what}.log"));
        fs::write(&log, format!("{spelled}\n{said}\n{complained}"))?;
        let last: Vec<&str> = said.lines().chain(complained.lines()).collect();
        let last = last
            .get(last.len().saturating_sub(12)..)
            .unwrap_or_default();
        ensure!(
            output.status.success(),
            "{what} ended with {} (all of it in {}):\n{}",
            output.status,
            log.display(),
            last.join("\n")
        );
        Ok(said)
    }
}

/// What comes of a way, as `credenza doctor` sees it: nothing wrong, and nothing in doubt.
fn doctor(bench: &Bench, way: &str, outcome: &Path) -> Result<()> {
    let mut doctor = Command::new(project::desk("credenza"));
    let said = bench.run(&format!("{way}-doctor"), doctor.arg("doctor").arg(outcome))?;
    ensure!(
        said.contains("the layer is attached"),
        "the doctor of {way} sees no layer:\n{said}"
    );
    Ok(())
}

/// Copies a folder, without what tools have left in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let target = to.join(&name);
        if path.is_dir() {
            if name != "node_modules" && name != "__pycache__" {
                copy(&path, &target)?;
            }
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// The function of a way, as the acceptance tests read it: `Configuration` has the names of
/// `get-function-configuration`.
fn function(way: &str, name: &str, configuration: &Value) -> Value {
    json!({ "way": way, "name": name, "configuration": configuration })
}

/// Proves every way, then starts a function with each configuration that came out.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let skips = prove(arguments.only.as_deref())?;
    let file = fs::read_to_string(functions_file())?;
    if file == "[]" {
        // What was asked for deploys no function.
        skips::print(&skips);
        return Ok(());
    }
    let mut cargo = project::cargo();
    cargo.args([
        "test",
        "--package",
        "credenza-tests",
        "--test",
        "acceptance",
    ]);
    project::run(cargo.args(["--", "--nocapture", "ways_in::"]))?;
    skips::print(&skips);
    Ok(())
}

/// Puts the parcels of a folder through the emulator; gives the folder of what came out of it, or
/// why there is no emulator.
pub(crate) fn emulated(folder: &Path) -> Result<Result<PathBuf, Skip>> {
    kit::install()?;
    if let Some(skip) = kit::obstacle("fleet") {
        return Ok(Err(skip));
    }
    let logs = folder.join("logs");
    fs::create_dir_all(&logs)?;
    let bench = Bench {
        deploy: project::root().join("deploy"),
        logs,
    };
    let emulator = emulator::Emulator::start(&bench)?;
    parcels::through(&bench, &emulator, folder).map(Ok)
}

/// What came out of the templates, for the acceptance tests.
fn functions_file() -> PathBuf {
    project::target().join("deploy/functions.json")
}

/// Proves every way; the functions are started by the tests.
pub(crate) fn prove_all() -> Result<Vec<Skip>> {
    prove(None)
}

fn prove(only: Option<&str>) -> Result<Vec<Skip>> {
    let missing = Architecture::ALL.into_iter().filter(|architecture| {
        let name = format!("credenza-layer-{}.zip", architecture.name());
        !project::target().join("layer").join(name).exists()
    });
    let missing: Vec<Architecture> = missing.collect();
    let mut skips = layer::produce(&missing, false)?;
    skips.extend(kit::install()?);
    let mut build = project::cargo();
    project::run(build.args(["build", "--profile", "desk", "--package", "credenza"]))?;
    let bench = Bench::new()?;
    let (mut functions, mut failures) = (Vec::new(), Vec::new());
    for way in &WAYS {
        if only.is_some_and(|only| !way.name.contains(only)) {
            continue;
        }
        let begun = Instant::now();
        if let Some(skip) = kit::obstacle(way.name) {
            skips.push(skip);
            continue;
        }
        match (way.prove)(&bench) {
            Ok(own) => {
                let took = begun.elapsed().as_secs_f32();
                println!(
                    "deploy: {:<16} ok, {} functions, {took:.0} s",
                    way.name,
                    own.len()
                );
                functions.extend(own);
            }
            Err(error) => {
                println!("deploy: {:<16} FAILED", way.name);
                failures.push(format!("{}: {error:#}", way.name));
            }
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    fs::write(functions_file(), serde_json::to_string_pretty(&functions)?)?;
    Ok(skips)
}
