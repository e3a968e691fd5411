//! What a text of the event does in a header field of the answer.
//! It never looks at a field in which no text of the event stands.
//!
#![doc = include_str!("reflected_header.md")]
use super::reflection::Deed;
use crate::detector::Rule;
use crate::report::Confidence;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "reflected-header",
    class: "crlf",
    cwe: 113,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("reflected_header.md"),
};

/// What the text `start..end` of a header field's value does.
pub(super) fn deed(name: &[u8], value: &[u8], start: usize, end: usize) -> Option<Deed> {
    let text = value.get(start..end)?;
    if text.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Some(Deed {
            confidence: Confidence::High,
            kind: "line-break",
        });
    }
    let before = value.get(..start).unwrap_or(&[]);
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let begins = before.trim_ascii().is_empty();
    let kind = if is(b"location") && begins && leads_away(text.trim_ascii()) {
        "location"
    } else if is(b"set-cookie") && adds_attribute(text) {
        "cookie-attribute"
    } else if is(b"refresh") && leads_away(text.trim_ascii()) {
        "refresh"
    } else {
        return None;
    };
    Some(Deed {
        confidence: Confidence::Medium,
        kind,
    })
}

/// True for an address that leads to another host, or runs.
pub(super) fn leads_away(address: &[u8]) -> bool {
    let begins = |start: &[u8]| {
        address
            .get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    let starts = [
        b"http://".as_slice(),
        b"https://",
        b"//",
        b"/\\",
        b"\\\\",
        b"javascript:",
        b"data:",
    ];
    starts.iter().any(|start| begins(start))
}

/// True for a text that ends the value of a cookie and says more of the cookie.
pub(super) fn adds_attribute(text: &[u8]) -> bool {
    let attributes = [
        b"domain".as_slice(),
        b"path",
        b"expires",
        b"max-age",
        b"samesite",
        b"secure",
        b"httponly",
    ];
    let mut pieces = text.split(|byte| *byte == b';').skip(1);
    pieces.any(|piece| {
        let name = piece.split(|byte| *byte == b'=').next().unwrap_or(piece);
        let name = name.trim_ascii();
        attributes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}
