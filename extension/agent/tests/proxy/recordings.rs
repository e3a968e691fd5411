//! Which events are handed on to be recorded, and when.
//! It never looks at what becomes of them there.
use credenza_policy::{Mode, Policy};

use crate::harness::{NEXT, Plan, Room, key, never_empty, response};
use crate::platform::{ACCEPTED, event};

/// An event: an ordinary one, one with the function's own secret as a name, and a long one.
fn body(number: usize) -> String {
    match number % 3 {
        0 => r#"{"a":"b"}"#.into(),
        1 => format!(r#"{{"{}":1}}"#, key()),
        _ => format!(r#"{{"a":"{}"}}"#, "b".repeat(200)),
    }
}

fn id(number: usize) -> String {
    format!("n-{number:06}")
}

/// A platform with an event for each call.
fn room(policy: &str) -> Room {
    let (policy, problems) = Policy::parse(policy);
    assert!(problems.is_empty(), "{problems:?}");
    let plan = Plan {
        policy,
        environment: [("AWS_SECRET_ACCESS_KEY", key())].into_iter().collect(),
        ..Plan::default()
    };
    let events = |number| event(&id(number), body(number).as_bytes());
    Room::planned(plan, never_empty(events))
}

fn serve(room: &Room, invocations: usize) {
    let mut client = room.client();
    for number in 0..invocations {
        client.call(NEXT, &event(&id(number), body(number).as_bytes()));
        client.call(&response(&id(number), b"1"), ACCEPTED);
    }
    // What is done behind an event is done before the next one is asked for.
    client.call(NEXT, &event(&id(invocations), body(invocations).as_bytes()));
}

#[test]
fn nothing_is_recorded_unless_a_policy_asks_for_it() {
    for policy in ["mode = 'block'", "mode = 'off'\n[recording]\nshare = 100"] {
        let room = room(policy);
        serve(&room, 9);
        assert_eq!(room.recorded(), [], "{policy}");
    }
}

#[test]
fn every_event_of_the_share_is_recorded_but_no_secret_of_the_function_and_nothing_long() {
    for mode in [Mode::Monitor, Mode::Block] {
        let mode = mode.name();
        let text = format!("mode = '{mode}'\n[recording]\nshare = 100\nevent_bytes_max = 100");
        let room = room(&text);
        serve(&room, 30);
        let recorded = room.recorded();
        assert!(recorded.len() >= 30, "{mode}: {}", recorded.len());
        for (number, (request_id, event)) in recorded.into_iter().enumerate() {
            assert_eq!(request_id, id(number), "{mode}");
            let expected = if number % 3 == 0 {
                body(number)
            } else {
                String::new()
            };
            assert_eq!(
                String::from_utf8(event).unwrap(),
                expected,
                "{mode} {number}"
            );
        }
    }
}

#[test]
fn a_share_is_the_same_requests_on_every_run() {
    let runs: Vec<Vec<String>> = (0..2)
        .map(|_| {
            let room = room("mode = 'monitor'\n[recording]\nshare = 10");
            serve(&room, 300);
            let ids = room.recorded().into_iter().map(|(id, _)| id);
            ids.filter(|one| *one < id(300)).collect()
        })
        .collect();
    assert!((10..=60).contains(&runs[0].len()), "{}", runs[0].len());
    assert_eq!(runs[0], runs[1]);
}
