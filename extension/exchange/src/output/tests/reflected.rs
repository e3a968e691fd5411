//! What stood in the event, in each part of an answer and in every way of writing a body.
//! They never judge a text: where it is looked for is what they ask.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_engine::leak::{Fingerprints, Reflections, leaked_source::Language};
use credenza_engine::{Confidence, HashKey, Watch, inspect_reflecting};
use credenza_event::{Source, Steps};
use credenza_policy::{Action, Mode, Policy, RulePolicy, Share};

use super::{gzip, policy};
use crate::output::{Channel, Guard, Output, OutputSeen, OutputStep, Provenance, base64, output};

const SCRIPT: &str = "<script>alert(1)</script>";

fn sent(value: &str) -> Reflections {
    let event = format!(r#"{{"queryStringParameters":{{"q":"{value}"}}}}"#);
    let (steps, key) = (Steps::for_bytes(event.len()), HashKey([7; 16]));
    inspect_reflecting(event.as_bytes(), &[], steps, &key, Watch::all(), None).1
}

fn seen(body: &str, channel: Channel, policy: &Policy, sent: &Reflections) -> OutputSeen {
    let answer = Output {
        head: b"",
        body: body.as_bytes(),
        channel,
        provenance: Provenance::Known(Source::FunctionUrl),
    };
    output(&answer, &Guard::new(None, policy).of_event(sent))
}

/// The rules that found something in an answer, and whether it was replaced.
fn rules(body: &str, channel: Channel, sent: &Reflections) -> (Vec<&'static str>, bool) {
    let seen = seen(body, channel, &policy(Mode::Block), sent);
    let rules = seen.found.iter().map(|found| found.rule.id);
    (rules.collect(), matches!(seen.step, OutputStep::Replace(_)))
}

#[test]
fn a_script_that_was_sent_is_found_in_every_way_of_writing_a_page() {
    let page = format!("<html><p>{SCRIPT}</p>");
    let head = r#""statusCode":200,"headers":{"Content-Type":"text/html; charset=utf-8"}"#;
    let multi = r#""content-type":["text/html"],"content-encoding":["gzip"]"#;
    let multi = format!(r#""statusCode":200,"multiValueHeaders":{{{multi}}}"#);
    let plain = r#""statusCode":200,"headers":{"content-type":"text/plain"}"#;
    let json = r#""statusCode":200,"headers":{"content-type":"application/json"}"#;
    let packed = String::from_utf8(base64::encode(page.as_bytes())).unwrap();
    let zipped = gzip(&page);
    let escaped = page.replace('<', "\\u003c").replace('/', "\\/");
    let sent = sent(SCRIPT);
    for body in [
        format!(r#"{{{head},"body":"{page}"}}"#),
        format!(r#"{{"body":"{page}",{head}}}"#),
        format!(r#"{{{head},"body":"{escaped}"}}"#),
        format!(r#"{{{head},"body":"{packed}","isBase64Encoded":true}}"#),
        format!(r#"{{{multi},"body":"{zipped}","isBase64Encoded":true}}"#),
    ] {
        let found = rules(&body, Channel::Response, &sent);
        assert_eq!(found, (Vec::from(["reflected-script"]), true), "{body}");
    }
    for body in [
        format!(r#"{{{json},"body":"{page}"}}"#),
        format!(r#"{{{plain},"body":"a {page}"}}"#),
        format!(r#"{{{head},"body":"<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"}}"#),
        format!(r#"{{"q":"{page}"}}"#),
    ] {
        assert_eq!(
            rules(&body, Channel::Response, &sent).0,
            [] as [&str; 0],
            "{body}"
        );
    }
}

#[test]
fn a_line_that_was_sent_is_found_in_each_header_and_cookie() {
    let line = r"/home\r\nSet-Cookie: a=b";
    let sent = sent(line);
    for body in [
        format!(r#"{{"statusCode":302,"headers":{{"location":"{line}"}}}}"#),
        format!(r#"{{"statusCode":302,"multiValueHeaders":{{"x-own":["a","{line}"]}}}}"#),
        format!(r#"{{"statusCode":200,"cookies":["a=b","c={line}"],"body":"x"}}"#),
    ] {
        let found = rules(&body, Channel::Response, &sent);
        assert_eq!(found, (Vec::from(["reflected-header"]), true), "{body}");
    }
}

#[test]
fn an_error_tells_its_trace_as_its_runtime_wants_and_a_database_says_nothing_there() {
    let none = Reflections::default();
    let frame = r#"  File \"/var/task/app.py\", line 3, in handler\n"#;
    let trace = format!(r#"{{"errorMessage":"boom","stackTrace":["{frame}"]}}"#);
    assert_eq!(rules(&trace, Channel::Error, &none).0, [] as [&str; 0]);
    assert_ne!(rules(&trace, Channel::Response, &none).0, [] as [&str; 0]);
    let query = r#"{"errorMessage":"sqlite3.OperationalError: near 'O'Neill or so'"}"#;
    assert_eq!(
        rules(query, Channel::Error, &none),
        (Vec::from(["leaky-error"]), false)
    );
    let (found, replaced) = rules(query, Channel::Error, &sent("O'Neill or so"));
    assert!(found.contains(&"reflected-error") && replaced, "{found:?}");
}

#[test]
fn a_rule_that_is_off_finds_nothing_for_itself_and_still_helps_another() {
    let off = RulePolicy {
        id: "leaky-error",
        mode: Mode::Off,
        minimum_confidence: Confidence::High,
        action: Action::Flag,
        canary: Share::default(),
    };
    let quiet = Policy {
        rules: Vec::from([off]),
        ..policy(Mode::Block)
    };
    let body = r#"{"statusCode":500,"body":"sqlite3.OperationalError: near 'O'Neill or so'"}"#;
    let seen = seen(body, Channel::Response, &quiet, &sent("O'Neill or so"));
    let found: Vec<_> = seen.found.iter().map(|found| found.rule.id).collect();
    assert_eq!(found, ["reflected-error"]);
}

#[test]
fn lines_of_the_functions_files_are_found_in_an_answer() {
    let line = |at: usize| format!("value_{at} = module.compute(first={at}, second={at})\n");
    let program: String = (0..12).map(line).collect();
    let mut known = Fingerprints::default();
    known.add(Language::Python, program.as_bytes());
    known.seal();
    let policy = policy(Mode::Block);
    let guard = Guard::new(None, &policy).of_files(Some(&known));
    let escaped = program.replace('\n', "\\n");
    let nested = escaped.replace('\\', "\\\\");
    for body in [
        format!(r#"{{"statusCode":200,"body":"{escaped}"}}"#),
        format!(r#"{{"statusCode":200,"body":"{{\"file\":\"{nested}\"}}"}}"#),
        format!(r#"{{"file":"{escaped}"}}"#),
    ] {
        let answer = Output {
            head: b"",
            body: body.as_bytes(),
            channel: Channel::Response,
            provenance: Provenance::Known(Source::FunctionUrl),
        };
        let seen = output(&answer, &guard);
        let found: Vec<_> = seen.found.iter().map(|found| found.rule.id).collect();
        assert_eq!(found, ["leaked-source"], "{body}");
    }
}
