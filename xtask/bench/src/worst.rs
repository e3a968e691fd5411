//! The time per byte of inputs that are made to be slow.
//! It never judges a finding; a slow `pass` is as bad as a slow `block`.
use std::hint::black_box;
use std::time::{Duration, Instant};

use credenza_bench::events;
use credenza_engine::{HashKey, inspect};
use credenza_event::Steps;

/// One input and its cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worst {
    /// What the input is.
    pub(crate) name: &'static str,
    /// Its size in bytes.
    pub(crate) bytes: usize,
    /// The best of three runs.
    pub(crate) took: Duration,
    /// Whether it was inspected to its last byte.
    pub(crate) is_complete: bool,
}

impl Worst {
    /// Nanoseconds per byte.
    pub(crate) fn ns_per_byte(&self) -> f64 {
        let bytes = u32::try_from(self.bytes).unwrap_or(u32::MAX);
        self.took.as_secs_f64() * 1e9 / f64::from(bytes)
    }
}

/// How large each input is.
// Limit: 1 MB; linear cost shows at any size, and quadratic cost shows well before this one.
const BYTES: usize = 1_000_000;

/// Inspects every input three times.
pub(crate) fn measure() -> Vec<Worst> {
    inputs()
        .into_iter()
        .map(|(name, event)| time(name, &event))
        .collect()
}

fn time(name: &'static str, event: &[u8]) -> Worst {
    let mut took = Duration::MAX;
    let mut is_complete = false;
    for _ in 0..3 {
        let started = Instant::now();
        let report = inspect(event, Steps::for_bytes(event.len()), &HashKey([7; 16]));
        took = took.min(started.elapsed());
        is_complete = report.coverage.is_complete();
    }
    Worst {
        name,
        bytes: event.len(),
        took,
        is_complete,
    }
}

/// A pass that only looks at each byte, timed as the inputs are: what no inspection can beat.
fn pass() -> Worst {
    let bytes = vec![b'['; BYTES];
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        let quotes = black_box(&bytes).iter().filter(|byte| **byte == b'"');
        black_box(quotes.count());
        took = took.min(started.elapsed());
    }
    Worst {
        name: "a look at each byte",
        bytes: BYTES,
        took,
        is_complete: true,
    }
}

/// Inputs by the part of the engine that each one pushes.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let filled = |piece: &str| piece.repeat(BYTES / piece.len());
    let value = |piece: &str| format!("{{\"q\":\"{}\"}}", filled(piece)).into_bytes();
    let values = |piece: &str| {
        let member = format!("\"{piece}\",");
        format!("[{}\"\"]", member.repeat(BYTES / member.len())).into_bytes()
    };
    vec![
        ("benign order", events::benign(BYTES)),
        ("open brackets", filled("[").into_bytes()),
        ("quotes in one value", value("'")),
        ("quotes in many values", values("'")),
        ("escapes", value("\\u0027")),
        ("percent signs", value("%25")),
        ("entities", value("&#x26;")),
        ("base64 of itself", value("JXQlMjU")),
        ("SQL words in one value", value("1 or select union from ")),
        (
            "SQL in many values",
            values("1' or '1'='1' union select a from b -- "),
        ),
        ("open parentheses", value("1 or (")),
        ("comments", value("/*/**/")),
        (
            "half tautologies in many values",
            values("x' and 1=1 or (select "),
        ),
        ("connectives behind quotes", value("' or x ")),
        ("prose", value("hello world and, or (it) ")),
        ("quoted variables", value("@`")),
        (
            "SQL under three encodings at once",
            value("' or x %41 \\\\u0041 &#65; "),
        ),
        ("UTF-7", value("+A")),
        ("JSON in many strings", values("{\\\"a\\\":1}")),
        (
            "pairs of a form",
            format!("{{\"body\":\"{}\"}}", filled("&a=%27")).into_bytes(),
        ),
        (
            "escaped values of JSON in a string",
            format!(
                "{{\"body\":\"{}\"}}",
                filled("{\\\"a\\\":\\\"\\\\u0027 or\\\",")
            )
            .into_bytes(),
        ),
        ("not JSON", filled("\u{1}' or 1=1 ").into_bytes()),
    ]
}

/// Prints one row an input, slowest first.
pub(crate) fn print(worst: &[Worst]) {
    println!("\ninspection of slow inputs of 1 MB, ns per byte, and beside a look at each byte");
    let pass = pass();
    let mut rows: Vec<&Worst> = worst.iter().chain([&pass]).collect();
    rows.sort_by(|one, other| other.ns_per_byte().total_cmp(&one.ns_per_byte()));
    for row in rows {
        let coverage = if row.is_complete {
            "complete"
        } else {
            "partial"
        };
        let ns = row.ns_per_byte();
        let ratio = ns / pass.ns_per_byte();
        println!("{:<36}{ns:>9.1}{ratio:>8.0}x  {coverage}", row.name);
    }
}
