//! What two parsers could read differently is refused; everything else passes as it came (R35).
//! It never lets a row decide by itself whether a second request was seen.
use crate::harness::{NEXT, Room, lines};
use crate::platform::ACCEPTED;

/// What becomes of a row.
#[derive(Clone, Copy)]
enum Fate {
    /// The platform gets exactly these bytes, once.
    Passes,
    /// The platform gets nothing, and the client this status and a closed connection.
    Refused(u16),
}
use Fate::{Passes, Refused};

/// A request that hides in a body.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

fn check(name: &str, request: &[u8], fate: Fate) {
    let room = Room::new(|peer| {
        loop {
            peer.request()?;
            peer.write(ACCEPTED)?;
        }
    });
    let mut client = room.client();
    client.send(request);
    match fate {
        Passes => {
            client.expect(ACCEPTED);
            let seen = room.platform.seen();
            assert!(seen == [request], "{name}: {:?}", text(&seen.concat()));
            assert!(room.faults().is_empty(), "{name}: {:?}", room.faults());
        }
        Refused(status) => {
            assert_eq!(client.status(), status, "{name}");
            let reply = client.rest();
            assert!(
                text(&reply).contains("Connection: close"),
                "{name}: {}",
                text(&reply)
            );
            let seen = room.platform.seen().concat();
            assert!(seen.is_empty(), "{name}: {:?}", text(&seen));
            let kind = if status == 431 {
                "head-too-large"
            } else {
                "request-malformed"
            };
            room.expect_faults(&[&format!("{kind} answered")]);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A POST with these header lines, and a hidden request behind its head.
fn post(headers: &str) -> Vec<u8> {
    format!("POST /x HTTP/1.1\r\nHost: a\r\n{headers}\r\n{HIDDEN}").into_bytes()
}

#[test]
fn lengths_that_two_parsers_read_differently_are_refused() {
    for headers in [
        "Content-Length: 0\r\nContent-Length: 36\r\n",
        "Content-Length: 36\r\nContent-Length: 36\r\n",
        "Content-Length: 36, 36\r\n",
        "Content-Length: 36,0\r\n",
        "Content-Length: +36\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x24\r\n",
        "Content-Length: 3 6\r\n",
        "Content-Length: 36.0\r\n",
        "Content-Length:\r\n",
        "Content-Length: \"36\"\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Content-Length : 36\r\n",
        " Content-Length: 36\r\n",
        "X: y\r\n Content-Length: 36\r\n",
        "X: y\r\n\tContent-Length: 36\r\n",
        "Content-Length\r\n",
        "Content-Length: 36\0\r\n",
        "Content-Length: 36\rX: y\r\n",
        "Content-Length: 36\nX: y\r\n",
        "Content-\u{a0}Length: 36\r\n",
        "Content Length: 36\r\n",
        ": 36\r\n",
    ] {
        check(headers, &post(headers), Refused(400));
    }
}

#[test]
fn encodings_that_two_parsers_read_differently_are_refused() {
    for headers in [
        "Transfer-Encoding: chunked\r\nContent-Length: 36\r\n",
        "Content-Length: 36\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\ntransfer-encoding:chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunkedx\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked\n\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: \r\n Transfer-Encoding: chunked\r\n",
    ] {
        check(headers, &post(headers), Refused(400));
    }
    let old = format!("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{HIDDEN}");
    check("chunks in HTTP/1.0", old.as_bytes(), Refused(400));
}

#[test]
fn chunks_that_two_parsers_read_differently_are_refused() {
    for body in [
        "0x3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "g\r\nabc\r\n0\r\n\r\n",
        ";a=b\r\n\r\n",
        "10000000000000000\r\nabc",
        "fffffffffffffffff\r\nabc",
        "0\r\nT: 1\n\r\n",
        "0\r\nT: 1\rU: 2\r\n\r\n",
        "3;a\0\r\nabc\r\n0\r\n\r\n",
    ] {
        let head = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(
            body,
            format!("{head}{body}{HIDDEN}").as_bytes(),
            Refused(400),
        );
    }
}

#[test]
fn lines_that_are_not_http_are_refused() {
    for request in [
        "GET  /x HTTP/1.1\r\n\r\n",
        "GET /x  HTTP/1.1\r\n\r\n",
        "GET /x y HTTP/1.1\r\n\r\n",
        "GET /x\r\n\r\n",
        "GET /x HTTP/2.0\r\n\r\n",
        "GET /x HTTP/0.9\r\n\r\n",
        "GET /x http/1.1\r\n\r\n",
        "GET /x HTTP/1.1 \r\n\r\n",
        "GET /x HTTP/1.1\n\n",
        "GET /x HTTP/1.1\r\nHost: a\n\r\n",
        "GET /x HTTP/1.1\r\nX: a\0b\r\n\r\n",
        "GET /x HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
        "GET /x\t HTTP/1.1\r\n\r\n",
        "G\tET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
        "\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    ] {
        check(request, request.as_bytes(), Refused(400));
    }
}

#[test]
fn a_next_with_a_body_is_refused_because_nobody_knows_it() {
    let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n";
    for rest in [
        "Content-Length: 36\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        check(
            rest,
            format!("{next}{rest}{HIDDEN}").as_bytes(),
            Refused(400),
        );
    }
}

#[test]
fn heads_beyond_every_bound_are_refused_as_too_large() {
    let long = format!("GET /x HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1_400_000));
    check("1.4 MB", long.as_bytes(), Refused(431));
    let lines = lines(600);
    let many = format!("GET /x HTTP/1.1\r\n{lines}\r\n");
    check("600 lines", many.as_bytes(), Refused(431));
}

#[test]
fn what_only_looks_odd_passes() {
    let hidden = HIDDEN.len();
    for request in [
        format!("POST /x HTTP/1.1\r\nContent-Length: {hidden}\r\n\r\n{HIDDEN}"),
        format!("POST /x HTTP/1.1\r\nContent-Length: 000{hidden}\r\n\r\n{HIDDEN}"),
        format!("POST /x HTTP/1.1\r\nContent-Length:\t{hidden} \t\r\n\r\n{HIDDEN}"),
        format!("GET /x HTTP/1.1\r\nContent-Length: {hidden}\r\n\r\n{HIDDEN}"),
        format!(
            "POST /x HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n{hidden:x}\r\n{HIDDEN}\r\n\
                 0\r\n\r\n"
        ),
        format!(
            "POST /x HTTP/1.1\r\nTE: trailers\r\nTransfer-Encoding: \tchunked \r\n\r\n\
                 000{hidden:X} ; x=\"y\"\r\n{HIDDEN}\r\n00\r\nContent-Length: 5\r\n\r\n"
        ),
        "POST /x HTTP/1.1\r\nContent_Length: 36\r\nX-Content-Length: 3\r\n\r\n".to_owned(),
    ] {
        check(&request, request.as_bytes(), Passes);
    }
}

#[test]
fn a_reply_that_two_parsers_read_differently_becomes_one_honest_error() {
    for reply in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/2 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "garbage\r\n\r\n",
    ] {
        for request in [NEXT, b"GET /x HTTP/1.1\r\n\r\n"] {
            let room = Room::new(move |peer| {
                peer.request()?;
                peer.write(reply.as_bytes())?;
                peer.drain()
            });
            let mut client = room.client();
            client.send(request);
            assert_eq!(client.status(), 500, "{reply}");
            room.expect_faults(&["reply-malformed answered"]);
        }
    }
}
