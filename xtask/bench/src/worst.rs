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

/// How a piece becomes an event.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Over and over, as it is.
    Bare,
    /// One value of it.
    Value,
    /// Many values of it.
    Values,
    /// One body of it.
    Body,
}

impl Shape {
    fn filled(self, piece: &str) -> Vec<u8> {
        let filled = |piece: &str| piece.repeat(BYTES / piece.len());
        let event = match self {
            Self::Bare => filled(piece),
            Self::Value => format!("{{\"q\":\"{}\"}}", filled(piece)),
            Self::Values => format!("[{}\"\"]", filled(&format!("\"{piece}\","))),
            Self::Body => format!("{{\"body\":\"{}\"}}", filled(piece)),
        };
        event.into_bytes()
    }
}

/// Inputs by the part of the engine that each one pushes; every rule has its own.
const INPUTS: &[(&str, Shape, &str)] = &[
    ("open brackets", Shape::Bare, "["),
    ("not JSON", Shape::Bare, "\u{1}' or 1=1 "),
    ("quotes in one value", Shape::Value, "'"),
    ("quotes in many values", Shape::Values, "'"),
    ("escapes", Shape::Value, "\\u0027"),
    ("percent signs", Shape::Value, "%25"),
    ("entities", Shape::Value, "&#x26;"),
    ("base64 of itself", Shape::Value, "JXQlMjU"),
    ("UTF-7", Shape::Value, "+A"),
    ("JSON in many strings", Shape::Values, "{\\\"a\\\":1}"),
    ("pairs of a form", Shape::Body, "&a=%27"),
    (
        "escaped values of JSON in a string",
        Shape::Body,
        "{\\\"a\\\":\\\"\\\\u0027 or\\\",",
    ),
    ("prose", Shape::Value, "hello world and, or (it) "),
    (
        "SQL words in one value",
        Shape::Value,
        "1 or select union from ",
    ),
    (
        "SQL in many values",
        Shape::Values,
        "1' or '1'='1' union select a from b -- ",
    ),
    ("open parentheses", Shape::Value, "1 or ("),
    ("comments", Shape::Value, "/*/**/"),
    (
        "half tautologies in many values",
        Shape::Values,
        "x' and 1=1 or (select ",
    ),
    ("connectives behind quotes", Shape::Value, "' or x "),
    ("second statements", Shape::Value, "'; drop "),
    ("quoted variables", Shape::Value, "@`"),
    (
        "SQL under three encodings at once",
        Shape::Value,
        "' or x %41 \\\\u0041 &#65; ",
    ),
    ("script elements", Shape::Value, "<script>"),
    ("script links", Shape::Value, "](javascript:a("),
    ("attributes that never end", Shape::Value, "<a b=`"),
    ("scripts without letters", Shape::Value, "[][(!"),
    (
        "addresses in many values",
        Shape::Values,
        "http://127.0.0.1/%41",
    ),
    ("document commands on lines", Shape::Value, "\\r\\nSET a 1"),
    (
        "entities of a document type",
        Shape::Value,
        "<!ENTITY a '&a;&a;&a;&a;'>",
    ),
    ("assertions of a filter", Shape::Value, ")(|("),
    ("unions of paths", Shape::Value, "] | a | "),
    ("serialised objects", Shape::Value, "O:1:\\\"A\\\":1:{"),
    ("expressions of templates", Shape::Value, "<%=T(a.b"),
    ("nested lookups", Shape::Value, "${${::-j}"),
    ("commands in braces", Shape::Value, "{system"),
    ("selections of GraphQL", Shape::Value, "{a"),
    (
        "tokens in many values",
        Shape::Values,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJPJ0JyaWVuIn0.c2ln",
    ),
    ("heads of secrets", Shape::Value, "'sk-"),
    ("repeated groups", Shape::Value, "^((a+)+"),
    ("header fields", Shape::Value, "A:b\\n"),
    ("formulas", Shape::Value, "=A(B"),
    ("folders", Shape::Value, "..//"),
];

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let made = INPUTS
        .iter()
        .map(|(name, shape, piece)| (*name, shape.filled(piece)));
    std::iter::once(("benign order", events::benign(BYTES)))
        .chain(made)
        .collect()
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
