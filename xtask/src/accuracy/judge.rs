//! A judge is a program that reads events, one a line, and answers each with a verdict.
//! It never sees a label.
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// What a judge says of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) blocks: bool,
    /// It blocks, or only reports.
    pub(super) flags: bool,
    pub(super) is_partial: bool,
    /// The classes of what it found.
    pub(super) classes: BTreeSet<String>,
    pub(super) bytes: u64,
    pub(super) nanoseconds: u64,
}

/// What a judge says of many events, by the ids of their items.
pub(super) type Verdicts = HashMap<String, Verdict>;

/// Someone who judges events.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    /// The greatest exit code of a good end.
    code_max: i32,
}

/// How long a judge may be silent before it says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(3);

impl Judge {
    /// The engine of this project, at the desk.
    pub(super) fn ours(program: PathBuf) -> Self {
        Self {
            name: "credenza",
            program,
            arguments: ["inspect", "--jsonl", "-"].map(PathBuf::from).to_vec(),
            // It ends with 1 where it found something.
            code_max: 1,
        }
    }

    /// A script that asks somebody else's engine.
    pub(super) fn script(name: &'static str, python: PathBuf, script: PathBuf) -> Self {
        Self {
            name,
            program: python,
            arguments: vec![script],
            code_max: 0,
        }
    }

    /// Judges what `wrap.py` makes of the files of a corpus, all at `place` if one is given.
    pub(super) fn judge(
        &self,
        corpus: &Path,
        files: &[PathBuf],
        place: Option<&str>,
    ) -> Result<Verdicts> {
        let mut wrap = Command::new("python3");
        wrap.arg(corpus.join("wrap.py"));
        if let Some(place) = place {
            wrap.args(["--place", place]);
        }
        let mut events = wrap
            .args(files)
            .stdout(Stdio::piped())
            // It counts what a place cannot carry; the board says so itself.
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start python3")?;
        let pipe = events.stdout.take().context("the events have no pipe")?;
        let verdicts = self.answers(self.start(pipe.into())?, place)?;
        let wrapped = events.wait()?;
        if !wrapped.success() {
            bail!("wrap.py ended with {wrapped}");
        }
        Ok(verdicts)
    }

    /// Judges events that are given, each a line with its id.
    pub(super) fn judge_lines(&self, lines: Vec<String>) -> Result<Verdicts> {
        let mut child = self.start(Stdio::piped())?;
        let mut pipe = child.stdin.take().context("the judge has no pipe")?;
        // Written beside the reading, for pipes are small.
        let writer = thread::spawn(move || {
            lines
                .into_iter()
                .try_for_each(|line| writeln!(pipe, "{line}"))
        });
        let verdicts = self.answers(child, None)?;
        match writer.join() {
            Ok(written) => written?,
            Err(_) => bail!("the writer of events stopped unexpectedly"),
        }
        Ok(verdicts)
    }

    fn start(&self, events: Stdio) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(events)
            .stdout(Stdio::piped());
        command
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }

    fn answers(&self, mut child: Child, place: Option<&str>) -> Result<Verdicts> {
        let pipe = child.stdout.take().context("the judge has no answers")?;
        let mut verdicts = Verdicts::new();
        let mut told = Instant::now();
        for line in BufReader::new(pipe).lines() {
            let line = line?;
            // A binding may greet before it answers.
            if line.starts_with('{') {
                let (id, verdict) = verdict(&line)?;
                verdicts.insert(id, verdict);
            }
            if told.elapsed() > PROGRESS_EVERY {
                told = Instant::now();
                let at = place.unwrap_or("their own places");
                eprintln!("  {} at {at}: {} events so far", self.name, verdicts.len());
            }
        }
        let status = child.wait()?;
        if !status
            .code()
            .is_some_and(|code| (0..=self.code_max).contains(&code))
        {
            bail!("{} ended with {status}", self.name);
        }
        Ok(verdicts)
    }
}

fn verdict(line: &str) -> Result<(String, Verdict)> {
    let value: Value = serde_json::from_str(line).context("an answer is no JSON")?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let id = text("id").context("an answer has no id")?.to_owned();
    let blocks = text("verdict") == Some("block");
    let findings = value.get("findings").and_then(Value::as_array);
    let classes = findings.into_iter().flatten().filter_map(|finding| {
        let class = finding.get("class").and_then(Value::as_str)?;
        Some(class.to_owned())
    });
    Ok((
        id,
        Verdict {
            blocks,
            flags: blocks || text("verdict") == Some("flag"),
            is_partial: text("coverage") == Some("partial"),
            classes: classes.collect(),
            bytes: number("bytes"),
            nanoseconds: number("ns"),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn an_answer_says_what_was_found_and_what_it_cost() {
        let (id, verdict) = verdict(
            r#"{"id":"a-1","verdict":"flag","coverage":"partial","bytes":9,"ns":70,
                "findings":[{"class":"sqli"},{"class":"xss"},{"class":"sqli"}]}"#,
        )
        .unwrap();
        assert_eq!(id, "a-1");
        assert!(verdict.flags && !verdict.blocks && verdict.is_partial);
        assert_eq!(verdict.classes.len(), 2);
        assert_eq!((verdict.bytes, verdict.nanoseconds), (9, 70));
    }

    #[test]
    fn an_answer_without_an_id_is_an_error() {
        assert!(verdict(r#"{"verdict":"pass"}"#).is_err());
    }
}
