//! A15: raw HTTP of every kind, through the real agent: no hang, no smuggled request, no
//! normalised target.
//! It never expects one particular refusal where HTTP allows several.
use std::io::Read as _;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::harness::http::{read_body, read_head};
use crate::harness::pair::Pair;
use crate::harness::runtime::Runtime;
use crate::harness::{DEADLINE, beside_others, progress};

/// What has to become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The platform gets exactly this method and target, and its reply comes back.
    Passes,
    /// The platform never sees a call; the client gets a 4xx, a 5xx or a closed connection.
    Refused,
    /// Either of the two, but never a second call.
    Either,
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    /// The start line that the platform must see, if the case passes.
    start: String,
    /// The body that it must see.
    body: Vec<u8>,
    fate: Fate,
}

/// A request that hides in a body; the platform must never see it as one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn raw_cases_are_neither_hung_nor_smuggled_nor_normalised() {
    let _room = beside_others();
    let pair = Pair::new("block");
    let cases = cases();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    let begun = Instant::now();
    for case in &cases {
        run(&pair, case);
    }
    progress(&format!(
        "{} raw cases in {:.1} s",
        cases.len(),
        begun.elapsed().as_secs_f32()
    ));
}

fn run(pair: &Pair, case: &Case) {
    let name = &case.name;
    let before = pair.lambda.heads().len();
    let mut client = pair.agent.runtime();
    client.set_patience(Duration::from_secs(10));
    client.send(&case.bytes).unwrap();
    if case.fate != Fate::Passes {
        // The client has nothing more to say, so an agent that waits for more is told so.
        let _ = client.reader.get_ref().shutdown(Shutdown::Write);
    }
    let status = outcome(&mut client, name);
    let heads = pair.lambda.heads();
    let seen = &heads[before..];
    for head in seen {
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
            let length = seen[0].text("content-length").unwrap_or("0");
            let chunked = seen[0].header("transfer-encoding").is_some();
            assert!(
                chunked || length == case.body.len().to_string(),
                "{name}: {:?}",
                seen[0]
            );
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

/// The status of the one reply, none if the connection was closed without one.
fn outcome(client: &mut Runtime, name: &str) -> Option<u16> {
    let begun = Instant::now();
    let head = match read_head(&mut client.reader) {
        Ok(head) => head,
        Err(error) => {
            let hung = matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            );
            assert!(!hung, "{name}: hung for {:?}", begun.elapsed());
            return None;
        }
    };
    if head.status() >= 200 && head.status() != 204 {
        read_body(&mut client.reader, &head).expect("a whole reply");
    }
    Some(head.status())
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    targets(&mut cases);
    lengths(&mut cases);
    encodings(&mut cases);
    lines(&mut cases);
    refused_methods(&mut cases);
    cases
}

fn pass(cases: &mut Vec<Case>, name: &str, start: &str, headers: &str, body: &[u8]) {
    let mut bytes = format!("{start}\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    cases.push(Case {
        name: name.to_owned(),
        bytes,
        start: start.to_owned(),
        body: body.to_vec(),
        fate: Fate::Passes,
    });
}

fn other(cases: &mut Vec<Case>, fate: Fate, name: &str, bytes: impl Into<Vec<u8>>) {
    cases.push(Case {
        name: name.to_owned(),
        bytes: bytes.into(),
        start: String::new(),
        body: Vec::new(),
        fate,
    });
}

/// Targets that nobody may normalise, each with several methods (R35, R36).
fn targets(cases: &mut Vec<Case>) {
    let targets = [
        "/",
        "/x",
        "/x/",
        "//",
        "//x",
        "/x//y",
        "/./x",
        "/x/.",
        "/x/..",
        "/x/../y",
        "/../x",
        "/%2e%2e/x",
        "/%2E/x",
        "/x%2fy",
        "/x%2Fy",
        "/%00",
        "/%0d%0aX:%20y",
        "/x;y=z",
        "/x?",
        "/?x",
        "/x?y=z&y=z",
        "/x?%00",
        "/x?a=/../b",
        "/X",
        "/x\\y",
        "/x\\..\\y",
        "/~x",
        "/x+y",
        "/x|y",
        "/x\"y",
        "/{x}",
        "/x^y",
        "/x`y",
        "/x<y>",
        "/x*",
        "/.",
        "/..",
        "/...",
        "/x%",
        "/x%zz",
        "/2018-06-01",
        "/2018-06-01/",
        "/2018-06-01/runtime",
        "/2018-06-01/runtime/invocation",
        "/2018-06-01/runtime/invocation/",
        "/2018-06-01/runtime/invocation/next/",
        "/2018-06-01/runtime/invocation//next",
        "/2018-06-01/runtime/./invocation/next",
        "/2018-06-01/runtime/x/../invocation/next",
        "/2018-06-01/runtime/invocation/NEXT",
        "/2018-06-01/runtime/invocation/nex%74",
        "/2018-06-01/Runtime/invocation/next",
        "/2099-01-01/runtime/invocation/next",
        "/2018-06-01/runtime/unknown",
        "/2026-01-15/metadata",
        "/2018-06-01/runtime/restore/next/",
        "/2020-01-01/extension/unknown",
        "/2022-07-01/telemetry/x",
        "/2020-08-15/logs/x",
        "/2021-04-23/credentials",
    ];
    for target in targets {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let start = format!("{method} {target} HTTP/1.1");
            pass(
                cases,
                &start,
                &start,
                "Host: a\r\nContent-Length: 0\r\n",
                b"",
            );
        }
    }
    let long = format!("GET /{} HTTP/1.1", "l".repeat(60_000));
    pass(cases, "a target of 60,000 bytes", &long, "Host: a\r\n", b"");
    for method in ["OPTIONS", "PROPFIND", "X", "get", "M-SEARCH", "POST"] {
        let start = format!("{method} /method HTTP/1.1");
        pass(
            cases,
            &start,
            &start,
            "Host: a\r\nContent-Length: 0\r\n",
            b"",
        );
    }
    // The absolute form is reduced to the origin form, as the platform itself serves both.
    other(
        cases,
        Fate::Either,
        "absolute form",
        "GET http://127.0.0.1/2018-06-01/ping HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    other(
        cases,
        Fate::Either,
        "absolute form of another host",
        "GET http://example.com/x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
}

/// Bodies by `Content-Length`, right and wrong.
fn lengths(cases: &mut Vec<Case>) {
    for size in [
        0_usize, 1, 2, 7, 100, 4_095, 4_096, 4_097, 65_536, 1_000_000,
    ] {
        let body = vec![b'b'; size];
        for method in ["POST", "PUT", "GET"] {
            let start = format!("{method} /length/{size} HTTP/1.1");
            let length = format!("Host: a\r\nContent-Length: {size}\r\n");
            pass(cases, &start, &start, &length, &body);
        }
    }
    let wrong = [
        "-1",
        "+5",
        "0x5",
        "5 5",
        "5,5",
        "5, 6",
        "",
        "abc",
        "5a",
        "99999999999999999999999",
        "1e1",
        "٥",
        "5;5",
        "\"5\"",
    ];
    for length in wrong {
        other(
            cases,
            if length == "5,5" {
                Fate::Either
            } else {
                Fate::Refused
            },
            &format!("Content-Length: {length}"),
            format!(
                "POST /wrong HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}"
            ),
        );
    }
    let two = [
        ("Content-Length: 5\r\nContent-Length: 6", Fate::Refused),
        ("Content-Length: 0\r\nContent-Length: 38", Fate::Refused),
        ("Content-Length: 38\r\nContent-Length: 0", Fate::Refused),
        ("Content-Length: 38\r\nContent-Length: 38", Fate::Either),
        ("Content-Length : 0", Fate::Refused),
        ("Content-Length: 0\r\n Content-Length: 5", Fate::Refused),
        ("Content-Length:\r\n 5", Fate::Refused),
    ];
    for (headers, fate) in two {
        let bytes = format!("POST /two HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{SMUGGLED}");
        other(cases, fate, headers, bytes);
    }
    // The head promises more than comes: the platform may see a call, never a whole one.
    other(
        cases,
        Fate::Either,
        "a body that ends too early",
        "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this",
    );
    other(
        cases,
        Fate::Refused,
        "a head that ends too early",
        "GET /short HTTP/1.1\r\nHo",
    );
    other(cases, Fate::Refused, "nothing at all", "");
}

/// Chunked bodies, right and wrong, and both framings at once.
fn encodings(cases: &mut Vec<Case>) {
    let chunked = "Host: a\r\nTransfer-Encoding: chunked\r\n";
    for (name, body) in [
        ("empty", "0\r\n\r\n".to_owned()),
        ("one", "5\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("capital hex", "A\r\n0123456789\r\n0\r\n\r\n".to_owned()),
        ("leading zeros", "0005\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("extension", "5;a=b\r\nhello\r\n0\r\n\r\n".to_owned()),
        ("trailer", "5\r\nhello\r\n0\r\nX-Own: 1\r\n\r\n".to_owned()),
        ("many", "1\r\na\r\n".repeat(1_000) + "0\r\n\r\n"),
    ] {
        for method in ["POST", "PUT"] {
            let start = format!("{method} /chunked/{} HTTP/1.1", name.replace(' ', "-"));
            pass(
                cases,
                &format!("{method} chunked, {name}"),
                &start,
                chunked,
                body.as_bytes(),
            );
        }
    }
    for size in [
        "x",
        "-5",
        "0x5",
        "5 5",
        "+5",
        "FFFFFFFFFFFFFFFFF",
        "",
        "5\r",
    ] {
        let bytes =
            format!("POST /bad-chunk HTTP/1.1\r\n{chunked}\r\n{size}\r\nhello\r\n0\r\n\r\n");
        other(cases, Fate::Either, &format!("chunk size {size:?}"), bytes);
    }
    for encoding in [
        "xchunked",
        "chunked, identity",
        "identity, gzip",
        "gzip",
        "chunked, chunked",
    ] {
        other(
            cases,
            Fate::Refused,
            &format!("Transfer-Encoding: {encoding}"),
            format!(
                "POST /te HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {encoding}\r\n\r\n0\r\n\r\n{SMUGGLED}"
            ),
        );
    }
    for (name, headers) in [
        ("space before the colon", "Transfer-Encoding : chunked"),
        ("tab before the colon", "Transfer-Encoding\t: chunked"),
        ("folded", "Transfer-Encoding:\r\n chunked"),
        ("null in the value", "Transfer-Encoding: chun\0ked"),
    ] {
        let bytes = format!("POST /te HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}");
        other(
            cases,
            Fate::Refused,
            &format!("Transfer-Encoding, {name}"),
            bytes,
        );
    }
    for (name, headers) in [
        (
            "length first",
            "Content-Length: 43\r\nTransfer-Encoding: chunked",
        ),
        (
            "chunked first",
            "Transfer-Encoding: chunked\r\nContent-Length: 43",
        ),
        (
            "short length",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
        ),
    ] {
        // Both framings at once: chunked wins or the call is refused; what follows is no call.
        let bytes =
            format!("POST /both HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{SMUGGLED}");
        other(
            cases,
            Fate::Either,
            &format!("both framings, {name}"),
            bytes,
        );
    }
    other(
        cases,
        Fate::Refused,
        "HTTP/1.0 with chunked",
        format!("POST /te HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
    );
}

/// Start lines and header lines that no careful reader accepts, and some that all accept.
fn lines(cases: &mut Vec<Case>) {
    for (name, bytes) in [
        ("no version", "GET /x\r\nHost: a\r\n\r\n"),
        ("another protocol", "GET /x SPDY/3\r\nHost: a\r\n\r\n"),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/9.9", "GET /x HTTP/9.9\r\nHost: a\r\n\r\n"),
        ("no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no method", " /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            "a name with a space",
            "GET /x HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
        ),
        (
            "a line without a colon",
            "GET /x HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n",
        ),
        ("an empty name", "GET /x HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n"),
        (
            "a null in a value",
            "GET /x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        ),
        (
            "a bare return in a value",
            "GET /x HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        ),
        (
            "a TLS hello",
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n",
        ),
        ("garbage", "\u{1}\u{2}\u{3}\u{4}\r\n\r\n"),
    ] {
        other(cases, Fate::Refused, name, bytes);
    }
    for (name, bytes) in [
        ("bare line feeds", "GET /bare HTTP/1.1\nHost: a\n\n"),
        (
            "an empty line before",
            "\r\nGET /before HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        ("no host", "GET /no-host HTTP/1.1\r\n\r\n"),
        (
            "two hosts",
            "GET /two-hosts HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ),
        ("HTTP/1.0", "GET /old HTTP/1.0\r\n\r\n"),
        (
            "an expectation",
            "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "an unknown expectation",
            "POST /e HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "a folded header",
            "GET /f HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        ),
        (
            "a tab in the start line",
            "GET\t/t HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            "two spaces in the start line",
            "GET  /s  HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
    ] {
        other(cases, Fate::Either, name, bytes);
    }
    for close in [
        "close",
        "keep-alive",
        "Close",
        "x, close",
        "Upgrade-Insecure",
    ] {
        let start = "GET /connection HTTP/1.1";
        pass(
            cases,
            close,
            start,
            &format!("Host: a\r\nConnection: {close}\r\n"),
            b"",
        );
    }
    let many: String = (0..200)
        .map(|index| format!("X-{index}: {index}\r\n"))
        .collect();
    pass(
        cases,
        "200 headers",
        "GET /many HTTP/1.1",
        &format!("Host: a\r\n{many}"),
        b"",
    );
    let large = format!("Host: a\r\nX-Large: {}\r\n", "h".repeat(1_048_576));
    pass(
        cases,
        "a header of 1 MiB",
        "GET /large HTTP/1.1",
        &large,
        b"",
    );
    let endless = format!(
        "GET /endless HTTP/1.1\r\nX: {}\r\n\r\n",
        "h".repeat(3 << 20)
    );
    other(cases, Fate::Refused, "a header of 3 MiB", endless);
}

/// Tunnels and upgrades are refused (R35): a tunnel would be a way past every look.
fn refused_methods(cases: &mut Vec<Case>) {
    for target in ["example.com:443", "127.0.0.1:9001", "/x", "*"] {
        other(
            cases,
            Fate::Refused,
            &format!("CONNECT {target}"),
            format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        );
    }
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
                return Some(written.and(Err(std::io::ErrorKind::ConnectionAborted.into())));
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
