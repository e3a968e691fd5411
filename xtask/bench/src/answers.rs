//! Answers of functions over HTTP, and the guard that looks at them as in block mode.
//! They never hold what must not leave.
use credenza_engine::HashKey;
use credenza_engine::leak::OwnSecrets;
use credenza_event::{Source, Steps};
use credenza_exchange::{Channel, Guard, Output, Provenance, Whence, output};
use credenza_policy::{Day, Mode, Policy};

use crate::secrets;

/// What is known of a function, and a policy that blocks.
#[derive(Debug)]
pub struct Guarded {
    own: OwnSecrets,
    policy: Policy,
}

impl Guarded {
    /// A function with the keys of its role.
    #[expect(
        clippy::new_without_default,
        reason = "it draws keys, which is no default"
    )]
    pub fn new() -> Self {
        let keys = secrets::of_a_function();
        Self {
            own: OwnSecrets::new(keys.iter().map(|(_, value)| value.as_bytes())),
            policy: Policy {
                mode: Mode::Block,
                ..Policy::default()
            },
        }
    }

    /// How many things were found in an answer.
    pub fn judge(&self, body: &[u8]) -> usize {
        let provenance = Provenance::Known(Source::FunctionUrl);
        let whence = Whence::new(provenance, b"", b"request", Day::default());
        let guard = Guard::new(Some(&self.own), &self.policy).of_invocation(&whence);
        let answer = Output {
            head: HEAD,
            body,
            channel: Channel::Response,
            provenance,
        };
        output(&answer, &guard).found.len()
    }

    /// How many things were found in an event and in the answer to it, which waits for both and in
    /// which is looked for what the event said.
    pub fn invoke(&self, event: &[u8], body: &[u8]) -> usize {
        let steps = Steps::for_bytes(event.len());
        let inspected = credenza_exchange::event(event, steps, &self.policy, &HashKey([7; 16]));
        let provenance = Provenance::Of(event);
        let whence = Whence::new(provenance, b"", b"request", Day::default());
        let guard = Guard::new(Some(&self.own), &self.policy)
            .of_invocation(&whence)
            .of_event(&inspected.reflections);
        let answer = Output {
            head: HEAD,
            body,
            channel: Channel::Response,
            provenance,
        };
        let found = output(&answer, &guard).found.len();
        found + inspected.report.findings.len()
    }
}

/// The head of a runtime's request.
const HEAD: &[u8] = b"POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/\
response HTTP/1.1\r\nHost: 127.0.0.1:9077\r\nContent-Type: application/json\r\n\
User-Agent: AWS_Lambda_Cpp/0.2.8\r\nAccept: */*\r\n\r\n";

/// Rows of a table as an interface answers with them, in a string of JSON.
pub fn json(bytes: usize) -> Vec<u8> {
    let row = |number: usize| {
        let id = format!("3f2b8c1e-7d4a-4f6b-9a{number:02}-5e1d2c3b4a{number:02}");
        format!(
            "{{\\\"id\\\":\\\"{id}\\\",\\\"total\\\":{number}.50,\\\"status\\\":\\\"shipped\\\",\
             \\\"created\\\":\\\"2026-11-{:02}T08:15:00Z\\\",\
             \\\"note\\\":\\\"left at the door\\\"}},",
            number % 28 + 1
        )
    };
    answer("application/json", &rows("[", row, bytes))
}

/// A page with a table.
pub fn html(bytes: usize) -> Vec<u8> {
    let row = |number: usize| {
        format!(
            "<tr class=\\\"row\\\"><td><a href=\\\"/orders/{number}\\\">Order of May</a></td>\
             <td data-sort=\\\"{number}99\\\">{number}.99 EUR</td><td>shipped</td></tr>\\n"
        )
    };
    answer(
        "text/html; charset=utf-8",
        &rows("<!doctype html><table>", row, bytes),
    )
}

fn rows(begin: &str, row: impl Fn(usize) -> String, bytes: usize) -> String {
    let mut text = begin.to_owned();
    for number in 10.. {
        let row = row(number % 90 + 10);
        if text.len() + row.len() > bytes {
            break;
        }
        text.push_str(&row);
    }
    text
}

/// An answer over HTTP with a content type and a body as it stands in JSON.
pub fn answer(kind: &str, body: &str) -> Vec<u8> {
    format!(
        "{{\"statusCode\":200,\"headers\":{{\"content-type\":\"{kind}\",\
         \"cache-control\":\"no-store\"}},\"body\":\"{body}\",\"isBase64Encoded\":false}}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Guarded, html, json};

    #[test]
    fn nothing_is_found_in_the_answers_and_they_have_their_size() {
        let guarded = Guarded::new();
        for answer in [json(1_000), json(10_000), html(1_000), html(10_000)] {
            assert_eq!(guarded.judge(&answer), 0);
        }
        assert!((9_000..11_000).contains(&json(10_000).len()));
    }
}
