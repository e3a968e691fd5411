//! A fleet's findings on their way to the lake, and named queries held against a straight count.
//! It never compares with anything that SQL has answered: the count is made where the agent writes.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::{deploy, project, skips};

/// How much.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many findings, at least; there are other records beside them.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Another seed makes another fleet.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

// Limit: SQLite holds some 8 MB of the table and of what it sorts, a row and the buffers are less
// than one, and the program 10; the rest of the table lies in a file of its own.
const MEMORY_MB_MAX: u64 = 64;

/// Makes the fleet, delivers what it says, and asks.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = project::target().join("lake");
    let counted = write(&folder, arguments.records, arguments.seed)?;
    ask_all(&counted, "the lake", &folder.join("lake/records"))?;
    match deploy::emulated(&folder)? {
        Ok(got) => ask_all(&counted, "the emulator's bucket", &got)?,
        Err(skip) => {
            skips::print(&[skip]);
            ask_all(&counted, "parcels", &folder.join("parcels"))?;
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Lets the fleet run; gives what was counted.
pub(crate) fn write(folder: &Path, findings: u64, seed: u64) -> Result<Value> {
    let mut build = project::cargo();
    build.args(["build", "--profile", "desk", "--bins"]);
    project::run(build.args(["--package", "credenza", "--package", "credenza-lake"]))?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let begun = Instant::now();
    let mut fleet = Command::new(project::desk("credenza-lake"));
    fleet.args([
        "--findings",
        &findings.to_string(),
        "--seed",
        &seed.to_string(),
    ]);
    fleet.arg("--into").arg(folder);
    fleet
        .arg("--templates")
        .arg(project::root().join("deploy/fleet"));
    let (said, memory) = measured(&mut fleet)?;
    let took = begun.elapsed().as_secs_f64();
    println!(
        "lake: written in {took:.1} s and {memory} MB: {}",
        said.trim()
    );
    let counted = fs::read_to_string(folder.join("counted.json"))?;
    Ok(serde_json::from_str(&counted)?)
}

/// Asks every named query of a folder, and compares each answer with the count.
pub(crate) fn ask_all(counted: &Value, what: &str, records: &Path) -> Result<()> {
    let questions = counted["questions"].as_object().context("questions")?;
    ensure!(questions.len() == 12, "{} questions", questions.len());
    for (name, question) in questions {
        let begun = Instant::now();
        let sql = question["sql"].as_str();
        let sql = sql.with_context(|| format!("the template does not ask `{name}`"))?;
        let (answer, memory) = ask(sql, records)?;
        same(&answer, question).with_context(|| format!("{what}: {name}"))?;
        let rows = question["rows"].as_array().map_or(0, Vec::len);
        ensure!(
            rows > 0,
            "{name}: nothing was counted, so nothing is proved"
        );
        let took = begun.elapsed().as_secs_f64();
        println!("lake: {what}: {name}: {rows} rows as counted, {took:.1} s, {memory} MB");
        ensure!(memory <= MEMORY_MB_MAX, "{name} took {memory} MB");
    }
    Ok(())
}

/// Asks one; the answer is an object a line.
fn ask(sql: &str, records: &Path) -> Result<(Vec<Value>, u64)> {
    let mut query = Command::new(project::desk("credenza"));
    query.args(["--format", "json", "query", sql]).arg(records);
    let (said, memory) = measured(&mut query)?;
    let rows: serde_json::Result<Vec<Value>> = said.lines().map(serde_json::from_str).collect();
    Ok((rows?, memory))
}

/// Whether an answer has the rows that were counted, in their order.
fn same(answer: &[Value], question: &Value) -> Result<()> {
    let columns = question["columns"].as_array().context("columns")?;
    let rows = question["rows"].as_array().context("rows")?;
    for (number, (told, counted)) in answer.iter().zip(rows).enumerate() {
        let names = told.as_object().map_or(0, serde_json::Map::len);
        ensure!(
            names == columns.len(),
            "columns {told} instead of {columns:?}"
        );
        for (at, column) in columns.iter().enumerate() {
            let (told, counted) = (&told[column.as_str().unwrap_or_default()], &counted[at]);
            let is_same = match (told.as_f64(), counted.as_f64()) {
                (Some(told), Some(counted)) => (told - counted).abs() < 1e-9,
                _ => told == counted,
            };
            ensure!(
                is_same,
                "row {number}: {column} is {told}, and {counted} was counted"
            );
        }
    }
    if answer.len() != rows.len() {
        bail!("{} rows, and {} were counted", answer.len(), rows.len());
    }
    Ok(())
}

/// Runs a program to its end: what it says, and the most memory that it held, in MB.
fn measured(command: &mut Command) -> Result<(String, u64)> {
    let spelled = project::spelling(command);
    let said = tempfile()?;
    let mut child = command
        .stdout(Stdio::from(fs::File::create(&said)?))
        .spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kb = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak_kb = peak_kb.max(peak.unwrap_or(0_u64));
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = fs::read_to_string(&said)?;
    fs::remove_file(said)?;
    ensure!(ended.success(), "{spelled} ended with {ended}");
    Ok((text, peak_kb / 1024))
}

/// A file for what a program says.
fn tempfile() -> Result<PathBuf> {
    let folder = project::target().join("tmp");
    fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("lake-{}.txt", std::process::id())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::same;

    #[test]
    fn an_answer_that_differs_in_anything_is_told() {
        let question = json!({ "columns": ["rule", "hits"], "rows": [["a", 2], ["b", 1.5]] });
        let right = [
            json!({ "rule": "a", "hits": 2 }),
            json!({ "rule": "b", "hits": 1.5 }),
        ];
        assert!(same(&right, &question).is_ok());
        for wrong in [
            vec![json!({ "rule": "a", "hits": 3 }), right[1].clone()],
            vec![right[1].clone(), right[0].clone()],
            vec![right[0].clone()],
            vec![right[0].clone(), right[1].clone(), right[1].clone()],
            vec![json!({ "rule": "a", "hits": null }), right[1].clone()],
            vec![
                json!({ "rule": "a", "hits": 2, "more": 1 }),
                right[1].clone(),
            ],
        ] {
            assert!(same(&wrong, &question).is_err(), "{wrong:?}");
        }
    }
}
