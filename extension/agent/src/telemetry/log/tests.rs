//! Readers that are gone, stuck or slow, and what they may not do to an invocation.
//! It never waits for a time to pass: a writer is held and released by a channel.
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use credenza_event::{Coverage, Gap, Source};
use credenza_exchange::{Inspected, Step};
use credenza_policy::{LogLevel, Problem, Verdict};

use super::{Log, RING_BYTES_MAX, Sink, Writer};
use crate::telemetry::{FaultNote, Invocation, Origin};

const PATIENCE: Duration = Duration::from_secs(30);

/// Takes a line only when the test says so; hands every line to the test.
struct Held {
    go: Receiver<io::Result<()>>,
    lines: Sender<String>,
}

impl Writer for Held {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.go.recv().unwrap_or(Ok(()))?;
        let _ = self.lines.send(String::from_utf8_lossy(line).into_owned());
        Ok(())
    }
}

struct Bench {
    log: Log,
    go: Sender<io::Result<()>>,
    lines: Receiver<String>,
}

fn bench(level: LogLevel) -> Bench {
    let (go, held) = channel();
    let (sender, lines) = channel();
    let log = Log::new(
        Origin::default(),
        level,
        Held {
            go: held,
            lines: sender,
        },
    );
    Bench { log, go, lines }
}

fn problem(index: usize) -> Problem {
    Problem {
        at: format!("{index}"),
        message: "m".repeat(200),
    }
}

fn partial() -> Inspected {
    let report = credenza_engine::Report {
        findings: Vec::new(),
        findings_dropped: 0,
        coverage: Coverage::missing(Gap::Budget),
        bytes: 1,
        steps: 1,
    };
    Inspected {
        step: Step::Deliver,
        verdict: Verdict::Flag,
        source: Source::Unknown,
        records_cut: 0,
        report,
    }
}

#[test]
fn a_stuck_reader_holds_nobody_up_and_every_lost_line_is_counted() {
    let bench = bench(LogLevel::Info);
    let sent = 2_000;
    for index in 0..sent {
        bench.log.problem(&problem(index));
    }
    let dropped = bench.log.counts().dropped;
    assert!(
        dropped > 0,
        "the ring holds {RING_BYTES_MAX} bytes, and more was sent"
    );
    drop(bench.go);
    bench.log.finish("test", PATIENCE);
    let written = bench
        .lines
        .try_iter()
        .filter(|line| line.contains("\"problem\""))
        .count();
    assert_eq!(written as u64 + dropped, sent as u64);
}

#[test]
fn a_gap_is_told_as_soon_as_lines_pass_again() {
    let bench = bench(LogLevel::Info);
    for index in 0..2_000 {
        bench.log.problem(&problem(index));
    }
    drop(bench.go);
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    assert!(
        lines
            .iter()
            .any(|line| line.contains(r#""record":"dropped""#)),
        "{lines:?}"
    );
    let summary = lines
        .iter()
        .find(|line| line.contains(r#""record":"summary""#))
        .unwrap();
    assert!(summary.contains(r#""level":"error""#) && !summary.contains(r#""dropped":0"#));
}

#[test]
fn a_closed_stdout_costs_the_lines_and_nothing_else() {
    let bench = bench(LogLevel::Info);
    for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull] {
        bench.go.send(Err(kind.into())).unwrap();
    }
    bench.log.problem(&problem(1));
    bench.log.problem(&problem(2));
    bench
        .log
        .finish("first", PATIENCE.min(Duration::from_millis(1)));
    drop(bench.go);
    bench.log.finish("second", PATIENCE);
    assert_eq!(bench.log.counts().dropped, 2);
}

#[test]
fn leaving_does_not_wait_for_a_stuck_reader() {
    let bench = bench(LogLevel::Info);
    bench.log.problem(&problem(1));
    bench.log.finish("shutdown", Duration::from_millis(5));
    assert_eq!(bench.lines.try_iter().count(), 0);
    drop(bench.go);
}

#[test]
fn each_level_says_what_it_promises() {
    let said = |level| {
        let bench = bench(level);
        drop(bench.go);
        bench.log.init("127.0.0.1:9077", "127.0.0.1:9001");
        let mut event = partial();
        bench.log.inspected(&Invocation::default(), &event, 1);
        event.verdict = Verdict::Pass;
        bench.log.inspected(&Invocation::default(), &event, 1);
        bench.log.fault(&FaultNote {
            kind: "test",
            family: "ours",
            behaviour: "passed",
            detail: "",
            request_id: b"",
        });
        bench.log.finish("test", PATIENCE);
        let name = |line: &String| line.split('"').nth(11).unwrap_or("").to_owned();
        bench
            .lines
            .try_iter()
            .map(|line| name(&line))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(LogLevel::Error), ["fault"]);
    assert_eq!(said(LogLevel::Warn), ["partial", "fault"]);
    assert_eq!(
        said(LogLevel::Info),
        ["init", "partial", "fault", "summary"]
    );
    assert_eq!(
        said(LogLevel::Debug),
        ["init", "partial", "inspected", "fault", "summary"]
    );
}

#[test]
fn verdicts_and_coverage_are_counted_whatever_the_level() {
    let bench = bench(LogLevel::Error);
    let mut event = partial();
    bench.log.inspected(&Invocation::default(), &event, 1);
    event.verdict = Verdict::Block;
    bench.log.inspected(&Invocation::default(), &event, 1);
    event.verdict = Verdict::Pass;
    event.report.coverage = Coverage::COMPLETE;
    bench.log.inspected(&Invocation::default(), &event, 1);
    let counts = bench.log.counts();
    assert_eq!((counts.inspected, counts.partial), (3, 2));
    assert_eq!((counts.flagged, counts.blocked), (1, 1));
    drop(bench.go);
}

#[test]
fn a_flood_is_cut_to_its_budget_a_minute_and_counted() {
    let bench = bench(LogLevel::Info);
    drop(bench.go);
    let mut sent = 0;
    while bench.log.counts().dropped == 0 {
        bench.log.problem(&problem(sent));
        sent += 1;
        bench.log.finish("drain", PATIENCE);
        assert!(sent < 10_000, "the flood is never cut");
    }
    let bytes: usize = bench.lines.try_iter().map(|line| line.len()).sum();
    assert!(
        bytes > super::BYTES_PER_MINUTE_MAX / 2,
        "{bytes} bytes is cut too early"
    );
}
