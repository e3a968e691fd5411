//! Recall and false alarms on the development corpus, which lies outside the project.
//! It never copies an item of the corpus into the project.
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::project;
use crate::skips::{self, Skip};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the corpus lies.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Bars, as the scorer spells them.
    #[arg(long, default_value = GATES)]
    gate: String,
    /// The classes whose attacks count.
    #[arg(long, default_value = CLASSES)]
    only: String,
}

/// What the SQL rule must reach: recall and evasion from below, false alarms from above, percent.
const GATES: &str = "recall=93,core=0.05,hard=0.5,evasion=93";

/// The classes for which there is a rule.
const CLASSES: &str = "sqli";

const FILES: [&str; 4] = [
    "attacks.jsonl",
    "benign.jsonl",
    "evasion.jsonl",
    "events_dev.jsonl",
];

/// Where the corpus lies unless told otherwise.
fn corpus_default() -> PathBuf {
    project::root().join("../shared/corpus")
}

/// Scores the engine; a missing corpus is a skip.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let corpus = arguments.corpus.clone().unwrap_or_else(corpus_default);
    skips::print(score(&corpus, &arguments.only, &arguments.gate)?.as_slice());
    Ok(())
}

/// Scores the engine against the bars of the house.
pub(crate) fn score_default() -> Result<Vec<Skip>> {
    Ok(score(&corpus_default(), CLASSES, GATES)?
        .into_iter()
        .collect())
}

fn score(corpus: &Path, classes: &str, gates: &str) -> Result<Option<Skip>> {
    if let Some(skip) = missing(corpus) {
        return Ok(Some(skip));
    }
    project::run(project::cargo().args(["build", "--profile", "desk", "--package", "credenza"]))?;
    let verdicts = judge(corpus)?;
    let mut score = Command::new("python3");
    score.arg(corpus.join("score.py")).arg(&verdicts);
    project::run(score.args(["--only", classes, "--gate", gates]))?;
    Ok(None)
}

/// Says why the corpus cannot be scored, if it cannot.
fn missing(corpus: &Path) -> Option<Skip> {
    let absent = FILES.iter().find(|file| !corpus.join(file).is_file())?;
    let reason = format!("{absent} is not in {}", corpus.display());
    Some(Skip {
        name: "accuracy".to_owned(),
        reason,
    })
}

/// Lets the CLI judge every item; gives back the file of verdicts.
fn judge(corpus: &Path) -> Result<PathBuf> {
    let folder = project::target().join("accuracy");
    fs::create_dir_all(&folder)?;
    let verdicts = folder.join("verdicts.jsonl");
    let mut wrap = Command::new("python3");
    wrap.arg(corpus.join("wrap.py"))
        .args(FILES.map(|file| corpus.join(file)));
    let mut events = wrap
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start python3")?;
    let pipe = events.stdout.take().context("the events have no pipe")?;
    let mut inspect = Command::new(project::desk("credenza"));
    inspect
        .args(["inspect", "--jsonl", "-"])
        .stdin(pipe)
        .stdout(File::create(&verdicts)?);
    let status = inspect.status().context("cannot start credenza inspect")?;
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("credenza inspect ended with {status}");
    }
    let wrapped = events.wait()?;
    if !wrapped.success() {
        bail!("wrap.py ended with {wrapped}");
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{GATES, missing};
    use crate::project;

    #[test]
    fn a_corpus_that_is_not_there_is_a_skip_with_its_place() {
        let skip = missing(Path::new("/nonexistent")).unwrap();
        assert_eq!(skip.name, "accuracy");
        assert!(skip.reason.contains("/nonexistent"), "{}", skip.reason);
    }

    /// The bars in `GATES`, by name.
    fn bar(name: &str) -> &'static str {
        let bars = GATES.split(',').filter_map(|bar| bar.split_once('='));
        bars.filter(|(found, _)| *found == name)
            .map(|(_, bar)| bar)
            .next()
            .unwrap()
    }

    #[test]
    fn the_promised_accuracy_is_what_every_run_demands() {
        let text = std::fs::read_to_string(project::root().join("SPECIFICATION.md")).unwrap();
        let promise = text.lines().find(|line| line.contains("corpus")).unwrap();
        for spelled in [
            format!("at least {} % of its attacks", bar("recall")),
            format!("{} % of the evaded ones", bar("evasion")),
            format!("at most {} % of ordinary benign texts", bar("core")),
            format!("{} % of the hard ones", bar("hard")),
        ] {
            assert!(
                promise.contains(&spelled),
                "{spelled:?} is not in: {promise}"
            );
        }
    }
}
