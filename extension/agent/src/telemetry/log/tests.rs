//! Readers that are gone, stuck or slow, and what they may not do to an invocation.
//! It never waits for a time to pass: a writer is held and released by a channel.
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use credenza_event::{Coverage, Gap};
use credenza_exchange::{Inspected, Step};
use credenza_policy::{LogLevel, Policy, Problem, RecordingPolicy, Verdict};

use super::{Log, RING_BYTES_MAX, Sink, Writer};
use crate::telemetry::{FaultNote, Invocation, Origin, Recorded};

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

fn recorded(event: &str, will: &RecordingPolicy) -> Box<Recorded> {
    let policy = Policy {
        recording: will.clone(),
        ..Policy::default()
    };
    Box::new(Recorded {
        event: event.as_bytes().to_vec(),
        request_id: b"r".to_vec(),
        trace_id: Vec::new(),
        tenant_id: Vec::new(),
        findings: Vec::new(),
        coverage: Coverage::COMPLETE,
        verdict: Verdict::Pass,
        policy: policy.into(),
    })
}

/// Records events one after another; gives the lines of those that were.
fn record(bench: &Bench, event: &str, will: &RecordingPolicy, times: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..times {
        let before = bench.log.counts().unrecorded;
        bench.log.recorded(recorded(event, will));
        // It is written, or counted: there is no third.
        while bench.log.counts().unrecorded == before {
            if let Ok(line) = bench.lines.recv_timeout(Duration::from_millis(1)) {
                lines.push(line);
                break;
            }
        }
    }
    lines
}

#[test]
fn an_event_is_recorded_masked_within_the_budget_that_the_policy_gives() {
    let mut bench = bench(LogLevel::Info);
    bench.go = channel().0;
    let will = RecordingPolicy {
        bytes_per_minute: 2_000,
        ..RecordingPolicy::default()
    };
    let event = format!(r#"{{"body":"{}"}}"#, "Order ".repeat(50));
    let lines = record(&bench, &event, &will, 10);
    let written: usize = lines.iter().map(String::len).sum();
    assert!(
        (3..=5).contains(&lines.len()) && written <= 2_000,
        "{written}"
    );
    assert_eq!(bench.log.counts().unrecorded + lines.len() as u64, 10);
    assert!(lines[0].contains(r#""masked":true,"event":{"body":"Xxxxx Xxxxx "#));
    // What is no JSON is counted as well, and lines of other kinds have their room.
    let none = record(&bench, "a=1", &RecordingPolicy::default(), 1);
    assert!(none.is_empty());
    bench.log.problem(&problem(1));
    let line = bench.lines.recv_timeout(PATIENCE).unwrap();
    assert!(line.contains(r#""record":"problem""#), "{line}");
    assert_eq!(bench.log.counts().dropped, 0);
}

#[test]
fn a_stuck_reader_costs_events_and_holds_nobody_up() {
    let bench = bench(LogLevel::Info);
    for _ in 0..1_000 {
        let event = recorded(r#"{"a":"b"}"#, &RecordingPolicy::default());
        bench.log.recorded(event);
    }
    // One is being written, and one waits.
    assert!(bench.log.counts().unrecorded >= 998);
    drop(bench.go);
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    let events = lines
        .iter()
        .filter(|line| line.contains(r#""record":"event""#));
    assert_eq!(events.count() as u64 + bench.log.counts().unrecorded, 1_000);
}

#[test]
fn events_are_recorded_on_the_routes_that_the_policy_names() {
    let mut bench = bench(LogLevel::Info);
    bench.go = channel().0;
    let text = "[recording]\nshare = 100\nroutes = ['orders']";
    let will = Policy::parse(text).0.recording;
    for (queue, expected) in [("orders", 1), ("other", 0)] {
        let event = format!(
            r#"{{"Records":[{{"messageId":"1","receiptHandle":"r","body":"b","attributes":{{}},"messageAttributes":{{}},"md5OfBody":"m","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:{queue}","awsRegion":"r"}}]}}"#
        );
        bench.log.recorded(recorded(&event, &will));
        // The next line comes when the event is dealt with.
        bench.log.problem(&problem(1));
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.contains("problem")) {
            lines.push(bench.lines.recv_timeout(PATIENCE).unwrap());
        }
        let events = lines
            .iter()
            .filter(|line| line.contains(r#""record":"event""#));
        assert_eq!(events.count(), expected, "{lines:?}");
    }
    assert_eq!(bench.log.counts().unrecorded, 0);
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
        exempted: 0,
        coverage: Coverage::missing(Gap::Budget),
        bytes: 1,
        steps: 1,
    };
    Inspected {
        verdict: Verdict::Flag,
        ..Inspected::delivered(&Policy::default(), report)
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
        bench.log.init("127.0.0.1:9077", "127.0.0.1:9001", "off");
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
        ["init", "partial", "fault", "metrics", "summary"]
    );
    assert_eq!(
        said(LogLevel::Debug),
        [
            "init",
            "partial",
            "inspected",
            "fault",
            "metrics",
            "summary"
        ]
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

/// An event with one finding, as `sql-injection` makes it, at `location`.
fn attack(location: &str) -> Inspected {
    let key = credenza_engine::HashKey([7; 16]);
    let event = format!(r#"{{"{location}":"1' or '1'='1"}}"#);
    let steps = credenza_event::Steps::for_bytes(event.len());
    let report = credenza_engine::inspect(event.as_bytes(), steps, &key);
    assert_eq!(report.findings.len(), 1, "{event}");
    Inspected {
        verdict: Verdict::Block,
        ..Inspected::delivered(&Policy::default(), report)
    }
}

fn record_of<'l>(lines: &'l [String], name: &str) -> Vec<&'l String> {
    let record = format!(r#""record":"{name}""#);
    lines.iter().filter(|line| line.contains(&record)).collect()
}

#[test]
fn findings_that_repeat_are_written_ten_times_and_then_counted() {
    let bench = bench(LogLevel::Info);
    drop(bench.go);
    let (often, once) = (attack("often"), attack("once"));
    for index in 0..1_000 {
        let request_id = format!("id-{index}");
        let invocation = Invocation {
            request_id: request_id.as_bytes(),
            ..Invocation::default()
        };
        bench.log.inspected(&invocation, &often, 1);
        if index == 500 {
            bench.log.inspected(&invocation, &once, 1);
        }
    }
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    let findings = record_of(&lines, "finding");
    assert_eq!(findings.len(), 11);
    assert!(findings[10].contains("/once") && findings[10].contains("id-500"));
    let repeats = record_of(&lines, "repeats");
    assert_eq!(repeats.len(), 1);
    assert!(repeats[0].contains(r#""count":990,"last_request_id":"id-999""#));
    assert!(repeats[0].contains(r#""location":"/often","verdict":"block""#));
}

#[test]
fn more_places_than_are_remembered_are_written_as_they_come() {
    let bench = bench(LogLevel::Info);
    drop(bench.go);
    let mut sent = 0;
    for _ in 0..20 {
        for place in 0..100 {
            let event = attack(&format!("place{place}"));
            bench.log.inspected(&Invocation::default(), &event, 1);
            sent += 1;
        }
        // A reader that keeps up: what is lost to a full ring is another test's.
        let drained = PATIENCE;
        let mut ring = bench.log.shared.ring();
        while ring.in_flight || !ring.lines.is_empty() {
            let waited = bench.log.shared.changed.wait_timeout(ring, drained);
            ring = waited.unwrap().0;
        }
    }
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    let counted = record_of(&lines, "repeats").len() * 10;
    let dropped = bench.log.counts().dropped;
    let written = record_of(&lines, "finding").len();
    assert_eq!(written + counted + usize::try_from(dropped).unwrap(), sent);
    assert!(written >= 640 + 36 * 10 && counted == 640);
}

#[test]
fn a_minute_is_told_in_metrics_that_add_up() {
    let bench = bench(LogLevel::Info);
    drop(bench.go);
    let mut refused = attack("q");
    refused.step = Step::Refuse(credenza_exchange::Refusal {
        body: Vec::new(),
        content_type: "application/json",
        error_type: None,
    });
    for event in [&attack("q"), &refused, &partial()] {
        bench.log.inspected(&Invocation::default(), event, 40);
        bench.log.dealt_with(100);
    }
    bench.log.dealt_with(100);
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    let metrics = record_of(&lines, "metrics");
    assert_eq!(metrics.len(), 1);
    for part in [
        r#""invocations":4,"inspected":3,"bytes":"#,
        r#""partial":1,"flagged":1,"would_block":1,"blocked":1,"leaks":0,"tampered":0,"faults":0"#,
        r#""added_us_p50":103,"added_us_p99":103,"inspection_us_p50":43"#,
        r#""rules":{"sql-injection":{"flag":0,"block":2}}"#,
        r#""Dimensions":[["function","mode"]]"#,
        r#"{"Name":"added_us_p99","Unit":"Microseconds"}"#,
    ] {
        assert!(metrics[0].contains(part), "{part} in {}", metrics[0]);
    }
    assert!(metrics[0].len() < 2_048, "{} bytes", metrics[0].len());
}

#[test]
fn a_minute_in_which_nothing_happened_is_not_told() {
    let bench = bench(LogLevel::Info);
    drop(bench.go);
    bench.log.finish("test", PATIENCE);
    let lines: Vec<String> = bench.lines.try_iter().collect();
    assert!(record_of(&lines, "metrics").is_empty());
}

#[test]
fn under_the_platforms_json_format_lines_name_time_and_level_as_it_does() {
    let (sender, lines) = channel();
    let (go, held) = channel();
    drop(go);
    let origin = Origin {
        format: credenza_policy::LogFormat::Json,
        ..Origin::default()
    };
    let writer = Held {
        go: held,
        lines: sender,
    };
    let log = Log::new(origin, LogLevel::Info, writer);
    log.init("127.0.0.1:9077", "127.0.0.1:9001", "off");
    log.inspected(&Invocation::default(), &attack("q"), 1);
    log.finish("test", PATIENCE);
    for line in lines.try_iter() {
        assert!(line.starts_with(r#"{"timestamp":"2"#), "{line}");
        let is_loud = [r#""level":"INFO""#, r#""level":"WARN""#];
        assert!(is_loud.iter().any(|level| line.contains(level)), "{line}");
    }
}
