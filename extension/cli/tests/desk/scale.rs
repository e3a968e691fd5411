//! Many records: each command stays within a bound of memory, whatever their number.
//! These tests never compare times between machines; the bound is a minute of a processor for a
//! million.
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{folder, recorded};

// Limit: tables of bounded size take some 40 MB when they are full, buffers and the program 15.
const MEMORY_MB_MAX: u64 = 96;

/// How many records: a few here, a million by `cargo xtask desk`.
fn records() -> u64 {
    let wanted = std::env::var("CREDENZA_DESK_RECORDS").ok();
    wanted
        .and_then(|count| count.parse().ok())
        .unwrap_or(16_000)
}

/// Runs a command to its end; the processor time that it took, and the most memory that it held,
/// in MB.
fn measured(folder: &Path, arguments: &[&str]) -> (Duration, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_credenza"))
        .args(arguments)
        .current_dir(folder)
        .stdout(File::create(folder.join("said.txt")).unwrap())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let process = format!("/proc/{}", child.id());
    let (mut took, mut peak_kb) = (Duration::ZERO, 0);
    while child.try_wait().unwrap().is_none() {
        let told = std::fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak_kb = peak_kb.max(peak.unwrap_or(0));
        took = took.max(processor_time(&process).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().code().unwrap() < 2);
    (took, peak_kb / 1024)
}

/// What a process has had of a processor so far: user and system time, in hundredths of a second,
/// are the twelfth and thirteenth word behind its name (proc(5)).
fn processor_time(process: &str) -> Option<Duration> {
    let told = std::fs::read_to_string(format!("{process}/stat")).ok()?;
    let words = told.rsplit_once(')')?.1.split_ascii_whitespace();
    let ticks = words.skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.map(Result::unwrap_or_default).sum();
    Some(Duration::from_millis(ticks * 10))
}

#[test]
fn a_million_records_are_read_in_bounded_memory_and_under_a_minute() {
    let folder = folder("scale");
    let (file, written) = recorded(&folder, records());
    std::fs::write(folder.join("p.toml"), "mode = \"monitor\"\n").unwrap();
    let megabytes = file.metadata().unwrap().len() / 1_000_000;
    println!("{} records, {megabytes} MB", written.records);
    let commands: [&[&str]; 3] = [
        &["report", "records.jsonl"],
        &["propose", "records.jsonl", "--policy", "p.toml"],
        &["promote", "records.jsonl", "--policy", "p.toml"],
    ];
    for arguments in commands {
        let (took, memory) = measured(&folder, arguments);
        println!(
            "{:8} {:6.2} s  {memory} MB",
            arguments[0],
            took.as_secs_f64()
        );
        assert!(memory < MEMORY_MB_MAX, "{} took {memory} MB", arguments[0]);
        // A million in a minute, and never less than 20 s for what a debug build takes.
        let most = Duration::from_micros(60 * written.records).max(Duration::from_secs(20));
        assert!(took < most, "{} took {took:?}", arguments[0]);
    }
    std::fs::remove_file(file).unwrap();
}

/// A line whose every name is new.
fn stranger(at: u64) -> String {
    format!(
        r#"{{"time":"2026-11-{:02}T{:02}:00:00Z","level":"warn","record":"finding","function":"f-{at}","request_id":"r-{at}","trace":"t-{at}","tenant":"tenant-{at}","source":"s-{at}","route":"GET /{at}","rule":"rule-{at}","confidence":"high","location":"/body/{at}x","production":"p-{at}","hash":"{at:016x}","sample":"{}","verdict":"block","coverage":"partial","gaps":["gap-{at}"],"policy":"{at}","us":{at},"steps":{at}}}"#,
        at % 28 + 1,
        at % 24,
        "a".repeat(48),
    )
}

#[test]
fn a_flood_of_different_names_fills_no_memory() {
    use std::io::Write as _;
    let folder = folder("flood");
    let mut out = std::io::BufWriter::new(File::create(folder.join("records.jsonl")).unwrap());
    for at in 0..records().min(200_000) {
        writeln!(out, "{}", stranger(at)).unwrap();
    }
    out.flush().unwrap();
    for command in ["report", "propose"] {
        let (took, memory) = measured(&folder, &[command, "records.jsonl"]);
        println!("{command:8} {:6.2} s  {memory} MB", took.as_secs_f64());
        assert!(memory < MEMORY_MB_MAX, "{command} took {memory} MB");
    }
    let page = folder.join("report.html").metadata().unwrap().len();
    assert!(page < 1_000_000, "{page} bytes");
}
