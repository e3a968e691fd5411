//! Headers that browsers want of every answer, added where a function has not said otherwise.
//! It never changes a header that is there, and never lets an answer grow beyond its limit.
use alloc::vec::Vec;

use credenza_event::{Source, layout};

use super::parts::{Parts, is_named};

// Limit: the platform's own, for a buffered answer.
const ANSWER_BYTES_MAX: usize = 6_291_556;

/// The headers and their values, mild enough for every site: nothing that a page does today stops,
/// but being framed by other sites, being sniffed, and telling other sites where a visitor was.
const WANTED: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("content-security-policy", "frame-ancestors 'self'"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-permitted-cross-domain-policies", "none"),
];

/// An answer with the headers that it lacks; `None` if it lacks none, or if its caller reads none.
pub(super) fn added(answer: &[u8], parts: &Parts, source: Source) -> Option<Vec<u8>> {
    let is_multi = match source {
        Source::ApiGatewayRest
        | Source::ApiGatewayHttp
        | Source::FunctionUrl
        | Source::Alb { multi: false }
        | Source::VpcLatticeV1
        | Source::VpcLatticeV2 => false,
        Source::Alb { multi: true } => true,
        _ => return None,
    };
    let mut lines = Vec::new();
    for (name, value) in WANTED {
        if has(answer, parts, name) {
            continue;
        }
        let (open, close) = if is_multi { ("[", "]") } else { ("", "") };
        let comma = if lines.is_empty() { "" } else { "," };
        for text in [comma, "\"", name, "\":", open, "\"", value, "\"", close] {
            lines.extend_from_slice(text.as_bytes());
        }
    }
    if lines.is_empty() {
        return None;
    }
    let object = if is_multi {
        &parts.multi
    } else {
        &parts.headers
    };
    let (cut, with) = match (object, &parts.no_headers) {
        (Some(object), _) => {
            let brace = object.start.saturating_add(1);
            let is_alone = layout::members(answer, object.start).next().is_none();
            if !is_alone {
                lines.push(b',');
            }
            (brace..brace, lines)
        }
        (None, Some(value)) if !is_multi => (value.clone(), [b"{", &*lines, b"}"].concat()),
        (None, _) => {
            let name: &[u8] = if is_multi {
                b"\"multiValueHeaders\":{"
            } else {
                b"\"headers\":{"
            };
            // There is a status code behind it.
            let brace = answer.iter().position(|byte| *byte == b'{')?;
            let brace = brace.saturating_add(1);
            (brace..brace, [name, &*lines, b"},"].concat())
        }
    };
    let before = answer.get(..cut.start)?;
    let behind = answer.get(cut.end..)?;
    let whole = [before, &*with, behind].concat();
    (whole.len() <= ANSWER_BYTES_MAX).then_some(whole)
}

/// True if an answer has a header, in either place and any case.
fn has(answer: &[u8], parts: &Parts, name: &str) -> bool {
    let mut objects = [&parts.headers, &parts.multi].into_iter().flatten();
    objects.any(|object| {
        let mut members = layout::members(answer, object.start);
        members.any(|member| is_named(answer, &member, name.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use credenza_event::Source;

    use super::{WANTED, added};
    use crate::output::parts;

    fn with(answer: &str, source: Source) -> Option<String> {
        let parts = parts::of(answer.as_bytes()).unwrap();
        let bytes = added(answer.as_bytes(), &parts, source)?;
        Some(String::from_utf8(bytes).unwrap())
    }

    fn lines(but: &str, open: &str, close: &str) -> String {
        let wanted = WANTED.iter().filter(|(name, _)| *name != but);
        let lines =
            wanted.map(|(name, value)| alloc::format!("\"{name}\":{open}\"{value}\"{close}"));
        let lines: alloc::vec::Vec<_> = lines.collect();
        lines.join(",")
    }

    #[test]
    fn what_is_absent_is_added_by_its_bytes_and_what_is_there_stays() {
        let all = lines("", "", "");
        let but = lines("x-frame-options", "", "");
        for (answer, expected) in [
            (
                r#"{"statusCode":200}"#,
                r#"{"headers":{ALL},"statusCode":200}"#,
            ),
            (
                r#" { "headers" : { } ,"statusCode":200}"#,
                r#" { "headers" : {ALL } ,"statusCode":200}"#,
            ),
            (
                r#"{"statusCode":200,"headers":null,"body":"x"}"#,
                r#"{"statusCode":200,"headers":{ALL},"body":"x"}"#,
            ),
            (
                r#"{"statusCode":200,"headers":{"X-Frame-Options":"DENY"}}"#,
                r#"{"statusCode":200,"headers":{BUT,"X-Frame-Options":"DENY"}}"#,
            ),
            (
                r#"{"statusCode":200,"multiValueHeaders":{"x-frame-options":["DENY"]}}"#,
                r#"{"headers":{BUT},"statusCode":200,"multiValueHeaders":{"x-frame-options":["DENY"]}}"#,
            ),
        ] {
            let expected = expected.replace("ALL", &all).replace("BUT", &but);
            assert_eq!(
                with(answer, Source::FunctionUrl),
                Some(expected),
                "{answer}"
            );
        }
    }

    #[test]
    fn each_source_gets_them_where_it_reads_them() {
        let multi = with(
            r#"{"statusCode":200,"multiValueHeaders":{"a":["b"]}}"#,
            Source::Alb { multi: true },
        );
        let all = lines("", "[", "]");
        let expected = r#"{"statusCode":200,"multiValueHeaders":{ALL,"a":["b"]}}"#;
        assert_eq!(multi, Some(expected.replace("ALL", &all)));
        for source in [Source::Sqs, Source::Unknown, Source::WebSocketMessage] {
            assert_eq!(with(r#"{"statusCode":200}"#, source), None);
        }
    }

    #[test]
    fn an_answer_that_has_all_or_no_room_stays_as_it_is() {
        let full = alloc::format!(
            "{{\"statusCode\":200,\"headers\":{{{}}}}}",
            lines("", "", "")
        );
        assert_eq!(with(&full, Source::FunctionUrl), None);
        let room = 6_291_556 - r#"{"statusCode":200,"body":""}"#.len();
        for (left, is_added) in [(100, false), (1_000, true)] {
            let body = "x".repeat(room - left);
            let answer = alloc::format!("{{\"statusCode\":200,\"body\":\"{body}\"}}");
            assert_eq!(with(&answer, Source::FunctionUrl).is_some(), is_added);
        }
    }
}
