//! How signs and names are spelled where a command may stand.
//! It never looks beyond one word, save for the function that old shells take from a header.
use super::argument::Arguments;
use super::command::{self, Kind};
use super::powershell;
use super::search::Found;
use super::variable;
use super::word::{self, Word};
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
    is_break(byte) && !matches!(byte, b'<' | b'>')
        || matches!(byte, b'/' | b'\\' | b'\'' | b'"' | b'{')
}

/// True for signs behind which a command may stand.
pub(super) const fn is_break(byte: u8) -> bool {
    matches!(
        byte,
        b';' | b'|' | b'&' | b'\n' | b'\r' | b'`' | b'$' | b'<' | b'>'
    )
}

/// Those signs.
pub(super) const BREAKS: [u8; 9] = *b";|&\n\r`$<>";

/// `$(RM)`, `FETCH 7`: names of commands are not written in capitals, save on Windows.
pub(super) fn is_shouted(word: &Word<'_>, break_out: Break) -> bool {
    let is_whole = matches!(break_out, Break::Start | Break::Substitution);
    is_whole
        && !word.text.iter().any(u8::is_ascii_lowercase)
        && word.text.iter().any(u8::is_ascii_uppercase)
        && !command::is_shell_variable(word.text)
}

/// `Set`: shells know no name by a capital, save on Windows, and texts name things so.
pub(super) fn is_title(word: &Word<'_>, sign: u8, is_joined: bool) -> bool {
    const WINDOWS: [&[u8]; 10] = [
        b"dir",
        b"type",
        b"net",
        b"ping",
        b"echo",
        b"set",
        b"copy",
        b"del",
        b"whoami",
        b"ipconfig",
    ];
    let is_of_posix = matches!(sign, b'`' | b'\n')
        || sign == b'|' && !is_joined && !WINDOWS.contains(&word.name());
    let Some((first, rest)) = word.text.split_first() else {
        return false;
    };
    is_of_posix && first.is_ascii_uppercase() && rest.iter().all(u8::is_ascii_lowercase)
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

/// `/usr/bin/id`: a path to a program, and not to a file of the same name.
pub(super) fn is_program_path(word: &Word<'_>) -> bool {
    let has = |part: &[u8]| word.text.windows(part.len()).any(|found| found == part);
    word.text.first() == Some(&b'/') && word.has_path && (has(b"bin/") || has(b"?") || has(b"*"))
}

/// `/???/c?t`: nobody knows a command by a pattern.
pub(super) fn is_hidden_path(word: &Word<'_>) -> bool {
    let has_two = word.text.windows(2).any(|two| two == b"??");
    word.has_path && has_two && word.text.first() == Some(&b'/')
}

pub(super) fn is_variable(word: &Word<'_>) -> bool {
    word.text.first() == Some(&b'$') && word.text.len() > 1 || variable::cuts_out(word.text)
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
    if !body.contains(&b';') || !matches!(behind.first(), Some(b';' | b'>')) {
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

/// What a value that is nothing else means to a shell alone.
pub(super) fn whole(value: &[u8]) -> Option<&'static str> {
    if word::ifs(value) == Some(value.len()) {
        Some("separator")
    } else if is_calculation(value) {
        Some("calculation")
    } else if is_fork(value) {
        Some("fork-bomb")
    } else if is_fed(value) {
        Some("redirection")
    } else if is_chain(value) {
        Some("separator")
    } else if is_careted(value) {
        Some("carets")
    } else if sets_separator(value) {
        Some("field-separator")
    } else if powershell::goes_on(value) {
        Some("expression")
    } else {
        None
    }
}

// Limit: a name in carets has a sign for each letter; a field separator is one sign, or a few in
// quotes.
const CARETED_BYTES: usize = 48;
const SEPARATOR_BYTES: usize = 16;

/// `w^h^o^a^m^i`: a name of a command, between whose letters Windows' shell drops each caret.
fn is_careted(value: &[u8]) -> bool {
    let near = value.get(..CARETED_BYTES).unwrap_or(value);
    let name = near.split(|byte| *byte == b' ').next().unwrap_or(near);
    let is_letter = u8::is_ascii_alphabetic;
    let is_between =
        |three: &&[u8]| matches!(three, [one, b'^', two] if is_letter(one) && is_letter(two));
    let carets = name.windows(3).filter(is_between).count();
    // `a^b^c` is algebra; a name of a command has three letters and more.
    let leads = name.iter().take_while(|byte| matches!(byte, b'@' | b'^'));
    let word = word::read(value, leads.count(), 0);
    let known = Kind::SURE.with(Kind::WORD);
    carets >= 2 && command::kind(&word).any(known)
}

/// `IFS=,;…`: what the value says next is parted by another sign than shells part words by.
fn sets_separator(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"IFS=") else {
        return false;
    };
    let near = rest.get(..SEPARATOR_BYTES).unwrap_or(rest);
    let end = near.iter().position(|byte| *byte == b';');
    let behind = end.and_then(|end| rest.get(end..)).unwrap_or_default();
    behind.iter().any(|byte| matches!(byte, b'$' | b'`')) && !value.contains(&b'\n')
}

/// `$((6*7))`: a calculation of numbers, as the whole of a value.
fn is_calculation(value: &[u8]) -> bool {
    let quotes = |byte: &u8| matches!(byte, b'\'' | b'"' | b';' | b'|' | b'&' | b' ');
    let lead = value.iter().take(4).take_while(|byte| quotes(byte)).count();
    let Some(inner) = value
        .get(lead..)
        .and_then(|value| value.strip_prefix(b"$(("))
    else {
        return false;
    };
    let window = inner.get(..64).unwrap_or(inner);
    let sums = window
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || b" +-*/%()$<>".contains(byte))
        .count();
    let sum = window.get(..sums).unwrap_or_default();
    let sum = sum.trim_ascii_end();
    let behind = window.get(sums..).unwrap_or_default();
    sum.ends_with(b"))")
        && sum.iter().any(u8::is_ascii_digit)
        && sum.iter().any(|byte| b"+-*/%$<>".contains(byte))
        && behind.iter().all(quotes)
}

/// `:(){ :|:& };:`: a function that calls itself twice, for ever.
fn is_fork(value: &[u8]) -> bool {
    let signs = value
        .iter()
        .take(4)
        .take_while(|byte| b";&| ".contains(byte));
    let value = value.get(signs.count()..).unwrap_or_default();
    let window = value.get(..48).unwrap_or(value);
    let Some(open) = window.iter().position(|byte| *byte == b'(') else {
        return false;
    };
    let (name, rest) = window.split_at_checked(open).unwrap_or_default();
    let Some(body) = rest.strip_prefix(b"()").map(<[u8]>::trim_ascii_start) else {
        return false;
    };
    let mut signs = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut says = |known: &[u8]| known.iter().all(|byte| signs.next() == Some(byte));
    !name.is_empty()
        && name.len() <= 8
        && says(b"{")
        && says(name)
        && says(b"|")
        && says(name)
        && says(b"&")
        && says(b"}")
}

/// `<id;`: a name behind the sign of a redirection and before the end of a command.
fn is_fed(value: &[u8]) -> bool {
    let Some(name) = value.strip_prefix(b"<") else {
        return false;
    };
    let ends = [b";".as_slice(), b"\\n", b"|", b"&"];
    let mut ends = ends.iter();
    ends.any(|end| {
        name.strip_suffix(*end)
            .is_some_and(|name| command::of_name(name).any(Kind::PROBE))
    })
}

// Limit: a chain that is a probe has a few names of a few letters.
const CHAIN_BYTES: usize = 48;

/// `ls&&id`, `uname | ls`: nothing but names of commands, one of which nothing else has.
fn is_chain(value: &[u8]) -> bool {
    if value.len() > CHAIN_BYTES || !value.first().is_some_and(u8::is_ascii_lowercase) {
        return false;
    }
    let is_sign = |byte: &u8| matches!(byte, b';' | b'|' | b'&');
    let is_known = |name: &[u8]| command::of_name(name).any(Kind::PROBE);
    let mut names = value
        .split(is_sign)
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty());
    names.clone().count() > 1
        && names.clone().all(is_known)
        && names.any(|name| name == b"ls" || command::of_name(name).any(Kind::SURE))
}

/// `union/id`: a word, a slash and another word; programs lie in folders of their own.
pub(super) fn is_two_words(word: &Word<'_>) -> bool {
    let folder = word.text.iter().rposition(|byte| *byte == b'/');
    let folder = folder
        .and_then(|at| word.text.get(..at))
        .unwrap_or_default();
    !folder.is_empty() && folder.iter().all(u8::is_ascii_alphabetic) && !folder.ends_with(b"bin")
}
