//! The scoreboard: recall and false alarms on a corpus that lies outside the project, beside peers.
//! It never copies an item of the corpus into the project.
mod board;
mod corpus;
mod figures;
mod floors;
mod judge;
mod page;
mod peers;

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::skips::{self, Skip};
use crate::{project, tree};
use board::{Board, Peer, Samples};
use corpus::Corpus;
use figures::{Figures, Share, at_place};
use judge::{Judge, Verdicts};

pub(crate) use floors::{FILE as FLOORS, loosened};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the corpus lies; floors are demanded on the development corpus only.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Peers to install and measure: libddwaf, libinjection.
    #[arg(long, value_delimiter = ',')]
    against: Vec<String>,
    /// Raises the floors to what was measured, and writes the tables.
    #[arg(long)]
    update: bool,
    /// Writes the tables of docs/accuracy.md.
    #[arg(long)]
    tables: bool,
}

/// The places at which the same values are judged.
const PLACES: [&str; 7] = [
    "query",
    "body_json",
    "body_form",
    "header",
    "cookie",
    "path",
    "key",
];

/// Where the corpus lies unless told otherwise.
fn corpus_default() -> PathBuf {
    project::root().join("../shared/corpus")
}

/// The sample events of AWS's own libraries.
fn samples_default() -> PathBuf {
    project::root().join("../shared/events")
}

/// Judges, prints, and demands or raises the floors; a missing corpus is a skip.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = arguments.corpus.clone().unwrap_or_else(corpus_default);
    let mut skipped = Vec::new();
    if let Some(skip) = missing(&folder) {
        skips::print(&[skip]);
        return Ok(());
    }
    let board = measure(&folder, &arguments.against, &mut skipped)?;
    board.print();
    println!();
    if arguments.update {
        floors::update(&board)?;
    }
    if arguments.update || arguments.tables {
        page::write(&board, &floors::read()?)?;
    }
    if arguments.corpus.is_none() {
        floors::demand(&board)?;
    } else {
        println!("no floor is demanded of a corpus that is named");
    }
    skips::print(&skipped);
    Ok(())
}

/// The part that every change must pass: all figures of ours, without measuring peers.
pub(crate) fn score_default() -> Result<Vec<Skip>> {
    let folder = corpus_default();
    if let Some(skip) = missing(&folder) {
        return Ok(vec![skip]);
    }
    let mut skipped = Vec::new();
    let board = measure(&folder, &[], &mut skipped)?;
    board.print();
    floors::demand(&board)?;
    Ok(skipped)
}

/// Says why the corpus cannot be scored, if it cannot.
fn missing(folder: &Path) -> Option<Skip> {
    let absent = Corpus::missing(folder)?;
    Some(Skip {
        name: "accuracy".to_owned(),
        reason: format!("{absent} is not in {}", folder.display()),
    })
}

fn measure(folder: &Path, against: &[String], skipped: &mut Vec<Skip>) -> Result<Board> {
    project::run(project::cargo().args(["build", "--profile", "desk", "--package", "credenza"]))?;
    let corpus = Corpus::read(folder)?;
    let credenza = project::desk("credenza");
    let judge = Judge::ours(credenza.clone());
    eprintln!("judging {} items", corpus.items().count());
    let verdicts = judge.judge(folder, corpus.files(), None)?;
    let ours = Figures::of(&corpus, &verdicts);
    confirm(&corpus, &verdicts, &ours)?;
    eprintln!(
        "judging the attacks once more at each of {} places",
        PLACES.len()
    );
    let places = at_places(&judge, &corpus)?;
    let samples = samples(&judge, &samples_default())?;
    if samples.is_none() {
        skipped.push(Skip {
            name: "sample events".to_owned(),
            reason: format!("{} is not there", samples_default().display()),
        });
    }
    Ok(Board {
        ours,
        places,
        samples,
        peers: compared(&corpus, against, skipped)?,
        rules: rules(&credenza)?,
    })
}

/// The attacks at every place, of those that every place can carry.
fn at_places(judge: &Judge, corpus: &Corpus) -> Result<Vec<(&'static str, Share)>> {
    let judged = PLACES.map(|place| {
        let verdicts = judge.judge(&corpus.folder, &[corpus.attacks()], Some(place));
        verdicts.map(|verdicts| (place, verdicts))
    });
    let judged: Vec<(&str, Verdicts)> = judged.into_iter().collect::<Result<_>>()?;
    let attacks = corpus.values.iter().map(|item| item.id.as_str());
    let everywhere: HashSet<&str> = attacks
        .filter(|id| judged.iter().all(|(_, seen)| seen.contains_key(*id)))
        .collect();
    let shares = judged.iter();
    Ok(shares
        .map(|(place, seen)| (*place, at_place(corpus, seen, &everywhere)))
        .collect())
}

/// Each sample event as it is; a file that is no JSON cannot be a line, and is counted.
fn samples(judge: &Judge, folder: &Path) -> Result<Option<Samples>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let files = tree::paths(folder)?.into_iter();
    let files = files.filter(|path| Path::new(path).extension().is_some_and(|it| it == "json"));
    let mut samples = Samples::default();
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(folder.join(&file)).unwrap_or_default();
        if serde_json::from_str::<Value>(&text).is_err() {
            samples.unreadable += 1;
            continue;
        }
        // Line breaks stand between tokens only; the bytes of every text stay as they are.
        let event = text.replace(['\r', '\n'], " ");
        let id = Value::String(file);
        lines.push(format!("{{\"id\":{id},\"event\":{event}}}"));
    }
    samples.events = lines.len();
    for (id, verdict) in judge
        .judge_lines(lines)?
        .into_iter()
        .collect::<BTreeMap<_, _>>()
    {
        if verdict.blocks {
            samples.blocked.push(id);
        } else if verdict.flags {
            samples.flagged.push(id);
        }
    }
    Ok(Some(samples))
}

/// The peers: those that are asked for are measured, the others are shown as recorded.
fn compared(corpus: &Corpus, against: &[String], skipped: &mut Vec<Skip>) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for name in against {
        let judge = match peers::installed(name) {
            Ok(judge) => judge,
            Err(error) if peers::NAMES.contains(&name.as_str()) => {
                skipped.push(Skip {
                    name: name.clone(),
                    reason: format!("{error:#}"),
                });
                continue;
            }
            Err(error) => return Err(error),
        };
        eprintln!("judging all of it with {name}");
        let verdicts = judge.judge(&corpus.folder, corpus.files(), None)?;
        peers.push(Peer {
            name: name.clone(),
            figures: Figures::of(corpus, &verdicts),
            places: at_places(&judge, corpus)?,
            from: "measured in this run, from Python".to_owned(),
        });
    }
    for (name, figures) in peers::recorded(&corpus.folder)? {
        if !peers.iter().any(|peer| peer.name == name) {
            let from = "not measured here; the figures that the corpus records".to_owned();
            let places = Vec::new();
            peers.push(Peer {
                name,
                figures,
                places,
                from,
            });
        }
    }
    Ok(peers)
}

/// The rules of the registry by the class that they name.
fn rules(credenza: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let listed = project::output(Command::new(credenza).args(["rules", "--format", "json"]))?;
    let listed: Value = serde_json::from_str(&listed).context("the rules are no JSON")?;
    let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in listed
        .get("rules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
        let named = rules.entry(text("class").to_owned()).or_default();
        named.push(text("rule").to_owned());
    }
    Ok(rules)
}

/// Lets the scorer of the corpus count the same verdicts: it stays the judge.
fn confirm(corpus: &Corpus, verdicts: &Verdicts, ours: &Figures) -> Result<()> {
    let file = project::target().join("accuracy/verdicts.jsonl");
    write_verdicts(&file, verdicts)?;
    let mut scorer = Command::new("python3");
    scorer.arg(corpus.folder.join("score.py")).arg(&file);
    scorer.arg("--corpus").arg(&corpus.folder);
    scorer.args(["--peers", "none", "--json"]);
    let answer: Value = serde_json::from_str(&project::output(&mut scorer)?)
        .context("the scorer of the corpus gave no JSON")?;
    let column = answer
        .as_object()
        .and_then(|columns| columns.values().next());
    let column = column.context("the scorer of the corpus gave no figures")?;
    let differences = peers::differences(ours, &peers::read(column));
    if !differences.is_empty() {
        bail!(
            "the scorer of the corpus counts otherwise: {}",
            differences.join("; ")
        );
    }
    println!("the scorer of the corpus counts the same");
    Ok(())
}

fn write_verdicts(file: &Path, verdicts: &Verdicts) -> Result<()> {
    use std::io::Write as _;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = std::io::BufWriter::new(File::create(file)?);
    let sorted: BTreeMap<_, _> = verdicts.iter().collect();
    for (id, verdict) in sorted {
        let word = match (verdict.blocks, verdict.flags) {
            (true, _) => "block",
            (false, true) => "flag",
            (false, false) => "pass",
        };
        let line = serde_json::json!({ "id": id, "verdict": word });
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::missing;

    #[test]
    fn a_corpus_that_is_not_there_is_a_skip_with_its_place() {
        let skip = missing(Path::new("/nonexistent")).unwrap();
        assert_eq!(skip.name, "accuracy");
        assert!(skip.reason.contains("/nonexistent"), "{}", skip.reason);
    }
}
