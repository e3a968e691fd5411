//! The function's own program text in its output, by the fingerprints of its lines.
//! It never keeps a line, and never takes what a program is meant to send for a line of it.
//!
#![doc = include_str!("leaked_source.md")]
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::{Leak, Leaks, OutputText};
use crate::detector::Rule;
use crate::report::Confidence;

mod language;
mod line;

pub use self::language::Language;
use self::line::{Line, lines};

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-source",
    class: "source",
    cwe: 540,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("leaked_source.md"),
};

// Limit: a function has some hundred to some thousand lines of its own; 8,192 of four bytes are
// 32 KiB, and what else it has are libraries that everybody can read.
const LINES_MAX: usize = 8 * 1024;

// Limit: 64 KiB of bits for the 300,000 pieces of so many lines: two pieces in five of other texts
// seem to be known then, and nine in a row never are.
const BITS: u32 = 19;

/// Bytes of a piece.
const PIECE_BYTES: usize = 8;
/// Pieces that must be known in a row before anybody looks at lines.
const PIECES: usize = 9;
// Limit: three lines of 120 bytes hold seven such places, wherever they are spelled otherwise.
const STRIDE: usize = 16;
// Limit: the lines before a known piece belong to its run, as far as a window of a stream has them.
const BACK_BYTES: usize = 1024;

/// So many lines that follow each other, with so many bytes, are no chance.
const DOUBT: (usize, usize) = (3, 120);
/// So many are a file that was sent.
const SURE: (usize, usize) = (8, 320);

/// The fingerprints of a function's lines.
#[derive(Default)]
pub struct Fingerprints {
    lines: Vec<u32>,
    /// A bit for each piece of each line.
    pieces: Vec<u64>,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprints({} lines)", self.lines.len())
    }
}

impl Fingerprints {
    /// Notes the lines of a file, as far as there is room; those in texts that it may send, and
    /// comments, are left out.
    pub fn add(&mut self, language: Language, text: &[u8]) {
        let mut reader = language.reader();
        for raw in text.split(|byte| *byte == b'\n') {
            if !reader.is_program(raw) {
                continue;
            }
            for line in lines(raw, 0).filter(Line::tells) {
                if self.lines.len() >= LINES_MAX {
                    return;
                }
                self.lines.push(line.hash());
                self.mark(line.text);
            }
        }
    }

    /// Brings the lines into the order in which they are found.
    pub fn seal(&mut self) {
        credenza_event::sorted::sort(&mut self.lines);
        self.lines.dedup();
        self.lines.shrink_to_fit();
    }

    fn mark(&mut self, line: &[u8]) {
        if self.pieces.is_empty() {
            self.pieces = vec![0; 1 << (BITS - 6)];
        }
        for piece in line.windows(PIECE_BYTES) {
            let (word, bit) = place(piece);
            if let Some(word) = self.pieces.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// True if there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// True if a piece at the start of a text may stand in a line.
    #[inline]
    fn may_hold(&self, piece: &[u8]) -> bool {
        let (word, bit) = place(piece);
        self.pieces.get(word).is_some_and(|word| word & bit != 0)
    }

    fn knows(&self, line: &Line<'_>) -> bool {
        line.tells() && self.lines.binary_search(&line.hash()).is_ok()
    }

    /// The next place from which on pieces of lines follow each other.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(piece) = text.get(at..at.saturating_add(PIECE_BYTES)) {
            if self.may_hold(piece) {
                let end = at.saturating_add(PIECE_BYTES).saturating_add(PIECES);
                let near = text.get(at..end.min(text.len())).unwrap_or(&[]);
                if near.windows(PIECE_BYTES).all(|piece| self.may_hold(piece)) {
                    return Some(at);
                }
            }
            at = at.saturating_add(STRIDE);
        }
        None
    }

    /// Adds the runs of lines that the function's files have, too.
    pub fn seek(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        if self.is_empty() {
            return;
        }
        let (mut at, mut read) = (0_usize, 0_usize);
        while let Some(found) = self.next(text.bytes, at) {
            let from = found.saturating_sub(BACK_BYTES).max(read);
            read = self.follow(text, from, found, leaks);
            at = read.max(found.saturating_add(STRIDE));
        }
    }

    /// Reads lines from an offset on, to the end of the run that a place stands in; where it ended.
    fn follow(&self, text: &OutputText<'_>, from: usize, place: usize, leaks: &mut Leaks) -> usize {
        let mut run = Run::default();
        for line in lines(text.bytes, from) {
            if self.knows(&line) {
                run.go_on(&line);
            } else if line.tells() && run.ends() || line.text.len() > BACK_BYTES {
                run.tell(text, leaks);
                run = Run::default();
                if line.end > place {
                    return line.end;
                }
            }
        }
        run.tell(text, leaks);
        text.bytes.len()
    }
}

/// The word and the bit of a piece.
#[inline]
fn place(piece: &[u8]) -> (usize, u64) {
    let bytes = piece.first_chunk().copied().unwrap_or([0; PIECE_BYTES]);
    let number = u64::from_le_bytes(bytes);
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS);
    let word = usize::try_from(hash >> 6).unwrap_or(usize::MAX);
    (word, 1 << (hash & 63))
}

/// Lines of the function that follow each other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    start: usize,
    end: usize,
    lines: usize,
    bytes: usize,
    last: u32,
    /// A strange line was passed since the last known one.
    is_broken: bool,
}

impl Run {
    fn go_on(&mut self, line: &Line<'_>) {
        // A line that repeats says nothing new.
        let hash = line.hash();
        if self.lines == 0 {
            self.start = line.start;
        }
        self.end = line.end;
        self.is_broken = false;
        if hash != self.last {
            self.lines = self.lines.saturating_add(1);
            self.bytes = self.bytes.saturating_add(line.text.len());
        }
        self.last = hash;
    }

    /// Notes a strange line; true if it is the second in a row.
    fn ends(&mut self) -> bool {
        core::mem::replace(&mut self.is_broken, true)
    }

    fn tell(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        let has = |(lines, bytes): (usize, usize)| self.lines >= lines && self.bytes >= bytes;
        if !has(DOUBT) || text.is_cut(self.start, self.end) {
            return;
        }
        leaks.add(Leak {
            rule: &RULE,
            kind: "program-text",
            confidence: if has(SURE) {
                Confidence::High
            } else {
                Confidence::Medium
            },
            start: self.start,
            end: self.end,
        });
    }
}

#[cfg(test)]
mod tests;
