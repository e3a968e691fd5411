//! Names that no vocabulary has, in values that say nothing before the sign of a shell.
//! It never guesses where a sentence, a list or a program may go on.
use super::argument::is_of_windows;
use super::command::{self, Kind, NAMES};
use super::word::{Word, skip_blank};

// Limit: names of tools have two letters and more; the longest in use has twenty.
const NAME_BYTES: core::ops::RangeInclusive<usize> = 2..=20;

/// What a word is taken for behind the first signs of a value.
pub(super) fn kind(text: &[u8], word: &Word<'_>, known: Kind, blank: u8) -> Kind {
    if text.get(word.end) == Some(&b'(') {
        return Kind::default();
    }
    let tool = Kind::GUESS.with(Kind::TOOL);
    if is_program_of_windows(word.text) {
        return Kind::SURE;
    }
    let is_tool = known.any(Kind::TOOL) && is_low(word.text);
    if is_tool || is_cmdlet(word.text) || is_program(word.text) {
        return tool.with(known);
    }
    if known.any(Kind::SCRIPT) || word.is_odd {
        return Kind::default();
    }
    if word.is_glob && fits_a_name(word) {
        return Kind::SURE;
    }
    if !is_low(word.text) {
        return Kind::default();
    }
    if is_joined(text, word) && has_option(text, word, blank) {
        tool.with(Kind::ENGLISH)
    } else {
        Kind::GUESS
    }
}

/// True if nothing stands between a sign and the word behind it.
pub(super) fn is_joined(text: &[u8], word: &Word<'_>) -> bool {
    let before = word.start.checked_sub(1).and_then(|at| text.get(at));
    matches!(before, Some(b';' | b'|' | b'&'))
}

/// A name in small letters, as those of tools are.
fn is_low(text: &[u8]) -> bool {
    let is_of_name =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    text.first().is_some_and(u8::is_ascii_lowercase)
        && NAME_BYTES.contains(&text.len())
        && text.iter().all(is_of_name)
}

/// `Get-ChildItem`: a verb that PowerShell knows, and a noun.
fn is_cmdlet(text: &[u8]) -> bool {
    let Some(dash) = text.iter().take(12).position(|byte| *byte == b'-') else {
        return false;
    };
    let verb = text.get(..dash).unwrap_or_default();
    let noun = text.get(dash.saturating_add(1)..).unwrap_or_default();
    command::of_name(verb).any(Kind::CMDLET_VERB)
        && noun.len() > 2
        // The name of a header field.
        && !noun.eq_ignore_ascii_case(b"cookie")
        && noun.iter().all(u8::is_ascii_alphabetic)
        && (noun.first().is_some_and(u8::is_ascii_uppercase)
            || verb.eq_ignore_ascii_case(b"invoke")
            || is_noun(noun))
}

/// Nouns of PowerShell's commands that are asked for in small letters, too.
fn is_noun(noun: &[u8]) -> bool {
    const NOUNS: [&[u8]; 10] = [
        b"help",
        b"process",
        b"childitem",
        b"content",
        b"command",
        b"alias",
        b"service",
        b"sleep",
        b"webrequest",
        b"computerinfo",
    ];
    NOUNS.iter().any(|known| noun.eq_ignore_ascii_case(known))
}

/// `calc.exe`
fn is_program(text: &[u8]) -> bool {
    let Some((stem, ending)) = text.split_last_chunk::<4>() else {
        return false;
    };
    ending.eq_ignore_ascii_case(b".exe")
        && !stem.is_empty()
        && stem
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
}

// Limit: the longest path that Windows takes without a prefix, and the quotes around it, end far
// beyond what an injection writes.
const PROGRAM_BYTES: usize = 128;

/// `c:\tools\x.exe`, `"C:\a b\x.bat"`, `\\host\share\x.exe`: a program by where it lies.
fn is_program_of_windows(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let text = text.strip_suffix(b"\"").unwrap_or(text);
    let Some((_, ending)) = text.split_last_chunk::<4>() else {
        return false;
    };
    let runs = [b".exe", b".bat", b".cmd", b".com", b".vbs", b".ps1"];
    let mut runs = runs.iter();
    is_of_windows(text)
        && text.len() <= PROGRAM_BYTES
        && runs.any(|known| ending.eq_ignore_ascii_case(known.as_slice()))
}

/// `/bin/c?t`: a path whose last name is that of a command but for what the shell fills in.
fn fits_a_name(word: &Word<'_>) -> bool {
    let pattern = word.name();
    let letters = pattern.iter().filter(|byte| **byte != b'?').count();
    if word.text.first() != Some(&b'/') || letters < 2 || letters == pattern.len() {
        return false;
    }
    let fits = |name: &str| {
        let mut pairs = name.bytes().zip(pattern);
        name.len() == pattern.len() && pairs.all(|(one, two)| *two == b'?' || one == *two)
    };
    NAMES
        .iter()
        .any(|names| names.split_ascii_whitespace().any(fits))
}

/// `-x`, `--long`, `/etc`: words have nothing of the kind behind them.
fn has_option(text: &[u8], word: &Word<'_>, blank: u8) -> bool {
    let at = skip_blank(text, word.end, blank);
    let rest = text.get(at..).unwrap_or_default();
    at > word.end
        && match rest {
            [b'-', b'-', letter, ..] | [b'-' | b'/', letter, ..] => letter.is_ascii_alphabetic(),
            [b'~', b'/', ..] => true,
            _ => false,
        }
}
