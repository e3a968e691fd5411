//! One test for each row of the fail-open table, and a match that does not compile without it.
//! It never accepts a fault that leaves no record.
use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credenza_agent::fault::{Behaviour, Fault};
use credenza_policy::{Mode, OnError, Policy};

use crate::harness::{Client, NEXT, Plan, Room, response};
use crate::inspection::{Looping, Panicking, Refusing, Release};
use crate::memory;
use crate::platform::{ACCEPTED, Peer, event, find, wait_for, within};

/// The test of each row.
fn test_of(fault: Fault) -> fn() {
    match fault {
        Fault::PlatformUnreachable => a_platform_that_is_gone_is_answered_for_at_once,
        Fault::PlatformNextBroken => a_broken_next_is_asked_again,
        Fault::PlatformAnswerBroken => an_answer_on_a_broken_connection_is_sent_again,
        Fault::PlatformAnswerDoubled => a_repeat_that_is_refused_by_id_had_arrived,
        Fault::PlatformMalformed => a_reply_that_is_not_http_becomes_an_honest_error,
        Fault::PlatformReplyCut => a_reply_that_is_cut_is_cut_for_the_runtime_too,
        Fault::PlatformEventTooLarge => an_event_too_large_to_be_held_passes,
        Fault::PlatformRequestIdMissing => an_attack_without_a_usable_id_passes,
        Fault::PlatformRefusalRejected => a_refusal_that_is_rejected_delivers_nothing,
        Fault::RuntimeLeft => a_next_left_behind_is_told_when_it_is_used,
        Fault::RuntimeMalformed => a_request_that_is_not_http_is_refused,
        Fault::RuntimeHeadTooLarge => a_head_too_large_is_refused,
        Fault::RuntimeBodyCut => a_body_that_is_cut_is_cut_for_the_platform_too,
        Fault::OursPanicked => a_panic_in_inspection_lets_the_event_pass,
        Fault::OursStuck => an_inspection_that_never_ends_lets_the_event_pass,
        Fault::OursGivenUp => after_three_endless_inspections_nothing_is_inspected,
        Fault::OursThreadless => a_connection_too_many_is_closed,
        Fault::OursMemoryless => memory::no_memory_for_an_event,
    }
}

#[test]
fn every_row_of_the_table_has_its_test_and_a_name_of_its_own() {
    let tests: BTreeSet<usize> = Fault::ALL
        .map(|fault| test_of(fault) as *const () as usize)
        .into();
    assert_eq!(tests.len(), Fault::ALL.len(), "two rows share a test");
    let kinds: BTreeSet<&str> = Fault::ALL.map(Fault::kind).into();
    assert_eq!(kinds.len(), Fault::ALL.len(), "two rows share a name");
    for fault in Fault::ALL {
        assert!(["platform", "runtime", "ours"].contains(&fault.family()));
        assert!(!fault.behaviour().name().is_empty());
        // Tenet 1: what breaks in here never costs an event.
        let ours = fault.family() == "ours" && fault != Fault::OursThreadless;
        assert!(!ours || fault.behaviour() == Behaviour::Pass, "{fault:?}");
    }
}

/// The patience of INIT is two seconds for each call; it is over once an event has come.
const INIT: Duration = Duration::from_secs(2);

#[test]
fn a_platform_that_is_gone_is_answered_for_at_once() {
    within(INIT, || {
        let plan = Plan {
            connections: 1,
            ..Plan::default()
        };
        let room = Room::planned(plan, |peer| {
            peer.request()?;
            peer.write(&event("one", b"{}"))?;
            peer.request()?;
            peer.write(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        });
        let mut client = room.client();
        client.call(NEXT, &event("one", b"{}"));
        client.send(&response("one", b"1"));
        assert_eq!(client.status(), 202);
        let begun = Instant::now();
        for request in [
            NEXT.to_vec(),
            response("one", b"1"),
            b"GET /x HTTP/1.1\r\n\r\n".to_vec(),
        ] {
            let mut client = room.client();
            client.send(&request);
            assert_eq!(client.status(), 500);
        }
        assert!(begun.elapsed() < INIT, "{:?}", begun.elapsed());
        room.expect_faults(&["unreachable answered"; 3]);
    });
}

#[test]
fn a_platform_that_is_not_there_yet_is_waited_for_during_init() {
    let plan = Plan {
        upstream: Some("127.0.0.1:1".to_owned()),
        ..Plan::default()
    };
    let room = Room::planned(plan, |_| None);
    let begun = Instant::now();
    let mut client = room.client();
    client.send(NEXT);
    assert_eq!(client.status(), 500);
    assert!(begun.elapsed() >= INIT);
    room.expect_faults(&["unreachable answered"]);
}

#[test]
fn a_broken_next_is_asked_again() {
    let room = Room::new(|peer| {
        peer.request()?;
        if peer.number < 3 {
            return peer.reset();
        }
        peer.write(&event("one", b"{}"))?;
        peer.drain()
    });
    room.client().call(NEXT, &event("one", b"{}"));
    room.expect_faults(&["next-broken retried"; 3]);
    assert_eq!(room.platform.seen(), [NEXT, NEXT, NEXT, NEXT]);
}

#[test]
fn an_answer_on_a_broken_connection_is_sent_again() {
    let room = Room::new(|peer| {
        peer.request()?;
        if peer.number == 0 {
            peer.write(&event("one", b"{}"))?;
            peer.request()?;
            return peer.reset();
        }
        peer.write(ACCEPTED)?;
        peer.drain()
    });
    let mut client = room.client();
    client.call(NEXT, &event("one", b"{}"));
    client.call(&response("one", b"1"), ACCEPTED);
    room.expect_faults(&["answer-broken retried"]);
}

#[test]
fn a_repeat_that_is_refused_by_id_had_arrived() {
    for status in ["400 Bad Request", "403 Forbidden"] {
        let room = Room::new(move |peer| {
            peer.request()?;
            if peer.number == 0 {
                return peer.reset();
            }
            let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
            peer.write(reply.as_bytes())?;
            peer.drain()
        });
        room.client().call(&response("one", b"1"), ACCEPTED);
        room.expect_faults(&["answer-broken retried", "answer-doubled counted"]);
    }
}

#[test]
fn a_reply_that_is_not_http_becomes_an_honest_error() {
    let room = Room::new(|peer| {
        peer.request()?;
        peer.write(b"SSH-2.0-x\r\n\r\n")?;
        peer.drain()
    });
    let mut client = room.client();
    client.send(NEXT);
    assert_eq!(client.status(), 500);
    room.expect_faults(&["reply-malformed answered"]);
}

#[test]
fn a_reply_that_is_cut_is_cut_for_the_runtime_too() {
    for reply in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!".to_vec(),
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec(),
            vec![b'x'; 500_000],
        ]
        .concat(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab".to_vec(),
    ] {
        let expected = reply.clone();
        let room = Room::new(move |peer| {
            peer.request()?;
            peer.write(&reply)
        });
        let mut client = room.client();
        client.send(b"GET /x HTTP/1.1\r\n\r\n");
        assert!(client.rest() == expected);
        room.expect_faults(&["reply-cut closed"]);
    }
}

#[test]
fn an_event_too_large_to_be_held_passes() {
    let attack = b"attack".repeat(3 << 19);
    let head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: big\r\n";
    let chunked = [
        format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            attack.len()
        )
        .as_bytes(),
        &attack,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let closing = [format!("{head}\r\n").as_bytes(), &attack].concat();
    for (reply, closes) in [
        (event("big", &attack), false),
        (chunked, false),
        (closing, true),
    ] {
        let expected = reply.clone();
        let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
            peer.request()?;
            peer.write(&reply)?;
            if closes { Some(()) } else { peer.drain() }
        });
        let mut client = room.client();
        client.call(NEXT, &expected);
        room.expect_faults(&["event-too-large passed big"]);
        assert!(room.inspected().is_empty());
    }
}

#[test]
fn an_attack_without_a_usable_id_passes() {
    let long = "x".repeat(5000);
    for id in ["", "a b", "a/../b", "a?b", "%41", &long[..0]] {
        let reply = event(id, b"attack");
        let expected = reply.clone();
        let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
            peer.request()?;
            peer.write(&reply)?;
            peer.drain()
        });
        room.client().call(NEXT, &expected);
        let fault = format!("request-id-missing passed {id}");
        room.expect_faults(&[fault.trim()]);
    }
}

#[test]
fn a_refusal_that_is_rejected_delivers_nothing() {
    for status in [
        "400 Bad Request",
        "413 Too Large",
        "500 Oops",
        "200 OK",
        "410 Gone",
    ] {
        let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
            peer.request()?;
            peer.write(&event("bad", b"attack"))?;
            peer.request()?;
            let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
            peer.write(reply.as_bytes())?;
            peer.request()?;
            peer.write(&event("good", b"{}"))?;
            peer.drain()
        });
        room.client().call(NEXT, &event("good", b"{}"));
        room.expect_faults(&["refusal-rejected counted bad"]);
    }
}

#[test]
fn a_next_left_behind_is_told_when_it_is_used() {
    let room = Room::new(|peer| {
        peer.request()?;
        peer.read()?;
        None
    });
    let mut client = room.client();
    client.send(NEXT);
    wait_for("the pending next", || room.platform.seen().concat() == NEXT);
    drop(client);
    // Leaving is what a runtime does at every SHUTDOWN: nothing is told until it matters.
    let mut client = room.client();
    client.send(b"not HTTP\r\n\r\n");
    assert_eq!(client.status(), 400);
    assert_eq!(room.faults(), ["request-malformed answered"]);
    let mut client = room.client();
    client.send(NEXT);
    room.expect_faults(&["request-malformed answered", "runtime-left parked"]);
}

#[test]
fn a_request_that_is_not_http_is_refused() {
    let room = Room::new(Peer::drain);
    let mut client = room.client();
    client.send(b"GET /x HTTP/1.1\r\nContent-Length: x\r\n\r\n");
    assert_eq!(client.status(), 400);
    room.expect_faults(&["request-malformed answered"]);
}

#[test]
fn a_head_too_large_is_refused() {
    let room = Room::new(Peer::drain);
    let mut client = room.client();
    client.send(format!("GET /x HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1_310_720)).as_bytes());
    assert_eq!(client.status(), 431);
    room.expect_faults(&["head-too-large answered"]);
}

#[test]
fn a_body_that_is_cut_is_cut_for_the_platform_too() {
    // In mode `block` nothing goes on before it was judged as a whole.
    cut_in_mode(Mode::Block, false);
    cut_in_mode(Mode::Monitor, true);
}

fn cut_in_mode(mode: Mode, streams: bool) {
    for (start, passes) in [
        ("Content-Length: 100\r\n\r\nten bytes!", false),
        ("Content-Length: 7000000\r\n\r\nten bytes!", true),
        ("Transfer-Encoding: chunked\r\n\r\nff\r\nten bytes!", true),
        (
            "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: is cut\r\n",
            true,
        ),
    ] {
        let passes = passes && streams;
        let policy = Policy {
            mode,
            ..Policy::default()
        };
        let plan = Plan {
            policy,
            ..Plan::default()
        };
        let room = Room::planned(plan, Peer::drain);
        let request =
            format!("POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n{start}");
        let mut client = room.client();
        client.send(request.as_bytes());
        if passes {
            // What came is on its way before the end is known, because it is a stream.
            wait_for("the start", || {
                room.platform.seen().concat() == request.as_bytes()
            });
        }
        drop(client);
        room.expect_faults(&["body-cut closed"]);
        let sent = if passes { request.as_bytes() } else { b"" };
        assert_eq!(room.platform.seen().concat(), sent);
    }
}

fn on_error(on_error: OnError, plan: Plan) -> Plan {
    let policy = Policy {
        mode: Mode::Block,
        on_error,
        ..Policy::default()
    };
    Plan { policy, ..plan }
}

/// Delivers `bad` and then `good`, or refuses `bad` first.
fn two_events(plan: Plan, bad: &'static [u8]) -> Room {
    Room::planned(plan, move |peer| {
        loop {
            let request = peer.request()?;
            if find(&request, b"/error").is_some() {
                peer.write(ACCEPTED)?;
                peer.request()?;
                peer.write(&event("good", b"{}"))?;
            } else {
                let endless = bad == b"loop";
                let reply = if endless {
                    soon("bad", bad)
                } else {
                    event("bad", bad)
                };
                peer.write(&reply)?;
            }
        }
    })
}

/// An event whose deadline is near, so that the guard is quick; its head is as long as any other.
pub(crate) fn soon(id: &str, body: &[u8]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let text = String::from_utf8(event(id, body)).unwrap();
    let deadline = (now.as_millis() + 100).to_string();
    text.replace("4102444800000", &deadline).into_bytes()
}

/// Reads an event of any deadline, and gives its id.
pub(crate) fn id_of_event(client: &mut Client, body: &[u8]) -> String {
    let length = event("good", body).len();
    let mut whole = Vec::new();
    for _ in 0..length - 1 {
        whole.extend(client.byte());
    }
    while !whole.ends_with(body) {
        whole.extend(client.byte());
    }
    let text = String::from_utf8(whole).unwrap();
    let id = text.split("Request-Id: ").nth(1).unwrap();
    id.split("\r\n").next().unwrap().to_owned()
}

#[test]
fn a_panic_in_inspection_lets_the_event_pass() {
    let room = two_events(
        on_error(OnError::Open, Plan::inspecting(Panicking)),
        b"panic",
    );
    let mut client = room.client();
    for _ in 0..100 {
        client.send(NEXT);
        assert_eq!(id_of_event(&mut client, b"panic"), "bad");
    }
    room.expect_faults(&["inspection-panicked passed bad"; 100]);
}

#[test]
fn a_panic_in_inspection_refuses_the_event_where_the_user_chose_so() {
    let room = two_events(
        on_error(OnError::Closed, Plan::inspecting(Panicking)),
        b"panic",
    );
    room.client().call(NEXT, &event("good", b"{}"));
    room.expect_faults(&["inspection-panicked passed bad"]);
}

#[test]
fn an_inspection_that_never_ends_lets_the_event_pass() {
    let end = Arc::new(AtomicBool::new(false));
    let release = Release(Arc::clone(&end));
    let room = two_events(
        on_error(OnError::Open, Plan::inspecting(Looping(end))),
        b"loop",
    );
    let mut client = room.client();
    client.send(NEXT);
    assert_eq!(id_of_event(&mut client, b"loop"), "bad");
    room.expect_faults(&["inspection-stuck passed bad"]);
    // Its connection goes on, on another thread.
    client.send(b"GET /error HTTP/1.1\r\n\r\n");
    client.expect(ACCEPTED);
    drop(release);
}

#[test]
fn an_inspection_that_never_ends_refuses_the_event_where_the_user_chose_so() {
    let end = Arc::new(AtomicBool::new(false));
    let release = Release(Arc::clone(&end));
    let room = two_events(
        on_error(OnError::Closed, Plan::inspecting(Looping(end))),
        b"loop",
    );
    room.client().call(NEXT, &event("good", b"{}"));
    room.expect_faults(&["inspection-stuck passed bad"]);
    drop(release);
}

#[test]
fn after_three_endless_inspections_nothing_is_inspected() {
    let end = Arc::new(AtomicBool::new(false));
    let release = Release(Arc::clone(&end));
    let room = two_events(
        on_error(OnError::Open, Plan::inspecting(Looping(end))),
        b"loop",
    );
    let mut client = room.client();
    for _ in 0..5 {
        client.send(NEXT);
        assert_eq!(id_of_event(&mut client, b"loop"), "bad");
    }
    let (stuck, given_up) = (
        "inspection-stuck passed bad",
        "inspection-given-up passed bad",
    );
    room.expect_faults(&[stuck, stuck, stuck, given_up, given_up]);
    drop(release);
}

#[test]
fn a_connection_too_many_is_closed() {
    let room = Room::new(|peer| {
        peer.request()?;
        peer.write(ACCEPTED)?;
        peer.drain()
    });
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..256 {
        clients.push(TcpStream::connect(room.address).unwrap());
    }
    let mut late = room.client();
    assert_eq!(late.rest(), b"");
    room.expect_faults(&["no-thread closed"]);
    // One that leaves makes room for another.
    drop(clients);
    wait_for("room", || {
        let mut client = room.client();
        let sent = std::io::Write::write_all(&mut client.stream, b"GET /x HTTP/1.1\r\n\r\n");
        sent.is_ok() && client.rest_or(ACCEPTED.len()) == ACCEPTED
    });
}
