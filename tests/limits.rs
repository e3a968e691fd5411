//! A4: the largest event, answer, header and trailer pass; one byte more gets the platform's own
//! refusal, unchanged.
//! It never relies on a limit of the agent's own.
use crate::harness::beside_others;
use crate::harness::lambda::{Answer, Event, Lambda};
use crate::harness::pair::Pair;
use crate::harness::random::Random;
use crate::harness::sandboxed::{Client, Setup, block_on};

/// The platform's limit for an event and for a buffered answer, in bytes ([RIE] interop/model.go).
const PAYLOAD_BYTES_MAX: usize = 6_291_556;

const TOO_LARGE: &[u8] = br#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#;

/// Valid JSON of exactly this many bytes that no decoder can shorten.
fn json(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut text = vec![b'"'];
    while text.len() < bytes - 1 {
        text.push(b"abcdefghijklmnopqrstuvwxyz 0123456789,.;"[random.below(40)]);
    }
    text.push(b'"');
    text
}

#[test]
fn the_largest_event_and_the_largest_answer_pass_unchanged() {
    let _room = beside_others();
    for mode in ["off", "monitor", "block"] {
        let mut pair = Pair::new(mode);
        let event = json(PAYLOAD_BYTES_MAX, 1);
        let answer = json(PAYLOAD_BYTES_MAX, 2);
        pair.invoke("largest", &event, &answer);
        pair.invoke("small", b"{}", b"null");
    }
}

#[test]
fn an_answer_above_the_limit_gets_the_platforms_413_unchanged() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    refuse_large_answers(&pair.lambda);
    pair.deliver("large", b"{}");
    let answer = json(PAYLOAD_BYTES_MAX + 1, 3);
    let (head, body) = pair
        .runtime
        .post("large", "response", &[], &answer)
        .unwrap();
    assert_eq!(head.status(), 413);
    assert_eq!(head.text("content-type"), Some("application/json"));
    assert_eq!(body.bytes, TOO_LARGE);
    let answers = pair.lambda.answers(1);
    assert!(answers[0].body.bytes == answer);
    // The refusal is the platform's; the connection and the next event are not harmed by it.
    pair.invoke("small", b"{}", b"null");
}

fn refuse_large_answers(lambda: &std::sync::Arc<Lambda>) {
    let own = std::sync::Arc::downgrade(lambda);
    lambda.set_fault(move |head, peer| {
        let length: usize = head.text("content-length")?.parse().ok()?;
        if length <= PAYLOAD_BYTES_MAX {
            return None;
        }
        let lambda = own.upgrade()?;
        Some(peer.body(head).and_then(|body| {
            lambda.note(Answer {
                head: head.clone(),
                body,
            });
            peer.reply("413 Request Entity Too Large", TOO_LARGE)
        }))
    });
}

#[test]
fn a_python_function_with_too_large_an_answer_fails_as_it_does_without_the_agent() {
    let _room = beside_others();
    let mut seen = Vec::new();
    for mode in [None, Some("monitor"), Some("block")] {
        let Some(mut setup) = Setup::new("too large an answer of python", Client::Python) else {
            return;
        };
        setup.set("ECHO_MODE", "large");
        setup.set("ECHO_ANSWER_BYTES", &(PAYLOAD_BYTES_MAX + 1).to_string());
        if let Some(mode) = mode {
            setup.protect(mode);
        }
        seen.push(block_on(async {
            let sandbox = setup.start().await;
            let outcome = sandbox
                .invoke(credenza_sandbox::Invocation::new("{}"))
                .await;
            (outcome.error_type().map(str::to_owned), outcome.payload())
        }));
    }
    assert_eq!(seen[0].0.as_deref(), Some("Function.ResponseSizeTooLarge"));
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[test]
fn an_error_header_of_one_mebibyte_passes() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.deliver("traced", b"{}");
    let cause = String::from_utf8(json((1 << 20) - 1, 4)).unwrap();
    let headers = [
        ("Lambda-Runtime-Function-Error-Type", "Function.Own"),
        ("Lambda-Runtime-Function-XRay-Error-Cause", cause.as_str()),
    ];
    let (head, _) = pair
        .runtime
        .post("traced", "error", &headers, b"{}")
        .unwrap();
    assert_eq!(head.status(), 202);
    let answers = pair.lambda.answers(1);
    for (name, value) in headers {
        assert!(answers[0].head.text(name) == Some(value), "{name}");
    }
    pair.invoke("after", b"{}", b"null");
}

#[test]
fn a_python_error_with_a_traceback_of_one_mebibyte_passes() {
    let _room = beside_others();
    let Some(mut setup) = Setup::new("a large traceback of python", Client::Python) else {
        return;
    };
    setup.set("ECHO_MODE", "error");
    // The client sends the header while it is below 1 MiB; message and traceback both hold it.
    setup.set("ECHO_ERROR_CHARACTERS", "900000");
    setup.protect("monitor");
    block_on(async {
        let sandbox = setup.start().await;
        for _ in 0..3 {
            let outcome = sandbox
                .invoke(credenza_sandbox::Invocation::new("{}"))
                .await;
            let answer = outcome.answer.clone().unwrap_or_default();
            let cause = answer.header("lambda-runtime-function-xray-error-cause");
            assert!(
                cause.is_some_and(|cause| cause.len() > 900_000),
                "{:?}",
                outcome.ending
            );
        }
    });
}

#[test]
fn a_trailer_of_one_mebibyte_passes() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.deliver("streamed", b"{}");
    let trailer = String::from_utf8(vec![b'A'; 1 << 20]).unwrap();
    pair.runtime
        .send(
            b"POST /2018-06-01/runtime/invocation/streamed/response HTTP/1.1\r\nHost: a\r\n\
              Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\
              Trailer: Lambda-Runtime-Function-Error-Type\r\n\
              Trailer: Lambda-Runtime-Function-Error-Body\r\n\r\n5\r\nhello\r\n0\r\n\
              Lambda-Runtime-Function-Error-Type: Function.Own\r\n\
              Lambda-Runtime-Function-Error-Body: ",
        )
        .unwrap();
    pair.runtime.send(trailer.as_bytes()).unwrap();
    pair.runtime.send(b"\r\n\r\n").unwrap();
    let (head, _) = pair.runtime.reply().unwrap();
    assert_eq!(head.status(), 202);
    let answers = pair.lambda.answers(1);
    let body = &answers[0].body;
    assert_eq!(body.bytes, b"hello");
    assert_eq!(
        body.trailer("lambda-runtime-function-error-type"),
        Some(&b"Function.Own"[..])
    );
    let seen = body.trailer("lambda-runtime-function-error-body");
    assert!(seen == Some(trailer.as_bytes()));
    pair.invoke("after", b"{}", b"null");
}

#[test]
fn an_event_with_two_hundred_headers_and_one_of_a_mebibyte_arrives_with_all_of_them() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    let large = "c".repeat((1 << 20) - 16_384);
    let mut headers: Vec<(String, String)> = (0..200)
        .map(|index| {
            (
                format!("Lambda-Runtime-New-{index}"),
                format!("value \u{e9} {index}"),
            )
        })
        .collect();
    headers.push(("Lambda-Runtime-Client-Context".to_owned(), large));
    pair.lambda.push(Event {
        id: "many".to_owned(),
        headers: headers.clone(),
        body: b"{}".to_vec(),
    });
    let received = pair.runtime.next().unwrap();
    for (name, value) in &headers {
        assert!(
            received.head.header(name) == Some(value.as_bytes()),
            "{name}"
        );
    }
    pair.runtime.respond("many", b"1").unwrap();
    pair.invoke("after", b"{}", b"null");
}
