//! What only PowerShell says where a second command may begin.
//! It never looks beyond the first expression of a value.
use super::command::{self, Kind};
use super::word;

// Limit: an expression of .NET names a type of a few parts; the longest in use has 60 letters.
const TYPE_BYTES: usize = 72;
// Limit: a name with a back-tick before every letter.
const NAME_BYTES: usize = 48;

/// True for a value that ends what stands before it and goes on in PowerShell.
pub(super) fn goes_on(value: &[u8]) -> bool {
    let is_lead = |byte: &&u8| matches!(byte, b'\'' | b'"' | b')' | b' ');
    let lead = value.iter().take(4).take_while(is_lead).count();
    let rest = value.get(lead..).unwrap_or_default();
    let Some((b';' | b'|' | b'&', rest)) = rest.split_first() else {
        return false;
    };
    let rest = rest.trim_ascii_start();
    reads_variable(rest) || calls_type(rest) || calls_text(rest) || is_escaped(rest)
}

/// `$env:PATH`, `$PSVersionTable`, and nothing that is given to them.
fn reads_variable(rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b"$") else {
        return false;
    };
    let starts = |known: &[u8]| {
        let start = name.get(..known.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(known)
    };
    let ends_name = |byte: &&u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b':');
    let behind = name.iter().take(NAME_BYTES).find(ends_name);
    (starts(b"env:") || starts(b"psversiontable"))
        && behind.is_none_or(|byte| b";|&.# '\"".contains(byte))
}

/// `[System.Environment]::GetEnvironmentVariables()`: a member of a type.
fn calls_type(rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b"[") else {
        return false;
    };
    let is_of_type = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'.';
    let len = name.iter().take(TYPE_BYTES).take_while(is_of_type).count();
    let behind = name.get(len..).unwrap_or_default();
    let member = behind.strip_prefix(b"]::").unwrap_or_default();
    len > 2 && member.first().is_some_and(u8::is_ascii_alphabetic)
}

/// `&('a'+'b')`, `.('a'+'b') x`, `& 'whoami'`: a command by a text.
fn calls_text(rest: &[u8]) -> bool {
    let Some((b'&' | b'.', call)) = rest.split_first() else {
        return false;
    };
    let call = call.trim_ascii_start();
    let (is_joined, text) = match call {
        [b'(', text @ ..] => (true, text.trim_ascii_start()),
        text => (false, text),
    };
    let Some((quote @ (b'\'' | b'"'), inner)) = text.split_first() else {
        return false;
    };
    let window = inner.get(..TYPE_BYTES).unwrap_or(inner);
    let Some(close) = window.iter().position(|byte| byte == quote) else {
        return false;
    };
    let behind = window.get(close.saturating_add(1)..).unwrap_or_default();
    let named = word::read(inner.get(..close).unwrap_or_default(), 0, 0);
    match behind.trim_ascii_start() {
        [b'+', b'\'' | b'"' | b' ', ..] => is_joined,
        _ => command::kind(&named).is_command(),
    }
}

/// `` w`h`oami ``: a name between whose letters PowerShell drops the signs that escape them.
fn is_escaped(rest: &[u8]) -> bool {
    let is_of_name = |byte: &&u8| byte.is_ascii_lowercase() || matches!(byte, b'`' | b'-');
    let len = rest.iter().take(NAME_BYTES).take_while(is_of_name).count();
    let spelled = rest.get(..len).unwrap_or_default();
    let mut name = [0_u8; NAME_BYTES];
    let mut letters = 0_usize;
    for (slot, byte) in name
        .iter_mut()
        .zip(spelled.iter().filter(|byte| **byte != b'`'))
    {
        *slot = *byte;
        letters = letters.saturating_add(1);
    }
    let name = name.get(..letters).unwrap_or_default();
    letters < len
        && spelled.first().is_some_and(u8::is_ascii_lowercase)
        && spelled.last().is_some_and(u8::is_ascii_lowercase)
        && command::of_name(name).any(Kind::SURE)
}
