//! Hostile inputs by the million: no panic, no hang, no step beyond the budget, no memory beyond
//! it. It never judges a verdict, and never keeps an item of a corpus.
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use credenza_engine::{HashKey, inspect};
use credenza_event::Steps;
use peak_alloc::PeakAlloc;

use crate::corpus::Corpus;
use crate::dice::Dice;
use crate::{grammar, json, place, spelling};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many inputs.
    #[arg(long, default_value_t = 10_000_000)]
    inputs: u64,
    /// Another seed gives other inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only inputs of one kind.
    #[arg(long)]
    kind: Option<Kind>,
    /// Only this input, which is printed.
    #[arg(long)]
    only: Option<u64>,
    /// A folder of files of JSON lines whose values are mutated too.
    #[arg(long)]
    corpus: Option<PathBuf>,
}

/// What an input is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// JSON as parsers disagree on it.
    Json,
    /// A text of some language in up to three encodings.
    Encodings,
    /// A text of some language as it is.
    Grammar,
    /// Items of a corpus, crossed and damaged.
    Corpus,
    /// Any bytes.
    Bytes,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Json => "json",
            Self::Encodings => "encodings",
            Self::Grammar => "grammar",
            Self::Corpus => "corpus",
            Self::Bytes => "bytes",
        };
        f.write_str(name)
    }
}

// Limit: 4 MiB beside the input, as the specification promises.
const MEMORY_MAX: usize = 4 << 20;
// Limit: 2 s for one input of at most 200 KB: a hundred times what it takes on a busy machine.
const HANG: Duration = Duration::from_secs(2);

/// Makes inputs, has them inspected, and tells what broke a promise.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let corpus = match &arguments.corpus {
        Some(folder) => Corpus::read(folder)?,
        None => Corpus::default(),
    };
    let mut tally = Tally::default();
    // A panic is told below, with its input.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let numbers = match arguments.only {
        Some(number) => number..number.saturating_add(1),
        None => 0..arguments.inputs,
    };
    for number in numbers {
        let mut dice = Dice::of(arguments.seed, number);
        let kind = arguments.kind.unwrap_or_else(|| kind(&mut dice, &corpus));
        let input = input(&mut dice, kind, &corpus);
        if arguments.only.is_some() {
            std::io::stdout().write_all(&input)?;
        }
        tally.note(number, kind, &input);
    }
    drop(std::panic::take_hook());
    tally.tell(arguments, began.elapsed())
}

fn kind(dice: &mut Dice, corpus: &Corpus) -> Kind {
    match dice.below(10) {
        0 | 1 => Kind::Json,
        2..=4 => Kind::Encodings,
        5 => Kind::Bytes,
        6..=8 if !corpus.is_empty() => Kind::Corpus,
        _ => Kind::Grammar,
    }
}

fn input(dice: &mut Dice, kind: Kind, corpus: &Corpus) -> Vec<u8> {
    match kind {
        Kind::Json => json::document(dice),
        Kind::Grammar => {
            let text = grammar::text(dice);
            place::event(dice, text.as_bytes())
        }
        Kind::Encodings => {
            let text = grammar::text(dice);
            let text = spelling::spelled(dice, text.as_bytes());
            place::event(dice, &text)
        }
        Kind::Corpus => {
            let text = corpus.mutant(dice);
            let text = if dice.once_in(3) {
                spelling::spelled(dice, &text)
            } else {
                text
            };
            place::event(dice, &text)
        }
        Kind::Bytes => (0..dice.below(300)).map(|_| dice.byte()).collect(),
    }
}

/// How many steps an inspection took, whether it was complete, and whether it found something.
type Outcome = std::thread::Result<(u64, bool, bool)>;

/// Inspects, and takes the time; again where it was long, as a machine may have stood still.
fn inspected(input: &[u8], budget: Steps) -> (Outcome, Duration) {
    let (outcome, took) = inspected_once(input, budget);
    if took <= HANG {
        return (outcome, took);
    }
    let (_, again) = inspected_once(input, budget);
    (outcome, took.min(again))
}

fn inspected_once(input: &[u8], budget: Steps) -> (Outcome, Duration) {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let report = inspect(input, budget, &HashKey([7; 16]));
        let found = !report.findings.is_empty();
        (report.steps, report.coverage.is_complete(), found)
    }));
    (outcome, began.elapsed())
}

/// What was counted.
#[derive(Default)]
struct Tally {
    bytes: u64,
    partial: u64,
    found: u64,
    /// The most memory that one inspection held, and the slowest one, of inputs above 4 KiB.
    memory_max: usize,
    slowest: (f64, u64),
    broken: Vec<String>,
}

impl Tally {
    fn note(&mut self, number: u64, kind: Kind, input: &[u8]) {
        let budget = Steps::for_bytes(input.len());
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let (outcome, mut took) = inspected(input, budget);
        let memory = MEMORY.peak_usage().saturating_sub(before);
        self.bytes += u64::try_from(input.len()).unwrap_or(0);
        self.memory_max = self.memory_max.max(memory);
        if input.len() > 4096 {
            let bytes = f64::from(u32::try_from(input.len()).unwrap_or(u32::MAX));
            let cost = |took: Duration| took.as_secs_f64() * 1e9 / bytes;
            // A busy machine takes its time; what is slow is slow each time.
            for _ in 0..20 {
                if cost(took) > self.slowest.0 {
                    took = took.min(inspected(input, budget).1);
                }
            }
            if cost(took) > self.slowest.0 {
                self.slowest = (cost(took), number);
            }
        }
        let mut breaks = |what: &str| {
            let start = input.get(..400).unwrap_or(input).escape_ascii();
            self.broken
                .push(format!("input {number} ({kind}) {what}: `{start}`"));
        };
        match outcome {
            Err(_panic) => breaks("panics"),
            Ok((steps, _, _)) if steps > budget.left() => breaks("takes steps beyond its budget"),
            Ok(_) if took > HANG => breaks("hangs"),
            Ok(_) if memory > MEMORY_MAX => breaks("holds too much memory"),
            Ok((_, is_complete, found)) => {
                self.partial += u64::from(!is_complete);
                self.found += u64::from(found);
            }
        }
    }

    fn tell(&self, arguments: &Arguments, took: Duration) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} inputs of seed {} ({} bytes) in {:.0} s: {} broke a promise; {} had findings, {} \
             were inspected in part and said so; at most {} bytes of memory beside the input; the \
             slowest above 4 KiB took {:.0} ns a byte (input {})",
            arguments.inputs,
            arguments.seed,
            self.bytes,
            took.as_secs_f64(),
            self.broken.len(),
            self.found,
            self.partial,
            self.memory_max,
            self.slowest.0,
            self.slowest.1
        )?;
        for broken in self.broken.iter().take(10) {
            writeln!(out, "{broken}")?;
        }
        if !self.broken.is_empty() {
            bail!("{} inputs broke a promise", self.broken.len());
        }
        Ok(())
    }
}
