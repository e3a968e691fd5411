//! The gate of instruction counts: what inspecting a few fixed events may cost.
//! It never measures time, so it says the same on a busy machine as on an idle one.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{programs, touched};
use crate::layer::Source;
use crate::skips::Skip;
use crate::{debian, project};

/// By how much a count may exceed its budget.
// Limit: 2 %. Two runs of one program differ by less than 0.1 %; another patch release of the
// compiler moves counts by about 1 %.
const TOLERANCE_PERCENT: u64 = 2;

/// How often an event is inspected between the two runs that are compared.
const TIMES: u64 = 10;

/// Counts, prints, and compares with the budgets; a machine without valgrind gives a skip.
pub(crate) fn gate(update: bool) -> Result<Option<Skip>> {
    if let Err(error) = debian::need("valgrind", &["valgrind"]) {
        return Ok(Some(Skip {
            name: "instruction counts".to_owned(),
            reason: format!("{error:#}"),
        }));
    }
    let folder = programs("credenza-bench", &Source::here())?;
    let program = folder.join("credenza-bench-instructions");
    let mut counts = BTreeMap::new();
    for name in project::output(&mut Command::new(&program))?.lines() {
        let once = count(&program, name, 1)?;
        let often = count(&program, name, 1 + TIMES)?;
        counts.insert(name.to_owned(), often.saturating_sub(once) / TIMES);
    }
    if update {
        let file = budgets_file();
        fs::write(&file, spell(&counts))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let budgets = read(&fs::read_to_string(budgets_file()).context("there are no budgets yet")?);
    let breaches = compare(&counts, &budgets);
    if !breaches.is_empty() {
        bail!("instruction counts: {}", breaches.join("; "));
    }
    touched::gate()?;
    Ok(None)
}

fn budgets_file() -> PathBuf {
    project::root().join("xtask/instructions.toml")
}

/// The instructions of one whole run.
fn count(program: &Path, name: &str, times: u64) -> Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(program).args([name, &times.to_string()]);
    let output = valgrind.output().context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!(
            "{} ended with {}: {said}",
            project::spelling(&valgrind),
            output.status
        );
    }
    collected(&said).with_context(|| format!("callgrind counted nothing: {said}"))
}

/// The count in what callgrind says at its end.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Prints each count beside its budget; gives back those that break it.
fn compare(counts: &BTreeMap<String, u64>, budgets: &BTreeMap<String, u64>) -> Vec<String> {
    let mut breaches = Vec::new();
    println!("{:<22}{:>14}{:>14}", "instructions", "counted", "budget");
    for (name, &counted) in counts {
        let budget = budgets.get(name).copied();
        let spelled = budget.map_or_else(|| "none".to_owned(), |budget| budget.to_string());
        println!("{name:<22}{counted:>14}{spelled:>14}");
        match budget {
            None => breaches.push(format!("{name} has no budget")),
            Some(budget) if counted > budget + budget * TOLERANCE_PERCENT / 100 => {
                breaches.push(format!("{name} takes {counted}, its budget is {budget}"));
            }
            Some(_) => {}
        }
    }
    for name in budgets.keys().filter(|name| !counts.contains_key(*name)) {
        breaches.push(format!("{name} has a budget and no event"));
    }
    breaches
}

fn read(text: &str) -> BTreeMap<String, u64> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .filter_map(|(name, count)| {
            let count = count.trim().replace('_', "");
            Some((name.trim().to_owned(), count.parse().ok()?))
        })
        .collect()
}

fn spell(counts: &BTreeMap<String, u64>) -> String {
    let mut text =
        "# Instructions that inspecting one event or looking through one output takes, counted by \
                    callgrind.\n\
                    # `cargo xtask bench --update` rewrites this file; say in the change why.\n"
            .to_owned();
    for (name, count) in counts {
        // Writing to a string cannot fail.
        writeln!(text, "{name} = {count}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{collected, compare, read, spell};

    fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        pairs
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn two_percent_more_passes_and_three_do_not() {
        let budgets = counts(&[("order", 1_000)]);
        assert!(compare(&counts(&[("order", 1_020)]), &budgets).is_empty());
        let breaches = compare(&counts(&[("order", 1_030)]), &budgets);
        assert_eq!(breaches, ["order takes 1030, its budget is 1000"]);
    }

    #[test]
    fn an_event_without_budget_and_a_budget_without_event_are_breaches() {
        let breaches = compare(&counts(&[("new", 1)]), &counts(&[("old", 1)]));
        assert_eq!(
            breaches,
            ["new has no budget", "old has a budget and no event"]
        );
    }

    #[test]
    fn budgets_are_read_as_they_were_written() {
        let written = counts(&[("order-1k", 12_345), ("prose", 7)]);
        assert_eq!(read(&spell(&written)), written);
    }

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        assert_eq!(
            collected("==7== Events    : Ir\n==7== Collected : 2123456\n"),
            Some(2_123_456)
        );
        assert_eq!(collected("==7== nothing\n"), None);
    }
}
