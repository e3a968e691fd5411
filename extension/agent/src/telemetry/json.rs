//! One record as one line of JSON, with every string escaped and none longer than allowed.
//! It never writes a control character, a line break, or half a character.
use std::fmt::Write;

/// A line being written: `{"name":value,…}` and a line break.
#[derive(Debug)]
pub(crate) struct Line {
    text: String,
}

/// The mark of a shortened text; three bytes of UTF-8.
const ELLIPSIS: &str = "…";

impl Line {
    /// An empty object.
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(768);
        text.push('{');
        Self { text }
    }

    /// A string of at most `bytes_max` bytes after escaping; longer ones end in `…`.
    pub(crate) fn text(&mut self, name: &str, value: &[u8], bytes_max: usize) {
        self.name(name);
        self.quoted(value, bytes_max);
    }

    /// A string that is left out when empty.
    pub(crate) fn text_if_any(&mut self, name: &str, value: &[u8], bytes_max: usize) {
        if !value.is_empty() && bytes_max > 0 {
            self.text(name, value, bytes_max);
        }
    }

    /// A whole number.
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        let _ = write!(self.text, "{value}");
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.text.push_str(if value { "true" } else { "false" });
    }

    /// A list of plain words.
    pub(crate) fn words<'a>(&mut self, name: &str, words: impl IntoIterator<Item = &'a str>) {
        self.name(name);
        self.text.push('[');
        for (index, word) in words.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.quoted(word.as_bytes(), 32);
        }
        self.text.push(']');
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.text.push_str(json);
    }

    /// A pair of numbers.
    pub(crate) fn pair(&mut self, name: &str, first: u32, second: u32) {
        self.name(name);
        let _ = write!(self.text, "[{first},{second}]");
    }

    /// The finished line, its line break included.
    pub(crate) fn done(self) -> String {
        let mut text = self.object();
        text.push('\n');
        text
    }

    /// The finished object, as a part of another.
    pub(crate) fn object(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        let _ = write!(self.text, "\"{name}\":");
    }

    fn quoted(&mut self, value: &[u8], bytes_max: usize) {
        self.text.push('"');
        let start = self.text.len();
        // Where the text may be cut so that the mark still fits behind it.
        let mut cut = start;
        let mut piece = String::with_capacity(8);
        'text: for chunk in value.utf8_chunks() {
            let broken = if chunk.invalid().is_empty() {
                None
            } else {
                Some('\u{fffd}')
            };
            for letter in chunk.valid().chars().chain(broken) {
                piece.clear();
                escape(letter, &mut piece);
                let used = self.text.len() - start;
                if used + piece.len() > bytes_max {
                    self.text.truncate(cut);
                    if bytes_max >= ELLIPSIS.len() {
                        self.text.push_str(ELLIPSIS);
                    }
                    break 'text;
                }
                self.text.push_str(&piece);
                if self.text.len() - start + ELLIPSIS.len() <= bytes_max {
                    cut = self.text.len();
                }
            }
        }
        self.text.push('"');
    }
}

/// Appends one character as JSON writes it; what a terminal might act on is written as an escape.
fn escape(letter: char, text: &mut String) {
    match letter {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        // Bidirectional controls reorder a terminal's line, and U+2028 breaks it for some readers.
        '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => {
            let _ = write!(text, "\\u{:04x}", u32::from(letter));
        }
        _ if letter.is_control() => {
            let _ = write!(text, "\\u{:04x}", u32::from(letter));
        }
        _ => text.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::Line;

    fn check(value: &[u8], bytes_max: usize, expected: &Expect) {
        let mut line = Line::new();
        line.text("a", value, bytes_max);
        expected.assert_eq(line.done().trim_end());
    }

    #[test]
    fn what_could_break_a_line_or_move_a_terminal_is_escaped() {
        check(b"plain", 99, &expect![[r#"{"a":"plain"}"#]]);
        check(
            b"\r\n\t\0\x1b[31m\x7f\"\\",
            99,
            &expect![[r#"{"a":"\u000d\u000a\u0009\u0000\u001b[31m\u007f\"\\"}"#]],
        );
        check(
            "\u{85}\u{202e}\u{2028}é".as_bytes(),
            99,
            &expect![[r#"{"a":"\u0085\u202e\u2028é"}"#]],
        );
        check(b"a\xff\xc3(", 99, &expect![[r#"{"a":"a��("}"#]]);
    }

    #[test]
    fn a_long_text_is_shortened_between_characters_and_escapes() {
        check(b"abcdef", 6, &expect![[r#"{"a":"abcdef"}"#]]);
        check(b"abcdefg", 6, &expect![[r#"{"a":"abc…"}"#]]);
        check("äöüäöü".as_bytes(), 6, &expect![[r#"{"a":"ä…"}"#]]);
        check(b"ab\n\n", 9, &expect![[r#"{"a":"ab…"}"#]]);
        check(b"abc", 2, &expect![[r#"{"a":""}"#]]);
    }

    #[test]
    fn every_text_becomes_one_line_within_its_bound() {
        bolero::check!()
            .with_type::<(Vec<u8>, u8)>()
            .for_each(|(value, bytes_max)| {
                let mut line = Line::new();
                line.text("a", value, usize::from(*bytes_max));
                let line = line.done();
                assert!(line.len() <= usize::from(*bytes_max) + r#"{"a":""}"#.len() + 1);
                let body = line.strip_suffix('\n').unwrap();
                assert!(body.chars().all(|letter| !letter.is_control()), "{body:?}");
            });
    }
}
