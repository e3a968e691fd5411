//! A function that gives its key away in whatever HTTP allows beside a body: heads, trailers, chunks
//! that say more, lengths that lie, answers that break off or come twice.
//! It never lets a byte of the key reach the platform, and never loses the invocation that follows.
use crate::harness::beside_others;
use crate::harness::lambda::{Answer, Lambda};
use crate::harness::pair::Pair;

fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

fn pair(mode: &str) -> Pair {
    let key = key();
    Pair::with(&[
        ("CREDENZA_MODE", mode),
        ("AWS_SECRET_ACCESS_KEY", key.as_str()),
    ])
}

/// The first run of eight bytes of the key in a text, as it is or in base64.
fn given_away(text: &[u8]) -> Option<String> {
    let key = key();
    let digits = [0, 1, 2].map(|before| base64(&["abc".split_at(before).0, &key].concat()));
    let runs = |text: &str, size| -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        text.windows(size).map(|run| run.iter().collect()).collect()
    };
    let mut runs: Vec<String> = runs(&key, 8);
    for digits in digits {
        // Behind the digits that belong to what stands before.
        let digits: Vec<char> = digits.chars().skip(4).collect();
        runs.extend(digits.windows(11).map(|run| run.iter().collect::<String>()));
    }
    let text = String::from_utf8_lossy(text).into_owned();
    runs.into_iter().find(|run| text.contains(run.as_str()))
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| chunk.get(at).copied().map_or(0, usize::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            let known = char::from(DIGITS[value]);
            out.push(if digit <= chunk.len() { known } else { '=' });
        }
    }
    out
}

/// Everything that the platform has been sent so far.
fn everything(lambda: &Lambda) -> Vec<u8> {
    let mut all = Vec::new();
    for head in lambda.heads() {
        all.extend(head.raw);
    }
    for answer in lambda.answers_so_far() {
        all.extend(answer.body.bytes);
        for (name, value) in answer.body.trailers {
            all.extend([name.as_bytes(), b": ", &value, b"\n"].concat());
        }
    }
    for (_, body) in lambda.others() {
        all.extend(body.bytes);
    }
    all
}

fn post(target: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let head = format!("POST /2018-06-01/runtime/{target} HTTP/1.1\r\nHost: a\r\n");
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\r\n")).collect();
    [head.as_bytes(), lines.concat().as_bytes(), b"\r\n", body].concat()
}

const CHUNKED: &str = "Transfer-Encoding: chunked";
const STREAMS: &str = "Lambda-Runtime-Function-Response-Mode: streaming";
const PRELUDE: &str = "Content-Type: application/vnd.awslambda.http-integration-response";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Answers to an invocation that tell the key beside their body. In the lines of the head and in
/// the body KEY is the key, and PACKED an error with it in base64.
const BESIDE: [(&str, &str, &[&str], &str); 20] = [
    ("header", "response", &["X-Own: KEY", LENGTH], "row"),
    ("agent", "response", &["User-Agent: a/KEY", LENGTH], "row"),
    (
        "kind of body",
        "response",
        &["Content-Type: a/KEY", LENGTH],
        "row",
    ),
    (
        "empty answer",
        "response",
        &["X-Own: KEY", "Content-Length: 0"],
        "",
    ),
    ("no body", "response", &["X-Own: KEY"], ""),
    ("error type", "error", &[TYPE, LENGTH], "{ }"),
    ("error cause", "error", &[CAUSE, LENGTH], "{ }"),
    (
        "error agent",
        "error",
        &["User-Agent: a/KEY", LENGTH],
        "{ }",
    ),
    ("error in chunks", "error", &[TYPE, CHUNKED], PLAIN),
    ("streamed error", "error", &[TYPE, CHUNKED, STREAMS], PLAIN),
    ("chunk says more", "response", &[CHUNKED], MORE),
    (
        "last chunk says more",
        "response",
        &[CHUNKED],
        "3\r\nrow\r\n0;own=KEY\r\n\r\n",
    ),
    ("trailer", "response", &[CHUNKED], TRAILER),
    ("packed trailer", "response", &[CHUNKED], ERROR),
    (
        "head of a stream",
        "response",
        &[CHUNKED, STREAMS, "X-Own: KEY"],
        PLAIN,
    ),
    (
        "agent of a stream",
        "response",
        &[CHUNKED, STREAMS, "User-Agent: a/KEY"],
        PLAIN,
    ),
    (
        "chunk of a stream says more",
        "response",
        &[CHUNKED, STREAMS],
        MORE,
    ),
    (
        "trailer of a stream",
        "response",
        &[CHUNKED, STREAMS],
        TRAILER,
    ),
    (
        "error type behind a stream",
        "response",
        &[CHUNKED, STREAMS, PRELUDE],
        TYPED,
    ),
    (
        "error behind a stream",
        "response",
        &[CHUNKED, STREAMS, PRELUDE],
        ERROR,
    ),
];

const LENGTH: &str = "Content-Length: 3";
const TYPE: &str = "Lambda-Runtime-Function-Error-Type: KEY";
const CAUSE: &str = "Lambda-Runtime-Function-XRay-Error-Cause: {\"message\":\"KEY\"}";
const PLAIN: &str = "3\r\nrow\r\n0\r\n\r\n";
const MORE: &str = "3;own=KEY\r\nrow\r\n0\r\n\r\n";
const TRAILER: &str = "3\r\nrow\r\n0\r\nX-Own: KEY\r\n\r\n";
const TYPED: &str = "3\r\nrow\r\n0\r\nLambda-Runtime-Function-Error-Type: KEY\r\n\r\n";
const ERROR: &str = "3\r\nrow\r\n0\r\nLambda-Runtime-Function-Error-Body: PACKED\r\n\r\n";

/// The same with the key.
fn beside() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    BESIDE.into_iter().map(|(name, target, lines, body)| {
        let packed = base64(&format!("{{\"errorMessage\":\"a {}\"}}", key()));
        let fill = |text: &str| text.replace("KEY", &key()).replace("PACKED", &packed);
        let lines: Vec<String> = lines.iter().map(|line| fill(line)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let target = format!("invocation/a/{target}");
        (name, post(&target, &lines, fill(body).as_bytes()))
    })
}

/// Ends what the runtime began: the next invocation arrives, on this connection or a new one.
fn goes_on(pair: &mut Pair, name: &str) {
    let known = pair.lambda.count_answers();
    pair.lambda.push(Lambda::event("next", b"{}"));
    let received = pair.runtime.next().or_else(|_| {
        pair.runtime = pair.agent.runtime();
        pair.runtime.next()
    });
    let received = received.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(received.id, "next", "{name}");
    pair.runtime.respond("next", b"null").unwrap();
    let answer = pair.lambda.answer_to("next", known);
    assert_eq!(answer.body.bytes, b"null", "{name}");
}

#[test]
fn nothing_beside_a_body_tells_the_key_and_every_invocation_is_answered_once() {
    let _room = beside_others();
    for (name, request) in beside() {
        let mut pair = pair("block");
        pair.deliver("a", b"{}");
        let (head, _) = pair
            .runtime
            .call(&request)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(head.status(), 202, "{name}");
        goes_on(&mut pair, name);
        let answers = pair.lambda.answers(2);
        let ids: Vec<&str> = answers.iter().map(Answer::id).collect();
        assert_eq!(ids, ["a", "next"], "{name}");
        let sent = everything(&pair.lambda);
        assert_eq!(given_away(&sent), None, "{name}: {}", sent.escape_ascii());
        let is_dropped = name == "chunk of a stream says more";
        if !is_dropped {
            pair.agent
                .lines
                .wait(&["\"leak\"", "AWS_SECRET_ACCESS_KEY"]);
        }
        assert_eq!(pair.lambda.nexts_dropped(), 0, "{name}");
    }
}

#[test]
fn mode_monitor_passes_what_stands_beside_a_body_as_it_came_and_tells_of_it() {
    let _room = beside_others();
    for (name, request) in beside() {
        let mut pair = pair("monitor");
        pair.deliver("a", b"{}");
        pair.runtime.call(&request).unwrap();
        let answers = pair.lambda.answers(1);
        let raw = &answers[0].head.raw;
        assert!(request.starts_with(raw), "{name}: {}", raw.escape_ascii());
        let trailers: Vec<u8> = answers[0]
            .body
            .trailers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat())
            .collect();
        assert!(
            request.ends_with(&[&trailers[..], b"\r\n"].concat()) || trailers.is_empty(),
            "{name}"
        );
        goes_on(&mut pair, name);
        println!("{name}");
        // What extends a chunk is for nobody.
        if !name.contains("says more") {
            pair.agent
                .lines
                .wait(&["\"leak\"", "AWS_SECRET_ACCESS_KEY"]);
        }
    }
}

#[test]
fn an_error_of_init_or_of_a_restore_does_not_tell_the_key() {
    let _room = beside_others();
    let key = key();
    let message = format!("{{\"errorMessage\":\"no database at {key}\",\"errorType\":\"Error\"}}");
    let trace = format!("{{\"errorMessage\":\"a\",\"stackTrace\":[\"at f ({key})\"]}}");
    let kind = format!("Lambda-Runtime-Function-Error-Type: {key}");
    for target in ["init/error", "restore/error"] {
        for (name, line, body) in [
            ("message", "X-A: b", &*message),
            ("trace", "X-A: b", &trace),
            ("type", &kind, "{}"),
        ] {
            for chunked in [false, true] {
                let mut pair = pair("block");
                let request = if chunked {
                    let body = format!("{}0\r\n\r\n", chunk(body));
                    post(target, &[line, CHUNKED], body.as_bytes())
                } else {
                    let length = format!("Content-Length: {}", body.len());
                    post(target, &[line, &length], body.as_bytes())
                };
                pair.runtime.call(&request).unwrap();
                let others = pair.lambda.others();
                assert_eq!(others.len(), 1, "{target} {name}");
                let told = String::from_utf8_lossy(&others[0].1.bytes).into_owned();
                assert!(told.contains("ResponseBlocked"), "{target} {name}: {told}");
                assert_eq!(
                    given_away(&everything(&pair.lambda)),
                    None,
                    "{target} {name}"
                );
                pair.agent.lines.wait(&["\"leak\"", "init-error"]);
            }
        }
    }
}

#[test]
fn an_answer_that_breaks_off_tells_nothing_and_the_next_one_is_served() {
    let _room = beside_others();
    let key = key();
    let rows = format!("{{\"rows\":[\"{key}\"");
    let response = "invocation/a/response";
    let streamed = format!("{}ff\r\nhalf a chunk", chunk(&rows));
    for (name, request) in [
        (
            "short of its length",
            post(response, &["Content-Length: 200"], rows.as_bytes()),
        ),
        (
            "short of a length that no answer has",
            post(response, &["Content-Length: 90000000"], rows.as_bytes()),
        ),
        ("in chunks", post(response, &[CHUNKED], streamed.as_bytes())),
        (
            "in a stream",
            post(response, &[CHUNKED, STREAMS], streamed.as_bytes()),
        ),
        (
            "in its head",
            post(response, &[CHUNKED], b"").split_at(60).0.to_vec(),
        ),
        (
            "in a bad chunk",
            post(
                response,
                &[CHUNKED],
                format!("{}xyz\r\n", chunk(&rows)).as_bytes(),
            ),
        ),
    ] {
        let mut pair = pair("block");
        pair.deliver("a", b"{}");
        pair.runtime.send(&request).unwrap();
        let stream = pair.runtime.reader.get_ref();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Whatever the agent says to it, it ends.
        let _ = pair.runtime.reply();
        pair.runtime = pair.agent.runtime();
        goes_on(&mut pair, name);
        let sent = everything(&pair.lambda);
        assert_eq!(given_away(&sent), None, "{name}: {}", sent.escape_ascii());
    }
}

#[test]
fn a_second_answer_to_an_invocation_tells_the_key_no_more_than_the_first() {
    let _room = beside_others();
    let key = key();
    for flow in ["whole", "streamed"] {
        let mut pair = pair("block");
        pair.deliver("a", b"{}");
        for _ in 0..2 {
            let request = if flow == "whole" {
                let length = format!("Content-Length: {}", key.len());
                post("invocation/a/response", &[&length], key.as_bytes())
            } else {
                let body = format!("{}0\r\n\r\n", chunk(&key));
                post(
                    "invocation/a/response",
                    &[CHUNKED, STREAMS],
                    body.as_bytes(),
                )
            };
            pair.runtime
                .call(&request)
                .or_else(|_| {
                    pair.runtime = pair.agent.runtime();
                    pair.runtime.call(&request)
                })
                .unwrap();
        }
        pair.runtime = pair.agent.runtime();
        goes_on(&mut pair, flow);
        let ids: Vec<_> = pair
            .lambda
            .answers_so_far()
            .iter()
            .map(|answer| answer.id().to_owned())
            .collect();
        assert_eq!(ids, ["a", "a", "next"], "{flow}");
        assert_eq!(given_away(&everything(&pair.lambda)), None, "{flow}");
    }
}

// Limit: more than 8 MiB, which is as much as is held.
const BYTES: usize = 9 << 20;

#[test]
fn an_answer_that_is_too_long_to_be_one_tells_nothing_and_passes_without_the_key() {
    let _room = beside_others();
    for at in [Some(100), Some(BYTES - 100), None] {
        for chunked in [false, true] {
            let mut body = "a row of no harm\n".repeat(BYTES / 17 + 1).into_bytes();
            body.truncate(BYTES);
            if let Some(at) = at {
                body[at..at + 40].copy_from_slice(key().as_bytes());
            }
            let request = if chunked {
                let framed =
                    [format!("{BYTES:x}\r\n").as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
                post("invocation/a/response", &[CHUNKED], &framed)
            } else {
                post(
                    "invocation/a/response",
                    &[&format!("Content-Length: {BYTES}")],
                    &body,
                )
            };
            let mut pair = pair("block");
            pair.deliver("a", b"{}");
            pair.runtime.call(&request).unwrap();
            pair.runtime = pair.agent.runtime();
            goes_on(&mut pair, "too long");
            let answers = pair.lambda.answers(2);
            assert_eq!(
                given_away(&everything(&pair.lambda)),
                None,
                "{at:?} {chunked}"
            );
            let sent = &answers[0].body.bytes;
            match at {
                // What has not begun to leave is answered in its place.
                Some(100) => assert!(
                    sent.starts_with(b"{\"errorType\":\"Function.ResponseBlocked\""),
                    "{}",
                    sent.len()
                ),
                Some(at) => assert_eq!(sent.as_slice(), &body[..at], "{chunked}"),
                None => assert_eq!(sent, &body, "{chunked}"),
            }
        }
    }
}

#[test]
fn a_stream_that_asks_before_it_sends_is_told_to_go_on() {
    let _room = beside_others();
    let mut pair = pair("block");
    pair.deliver("a", b"{}");
    pair.runtime
        .send(&post(
            "invocation/a/response",
            &[CHUNKED, STREAMS, "Expect: 100-continue"],
            b"",
        ))
        .unwrap();
    let (head, _) = pair.runtime.reply().unwrap();
    assert_eq!(head.status(), 100);
    let body = format!("{}{}0\r\n\r\n", chunk("one, "), chunk("two"));
    pair.runtime.send(body.as_bytes()).unwrap();
    assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
    goes_on(&mut pair, "asks");
    assert_eq!(pair.lambda.answers(2)[0].body.bytes, b"one, two");
}
