//! What stands around a command that was read: where it ends, and what follows.
//! It never looks further than a few dozen bytes.
use memchr::memchr_iter;

use super::command;
use super::word::{self, skip_blank};
use super::worth::Break;

/// A value, and the sign in it that stands for a space, if any.
#[derive(Clone, Copy)]
pub(super) struct Around<'t> {
    pub(super) text: &'t [u8],
    pub(super) blank: u8,
}

impl Around<'_> {
    fn peek(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// `{cat,/etc/passwd}`, `(id)`, `!id`.
    pub(super) fn skip_openings(&self, at: usize) -> (usize, u8) {
        let rest = self.text.get(at..).unwrap_or_default();
        let signs = rest
            .iter()
            .take(4)
            .take_while(|b| matches!(b, b'(' | b'{' | b'!'))
            .count();
        let opened = rest.get(..signs).unwrap_or_default();
        // Looked for behind a brace alone: many separators may stand in a row.
        let lists = || {
            let window = rest.get(..64).unwrap_or(rest);
            window.iter().find(|b| matches!(b, b',' | b' ' | b'}')) == Some(&b',')
        };
        let is_brace = opened.contains(&b'{') && lists();
        let blank = if is_brace { b',' } else { self.blank };
        let at = at.saturating_add(signs);
        (skip_blank(self.text, at, blank), blank)
    }

    /// True if nothing follows but signs or another command.
    pub(super) fn is_last(&self, end: usize, break_out: Break) -> bool {
        let at = skip_blank(self.text, end, self.blank);
        let rest = self.text.get(at..).unwrap_or_default();
        let near = rest.get(..48).unwrap_or(rest);
        if near.first() == Some(&b'#') || !near.iter().any(u8::is_ascii_alphanumeric) {
            return true;
        }
        let Some(sign) = near.first() else {
            return true;
        };
        match break_out {
            Break::Line => matches!(sign, b'\n' | b'\r'),
            Break::Substitution if *sign == b'`' => {
                let behind = near.get(1..).unwrap_or_default();
                !behind.iter().any(u8::is_ascii_alphanumeric)
            }
            Break::Substitution => *sign == b')',
            _ if matches!(sign, b';' | b'|' | b'&' | b'\n' | b'\r') => {
                let signs = near.iter().take_while(|b| b";|& \n\r".contains(b)).count();
                let word = word::read(self.text, at.saturating_add(signs), self.blank);
                command::kind(&word).is_command() && break_out != Break::Ampersand
            }
            _ => false,
        }
    }

    /// True behind one backslash, which no other escapes.
    pub(super) fn is_escaped(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.ends_with(b"\\") && !before.ends_with(b"\\\\")
    }

    /// True for a line that begins with the sign between the cells of a table.
    pub(super) fn is_row(&self, line: usize) -> bool {
        self.peek(line) == b'|' && self.peek(line.saturating_add(1)) != b'|'
    }

    /// `&amp;`, `&#39;`: a semicolon that ends an entity separates nothing.
    pub(super) fn ends_entity(&self, at: usize) -> bool {
        let start = at.saturating_sub(8);
        let before = self.text.get(start..at).unwrap_or_default();
        let Some(amp) = before.iter().rposition(|byte| *byte == b'&') else {
            return false;
        };
        let name = before.get(amp.saturating_add(1)..).unwrap_or_default();
        !name.is_empty()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#')
            && (name.first() == Some(&b'#')
                || matches!(name, b"amp" | b"lt" | b"gt" | b"quot" | b"apos" | b"nbsp"))
    }

    /// True if the back-tick that ends a substitution stands near.
    pub(super) fn is_closed(&self, end: usize) -> bool {
        let near = self.text.get(end..).unwrap_or_default();
        near.get(..128).unwrap_or(near).contains(&b'`')
    }

    /// True for a word in back-ticks in a list, or one that words follow.
    pub(super) fn is_markdown(&self, line: &[u8], end: usize) -> bool {
        let near = self.text.get(end..).unwrap_or_default();
        let near = near.get(..128).unwrap_or(near);
        let close = near.iter().position(|byte| *byte == b'`');
        let behind = close.and_then(|at| near.get(at.saturating_add(1)..));
        let behind = behind.unwrap_or_default();
        let ended = behind
            .strip_prefix(b".")
            .or_else(|| behind.strip_prefix(b","));
        let behind = ended.unwrap_or(behind);
        let is_spaced = behind.first().is_some_and(u8::is_ascii_whitespace)
            && behind.iter().any(u8::is_ascii_alphanumeric);
        let is_listed = line.ends_with(b" ") && !line.trim_ascii().is_empty();
        is_spaced || is_listed && !line.trim_ascii_end().ends_with(b";")
    }

    /// `- &name`: a mark of YAML.
    pub(super) fn is_anchor(&self, sign: usize) -> bool {
        let before = self.text.get(..sign).unwrap_or_default();
        let is_joined = self.peek(sign.saturating_add(1)) > b' ';
        is_joined && before.ends_with(b" ") && !before.trim_ascii().is_empty()
    }

    /// True if the value ends with the sign with which it began, at `end`.
    pub(super) fn is_between_signs(&self, end: usize) -> bool {
        end.checked_add(1) == Some(self.text.len()) && self.peek(end) == self.peek(0)
    }

    /// True if nothing follows, or what ends the place that the value was put in.
    pub(super) fn is_ended(&self, end: usize) -> bool {
        let at = skip_blank(self.text, end, self.blank);
        at >= self.text.len() || b";|&'\"`)}\n\r#".contains(&self.peek(at))
    }

    /// True if a sign of the shell or a quote follows.
    pub(super) fn is_enclosed(&self, end: usize) -> bool {
        let at = skip_blank(self.text, end, self.blank);
        matches!(self.peek(at), b';' | b'|' | b'&' | b'\'' | b'"' | b'\n')
    }
}

// Limit: a form of a web page has values of one line; four lines are a document.
const LINES_MIN: usize = 4;

/// True for a text of several lines, and for a shorter one that is laid out as a program is.
pub(super) fn is_document(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    let is_marked = start.starts_with(b"#!") || start.starts_with(b"```");
    if is_marked || is_indented(text) || is_table(text) {
        return true;
    }
    let mut lines = 0_usize;
    let mut start = 0_usize;
    for end in memchr_iter(b'\n', text).chain([text.len()]) {
        let line = text.get(start..end).unwrap_or_default();
        if line.iter().any(|byte| !byte.is_ascii_whitespace()) {
            lines = lines.saturating_add(1);
        }
        if lines >= LINES_MIN {
            return true;
        }
        start = end.saturating_add(1);
    }
    false
}

/// True if the second line of a text is the rule below the head of a table of Markdown.
fn is_table(text: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', text) else {
        return false;
    };
    let next = text.get(end.saturating_add(1)..).unwrap_or_default();
    let rule = next.iter().take(128).take_while(|byte| **byte != b'\n');
    next.starts_with(b"|") && rule.clone().all(|byte| b"|-: \r".contains(byte))
}

/// True if the second line of a text stands further in than the first.
fn is_indented(text: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', text) else {
        return false;
    };
    let first = text.get(..end).unwrap_or_default();
    let next = text.get(end..).unwrap_or_default();
    first.first().is_some_and(u8::is_ascii_graphic)
        && matches!(next, [_, b'\t', ..] | [_, b' ', b' ', ..])
}
