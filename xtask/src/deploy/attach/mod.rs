//! `credenza attach` and `detach` over two hundred functions of an emulator: what is planned is
//! what happens, what was there comes back, and a run that is ended in the middle goes on.
//! It never asks the tool what is right: what is to become of each kind stands in a table.
mod account;
mod kinds;
mod signature;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::emulator::Emulator;
use crate::project;
use account::{Api, arns, populate};
use kinds::{Becomes, KINDS, kind_of, name_of, variables};

/// How many functions there are.
const FUNCTIONS: usize = 200;
const REGION: &str = "eu-west-1";

/// The tool, pointed at the emulator.
struct Tool<'a> {
    program: PathBuf,
    endpoint: &'a str,
    journal: PathBuf,
}

impl Tool<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().args(words).args(["--region", REGION]);
        command.args(["--endpoint-url", self.endpoint, "--rate", "5000"]);
        command
            .args(["--format", "json"])
            .arg("--journal")
            .arg(&self.journal);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env(name, "testing");
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs it; gives what it says of each function.
    fn run(&self, words: &[&str]) -> Result<BTreeMap<String, Value>> {
        let output = self.command(words).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let told: Value = serde_json::from_str(&said).with_context(|| {
            let complained = String::from_utf8_lossy(&output.stderr);
            format!("{words:?} said {said} and {complained}")
        })?;
        let functions = told["functions"].as_array().cloned().unwrap_or_default();
        let named = functions.into_iter().map(|one| {
            let name = one["function"].as_str().unwrap_or_default().to_owned();
            (name, one)
        });
        Ok(named.collect())
    }

    /// Begins it, ends it in the middle as if the power went off, and so again and again until one
    /// run comes to its end; gives how many did not.
    fn run_with_crashes(&self, words: &[&str]) -> Result<usize> {
        for crashes in 0..FUNCTIONS {
            let mut child = self.command(words).stdout(Stdio::null()).spawn()?;
            // So many lines of the journal are written before the end: the next numbers of a
            // generator that never repeats within the loop.
            let lines = 1 + (crashes * 37 + 17) % 61;
            if ends_before(&mut child, &self.journal, lines)? {
                return Ok(crashes);
            }
            child.kill()?;
            child.wait()?;
        }
        bail!("{FUNCTIONS} runs did not come to their end");
    }
}

/// Whether a run ends before the journal has grown by so many lines.
fn ends_before(child: &mut Child, journal: &Path, lines: usize) -> Result<bool> {
    let count = || fs::read_to_string(journal).map_or(0, |text| text.lines().count());
    let begun = count();
    while count() < begun + lines {
        if let Some(status) = child.try_wait()? {
            // Some functions are left, so the run ends with 1.
            ensure!(
                status.code() != Some(2),
                "a run after a crash ended with {status}"
            );
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(false)
}

/// What a function is to be after `attach`.
fn expected(api: &Api<'_>, at: usize, before: &Value) -> Value {
    let kind = kind_of(at);
    let Becomes::Attached(set) = kind.becomes else {
        return before.clone();
    };
    let ours = match kind.architecture {
        "arm64" => &api.layers["credenza-arm64"],
        _ => &api.layers["credenza-x86-64"],
    };
    let mut after = before.clone();
    let old = &api.layers["credenza-x86-64-old"];
    let mut arns: Vec<String> = arns(before);
    match arns.iter_mut().find(|arn| *arn == old) {
        Some(arn) => arn.clone_from(ours),
        None => arns.push(ours.clone()),
    }
    after["Layers"] = json!(arns);
    let mut all = variables(kind);
    all.extend(
        set.iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value))),
    );
    after["Environment"] = json!({ "Variables": all });
    after
}

/// All is as it is to be after `attach`.
fn is_attached(
    api: &Api<'_>,
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Result<()> {
    for at in 0..FUNCTIONS {
        let name = name_of(at);
        let wanted = expected(api, at, &before[&name]);
        let mut found = after[&name].clone();
        if matches!(kind_of(at).becomes, Becomes::Attached(_)) {
            found["Layers"] = json!(arns(&found));
        }
        ensure!(found == wanted, "{name} is {found}, and should be {wanted}");
    }
    Ok(())
}

/// What was said of each function is what the table says.
fn is_planned(told: &BTreeMap<String, Value>, fates: bool) -> Result<()> {
    ensure!(
        told.len() == FUNCTIONS,
        "{} functions are told of",
        told.len()
    );
    for at in 0..FUNCTIONS {
        let name = name_of(at);
        let one = &told[&name];
        let (step, fate, word) = match kind_of(at).becomes {
            Becomes::Attached(_) => ("attach", "done", ""),
            Becomes::Kept => ("keep", "kept", ""),
            Becomes::Left(word) => ("leave", "left", word),
        };
        let why = one["why"].as_str().unwrap_or_default();
        ensure!(one["step"] == step && why.contains(word), "{name}: {one}");
        let is_there = if fates {
            one["fate"]["outcome"] == fate
        } else {
            one["fate"].is_null()
        };
        ensure!(is_there, "{name}: {one}");
    }
    Ok(())
}

fn is_same(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Result<()> {
    for (name, was) in before {
        let is = &after[name];
        // To the byte: two texts, and not two values.
        let (was, is) = (was.to_string(), is.to_string());
        ensure!(was == is, "{name} was {was}, and is {is}");
    }
    Ok(())
}

/// Plans, attaches, detaches, and does it again with runs that are ended in the middle.
pub(super) fn prove(bench: &Bench) -> Result<Vec<Value>> {
    // The same set as the tests build, so that nothing is built twice.
    let mut cargo = project::cargo();
    cargo.args(["build", "--quiet", "--profile", "desk", "--bins"]);
    cargo.args([
        "--package",
        "credenza",
        "--package",
        "credenza-demo-function",
    ]);
    project::run(&mut cargo)?;
    let emulator = Emulator::start(bench)?;
    let layers = populate(bench, &emulator)?;
    let api = Api {
        address: &emulator.endpoint,
        layers,
    };
    let mut tool = Tool {
        program: project::target().join("desk/credenza"),
        endpoint: &emulator.endpoint,
        journal: bench.logs.join("attach-whole.jsonl"),
    };
    let (before, listed) = (api.all()?, api.listed()?);
    is_planned(&tool.run(&["attach", "--all", "--chain"])?, false)?;
    filters(&tool)?;
    is_same(&listed, &api.listed()?).context("a plan changed something")?;
    is_planned(&tool.run(&["attach", "--all", "--chain", "--yes"])?, true)?;
    let attached = api.listed()?;
    is_attached(&api, &before, &api.all()?)?;
    tool.run(&["detach", "--all", "--yes"])?;
    is_same(&before, &api.all()?).context("detach")?;
    tool.journal = bench.logs.join("attach-crashes.jsonl");
    let one = tool.run_with_crashes(&["attach", "--all", "--chain", "--yes"])?;
    is_same(&attached, &api.listed()?).context("attach with crashes")?;
    let other = tool.run_with_crashes(&["detach", "--all", "--yes"])?;
    is_same(&before, &api.all()?).context("detach with crashes")?;
    ensure!(one > 0 && other > 0, "no run was ended in the middle");
    let policy = format!(
        "file://{}",
        bench.folder("cli").join("policy.json").display()
    );
    let mut aws = emulator.aws();
    aws.args(["iam", "create-policy", "--policy-name", "attach"]);
    bench.run("attach-policy", aws.args(["--policy-document", &policy]))?;
    signature::prove(bench, &tool.program)?;
    println!("deploy: attach: {FUNCTIONS} functions, {one} and {other} runs ended in the middle");
    Ok(Vec::new())
}

/// Names, prefixes, tags and exceptions choose what they say.
fn filters(tool: &Tool<'_>) -> Result<()> {
    let count = |words: &[&str]| Ok::<usize, anyhow::Error>(tool.run(words)?.len());
    let of_kind = FUNCTIONS / KINDS.len();
    let cases: [(&[&str], usize); 5] = [
        (&["attach", "--prefix", "python-"], of_kind),
        (
            &["attach", "--all", "--except", "python-*"],
            FUNCTIONS - of_kind,
        ),
        (&["attach", "--tag", "team=even"], FUNCTIONS / 2),
        (&["attach", "--prefix", "layered-", "--unmanaged"], of_kind),
        (
            &[
                "attach",
                &name_of(0),
                &name_of(1),
                "nobody",
                "python-000:live",
            ],
            4,
        ),
    ];
    for (words, wanted) in cases {
        let found = count(words)?;
        ensure!(
            found == wanted,
            "{words:?} chose {found} functions, and not {wanted}"
        );
    }
    let owned = tool.run(&["attach", "--prefix", "layered-", "--unmanaged"])?;
    let is_left = |one: &Value| one["step"] == "leave" && one["owner"]["stack"] == "shop";
    ensure!(
        owned.values().all(is_left),
        "a stack's functions: {owned:?}"
    );
    Ok(())
}
