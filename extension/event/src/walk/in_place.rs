//! JSON inside a string, walked where it stands: a backslash before each of its quotes, and nothing
//! unescaped that nobody reads.
//! It never guesses: what is spelled in an unusual way is left to a walk over the unescaped text.
use super::document::{Document, Walked};
use super::{Field, Walk};
use crate::decode;
use crate::form::Part;
use crate::path::Path;
use crate::scan;
use crate::source;
use crate::text;

impl Document<'_> {
    /// Walks the document in the string that starts at `start`, if there is one; gives what became
    /// of it, and the offset behind the string.
    pub(super) fn nested_in_place(
        &self,
        walk: &mut Walk<'_>,
        start: usize,
    ) -> Option<(Walked, usize)> {
        let rest = self.text.get(start..)?;
        if self.is_in_place || !begins_document(rest) {
            return None;
        }
        let end = scan::end_of_string(self.text, start);
        let behind = end.saturating_add(1);
        if end >= self.text.len() || self.behind_colon(behind).is_some() {
            return None;
        }
        let document = self.text.get(start..end)?;
        let path = Path {
            parent: Some(self.field.path),
            text: self.text,
            frames: &self.frames,
        };
        let place = self.places.at();
        // Whether a message is an event is asked of its own text, unescaped.
        if place.is_message && source::may_be_event(document) {
            return None;
        }
        let role = place.role;
        let field = Field {
            path: &path,
            role,
            part: Part::Value,
            plus: self.takes_plus(role),
            split: false,
            is_walked: false,
            is_message: false,
            ..*self.field
        };
        if self.is_event {
            walk.begin_value(document.len());
        }
        Some((decode::open_in_place(walk, document, &field), behind))
    }

    /// Passes the backslash of white space between strings; gives the offset behind it.
    pub(super) fn escape_in_place(&mut self, at: usize) -> usize {
        match self.text.get(at.saturating_add(1)) {
            Some(b'n' | b'r' | b't') => at.saturating_add(2),
            _ => self.give_up(),
        }
    }

    /// Shows the value that starts at `start` and has escapes of its own; gives the offset behind.
    pub(super) fn string_in_place(&mut self, walk: &mut Walk<'_>, start: usize) -> usize {
        let Some(end) = end_in_place(self.text, start) else {
            return self.give_up();
        };
        let raw = self.text.get(start..end).unwrap_or(&[]);
        let (part, behind) = self.end_string(start, end);
        // A name stands in pointers as it stands in the text, which has one escape too many here.
        if part == Part::Key || raw.len() > walk.decoded_left || !walk.pay(raw.len()) {
            return self.give_up();
        }
        let mut plain = walk.buffer();
        text::unescape(raw, &mut plain);
        if plain.contains(&b'\\') {
            let mut inner = walk.buffer();
            text::unescape(&plain, &mut inner);
            walk.recycle(core::mem::replace(&mut plain, inner));
        }
        walk.decoded(plain.len());
        self.member(walk, &plain, decode::classes(&plain), part);
        walk.recycle(plain);
        behind
    }

    /// Ends the walk: this document is not spelled in the usual way.
    fn give_up(&mut self) -> usize {
        self.gave_up = true;
        self.text.len()
    }
}

/// True if what stands behind an opening quote begins a document, its quotes escaped.
fn begins_document(text: &[u8]) -> bool {
    let inner = |text: &[u8]| match behind_space(text) {
        [b'\\', byte, ..] | [byte, ..] => Some(*byte),
        [] => None,
    };
    match behind_space(text) {
        [b'{', rest @ ..] => matches!(inner(rest), Some(b'"')),
        [b'[', rest @ ..] => matches!(inner(rest), Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9')),
        _ => false,
    }
}

/// The text behind white space, written plainly or as an escape.
fn behind_space(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ', behind @ ..] | [b'\\', b'n' | b'r' | b't', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

/// Where the escaped quote stands that ends the string in which `start` stands; `None` if nothing
/// ends it, or if a quote or backslash may be spelled as a number.
fn end_in_place(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at = at.saturating_add(scan::stop(text.get(at..)?));
        at = match text.get(at.saturating_add(1)..)? {
            [b'"', ..] => return Some(at),
            // An escape of the inner string, whose second byte may be escaped as well.
            [b'\\', b'\\', b'"' | b'\\', ..] => at.saturating_add(4),
            [b'\\', b'\\', ..] => return None,
            [b'\\', _, ..] => at.saturating_add(3),
            [b'n' | b'r' | b't' | b'b' | b'f' | b'/', ..] => at.saturating_add(2),
            [b'u', ..] => match text::unit(text.get(at..)?) {
                Some((0x80.., _)) => at.saturating_add(6),
                _ => return None,
            },
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{begins_document, end_in_place};
    use crate::walk::tests::Lines;
    use crate::{Coverage, Form, Gap, Steps, Visitor, walk};

    /// The forms of an event, but for containers of which nothing was left over.
    #[derive(Default)]
    struct Leaves(Lines);

    impl Visitor for Leaves {
        fn form(&mut self, form: &Form<'_>, steps: &mut Steps) {
            if !form.opened {
                self.0.form(form, steps);
            }
        }
    }

    /// The leaves, and what was not looked at; steps never end here.
    fn leaves(event: &[u8]) -> (BTreeSet<String>, Coverage) {
        let mut leaves = Leaves::default();
        let coverage = walk(event, &mut Steps::new(u64::MAX), &mut leaves);
        (leaves.0.0.into_iter().collect(), coverage)
    }

    /// An event whose body is a document; its first quote may be spelled as a number, which no walk
    /// in place reads.
    fn event(document: &[u8], quote: &str) -> Vec<u8> {
        let mut event = Vec::from(*b"{\"body\":\"");
        let mut first = true;
        for byte in document {
            match byte {
                b'"' if first => {
                    first = false;
                    event.extend_from_slice(quote.as_bytes());
                }
                b'"' | b'\\' => event.extend_from_slice(&[b'\\', *byte]),
                b'\n' => event.extend_from_slice(b"\\n"),
                byte => event.push(*byte),
            }
        }
        event.extend_from_slice(b"\"}");
        event
    }

    /// Both readings show the same, unless one says that it ran out of what decoders may make: that
    /// is counted from the bytes of a value, of which a document in place has some more, and what is
    /// left over of it has its own. So the reading in place never runs out alone.
    fn agrees(document: &[u8]) {
        let (in_place, coverage) = leaves(&event(document, "\\\""));
        let (unescaped, twin) = leaves(&event(document, "\\u0022"));
        let ran_out = |coverage: Coverage| coverage.gaps().any(|gap| gap == Gap::Budget);
        if ran_out(twin) {
            return;
        }
        assert_eq!(coverage, twin, "{}", document.escape_ascii());
        assert_eq!(in_place, unescaped, "{}", document.escape_ascii());
    }

    #[test]
    fn a_document_shows_the_same_in_place_as_unescaped() {
        for document in [
            r#"{"a":"x y","b":[1,"(z)"]}"#,
            r#"{"a":"say \"hi\" \\ \u0027 \n", "b\"":"' or 1"}"#,
            "{\n  \"a\" :\n \"' or 1=1\"\n}\n",
            r#"[{"key":"a+b"},{"object":{"key":"c+d"}}]"#,
            r#"{"a":"{\"b\":\"' or 1=1\"}"}"#,
            r#"{"a":"x" "b"}"#,
            r#"{"a":true,"b":1e5,"c":nope}"#,
            r#"["x"] ' or 1=1"#,
            r#"{"a":"x"#,
            r#"{"a":"%27%20or%201"}"#,
        ] {
            agrees(document.as_bytes());
        }
    }

    #[test]
    fn anything_shows_the_same_in_place_as_unescaped() {
        bolero::check!().for_each(|text: &[u8]| {
            // Nearly all of what documents are made of.
            let signs = br#"{}[]"",:\\nu027a'= %20"x1.""#;
            let mut document = Vec::from(*b"{\"");
            document.extend(
                text.iter()
                    .map(|byte| signs[usize::from(*byte) % signs.len()]),
            );
            agrees(&document);
        });
    }

    #[test]
    fn where_decoders_run_out_both_readings_say_so_and_show_the_text_itself() {
        // Each form of its string is JSON, escaped and percent-encoded again.
        let document = br#"{"[2\%22\222,0n\0071aa%a%001}'a00nnnnn020\\00000""#;
        for quote in ["\\\"", "\\u0022"] {
            let (leaves, coverage) = leaves(&event(document, quote));
            assert!(coverage.gaps().any(|gap| gap == Gap::Budget), "{quote}");
            let itself = leaves.iter().any(|line| line.ends_with("00000 [json]\n"));
            assert!(itself, "{quote}: {leaves:#?}");
        }
    }

    #[test]
    fn what_may_be_spelled_otherwise_is_left_to_the_walk_over_the_unescaped_text() {
        for body in [
            r#"{\"a\":\u0022' or 1=1\u0022}"#,
            r#"{\"a\":\"x\u0022,\"b\":\"' or 1=1\"}"#,
            r#"\u007b\"a\":\"' or 1=1\"}"#,
            r#"{\"a\"\u003a\"' or 1=1\"}"#,
        ] {
            let event = alloc::format!("{{\"body\":\"{body}\"}}");
            let (leaves, _) = leaves(event.as_bytes());
            let found = leaves
                .iter()
                .any(|line| line.contains("value Body \\' or 1=1 [json]"));
            assert!(found, "{body}: {leaves:#?}");
        }
    }

    #[test]
    fn a_document_begins_with_a_brace_and_an_escaped_quote_or_with_a_bracket() {
        for (text, begins) in [
            (r#"{\"a\":1}"#, true),
            (r#"{\n  \"a\": 1}"#, true),
            (r#" \r\n[ {\"a\":1}]"#, true),
            (r#"[\"a\"]"#, true),
            (r#"[12]"#, true),
            (r#"[a-z]"#, false),
            (r#"{name}"#, false),
            (r#"{\u0022a"#, false),
            (r#"plain"#, false),
            ("", false),
            ("{", false),
        ] {
            assert_eq!(begins_document(text.as_bytes()), begins, "{text}");
        }
    }

    #[test]
    fn a_string_ends_at_the_escaped_quote_that_no_backslash_of_its_own_escapes() {
        for (text, end) in [
            (r#"a\""#, Some(1)),
            (r#"a\\\"b\""#, Some(6)),
            (r#"a\\\\\""#, Some(5)),
            (r#"a\\n\""#, Some(4)),
            (r#"a\n\/\""#, Some(5)),
            (r#"Zo\u00eb\""#, Some(8)),
            (r#"a\u0022"#, None),
            (r#"a\u005c\""#, None),
            (r#"a\\\u0022\""#, None),
            (r#"a\q\""#, None),
            (r#"a"#, None),
            (r#"a\"#, None),
            (r#"a\\"#, None),
        ] {
            assert_eq!(end_in_place(text.as_bytes(), 0), end, "{text}");
        }
    }
}
