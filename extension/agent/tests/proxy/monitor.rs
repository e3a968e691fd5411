//! Monitor mode: the verdict decides nothing, so nobody waits for it, and it is told all the same.
//! It never lets an answer overtake the verdict on its own event.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use credenza_agent::proxy::{Inspect, Look};
use credenza_exchange::Inspected;
use credenza_policy::{Mode, OnError, Policy};

use crate::harness::{NEXT, Plan, Room, response};
use crate::inspection::{Looping, Panicking, Refusing, Release};
use crate::platform::{ACCEPTED, event, find, wait_for, within};

/// From here on an inspection that has not ended is taken for an endless one.
const GUARD: Duration = Duration::from_secs(1);

fn monitoring(inspection: impl Inspect + 'static) -> Plan {
    let policy = Policy {
        mode: Mode::Monitor,
        on_error: OnError::Closed,
        ..Policy::default()
    };
    Plan {
        policy,
        ..Plan::inspecting(inspection)
    }
}

/// A platform that sends `body` to whoever asks.
fn room(inspection: impl Inspect + 'static, body: &'static [u8]) -> Room {
    Room::planned(monitoring(inspection), move |peer| {
        loop {
            let request = peer.request()?;
            let next = find(&request, b"/next").is_some();
            let reply = if next {
                event("id", body)
            } else {
                ACCEPTED.to_vec()
            };
            peer.write(&reply)?;
        }
    })
}

#[test]
fn an_event_is_there_before_its_inspection_ends_and_its_answer_waits_for_it() {
    within(GUARD, || {
        let end = Arc::new(AtomicBool::new(false));
        let release = Release(Arc::clone(&end));
        let room = room(Looping(Arc::clone(&end)), b"loop");
        let mut client = room.client();
        client.call(NEXT, &event("id", b"loop"));
        client.send(&response("id", b"1"));
        assert!(room.inspected().is_empty());
        assert_eq!(room.platform.seen().concat(), NEXT);
        end.store(true, Ordering::Relaxed);
        client.expect(ACCEPTED);
        assert_eq!(room.inspected(), ["id"]);
        drop(release);
    });
}

#[test]
fn an_endless_inspection_costs_neither_the_event_nor_the_answer() {
    let end = Arc::new(AtomicBool::new(false));
    let release = Release(Arc::clone(&end));
    let room = room(Looping(end), b"loop");
    let mut client = room.client();
    client.call(NEXT, &event("id", b"loop"));
    client.call(&response("id", b"1"), ACCEPTED);
    room.expect_faults(&["inspection-stuck passed id"]);
    drop(release);
}

#[test]
fn a_panic_costs_neither_the_event_nor_the_answer_nor_is_anything_refused() {
    let room = room(Panicking, b"panic");
    let mut client = room.client();
    for _ in 0..10 {
        client.call(NEXT, &event("id", b"panic"));
        client.call(&response("id", b"1"), ACCEPTED);
    }
    room.expect_faults(&["inspection-panicked passed id"; 10]);
}

#[test]
fn an_attack_is_delivered_and_told_once() {
    let room = room(Refusing, b"attack");
    let mut client = room.client();
    for round in 1..=10 {
        client.call(NEXT, &event("id", b"attack"));
        client.call(&response("id", b"1"), ACCEPTED);
        assert_eq!(room.inspected().len(), round);
    }
}

#[test]
fn an_event_whose_runtime_has_left_is_inspected_all_the_same() {
    let large = vec![b'x'; 6_291_556];
    let reply = event("large", &large);
    let expected = reply.clone();
    let room = Room::planned(monitoring(Refusing), move |peer| {
        peer.request()?;
        peer.write(&reply)?;
        peer.drain()
    });
    let mut reader = room.client();
    reader.send(NEXT);
    reader.expect(b"HTTP/1.1 200 OK\r\n");
    drop(reader);
    wait_for("the inspection", || room.inspected() == ["large"]);
    room.client().call(NEXT, &expected);
    assert_eq!(room.inspected(), ["large"]);
}

/// A body of 100 KB that asks for an endless inspection.
fn large() -> Vec<u8> {
    [&b"loop"[..], &vec![b'x'; 100_000]].concat()
}

#[test]
fn a_large_event_keeps_neither_its_answer_waiting_nor_its_verdict_from_being_told() {
    within(GUARD, || {
        let end = Arc::new(AtomicBool::new(false));
        let release = Release(Arc::clone(&end));
        let room = Room::planned(monitoring(Looping(Arc::clone(&end))), |peer| {
            loop {
                let request = peer.request()?;
                let next = find(&request, b"/next").is_some();
                let reply = if next {
                    event("id", &large())
                } else {
                    ACCEPTED.to_vec()
                };
                peer.write(&reply)?;
            }
        });
        let mut client = room.client();
        client.call(NEXT, &event("id", &large()));
        client.call(&response("id", b"1"), ACCEPTED);
        assert!(room.inspected().is_empty(), "the answer waited");
        // The next event is not asked for before the verdict on this one is told.
        client.send(NEXT);
        let sent = NEXT.len() + response("id", b"1").len();
        assert_eq!(room.platform.seen().concat().len(), sent);
        end.store(true, Ordering::Relaxed);
        client.expect(&event("id", &large()));
        assert_eq!(room.inspected()[0], "id");
        assert!(room.faults().is_empty());
        drop(release);
    });
}

#[test]
fn an_endless_inspection_of_a_large_event_is_left_behind() {
    let end = Arc::new(AtomicBool::new(false));
    let release = Release(Arc::clone(&end));
    let room = Room::planned(monitoring(Looping(end)), |peer| {
        loop {
            peer.request()?;
            peer.write(&crate::faults::soon("bad", &large()))?;
        }
    });
    let mut client = room.client();
    for _ in 0..5 {
        client.send(NEXT);
        assert_eq!(crate::faults::id_of_event(&mut client, &large()), "bad");
    }
    wait_for("the faults", || room.faults().len() == 5);
    let (stuck, given_up) = (
        "inspection-stuck passed bad",
        "inspection-given-up passed bad",
    );
    assert_eq!(room.faults(), [stuck, stuck, stuck, given_up, given_up]);
    drop(release);
}

/// Spins for longer than the guard allows, and then ends; counts its ends.
struct Slow(Arc<AtomicUsize>);

impl Inspect for Slow {
    fn event(&self, look: &Look<'_>) -> Inspected {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(150) {
            std::thread::yield_now();
        }
        let inspected = Refusing.event(look);
        self.0.fetch_add(1, Ordering::AcqRel);
        inspected
    }
}

#[test]
fn inspections_that_are_slow_and_end_are_not_taken_for_endless_ones() {
    let ended = Arc::new(AtomicUsize::new(0));
    let room = Room::planned(Plan::inspecting(Slow(Arc::clone(&ended))), |peer| {
        loop {
            peer.request()?;
            peer.write(&crate::faults::soon("bad", b"{}"))?;
        }
    });
    let mut client = room.client();
    for round in 1..=6 {
        client.send(NEXT);
        assert_eq!(crate::faults::id_of_event(&mut client, b"{}"), "bad");
        wait_for("the fault", || room.faults().len() == round);
        // Its own inspection ends before the next one begins.
        wait_for("its end", || ended.load(Ordering::Acquire) == round);
    }
    room.expect_faults(&["inspection-stuck passed bad"; 6]);
}
