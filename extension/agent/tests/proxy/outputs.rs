//! Answers with the function's own secret in them: whole, in pieces, as errors, in every spelling.
//! They never hold a secret that opens anything.
use crate::harness::{NEXT, Plan, Room, key, response};
use crate::platform::{ACCEPTED, Peer, event, wait_for};
use credenza_engine::Confidence;
use credenza_policy::{Action, Mode, OutputPolicy, Policy, RulePolicy, Share};

/// A Function URL's event, shortened to what tells it.
const EVENT: &[u8] = br#"{"version":"2.0","rawPath":"/","headers":{},"requestContext":{"http":{},"domainName":"a.lambda-url.eu-west-1.on.aws"}}"#;

/// The spellings in which the key leaves.
fn spellings() -> Vec<(&'static str, String)> {
    let key = key();
    let hex = |upper: bool| -> String {
        let digits = |byte: u8| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        };
        key.bytes().map(digits).collect()
    };
    vec![
        ("plain", key.clone()),
        ("reversed", key.chars().rev().collect()),
        ("hex", hex(false)),
        ("hex", hex(true)),
        ("json", key.replace('/', "\\/")),
        ("url", key.replace('/', "%2F").replace('+', "%2B")),
        ("html", key.replace('/', "&#x2F;").replace('+', "&#43;")),
        ("base64", base64(key.as_bytes())),
        ("base64", base64(&[b"x", key.as_bytes()].concat())),
        ("base64", base64(&[b"xy", key.as_bytes()].concat())),
    ]
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = usize::try_from((bits >> (18 - 6 * digit)) & 63).unwrap();
            out.push(if digit <= chunk.len() {
                char::from(DIGITS[at])
            } else {
                '='
            });
        }
    }
    out
}

/// A platform with one event for each connection, which takes every answer, with the function's
/// key in the environment.
fn room(mode: Mode) -> Room {
    room_under(Policy {
        mode,
        ..Policy::default()
    })
}

/// A policy in mode `block` that does this with the function's own secrets.
fn acting(action: Action) -> Policy {
    let rule = RulePolicy {
        id: "own-secret",
        mode: Mode::Block,
        minimum_confidence: Confidence::High,
        action,
        canary: Share::default(),
    };
    Policy {
        mode: Mode::Block,
        rules: vec![rule],
        ..Policy::default()
    }
}

fn room_under(policy: Policy) -> Room {
    let environment = [("AWS_SECRET_ACCESS_KEY", key()), ("AWS_REGION", "x".into())];
    let plan = Plan {
        policy,
        environment: environment.into_iter().collect(),
        ..Plan::default()
    };
    Room::planned(plan, |peer: &mut Peer| {
        loop {
            let request = peer.request()?;
            if request.starts_with(b"GET") {
                peer.write(&event("one", EVENT))?;
            } else {
                peer.write(ACCEPTED)?;
            }
        }
    })
}

/// What the platform got behind the call for an event.
fn got(room: &Room) -> String {
    let seen = room.platform.seen().concat();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    seen.split_once("raw/1\r\n\r\n").unwrap().1.to_owned()
}

/// True if eight bytes in a row of a spelling stand in a text.
fn leaks(text: &str, spelled: &str) -> bool {
    let windows = spelled.as_bytes().windows(8);
    let mut windows = windows.filter_map(|window| std::str::from_utf8(window).ok());
    windows.any(|window| text.contains(window))
}

#[test]
fn an_answer_with_the_functions_key_is_withheld_in_every_spelling() {
    for (spelling, spelled) in spellings() {
        let room = room(Mode::Block);
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let body = format!("{{\"statusCode\":200,\"body\":\"{spelled}\"}}");
        client.call(&response("one", body.as_bytes()), ACCEPTED_BY_US);
        let got = got(&room);
        assert!(got.contains("{\"statusCode\":500,"), "{spelling}: {got}");
        assert!(!leaks(&got, &spelled), "{spelling}");
        // In a body escapes are undone first.
        let spelling = if spelling == "json" {
            "plain"
        } else {
            spelling
        };
        let note = format!("AWS_SECRET_ACCESS_KEY {spelling} response withheld");
        assert_eq!(room.leaks(), [note]);
    }
}

/// What the runtime hears of an answer that was taken and withheld.
const ACCEPTED_BY_US: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\
    Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

#[test]
fn mode_monitor_passes_every_byte_and_reports() {
    for (spelling, spelled) in spellings() {
        let room = room(Mode::Monitor);
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let answer = response("one", format!("[\"{spelled}\"]").as_bytes());
        client.call(&answer, ACCEPTED);
        wait_for("the leak", || !room.leaks().is_empty());
        assert_eq!(got(&room).as_bytes(), answer, "{spelling}");
        let note = format!("AWS_SECRET_ACCESS_KEY {spelling} response seen");
        assert_eq!(room.leaks(), [note]);
    }
}

#[test]
fn an_error_with_the_key_is_withheld() {
    for place in ["body", "header"] {
        let room = room(Mode::Block);
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let (header, body) = match place {
            "header" => (key(), "{}".to_owned()),
            _ => (
                "{}".to_owned(),
                format!("{{\"errorMessage\":\"{}\"}}", key()),
            ),
        };
        let request = format!(
            "POST /2018-06-01/runtime/invocation/one/error HTTP/1.1\r\nHost: a\r\n\
             Lambda-Runtime-Function-XRay-Error-Cause: {header}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.call(request.as_bytes(), ACCEPTED_BY_US);
        let got = got(&room);
        assert!(!leaks(&got, &key()), "{place}: {got}");
        assert!(got.contains("/one/error "), "{place}: {got}");
        assert!(got.contains("Function.ResponseBlocked"), "{place}: {got}");
    }
}

/// A stream's head, and a chunk.
fn stream_head() -> Vec<u8> {
    b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: a\r\n\
      Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_vec()
}

fn chunk(bytes: &str) -> Vec<u8> {
    format!("{:x}\r\n{bytes}\r\n", bytes.len()).into_bytes()
}

#[test]
fn a_stream_ends_before_the_key_wherever_it_is_split() {
    for (spelling, spelled) in spellings() {
        // Every split of the key itself, and some of each other spelling: the rest is proven where
        // the spellings are.
        let step = if spelling == "plain" { 1 } else { 7 };
        for split in (1..spelled.len()).step_by(step) {
            let room = room(Mode::Block);
            let mut client = room.client();
            client.call(NEXT, &event("one", EVENT));
            let (one, other) = spelled.split_at(split);
            client.send(&stream_head());
            client.send(&chunk(&format!("data: {one}")));
            client.send(&chunk(&format!("{other}\n\n")));
            client.send(b"0\r\n\r\n");
            wait_for("the ending", || {
                got(&room).contains("Function.ResponseBlocked")
            });
            let got = got(&room);
            assert!(!leaks(&got, &spelled), "{spelling} at {split}: {got}");
            assert!(got.contains("data: "), "{spelling} at {split}: {got}");
            assert!(got.contains("Trailer: Lambda-Runtime-Function-Error-Type"));
        }
    }
}

#[test]
fn a_stream_without_a_secret_passes_with_its_trailers_and_without_waiting() {
    let room = room(Mode::Block);
    let mut client = room.client();
    client.call(NEXT, &event("one", EVENT));
    client.send(&stream_head());
    for number in 0..20 {
        client.send(&chunk(&format!("data: {{\"n\":{number}}}\n\n")));
        let expected = format!("data: {{\"n\":{number}}}\n\n\r\n");
        wait_for("the piece", || got(&room).contains(&expected));
    }
    client.send(b"0\r\nLambda-Runtime-Function-Error-Type: Mine\r\n\r\n");
    client.expect(ACCEPTED);
    assert!(got(&room).ends_with("0\r\nLambda-Runtime-Function-Error-Type: Mine\r\n\r\n"));
    assert!(room.leaks().is_empty());
    assert!(room.faults().is_empty());
}

#[test]
fn answers_without_a_secret_pass_byte_for_byte_in_both_modes() {
    for mode in [Mode::Monitor, Mode::Block] {
        let room = room(mode);
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let answer = response("one", br#"{"statusCode":200,"body":"kW9zTq4 is no key"}"#);
        client.call(&answer, ACCEPTED);
        assert_eq!(got(&room).as_bytes(), answer);
        assert!(room.leaks().is_empty());
    }
}

#[test]
fn a_chunked_answer_that_is_no_stream_is_judged_whole() {
    let room = room(Mode::Block);
    let mut client = room.client();
    client.call(NEXT, &event("one", EVENT));
    let head = b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: a\r\n\
                 Transfer-Encoding: chunked\r\n\r\n";
    let (key, half) = (key(), 20);
    client.send(&[&head[..], &chunk(&key[..half])].concat());
    client.send(&[chunk(&key[half..]), b"0\r\n\r\n".to_vec()].concat());
    client.expect(ACCEPTED_BY_US);
    let got = got(&room);
    assert!(!leaks(&got, &key), "{got}");
    assert!(got.contains("{\"statusCode\":500,"), "{got}");
}

/// Requests that tell that INIT failed, with the key in body or head.
fn init_errors() -> [String; 3] {
    let request = |path: &str, header: &str, body: &str| {
        format!(
            "POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: a\r\n\
             Lambda-Runtime-Function-Error-Type: Runtime.Broken\r\n\
             Lambda-Runtime-Function-XRay-Error-Cause: {header}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let told = format!("{{\"errorMessage\":\"cannot connect with {}\"}}", key());
    [
        request("init/error", "{}", &told),
        request("init/error", &key(), "{}"),
        request("restore/error", "{}", &told),
    ]
}

/// What the platform got before any event was asked for.
fn told(room: &Room) -> String {
    String::from_utf8_lossy(&room.platform.seen().concat()).into_owned()
}

#[test]
fn an_error_of_init_with_the_key_is_withheld_in_block_and_told_in_monitor_mode() {
    for request in init_errors() {
        let room = room(Mode::Block);
        room.client().call(request.as_bytes(), ACCEPTED_BY_US);
        let got = told(&room);
        assert!(!leaks(&got, &key()), "{got}");
        assert!(
            got.starts_with("POST /2018-06-01/runtime/init/error "),
            "{got}"
        );
        assert!(got.contains("Function.ResponseBlocked"), "{got}");
        let expected = ["AWS_SECRET_ACCESS_KEY plain init-error withheld"];
        assert_eq!(room.leaks(), expected);
    }
    for request in init_errors() {
        let room = room(Mode::Monitor);
        room.client().call(request.as_bytes(), ACCEPTED);
        assert_eq!(told(&room), request);
        wait_for("the leak", || !room.leaks().is_empty());
        assert_eq!(
            room.leaks(),
            ["AWS_SECRET_ACCESS_KEY plain init-error seen"]
        );
    }
}

#[test]
fn a_masked_answer_goes_on_with_its_length_and_everything_else_in_it() {
    for (spelling, spelled) in spellings() {
        let room = room_under(acting(Action::Mask));
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let body = format!("{{\"statusCode\":200,\"body\":\"<{spelled}>\",\"cookies\":[\"a=b\"]}}");
        let answer = response("one", body.as_bytes());
        client.call(&answer, ACCEPTED);
        let got = got(&room);
        assert!(!leaks(&got, &spelled), "{spelling}: {got}");
        assert!(
            got.ends_with(">\",\"cookies\":[\"a=b\"]}"),
            "{spelling}: {got}"
        );
        assert!(
            got.contains("{\"statusCode\":200,\"body\":\"<"),
            "{spelling}: {got}"
        );
        let length = format!("Content-Length: {}\r\n", body.len());
        assert!(got.contains(&length), "{spelling}: {got}");
        let note = room.leaks().concat();
        assert!(note.ends_with(" response masked"), "{note}");
    }
}

#[test]
fn a_masked_stream_goes_on_to_its_end_wherever_it_is_split() {
    let key = key();
    for split in 1..key.len() {
        let room = room_under(acting(Action::Mask));
        let mut client = room.client();
        client.call(NEXT, &event("one", EVENT));
        let (one, other) = key.split_at(split);
        client.send(&stream_head());
        client.send(&chunk(&format!("data: {one}")));
        client.send(&chunk(&format!("{other}\n\n")));
        client.send(b"0\r\n\r\n");
        client.expect(ACCEPTED);
        let got = got(&room);
        let plain: String = got
            .split("\r\n")
            .filter(|line| line.contains(['*', 'd']))
            .collect();
        assert!(!leaks(&got, &key), "{split}: {got}");
        let masked = format!("data: {}\n\n", "*".repeat(key.len()));
        assert!(plain.ends_with(&masked), "{split}: {got}");
        assert_eq!(room.leaks(), ["AWS_SECRET_ACCESS_KEY plain stream masked"]);
    }
}

#[test]
fn a_flagged_answer_passes_in_block_mode_as_it_came() {
    let room = room_under(acting(Action::Flag));
    let mut client = room.client();
    client.call(NEXT, &event("one", EVENT));
    let answer = response("one", key().as_bytes());
    client.call(&answer, ACCEPTED);
    assert_eq!(got(&room).as_bytes(), answer);
    assert_eq!(room.leaks(), ["AWS_SECRET_ACCESS_KEY plain response seen"]);
}

#[test]
fn mode_monitor_passes_a_stream_with_the_key_byte_for_byte() {
    let key = key();
    let room = room(Mode::Monitor);
    let mut client = room.client();
    client.call(NEXT, &event("one", EVENT));
    let stream = [
        stream_head(),
        chunk(&key[..9]),
        chunk(&key[9..]),
        b"0\r\n\r\n".to_vec(),
    ];
    let stream = stream.concat();
    client.send(&stream);
    client.expect(ACCEPTED);
    assert_eq!(got(&room).as_bytes(), stream);
    wait_for("the leak", || !room.leaks().is_empty());
    assert_eq!(room.leaks(), ["AWS_SECRET_ACCESS_KEY plain stream seen"]);
}

#[test]
fn an_http_answer_gets_the_headers_that_the_policy_wants() {
    let room = room_under(Policy {
        mode: Mode::Block,
        output: OutputPolicy {
            security_headers: true,
        },
        ..Policy::default()
    });
    let mut client = room.client();
    client.call(NEXT, &event("one", EVENT));
    let body = br#"{"statusCode":200,"headers":{"X-Frame-Options":"DENY"},"body":"a"}"#;
    client.call(&response("one", body), ACCEPTED);
    let got = got(&room);
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Content-Length: {}", body.len())),
        "{got}"
    );
    assert!(
        body.contains(r#""x-content-type-options":"nosniff""#),
        "{got}"
    );
    assert!(
        body.ends_with(r#","X-Frame-Options":"DENY"},"body":"a"}"#),
        "{got}"
    );
    assert!(!body.contains("SAMEORIGIN"), "{got}");
    assert!(room.leaks().is_empty());
}

#[test]
fn what_a_policy_says_of_the_source_of_an_event_holds_for_its_answer_in_both_modes() {
    let answer = response("one", format!("{{\"key\":\"{}\"}}", key()).as_bytes());
    for mode in ["monitor", "block"] {
        for (source, location, is_silenced) in [
            ("function-url", "/key", true),
            ("function-url", "/other", false),
            ("sqs", "/key", false),
        ] {
            let policy = format!(
                "mode = '{mode}'\n[[exemption]]\nrule = 'own-secret'\nsource = '{source}'\n\
                 location = '{location}'\nreason = 'r'\nauthor = 'a'\nexpires = 2097-01-31"
            );
            let (policy, problems) = Policy::parse(&policy);
            assert!(problems.is_empty(), "{problems:?}");
            let room = room_under(policy);
            let mut client = room.client();
            client.call(NEXT, &event("one", EVENT));
            let is_withheld = mode == "block" && !is_silenced;
            let accepted = if is_withheld {
                ACCEPTED_BY_US
            } else {
                ACCEPTED
            };
            client.call(&answer, accepted);
            assert_eq!(
                got(&room).as_bytes() == answer,
                !is_withheld,
                "{mode} {source}"
            );
            let fate = if is_withheld { "withheld" } else { "seen" };
            let note = format!("AWS_SECRET_ACCESS_KEY plain response {fate}");
            if !is_silenced {
                wait_for("the leak", || !room.leaks().is_empty());
                assert_eq!(room.leaks(), [note]);
            }
            // The next call comes when the answer was looked at.
            client.call(NEXT, &event("one", EVENT));
            assert_eq!(
                room.leaks().is_empty(),
                is_silenced,
                "{mode} {source} {location}"
            );
        }
    }
}
