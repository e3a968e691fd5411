//! What the caller of an HTTP source makes of a function's output.
//! It never fails: an output without a status is a 200 with the output as its body, as on a
//! Function URL.
use std::collections::BTreeSet;

use serde_json::Value;

/// An output, read the way the front door reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Body as text; base64 bodies stay encoded.
    pub(crate) body: String,
}

impl Answer {
    /// Reads a function's output.
    pub(crate) fn read(output: &[u8]) -> Self {
        let text = || String::from_utf8_lossy(output).into_owned();
        let Ok(document) = serde_json::from_slice::<Value>(output) else {
            return Self {
                status: 200,
                body: text(),
            };
        };
        let status = document.get("statusCode").and_then(Value::as_u64);
        match status.and_then(|status| u16::try_from(status).ok()) {
            Some(status) => {
                let body = document
                    .get("body")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                Self {
                    status,
                    body: body.to_owned(),
                }
            }
            None => Self {
                status: 200,
                body: text(),
            },
        }
    }

    /// Rows of a database in the body: the objects of a JSON list.
    pub(crate) fn rows(&self) -> usize {
        let rows = serde_json::from_str::<Value>(&self.body).ok();
        let rows = rows.as_ref().and_then(Value::as_array);
        rows.map_or(0, |rows| rows.iter().filter(|row| row.is_object()).count())
    }

    /// The canaries of the demo's database that are in the body.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.body
            .match_indices("canary-")
            .filter_map(|(at, mark)| self.body.get(at..at + mark.len() + 2))
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let output = serde_json::json!({ "statusCode": 200, "body": body });
        Answer::read(output.to_string().as_bytes())
    }

    #[test]
    fn a_status_and_a_body_are_read() {
        let refused = Answer::read(br#"{"statusCode":403,"body":"no","isBase64Encoded":false}"#);
        assert_eq!(
            refused,
            Answer {
                status: 403,
                body: "no".to_owned()
            }
        );
    }

    #[test]
    fn a_bare_output_is_a_200() {
        assert_eq!(
            Answer::read(b"[1]"),
            Answer {
                status: 200,
                body: "[1]".to_owned()
            }
        );
        assert_eq!(Answer::read(b"\xff").status, 200);
        assert_eq!(Answer::read(br#"{"statusCode":"x"}"#).status, 200);
    }

    #[test]
    fn rows_and_secrets_are_counted_in_the_body() {
        let body =
            r#"[{"id":1,"name":"canary-01-aa"},{"id":2,"name":"canary-02-bb canary-01-aa"}]"#;
        assert_eq!(answer(body).rows(), 2);
        let secrets: Vec<String> = answer(body).secrets().into_iter().collect();
        assert_eq!(secrets, ["canary-01", "canary-02"]);
        assert_eq!(answer("{\"error\":\"no\"}").rows(), 0);
        assert_eq!(answer("[1,2]").rows(), 0);
        assert_eq!(answer("canary-").secrets().len(), 0);
    }
}
