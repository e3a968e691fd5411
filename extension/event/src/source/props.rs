//! Properties of all sources: damage, look-alikes, and events inside of events.
//! They never name what a single source does: its page does.
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::recognise;
use super::tests::{fields, pages};
use crate::{Form, Steps, Visitor, walk};

/// True if one of the fields of an event is this one.
fn has(event: &str, field: &str) {
    let fields = fields(event);
    assert!(
        fields.lines().any(|line| line == field),
        "{field}\n{fields}"
    );
}

/// A text as the value of a JSON string.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    std::format!("\"{}\"", escaped.replace('\n', "\\n"))
}

/// An SQS event with one message.
fn queued(body: &str) -> String {
    let body = quoted(body);
    std::format!(
        r#"{{"Records":[{{"eventSource":"aws:sqs","messageId":"1","receiptHandle":"r","body":{body}}}]}}"#
    )
}

#[test]
fn an_event_inside_a_message_has_the_positions_of_its_own_source() {
    let api = r#"{"version":"2.0","rawPath":"/a b","rawQueryString":"q=x+y","cookies":["s=1 2"],
        "requestContext":{"http":{"method":"GET"}},"body":"k=v+w"}"#;
    for (event, at) in [
        (queued(api), "/Records/0/body"),
        (
            queued(&std::format!(
                "{{\"Type\":\"Notification\",\"Message\":{}}}",
                quoted(api)
            )),
            "/Records/0/body/Message",
        ),
    ] {
        let json = if at.ends_with("Message") {
            " ← json ← json"
        } else {
            " ← json"
        };
        has(&event, &std::format!("{at}/rawPath path /a b{json}"));
        has(
            &event,
            &std::format!("{at}/cookies/0/s cookie 1 2{json} ← form"),
        );
    }
    let s3 = r#"{"Records":[{"s3":{"object":{"key":"a+b"}}}]}"#;
    has(
        &queued(s3),
        "/Records/0/body/Records/0/s3/object/key objectkey a b ← json ← url",
    );
    let other = std::format!(
        r#"{{"requestContext":{{"functionArn":"f","condition":"c"}},"requestPayload":{s3}}}"#
    );
    let field = "/Records/0/body/requestPayload/Records/0/s3/object/key objectkey a b ← json ← url";
    has(&queued(&other), field);
    let bus = r#"{"detail-type":"Object Created","detail":{"object":{"key":"a+b"}}}"#;
    has(
        &queued(bus),
        "/Records/0/body/detail/object/key objectkey a b ← json ← url",
    );
}

#[test]
fn an_event_that_fits_several_sources_is_inspected_as_each() {
    let event = r#"{"httpMethod":"GET","path":"/a b","queryStringParameters":{"q":"x+y"},
        "requestContext":{"elb":{"targetGroupArn":"t"},"stage":"s","connectionId":"c",
        "eventType":"MESSAGE"},"Records":[{"s3":{"object":{"key":"c+d"}}},{"body":"e f"}],
        "records":{"t-0":[{"headers":[{"h":[105, 32, 106]}]}]},"arguments":{"a":"g h"}}"#;
    for field in [
        "/path path /a b",
        "/queryStringParameters/q query x y ← url",
        "/Records/0/s3/object/key objectkey c d ← url",
        "/Records/1/body message e f",
        "/records/t-0/0/headers/0/h message i j ← bytes",
        "/arguments/a body g h",
    ] {
        has(event, field);
    }
}

/// How many forms it was shown.
#[derive(Default)]
struct Count(usize);

impl Visitor for Count {
    fn form(&mut self, _: &Form<'_>, _: &mut Steps) {
        self.0 += 1;
    }
}

#[test]
fn an_event_that_is_cut_or_damaged_anywhere_stops_nobody() {
    let samples: Vec<_> = pages().into_iter().flat_map(|page| page.samples).collect();
    for sample in &samples {
        for len in (0..sample.len()).step_by(5) {
            recognise(&sample.as_bytes()[..len]);
            let mut damaged = sample.clone().into_bytes();
            damaged[len] = b"{}[]\":,\\0"[len % 9];
            recognise(&damaged);
            let mut count = Count::default();
            walk(&damaged, &mut Steps::for_bytes(damaged.len()), &mut count);
            assert!(count.0 > 0, "{}", len.to_string());
        }
    }
}
