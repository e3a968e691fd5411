//! From 1 KB to 6 MB the time through the agent grows with the size and never in a leap.
//! It never compares with a clock of another run: each size is measured against its neighbours.
use std::time::Instant;

use crate::harness::measure::{median, waited_ms};
use crate::harness::pair::Pair;
use crate::harness::{alone, progress};

/// Sizes that double from 1 KB, and the largest event that the platform delivers.
const SIZES: [usize; 14] = [
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 1_000_000,
    2_000_000, 4_000_000, 6_291_556,
];

/// By how much one size may be slower than the size before it.
// Limit: 8; twice the bytes are twice the work at most, and four times that is a neighbour on the
// machine. Nagle's algorithm against a delayed acknowledgement is 40 ms on a path of 0.1 ms.
const LEAP_MAX: f64 = 8.0;

/// A benign event of exactly this many bytes: an order with many lines.
fn order(bytes: usize) -> Vec<u8> {
    let mut event = br#"{"customer":"O'Brien & Sons","lines":["#.to_vec();
    let end = br#""blue jeans"],"note":""}"#;
    while event.len() + 40 + end.len() < bytes {
        event.extend_from_slice(br#"{"sku":"A-104729","count":3},"#);
    }
    event.extend_from_slice(end);
    let rest = bytes - event.len();
    let at = event.len() - 2;
    event.splice(at..at, std::iter::repeat_n(b'n', rest));
    event
}

/// The median time of one invocation, event and answer of this size, in milliseconds.
struct Took {
    whole: f64,
    /// Without what agent and test have waited for a processor that others had: the more a size
    /// has them take turns, the more of that there is on a machine that is full.
    own: f64,
}

fn invocation_ms(pair: &mut Pair, name: &str, event: &[u8]) -> Took {
    let (mut whole, mut own) = (Vec::new(), Vec::new());
    let waited = |pair: &Pair| waited_ms(pair.agent.pid()) + waited_ms(std::process::id());
    for round in 0..16 {
        let id = format!("{name}-{round}");
        let before = waited(pair);
        let started = Instant::now();
        pair.deliver(&id, event);
        pair.runtime.respond(&id, event).unwrap();
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        // The first round of a size grows buffers.
        if round > 0 {
            whole.push(took);
            own.push((took - (waited(pair) - before).max(0.0)).max(0.0));
        }
        let answer = pair.lambda.take_answer();
        assert!(answer.id() == id && answer.body.bytes == event, "{id}");
    }
    Took {
        whole: median(&mut whole),
        own: median(&mut own),
    }
}

#[test]
fn there_is_no_size_at_which_the_agent_is_suddenly_slow() {
    let _room = alone();
    for mode in ["monitor", "block"] {
        let mut pair = Pair::new(mode);
        let events = SIZES.map(order);
        let mut before = invocation_ms(&mut pair, "first", &events[0]);
        for (two, size) in events.windows(2).zip(&SIZES[1..]) {
            let name = size.to_string();
            assert_eq!(two[1].len(), *size);
            let mut took = invocation_ms(&mut pair, &name, &two[1]);
            // A neighbour on the machine goes away, and a leap of the agent's own stays.
            for _ in 0..2 {
                if took.own > before.whole * LEAP_MAX {
                    before = invocation_ms(&mut pair, &name, &two[0]);
                    took = invocation_ms(&mut pair, &name, &two[1]);
                }
            }
            let leap = took.own / before.whole;
            progress(&format!(
                "{mode}, {size} bytes: {leap:.1} times the size before"
            ));
            assert!(
                leap <= LEAP_MAX,
                "{mode}: {size} bytes take {:.2} ms, half of them {:.2} ms",
                took.own,
                before.whole
            );
            before = took;
        }
    }
}
