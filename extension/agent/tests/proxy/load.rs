//! Many at once, and many in a row: nothing is lost, doubled, mixed up or kept (F34, F49, A7, A18).
//! It never measures time.
use std::sync::Barrier;
use std::thread;

use crate::harness::{NEXT, Plan, Room, response};
use crate::inspection::Refusing;
use crate::platform::{ACCEPTED, event, find};

/// Serves events whose id and body tell the connection and the round.
fn numbered(peer: &mut crate::platform::Peer) -> Option<()> {
    let mut round = 0;
    loop {
        let request = peer.request()?;
        if find(&request, b"/next").is_some() {
            round += 1;
            let id = format!("{}-{round}", peer.number);
            peer.write(&event(&id, id.as_bytes()))?;
        } else {
            peer.write(ACCEPTED)?;
        }
    }
}

#[test]
fn sixty_four_runtimes_at_once_get_each_its_own() {
    let room = Room::new(numbered);
    let barrier = Barrier::new(64);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut client = room.client();
                barrier.wait();
                for round in 1..=20 {
                    client.send(NEXT);
                    let head = event("", b"").len();
                    let start = client.rest_or(head);
                    let text = String::from_utf8(start).unwrap();
                    let id = text.split("Request-Id: ").nth(1).unwrap();
                    let id = id.split("\r\n").next().unwrap().to_owned();
                    let whole = event(&id, id.as_bytes());
                    client.expect(&whole[head..]);
                    assert!(id.ends_with(&format!("-{round}")), "{id} in round {round}");
                    client.call(&response(&id, id.as_bytes()), ACCEPTED);
                }
                // Who left earlier would give its connection to another.
                barrier.wait();
            });
        }
    });
    let seen = room.platform.seen();
    // One connection to the platform for each of a runtime, and every answer on its own.
    assert_eq!(seen.len(), 64);
    for (number, bytes) in seen.iter().enumerate() {
        let mut expected = Vec::new();
        for round in 1..=20 {
            let id = format!("{number}-{round}");
            expected.extend_from_slice(NEXT);
            expected.extend(response(&id, id.as_bytes()));
        }
        assert!(*bytes == expected, "connection {number}");
    }
    assert!(room.faults().is_empty());
}

#[test]
fn a_thousand_refusals_in_a_row_are_one_next_each_and_one_connection() {
    let room = Room::planned(Plan::inspecting(Refusing), |peer| {
        for number in 0..1000 {
            peer.request()?;
            peer.write(&event(&format!("bad-{number}"), b"attack"))?;
            let refusal = peer.request()?;
            let target = format!("POST /2018-06-01/runtime/invocation/bad-{number}/error HTTP/1.1");
            assert!(refusal.starts_with(target.as_bytes()));
            peer.write(ACCEPTED)?;
        }
        peer.request()?;
        peer.write(&event("good", b"{}"))?;
        peer.drain()
    });
    room.client().call(NEXT, &event("good", b"{}"));
    assert_eq!(room.platform.seen().len(), 1);
    assert_eq!(room.inspected().len(), 1001);
    assert!(room.faults().is_empty(), "{:?}", room.faults());
}

#[test]
fn three_thousand_invocations_use_one_connection_on_each_side() {
    let room = Room::new(numbered);
    let mut client = room.client();
    for round in 1..=3000 {
        let id = format!("0-{round}");
        client.call(NEXT, &event(&id, id.as_bytes()));
        client.call(&response(&id, b"{\"a\":1}"), ACCEPTED);
    }
    assert_eq!(room.platform.seen().len(), 1);
}

#[test]
fn a_new_connection_for_every_call_leaves_nothing_behind() {
    let room = Room::new(|peer| {
        loop {
            let request = peer.request()?;
            let next = find(&request, b"/next").is_some();
            peer.write(if next {
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            } else {
                ACCEPTED
            })?;
        }
    });
    for _ in 0..1000 {
        room.client()
            .call(NEXT, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        room.client().call(&response("id", b"1"), ACCEPTED);
    }
    // A connection that is closed gives its own to the platform to the next one; a few more are
    // made where the next one is faster.
    let connections = room.platform.seen().len();
    assert!(connections < 50, "{connections} connections");
    assert!(room.faults().is_empty(), "{:?}", room.faults());
}
