//! What could not be read is said, and waits for nothing but what the policy says of it.
//! They never call an answer clean that nobody looked into.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_engine::leak::UNREAD_OUTPUT;
use credenza_event::Source;
use credenza_policy::{Action, Mode, Policy, RulePolicy, Share, Verdict};

use super::{Coding, OutputSeen, OutputStep, base64, gzip, key, packing, policy, seen, seen_under};

fn ruled(mode: Mode, action: Action) -> Policy {
    let rule = RulePolicy {
        id: UNREAD_OUTPUT.id,
        mode,
        minimum_confidence: Confidence::Medium,
        action,
        canary: Share::default(),
    };
    Policy {
        rules: Vec::from([rule]),
        ..policy(Mode::Block)
    }
}

fn packed(coding: &str, body: &str) -> String {
    format!(
        r#"{{"statusCode":200,"isBase64Encoded":true,"body":"{body}","headers":{{"Content-Encoding":"{coding}"}}}}"#
    )
}

fn kinds(seen: &OutputSeen) -> Vec<&'static str> {
    let unread = seen.found.iter();
    let unread = unread.filter(|found| found.rule.id == UNREAD_OUTPUT.id);
    unread.map(|found| found.kind).collect()
}

#[test]
fn a_body_in_an_encoding_that_is_not_undone_is_reported_and_passes_unless_the_policy_withholds_it()
{
    for (coding, kind) in [
        ("br", "br"),
        ("BR", "br"),
        ("zstd", "zstd"),
        ("gzip, br", "encoded"),
        ("aws-chunked", "encoded"),
    ] {
        let body = packed(coding, "AAAA");
        let seen = seen(&body, Source::FunctionUrl, Mode::Block);
        assert_eq!(kinds(&seen), [kind], "{coding}");
        assert!(!seen.is_whole);
        assert_eq!((seen.verdict, seen.step), (Verdict::Flag, OutputStep::Pass));
        let place = seen.found.first().map(|found| found.start..found.end);
        assert_eq!(place.and_then(|place| body.get(place)), Some("AAAA"));
        for action in [Action::Block, Action::Mask] {
            let policy = ruled(Mode::Block, action);
            let seen = seen_under(body.as_bytes(), Source::FunctionUrl, &policy);
            assert!(matches!(seen.step, OutputStep::Replace(_)), "{coding}");
        }
        let off = ruled(Mode::Off, Action::Flag);
        let seen = seen_under(body.as_bytes(), Source::FunctionUrl, &off);
        assert_eq!(kinds(&seen), [] as [&str; 0]);
        assert!(
            !seen.is_whole,
            "that nobody wants to know makes nothing read"
        );
    }
}

#[test]
fn what_is_around_a_body_that_is_not_read_is_looked_at_as_ever() {
    let body =
        packed("br", "AAAA").replace("\"statusCode", &format!("\"x\":\"{}\",\"statusCode", key()));
    let seen = seen(&body, Source::FunctionUrl, Mode::Block);
    assert_eq!(kinds(&seen), ["br"]);
    assert!(matches!(seen.step, OutputStep::Replace(_)));
}

#[test]
fn a_body_that_cannot_be_read_to_its_end_is_said_to_be_cut_short() {
    let whole = gzip("a page of some length, and of no harm");
    let half = whole.get(..whole.len() / 8 * 4).unwrap();
    for (body, expected) in [
        (packed("gzip", &whole), &[][..]),
        (packed("gzip", half), &["cut-short"]),
        (packed("gzip", "AAAA"), &["cut-short"]),
        (packed("deflate", "/////w=="), &["cut-short"]),
    ] {
        let seen = seen(&body, Source::FunctionUrl, Mode::Block);
        assert_eq!(kinds(&seen), expected, "{body}");
        assert_eq!(seen.is_whole, expected.is_empty());
    }
}

/// A short text in zlib in base64, different each time.
fn layers(number: usize) -> String {
    let text = format!("{number:05} keys and Values of no use to anybody");
    let packed = packing::pack(text.as_bytes(), b"\x78\x9c", Coding::Deflate).unwrap();
    String::from_utf8(base64::encode(&packed)).unwrap()
}

#[test]
fn so_much_that_is_packed_in_a_text_is_looked_into_as_does_not_hold_an_answer_up() {
    let text = |count: usize| -> String { (0..count).map(|number| layers(number) + " ").collect() };
    let few = seen(&text(40), Source::FunctionUrl, Mode::Block);
    assert_eq!((kinds(&few).len(), few.is_whole), (0, true));
    let many = seen(&text(2_000), Source::FunctionUrl, Mode::Block);
    assert_eq!(
        (kinds(&many), many.is_whole),
        (Vec::from(["packed"]), false)
    );
    assert_eq!(many.verdict, Verdict::Flag);
}
