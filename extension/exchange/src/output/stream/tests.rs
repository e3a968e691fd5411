//! Tests of streams: wherever they are split, nothing of a leak goes out, and nothing else waits.
//! They never hold a secret that opens anything: all are made from parts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::leak::{OwnSecrets, UNREAD_OUTPUT};
use credenza_policy::{Action, Mode, OutputPolicy, Policy, RulePolicy, Share};

use super::OutputStream;
use crate::output::parts::Coding;
use crate::output::{Found, Guard, base64, packing};

fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

fn policy(action: Action) -> Policy {
    let rule = RulePolicy {
        id: "own-secret",
        mode: Mode::Block,
        minimum_confidence: Confidence::High,
        action,
        canary: Share::default(),
    };
    Policy {
        mode: Mode::Block,
        rules: Vec::from([rule]),
        ..Policy::default()
    }
}

/// Sends pieces; what went out, whether the stream was ended, and what was found.
fn sent(pieces: &[&[u8]], policy: &Policy, is_http: bool) -> (Vec<u8>, bool, Vec<Found>) {
    let own = OwnSecrets::new([key().as_bytes()]);
    let mut stream = OutputStream::new(Guard::new(Some(&own), policy), is_http);
    let mut out = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        stream.room().extend_from_slice(piece);
        let released = stream.release(number + 1 == pieces.len());
        out.extend_from_slice(&released.bytes);
        if released.ends {
            break;
        }
    }
    (out, stream.has_ended(), stream.found().to_vec())
}

#[test]
fn wherever_a_stream_is_split_it_ends_before_the_key() {
    let text = format!("data: {}\n\n", key());
    for split in 0..=text.len() {
        let (one, other) = text.as_bytes().split_at(split);
        let (out, ended, found) = sent(&[one, other], &policy(Action::Block), false);
        assert_eq!((out, ended), (b"data: ".to_vec(), true), "{split}");
        assert_eq!((found[0].start, found[0].end >= 14), (6, true));
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(sent(&bytes, &policy(Action::Block), false).0, b"data: ");
}

#[test]
fn wherever_a_stream_is_split_the_key_is_masked_whole() {
    let text = format!("{}data: {}\n\nmore", "x \n".repeat(3000), key());
    let expected = text.replace(&key(), &"*".repeat(key().len()));
    let from = text.len() - 60;
    for split in from..=text.len() {
        let (one, other) = text.as_bytes().split_at(split);
        let (out, ended, found) = sent(&[one, other], &policy(Action::Mask), false);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{split}");
        assert!(!ended);
        let spans: Vec<_> = found.iter().map(|found| (found.start, found.end)).collect();
        assert_eq!(spans, [(9006, 9046)], "{split}");
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(
        sent(&bytes, &policy(Action::Mask), false).0,
        expected.as_bytes()
    );
}

#[test]
fn a_masked_document_stays_one_wherever_it_is_split() {
    let escaped = key().replace('/', r"\/");
    let text = format!(r#"{{"a":"x\"{escaped}\n","b":"c"}}"#);
    let prelude = br#"{"statusCode":200,"headers":{"content-type":"application/json"}}"#;
    let whole = [&prelude[..], &[0; 8], text.as_bytes()].concat();
    for split in 0..=whole.len() {
        let (one, other) = whole.split_at(split);
        let (out, ended, _) = sent(&[one, other], &policy(Action::Mask), true);
        assert!(!ended);
        assert_eq!(out.len(), whole.len());
        let out = String::from_utf8(out).unwrap();
        let (_, body) = out.split_once("\0\0\0\0\0\0\0\0").unwrap();
        let masked = format!(r#"{{"a":"x\"{}\n","b":"c"}}"#, "*".repeat(escaped.len()));
        assert_eq!(body, masked, "{split}");
    }
}

#[test]
fn a_stream_without_a_leak_passes_as_it_came_and_without_waiting() {
    let text = "data: {\"n\":1}\n\n".repeat(2000);
    for size in [15, 64, 10_000] {
        let own = OwnSecrets::new([key().as_bytes()]);
        let policy = policy(Action::Block);
        let mut stream = OutputStream::new(Guard::new(Some(&own), &policy), true);
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            stream.room().extend_from_slice(piece);
            out.extend_from_slice(&stream.release(false).bytes);
            assert!(stream.held.len() < 8192 + 2 * size + 64 * 1024);
        }
        out.extend_from_slice(&stream.release(true).bytes);
        assert_eq!(out, text.as_bytes(), "{size}");
        assert!(stream.found().is_empty());
    }
}

#[test]
fn headers_are_added_to_a_prelude_however_it_is_split() {
    let policy = Policy {
        mode: Mode::Block,
        output: OutputPolicy {
            security_headers: true,
        },
        ..Policy::default()
    };
    let prelude = br#"{"statusCode":200,"headers":{"a":"b"},"cookies":[]}"#;
    let whole = [&prelude[..], &[0; 8], b"\0the body"].concat();
    for split in 0..=whole.len() {
        let (one, other) = whole.split_at(split);
        let (out, _, _) = sent(&[one, other], &policy, true);
        let out = String::from_utf8(out).unwrap();
        let (prelude, body) = out.split_once("\0\0\0\0\0\0\0\0").unwrap();
        assert_eq!(body, "\0the body", "{split}");
        assert!(
            prelude.contains(r#""x-content-type-options":"nosniff""#),
            "{prelude}"
        );
        assert!(prelude.ends_with(r#","a":"b"},"cookies":[]}"#), "{prelude}");
    }
    // What is no prelude passes.
    let (out, _, _) = sent(&[b"row,", b"row"], &policy, true);
    assert_eq!(out, b"row,row");
}

#[test]
fn a_compressed_stream_ends_before_the_piece_with_which_the_key_comes() {
    let prelude = br#"{"statusCode":200,"headers":{"Content-Encoding":"gzip"}}"#;
    let text = format!("{}<p>{}</p>", "a page, ".repeat(20), key());
    let packed = packing::pack(text.as_bytes(), b"", Coding::Gzip).unwrap();
    for action in [Action::Block, Action::Mask] {
        for split in 0..packed.len() {
            let (one, other) = packed.split_at(split);
            let start = [&prelude[..], &[0; 8], one].concat();
            let (out, ended, found) = sent(&[&start, other], &policy(action), true);
            assert!(ended, "{split}");
            assert_eq!(found.len(), 1, "{split}");
            // Not one byte of it came with one of the two pieces.
            let text = String::from_utf8_lossy(&out).into_owned();
            let (_, body) = text.split_once("\0\0\0\0\0\0\0\0").unwrap();
            let body = body.trim_end_matches(|sign| sign != '>');
            assert!(body.is_empty() || body.ends_with("<p>"), "{split}: {body}");
        }
    }
    let clean = packing::pack(b"a page", b"", Coding::Gzip).unwrap();
    let whole = [&prelude[..], &[0; 8], &clean].concat();
    assert_eq!(sent(&[&whole], &policy(Action::Block), true).0, whole);
}

#[test]
fn what_is_said_to_be_compressed_and_is_not_is_looked_at_as_it_stands() {
    let prelude = br#"{"statusCode":200,"headers":{"Content-Encoding":"gzip"}}"#;
    let text = format!("{}<p>{}</p>", "a page, ".repeat(2), key());
    let head = [&prelude[..], &[0; 8]].concat();
    for split in 0..text.len() {
        let (one, other) = text.as_bytes().split_at(split);
        let start = [&head, one].concat();
        let (out, ended, _) = sent(&[&start, other], &policy(Action::Block), true);
        assert!(ended, "{split}");
        assert!(
            !String::from_utf8_lossy(&out).contains(&key()[..2]),
            "{split}"
        );
    }
}

#[test]
fn a_key_in_the_trailers_is_found_and_in_the_error_that_is_packed_in_them() {
    let in_base64 = |text: &str| String::from_utf8(base64::encode(text.as_bytes())).unwrap();
    let error = |message: &str| in_base64(&format!(r#"{{"errorMessage":"{message}"}}"#));
    let body = |digits: &str| format!("lambda-runtime-function-error-BODY: {digits}\r\n\r\n");
    let escape = |byte| format!("\\u{byte:04x}");
    let escaped = key().bytes().map(escape).collect::<Vec<_>>().concat();
    let (own, policy) = (OwnSecrets::new([key().as_bytes()]), policy(Action::Block));
    for (trailers, is_withheld) in [
        (
            format!("Lambda-Runtime-Function-Error-Type: {}\r\n", key()),
            true,
        ),
        (body(&error(&key())), true),
        (body(&error(&escaped)), true),
        (body(&in_base64(&in_base64(&key()))), true),
        (body(&error("a message")), false),
        (body("no base64: at all"), false),
        (String::new(), false),
        (String::from(":\r\n"), false),
    ] {
        let mut stream = OutputStream::new(Guard::new(Some(&own), &policy), false);
        assert_eq!(
            stream.judge_trailers(trailers.as_bytes()),
            is_withheld,
            "{trailers}"
        );
    }
}

#[test]
fn a_stream_in_an_encoding_that_is_not_undone_is_told_of_and_ends_before_it_if_the_policy_says_so()
{
    let rule = |action| RulePolicy {
        id: UNREAD_OUTPUT.id,
        minimum_confidence: Confidence::Medium,
        ..policy(action).rules[0]
    };
    let prelude = br#"{"statusCode":200,"headers":{"content-encoding":"br"}}"#;
    let head = [&prelude[..], &[0; 8]].concat();
    let stream = [&head[..], b"\x0b\x02\x80packed\x03"].concat();
    for (action, passes) in [(Action::Flag, true), (Action::Block, false)] {
        let policy = Policy {
            rules: Vec::from([rule(action)]),
            ..policy(action)
        };
        for size in [1, 7, 1000] {
            let pieces: Vec<&[u8]> = stream.chunks(size).collect();
            let (bytes, ended, found) = sent(&pieces, &policy, true);
            let kinds: Vec<_> = found.iter().map(|found| found.kind).collect();
            assert_eq!((kinds, ended), (Vec::from(["br"]), !passes));
            let expected = if passes { &stream } else { &head };
            assert_eq!(&bytes, expected, "pieces of {size}");
        }
    }
}

#[test]
fn a_compressed_stream_without_its_end_is_told_of() {
    let packed = packing::pack(b"a page of no harm", b"", Coding::Gzip).unwrap();
    let prelude = br#"{"statusCode":200,"headers":{"content-encoding":"gzip"}}"#;
    for (end, kinds) in [(packed.len(), &[][..]), (packed.len() / 2, &["cut-short"])] {
        let stream = [&prelude[..], &[0; 8], &packed[..end]].concat();
        let pieces: Vec<&[u8]> = stream.chunks(5).collect();
        let (bytes, ended, found) = sent(&pieces, &policy(Action::Block), true);
        let found: Vec<_> = found.iter().map(|found| found.kind).collect();
        assert_eq!((found.as_slice(), ended), (kinds, false));
        assert_eq!(bytes, stream);
    }
}

#[test]
fn no_stream_panics_and_none_loses_a_byte() {
    let own = OwnSecrets::new([key().as_bytes()]);
    for action in [Action::Block, Action::Mask] {
        let policy = policy(action);
        bolero::check!()
            .with_type::<Vec<Vec<u8>>>()
            .for_each(|pieces| {
                let mut stream = OutputStream::new(Guard::new(Some(&own), &policy), true);
                let (mut out, mut all) = (Vec::new(), Vec::new());
                for piece in pieces {
                    all.extend_from_slice(piece);
                    stream.room().extend_from_slice(piece);
                    out.extend_from_slice(&stream.release(false).bytes);
                }
                out.extend_from_slice(&stream.release(true).bytes);
                if stream.found().is_empty() {
                    assert_eq!(out, all);
                }
            });
    }
}
