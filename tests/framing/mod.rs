//! A15: raw HTTP of every kind, through the real agent: no hang, no smuggled request, no
//! normalised target.
//! It never expects one particular refusal where HTTP allows several.
mod cases;

use std::io::{ErrorKind, Read as _};
use std::net::Shutdown;
use std::time::Instant;

use self::cases::{Case, Fate};
use crate::harness::http::{Head, read_body, read_head};
use crate::harness::pair::Pair;
use crate::harness::runtime::Runtime;
use crate::harness::{DEADLINE, beside_others, progress};

#[test]
fn raw_cases_are_neither_hung_nor_smuggled_nor_normalised() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    let cases = cases::all();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    let begun = Instant::now();
    for case in &cases {
        if case.fate == Fate::Passes {
            run(&mut pair, case);
        } else {
            // What comes of it may reach the platform late, so it has a platform of its own.
            run(&mut Pair::new("block"), case);
        }
    }
    progress(&format!(
        "{} raw cases in {:.1} s",
        cases.len(),
        begun.elapsed().as_secs_f32()
    ));
}

fn run(pair: &mut Pair, case: &Case) {
    let name = &case.name;
    let before = calls(pair).len();
    let mut client = pair.agent.runtime();
    client.send(&case.bytes).unwrap();
    if case.fate != Fate::Passes {
        // The client has nothing more to say, so an agent that waits for more is told so.
        let _ = client.reader.get_ref().shutdown(Shutdown::Write);
    }
    let status = outcome(&mut client, name);
    if case.fate != Fate::Passes {
        pair.agent.kill();
        pair.lambda.wait_quiet();
    }
    let seen = calls(pair).split_off(before);
    for head in &seen {
        assert!(
            !head.target().contains("smuggled"),
            "{name}: smuggled a request"
        );
    }
    match case.fate {
        Fate::Passes => {
            assert_eq!(seen.len(), 1, "{name}: calls {seen:?}");
            assert_eq!(seen[0].start, case.start, "{name}");
            assert!(
                status.is_some_and(|status| status < 500),
                "{name}: {status:?}"
            );
            let others = pair.lambda.others();
            let (_, body) = others.last().expect(name);
            let (bytes, trailers) = case.content();
            assert!(body.bytes == bytes, "{name}: the body is another");
            assert_eq!(body.trailers, trailers, "{name}");
        }
        Fate::Refused => {
            assert!(seen.is_empty(), "{name}: the platform saw {seen:?}");
            assert!(
                status.is_none_or(|status| status >= 400),
                "{name}: {status:?}"
            );
        }
        Fate::Either => assert!(seen.len() <= 1, "{name}: {seen:?}"),
    }
}

/// The calls that the platform has seen, without the life cycle of the agent itself.
fn calls(pair: &Pair) -> Vec<Head> {
    let own = [
        "/2020-01-01/extension/register",
        "/2020-01-01/extension/event/next",
    ];
    let mut heads = pair.lambda.heads();
    heads.retain(|head| !own.contains(&head.target()));
    heads
}

/// The status of the one reply, none if the connection was closed without one.
fn outcome(client: &mut Runtime, name: &str) -> Option<u16> {
    let begun = Instant::now();
    let head = match read_head(&mut client.reader) {
        Ok(head) => head,
        Err(error) => {
            let hung = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!hung, "{name}: hung for {:?}", begun.elapsed());
            return None;
        }
    };
    if head.status() >= 200 && head.status() != 204 {
        read_body(&mut client.reader, &head).expect("a whole reply");
    }
    Some(head.status())
}

#[test]
fn pipelined_calls_are_answered_in_order_or_not_at_all() {
    let _room = beside_others();
    let pair = Pair::new("monitor");
    let mut client = pair.agent.runtime();
    let one = |index| format!("GET /pipelined/{index} HTTP/1.1\r\nHost: a\r\n\r\n");
    let all: String = (0..10).map(one).collect();
    client.send(all.as_bytes()).unwrap();
    let mut answered = 0;
    while answered < 10 && client.reply().is_ok() {
        answered += 1;
    }
    let heads = pair.lambda.heads();
    let seen: Vec<_> = heads
        .iter()
        .filter(|head| head.target().contains("pipelined"))
        .collect();
    for (index, head) in seen.iter().enumerate() {
        assert_eq!(head.target(), format!("/pipelined/{index}"));
    }
    assert_eq!(seen.len(), answered, "a call without a reply");
}

#[test]
fn an_event_split_at_any_byte_of_its_head_arrives_whole() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    // A platform that writes slowly: every piece of the reply is a write of its own.
    pair.lambda.set_fault(|head, peer| {
        if !head.target().ends_with("/invocation/next") {
            return None;
        }
        let event = crate::harness::lambda::Lambda::event("pieces", b"{\"a\":[1,2,3]}");
        let bytes = crate::harness::lambda::next_reply(&event);
        Some(bytes.iter().try_for_each(|byte| peer.write(&[*byte])))
    });
    for _ in 0..5 {
        let received = pair.runtime.next().unwrap();
        assert_eq!(received.body, b"{\"a\":[1,2,3]}");
        pair.runtime.respond("pieces", b"1").unwrap();
    }
}

#[test]
fn an_answer_written_byte_by_byte_arrives_whole() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for round in 0..3 {
        let id = format!("slow-{round}");
        pair.deliver(&id, b"{}");
        let answer = br#"{"statusCode":200,"body":"hello"}"#;
        let start = format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1");
        let bytes = crate::harness::http::message(&start, &[("Host", "a")], answer);
        for byte in &bytes {
            pair.runtime.send(&[*byte]).unwrap();
        }
        assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
        assert_eq!(pair.lambda.answers(round + 1)[round].body.bytes, answer);
    }
}

#[test]
fn replies_of_the_platform_in_any_framing_come_back_whole() {
    let _room = beside_others();
    let pair = Pair::new("monitor");
    pair.lambda.set_fault(|head, peer| {
        let reply: &[u8] = match head.target() {
            "/chunked" => {
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            }
            "/status" => b"HTTP/1.1 418 I am a teapot\r\nContent-Length: 2\r\n\r\nok",
            "/empty" => b"HTTP/1.1 204 No Content\r\n\r\n",
            "/no-reason" => b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
            "/continue" => b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "/close" => {
                let written = peer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
                return Some(written.and_then(|()| Err(ErrorKind::ConnectionAborted.into())));
            }
            _ => return None,
        };
        Some(peer.write(reply))
    });
    for (target, status, body) in [
        ("/chunked", 200, "abcde"),
        ("/status", 418, "ok"),
        ("/empty", 204, ""),
        ("/no-reason", 200, "ok"),
        ("/continue", 200, "ok"),
    ] {
        let mut client = pair.agent.runtime();
        client
            .send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .unwrap();
        let (mut head, mut seen) = client.reply().unwrap();
        if head.status() == 100 {
            (head, seen) = client.reply().unwrap();
        }
        assert_eq!(
            (head.status(), seen.bytes.as_slice()),
            (status, body.as_bytes()),
            "{target}"
        );
    }
    let mut client = pair.agent.runtime();
    client.set_patience(DEADLINE);
    client
        .send(b"GET /close HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let head = read_head(&mut client.reader).unwrap();
    let mut body = Vec::new();
    if head.text("transfer-encoding").is_some() {
        body = read_body(&mut client.reader, &head).unwrap().bytes;
    } else {
        client.reader.read_to_end(&mut body).unwrap();
    }
    assert_eq!(body, b"until the end");
}
