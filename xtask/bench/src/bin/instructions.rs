//! Inspects one named event a number of times, for counting instructions and memory from outside.
//! It never looks at a clock, so that two runs execute the same instructions.
#![expect(
    clippy::print_stdout,
    reason = "the list of names is for the tool that counts"
)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::{env, fs, ptr};

use anyhow::{Context as _, Result};
use credenza_bench::events;
use credenza_engine::{HashKey, inspect};
use credenza_event::Steps;

/// Read after the first inspection, so that a trace shows where the second one begins.
static MARK: AtomicU8 = AtomicU8::new(1);

/// Without arguments prints the names; with a name and a number inspects that often.
///
/// With a third argument it also says where the mark and its own program lie in memory.
fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(name) = arguments.next() else {
        for (name, _) in EVENTS {
            println!("{name}");
        }
        return Ok(());
    };
    let times: u32 = arguments.next().context("how often?")?.parse()?;
    if arguments.next().is_some() {
        println!("mark {:x}", ptr::from_ref(&MARK).addr());
        print!("{}", fs::read_to_string("/proc/self/maps")?);
    }
    let found = EVENTS.iter().find(|(known, _)| *known == name);
    let (_, event) = found.with_context(|| format!("no event is called {name}"))?;
    let event = event();
    for time in 0..times {
        if time == 1 {
            black_box(MARK.load(Ordering::Relaxed));
        }
        let steps = Steps::for_bytes(event.len());
        black_box(inspect(black_box(&event), steps, &HashKey([7; 16])));
    }
    Ok(())
}

type Event = fn() -> Vec<u8>;

/// The events whose instructions have a budget.
const EVENTS: [(&str, Event); 6] = [
    ("order-1k", || events::benign(1_300)),
    ("order-10k", || events::benign(10_000)),
    ("order-100k", || events::benign(100_000)),
    ("prose", || {
        query("Please select the best union from our list; don't drop by before 9")
    }),
    ("injection", || {
        query("1' OR '1'='1' UNION SELECT name, secret FROM users -- ")
    }),
    ("injection-encoded", || {
        query("MScgT1IgJzEnPScxJyBVTklPTiBTRUxFQ1Qgc2VjcmV0IEZST00gdXNlcnMgLS0g")
    }),
];

/// A small event whose query holds `value`.
fn query(value: &str) -> Vec<u8> {
    format!(
        "{{\"version\":\"2.0\",\"rawPath\":\"/items\",\"headers\":{{\"accept\":\"*/*\"}},\
         \"queryStringParameters\":{{\"q\":\"{value}\"}},\
         \"requestContext\":{{\"http\":{{\"method\":\"GET\",\"path\":\"/items\"}}}}}}"
    )
    .into_bytes()
}
