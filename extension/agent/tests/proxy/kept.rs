//! Large messages in mode `monitor`: they pass while they come, and are looked at as a whole.
//! They never hold a secret that opens anything.
use std::sync::Mutex;
use std::sync::mpsc::channel;

use credenza_policy::{Mode, Policy};

use crate::harness::{NEXT, Plan, Room, key, response};
use crate::inspection::{Looping, Refusing, Release};
use crate::platform::{ACCEPTED, event, find, wait_for};

// More than is read whole.
const BYTES: usize = 3_000_000;

fn monitor() -> Policy {
    Policy {
        mode: Mode::Monitor,
        ..Policy::default()
    }
}

#[test]
fn a_large_event_is_with_its_runtime_before_its_last_byte_is_sent() {
    let large = event("large", &[&vec![b'x'; BYTES][..], b"attack"].concat());
    let (sender, go_on) = channel::<()>();
    let (go_on, reply) = (Mutex::new(go_on), large.clone());
    let plan = Plan {
        policy: monitor(),
        ..Plan::inspecting(Refusing)
    };
    let room = Room::planned(plan, move |peer| {
        peer.request()?;
        peer.write(&reply[..BYTES])?;
        go_on.lock().unwrap().recv().ok()?;
        peer.write(&reply[BYTES..])?;
        peer.request()?;
        peer.write(ACCEPTED)?;
        peer.drain()
    });
    let mut client = room.client();
    client.send(NEXT);
    client.expect(&large[..BYTES]);
    assert!(room.inspected().is_empty());
    sender.send(()).unwrap();
    client.expect(&large[BYTES..]);
    client.call(&response("large", b"1"), ACCEPTED);
    wait_for("the inspection", || room.inspected() == ["large"]);
    assert!(room.faults().is_empty());
}

#[test]
fn a_large_event_that_breaks_off_breaks_off_for_its_runtime_too() {
    let large = event("large", &vec![b'x'; BYTES]);
    let reply = large.clone();
    let plan = Plan {
        policy: monitor(),
        ..Plan::inspecting(Refusing)
    };
    let room = Room::planned(plan, move |peer| {
        peer.request()?;
        peer.write(&reply[..BYTES / 2]).filter(|()| false)
    });
    let mut client = room.client();
    client.send(NEXT);
    assert!(client.rest() == large[..BYTES / 2]);
    room.expect_faults(&["reply-cut closed"]);
    assert!(room.inspected().is_empty());
}

#[test]
fn a_large_answer_is_with_the_platform_before_its_last_byte_is_sent_and_its_leaks_are_told() {
    let key = key();
    let plan = Plan {
        policy: monitor(),
        environment: [("AWS_SECRET_ACCESS_KEY", key.clone())]
            .into_iter()
            .collect(),
        ..Plan::default()
    };
    let room = Room::planned(plan, |peer| {
        loop {
            let request = peer.request()?;
            let is_next = find(&request, b"/next ").is_some();
            peer.write(
                if is_next {
                    event("one", b"{}")
                } else {
                    ACCEPTED.to_vec()
                }
                .as_slice(),
            )?;
        }
    });
    let mut client = room.client();
    client.call(NEXT, &event("one", b"{}"));
    let mut body = vec![b'.'; BYTES];
    body.splice(BYTES / 3..BYTES / 3, key.bytes());
    let answer = response("one", &body);
    client.send(&answer[..BYTES]);
    let seen = || room.platform.seen().concat().len();
    wait_for("what was sent", || seen() == NEXT.len() + BYTES);
    assert!(room.leaks().is_empty());
    client.send(&answer[BYTES..]);
    client.expect(ACCEPTED);
    assert!(room.platform.seen().concat()[NEXT.len()..] == answer);
    // The next event is not asked for before that is told.
    client.call(NEXT, &event("one", b"{}"));
    assert_eq!(room.leaks(), ["AWS_SECRET_ACCESS_KEY plain response seen"]);
    assert!(room.faults().is_empty());
}

/// What a function must be allowed for two large messages to be kept.
const ROOMY: usize = 2 << 30;

/// A large event whose inspection ends when it is told to, and a large answer with a key in it that
/// comes meanwhile, in a function that may use so much memory: the leaks that are told before the
/// end of the inspection, and behind it.
fn answered_during_the_look(memory_bytes: usize) -> [Vec<String>; 2] {
    let key = key();
    let release = Release::default();
    let plan = Plan {
        policy: monitor(),
        memory_bytes,
        environment: [("AWS_SECRET_ACCESS_KEY", key.clone())]
            .into_iter()
            .collect(),
        ..Plan::inspecting(Looping(release.0.clone()))
    };
    let large = event("one", &[&vec![b'x'; BYTES][..], b"loop"].concat());
    let reply = large.clone();
    let room = Room::planned(plan, move |peer| {
        loop {
            let request = peer.request()?;
            let is_next = find(&request, b"/next ").is_some();
            peer.write(if is_next { &reply } else { ACCEPTED })?;
        }
    });
    let mut client = room.client();
    client.call(NEXT, &large);
    let mut body = vec![b'.'; BYTES];
    body.splice(BYTES / 3..BYTES / 3, key.bytes());
    let answer = response("one", &body);
    client.call(&answer, ACCEPTED);
    assert!(room.platform.seen().concat()[NEXT.len()..] == answer);
    // What is looked at while it passes was looked at before the platform's word is passed on, but
    // its thread may still have to tell of it.
    if memory_bytes == 0 {
        wait_for("the leak", || !room.leaks().is_empty());
    }
    assert!(room.inspected().is_empty());
    let before = room.leaks();
    drop(release);
    client.call(NEXT, &large);
    assert_eq!(room.inspected().first().map(String::as_str), Some("one"));
    assert!(room.faults().is_empty());
    [before, room.leaks()]
}

#[test]
fn a_large_answer_waits_for_no_look_at_its_event_and_is_looked_at_behind_it() {
    let told = vec!["AWS_SECRET_ACCESS_KEY plain response seen".to_owned()];
    assert_eq!(answered_during_the_look(ROOMY), [vec![], told]);
}

#[test]
fn a_large_answer_is_looked_at_while_it_passes_where_its_event_takes_the_memory() {
    let told = vec!["AWS_SECRET_ACCESS_KEY plain response seen".to_owned()];
    assert_eq!(answered_during_the_look(0), [told.clone(), told]);
}
