//! A policy that is swapped while events and answers pass.
//! It never waits for a swap, and counts every invocation.
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credenza_agent::proxy::{Inspect, Look};
use credenza_agent::remote::Remote;
use credenza_agent::telemetry::{FaultNote, Invocation, LeakNote, Sink, TamperNote};
use credenza_engine::HashKey;
use credenza_event::Steps;
use credenza_exchange::{Circumstances, Inspected};
use credenza_policy::{Mode, Policy, PolicyUrl, Problem};

use crate::harness::{NEXT, Plan, Room, key, never_empty, response};
use crate::platform::{ACCEPTED, Peer, event, refusing_address, wait_for, within};

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
    let plan = Plan {
        policy: policy(0, mode),
        changes: true,
        inspection: Box::new(Real),
        environment: [("AWS_SECRET_ACCESS_KEY", key())].into_iter().collect(),
        ..Plan::default()
    };
    let events = |number| event(&format!("n-{number:06}"), b"{\"a\":\"b\"}");
    Room::planned(plan, never_empty(events))
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

/// Hears nothing.
struct Deaf;

impl Sink for Deaf {
    fn inspected(&self, _: &Invocation<'_>, _: &Inspected, _: u64) {}
    fn dealt_with(&self, _: u64) {}
    fn leaked(&self, _: &LeakNote<'_>) {}
    fn tampered(&self, _: &TamperNote<'_>) {}
    fn fault(&self, _: &FaultNote<'_>) {}
    fn problem(&self, _: &Problem) {}
}

/// Whoever fetches policies for a room, and a source that answers with these bytes; without any
/// it takes requests and says nothing.
fn remote(room: &Room, base: Policy, answer: &'static [u8]) -> Remote {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
            if answer.is_empty() {
                kept.push(stream);
            }
        }
    });
    let url = PolicyUrl {
        address,
        path: "/applications/a/environments/e/configurations/c".into(),
    };
    let live = Arc::clone(&room.live);
    Remote::new(url, None, base, "orders".into(), live, Arc::new(Deaf))
}

/// An event that is refused in block mode.
const ATTACK: &[u8] = br#"{"a":"1' or 1=1 -- "}"#;

#[test]
fn a_kill_switch_is_in_force_after_one_poll() {
    let plan = Plan {
        policy: policy(0, Mode::Block),
        changes: true,
        inspection: Box::new(Real),
        ..Plan::default()
    };
    // The first event is refused, and so the second is asked for at once.
    let room = Room::planned(plan, |peer: &mut Peer| {
        loop {
            let request = peer.request()?;
            if request.starts_with(b"GET") {
                peer.write(&event("n-000001", ATTACK))?;
            } else {
                peer.write(ACCEPTED)?;
            }
        }
    });
    let kill = b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\nkill = true\nversion = 9\n";
    let mut remote = remote(&room, policy(0, Mode::Block), kill);
    let mut client = room.client();
    client.send(NEXT);
    wait_for("a refusal", || {
        let seen = room.platform.seen().concat();
        String::from_utf8_lossy(&seen).contains("/response HTTP/1.1")
            || String::from_utf8_lossy(&seen).contains("/error HTTP/1.1")
    });
    remote.poll();
    assert_eq!(room.live.now().mode, Mode::Off);
    assert_eq!(crate::faults::id_of_event(&mut client, ATTACK), "n-000001");
}

#[test]
fn a_policy_source_that_is_down_slow_or_lying_delays_and_changes_no_invocation() {
    let answers: [&'static [u8]; 4] = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nmode = 'off'",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
    ];
    for answer in answers.map(Some).into_iter().chain([None]) {
        within(SLOW, || undelayed(answer));
    }
}

/// How long a source is waited for, by whoever fetches policies and nobody else.
const SLOW: Duration = Duration::from_secs(2);

/// 200 invocations while policies are fetched from a source that answers with these bytes, or from
/// one that is down.
fn undelayed(answer: Option<&'static [u8]>) {
    let room = room(Mode::Monitor);
    let base = Policy {
        poll_seconds: 1,
        ..policy(0, Mode::Monitor)
    };
    // Bound and not listening: refused for certain, as nobody else is given the port.
    let (_socket, down) = refusing_address();
    let remote = if let Some(answer) = answer {
        remote(&room, base, answer)
    } else {
        let path = "/".into();
        let url = PolicyUrl {
            address: down,
            path,
        };
        let live = Arc::clone(&room.live);
        Remote::new(url, None, base, String::new(), live, Arc::new(Deaf))
    };
    remote.start();
    let begun = Instant::now();
    let mut client = room.client();
    for _ in 0..200 {
        client.send(NEXT);
        let id = crate::faults::id_of_event(&mut client, b"{\"a\":\"b\"}");
        client.call(&response(&id, b"[]"), ACCEPTED);
    }
    assert!(begun.elapsed() < SLOW, "{:?}", begun.elapsed());
    assert_eq!(room.live.now().hash, 1);
}
