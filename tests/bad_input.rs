//! Events that are no good JSON pass byte-exact in monitor mode, inspected as far as coverage says.
//! It never expects an error: whatever came is the function's to judge.
use serde_json::Value;

use crate::harness::beside_others;
use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;
use crate::harness::samples::{INJECTION, digest, http_v2};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};

fn utf16(text: &str, bom: bool) -> Vec<u8> {
    let bom = if bom { Some(0xFEFF) } else { None };
    let units = bom.into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let megabytes = 6 * 1024 * 1024;
    let mut deep_object = br#"{"a":"#.repeat(100_000);
    deep_object.extend_from_slice(b"1");
    let mut every_byte: Vec<u8> = (0..=255).collect();
    every_byte.extend((0..=255).rev());
    vec![
        ("not JSON", b"hello, world".to_vec()),
        ("empty", Vec::new()),
        ("one byte", b"[".to_vec()),
        ("6 MiB of [", vec![b'['; megabytes]),
        ("6 MiB of quotes", vec![b'"'; megabytes]),
        (
            "6 MiB of backslashes",
            [&b"\""[..], &vec![b'\\'; megabytes]].concat(),
        ),
        (
            "6 MiB of percent signs",
            [&b"\""[..], &vec![b'%'; megabytes], b"\""].concat(),
        ),
        ("deep objects", deep_object),
        (
            "invalid UTF-8",
            b"{\"a\":\"\xff\xfe\xc0\xaf\xed\xa0\x80\"}".to_vec(),
        ),
        ("UTF-16", utf16(r#"{"a":"b"}"#, false)),
        ("UTF-16 with a mark", utf16(r#"{"a":"b"}"#, true)),
        ("UTF-8 with a mark", "\u{feff}{\"a\":1}".as_bytes().to_vec()),
        ("NaN", br#"{"a":NaN,"b":-Infinity,"c":1e999}"#.to_vec()),
        (
            "duplicate keys",
            br#"{"a":1,"a":2,"a":{"a":3,"a":4}}"#.to_vec(),
        ),
        ("a lone surrogate", br#"{"a":"\ud800","\udc00":1}"#.to_vec()),
        ("trailing junk", br#"{"a":1} and more"#.to_vec()),
        (
            "control characters",
            b"{\"a\":\"\x00\x01\x1f\x7f\"}".to_vec(),
        ),
        ("every byte", every_byte),
        (
            "an HTTP head",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
    ]
}

#[test]
fn bad_input_passes_byte_exact_in_monitor_mode() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for (name, bytes) in inputs() {
        let id = name.replace(' ', "-");
        pair.invoke(&id, &bytes, b"{\"answer\":1}");
    }
    assert!(pair.agent.is_running());
}

#[test]
fn a_rust_and_a_python_function_receive_bad_input_as_it_was_sent() {
    let _room = beside_others();
    for client in [Client::Python, Client::Rust] {
        let Some(mut setup) = Setup::new(&format!("bad input to {client:?}"), client) else {
            continue;
        };
        setup.protect("monitor");
        block_on(async {
            let sandbox = setup.start().await;
            for (name, bytes) in inputs() {
                let outcome = sandbox
                    .invoke(credenza_sandbox::Invocation::new(bytes.clone()))
                    .await;
                assert!(
                    outcome.is_response(),
                    "{client:?}, {name}: {:?}",
                    outcome.ending
                );
                let seen = setup.received().remove(&outcome.request_id);
                assert_eq!(seen, Some(vec![digest(&bytes)]), "{client:?}, {name}");
            }
            assert_no_violation(&sandbox);
        });
    }
}

#[test]
fn an_injection_in_bad_input_is_found_all_the_same() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    let plain = http_v2("", Some(&format!(r#"{{\"id\":\"{INJECTION}\"}}"#)));
    let bad: [(&str, Vec<u8>); 5] = [
        ("trailing-junk", format!("{plain} and more").into_bytes()),
        (
            "not-a-number",
            plain.replacen('{', r#"{"n":NaN,"#, 1).into_bytes(),
        ),
        ("byte-order-mark", format!("\u{feff}{plain}").into_bytes()),
        (
            "lone-surrogate",
            plain.replacen('{', r#"{"s":"\ud800","#, 1).into_bytes(),
        ),
        (
            "duplicate-key",
            format!(r#"{{"a":"{INJECTION}","a":"harmless"}}"#).into_bytes(),
        ),
    ];
    for (name, bytes) in bad {
        pair.invoke(name, &bytes, b"{}");
        pair.agent.lines.wait(&["sql-injection", name]);
    }
}

#[test]
fn what_could_not_be_inspected_is_told_as_partial_and_never_as_clean() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    // Layers of base64 beyond the bound of the decode lattice: somebody may still unwrap them.
    let mut value = INJECTION.to_owned();
    for _ in 0..9 {
        use base64::Engine as _;
        value = base64::engine::general_purpose::STANDARD.encode(value);
    }
    pair.invoke("wrapped", http_v2("", Some(&value)).as_bytes(), b"{}");
    let line = pair.agent.lines.wait(&["wrapped", "partial"]);
    let record: Value = serde_json::from_str(&line).expect("one JSON line");
    assert!(record.to_string().contains("partial"), "{line}");
}

#[test]
fn block_mode_serves_plain_input_that_is_no_json() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    for (name, bytes) in [
        ("text", &b"hello, world"[..]),
        ("empty", b""),
        ("nan", br#"{"a":NaN}"#),
        ("twice", br#"{"a":1,"a":2}"#),
    ] {
        pair.lambda.push(Lambda::event(name, bytes));
        let received = pair.runtime.next().unwrap();
        assert_eq!(received.id, name, "a plain event was refused");
        pair.runtime.respond(name, b"{}").unwrap();
    }
}
