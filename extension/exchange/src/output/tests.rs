//! Tests of the way back: what is found in which part, what becomes of it, and what stays as it was.
//! They never hold a secret that opens anything: all are made from parts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::leak::OwnSecrets;
use credenza_event::Source;
use credenza_policy::{Action, Mode, OutputPolicy, Policy, RulePolicy, Share, Verdict};

mod placed;
mod reflected;
mod spelled;
mod unread;

use super::packing;
use super::parts::Coding;
use super::{Channel, Guard, Output, OutputSeen, OutputStep, Provenance, base64, output};

/// A key of the platform's form that opens nothing.
fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

fn policy(mode: Mode) -> Policy {
    Policy {
        mode,
        ..Policy::default()
    }
}

/// A policy that masks the function's own secrets.
fn masking() -> Policy {
    let rule = RulePolicy {
        id: "own-secret",
        mode: Mode::Block,
        minimum_confidence: Confidence::High,
        action: Action::Mask,
        canary: Share::default(),
    };
    Policy {
        mode: Mode::Block,
        rules: Vec::from([rule]),
        ..Policy::default()
    }
}

fn seen_under(body: &[u8], source: Source, policy: &Policy) -> OutputSeen {
    let own = OwnSecrets::new([key().as_bytes()]);
    let answer = Output {
        head: b"",
        body,
        channel: Channel::Response,
        provenance: Provenance::Known(source),
    };
    output(&answer, &Guard::new(Some(&own), policy))
}

fn seen(body: &str, source: Source, mode: Mode) -> OutputSeen {
    seen_under(body.as_bytes(), source, &policy(mode))
}

fn replaced(body: &str, source: Source) -> Option<String> {
    match seen(body, source, Mode::Block).step {
        OutputStep::Replace(refusal) => Some(String::from_utf8(refusal.body).unwrap()),
        _ => None,
    }
}

fn gzip(text: &str) -> String {
    let packed = packing::pack(text.as_bytes(), b"", Coding::Gzip).unwrap();
    String::from_utf8(base64::encode(&packed)).unwrap()
}

/// The key in every part of an answer and in every way of writing a body.
fn leaking() -> Vec<(&'static str, String)> {
    let key = key();
    let in_base64 = String::from_utf8(base64::encode(format!("key: {key}").as_bytes())).unwrap();
    let inner = format!(r#"{{\"a\":\"{}\"}}"#, key.replace('/', r"\\/"));
    let page = gzip(&format!("<p>{key}</p>"));
    Vec::from([
        (
            "body",
            format!(r#"{{"statusCode":200,"body":"key: {key}"}}"#),
        ),
        (
            "escaped body",
            format!(r#"{{"statusCode":200,"body":"{inner}"}}"#),
        ),
        (
            "header",
            format!(r#"{{"statusCode":200,"headers":{{"x":"{key}"}},"body":"a"}}"#),
        ),
        (
            "header of many values",
            format!(r#"{{"statusCode":200,"multiValueHeaders":{{"x":["a","{key}"]}}}}"#),
        ),
        (
            "cookie",
            format!(r#"{{"statusCode":200,"cookies":["a={key}"],"body":"a"}}"#),
        ),
        (
            "body in base64",
            format!(r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{in_base64}"}}"#),
        ),
        (
            "compressed body",
            format!(
                r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{page}","headers":{{"Content-Encoding":"gzip"}}}}"#
            ),
        ),
        ("plain", format!(r#"{{"rows":[{{"key":"{key}"}}]}}"#)),
        ("text", format!("key={key}")),
    ])
}

#[test]
fn a_key_is_found_in_each_part_of_an_answer_and_stands_where_it_says() {
    for (part, body) in leaking() {
        let seen = seen(&body, Source::FunctionUrl, Mode::Block);
        assert_eq!(seen.found.len(), 1, "{part}: {:?}", seen.found);
        let span = &body[seen.found[0].start..seen.found[0].end];
        if part != "compressed body" {
            let whole: String = span.replace('\\', "");
            assert!(whole == key() || part == "body in base64", "{part}: {span}");
        }
        assert!(matches!(seen.step, OutputStep::Replace(_)), "{part}");
        assert!(seen.is_whole);
    }
}

#[test]
fn a_masked_answer_is_as_long_as_before_and_says_nothing() {
    for (part, body) in leaking() {
        let seen = seen_under(body.as_bytes(), Source::FunctionUrl, &masking());
        assert_eq!(seen.verdict, Verdict::Flag);
        let OutputStep::Rewrite(masked) = seen.step else {
            panic!("{part}: {:?}", seen.step);
        };
        let again = seen_under(&masked, Source::FunctionUrl, &masking());
        assert!(again.found.is_empty(), "{part}");
        if part != "compressed body" {
            assert_eq!(masked.len(), body.len(), "{part}");
        }
        let masked = String::from_utf8(masked).unwrap();
        assert!(!masked.contains(&key()[..8]), "{part}: {masked}");
        if part == "escaped body" {
            let expected = body.replace(&key().replace('/', r"\\/"), &"*".repeat(40));
            assert!(
                masked.contains(r#"{\"a\":\"****"#),
                "{masked} for {expected}"
            );
        }
    }
}

#[test]
fn what_is_packed_far_into_an_escaped_body_is_masked_where_it_stands() {
    let page = key().replace('/', "&#47;").replace('+', "&#x2b;");
    let body = format!(
        r#"{{"statusCode":200,"body":"{}<p>{page}</p>\n"}}"#,
        r#"a \"quoted\" word, "#.repeat(8_000)
    );
    let seen = seen_under(body.as_bytes(), Source::FunctionUrl, &masking());
    let OutputStep::Rewrite(masked) = seen.step else {
        panic!("{:?}", seen.step);
    };
    assert_eq!(masked.len(), body.len());
    let masked = String::from_utf8(masked).unwrap();
    assert!(!masked.contains(&page[..8]));
    // Only the piece in which it is packed.
    assert!(masked.contains(r#"a \"quoted\" word, "#));
}

#[test]
fn a_body_that_cannot_be_written_again_exactly_is_withheld() {
    let digits = base64::encode(format!("key: {}", key()).as_bytes());
    let digits = String::from_utf8(digits).unwrap();
    let noisy = format!("{}!", digits.trim_end_matches('='));
    let body = format!(r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{noisy}"}}"#);
    let seen = seen_under(body.as_bytes(), Source::FunctionUrl, &masking());
    assert!(matches!(seen.step, OutputStep::Replace(_)));
}

#[test]
fn a_body_that_is_packed_in_an_unknown_way_is_said_not_to_be_whole() {
    let body = r#"{"statusCode":200,"isBase64Encoded":true,"body":"AAAA","headers":{"content-encoding":"br"}}"#;
    assert!(!seen(body, Source::FunctionUrl, Mode::Block).is_whole);
}

#[test]
fn an_answer_with_the_functions_own_key_is_withheld_in_the_sources_words() {
    let body = format!(r#"{{"statusCode":200,"body":"key: {}"}}"#, key());
    for (source, begin) in [
        (Source::FunctionUrl, r#"{"statusCode":500,"headers""#),
        (
            Source::Alb { multi: true },
            r#"{"statusCode":500,"statusDes"#,
        ),
        (
            Source::Unknown,
            r#"{"errorType":"Function.ResponseBlocked""#,
        ),
    ] {
        let replaced = replaced(&body, source).unwrap();
        assert!(replaced.starts_with(begin), "{source:?}: {replaced}");
        assert!(!replaced.contains(&key()[..8]));
    }
    assert_eq!(replaced(&body, Source::Sqs), None);
}

#[test]
fn mode_monitor_passes_and_says_what_block_would_do() {
    let mut policy = masking();
    policy.mode = Mode::Monitor;
    policy.output = OutputPolicy {
        security_headers: true,
    };
    for (part, body) in leaking() {
        let flagged = seen_under(body.as_bytes(), Source::FunctionUrl, &policy);
        assert_eq!(
            (flagged.verdict, flagged.step),
            (Verdict::Flag, OutputStep::Pass),
            "{part}"
        );
        let blocked = seen(&body, Source::FunctionUrl, Mode::Monitor);
        assert_eq!(
            (blocked.verdict, blocked.step),
            (Verdict::Block, OutputStep::Pass),
            "{part}"
        );
        assert_eq!(blocked.found.len(), 1, "{part}");
    }
}

#[test]
fn what_is_packed_is_unpacked() {
    // base64 of a page whose slashes and signs are escaped for HTML.
    let page = key().replace('/', "&#47;").replace('+', "&#x2b;");
    let twice = base64::encode(&base64::encode(page.as_bytes()));
    let twice = String::from_utf8(twice).unwrap();
    let body = format!(r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{twice}"}}"#);
    assert!(replaced(&body, Source::FunctionUrl).is_some());
    let body = format!(r#"{{"isBase64Encoded":true,"body":"{twice}"}}"#);
    assert!(replaced(&body, Source::FunctionUrl).is_some());
    assert!(replaced(&page, Source::FunctionUrl).is_some());
}

#[test]
fn answers_without_a_secret_pass() {
    for body in ["{}", "null", r#"{"statusCode":200,"body":"kW9zTq4 L+0"}"#] {
        assert_eq!(replaced(body, Source::FunctionUrl), None, "{body}");
    }
}

#[test]
fn headers_are_added_where_the_policy_wants_them() {
    let policy = Policy {
        mode: Mode::Block,
        output: OutputPolicy {
            security_headers: true,
        },
        ..Policy::default()
    };
    let answer = br#"{"statusCode":200,"body":"a"}"#;
    let seen = seen_under(answer, Source::FunctionUrl, &policy);
    let OutputStep::Rewrite(body) = seen.step else {
        panic!("{:?}", seen.step);
    };
    assert!(body.starts_with(br#"{"headers":{"strict-transport-security""#));
    assert_eq!(
        seen_under(answer, Source::Sqs, &policy).step,
        OutputStep::Pass
    );
}

#[test]
fn no_output_panics_and_what_is_masked_is_never_longer() {
    let own = OwnSecrets::new([key().as_bytes()]);
    let policy = masking();
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = [bytes, key().as_bytes(), bytes].concat();
        for (before, behind) in [
            (&b""[..], &b""[..]),
            (br#"{"statusCode":200,"body":""#, br#""}"#),
            (
                br#"{"statusCode":200,"isBase64Encoded":true,"body":""#,
                br#""}"#,
            ),
        ] {
            let body = [before, &text, behind].concat();
            let answer = Output {
                head: b"",
                body: &body,
                channel: Channel::Response,
                provenance: Provenance::Known(Source::FunctionUrl),
            };
            let seen = output(&answer, &Guard::new(Some(&own), &policy));
            if let OutputStep::Rewrite(masked) = seen.step {
                assert!(masked.len() <= body.len());
                assert!(own.leaks(&masked).next().is_none());
            }
        }
    });
}
