//! Inspection of benign events beside libddwaf with its recommended rules, in turns.
//! It never counts libddwaf's objects or JSON; our own figure holds the reading of the event.
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use credenza_bench::events;
use credenza_bench::statistics::median;
use credenza_engine::{HashKey, inspect};
use credenza_event::Steps;

/// What one size of event costs both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// What the table calls the size.
    pub(crate) name: &'static str,
    /// Median of our inspection.
    pub(crate) own_us: f64,
    /// Median of theirs.
    pub(crate) waf_us: f64,
}

impl Pair {
    /// How many times faster ours is.
    pub(crate) fn ratio(&self) -> f64 {
        self.waf_us / self.own_us
    }
}

/// Sizes and rounds; the rounds are few where theirs takes long.
const SIZES: [(&str, usize, usize); 5] = [
    ("1 KB", 1_300, 200),
    ("10 KB", 10_000, 100),
    ("100 KB", 100_000, 40),
    ("1 MB", 1_000_000, 10),
    ("6 MB", 6_000_000, 4),
];

/// Measures every size in turns; `python` is an interpreter that has `ddtrace`.
pub(crate) fn measure(python: &Path) -> Result<Vec<Pair>> {
    let mut waf = Waf::start(python)?;
    let mut pairs = Vec::new();
    for (name, bytes, rounds) in SIZES {
        let event = events::benign(bytes);
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let waf_us = waf.evaluate_us(&event)?;
            let own_us = inspect_us(&event)?;
            // The first round warms both.
            if round > 0 {
                own.push(own_us);
                theirs.push(waf_us);
            }
        }
        pairs.push(Pair {
            name,
            own_us: median(own.into_iter()),
            waf_us: median(theirs.into_iter()),
        });
    }
    Ok(pairs)
}

fn inspect_us(event: &[u8]) -> Result<f64> {
    let started = Instant::now();
    let report = inspect(
        black_box(event),
        Steps::for_bytes(event.len()),
        &HashKey([7; 16]),
    );
    let took = started.elapsed();
    ensure!(
        report.coverage.is_complete() && report.findings.is_empty(),
        "a benign event was not inspected whole and found clean"
    );
    Ok(took.as_secs_f64() * 1e6)
}

/// libddwaf behind a pipe; ended when dropped.
struct Waf {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Waf {
    fn start(python: &Path) -> Result<Self> {
        let mut child = Command::new(python)
            .args(["-c", include_str!("waf.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", python.display()))?;
        let input = child.stdin.take().context("libddwaf has no input")?;
        let output = child.stdout.take().context("libddwaf has no output")?;
        let output = BufReader::new(output);
        let mut waf = Self {
            child,
            input,
            output,
        };
        ensure!(waf.line()? == "ready", "libddwaf did not load its rules");
        Ok(waf)
    }

    fn evaluate_us(&mut self, event: &[u8]) -> Result<f64> {
        writeln!(self.input, "{}", event.len())?;
        self.input.write_all(event)?;
        self.input.flush()?;
        let line = self.line()?;
        let (took, status) = line.split_once(' ').context("libddwaf ended")?;
        // 0 is clean and 1 a match, which is a false alarm and costs the same; below are errors.
        ensure!(!status.starts_with('-'), "libddwaf failed with {status}");
        Ok(took.parse::<f64>()? / 1e3)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Waf {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Prints one row a size.
pub(crate) fn print(pairs: &[Pair]) {
    println!("\ninspection of a benign event beside libddwaf, median, µs");
    println!("{:<10}{:>12}{:>12}{:>10}", "", "ours", "libddwaf", "ratio");
    for pair in pairs {
        println!(
            "{:<10}{:>12.1}{:>12.1}{:>10.0}",
            pair.name,
            pair.own_us,
            pair.waf_us,
            pair.ratio()
        );
    }
}
