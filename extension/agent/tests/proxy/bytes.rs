//! Byte exactness: what a runtime sends is what the platform gets, and the other way round
//! (R1, R5, R6, R19, R21, R23, R31, R34 to R36).
//! It never compares less than every byte.
use std::io::Read as _;
use std::net::Shutdown;
use std::thread;

use credenza_policy::{Mode, Policy};

use crate::harness::{NEXT, Plan, Room, lines, response};
use crate::inspection::{Refusing, refusal_body};
use crate::platform::{ACCEPTED, Peer, event, find};

/// Answers every request with `reply`.
fn always(reply: Vec<u8>) -> impl Fn(&mut Peer) -> Option<()> + Send + Sync + 'static {
    move |peer| {
        loop {
            peer.request()?;
            peer.write(&reply)?;
        }
    }
}

/// A request passes as it came, and so does an ordinary reply.
fn passes(name: &str, request: &[u8]) {
    becomes(name, request, request);
}

fn becomes(name: &str, request: &[u8], expected: &[u8]) {
    let room = Room::new(always(ACCEPTED.to_vec()));
    let mut client = room.client();
    client.call(request, ACCEPTED);
    assert!(
        room.platform.seen()[0] == expected,
        "{name}: the platform got {:?}",
        String::from_utf8_lossy(&room.platform.seen()[0])
    );
    assert!(room.faults().is_empty(), "{name}: {:?}", room.faults());
}

#[test]
fn requests_pass_as_they_came() {
    let rows: [(&str, &str); 14] = [
        (
            "odd case and spaces",
            "GET /x HTTP/1.1\r\nhOsT:a\r\nUSER-agent: \t x  \r\n\r\n",
        ),
        (
            "doubles",
            "GET /x HTTP/1.1\r\nX-A: 1\r\nHost: a\r\nx-a: 2\r\nX-A: 1\r\n\r\n",
        ),
        (
            "empty values",
            "GET /x HTTP/1.1\r\nHost:\r\nX:\r\nY: \r\n\r\n",
        ),
        ("no host", "GET /x HTTP/1.1\r\n\r\n"),
        (
            "query",
            "GET /2018-06-01/runtime/invocation/next?a=b HTTP/1.1\r\n\r\n",
        ),
        ("dots", "GET /a/../b/./c//d HTTP/1.1\r\n\r\n"),
        ("encoded", "GET /%2e%2E/%00?%0d%0a HTTP/1.1\r\n\r\n"),
        (
            "lower",
            "GET /2018-06-01/RUNTIME/invocation/next HTTP/1.1\r\n\r\n",
        ),
        ("own method", "FROB /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            "body",
            "POST /x HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\n\0\r\n",
        ),
        (
            "body of a delete",
            "DELETE /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
        ),
        (
            "chunks",
            "POST /x HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0A\r\n\
                    0123456789\r\n000\r\nTrailer-A: 1\r\ntrailer-a:2\r\n\r\n",
        ),
        (
            "restore",
            "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            "upgrade that is only offered",
            "GET /x HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\
                                          \r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n",
        ),
    ];
    for (name, request) in rows {
        passes(name, request.as_bytes());
    }
    passes(
        "bytes beyond ASCII",
        b"GET /x HTTP/1.1\r\nX: \x80\xff\xc3\xa4\r\n\r\n",
    );
    passes("answer", &response("some-id", b"\0\xff{\"a\" : 1.0}"));
    let lines = lines(300);
    passes(
        "300 lines",
        format!("GET /x HTTP/1.1\r\n{lines}\r\n").as_bytes(),
    );
    let long = format!("GET /x HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1 << 20));
    passes("a header of 1 MiB", long.as_bytes());
    let long = format!(
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: {}\r\n\r\n",
        "y".repeat(1 << 20)
    );
    passes("a trailer of 1 MiB", long.as_bytes());
}

#[test]
fn an_absolute_target_loses_scheme_and_authority_and_nothing_else() {
    for (target, expected) in [
        ("http://a/x", "/x"),
        ("HTTP://a:9001/x?y=z", "/x?y=z"),
        ("http://a", "/"),
        ("http://a?x=/y", "/?x=/y"),
        (
            "http://a?/2018-06-01/runtime/invocation/next",
            "/?/2018-06-01/runtime/invocation/next",
        ),
        ("http://a//x/../y", "//x/../y"),
        ("http:/x", "http:/x"),
        ("https://a/x", "https://a/x"),
    ] {
        becomes(
            target,
            format!("GET {target} HTTP/1.1\r\nHost: b\r\n\r\n").as_bytes(),
            format!("GET {expected} HTTP/1.1\r\nHost: b\r\n\r\n").as_bytes(),
        );
    }
}

#[test]
fn an_event_asked_for_by_an_absolute_target_is_inspected_all_the_same() {
    let room = Room::planned(Plan::inspecting(Refusing), |peer| {
        peer.request()?;
        peer.write(&event("one", b"attack"))?;
        peer.request()?;
        peer.write(ACCEPTED)?;
        peer.request()?;
        peer.write(&event("two", b"{}"))?;
        peer.drain()
    });
    let next = b"GET http://a/2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n";
    room.client().call(next, &event("two", b"{}"));
    assert_eq!(room.inspected(), ["one", "two"]);
}

#[test]
fn replies_pass_as_they_came() {
    let lines = lines(300);
    let long = "y".repeat(1 << 20);
    let rows = [
        "HTTP/1.1 200 OK\r\ncontent-length:2\r\nX-A: 1\r\nx-a:  2 \r\nX-Empty:\r\n\r\nab"
            .to_owned(),
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 299 Something Else\r\nContent-Length: 1\r\n\r\n\0".to_owned(),
        "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n".to_owned(),
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nT: 1\r\n\r\n"
            .to_owned(),
        format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nab"),
        format!("HTTP/1.1 200 OK\r\nX: {long}\r\nContent-Length: 2\r\n\r\nab"),
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{long}",
            long.len()
        ),
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
    ];
    for request in [NEXT, b"GET /x HTTP/1.1\r\n\r\n", &response("id", b"{}")] {
        for reply in &rows {
            let room = Room::new(always(reply.clone().into_bytes()));
            let mut client = room.client();
            client.call(request, reply.as_bytes());
            // The connections go on, in both directions.
            client.call(request, reply.as_bytes());
            assert_eq!(room.platform.seen().len(), 1);
            assert!(room.faults().is_empty(), "{:?}", room.faults());
        }
    }
}

#[test]
fn a_reply_that_ends_with_its_connection_ends_with_the_runtimes_too() {
    for request in [NEXT, b"GET /x HTTP/1.1\r\n\r\n"] {
        for reply in [
            &b"HTTP/1.1 200 OK\r\n\r\nuntil the end"[..],
            b"HTTP/1.0 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
        ] {
            let room = Room::new(move |peer| {
                peer.request()?;
                peer.write(reply)
            });
            let mut client = room.client();
            client.send(request);
            assert_eq!(client.rest(), reply);
        }
    }
}

#[test]
fn a_reply_that_says_close_passes_and_the_next_call_has_a_fresh_connection() {
    const CLOSE: &[u8] = b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let room = Room::new(|peer| {
        peer.request()?;
        peer.write(CLOSE)
    });
    let mut client = room.client();
    for _ in 0..5 {
        client.call(&response("id", b"{}"), CLOSE);
    }
    assert_eq!(room.platform.seen().len(), 5);
    assert!(room.faults().is_empty(), "{:?}", room.faults());
}

#[test]
fn a_head_request_has_no_body_whatever_its_length_says() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
    let room = Room::new(always(reply.clone()));
    let mut client = room.client();
    for _ in 0..3 {
        client.call(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", &reply);
    }
}

#[test]
fn http_1_0_is_served_and_closed_unless_it_asks_otherwise() {
    let room = Room::new(always(ACCEPTED.to_vec()));
    let mut client = room.client();
    client.send(b"GET /x HTTP/1.0\r\n\r\n");
    assert_eq!(client.rest(), ACCEPTED);
    let mut client = room.client();
    for _ in 0..3 {
        client.call(
            b"GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            ACCEPTED,
        );
    }
}

#[test]
fn pipelined_calls_are_served_in_order_and_one_by_one() {
    let room = Room::new(|peer| {
        loop {
            let request = peer.request()?;
            let tag = request.iter().rev().nth(4).copied().unwrap_or(b'?');
            peer.write(&event("id", &[tag; 10]))?;
        }
    });
    let mut client = room.client();
    let mut requests = Vec::new();
    let mut replies = Vec::new();
    for tag in [b'a', b'b', b'c', b'd'] {
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nX: ";
        requests.extend_from_slice(next.as_bytes());
        requests.extend_from_slice(&[tag]);
        requests.extend_from_slice(b"\r\n\r\n");
        replies.extend(event("id", &[tag; 10]));
    }
    client.call(&requests, &replies);
    assert_eq!(room.platform.seen(), [requests]);
}

#[test]
fn a_head_that_comes_byte_by_byte_is_one_request() {
    let room = Room::new(always(ACCEPTED.to_vec()));
    let mut client = room.client();
    let request = response("id", b"{\"a\":1}");
    for byte in &request {
        client.send(&[*byte]);
    }
    client.expect(ACCEPTED);
    assert_eq!(room.platform.seen(), [request]);
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it_from_the_platform() {
    let room = continuing(Mode::Monitor);
    let mut client = room.client();
    let head = "POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n\
                Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    for _ in 0..3 {
        client.call(head.as_bytes(), CONTINUE);
        client.call(b"12345", ACCEPTED);
    }
    // A client that does not wait gets both all the same.
    let whole = [head.as_bytes(), b"12345"].concat();
    client.call(&whole, &[CONTINUE, ACCEPTED].concat());
}

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A platform that tells whoever asks to go on.
fn continuing(mode: Mode) -> Room {
    let policy = Policy {
        mode,
        ..Policy::default()
    };
    let plan = Plan {
        policy,
        ..Plan::default()
    };
    Room::planned(plan, |peer| {
        loop {
            let head = peer.head()?;
            peer.write(CONTINUE)?;
            peer.body(&head)?;
            peer.write(ACCEPTED)?;
        }
    })
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it_from_us_where_its_answer_is_held() {
    let room = continuing(Mode::Block);
    let mut client = room.client();
    let head = "POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n\
                Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    client.call(head.as_bytes(), CONTINUE);
    // Once more from the platform, as it is allowed to.
    client.call(b"12345", &[CONTINUE, ACCEPTED].concat());
}

#[test]
fn a_client_that_waits_for_100_continue_gets_a_refusal_before_it_sent_a_byte() {
    const REFUSED: &[u8] = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    let room = Room::new(|peer| {
        peer.head()?;
        peer.write(REFUSED)?;
        peer.drain()
    });
    let mut client = room.client();
    client.send(b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
    assert_eq!(client.rest(), REFUSED);
}

#[test]
fn a_switch_of_protocols_is_not_passed_on() {
    let reply = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n";
    for request in [
        NEXT,
        b"GET /x HTTP/1.1\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    ] {
        let room = Room::new(move |peer| {
            peer.request()?;
            peer.write(reply)?;
            peer.drain()
        });
        let mut client = room.client();
        client.send(request);
        assert_eq!(client.status(), 500);
        room.expect_faults(&["reply-malformed answered"]);
    }
}

#[test]
fn interim_replies_to_next_are_not_the_event() {
    let room = Room::new(|peer| {
        peer.request()?;
        peer.write(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n")?;
        peer.write(&event("id", b"{}"))?;
        peer.drain()
    });
    room.client().call(NEXT, &event("id", b"{}"));
}

/// The upstream's own scheme and prefix stand before every target (R21), refusals included.
#[test]
fn the_upstreams_prefix_stands_before_every_target() {
    let plan = Plan {
        inspection: Box::new(Refusing),
        upstream: Some("http://PLATFORM/.rt/function".to_owned()),
        ..Plan::default()
    };
    let room = Room::planned(plan, |peer| {
        peer.request()?;
        peer.write(&event("bad", b"attack"))?;
        peer.request()?;
        peer.write(ACCEPTED)?;
        peer.request()?;
        peer.write(&event("good", b"{}"))?;
        peer.request()?;
        peer.write(ACCEPTED)?;
        peer.drain()
    });
    let mut client = room.client();
    client.call(NEXT, &event("good", b"{}"));
    client.call(&response("good", b"1"), ACCEPTED);
    let body = refusal_body();
    let length = body.len();
    let prefixed = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replacen(" /", " /.rt/function/", 1)
    };
    let expected = [
        prefixed(NEXT),
        format!(
            "POST /.rt/function/2018-06-01/runtime/invocation/bad/error HTTP/1.1\r\nHost: {}\r\n\
             User-Agent: raw/1\r\nLambda-Runtime-Function-Error-Type: Function.Blocked\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
            room.platform.address,
            length,
            String::from_utf8(body).unwrap()
        ),
        prefixed(NEXT),
        prefixed(&response("good", b"1")),
    ]
    .concat();
    room.platform.expect(0, expected.as_bytes());
}

#[test]
fn events_of_every_size_arrive_whole() {
    let edges = [
        0,
        1,
        2,
        8191,
        8192,
        16_383,
        16_384,
        65_535,
        65_537,
        1 << 20,
        6_291_556,
    ];
    let room = Room::new(move |peer| {
        for size in edges {
            peer.request()?;
            peer.write(&event("id", &vec![b'['; size]))?;
        }
        peer.drain()
    });
    let mut client = room.client();
    for size in edges {
        client.call(NEXT, &event("id", &vec![b'['; size]));
    }
    assert!(room.faults().is_empty(), "{:?}", room.faults());
}

#[test]
fn answers_of_every_size_arrive_whole() {
    let room = Room::new(always(ACCEPTED.to_vec()));
    let mut client = room.client();
    let mut sent = Vec::new();
    for size in [0, 1, 8192, 16_385, 65_537, 6_291_556, 6_291_557, 8 << 20] {
        let request = response("id", &vec![b'x'; size]);
        client.call(&request, ACCEPTED);
        sent.extend(request);
    }
    assert!(room.platform.seen() == [sent]);
}

#[test]
fn odd_request_ids_and_deadlines_pass_as_they_came() {
    let long = "x".repeat(4096);
    for headers in [
        "",
        "Lambda-Runtime-Aws-Request-Id:\r\n",
        "Lambda-Runtime-Aws-Request-Id: a b/../c\r\n",
        "Lambda-Runtime-Aws-Request-Id: one\r\nlambda-runtime-aws-request-id: two\r\n",
        &format!("Lambda-Runtime-Aws-Request-Id: {long}\r\n"),
        "Lambda-Runtime-Deadline-Ms: 0\r\n",
        "Lambda-Runtime-Deadline-Ms: -5\r\n",
        "Lambda-Runtime-Deadline-Ms: 1795570990\r\n",
        "Lambda-Runtime-Deadline-Ms: 18446744073709551615\r\n",
        "Lambda-Runtime-Deadline-Ms: 99999999999999999999999\r\n",
        "Lambda-Runtime-Deadline-Ms: soon\r\n",
        "Lambda-Runtime-Trace-Id: Root=\"1\\\r\nLambda-Runtime-Aws-Tenant-Id: \u{e4}\r\n",
    ] {
        let reply = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 2\r\n\r\n{{}}");
        let room = Room::new(always(reply.clone().into_bytes()));
        room.client().call(NEXT, reply.as_bytes());
        assert!(room.faults().is_empty(), "{headers}: {:?}", room.faults());
    }
}

#[test]
fn a_chunked_event_passes_as_it_came_and_is_read_without_its_chunks() {
    let chunked = |text: &str| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id\r\n\
                          Transfer-Encoding: chunked\r\n\r\n"
            .to_vec();
        for byte in text.bytes() {
            bytes.extend_from_slice(b"1\r\n");
            bytes.push(byte);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
        bytes
    };
    let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
        peer.request()?;
        peer.write(&chunked("an attack in chunks"))?;
        let refusal = peer.request()?;
        assert!(find(&refusal, b"/invocation/id/error").is_some());
        peer.write(ACCEPTED)?;
        peer.request()?;
        peer.write(&chunked("plain"))?;
        peer.drain()
    });
    room.client().call(NEXT, &chunked("plain"));
    assert_eq!(room.inspected(), ["id", "id"]);
}

/// R19: a message in two writes costs 40 ms where Nagle meets a delayed acknowledgement.
#[test]
fn head_and_body_leave_in_one_write_in_both_directions() {
    let small = b"{\"a\":1}".repeat(100);
    let reply = event("id", &small);
    let expected = reply.clone();
    let room = Room::new(move |peer| {
        loop {
            // One read has all of it, or the proxy wrote it in pieces.
            let before = peer.read()?;
            assert!(
                before == NEXT.len() || before > small.len(),
                "a piece of {before} bytes"
            );
            peer.write(if before == NEXT.len() {
                &reply
            } else {
                ACCEPTED
            })?;
        }
    });
    let mut client = room.client();
    let mut piece = [0; 1 << 14];
    let answer = response("id", &b"{\"b\":2}".repeat(100));
    for _ in 0..100 {
        client.send(NEXT);
        assert_eq!(client.stream.read(&mut piece).unwrap(), expected.len());
        client.send(&answer);
        assert_eq!(client.stream.read(&mut piece).unwrap(), ACCEPTED.len());
    }
}

#[test]
fn a_client_that_closes_its_own_direction_after_a_call_still_gets_the_reply() {
    for request in [
        NEXT.to_vec(),
        response("id", b"{}"),
        b"GET /x HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let room = Room::new(|peer| {
            peer.request()?;
            // The runtime's end of speech is there before the reply is.
            thread::park_timeout(std::time::Duration::from_millis(20));
            peer.write(ACCEPTED)?;
            peer.drain()
        });
        let mut client = room.client();
        client.send(&request);
        client.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.rest(), ACCEPTED);
        assert!(room.faults().is_empty(), "{:?}", room.faults());
    }
}
