//! A policy that is swapped while events and answers pass.
//! It never waits for a swap, and counts every invocation.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use credenza_agent::proxy::{Inspect, Look};
use credenza_engine::HashKey;
use credenza_event::Steps;
use credenza_exchange::{Circumstances, Inspected};
use credenza_policy::{Mode, Policy};

use crate::harness::{NEXT, Plan, Room, response};
use crate::platform::{ACCEPTED, Peer, event, wait_for};

const SWAPS: u64 = 1_000;
const RUNTIMES: usize = 4;

/// Inspects as the process does.
struct Real;

impl Inspect for Real {
    fn event(&self, look: &Look<'_>) -> Inspected {
        let about = Circumstances {
            request_id: look.invocation.request_id,
            ..Circumstances::default()
        };
        let steps = Steps::for_bytes(look.event.len());
        credenza_exchange::event_under(look.event, &about, steps, look.policy, &HashKey([7; 16]))
    }
}

/// A key of the platform's form.
fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

/// The policy that is put into force by a swap.
fn policy(swap: u64, mode: Mode) -> Policy {
    Policy {
        mode,
        hash: swap + 1,
        version: swap + 1,
        ..Policy::default()
    }
}

/// A platform with an event for everyone who asks, and room for every answer.
fn room(mode: Mode) -> Room {
    let numbers = AtomicUsize::new(0);
    let plan = Plan {
        policy: policy(0, mode),
        changes: true,
        inspection: Box::new(Real),
        environment: [("AWS_SECRET_ACCESS_KEY", key())].into_iter().collect(),
        ..Plan::default()
    };
    Room::planned(plan, move |peer: &mut Peer| {
        loop {
            let request = peer.request()?;
            if request.starts_with(b"GET") {
                let number = numbers.fetch_add(1, Ordering::SeqCst);
                peer.write(&event(&format!("n-{number:06}"), b"{\"a\":\"b\"}"))?;
            } else {
                peer.write(ACCEPTED)?;
            }
        }
    })
}

/// Invocations of one runtime until nothing is swapped any more; gives their ids.
fn serve(room: &Room, is_over: &AtomicBool) -> Vec<String> {
    let mut client = room.client();
    let mut ids = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        client.send(NEXT);
        let id = crate::faults::id_of_event(&mut client, b"{\"a\":\"b\"}");
        let body = format!("[\"{}\"]", key());
        client.send(&response(&id, body.as_bytes()));
        client.expect(ACCEPTED);
        ids.push(id);
    }
    ids
}

#[test]
fn a_policy_is_swapped_1_000_times_under_load_and_no_invocation_is_lost_or_judged_by_two() {
    let room = Arc::new(room(Mode::Monitor));
    let is_over = Arc::new(AtomicBool::new(false));
    let runtimes: Vec<_> = (0..RUNTIMES)
        .map(|_| {
            let (room, is_over) = (Arc::clone(&room), Arc::clone(&is_over));
            std::thread::spawn(move || serve(&room, &is_over))
        })
        .collect();
    for swap in 1..=SWAPS {
        room.live.swap(policy(swap, Mode::Monitor));
        // As fast as events are judged, so that swaps fall into every part of an invocation.
        std::thread::yield_now();
        if swap % 10 == 0 {
            let before = room.judged()[0].len();
            wait_for("an invocation", || room.judged()[0].len() > before);
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let mut ids: Vec<String> = Vec::new();
    for runtime in runtimes {
        ids.extend(runtime.join().unwrap());
    }
    wait_for("every leak", || {
        room.judged().iter().all(|told| told.len() >= ids.len())
    });
    let [events, leaks] = room.judged();
    assert_eq!((events.len(), leaks.len()), (ids.len(), ids.len()));
    let events: HashMap<_, _> = events.into_iter().collect();
    let leaks: HashMap<_, _> = leaks.into_iter().collect();
    for id in &ids {
        assert!(events.contains_key(id), "{id} was lost");
        assert_eq!(
            events.get(id),
            leaks.get(id),
            "{id} was judged by two policies"
        );
    }
    let policies: std::collections::HashSet<_> = events.values().collect();
    assert!(
        policies.len() > 50,
        "only {} policies judged anything",
        policies.len()
    );
}

/// What the runtime hears of an answer that was taken and withheld.
const TAKEN: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\
    Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

#[test]
fn an_answer_is_judged_by_the_policy_of_its_event_whatever_is_in_force_by_then() {
    for (before, after, withheld) in [
        (Mode::Block, Mode::Off, true),
        (Mode::Off, Mode::Block, false),
        (Mode::Monitor, Mode::Block, false),
    ] {
        let room = room(before);
        let mut client = room.client();
        client.send(NEXT);
        let id = crate::faults::id_of_event(&mut client, b"{\"a\":\"b\"}");
        room.live.swap(policy(1, after));
        client.send(&response(&id, format!("[\"{}\"]", key()).as_bytes()));
        client.expect(if withheld { TAKEN } else { ACCEPTED });
        let got = room.platform.seen().concat();
        let got = String::from_utf8_lossy(&got).into_owned();
        assert_eq!(!got.contains(&key()), withheld, "{before:?} then {after:?}");
        // The next one is judged by the new policy.
        client.send(NEXT);
        let id = crate::faults::id_of_event(&mut client, b"{\"a\":\"b\"}");
        wait_for("the event", || {
            after == Mode::Off || room.judged()[0].iter().any(|(judged, _)| *judged == id)
        });
    }
}
