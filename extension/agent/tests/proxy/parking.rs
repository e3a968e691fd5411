//! A pending `next` is capacity: it outlives its runtime, and its event is neither lost nor doubled
//! (R11, R14 to R17, F32 to F34, F36).
//! It never counts on which of two runtimes is served first.
use std::collections::BTreeSet;
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::harness::{NEXT, Plan, Room};
use crate::inspection::Refusing;
use crate::platform::{ACCEPTED, Peer, event, find, wait_for};

/// A platform that answers each `next` when the test says so, whichever came first.
fn on_demand() -> (Room, Sender<Vec<u8>>) {
    let (sender, receiver): (Sender<Vec<u8>>, Receiver<Vec<u8>>) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let room = Room::new(move |peer| {
        loop {
            peer.request()?;
            let reply = receiver.lock().unwrap().recv().ok()?;
            peer.write(&reply)?;
        }
    });
    (room, sender)
}

fn nexts(room: &Room) -> usize {
    let seen = room.platform.seen().concat();
    seen.windows(NEXT.len())
        .filter(|window| *window == NEXT)
        .count()
}

fn wait_nexts(room: &Room, count: usize) {
    wait_for("next at the platform", || nexts(room) >= count);
    assert_eq!(nexts(room), count);
}

#[test]
fn a_runtime_that_hangs_up_leaves_its_next_to_its_successor() {
    let (room, events) = on_demand();
    for round in 1..=50 {
        let mut older = room.client();
        older.send(NEXT);
        wait_nexts(&room, round);
        drop(older);
        let mut newer = room.client();
        newer.send(NEXT);
        events.send(event("one", b"{}")).unwrap();
        newer.expect(&event("one", b"{}"));
        // An answer's connection is not taken for the next round's.
        drop(newer);
    }
    assert_eq!(nexts(&room), 50);
    assert!(room.platform.seen().len() <= 2, "pending next were closed");
}

#[test]
fn an_event_that_comes_while_nobody_is_there_waits() {
    let (room, events) = on_demand();
    for round in 1..=50 {
        let mut older = room.client();
        older.send(NEXT);
        wait_nexts(&room, round);
        drop(older);
        events.send(event("one", b"{}")).unwrap();
        room.client().call(NEXT, &event("one", b"{}"));
    }
    assert_eq!(nexts(&room), 50);
}

#[test]
fn a_runtime_that_waits_gets_the_event_of_one_that_leaves_later() {
    let (room, events) = on_demand();
    let mut older = room.client();
    older.send(NEXT);
    wait_nexts(&room, 1);
    let mut newer = room.client();
    newer.send(NEXT);
    wait_nexts(&room, 2);
    drop(older);
    // Whichever of the two connections the platform answers first: both are for the newer one.
    events.send(event("one", b"{}")).unwrap();
    newer.expect(&event("one", b"{}"));
    events.send(event("two", b"{}")).unwrap();
    newer.call(NEXT, &event("two", b"{}"));
    assert_eq!(nexts(&room), 2);
}

#[test]
fn a_runtime_that_half_closes_gets_its_event_and_one_that_then_closes_does_not() {
    let (room, events) = on_demand();
    for round in 1..=20 {
        let mut half = room.client();
        half.send(NEXT);
        wait_nexts(&room, round);
        half.stream.shutdown(Shutdown::Write).unwrap();
        if round % 2 == 0 {
            events.send(event("one", b"{}")).unwrap();
            assert_eq!(half.rest(), event("one", b"{}"));
        } else {
            drop(half);
            events.send(event("one", b"{}")).unwrap();
            room.client().call(NEXT, &event("one", b"{}"));
        }
    }
    assert_eq!(nexts(&room), 20);
}

#[test]
fn a_parked_next_that_the_platform_closed_is_asked_again() {
    let room = Room::new(|peer| {
        peer.request()?;
        if peer.number == 0 {
            // The runtime has left; then the platform gives up as well.
            peer.stream
                .set_read_timeout(Some(std::time::Duration::from_millis(50)))
                .unwrap();
            peer.drain();
            return None;
        }
        peer.write(&event("one", b"{}"))?;
        peer.drain()
    });
    let mut older = room.client();
    older.send(NEXT);
    wait_nexts(&room, 1);
    drop(older);
    let mut newer = room.client();
    newer.send(NEXT);
    newer.expect(&event("one", b"{}"));
    assert_eq!(nexts(&room), 2);
}

#[test]
fn an_event_cut_short_by_a_runtime_that_died_reading_it_goes_to_the_next_one() {
    // More than both socket buffers hold, so that the write cannot have ended.
    let large = vec![b'x'; 6_291_556];
    let (room, events) = on_demand();
    let mut reader = room.client();
    rustix::net::sockopt::set_socket_recv_buffer_size(&reader.stream, 4096).unwrap();
    reader.send(NEXT);
    wait_nexts(&room, 1);
    events.send(event("large", &large)).unwrap();
    reader.expect(b"HTTP/1.1 200 OK\r\n");
    drop(reader);
    room.client().call(NEXT, &event("large", &large));
    assert_eq!(room.inspected(), ["large"], "inspected twice");
}

#[test]
fn an_attack_is_refused_even_if_its_runtime_has_left_and_its_slot_is_kept() {
    let (sender, receiver) = channel::<Vec<u8>>();
    let receiver = Mutex::new(receiver);
    let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
        loop {
            let request = peer.request()?;
            if find(&request, b"/error").is_some() {
                peer.write(ACCEPTED)?;
            } else {
                let reply = receiver.lock().unwrap().recv().ok()?;
                peer.write(&reply)?;
            }
        }
    });
    let mut older = room.client();
    older.send(NEXT);
    wait_nexts(&room, 1);
    drop(older);
    sender.send(event("bad", b"attack")).unwrap();
    let mut newer = room.client();
    newer.send(NEXT);
    wait_nexts(&room, 2);
    sender.send(event("good", b"{}")).unwrap();
    newer.expect(&event("good", b"{}"));
}

#[test]
fn no_next_goes_up_before_a_runtime_asks() {
    let room = Room::new(Peer::drain);
    let clients: Vec<_> = (0..8).map(|_| room.client()).collect();
    let mut client = room.client();
    client.send(b"bad\r\n\r\n");
    assert_eq!(client.status(), 400);
    assert!(room.platform.seen().is_empty());
    drop(clients);
}

#[test]
fn slots_of_workers_that_die_are_taken_over_one_by_one() {
    let (room, events) = on_demand();
    let mut workers: Vec<_> = (0..16).map(|_| room.client()).collect();
    for worker in &mut workers {
        worker.send(NEXT);
    }
    wait_nexts(&room, 16);
    for place in [0, 3, 7, 15] {
        workers[place] = room.client();
        workers[place].send(NEXT);
    }
    for number in 0..16 {
        let id = format!("{number:02}");
        events.send(event(&id, b"{}")).unwrap();
    }
    let length = event("00", b"{}").len();
    let ids: BTreeSet<Vec<u8>> = workers
        .iter_mut()
        .map(|worker| worker.rest_or(length))
        .collect();
    let expected = (0..16).map(|number| event(&format!("{number:02}"), b"{}"));
    assert_eq!(ids, expected.collect());
    assert_eq!(nexts(&room), 16);
}
