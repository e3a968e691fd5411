//! What each variant adds between platform and runtime, by size of event and by pace.
//! It never lets one variant run alone: each round goes through all of them, so that whatever else
//! the machine does meets all of them alike.
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credenza_bench::process::Proxy;
use credenza_bench::quota::Quota;
use credenza_bench::runtime::Runtime;
use credenza_bench::statistics::median;
use credenza_bench::upstream::Upstream;
use credenza_bench::{answers, events};

use crate::Variant;

/// Platform and runtime joined directly.
pub(crate) const DIRECT: &str = "direct";
/// Blocking threads over raw sockets: the floor.
pub(crate) const RAW: &str = "raw, blocking";
/// The bare hyper proxy: the anchor of the goals.
pub(crate) const HYPER: &str = "hyper, bare";
/// The agent, watching.
pub(crate) const MONITOR: &str = "agent, monitor";
/// The agent, blocking.
pub(crate) const BLOCK: &str = "agent, block";
/// The agent, blocking, in an environment without secrets: what looking for the function's own
/// costs is the difference.
pub(crate) const WITHOUT_SECRETS: &str = "no secrets";

/// One series of invocations: how large, how paced, how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// What the table calls it.
    pub(crate) name: &'static str,
    /// About the bytes of an event.
    pub(crate) bytes: usize,
    /// What the function answers with.
    answer: Answer,
    /// Idle time before each event.
    pub(crate) gap: Duration,
    /// How long the function works.
    work: Duration,
    /// Invocations of one variant in one round.
    block: usize,
    /// Rounds through all variants.
    rounds: usize,
}

/// What a function answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The event itself.
    Event,
    /// A page or a document over HTTP, in turns.
    Http,
}

impl Answer {
    /// The answers to `event`, of which one after the other is given.
    fn all(self, event: &Arc<Vec<u8>>) -> Vec<Arc<Vec<u8>>> {
        match self {
            Self::Event => vec![Arc::clone(event)],
            Self::Http => vec![
                Arc::new(answers::html(PAGE_BYTES)),
                Arc::new(answers::json(PAGE_BYTES)),
            ],
        }
    }
}

// Limit: half of what the answers of APIs have at the median, and more than what a form is
// answered with.
const PAGE_BYTES: usize = 4_000;

/// The idle gap of sparse traffic: long enough for caches to go cold.
const GAP: Duration = Duration::from_millis(2);

const ALL: [Series; 8] = [
    Series {
        name: "1 KB",
        bytes: 1_300,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 600,
    },
    Series {
        name: "10 KB",
        bytes: 10_000,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 500,
    },
    Series {
        name: "32 KB",
        bytes: 32_000,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 200,
    },
    Series {
        name: "100 KB",
        bytes: 100_000,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 250,
    },
    Series {
        name: "1 MB",
        bytes: 1_000_000,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 80,
    },
    Series {
        name: "6 MB",
        bytes: 6_000_000,
        answer: Answer::Event,
        gap: GAP,
        work: GAP,
        block: 1,
        rounds: 40,
    },
    Series {
        name: "1 KB, no gap",
        bytes: 1_300,
        answer: Answer::Event,
        gap: Duration::ZERO,
        work: Duration::ZERO,
        block: 20,
        rounds: 100,
    },
    // A function that answers at once waits for all that is done between an event and its answer.
    Series {
        name: AT_ONCE,
        bytes: 1_300,
        answer: Answer::Http,
        gap: GAP,
        work: Duration::ZERO,
        block: 1,
        rounds: 600,
    },
];

/// The series in which the function answers at once, as that of the demo does.
pub(crate) const AT_ONCE: &str = "at once";

/// The figures of one variant in one series.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The series.
    pub(crate) series: Series,
    /// The variant's name.
    pub(crate) variant: &'static str,
    /// Median one-way time.
    pub(crate) one_way_us: f64,
    /// Median of the difference to the direct way within the same round.
    pub(crate) added_us: f64,
    /// Processor time of the process per invocation.
    pub(crate) cpu_us: f64,
}

/// A variant that is ready to carry invocations.
struct Lane {
    variant: Variant,
    upstream: Upstream,
    proxy: Option<Proxy>,
    runtime: Runtime,
    samples: Vec<Duration>,
    /// Dropped after the proxy, because a group with a process in it cannot be removed.
    quota: Option<Quota>,
}

impl Lane {
    fn open(variant: &Variant) -> Result<Self> {
        let upstream = Upstream::start()?;
        let mut proxy = None;
        let mut address = upstream.address;
        if let Some(program) = &variant.program {
            let mut started = Proxy::start(
                std::slice::from_ref(program),
                upstream.address,
                variant.mode,
                &variant.variables,
            )?;
            started.wait_until_listening()?;
            address = started.address;
            proxy = Some(started);
        }
        let runtime = Runtime::connect(address)?;
        Ok(Self {
            variant: variant.clone(),
            upstream,
            proxy,
            runtime,
            samples: Vec::new(),
            quota: None,
        })
    }

    /// Holds the proxy to the processor share of a function with 128 MB.
    fn limit(&mut self) -> Result<()> {
        if let Some(proxy) = &self.proxy {
            self.quota = Some(Quota::of_128_megabytes(proxy.pid())?);
        }
        Ok(())
    }

    fn cpu(&self) -> Result<Duration> {
        self.proxy.as_ref().map_or(Ok(Duration::ZERO), Proxy::cpu)
    }
}

/// Measures every series over all variants, or the one of this name.
pub(crate) fn measure(
    variants: &[Variant],
    quick: bool,
    only: Option<&str>,
) -> Result<Vec<Figure>> {
    let mut lanes = Vec::new();
    for variant in variants {
        lanes.push(Lane::open(variant).with_context(|| variant.name)?);
    }
    let mut figures = Vec::new();
    let is_wanted = |series: &Series| only.is_none_or(|only| series.name == only);
    for mut series in ALL.into_iter().filter(is_wanted) {
        if quick {
            series.rounds = series.rounds.div_ceil(5);
        }
        figures.extend(run(&mut lanes, series)?);
    }
    Ok(figures)
}

/// The series under the quota: paced wider than its period, so that no variant lives on credit.
const SMALL: [Series; 2] = [
    Series {
        name: "1 KB, 128 MB",
        bytes: 1_300,
        answer: Answer::Event,
        gap: WIDE_GAP,
        work: WIDE_GAP,
        block: 1,
        rounds: 100,
    },
    Series {
        name: "1 MB, 128 MB",
        bytes: 1_000_000,
        answer: Answer::Event,
        gap: WIDE_GAP,
        work: WIDE_GAP,
        block: 1,
        rounds: 30,
    },
];

/// In which the platform tells a function what memory it may use.
const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// The variable of a function with so many megabytes.
pub(crate) fn of_memory(megabytes: &str) -> Vec<(&'static str, String)> {
    vec![(MEMORY_SIZE, megabytes.to_owned())]
}

const WIDE_GAP: Duration = Duration::from_millis(25);

/// Measures `variants` under the quota of a small function; an error where groups cannot be made.
pub(crate) fn measure_small(variants: &[Variant], quick: bool) -> Result<Vec<Figure>> {
    let mut lanes = Vec::new();
    for variant in variants {
        let mut variant = variant.clone();
        variant.variables.retain(|(name, _)| *name != MEMORY_SIZE);
        variant.variables.extend(of_memory("128"));
        let mut lane = Lane::open(&variant).with_context(|| variant.name)?;
        lane.limit()?;
        lanes.push(lane);
    }
    let mut figures = Vec::new();
    for mut series in SMALL {
        if quick {
            series.rounds = series.rounds.div_ceil(5);
        }
        figures.extend(run(&mut lanes, series)?);
    }
    Ok(figures)
}

/// Prints what each variant adds under the quota.
pub(crate) fn print_small(figures: &[Figure]) {
    println!("\nunder the processor share of a function with 128 MB, µs");
    println!(
        "{:<15}{:>12}{:>12}{:>12}",
        "", "added 1 KB", "added 1 MB", "cpu 1 KB"
    );
    for found in figures
        .iter()
        .filter(|found| found.series.name.starts_with("1 KB"))
    {
        let large = added_us(figures, found.variant, "1 MB, 128 MB");
        let (name, small) = (found.variant, found.added_us);
        println!("{name:<15}{small:>12.1}{large:>12.1}{:>12.1}", found.cpu_us);
    }
}

fn run(lanes: &mut [Lane], series: Series) -> Result<Vec<Figure>> {
    let event = Arc::new(events::benign(series.bytes));
    let answers = series.answer.all(&event);
    let before: Result<Vec<Duration>> = lanes.iter().map(Lane::cpu).collect();
    for round in 0..=series.rounds {
        // Each round begins with another variant, so that none always follows the same neighbour.
        for turn in 0..lanes.len() {
            let at = (round + turn) % lanes.len();
            let lane = lanes.get_mut(at).context("a lane is missing")?;
            for _ in 0..series.block {
                let answer = answers.get(round % answers.len());
                let answer = answer.context("there is no answer")?;
                let pauses = (series.gap, series.work);
                let journey = lane
                    .runtime
                    .invoke_for(&lane.upstream, &event, answer, pauses)
                    .with_context(|| format!("{}, {}", lane.variant.name, series.name))?;
                // The first round warms connections and page tables.
                if round > 0 {
                    lane.samples.push(journey.one_way());
                }
            }
        }
    }
    let count = series.block * (series.rounds + 1);
    let direct = lanes.iter().find(|lane| lane.variant.name == DIRECT);
    let direct = direct.map(|lane| lane.samples.clone()).unwrap_or_default();
    let mut figures = Vec::new();
    for (lane, before) in lanes.iter_mut().zip(before?) {
        let spent = lane.cpu()?.saturating_sub(before);
        let differences = lane
            .samples
            .iter()
            .zip(&direct)
            .map(|(through, direct)| through.as_secs_f64() - direct.as_secs_f64());
        figures.push(Figure {
            series,
            variant: lane.variant.name,
            added_us: median(differences) * 1e6,
            one_way_us: median(lane.samples.iter().map(Duration::as_secs_f64)) * 1e6,
            cpu_us: spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(count)?),
        });
        lane.samples.clear();
    }
    Ok(figures)
}

/// The figure of `variant` in `series` that `choose` picks; not a number where there is none.
fn figure(figures: &[Figure], variant: &str, series: &str, choose: fn(&Figure) -> f64) -> f64 {
    let found = figures
        .iter()
        .find(|f| f.variant == variant && f.series.name == series);
    found.map_or(f64::NAN, choose)
}

/// What `variant` adds to the direct way, in microseconds.
pub(crate) fn added_us(figures: &[Figure], variant: &str, series: &str) -> f64 {
    figure(figures, variant, series, |figure| figure.added_us)
}

/// The names of the series, in the order of measuring.
pub(crate) fn series() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|series| series.name)
}

/// Prints one row a variant and one column a series.
pub(crate) fn print(figures: &[Figure], variants: &[Variant]) {
    println!("added one-way time, median, µs (direct: absolute)");
    heading(figures);
    row(figures, DIRECT, |series| {
        figure(figures, DIRECT, series, |figure| figure.one_way_us)
    });
    let others = || variants.iter().filter(|variant| variant.name != DIRECT);
    for variant in others() {
        row(figures, variant.name, |series| {
            added_us(figures, variant.name, series)
        });
    }
    println!("\nprocessor time of the process per invocation, µs");
    heading(figures);
    for variant in others() {
        row(figures, variant.name, |series| {
            figure(figures, variant.name, series, |figure| figure.cpu_us)
        });
    }
}

/// The names of the series that were measured, in the order of measuring.
fn measured(figures: &[Figure]) -> impl Iterator<Item = &'static str> {
    let is_measured = |name: &&str| figures.iter().any(|figure| figure.series.name == *name);
    series().filter(is_measured)
}

fn heading(figures: &[Figure]) {
    print!("{:<15}", "");
    for series in measured(figures) {
        print!("{series:>14}");
    }
    println!();
}

fn row(figures: &[Figure], name: &str, figure: impl Fn(&'static str) -> f64) {
    print!("{name:<15}");
    for series in measured(figures) {
        print!("{:>14.1}", figure(series));
    }
    println!();
}
