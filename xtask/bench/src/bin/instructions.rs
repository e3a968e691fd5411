//! Inspects one named event or output a number of times, for counting instructions and memory
//! from outside.
//! It never looks at a clock, so that two runs execute the same instructions.
#![expect(
    clippy::print_stdout,
    reason = "the list of names is for the tool that counts"
)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::{env, fs, ptr};

use anyhow::{Context as _, Result};
use credenza_bench::{answers, events};
use credenza_engine::leak::{LeakWatch, Leaks, Media, OutputText, seek};
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
        for (name, _, _) in OUTPUTS {
            println!("{name}");
        }
        for (name, _) in ANSWERS.into_iter().chain(INVOCATIONS) {
            println!("{name}");
        }
        return Ok(());
    };
    let times: u32 = arguments.next().context("how often?")?.parse()?;
    if arguments.next().is_some() {
        println!("mark {:x}", ptr::from_ref(&MARK).addr());
        print!("{}", fs::read_to_string("/proc/self/maps")?);
    }
    if let Some((_, media, output)) = OUTPUTS.iter().find(|(known, _, _)| *known == name) {
        look_through(*media, &output(), times);
        return Ok(());
    }
    if let Some((_, answer)) = ANSWERS.iter().find(|(known, _)| *known == name) {
        let (guarded, answer) = (answers::Guarded::new(), answer());
        for _ in 0..times {
            black_box(guarded.judge(black_box(&answer)));
        }
        return Ok(());
    }
    if let Some((_, answer)) = INVOCATIONS.iter().find(|(known, _)| *known == name) {
        let (guarded, answer) = (answers::Guarded::new(), answer());
        let event = events::benign(1_300);
        for _ in 0..times {
            black_box(guarded.invoke(black_box(&event), black_box(&answer)));
        }
        return Ok(());
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

/// Looks through an output for leaks.
fn look_through(media: Media, output: &[u8], times: u32) {
    for _ in 0..times {
        let mut leaks = Leaks::new();
        let text = OutputText::whole(black_box(output), media);
        seek(&text, LeakWatch::all(), &mut leaks);
        black_box(leaks.is_empty());
    }
}

type Event = fn() -> Vec<u8>;

/// The outputs whose instructions have a budget: a document, a page, and prose.
const OUTPUTS: [(&str, Media, Event); 3] = [
    ("output-json-100k", Media::Json, || events::benign(100_000)),
    ("output-html-100k", Media::Html, || {
        let row = "<tr class=\"row\"><td><a href=\"/orders/4711\">Order of May</a></td>\
                   <td data-sort=\"1299\">12.99 EUR</td><td>shipped</td></tr>\n";
        filled(row, 100_000)
    }),
    ("output-prose-100k", Media::Text, || {
        let line = "Please select the best union from our list; don't drop by before 9. ";
        filled(line, 100_000)
    }),
];

/// A piece, as often as it fits.
fn filled(piece: &str, bytes: usize) -> Vec<u8> {
    piece.repeat(bytes / piece.len()).into_bytes()
}

/// The answers over HTTP whose instructions have a budget, from the runtime's request to the step.
const ANSWERS: [(&str, Event); 4] = [
    ("answer-json-1k", || answers::json(1_000)),
    ("answer-json-10k", || answers::json(10_000)),
    ("answer-html-1k", || answers::html(1_000)),
    ("answer-html-10k", || answers::html(10_000)),
];

/// The answers to an order of 1 KB whose instructions have a budget together with those of the
/// order: what a function that answers at once waits for.
const INVOCATIONS: [(&str, Event); 2] = [
    ("invocation-json-4k", || answers::json(4_000)),
    ("invocation-html-4k", || answers::html(4_000)),
];

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
