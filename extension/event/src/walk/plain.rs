//! Members of which nobody makes anything, as most are: passed in a row without another look.
//! It never passes what the visitor may want to see, nor anything that is out of the ordinary.
use super::Walk;
use super::document::Document;
use super::heads::Heads;
use crate::decode;
use crate::form::{Classes, Part};
use crate::path::Frame;
use crate::scan::{self, Scanner};

/// What is known of all members of a container.
struct Row<'r, 'd> {
    text: &'d [u8],
    scanner: &'r mut Scanner<'d>,
    frame: &'r mut Frame,
    heads: &'static Heads,
    /// A quote, behind its backslash where the document is walked inside its string.
    quote: u32,
    /// The bits that a quote takes.
    bits: u32,
}

/// A string that may be passed.
struct Passed {
    start: usize,
    end: usize,
    /// The offset behind its closing quote.
    behind: usize,
    /// What stands there.
    ahead: u8,
    /// Its first three bytes.
    head: u32,
}

impl Document<'_> {
    /// Passes members from `at` on, where one is due, or its value; gives the offset of what has to
    /// be looked at.
    #[inline(never)]
    pub(super) fn pass(&mut self, walk: &Walk<'_>, at: usize) -> usize {
        let depth = self.frames.len();
        let (Some(heads), Some(frame), 0) = (walk.heads, self.frames.last_mut(), self.deeper)
        else {
            return at;
        };
        let reads_names = self.places.reads_names(depth);
        let is_in_place = self.is_in_place;
        let mut row = Row {
            text: self.text,
            scanner: &mut self.scanner,
            frame,
            heads,
            quote: if is_in_place { 0x225c } else { 0x22 },
            bits: if is_in_place { 16 } else { 8 },
        };
        let mut at = at;
        while let Some(window) = window(self.text, at) {
            let behind = if row.is_quote(low(window)) {
                let Some(string) = row.string(at, window) else {
                    break;
                };
                if string.ahead == b':' {
                    if !row.is_cold(walk, &string, Part::Key) {
                        break;
                    }
                    self.plus = false;
                    if reads_names {
                        self.places.enter(depth, row.raw(&string));
                    }
                    let is_doubled = row.frame.enter(self.text, string.start, string.end);
                    if is_doubled && self.odd_from.is_none() {
                        self.shape.doubled = self.shape.doubled.saturating_add(1);
                    }
                    at = string.behind.wrapping_add(1);
                    continue;
                }
                if !row.is_cold(walk, &string, Part::Value) {
                    break;
                }
                string.behind
            } else {
                match bare(window, is_in_place) {
                    Bare::Space(len) => {
                        at = at.wrapping_add(len);
                        continue;
                    }
                    Bare::Value(len) => at.wrapping_add(len),
                    Bare::Else => break,
                }
            };
            match self.text.get(behind) {
                Some(b',') => row.frame.index = row.frame.index.saturating_add(1),
                Some(b'}' | b']') => {
                    self.behind_value = true;
                    return behind;
                }
                _ => break,
            }
            at = behind.wrapping_add(1);
        }
        at
    }
}

impl Row<'_, '_> {
    #[inline]
    fn is_quote(&self, bytes: u32) -> bool {
        (bytes ^ self.quote).wrapping_shl(32_u32.wrapping_sub(self.bits)) == 0
    }

    /// The string whose opening quote stands at `at`, before which `window` begins, if there is
    /// nothing in it but letters, digits and the signs of words.
    #[expect(clippy::inline_always, reason = "a call takes as long as what it does")]
    #[inline(always)]
    fn string(&mut self, at: usize, window: u64) -> Option<Passed> {
        let quote = (self.bits / 8) as usize;
        let start = at.wrapping_add(quote);
        let end = self.scanner.plain(start)?;
        let closing = u32::from_le_bytes(*self.text.get(end..)?.first_chunk()?);
        let [ahead, ..] = closing.wrapping_shr(self.bits).to_le_bytes();
        self.is_quote(closing).then_some(Passed {
            start,
            end,
            behind: end.wrapping_add(quote),
            ahead,
            head: low(window.wrapping_shr(self.bits)) & 0xff_ffff,
        })
    }

    fn raw(&self, string: &Passed) -> &[u8] {
        self.text.get(string.start..string.end).unwrap_or(&[])
    }

    /// True if nobody makes anything of a string.
    #[expect(clippy::inline_always, reason = "a call takes as long as what it does")]
    #[inline(always)]
    fn is_cold(&self, walk: &Walk<'_>, string: &Passed, part: Part) -> bool {
        let len = string.end.wrapping_sub(string.start);
        let (long, is_named) = match part {
            // One name means something to its neighbours.
            Part::Key => (Heads::LONG_NAME_BYTES, string.head == 0x79_656b && len == 3),
            Part::Value => (decode::VALUE_BYTES_MIN, false),
        };
        if len < long && !self.heads.may_begin(string.head) {
            return !is_named;
        }
        !is_named && walk.is_cold(self.raw(string), Classes::default(), part)
    }
}

/// What stands at the begin of a window, if it is no string.
enum Bare {
    /// White space of so many bytes.
    Space(usize),
    /// A number or literal of so many bytes.
    Value(usize),
    /// Anything else, or something that does not end in the window.
    Else,
}

#[expect(clippy::inline_always, reason = "a call takes as long as what it does")]
#[inline(always)]
fn bare(window: u64, is_in_place: bool) -> Bare {
    match window.to_le_bytes() {
        [b'0'..=b'9', ..] => scan::number(window).map_or(Bare::Else, Bare::Value),
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Bare::Value(4),
        [b'f', b'a', b'l', b's', b'e', ..] => Bare::Value(5),
        [b' ' | b'\n' | b'\r' | b'\t', ..] => Bare::Space(1),
        [b'\\', b'n' | b'r' | b't', ..] if is_in_place => Bare::Space(2),
        _ => Bare::Else,
    }
}

/// Eight bytes of a text, the first one lowest; `None` near its end.
#[inline]
fn window(text: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*text.get(at..)?.first_chunk()?))
}

/// The first four bytes of a window.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the others are not asked for"
)]
#[inline]
fn low(window: u64) -> u32 {
    window as u32
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::super::tests::Lines;
    use super::Heads;
    use crate::{Classes, Form, Part, Shape, Steps, Visitor, walk};

    static HEADS: Heads = Heads::of("key org 169 py/");

    /// Ignores what `HEADS` say nothing of; `is_told` if it tells the walker which those are.
    struct Ignoring {
        is_told: bool,
        lines: Lines,
    }

    impl Visitor for Ignoring {
        fn form(&mut self, form: &Form<'_>, steps: &mut Steps) {
            let classes = Classes::of(form.text);
            let is_short = form.text.len() < 12;
            if is_short && !form.opened && self.ignores(form.text, classes, form.part) {
                return;
            }
            self.lines.form(form, steps);
        }

        fn ignores(&self, text: &[u8], classes: Classes, part: Part) -> bool {
            classes == Classes::default() && !HEADS.may_mean(text, part)
        }

        fn heads(&self) -> Option<&'static Heads> {
            self.is_told.then_some(&HEADS)
        }

        fn shape(&mut self, _: &Form<'_>, shape: &Shape) {
            self.lines.0.push(alloc::format!("{shape:?}"));
        }
    }

    fn lines(event: &[u8], is_told: bool) -> Vec<String> {
        let mut visitor = Ignoring {
            is_told,
            lines: Lines::default(),
        };
        let coverage = walk(event, &mut Steps::new(1 << 30), &mut visitor);
        visitor.lines.0.push(alloc::format!("{coverage:?}"));
        visitor.lines.0
    }

    /// What is passed is what would have been ignored, and all else is shown with the same pointer.
    fn agrees(document: &str) {
        let escaped = document.replace('\\', "\\\\").replace('"', "\\\"");
        let escaped = escaped.replace('\n', "\\n");
        let nested = alloc::format!("{{\"a\":1,\"body\":\"{escaped}\",\"c d\":\"e f\"}}");
        for event in [document, &nested] {
            let event = event.as_bytes();
            assert_eq!(lines(event, true), lines(event, false), "{document}");
        }
    }

    #[test]
    fn members_are_passed_as_if_each_had_been_asked_for() {
        for document in [
            r#"{"id":1,"name":"x y","a":"b","b":2.5,"c":true,"d":false,"e":null,"f":"(z)"}"#,
            r#"{"a": 1, "b": "c", "d" : "e (f)", "g":["h","i j", 3]}"#,
            "{\n\t\"a\": 1,\r\n  \"b\": \"c\",\n  \"d\": \"e f\"\n}\n",
            r#"{"a":1,"a":2,"a":"x y","a":3}"#,
            r#"{"object":{"key":"c+d e","kex":"c+d"},"key":"a+b (c)"}"#,
            r#"{"a":12345678,"b":1.5.5,"c":.5,"d":5.,"e":-1,"f":truex,"g":"h i"}"#,
            r#"{"a":"b" "c d","e":1 2,"f":"g"x,"h":"i j"}"#,
            r#"["a","b",{"c":"d e"},["f","(g)"],"h i","j"]"#,
            r#"{"a":"1e9","b":"/","c":"/x","d":"169.2","e":"py/x","f":"g h","Key":"1"}"#,
            r#"{"aaaaaaaaaaaaaaaaaaaaa":"bbbbbbbbbbbb","c":"ddddddddddd","":"","e":"./","f":"()"}"#,
            r#"{"queryStringParameters":{"a":"b","c":"d e"},"rawPath":"/x y","body":"a=b c"}"#,
            r#""a","b c","#,
            r#""a":"b c","#,
            r#"{"a":tru"#,
            r#"{"a":"b"#,
        ] {
            agrees(document);
        }
    }

    #[test]
    fn any_members_are_passed_as_if_each_had_been_asked_for() {
        const PARTS: [&str; 40] = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"a\":",
            "\"b\",",
            "\"key\":",
            "\"object\":",
            "1",
            "2.5,",
            "1234567",
            ".",
            "-1,",
            "true,",
            "false",
            "null,",
            "tru",
            " ",
            "\n",
            "\"x y\",",
            "\"(z)\"",
            "\"c\":\"d\",",
            "\"e\":{",
            "\"f\":[",
            "},",
            "],",
            "\"/x\",",
            "\"py/\":",
            "\"1e5\",",
            "\"ordinary-name\":",
            "\"203.0.113.7\",",
            "\"longer-than-most\",",
            "a",
            ".",
            "/",
            "'",
            "\"records\":[{\"body\":\"",
        ];
        bolero::check!().with_type::<Vec<u8>>().for_each(|picks| {
            let part = |pick: &u8| PARTS[usize::from(*pick) % PARTS.len()];
            let document: String = picks.iter().map(part).collect();
            agrees(&alloc::format!("{{{document}"));
        });
    }
}
