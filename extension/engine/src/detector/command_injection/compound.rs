//! Commands that hold others, as an injection writes them: a test, a loop, an assignment.
//! It never reads further than the first of the commands that they hold.
use super::command;
use super::prefix::{self, Prefix};
use super::word::{self, Word, skip_blank};
use super::worth::Break;

/// A command that holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compound {
    /// `for /f %i in (…) do` of Windows' shell.
    Windows,
    /// `if …; then`
    Test,
    /// `for x in …; do`, `while …; do`
    Loop,
    /// `[ … ] && …`
    Bracket,
}

// Limit: the condition of a test, or the list of a loop, that a value holds.
const CONDITION_BYTES: usize = 128;

/// What a word begins, by itself and what stands right behind it.
pub(super) fn of(text: &[u8], word: &Word<'_>, break_out: Break) -> Option<Compound> {
    let is_line = break_out == Break::Line;
    let window = text.get(word.end..).unwrap_or_default();
    let window = window.get(..CONDITION_BYTES).unwrap_or(window);
    let start = window.trim_ascii_start();
    match (word.name(), start) {
        (b"for", [b'/' | b'%', ..]) => Some(Compound::Windows),
        (b"if" | b"while" | b"until", _) if !is_line && is_condition(start) => {
            Some(if word.name() == b"if" {
                Compound::Test
            } else {
                Compound::Loop
            })
        }
        (b"for", _) if !is_line && names_variable(start) => Some(Compound::Loop),
        _ if !is_line && word.text == b"[" => Some(Compound::Bracket),
        _ => None,
    }
}

impl Compound {
    /// True if the command that it holds is opened near.
    pub(super) fn is_whole(self, text: &[u8], word: &Word<'_>) -> bool {
        let window = text.get(word.end..).unwrap_or_default();
        let window = window.get(..CONDITION_BYTES).unwrap_or(window);
        match self {
            Self::Windows => has(window, b" in ") && window.contains(&b'%') && has(window, b"do"),
            Self::Test => opens(window, b"then"),
            Self::Loop => opens(window, b"do"),
            Self::Bracket => has(window, b" ] &&") || has(window, b" ]||") || has(window, b" ]&&"),
        }
    }
}

/// True where a build or a script goes on from a line of its own: `&& if …; then \`.
pub(super) fn is_step(text: &[u8], line: &[u8], sign: usize, break_out: Break) -> bool {
    let behind = sign.saturating_add(2);
    let is_spaced = text.get(behind) == Some(&b' ');
    let is_empty = line.trim_ascii().is_empty();
    text.ends_with(b"\\")
        || break_out == Break::Both && is_empty && is_spaced
        || break_out == Break::Substitution && !is_empty
}

/// Where what was read of it ends.
pub(super) fn end(text: &[u8], word: &Word<'_>) -> usize {
    word.end.saturating_add(CONDITION_BYTES).min(text.len())
}

fn has(window: &[u8], known: &[u8]) -> bool {
    let mut windows = window.windows(known.len());
    windows.any(|found| found.eq_ignore_ascii_case(known))
}

/// `; then sleep 3`: a keyword where a command may begin, and a command that it runs.
fn opens(window: &[u8], keyword: &[u8]) -> bool {
    let mut rest = window;
    while let Some(at) = memchr::memchr2(b';', b'\n', rest) {
        let behind = rest.get(at.saturating_add(1)..).unwrap_or_default();
        let held = behind.trim_ascii_start().strip_prefix(keyword);
        if held.is_some_and(|held| held.starts_with(b" ") && runs(held)) {
            return true;
        }
        rest = behind;
    }
    false
}

/// True for a text that begins with a command, or with one whose output is one.
fn runs(held: &[u8]) -> bool {
    let held = held.trim_ascii_start();
    let held = held.strip_prefix(b"$(").unwrap_or(held);
    command::kind(&word::read(held, 0, 0)).is_command()
}

/// `[ 1 -eq 1 ]`, `test -f x`, `read x`, `$(…)`: what a shell tests.
fn is_condition(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"! ").unwrap_or(start);
    let signs = [
        b"[ ".as_slice(),
        b"[[ ",
        b"$(",
        b"true;",
        b"false;",
        b":;",
        b"read ",
    ];
    signs.iter().any(|sign| start.starts_with(sign))
        || command::kind(&word::read(start, 0, 0)).is_command()
}

/// `x in `
fn names_variable(start: &[u8]) -> bool {
    let name = start
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let behind = start.get(name..).unwrap_or_default();
    name > 0 && behind.starts_with(b" in ")
}

/// `;x=`, `10.0.0.1;x=`: the value breaks out and keeps what a command says.
pub(super) fn assigns(line: &[u8]) -> bool {
    let Some((b'=', before)) = line.split_last() else {
        return false;
    };
    let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name = before.iter().rev().take(24).take_while(is_of_name).count();
    let sign = before.len().saturating_sub(name);
    let Some((mark, data)) = before.get(..sign).and_then(<[u8]>::split_last) else {
        return false;
    };
    // `a=1&b=` is a query, and `a=1;b=` a cookie.
    let is_break = matches!(mark, b';' | b'|') || *mark == b'&' && data.last() == Some(mark);
    let data = data.trim_ascii_end();
    let data = data.get(skip_blank(data, 0, 0)..).unwrap_or_default();
    name > 0
        && is_break
        && !data.contains(&b'=')
        && matches!(prefix::of(data), Prefix::Alone | Prefix::Data)
}
