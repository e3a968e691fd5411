//! What goes into a command and comes out of it: files, and the commands beside it.
//! It never reads further than the next command, or the one before.
use super::command::{self, Kind};
use super::word::{self, Word, ifs, skip_blank};

pub(super) fn skip_spaces(text: &[u8], at: usize, blank: u8) -> usize {
    let at = skip_blank(text, at, blank);
    match ifs(text.get(at..).unwrap_or_default()) {
        Some(bytes) => skip_blank(text, at.saturating_add(bytes), blank),
        None => at,
    }
}

/// The word behind `<`, `>`, `>>`, `<<<`, `2>`, if one of these stands at `at`.
pub(super) fn redirected(text: &[u8], at: usize, blank: u8) -> Option<Word<'_>> {
    let rest = text.get(at..).unwrap_or_default();
    let number = rest
        .iter()
        .take(2)
        .take_while(|b| matches!(b, b'0'..=b'9' | b'&'))
        .count();
    let signs = rest.get(number..).unwrap_or_default();
    let count = signs
        .iter()
        .take_while(|b| matches!(b, b'<' | b'>'))
        .count();
    if count == 0 || count > 3 || number > 1 {
        return None;
    }
    let behind = at.saturating_add(number).saturating_add(count);
    // `2>&1` names no file.
    if text.get(behind) == Some(&b'&') {
        return Some(word::read(text, behind.saturating_add(1), blank));
    }
    let start = skip_spaces(text, behind, blank);
    Some(word::read(text, start, blank))
}

/// `| sh`, `| sudo bash`.
pub(super) fn feeds_shell(text: &[u8], at: usize, blank: u8) -> bool {
    let at = skip_spaces(text, at, blank);
    if text.get(at) != Some(&b'|') {
        return false;
    }
    let at = skip_spaces(text, at.saturating_add(1), blank);
    let word = word::read(text, at, blank);
    if word.name() == b"sudo" {
        let at = skip_spaces(text, word.end, blank);
        return command::kind(&word::read(text, at, blank)).any(Kind::SHELL);
    }
    command::kind(&word).any(Kind::SHELL.with(Kind::CODE))
}

// Limit: a shell that speaks to somebody is named with an option and where its errors go.
const BEFORE_BYTES: usize = 48;

/// `sh -i 2>&1 | nc …`: the command at `start` is told what a shell says.
pub(super) fn is_fed_by_shell(text: &[u8], start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_ascii_end();
    let Some(before) = before.strip_suffix(b"|") else {
        return false;
    };
    let near = before.len().saturating_sub(BEFORE_BYTES);
    let near = before.get(near..).unwrap_or_default();
    let from = near
        .iter()
        .rposition(|byte| matches!(byte, b';' | b'|' | b'\n'))
        .map_or(0, |at| at.saturating_add(1));
    let word = word::read(near, skip_blank(near, from, 0), 0);
    command::kind(&word).any(Kind::SHELL)
}
