//! What stands behind a line break: a block of fields, a message, or anything else.
//! It never reads more than the lines that decide.
use memchr::memchr2;

use super::known::{self, Line};
use crate::sought;

/// What was read behind a line break.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The line that weighs most.
    pub(super) line: Line,
    /// The lines up to the first empty one are fields, each of them.
    pub(super) is_whole: bool,
    /// A page begins behind an empty line.
    pub(super) has_page: bool,
    /// Bytes of it.
    pub(super) len: usize,
}

// Limit: an injected head has a handful of fields; nobody sends more than sixteen.
const LINES_MAX: usize = 16;
// Limit: of each line no more is read than a field and its value have.
const LINE_BYTES_MAX: usize = 512;

/// How lines are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    /// By CR, LF or both.
    Real,
    /// By `\r\n` or `\n` in letters, which some program undoes, or by the characters U+560A and
    /// U+560D, of which programs that cut characters to bytes keep LF and CR.
    Spelled,
}

/// The first line of a text that is broken by what is spelled, and what stands behind its break.
fn split_spelled(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let cut = [b"\xe5\x98\x8a".as_slice(), b"\xe5\x98\x8d"];
    let cuts = cut.iter().filter_map(|sign| sought::find(text, sign));
    let at = sought::find(text, b"\\n").into_iter().chain(cuts).min()?;
    let line = text.get(..at).unwrap_or(&[]);
    let line = line.strip_suffix(b"\\r").unwrap_or(line);
    let mut behind = text.get(at..).unwrap_or(&[]);
    if let Some(rest) = behind.strip_prefix(b"\\n") {
        return Some((line, rest));
    }
    while let Some(rest) = cut.iter().find_map(|sign| behind.strip_prefix(*sign)) {
        behind = rest;
    }
    Some((line, behind))
}

/// The first line of a text, and what stands behind its break.
pub(super) fn split(text: &[u8], breaks: Breaks) -> Option<(&[u8], &[u8])> {
    if breaks == Breaks::Spelled {
        return split_spelled(text);
    }
    let at = memchr2(b'\r', b'\n', text)?;
    let line = text.get(..at).unwrap_or(&[]);
    let behind = text.get(at..).unwrap_or(&[]);
    let behind = behind
        .strip_prefix(b"\r\n")
        .or_else(|| behind.get(1..))
        .unwrap_or(&[]);
    Some((line, behind))
}

/// Reads what stands behind a line break.
pub(super) fn read(text: &[u8], breaks: Breaks) -> Block {
    let mut block = Block {
        line: Line::Other,
        is_whole: true,
        has_page: false,
        len: 0,
    };
    let mut rest = text;
    for count in 0..LINES_MAX {
        let near = rest.get(..LINE_BYTES_MAX).unwrap_or(rest);
        let (line, behind) = match split(near, breaks) {
            Some((line, behind)) => {
                let used = near.len().saturating_sub(behind.len());
                (line, rest.get(used..).unwrap_or(&[]))
            }
            None => (near, &[][..]),
        };
        if line.trim_ascii().is_empty() {
            block.has_page = known::is_page(behind);
            // A message may begin behind an empty line.
            let start = behind.get(..LINE_BYTES_MAX).unwrap_or(behind);
            let start = split(start, breaks).map_or(start, |(line, _)| line);
            if known::line(start).is_start() {
                block.line = known::line(start);
            }
            break;
        }
        // One blank before a name is a fold that some programs undo.
        let unfolded = match line {
            [b' ' | b'\t', name @ ..] if count == 0 => name,
            _ => line,
        };
        let said = known::line(unfolded);
        if !said.is_field() && !said.is_start() {
            block.is_whole = false;
            break;
        }
        block.line = heavier(block.line, said);
        block.len = text.len().saturating_sub(behind.len());
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    block
}

/// The line that says more.
fn heavier(one: Line, other: Line) -> Line {
    let weight = |line| match line {
        Line::Other => 0,
        Line::Field => 1,
        Line::Dashed => 2,
        Line::Mail => 3,
        Line::Http => 4,
        Line::Request | Line::Status => 5,
    };
    if weight(other) > weight(one) {
        other
    } else {
        one
    }
}
