//! Scripts that hide how they run: handlers in the middle of a value, errors that are thrown to
//! one, ends of scripts that began elsewhere, what is sent away.
//! It never takes a name for its call: each of these reads on to what it does.
use memchr::{memchr, memchr_iter};

use super::attribute::is_idle;
use super::script;
use super::signals::{EVENT, ROOT, SHARED, SINK, roles};
use crate::sought;

/// A place in a text.
type Range = (usize, usize);

// Limit: a payload on one line; what is longer is data or program text.
const LINE_BYTES: usize = 512;
// Limit: `onwebkitplaybacktargetavailabilitychanged` has 41 letters, the others at most 36.
const NAME_BYTES: usize = 40;
// Limit: a payload adds few attributes, and an address has few parameters before one.
const EQUALS_MAX: usize = 16;
// Limit: the beginning of a script tells whether it is one.
const CODE_BYTES: usize = 128;

/// True for a text that is a payload by its size: one line.
fn is_line(text: &[u8]) -> bool {
    text.len() <= LINE_BYTES && memchr(b'\n', text).is_none()
}

/// A handler that does something, in the middle of a text that is no tag.
pub(super) fn handler(text: &[u8]) -> Option<Range> {
    memchr_iter(b'=', text)
        .take(EQUALS_MAX)
        .find_map(|equals| handler_at(text, equals))
}

fn handler_at(text: &[u8], equals: usize) -> Option<Range> {
    let before = text.get(..equals)?.trim_ascii_end();
    let letters = before
        .iter()
        .rev()
        .take(NAME_BYTES)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let start = before.len().checked_sub(letters)?;
    let name = before.get(start..)?;
    if !matches!(name, [b'o' | b'O', b'n' | b'N', _, _, ..]) || roles(name) & EVENT == 0 {
        return None;
    }
    let apart = before.get(start.checked_sub(1)?)?;
    if *apart > b' ' && !b"\"'`/;&,(>\\".contains(apart) {
        return None;
    }
    let from = equals.saturating_add(1);
    let rest = text.get(from..)?;
    let value = rest.get(..CODE_BYTES).unwrap_or(rest).trim_ascii_start();
    let (value, quoted) = if let [quote @ (b'"' | b'\''), inside @ ..] = value {
        let end = memchr(*quote, inside).unwrap_or(inside.len());
        (inside.get(..end)?, 2_usize)
    } else {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
        let end = value.iter().position(ends).unwrap_or(value.len());
        (value.get(..end)?, 0)
    };
    let deeds = script::read(value);
    let acts = deeds.has(script::SURE.with(script::CALL)) && !deeds.has(script::PROSE);
    let end = from.saturating_add(value.len()).saturating_add(quoted);
    (acts && !is_idle(value)).then_some((start, end.min(text.len())))
}

/// True for an error that is thrown to a call that was made its handler: `onerror=alert;throw 1`.
pub(super) fn throws(text: &[u8]) -> bool {
    if !is_line(text) || sought::find(text, b"throw").is_none() {
        return false;
    }
    sought::find_all(text, b"onerror").any(|at| {
        let rest = text.get(at.saturating_add(7)..).unwrap_or(&[]);
        let value = rest.trim_ascii_start().strip_prefix(b"=");
        value.is_some_and(|value| {
            let (word, next) = first_word(value.trim_ascii_start());
            is_sink(word) && matches!(next, Some(b',' | b';' | b'}'))
        })
    })
}

/// True for the end of a script whose beginning another text holds, behind code that does
/// something: `x}).$=alert</script>`.
pub(super) fn ends_script(text: &[u8]) -> bool {
    if !is_line(text) {
        return false;
    }
    let Some(end) = sought::find(text, b"</").filter(|at| {
        let name = text.get(at.saturating_add(2)..at.saturating_add(8));
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"script"))
    }) else {
        return false;
    };
    let code = text.get(..end).unwrap_or(&[]);
    let mut at = 0_usize;
    let mut before = 0_u8;
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        let (word, next) = first_word(rest);
        let role = roles(word);
        let called = matches!(next, Some(b'(' | b'`'));
        let given =
            matches!(before, b'=' | b'(' | b',') && matches!(next, None | Some(b';' | b')'));
        let used = role & ROOT != 0 && matches!(next, Some(b'.' | b'['));
        if is_sink(word) && (called || given) || used {
            return true;
        }
        before = rest
            .get(word.len())
            .or_else(|| word.last())
            .copied()
            .unwrap_or(0);
        at = at.saturating_add(word.len()).saturating_add(1);
    }
    false
}

/// True for a script that sends away what identifies its reader: `'//x.example/?'+document.cookie`.
pub(super) fn sends_away(text: &[u8]) -> bool {
    if !is_line(text) {
        return false;
    }
    let secrets = [
        b"document.cookie".as_slice(),
        b"localStorage",
        b"sessionStorage",
        b"document['cookie']",
        b"document[\"cookie\"]",
    ];
    secrets.iter().any(|secret| {
        sought::find(text, secret).is_some_and(|at| {
            let before = text.get(..at).unwrap_or(&[]).trim_ascii_end();
            let joins = matches!(before.last(), Some(b'+' | b',' | b'{' | b'('));
            joins && names_host(before)
        })
    })
}

const CREATE: &[u8] = b"createElement(";

/// True for a script that makes an element of a script out of another host's file.
pub(super) fn loads(text: &[u8]) -> bool {
    if !is_line(text) || sought::find(text, b"document").is_none() {
        return false;
    }
    let names = [b"'script'".as_slice(), b"\"script\"", b"`script`"];
    sought::find_all(text, CREATE).any(|at| {
        let rest = text.get(at.saturating_add(CREATE.len())..).unwrap_or(&[]);
        names.iter().any(|name| rest.starts_with(name))
            && sought::find(rest, b"src=").is_some()
            && names_host(rest)
    })
}

/// True if a string holds the address of another host.
fn names_host(text: &[u8]) -> bool {
    sought::find(text, b"//").is_some() && text.iter().any(|byte| b"'\"`".contains(byte))
}

/// The letters and digits that a text begins with, and the byte behind them.
fn first_word(text: &[u8]) -> (&[u8], Option<u8>) {
    let len = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let len = len.unwrap_or(text.len());
    (text.get(..len).unwrap_or(&[]), text.get(len).copied())
}

/// True for a name whose call has an effect in browsers alone.
fn is_sink(word: &[u8]) -> bool {
    let role = roles(word);
    role & SINK != 0 && role & SHARED == 0
}
