//! The function's answer to a batch of which it got only a part, completed with what the source
//! must hear of the rest.
//! It never re-serialises an answer: what is added stands between bytes that stay as they came.
use alloc::vec::Vec;

use credenza_event::layout::{self, Range};

use crate::spelling::Spelling;

/// An answer for a record that the function did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insert {
    /// Its place among all records.
    pub(crate) at: usize,
    /// Its JSON.
    pub(crate) text: Vec<u8>,
}

/// What has to be added to the function's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Ids for `batchItemFailures`.
    Failures(Vec<Vec<u8>>),
    /// Elements of the member `records`.
    Records(Vec<Insert>),
    /// Elements of an answer that is an array.
    Elements(Vec<Insert>),
}

impl Completion {
    /// The completed answer; `None` if the function's is no such answer, and so passes unchanged.
    pub fn complete(&self, answer: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Failures(ids) => Some(with_failures(answer, ids)),
            Self::Records(inserts) => {
                let list = layout::member_named(answer, 0, b"records")?;
                with_inserts(answer, &list, inserts)
            }
            Self::Elements(inserts) => {
                let skipped = answer.len().saturating_sub(answer.trim_ascii_start().len());
                let list = skipped..answer.trim_ascii_end().len();
                with_inserts(answer, &list, inserts)
            }
        }
    }
}

/// The answer with more failures in it: any answer that is no object means that all went well.
fn with_failures(answer: &[u8], ids: &[Vec<u8>]) -> Vec<u8> {
    let trimmed = answer.trim_ascii_start();
    if !trimmed.starts_with(b"{") {
        let mut whole = Spelling::new();
        whole
            .text(r#"{"batchItemFailures":["#)
            .items(ids)
            .text("]}");
        return whole.done();
    }
    let start = answer.len().saturating_sub(trimmed.len());
    let list = layout::member_named(answer, start, b"batchItemFailures");
    let mut more = Spelling::new();
    let cut = match list {
        Some(list) if answer.get(list.start) == Some(&b'[') => {
            let is_empty = layout::elements(answer, list.start).next().is_none();
            let end = list.end.saturating_sub(1);
            more.text(if is_empty { "" } else { "," }).items(ids);
            end..end
        }
        Some(list) => {
            more.text("[").items(ids).text("]");
            list
        }
        None => {
            let brace = start.saturating_add(1);
            let is_alone = layout::members(answer, start).next().is_none();
            more.text(r#""batchItemFailures":["#).items(ids).text("]");
            more.text(if is_alone { "" } else { "," });
            brace..brace
        }
    };
    splice(answer, &cut, &more.done())
}

/// The answer with elements put into the array at `list`, each at its place.
fn with_inserts(answer: &[u8], list: &Range, inserts: &[Insert]) -> Option<Vec<u8>> {
    if answer.get(list.start) != Some(&b'[') {
        return None;
    }
    let mut own = layout::elements(answer, list.start);
    let mut inserts = inserts.iter().peekable();
    let mut out = Spelling::new();
    out.text("[");
    let mut at = 0_usize;
    loop {
        let comma = if at > 0 { "," } else { "" };
        if let Some(insert) = inserts.next_if(|insert| insert.at == at) {
            out.text(comma).bytes(&insert.text);
        } else if let Some(element) = own.next() {
            out.text(comma).raw(answer, element);
        } else if let Some(insert) = inserts.next() {
            // The function answered for fewer than it got.
            out.text(comma).bytes(&insert.text);
        } else {
            break;
        }
        at = at.saturating_add(1);
    }
    out.text("]");
    Some(splice(answer, list, &out.done()))
}

/// `text` with `cut` replaced.
fn splice(text: &[u8], cut: &Range, with: &[u8]) -> Vec<u8> {
    let before = text.get(..cut.start).unwrap_or(text);
    let behind = text.get(cut.end..).unwrap_or(&[]);
    [before, with, behind].concat()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{Completion, Insert};

    fn completed(completion: &Completion, answer: &str) -> Option<String> {
        let bytes = completion.complete(answer.as_bytes())?;
        Some(String::from_utf8(bytes).unwrap())
    }

    fn failures(answer: &str) -> String {
        let ids = Vec::from([br#""a""#.to_vec(), br#""b""#.to_vec()]);
        completed(&Completion::Failures(ids), answer).unwrap()
    }

    #[test]
    fn failures_are_added_to_those_of_the_function_and_everything_else_stays() {
        let ours = r#"{"itemIdentifier":"a"},{"itemIdentifier":"b"}"#;
        for (answer, expected) in [
            ("", r#"{"batchItemFailures":[OURS]}"#),
            ("null", r#"{"batchItemFailures":[OURS]}"#),
            ("\"ok\"", r#"{"batchItemFailures":[OURS]}"#),
            ("{}", r#"{"batchItemFailures":[OURS]}"#),
            (" { } ", r#" {"batchItemFailures":[OURS] } "#),
            (
                r#"{"x": 1.0e1}"#,
                r#"{"batchItemFailures":[OURS],"x": 1.0e1}"#,
            ),
            (
                r#"{"batchItemFailures": [ ]}"#,
                r#"{"batchItemFailures": [ OURS]}"#,
            ),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"z"}],"y":2}"#,
                r#"{"batchItemFailures":[{"itemIdentifier":"z"},OURS],"y":2}"#,
            ),
            (
                r#"{"batchItemFailures":null}"#,
                r#"{"batchItemFailures":[OURS]}"#,
            ),
        ] {
            assert_eq!(failures(answer), expected.replace("OURS", ours), "{answer}");
        }
    }

    fn inserts() -> Vec<Insert> {
        let insert = |at, text: &str| Insert {
            at,
            text: text.into(),
        };
        Vec::from([insert(0, "\"A\""), insert(2, "\"C\"")])
    }

    #[test]
    fn records_are_put_back_at_their_places() {
        let records = Completion::Records(inserts());
        for (answer, expected) in [
            (
                r#"{"records":[1,2],"x":3}"#,
                Some(r#"{"records":["A",1,"C",2],"x":3}"#),
            ),
            (r#"{"records":[]}"#, Some(r#"{"records":["A","C"]}"#)),
            (r#"{"records":null}"#, None),
            ("null", None),
        ] {
            assert_eq!(completed(&records, answer).as_deref(), expected, "{answer}");
        }
    }

    #[test]
    fn elements_are_put_back_at_their_places() {
        let elements = Completion::Elements(inserts());
        assert_eq!(
            completed(&elements, " [ {\"data\":1} ] ").as_deref(),
            Some(" [\"A\",{\"data\":1},\"C\"] ")
        );
        assert_eq!(completed(&elements, "{}"), None);
    }

    #[test]
    fn no_answer_panics() {
        bolero::check!().for_each(|answer: &[u8]| {
            let ids = Vec::from([b"1".to_vec()]);
            assert!(Completion::Failures(ids).complete(answer).is_some());
            Completion::Records(inserts()).complete(answer);
            Completion::Elements(inserts()).complete(answer);
        });
    }
}
