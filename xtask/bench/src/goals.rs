//! The goals, each with its first bar, what was measured, and whether that passes.
//! It never leaves a goal out: one that was not measured says so.
use crate::inspection::Pair;
use crate::latency::{self, BLOCK, Figure, HYPER, MONITOR, RAW, added_us};
use crate::memory::Memory;
use crate::startup::Startup;
use crate::streams::Stream;
use crate::worst::Worst;

/// One line of the table.
struct Line {
    number: &'static str,
    goal: &'static str,
    first_bar: &'static str,
    target: &'static str,
    measured: String,
    /// Against the first bar and against the goal; `None` where nothing was measured.
    verdict: Option<(bool, bool)>,
}

/// Everything that the table is made of.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) figures: &'a [Figure],
    pub(crate) streams: &'a [Stream],
    /// `None` where control groups cannot be made.
    pub(crate) small: Option<&'a [Figure]>,
    pub(crate) startup: &'a Startup,
    pub(crate) memory: &'a Memory,
    pub(crate) worst: &'a [Worst],
    pub(crate) worst_outputs: &'a [Worst],
    /// Empty where libddwaf is not installed.
    pub(crate) inspections: &'a [Pair],
    pub(crate) agent_bytes: u64,
    /// `None` where valgrind is not installed.
    pub(crate) table_bytes: Option<u32>,
    pub(crate) code_bytes: Option<u32>,
}

/// Prints the table.
pub(crate) fn print(measured: &Measured<'_>) {
    let mut lines = latency_lines(measured.figures);
    lines.extend(
        measured
            .streams
            .iter()
            .find(|stream| stream.variant == BLOCK)
            .map(stream_line),
    );
    lines.push(outside(
        "3",
        "against another vendor's sample proxy",
        "<= 0.2",
        "<= 0.1",
    ));
    lines.push(waf_line(measured.inspections));
    lines.push(worst_line("5", "worst input, ns per byte", measured.worst));
    let outputs = measured.worst_outputs;
    lines.push(worst_line("5b", "worst output, ns per byte", outputs));
    lines.push(small_line(measured.small));
    lines.push(startup_line(measured.startup));
    lines.push(size_line(measured.agent_bytes));
    lines.extend(memory_lines(measured.memory));
    lines.push(tables_line(measured.table_bytes, measured.code_bytes));
    println!(
        "\n{:<4}{:<40}{:<20}{:<20}{:<50}verdict",
        "#", "goal", "first bar", "goal", "measured"
    );
    for line in lines {
        let verdict = match line.verdict {
            None => "not measured here",
            Some((_, true)) => "goal met",
            Some((true, false)) => "first bar met",
            Some((false, false)) => "MISSED",
        };
        println!(
            "{:<4}{:<40}{:<20}{:<20}{:<50}{verdict}",
            line.number, line.goal, line.first_bar, line.target, line.measured
        );
    }
}

fn outside(
    number: &'static str,
    goal: &'static str,
    bar: &'static str,
    target: &'static str,
) -> Line {
    Line {
        number,
        goal,
        first_bar: bar,
        target,
        measured: "-".to_owned(),
        verdict: None,
    }
}

/// The agent beside `peer`, in monitor and in block mode: the worst of `series` for each.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    monitor: f64,
    block: f64,
}

impl Ratio {
    fn new(figures: &[Figure], peer: &str, series: &[&str]) -> Self {
        let of = |mode| {
            let ratios = series
                .iter()
                .map(|series| added_us(figures, mode, series) / added_us(figures, peer, series));
            ratios.fold(f64::NEG_INFINITY, f64::max)
        };
        Self {
            monitor: of(MONITOR),
            block: of(BLOCK),
        }
    }

    /// The mode that does worse.
    fn worst(self) -> f64 {
        self.monitor.max(self.block)
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "monitor {:.2}, block {:.2}", self.monitor, self.block)
    }
}

fn latency_lines(figures: &[Figure]) -> Vec<Line> {
    let small = ["1 KB", "10 KB"];
    let large = ["100 KB", "6 MB"];
    let hyper = Ratio::new(figures, HYPER, &small);
    let raw = Ratio::new(figures, RAW, &small).worst();
    let at_once = Ratio::new(figures, HYPER, &[latency::AT_ONCE]);
    let hyper_large = Ratio::new(figures, HYPER, &large);
    let names: Vec<&str> = latency::series()
        .filter(|name| !name.contains("gap"))
        .collect();
    let cliff = names
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.last()?)))
        .map(|(small, large)| added_us(figures, MONITOR, large) - added_us(figures, MONITOR, small))
        .take(3)
        .fold(f64::NEG_INFINITY, f64::max);
    vec![
        Line {
            number: "1",
            goal: "added one-way, 1-10 KB, against hyper",
            first_bar: "<= 1.0",
            target: "<= 0.6, 1.3 raw",
            measured: format!("{hyper}; {raw:.2} raw"),
            verdict: Some((hyper.worst() <= 1.0, hyper.worst() <= 0.6 && raw <= 1.3)),
        },
        Line {
            number: "1b",
            goal: "the same, answered at once with a page",
            first_bar: "<= 1.0",
            target: "<= 0.6",
            measured: at_once.to_string(),
            verdict: Some((at_once.worst() <= 1.0, at_once.worst() <= 0.6)),
        },
        Line {
            number: "2",
            goal: "the same at 100 KB and 6 MB",
            first_bar: "<= 1.2",
            target: "<= 0.8",
            measured: hyper_large.to_string(),
            verdict: Some((hyper_large.worst() <= 1.2, hyper_large.worst() <= 0.8)),
        },
        Line {
            number: "2b",
            goal: "no size cliff: largest step to 100 KB",
            first_bar: "< 5 ms",
            target: "< 1 ms",
            measured: format!("{cliff:.0} µs"),
            verdict: Some((cliff < 5_000.0, cliff < 1_000.0)),
        },
    ]
}

/// The throughput of a stream that is inspected, beside that of one that is not.
fn stream_line(stream: &Stream) -> Line {
    let (ratio, grown) = (stream.made.ratio, megabytes(stream.grown_bytes));
    Line {
        number: "2c",
        goal: "200 MB streamed, block against off",
        first_bar: ">= 0.8, <= 16 MB",
        target: ">= 0.9, <= 4 MB",
        measured: format!(
            "{ratio:.2}, {:.2} if only copied, {grown:.1} MB more",
            stream.copied.ratio
        ),
        verdict: Some((ratio >= 0.8 && grown <= 16.0, ratio >= 0.9 && grown <= 4.0)),
    }
}

fn waf_line(inspections: &[Pair]) -> Line {
    let (goal, first_bar, target) = (
        "benign inspection against libddwaf",
        ">= 30 x faster",
        ">= 150 x",
    );
    let ratios = || inspections.iter().map(Pair::ratio);
    let least = ratios().fold(f64::INFINITY, f64::min);
    let most = ratios().fold(f64::NEG_INFINITY, f64::max);
    if inspections.is_empty() {
        return outside("4", goal, first_bar, target);
    }
    Line {
        number: "4",
        goal,
        first_bar,
        target,
        measured: format!("{least:.0} to {most:.0} times faster"),
        verdict: Some((least >= 30.0, least >= 150.0)),
    }
}

fn tables_line(table_bytes: Option<u32>, code_bytes: Option<u32>) -> Line {
    let (goal, first_bar, target) = (
        "tables touched by an invocation, 1 KB",
        "<= 128 KB",
        "<= 64 KB",
    );
    let (Some(tables), Some(code)) = (table_bytes, code_bytes) else {
        return outside("10", goal, first_bar, target);
    };
    Line {
        number: "10",
        goal,
        first_bar,
        target,
        measured: format!("{} KB, and {} KB of code", tables >> 10, code >> 10),
        verdict: Some((tables <= 128 << 10, tables <= 64 << 10)),
    }
}

fn small_line(small: Option<&[Figure]>) -> Line {
    let (goal, first_bar, target) = ("128 MB quota, 1 KB, paced", "<= 1.4 hyper", "<= 0.5 hyper");
    let Some(small) = small else {
        return outside("6", goal, first_bar, target);
    };
    let ratio = Ratio::new(small, HYPER, &["1 KB, 128 MB"]).worst();
    let large_us = added_us(small, MONITOR, "1 MB, 128 MB");
    Line {
        number: "6",
        goal,
        first_bar,
        target,
        measured: format!("{ratio:.2}, 1 MB adds {:.1} ms", large_us / 1e3),
        verdict: Some((ratio <= 1.4, ratio <= 0.5)),
    }
}

fn worst_line(number: &'static str, goal: &'static str, worst: &[Worst]) -> Line {
    let slowest = worst
        .iter()
        .max_by(|one, other| one.ns_per_byte().total_cmp(&other.ns_per_byte()));
    let (ns, name) = slowest.map_or((f64::NAN, "nothing"), |row| {
        (row.ns_per_byte(), row.name.as_str())
    });
    Line {
        number,
        goal,
        first_bar: "<= 20",
        target: "<= 5",
        measured: format!("{ns:.1} ({name})"),
        verdict: Some((ns <= 20.0, ns <= 5.0)),
    }
}

fn startup_line(startup: &Startup) -> Line {
    let ratio = startup.agent_us / startup.plain_us;
    Line {
        number: "7",
        goal: "start to registered",
        first_bar: "<= 3 ms",
        target: "<= 1.15 of plain",
        measured: format!("{:.2} ms, {ratio:.2} of plain", startup.agent_us / 1e3),
        verdict: Some((startup.agent_us <= 3_000.0, ratio <= 1.15)),
    }
}

fn size_line(agent_bytes: u64) -> Line {
    // Limits: 3 MiB and 1.6 MiB, as the goals state them.
    const FIRST_BAR_BYTES: u64 = 3 << 20;
    const GOAL_BYTES: u64 = (16 << 20) / 10;
    Line {
        number: "8",
        goal: "agent, static, stripped",
        first_bar: "<= 3 MiB",
        target: "<= 1.6 MiB",
        measured: format!(
            "{:.2} MiB",
            megabytes(agent_bytes) * 1e6 / f64::from(1 << 20)
        ),
        verdict: Some((agent_bytes <= FIRST_BAR_BYTES, agent_bytes <= GOAL_BYTES)),
    }
}

fn memory_lines(memory: &Memory) -> Vec<Line> {
    let (idle, peak, event) = (
        megabytes(memory.idle),
        megabytes(memory.peak),
        megabytes(memory.event),
    );
    vec![
        Line {
            number: "9",
            goal: "resident memory, idle",
            first_bar: "<= 6 MB",
            target: "<= 2.5 MB",
            measured: format!("{idle:.1} MB"),
            verdict: Some((idle <= 6.0, idle <= 2.5)),
        },
        Line {
            number: "9b",
            goal: "resident memory, peak",
            first_bar: "1.2 event + 5 MB",
            target: "1.1 event + 3 MB",
            measured: format!(
                "{peak:.1} MB with {event:.1} MB, {:.1} MB after; {:.1} MB beside its answer",
                megabytes(memory.afterwards),
                megabytes(memory.peak_beside)
            ),
            verdict: Some((peak <= 1.2 * event + 5.0, peak <= 1.1 * event + 3.0)),
        },
        Line {
            number: "9c",
            goal: "memory slope, bytes per invocation",
            first_bar: "< 1",
            target: "0",
            measured: format!("{:.3} over {}", memory.slope, memory.invocations),
            verdict: Some((memory.slope < 1.0, memory.slope < 0.05)),
        },
    ]
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1e3
}
