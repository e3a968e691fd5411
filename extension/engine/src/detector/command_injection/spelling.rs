//! How signs and names are spelled where a command may stand.
//! It never looks beyond one word, save for the function that old shells take from a header.
use super::argument::Arguments;
use super::command;
use super::search::Found;
use super::word::Word;
use super::worth::Break;
use crate::report::Confidence;

/// True if `+` stands for a space: there is none, or it stands beside a sign.
pub(super) fn is_plussed(text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(b'+', text) else {
        return false;
    };
    let is_signed =
        first == 0 || matches!(text.get(first.saturating_sub(1)), Some(b'|' | b'&' | b';'));
    is_signed || !text.contains(&b' ')
}

/// True for signs that command lines have and few sentences.
pub(super) fn is_mark(byte: u8) -> bool {
    is_break(byte) && !matches!(byte, b'<' | b'>') || b"/\\'\"{".contains(&byte)
}

/// True for signs behind which a command may stand.
pub(super) fn is_break(byte: u8) -> bool {
    matches!(
        byte,
        b';' | b'|' | b'&' | b'\n' | b'\r' | b'`' | b'$' | b'<' | b'>'
    )
}

/// `$(RM)`, `FETCH 7`: names of commands are not written in capitals, save on Windows.
pub(super) fn is_shouted(word: &Word<'_>, break_out: Break) -> bool {
    let is_whole = matches!(break_out, Break::Start | Break::Substitution);
    is_whole
        && !word.text.iter().any(u8::is_ascii_lowercase)
        && word.text.iter().any(u8::is_ascii_uppercase)
        && !command::is_shell_variable(word.text)
}

/// True if a value that begins with a command spells or says it so that nobody means it.
pub(super) fn is_shown(word: &Word<'_>, arguments: &Arguments) -> bool {
    is_shown_by_itself(word)
        || arguments.is_secret && word.is_odd
        || arguments.is_strong && command::is_shell_variable(word.text)
}

/// True for spellings that the gate sees without knowing the name.
fn is_shown_by_itself(word: &Word<'_>) -> bool {
    let has = |sign: &[u8; 2]| word.text.windows(2).any(|two| two == sign);
    word.has_ifs || has(b"$(") || has(b"``")
}

/// `/???/c?t`: nobody knows a command by a pattern.
pub(super) fn is_hidden_path(word: &Word<'_>) -> bool {
    let has_two = word.text.windows(2).any(|two| two == b"??");
    word.has_path && has_two && word.text.first() == Some(&b'/')
}

pub(super) fn is_variable(word: &Word<'_>) -> bool {
    word.text.first() == Some(&b'$') && word.text.len() > 1
}

/// `() { :;};`: a function that old shells run what follows of, wherever it came from.
pub(super) fn function_prefix(text: &[u8]) -> Option<Found> {
    let trimmed = text.trim_ascii_start();
    let start = text.len().saturating_sub(trimmed.len());
    let rest = trimmed.strip_prefix(b"()")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"{")?;
    let window = rest.get(..64).unwrap_or(rest);
    let close = window.iter().position(|byte| *byte == b'}')?;
    let body = window.get(..close)?;
    let behind = window.get(close.saturating_add(1)..)?.trim_ascii_start();
    if !body.contains(&b';') || behind.first() != Some(&b';') {
        return None;
    }
    Some(Found {
        confidence: Confidence::High,
        production: "function-prefix",
        context: "start",
        start,
        end: text.len().min(start.saturating_add(96)),
    })
}
