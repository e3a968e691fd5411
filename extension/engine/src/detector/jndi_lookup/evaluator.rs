//! What nested lookups spell: a stack of short texts, written as lookups close.
//! It never keeps more of a lookup than its first bytes, and never more than eight at once.
use credenza_event::Span;

use super::lookup::{self, Answer};
use crate::report::Confidence;

// Limit: `jndi:` and its protocol have 15 bytes; a charset and a protocol 24; a host or a variable
// some 40 more.
const TEXT_BYTES_MAX: usize = 64;
// Limit: known nestings are four deep; a lookup costs at most the 64 bytes that it writes, so eight
// around 64 bytes cost five steps a byte.
const DEPTH_MAX: usize = 8;
// Limit: what a URL has before its path.
const HOST_BYTES_MAX: usize = 128;

/// A lookup that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) context: &'static str,
    pub(super) production: &'static str,
    pub(super) span: Span,
}

/// The text of a lookup that is open, as far as it is spelt out.
#[derive(Clone, Copy)]
struct Frame {
    text: [u8; TEXT_BYTES_MAX],
    len: usize,
    /// Where it began in the text.
    began: usize,
}

impl Frame {
    const EMPTY: Self = Self {
        text: [0; TEXT_BYTES_MAX],
        len: 0,
        began: 0,
    };

    fn text(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or(&[])
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len = self.len.saturating_add(1);
        }
    }
}

struct Evaluator<'t> {
    source: &'t [u8],
    at: usize,
    frames: [Frame; DEPTH_MAX],
    depth: usize,
    /// The last byte that was written outside of all lookups.
    last: u8,
    found: Option<Found>,
}

/// The strongest finding of a text, the first of equals.
pub(super) fn strongest(source: &[u8]) -> Option<Found> {
    let mut evaluator = Evaluator {
        source,
        at: 0,
        frames: [Frame::EMPTY; DEPTH_MAX],
        depth: 0,
        last: 0,
        found: None,
    };
    while let Some(&byte) = source.get(evaluator.at) {
        if evaluator.depth == 0 && byte != b'{' {
            // Outside of a lookup only what opens one counts.
            let rest = source.get(evaluator.at..).unwrap_or(&[]);
            let Some(brace) = memchr::memchr(b'{', rest) else {
                break;
            };
            evaluator.at = evaluator.at.saturating_add(brace);
            evaluator.last = source
                .get(evaluator.at.saturating_sub(1))
                .copied()
                .unwrap_or(0);
            continue;
        }
        evaluator.at = evaluator.at.saturating_add(1);
        evaluator.read(byte);
        if evaluator
            .found
            .is_some_and(|found| found.confidence == Confidence::High)
        {
            break;
        }
    }
    evaluator.found
}

impl Evaluator<'_> {
    fn read(&mut self, byte: u8) {
        match byte {
            b'}' if self.depth > 0 => self.close(),
            _ => self.write(byte),
        }
    }

    fn top(&mut self) -> Option<&mut Frame> {
        let top = self.depth.checked_sub(1)?;
        self.frames.get_mut(top)
    }

    /// Writes one byte into the innermost lookup; `${` opens one, whoever has written it.
    fn write(&mut self, byte: u8) {
        let Some(top) = self.top() else {
            if byte == b'{' && self.last == b'$' {
                self.open();
            }
            self.last = byte;
            return;
        };
        if byte == b'{' && top.text().last() == Some(&b'$') {
            // A second dollar only keeps the lookup for the next round.
            while top.text().last() == Some(&b'$') {
                top.len = top.len.saturating_sub(1);
            }
            self.open();
            return;
        }
        top.push(byte);
        if byte == b':' {
            let (meaning, began) = (lookup::at_colon(top.text()), top.began);
            self.note(meaning, began);
        }
    }

    fn open(&mut self) {
        let began = self.at.saturating_sub(2);
        let began = self
            .frames
            .first()
            .filter(|_| self.depth > 0)
            .map_or(began, |f| f.began);
        // Deeper than that nothing is spelt out: the innermost lookup begins anew.
        self.depth = self.depth.saturating_add(1).min(DEPTH_MAX);
        if let Some(top) = self.top() {
            top.len = 0;
            top.began = began;
        }
    }

    /// Closes the innermost lookup and writes what it gives back into the one around it.
    fn close(&mut self) {
        let Some(frame) = self.top().copied() else {
            return;
        };
        self.depth = self.depth.saturating_sub(1);
        self.last = 0;
        let text = frame.text();
        self.note(lookup::at_end(text), frame.began);
        if lookup::is_secret(text) && self.is_sent(frame.began) {
            self.note(
                Some((Confidence::High, "log4j", "secret-sent")),
                frame.began,
            );
        }
        match lookup::answer(text) {
            Answer::Text(text) => self.write_all(text),
            Answer::Lower(text) => self.write_folded(text, u8::to_ascii_lowercase),
            Answer::Upper(text) => self.write_folded(text, u8::to_ascii_uppercase),
            Answer::Quoted(text) => {
                for part in text.split(|byte| *byte == b'\'').skip(1).step_by(2) {
                    self.write_all(part);
                }
            }
            Answer::Base64(text) => self.write_base64(text),
            Answer::Unknown => self.write(UNKNOWN),
        }
    }

    fn write_all(&mut self, text: &[u8]) {
        for byte in text {
            self.write(*byte);
        }
    }

    /// Writes a text in one case; the two letters whose other case is ASCII become ASCII.
    fn write_folded(&mut self, text: &[u8], fold: fn(&u8) -> u8) {
        let mut rest = text;
        while let Some((byte, behind)) = rest.split_first() {
            rest = match rest {
                // ı and İ.
                [0xc4, 0xb0 | 0xb1, behind @ ..] => {
                    self.write(fold(&b'i'));
                    behind
                }
                // ſ.
                [0xc5, 0xbf, behind @ ..] => {
                    self.write(fold(&b's'));
                    behind
                }
                _ => {
                    self.write(fold(byte));
                    behind
                }
            };
        }
    }

    fn write_base64(&mut self, text: &[u8]) {
        let (mut bits, mut held) = (0_u32, 0_u32);
        for byte in text {
            let Some(value) = base64_value(*byte) else {
                return;
            };
            bits = bits.wrapping_shl(6) | value;
            held = held.saturating_add(6);
            if held >= 8 {
                held = held.saturating_sub(8);
                let byte = bits.wrapping_shr(held) & 0xff;
                self.write(u8::try_from(byte).unwrap_or(0));
            }
        }
    }

    /// True if a lookup that began at `began` stands in a URL: a host is sent what it gives back.
    fn is_sent(&self, began: usize) -> bool {
        let before = self.source.get(..began).unwrap_or(&[]);
        let near = before.len().saturating_sub(HOST_BYTES_MAX);
        let before = before.get(near..).unwrap_or(&[]);
        let word = before.rsplit(u8::is_ascii_whitespace).next();
        word.is_some_and(|word| word.windows(3).any(|window| window == b"://"))
    }

    fn note(&mut self, meaning: Option<lookup::Meaning>, began: usize) {
        let Some((confidence, context, production)) = meaning else {
            return;
        };
        if self.found.is_some_and(|old| old.confidence >= confidence) {
            return;
        }
        // A lookup ends at the next space or brace; what stands behind is not its business.
        let rest = self.source.get(self.at..).unwrap_or(&[]);
        let tail = rest
            .iter()
            .take(HOST_BYTES_MAX)
            .take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'}')
            .count();
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.found = Some(Found {
            confidence,
            context,
            production,
            span: Span {
                start: offset(began),
                end: offset(
                    self.at
                        .saturating_add(tail)
                        .saturating_add(1)
                        .min(self.source.len()),
                ),
            },
        });
    }
}

/// Stands for a value that only the process knows.
const UNKNOWN: u8 = 0x1a;

fn base64_value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
