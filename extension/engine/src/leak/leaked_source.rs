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
    page: include_str!("leaked_source.md"),
};

// Limit: a function has some hundred to some thousand lines of its own; 16,384 of four bytes are
// 64 KiB, and what else it has are libraries that everybody can read.
const LINES_MAX: usize = 16 * 1024;

// Limit: 8 KiB of bits for 16,384 lines: a quarter of the other lines is read in vain where there
// are so many, and one in a hundred of a usual function.
const BITS: u32 = 16;

/// So many lines that follow each other, with so many bytes, are no chance.
const DOUBT: (usize, usize) = (3, 120);
/// So many are a file that was sent.
const SURE: (usize, usize) = (8, 320);

/// The fingerprints of a function's lines.
#[derive(Default)]
pub struct Fingerprints {
    lines: Vec<u32>,
    /// A bit for the beginning of each line.
    beginnings: Vec<u64>,
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
                self.mark(line.beginning());
            }
        }
    }

    /// Brings the lines into the order in which they are found.
    pub fn seal(&mut self) {
        self.lines.sort_unstable();
        self.lines.dedup();
        self.lines.shrink_to_fit();
    }

    fn mark(&mut self, beginning: Option<u32>) {
        if self.beginnings.is_empty() {
            self.beginnings = vec![0; 1 << (BITS - 6)];
        }
        if let Some(beginning) = beginning {
            let (word, bit) = place(beginning);
            if let Some(word) = self.beginnings.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// True if there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// True if no line begins so.
    fn is_strange(&self, line: &Line<'_>) -> bool {
        line.beginning().is_some_and(|beginning| {
            let (word, bit) = place(beginning);
            self.beginnings.get(word).is_none_or(|word| word & bit == 0)
        })
    }

    fn knows(&self, line: &Line<'_>) -> bool {
        !self.is_strange(line) && self.lines.binary_search(&line.hash()).is_ok()
    }

    /// Adds the runs of lines that the function's files have, too.
    pub fn seek(&self, text: &OutputText<'_>, leaks: &mut Leaks) {
        if self.is_empty() {
            return;
        }
        let mut run = Run::default();
        for line in lines(text.bytes, 0) {
            if self.knows(&line) && line.tells() {
                run.go_on(&line);
            } else if line.tells() && run.ends() {
                run.tell(text, leaks);
                run = Run::default();
            }
        }
        run.tell(text, leaks);
    }
}

/// The word and the bit of a beginning.
fn place(beginning: u32) -> (usize, u64) {
    let hash = beginning >> (u32::BITS - BITS);
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
