//! The time per byte of inputs that are made to be slow, and of whatever else is at hand.
//! It never judges a finding; a slow `pass` is as bad as a slow `block`.
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credenza_bench::events;
use credenza_engine::{HashKey, inspect};
use credenza_event::Steps;
use rustix::time::{ClockId, clock_gettime};

use crate::dice::Dice;
use crate::families::{FAMILIES, Family, body, filled, value, values};
use crate::{grammar, spelling};

/// One input and its cost.
#[derive(Clone, Debug)]
pub(crate) struct Worst {
    /// What the input is.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) bytes: usize,
    /// The processor time of the best run.
    pub(crate) took: Duration,
    /// Steps of its budget that were spent.
    pub(crate) steps: u64,
    /// Whether it was inspected to its last byte.
    pub(crate) is_complete: bool,
}

impl Worst {
    /// Nanoseconds per byte.
    pub(crate) fn ns_per_byte(&self) -> f64 {
        let bytes = u32::try_from(self.bytes).unwrap_or(u32::MAX);
        self.took.as_secs_f64() * 1e9 / f64::from(bytes)
    }

    /// Steps per byte.
    fn steps_per_byte(&self) -> f64 {
        let count = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        count(self.steps) / count(self.bytes as u64).max(1.0)
    }
}

/// How large each input is.
// Limit: 1 MB, of which what every event may spend for free is one step a byte; linear cost shows
// at any size, and quadratic cost shows well before this one.
const BYTES: usize = 1_000_000;

/// How each piece is put together: over and over, as one value, as many, as a body.
const SHAPES: [Family; 4] = [
    ("bare", filled),
    ("one value", value),
    ("many values", values),
    ("body", body),
];

/// How many pieces are drawn.
// Limit: 200 pieces of some hundred bytes take ten seconds, and another run draws the same.
const DRAWN: u64 = 200;

/// Inspects every input, and the corpora of a folder where there is one.
pub(crate) fn measure(folder: Option<&Path>, quick: bool) -> Result<Vec<Worst>> {
    let mut all = vec![time("benign order", &events::benign(BYTES))];
    for (piece, _) in FAMILIES {
        all.extend(shapes(piece));
    }
    for number in 0..DRAWN {
        if quick && number > 10 {
            break;
        }
        let mut dice = Dice::of(1, number);
        let text = grammar::text(&mut dice);
        let text = match number % 2 {
            0 => text.into_bytes(),
            _ => spelling::spelled(&mut dice, text.as_bytes()),
        };
        all.extend(shapes(&escaped(&text)));
    }
    for (name, event) in corpora(folder, BYTES)? {
        all.push(time(&format!("corpus {name}"), event.as_bytes()));
    }
    Ok(all)
}

/// A piece in each shape.
fn shapes(piece: &str) -> Vec<Worst> {
    let timed = |(shape, family): &Family| {
        let name = format!(
            "{shape} of {}",
            piece.get(..24).unwrap_or(piece).escape_debug()
        );
        time(&name, family(piece, BYTES).as_bytes())
    };
    SHAPES.iter().map(timed).collect()
}

/// A text as it stands in a string of JSON.
pub(crate) fn escaped(text: &[u8]) -> String {
    let mut escaped = String::new();
    for char in String::from_utf8_lossy(text).chars().take(2000) {
        match char {
            '"' | '\\' => escaped.extend(['\\', char]),
            '\n' => escaped.push_str("\\n"),
            '\0'..' ' => escaped.push_str("\\u0001"),
            char => escaped.push(char),
        }
    }
    escaped
}

/// Each file of JSON lines of a folder as one document, as often as it takes, and its name; none
/// without a folder.
pub(crate) fn corpora(folder: Option<&Path>, bytes: usize) -> Result<Vec<(String, String)>> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let mut all = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let lines = text.lines().cycle();
        let mut event = String::from("[");
        for line in lines.take_while(|line| !line.is_empty()) {
            event.push_str(line);
            event.push(',');
            if event.len() > bytes {
                break;
            }
        }
        event.push_str("0]");
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        all.push((name.into_owned(), event));
    }
    Ok(all)
}

/// The processor time of this thread, which nobody else on the machine takes.
fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}

fn time(name: &str, event: &[u8]) -> Worst {
    let (mut steps, mut is_complete) = (0, false);
    let worst = timed(name, event, || {
        let report = inspect(event, Steps::for_bytes(event.len()), &HashKey([7; 16]));
        steps = report.steps;
        is_complete = report.coverage.is_complete();
    });
    Worst {
        steps,
        is_complete,
        ..worst
    }
}

/// What it takes to look at some bytes: the better of two runs.
pub(crate) fn timed<T>(name: &str, bytes: &[u8], mut look: impl FnMut() -> T) -> Worst {
    let mut took = Duration::MAX;
    for _ in 0..2 {
        let started = now();
        black_box(look());
        took = took.min(now().saturating_sub(started));
    }
    Worst {
        name: name.to_owned(),
        bytes: bytes.len(),
        took,
        steps: 0,
        is_complete: true,
    }
}

/// A pass that only looks at each byte, timed as the inputs are: what no inspection can beat.
fn pass() -> Worst {
    let bytes = vec![b'['; BYTES];
    timed("a look at each byte", &bytes, || {
        let quotes = black_box(&bytes).iter().filter(|byte| **byte == b'"');
        quotes.count()
    })
}

/// How many rows are worth reading.
const ROWS: usize = 25;

/// Prints the slowest inputs, slowest first, and what the corpora took.
pub(crate) fn print(what: &str, worst: &[Worst]) {
    println!(
        "\nthe slowest of {} {what} of 1 MB: ns and steps per byte, beside a look at each byte",
        worst.len()
    );
    let pass = pass();
    let mut rows: Vec<&Worst> = worst.iter().collect();
    rows.sort_by(|one, other| other.ns_per_byte().total_cmp(&one.ns_per_byte()));
    let is_named = |row: &Worst| row.name.starts_with("corpus") || row.name.starts_with("benign");
    for (place, row) in rows.iter().enumerate() {
        if place >= ROWS && !is_named(row) {
            continue;
        }
        let coverage = if row.is_complete {
            "complete"
        } else {
            "partial"
        };
        let ns = row.ns_per_byte();
        let ratio = ns / pass.ns_per_byte();
        let steps = row.steps_per_byte();
        println!(
            "{:<44}{ns:>9.1}{steps:>9.1}{ratio:>8.0}x  {coverage}",
            row.name
        );
    }
}
