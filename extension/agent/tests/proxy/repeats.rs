//! What is sent again after a broken connection, and what never is (R4, R15, R18, F23, F24, F47).
//! It never lets a repeat pass that the platform could take for a second answer.
use crate::harness::{NEXT, Plan, Room, response};
use crate::inspection::Refusing;
use crate::platform::{ACCEPTED, Peer, event, find};

/// Where a platform breaks off.
const STEPS: [&str; 7] = [
    "closed before the head",
    "reset before the head",
    "closed in the head",
    "reset in the head",
    "closed after the head",
    "closed in the body",
    "reset in the body",
];

/// Breaks off a reply at this step.
fn break_off(peer: &mut Peer, step: &str, reply: &[u8]) -> Option<()> {
    let head = find(reply, b"\r\n\r\n").unwrap() + 4;
    let count = match step.rsplit(' ').next().unwrap() {
        "head" if step.contains("before") => 0,
        "head" if step.contains("in the") => head / 2,
        "head" => head,
        _ => head + 1,
    };
    peer.write(&reply[..count])?;
    if step.starts_with("reset") {
        peer.reset()
    } else {
        None
    }
}

#[test]
fn a_next_that_breaks_at_any_step_is_asked_again_and_its_event_is_delivered_whole() {
    for step in STEPS {
        let room = Room::new(move |peer| {
            peer.request()?;
            if peer.number == 0 {
                return break_off(peer, step, &event("one", b"{\"a\":1}"));
            }
            peer.write(&event("one", b"{\"a\":1}"))?;
            peer.drain()
        });
        room.client().call(NEXT, &event("one", b"{\"a\":1}"));
        assert_eq!(room.faults(), ["next-broken retried"], "{step}");
    }
}

#[test]
fn a_next_that_always_breaks_ends_in_one_honest_error() {
    let room = Room::new(|peer| peer.request().map(|_| ()));
    let mut client = room.client();
    client.send(NEXT);
    assert_eq!(client.status(), 500);
    assert_eq!(room.platform.seen().len(), 11);
}

#[test]
fn an_answer_is_repeated_once_and_only_if_no_byte_of_a_reply_came() {
    for step in STEPS {
        for always in [false, true] {
            let room = Room::new(move |peer| {
                peer.request()?;
                if peer.number == 0 || always {
                    return break_off(peer, step, ACCEPTED);
                }
                peer.write(ACCEPTED)?;
                peer.drain()
            });
            let mut client = room.client();
            client.send(&response("one", b"1"));
            let silent = step.contains("before");
            let seen = || room.platform.seen().len();
            if silent && !always {
                client.expect(ACCEPTED);
                assert_eq!(
                    (seen(), room.faults()),
                    (2, vec!["answer-broken retried".into()])
                );
            } else if silent {
                assert_eq!(client.status(), 500, "{step}");
                assert_eq!(seen(), 2, "{step}");
            } else {
                // The reply had begun: an honest error, or what there is of it, but no repeat.
                let rest = client.rest_until_silent();
                assert!(!rest.starts_with(b"HTTP/1.1 202") || rest.len() < ACCEPTED.len());
                assert_eq!(seen(), 1, "{step}");
            }
        }
    }
}

#[test]
fn a_call_without_an_id_is_never_repeated_once_it_was_sent() {
    for path in [
        "/2018-06-01/runtime/init/error",
        "/2020-01-01/extension/register",
        "/x",
    ] {
        let room = Room::new(|peer| {
            peer.request()?;
            peer.reset()
        });
        let mut client = room.client();
        client.send(format!("POST {path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes());
        assert_eq!(client.status(), 500, "{path}");
        assert_eq!(room.platform.seen().len(), 1, "{path}");
        room.expect_faults(&["unreachable answered"]);
    }
}

#[test]
fn a_get_is_repeated_once() {
    for path in [
        "/2018-06-01/runtime/restore/next",
        "/2020-01-01/extension/event/next",
        "/x",
    ] {
        let room = Room::new(|peer| {
            peer.request()?;
            if peer.number == 0 {
                return peer.reset();
            }
            peer.write(ACCEPTED)?;
            peer.drain()
        });
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        room.client().call(request.as_bytes(), ACCEPTED);
        room.expect_faults(&["answer-broken retried"]);
    }
}

#[test]
fn a_short_chunked_answer_is_repeated_like_any_other() {
    let room = Room::new(|peer| {
        peer.request()?;
        if peer.number == 0 {
            return peer.reset();
        }
        peer.write(ACCEPTED)?;
        peer.drain()
    });
    let request = b"POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n\
                    Trailer: A, B\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: 1\r\n\r\n";
    room.client().call(request, ACCEPTED);
    assert_eq!(room.platform.seen(), [request, request]);
}

#[test]
fn idle_connections_that_died_in_a_freeze_cost_nothing() {
    // Every connection serves one call and is then reset while idle.
    let room = Room::new(|peer| {
        let request = peer.request()?;
        if find(&request, b"/next").is_some() {
            peer.write(&event("one", b"{}"))?;
        } else {
            peer.write(ACCEPTED)?;
        }
        peer.reset()
    });
    let mut client = room.client();
    for _ in 0..100 {
        client.call(NEXT, &event("one", b"{}"));
        client.call(&response("one", b"1"), ACCEPTED);
    }
    // A reset that comes in the middle of the next call is retried, and said.
    let retried = ["next-broken retried", "answer-broken retried"];
    assert!(
        room.faults()
            .iter()
            .all(|fault| retried.contains(&fault.as_str()))
    );
}

#[test]
fn a_refusal_that_breaks_is_posted_again_and_never_delivers_the_event() {
    for (step, faults) in [
        ("reset before the head", vec!["answer-broken retried bad"]),
        ("closed before the head", vec!["answer-broken retried bad"]),
        ("reset in the head", vec!["refusal-rejected counted bad"]),
        ("closed in the body", vec!["refusal-rejected counted bad"]),
    ] {
        let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
            loop {
                let request = peer.request()?;
                let refusal = find(&request, b"/error").is_some();
                if refusal && peer.number == 0 {
                    return break_off(peer, step, ACCEPTED);
                }
                match (refusal, peer.number) {
                    (true, _) => peer.write(ACCEPTED)?,
                    (false, 0) => peer.write(&event("bad", b"attack"))?,
                    (false, _) => peer.write(&event("good", b"{}"))?,
                }
            }
        });
        room.client().call(NEXT, &event("good", b"{}"));
        assert_eq!(room.faults(), faults, "{step}");
    }
}

/// F48: the refusal is in, and then the platform is gone.
#[test]
fn a_platform_that_goes_after_a_refusal_costs_an_error_and_never_delivers_the_event() {
    let plan = Plan {
        connections: 1,
        ..Plan::inspecting(Refusing)
    };
    let room = Room::planned(plan, |peer| {
        peer.request()?;
        peer.write(&event("bad", b"attack"))?;
        peer.request()?;
        peer.write(ACCEPTED)
    });
    let mut client = room.client();
    client.send(NEXT);
    assert_eq!(client.status(), 500);
    let rest = client.rest_until_silent();
    assert!(find(&rest, b"attack").is_none());
    assert_eq!(room.inspected(), ["bad"]);
}

#[test]
fn the_platforms_errors_come_back_as_they_are() {
    for status in [
        "400 Bad Request",
        "403 Forbidden",
        "404 Not Found",
        "410 Gone",
        "413 Too Large",
    ] {
        let reply = format!("HTTP/1.1 {status}\r\nX: y\r\nContent-Length: 8\r\n\r\nas it is");
        let reply = reply.into_bytes();
        let expected = reply.clone();
        let room = Room::new(move |peer| {
            loop {
                peer.request()?;
                peer.write(&reply)?;
            }
        });
        let mut client = room.client();
        client.call(NEXT, &expected);
        client.call(&response("id", b"1"), &expected);
        client.call(
            b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n\r\n",
            &expected,
        );
        assert!(room.inspected().is_empty());
    }
}
