//! Leaks made unreadable where they stand, byte for byte, so that lengths and limits hold.
//! It never breaks a document: quotes, braces and the ends of strings stay.
use alloc::vec::Vec;

use credenza_engine::leak::Media;
use credenza_event::sorted;

use super::guard::Found;

/// What stands in the place of a byte.
const MASK: u8 = b'*';

/// What stands in the place of a digit of a number, wherever in it: none may begin with a zero.
const MASK_DIGIT: u8 = b'1';

/// Masks leaks in a text.
pub(super) fn apply(text: &mut [u8], media: Media, leaks: &[Found]) {
    let mut spans: Vec<(usize, usize)> = leaks.iter().map(|leak| (leak.start, leak.end)).collect();
    sorted::sort(&mut spans);
    let is_document = matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
    if media != Media::Json && !is_document {
        return blank(text, &spans);
    }
    Reader::default().mask_all(text, &spans);
}

/// Masks spans of a text that is no document.
pub(super) fn blank(text: &mut [u8], spans: &[(usize, usize)]) {
    for (start, end) in spans {
        let end = (*end).min(text.len());
        for byte in text.get_mut(*start..end).unwrap_or_default() {
            if !byte.is_ascii_whitespace() {
                *byte = MASK;
            }
        }
    }
}

/// Reads a document as far as telling strings from the rest takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reader {
    at: usize,
    in_string: bool,
}

impl Reader {
    /// Begins with the next part of the document, at an offset of it.
    pub(super) fn begin(&mut self, at: usize) {
        self.at = at;
    }

    /// Masks spans, which come in the order of their starts.
    pub(super) fn mask_all(&mut self, text: &mut [u8], spans: &[(usize, usize)]) {
        for (start, end) in spans {
            self.pass(text, (*start).min(text.len()));
            self.mask(text, (*end).min(text.len()));
        }
    }

    /// How much of the part was read.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// Reads on to an offset, or to the escape in which it lies.
    pub(super) fn pass(&mut self, text: &[u8], until: usize) {
        while self.at < until {
            let rest = text.get(self.at..until).unwrap_or_default();
            let Some(sign) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = until;
                return;
            };
            let place = self.at.saturating_add(sign);
            if text.get(place) == Some(&b'"') {
                self.in_string = !self.in_string;
                self.at = place.saturating_add(1);
                continue;
            }
            let behind = place.saturating_add(escape_bytes(text, place));
            if behind > until {
                self.at = place;
                return;
            }
            self.at = behind;
        }
    }

    /// Masks from here to an offset, and to the end of an escape in which it lies.
    fn mask(&mut self, text: &mut [u8], until: usize) {
        while self.at < until {
            let Some(byte) = text.get(self.at).copied() else {
                return;
            };
            let mut count = 1;
            let mut masked = byte;
            match (self.in_string, byte) {
                (_, b'"') => self.in_string = !self.in_string,
                (true, b'\\') => {
                    count = escape_bytes(text, self.at);
                    masked = MASK;
                }
                (true, _) => masked = MASK,
                (false, b'0'..=b'9') => masked = MASK_DIGIT,
                (false, _) => {}
            }
            let end = self.at.saturating_add(count).min(text.len());
            if let Some(bytes) = text.get_mut(self.at..end) {
                bytes.fill(masked);
            }
            self.at = end.max(self.at.saturating_add(1));
        }
    }
}

/// How many bytes the escape at an offset takes.
fn escape_bytes(text: &[u8], at: usize) -> usize {
    match text.get(at.saturating_add(1)) {
        Some(b'u') => 6,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use credenza_engine::Confidence;
    use credenza_engine::leak::{Media, OWN_SECRET};
    use credenza_policy::{Action, Verdict};

    use super::{Found, apply};

    fn masked(text: &str, part: &str, media: Media) -> String {
        let start = text.find(part).unwrap();
        let found = Found {
            rule: &OWN_SECRET,
            kind: "plain",
            secret: None,
            confidence: Confidence::High,
            verdict: Verdict::Flag,
            action: Action::Mask,
            shadow: None,
            canary: None,
            location: String::new(),
            start,
            end: start + part.len(),
        };
        let mut bytes = text.as_bytes().to_vec();
        apply(&mut bytes, media, &[found]);
        assert_eq!(bytes.len(), text.len());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_leak_is_masked_and_the_document_stays_one() {
        for (text, part, expected) in [
            (
                r#"{"a":"secret","b":1}"#,
                "secret",
                r#"{"a":"******","b":1}"#,
            ),
            (r#"{"a":"x\"y"}"#, r#"x\"y"#, r#"{"a":"****"}"#),
            (r#"{"a":"x\u002By"}"#, "002B", r#"{"a":"x******y"}"#),
            (r#"{"a":"xy\n"}"#, r"y\", r#"{"a":"x***"}"#),
            (r#"{"card":4012,"b":2}"#, "4012", r#"{"card":1111,"b":2}"#),
            (
                r#"{"a":"b","c":"d"}"#,
                r#"b","c":"d"#,
                r#"{"a":"*","*":"*"}"#,
            ),
            (r#"["é"]"#, "é", r#"["**"]"#),
        ] {
            assert_eq!(masked(text, part, Media::Json), expected);
        }
        assert_eq!(
            masked("key: s3cr\net \"x\"", "s3cr\net \"", Media::Text),
            "key: ****\n** *x\""
        );
    }
}
