//! A18: very many invocations in a row, each with its id and checksum.
//! It never counts what it does not check: order, identity and bytes of every single one.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::harness::lambda::{Event, Lambda, next_reply};
use crate::harness::measure::{resident_bytes, slope};
use crate::harness::pair::Pair;
use crate::harness::random::Random;
use crate::harness::{alone, progress};

/// How many, unless `CREDENZA_SOAK_INVOCATIONS` says otherwise.
const INVOCATIONS: u64 = 100_000;

/// The event of this number: plain JSON of a few hundred bytes.
fn event(index: u64) -> Event {
    let mut random = Random::new(index);
    let items: Vec<String> = (0..=random.below(12))
        .map(|_| {
            format!(
                r#"{{"sku":"{:x}","count":{}}}"#,
                random.next(),
                random.below(100)
            )
        })
        .collect();
    Event {
        id: id(index),
        headers: Vec::new(),
        body: format!(
            r#"{{"version":"2.0","rawPath":"/orders/{index}","headers":{{"host":"a.b"}},"requestContext":{{"http":{{"method":"POST"}}}},"body":"{{\"who\":\"O'Brien\"}}","items":[{}]}}"#,
            items.join(",")
        )
        .into_bytes(),
    }
}

fn id(index: u64) -> String {
    format!("8476a536-e9f4-11e8-9739-{index:012x}")
}

/// The answer to this event: as long as it, and different for each.
fn answer(index: u64, event: &[u8]) -> Vec<u8> {
    let sum = event.iter().fold(index, |sum, byte| {
        sum.rotate_left(5).wrapping_mul(0x100_0000_01B3) ^ u64::from(*byte)
    });
    let mut answer = format!(r#"{{"of":{index},"sum":"{sum:016x}","echo":"#).into_bytes();
    answer.extend_from_slice(event);
    answer.push(b'}');
    answer
}

/// What the platform counts while it hands out one event after the other.
#[derive(Default)]
struct Ledger {
    handed_out: AtomicU64,
    answered: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Ledger {
    fn complain(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

/// Makes the platform hand out the numbered events and check each answer against its number.
fn hand_out(lambda: &Arc<Lambda>) -> Arc<Ledger> {
    lambda.forget_answers();
    let ledger = Arc::new(Ledger::default());
    let own = Arc::clone(&ledger);
    lambda.set_fault(move |head, peer| {
        if head.target().ends_with("/invocation/next") {
            let index = own.handed_out.fetch_add(1, Ordering::AcqRel);
            if index != own.answered.load(Ordering::Acquire) {
                own.complain(format!("event {index} was asked for before the answer"));
            }
            return Some(peer.write(&next_reply(&event(index))));
        }
        if !head.target().contains("/runtime/invocation/") {
            return None;
        }
        Some(peer.body(head).and_then(|body| {
            let index = own.answered.fetch_add(1, Ordering::AcqRel);
            let expected = format!("/2018-06-01/runtime/invocation/{}/response", id(index));
            if head.target() != expected {
                own.complain(format!("answer {index}: {}", head.target()));
            }
            if body.bytes != answer(index, &event(index).body) {
                own.complain(format!("answer {index} was altered"));
            }
            peer.reply("202 Accepted", b"{\"status\":\"OK\"}\n")
        }))
    });
    ledger
}

#[test]
fn back_to_back_invocations_are_neither_lost_nor_doubled_nor_reordered_nor_altered() {
    let _room = alone();
    let total: u64 = std::env::var("CREDENZA_SOAK_INVOCATIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(INVOCATIONS);
    let mut pair = Pair::new("monitor");
    let ledger = hand_out(&pair.lambda);
    let begun = Instant::now();
    let mut points = Vec::new();
    // The first tenth fills buffers and allocator; from then on memory has to stand still.
    let (warm, step) = (total / 10, (total / 200).max(1));
    for index in 0..total {
        let received = pair.runtime.next().unwrap();
        let expected = event(index);
        assert_eq!(received.id, expected.id);
        assert!(received.body == expected.body, "event {index} was altered");
        let answer = answer(index, &received.body);
        pair.runtime.respond(&received.id, &answer).unwrap();
        if index >= warm && index % step == 0 {
            points.push((index, resident_bytes(pair.agent.pid())));
        }
        if (index + 1) % (total / 4).max(1) == 0 {
            let per_second = u128::from(index + 1) * 1_000 / begun.elapsed().as_millis().max(1);
            progress(&format!(
                "{} of {total} invocations, {per_second} a second",
                index + 1
            ));
        }
    }
    assert_eq!(*ledger.wrong.lock().unwrap(), Vec::<String>::new());
    assert_eq!(ledger.answered.load(Ordering::Acquire), total);
    judge_memory(&points);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and sizes stay far below 2^52"
)]
fn judge_memory(points: &[(u64, u64)]) {
    let line: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x as f64, *y as f64)).collect();
    let slope = slope(&line);
    let last = points.last().map_or(0, |(_, bytes)| *bytes);
    progress(&format!(
        "memory: {slope:.3} bytes per invocation, {} KiB at the end",
        last / 1024
    ));
    assert!(
        slope < 1.0,
        "the agent grows by {slope} bytes per invocation"
    );
}
