//! Attacks beside an uploaded file and in binary messages are found, files themselves are none.
//! It never reads a file of this machine: pictures are drawn.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::Steps;

use crate::{Confidence, HashKey, inspect};

const ATTACK: &str = "x' UNION SELECT name, secret FROM users -- ";

/// Bytes as dense as those of a picture.
fn picture(len: usize) -> Vec<u8> {
    let bytes = (1_u32..).map(|at| at.wrapping_mul(0x9e37_79b1).wrapping_mul(at).to_be_bytes()[0]);
    bytes.take(len).collect()
}

fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let six = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap();
            let char = if place > three.len() {
                b'='
            } else {
                alphabet[six]
            };
            text.push(char.into());
        }
    }
    text
}

/// How sure the rule of queries is of a body that the gateway hands over in base64.
fn sure_of(body: &[u8]) -> Option<Confidence> {
    let head = r#"{"version":"2.0","routeKey":"POST /","rawPath":"/","requestContext":{"http":"#;
    let middle = r#"{"method":"POST","path":"/"},"stage":"$default"},"isBase64Encoded":true,"#;
    let event = format!(r#"{head}{middle}"body":"{}"}}"#, base64(body));
    let steps = Steps::new(10_000_000);
    let report = inspect(event.as_bytes(), steps, &HashKey([7; 16]));
    assert!(report.coverage.is_complete(), "{:?}", report.coverage);
    let mut findings = report.findings.iter();
    let found = findings.find(|finding| finding.rule.id == "sql-injection");
    found.map(|finding| finding.confidence)
}

/// A body of two parts, a field and a file, in either order.
fn upload(field: &str, file: &[u8], is_first: bool) -> Vec<u8> {
    let part = |head: &str, content: &[u8]| {
        let head = format!("--B\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let field = part("name=\"q\"", field.as_bytes());
    let file = part("name=\"f\"; filename=\"a.jpg\"", file);
    let parts = if is_first {
        [field, file]
    } else {
        [file, field]
    };
    [&parts.concat(), &b"--B--\r\n"[..]].concat()
}

#[test]
fn a_field_beside_an_uploaded_picture_is_judged_as_any_field() {
    for len in [300, 3_000, 100_000] {
        for is_first in [false, true] {
            let sure = sure_of(&upload(ATTACK, &picture(len), is_first));
            assert_eq!(sure, Some(Confidence::High), "{len} {is_first}");
            let sure = sure_of(&upload("O'Brien", &picture(len), is_first));
            assert_eq!(sure, None, "{len} {is_first}");
        }
    }
}

#[test]
fn a_field_beside_one_of_bytes_is_judged_as_any_field() {
    let body = [
        b"q=",
        ATTACK.replace(' ', "+").as_bytes(),
        b"&p=",
        &[0xff; 40],
    ]
    .concat();
    assert_eq!(sure_of(&body), Some(Confidence::High));
}

#[test]
fn a_string_of_a_binary_message_is_found_and_not_refused() {
    let len = u8::try_from(ATTACK.len()).unwrap();
    for (name, head) in [
        ("MessagePack", &[0x82, 0xa1, b'x', 0xd9, len][..]),
        ("CBOR", &[0xa1, 0x61, b'x', 0x78, len]),
        ("Protocol Buffers", &[0x08, 0x96, 0x01, 0x12, len]),
    ] {
        let message = [head, ATTACK.as_bytes(), b"\xa1\x7f\xa1\x02\xff\xff\xff\xff"].concat();
        assert_eq!(sure_of(&message), Some(Confidence::Medium), "{name}");
    }
}
