//! A2, the HTTP part: in block mode the function never sees the event, the caller gets the exact
//! 403 of its source, and the next event is served.
//! It never judges the engine: one plain injection and plain events are all it sends.
use std::collections::BTreeSet;

use credenza_sandbox::Invocation;
use serde_json::Value;

use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;
use crate::harness::samples::{INJECTION, INJECTION_RAW, alb, function_url, http_v2, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{beside_others, progress};

const HTTP: &str = r#"{"statusCode":403,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}","isBase64Encoded":false}"#;
const ALB: &str = r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}"}"#;
const ALB_MULTI: &str = r#"{"statusCode":403,"statusDescription":"403 Forbidden","isBase64Encoded":false,"multiValueHeaders":{"content-type":["application/json"]},"body":"{\"message\":\"Forbidden\"}"}"#;

const SOCKET: &str = r#"{"statusCode":403}"#;

/// A request of VPC Lattice, event structure 2.0.
fn lattice(id: &str) -> String {
    format!(
        r#"{{"version":"2.0","path":"/q","method":"GET","headers":{{"host":["a.example.com"]}},"queryStringParameters":{{"id":["{id}"]}},"isBase64Encoded":false,"requestContext":{{"serviceNetworkArn":"arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-1","serviceArn":"arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-1","region":"eu-central-1","timeEpoch":"1719651601000000"}}}}"#
    )
}

/// A client that connects to a WebSocket API, or sends a message.
fn socket(kind: &str, id: &str) -> String {
    let place = if kind == "CONNECT" {
        format!(
            r#""headers":{{"Host":"chat.example.com"}},"queryStringParameters":{{"id":"{id}"}}"#
        )
    } else {
        format!(r#""body":"{{\"id\":\"{id}\"}}""#)
    };
    format!(
        r#"{{{place},"requestContext":{{"routeKey":"$default","eventType":"{kind}","messageDirection":"IN","stage":"prod","connectedAt":1719651601000,"requestId":"r","domainName":"chat.example.com","connectionId":"c","apiId":"a"}},"isBase64Encoded":false}}"#
    )
}

/// Name, event with an attack, the same without, refusal.
fn sources() -> Vec<(&'static str, String, String, &'static str)> {
    let raw = format!("id={INJECTION_RAW}");
    let body = format!(r#"{{\"id\":\"{INJECTION}\"}}"#);
    vec![
        ("REST", rest("/q", INJECTION), rest("/q", "7"), HTTP),
        (
            "HTTP API, query",
            http_v2(&raw, None),
            http_v2("id=7", None),
            HTTP,
        ),
        (
            "HTTP API, body",
            http_v2("", Some(&body)),
            http_v2("", Some(r#"{\"id\":\"7\"}"#)),
            HTTP,
        ),
        (
            "Function URL",
            function_url(&raw),
            function_url("id=7"),
            HTTP,
        ),
        ("ALB", alb(INJECTION, false), alb("7", false), ALB),
        (
            "ALB, multi-value",
            alb(INJECTION, true),
            alb("7", true),
            ALB_MULTI,
        ),
        ("Lattice", lattice(INJECTION), lattice("7"), HTTP),
        (
            "WebSocket, connect",
            socket("CONNECT", INJECTION),
            socket("CONNECT", "7"),
            SOCKET,
        ),
        (
            "WebSocket, message",
            socket("MESSAGE", INJECTION),
            socket("MESSAGE", "7"),
            SOCKET,
        ),
        (
            "ALB, encoded",
            alb(INJECTION_RAW, false),
            alb("O%27Brien", false),
            ALB,
        ),
    ]
}

#[test]
fn each_http_source_gets_its_exact_403_and_the_function_gets_the_next_event() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    let mut count = 0;
    for (name, attack, plain, refusal) in sources() {
        pair.lambda.push(Lambda::event("attack", attack.as_bytes()));
        pair.lambda.push(Lambda::event("plain", plain.as_bytes()));
        let received = pair.runtime.next().unwrap();
        assert_eq!(received.id, "plain", "{name}: the function saw the attack");
        assert_eq!(received.body, plain.as_bytes(), "{name}");
        pair.runtime.respond("plain", b"{}").unwrap();
        let answers = pair.lambda.answers(count + 2);
        let refused = &answers[count];
        assert_eq!(refused.id(), "attack", "{name}");
        assert!(refused.head.target().ends_with("/response"), "{name}");
        assert_eq!(
            String::from_utf8_lossy(&refused.body.bytes),
            refusal,
            "{name}"
        );
        assert_eq!(refused.head.text("content-type"), Some("application/json"));
        // R6: the first user agent names the runtime release, so the synthetic post keeps it.
        assert_eq!(
            refused.head.text("user-agent"),
            Some("raw-runtime/1"),
            "{name}"
        );
        assert_eq!(answers[count + 1].id(), "plain", "{name}");
        count += 2;
    }
    // One upstream `next` for each event: a refusal is followed by exactly one.
    let nexts = pair
        .lambda
        .count_calls("GET /2018-06-01/runtime/invocation/next");
    assert_eq!(nexts, count);
}

#[test]
fn monitor_mode_delivers_the_attack_unchanged_and_tells_the_finding() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for (name, attack, _, _) in sources() {
        pair.invoke(name.split(' ').next().unwrap(), attack.as_bytes(), b"{}");
    }
    let line = pair.agent.lines.wait(&["sql-injection", "\"REST\""]);
    let record: Value = serde_json::from_str(&line).expect("a finding is one JSON line");
    assert!(line.len() <= 700, "{} bytes: {line}", line.len());
    assert!(
        !line.contains("UNION SELECT"),
        "the value was written out: {line}"
    );
    assert_eq!(record["rule"], "sql-injection");
    assert_eq!(record["verdict"], "block");
    assert_eq!(record["mode"], "monitor");
}

#[test]
fn a_thousand_refusals_cost_the_function_neither_its_process_nor_its_next_event() {
    let _room = beside_others();
    let Some(mut setup) = Setup::new("a thousand refusals", Client::Python) else {
        return;
    };
    setup.set("ECHO_MODE", "pid");
    setup.protect("block");
    block_on(async {
        let sandbox = setup.start().await;
        let mut pids = BTreeSet::new();
        let plain = rest("/q", "7");
        for round in 0..1_000 {
            let attack = Invocation::new(rest("/q", INJECTION));
            let outcome = sandbox.invoke(attack).await;
            assert_eq!(
                String::from_utf8_lossy(&outcome.payload()),
                HTTP,
                "round {round}"
            );
            if round % 50 == 0 {
                let outcome = sandbox.invoke(Invocation::new(plain.clone())).await;
                assert!(outcome.is_response(), "{:?}", outcome.ending);
                pids.insert(outcome.payload());
            }
        }
        assert_eq!(pids.len(), 1, "the runtime was started anew");
        let seen: usize = setup.received().values().map(Vec::len).sum();
        assert_eq!(seen, 20, "the function saw a refused event");
        assert_no_violation(&sandbox);
    });
    progress("1,000 refusals, one process");
}

#[test]
fn every_client_is_protected_and_goes_on() {
    let _room = beside_others();
    for client in Client::ALL {
        let Some(mut setup) = Setup::new(&format!("block mode with {client:?}"), client) else {
            continue;
        };
        setup.protect("block");
        block_on(async {
            let sandbox = setup.start().await;
            for (name, attack, plain, refusal) in sources() {
                let outcome = sandbox.invoke(Invocation::new(attack)).await;
                assert!(
                    outcome.is_response(),
                    "{client:?}, {name}: {:?}",
                    outcome.ending
                );
                assert_eq!(
                    String::from_utf8_lossy(&outcome.payload()),
                    refusal,
                    "{name}"
                );
                let outcome = sandbox.invoke(Invocation::new(plain.clone())).await;
                assert!(
                    outcome.is_response(),
                    "{client:?}, {name}: {:?}",
                    outcome.ending
                );
                let answer = outcome.answer.unwrap_or_default();
                let tail = answer.body.windows(plain.len()).last().map(<[u8]>::to_vec);
                assert_eq!(
                    tail.as_deref(),
                    Some(plain.as_bytes()),
                    "{client:?}, {name}"
                );
            }
            assert_no_violation(&sandbox);
            let seen: usize = setup.received().values().map(Vec::len).sum();
            assert_eq!(seen, sources().len(), "{client:?} saw a refused event");
        });
    }
}

#[test]
fn benign_sample_events_are_all_served_in_block_mode() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    let events = crate::harness::samples::events("benign events in block mode");
    for (index, sample) in events.iter().enumerate() {
        pair.lambda
            .push(Lambda::event(&index.to_string(), &sample.bytes));
        pair.lambda.push(Lambda::event("marker", b"{}"));
        let received = pair.runtime.next().unwrap();
        assert_ne!(received.id, "marker", "{} was refused", sample.name);
        assert!(received.body == sample.bytes, "{} was changed", sample.name);
        pair.runtime.respond(&received.id, b"{}").unwrap();
        assert_eq!(pair.runtime.next().unwrap().id, "marker");
        pair.runtime.respond("marker", b"{}").unwrap();
    }
}
