//! Passwords in the addresses of databases and queues, and among the settings of a connection.
//! It never resolves a name.
use super::form::{Found, is_free};
use super::proof::{holds, holds_any, signs_of};
use crate::leak::OutputText;
use crate::report::Confidence;

// Limit: 256 bytes before the host: a user and a password of 128 each.
const AUTHORITY_BYTES_MAX: usize = 256;

/// Passwords of books, in small letters.
const PLACEHOLDERS: [&[u8]; 30] = [
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"pw",
    b"secret",
    b"root",
    b"admin",
    b"postgres",
    b"mysql",
    b"guest",
    b"test",
    b"user",
    b"username",
    b"mypassword",
    b"mypass",
    b"mysecret",
    b"mysecretpassword",
    b"pass1234",
    b"password1",
    b"password123",
    b"p@ssw0rd",
    b"p%40ssw0rd",
    b"passw0rd",
    b"123456",
    b"12345678",
    b"s3cr3t",
    b"hunter2",
    b"letmein",
    b"credentials",
];

/// Words that a password of a book holds.
const SAYING: [&[u8]; 12] = [
    b"example",
    b"placeholder",
    b"your",
    b"change",
    b"redact",
    b"xxx",
    b"***",
    b"...",
    b"replace",
    b"insert",
    b"dummy",
    b"sample",
];

const SAYING_SIGNS: [u128; 12] = signs_of(&SAYING);

/// Hosts of books and of the desk.
const DESK_HOSTS: [&[u8]; 8] = [
    b"localhost",
    b"127.0.0.1",
    b"0.0.0.0",
    b"[::1]",
    b"host",
    b"hostname",
    b"db",
    b"example",
];

/// An address with a password, behind its scheme; the password is what must not leave.
#[inline(never)]
pub(super) fn with_password(text: &[u8], at: usize, scheme: usize) -> Option<Found> {
    if !is_free(text, at) {
        return None;
    }
    let from = at.checked_add(scheme)?;
    let rest = text.get(from..)?;
    let rest = rest.get(..AUTHORITY_BYTES_MAX).unwrap_or(rest);
    let ends = |byte: &u8| {
        matches!(
            byte,
            b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | 0..=b' '
        )
    };
    let authority = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
    let sign = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', authority.get(..sign)?)?;
    let start = from.checked_add(colon)?.checked_add(1)?;
    let (user, password) = (
        authority.get(..colon)?,
        text.get(start..from.checked_add(sign)?)?,
    );
    let host = authority.get(sign.checked_add(1)?..)?;
    let confidence = strength(user, password, host)?;
    Some(Found {
        start,
        end: from.checked_add(sign)?,
        reach: from.checked_add(authority.len())?.saturating_add(1),
        confidence: Some(confidence),
    })
}

/// How sure it is that a password is one; `None` for those of books.
#[inline(never)]
fn strength(user: &[u8], password: &[u8], host: &[u8]) -> Option<Confidence> {
    let is_one_of = |word: &[u8]| {
        PLACEHOLDERS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    };
    let is_variable = matches!(password.first(), Some(b'$' | b'[' | b'(' | b'%' | b':'))
        || password.iter().any(|byte| matches!(byte, b'{' | b'<'));
    let says = holds_any(password, &SAYING, &SAYING_SIGNS);
    if password.len() < 4
        || is_one_of(password)
        || is_variable
        || says
        || password.eq_ignore_ascii_case(user)
        || host.is_empty()
    {
        return None;
    }
    let name = host.split(|byte| *byte == b':').next().unwrap_or(host);
    let is_desk = DESK_HOSTS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
        || holds(name, b"example")
        || name.ends_with(b".local")
        || name.ends_with(b".test");
    let kinds: [fn(&u8) -> bool; 4] = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
        u8::is_ascii_punctuation,
    ];
    let kinds = kinds.iter().filter(|is| password.iter().any(**is)).count();
    let is_strong = password.len() >= 8 && kinds >= 2 && password.iter().any(u8::is_ascii_digit);
    // What stands at a desk opens that desk alone.
    Some(match (is_strong, is_desk) {
        (true, false) => Confidence::High,
        (true, true) | (false, false) => Confidence::Medium,
        (false, true) => Confidence::Low,
    })
}

/// True if a setting of a connection stands in a text: a server, a catalogue, a user.
fn is_connection(text: &[u8]) -> bool {
    memchr::memchr_iter(b'=', text).any(|at| {
        let before = text.get(..at).unwrap_or_default();
        let Some((last, before)) = before.split_last() else {
            return false;
        };
        // What stands before the last letter of a name.
        let begins: &[&[u8]] = match last.to_ascii_lowercase() {
            b'r' => &[b"serve"],
            b'e' => &[b"data sourc"],
            b't' => &[b"hos"],
            b'g' => &[b"initial catalo"],
            b'd' => &[b"user i", b"ui"],
            _ => &[],
        };
        begins.iter().any(|begin| {
            let start = before.len().checked_sub(begin.len());
            let tail = start.and_then(|start| before.get(start..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(begin))
        })
    })
}

// Limit: 160 bytes: server, catalogue and user stand before the password in one line.
const SETTINGS_BYTES: usize = 160;

/// A password among settings: `Server=…;User Id=…;Password=…;`.
#[inline(never)]
pub(super) fn settings(text: &OutputText<'_>, at: usize, name: usize) -> Option<Found> {
    let before = text.before(at, SETTINGS_BYTES);
    let separated = before.iter().rev().find(|byte| **byte != b' ');
    if separated != Some(&b';') || !is_connection(before) {
        return None;
    }
    let start = at.checked_add(name)?;
    let rest = text.from(start);
    let rest = rest.get(..128).unwrap_or(rest);
    let ends = |byte: &u8| matches!(byte, b';' | b'"' | b'\'' | b'<' | b'\\' | b'&' | 0..=b' ');
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    let confidence = strength(b"", rest.get(..len)?, server(before))?;
    let end = start.checked_add(len)?;
    Some(Found {
        start,
        end,
        reach: end.saturating_add(1),
        confidence: Some(confidence),
    })
}

/// The name of the server among settings; `?` if it stands elsewhere.
fn server(settings: &[u8]) -> &[u8] {
    let (mut rest, mut name_at) = (settings.iter().enumerate(), Some(0_usize));
    let value = rest.find_map(|(at, byte)| {
        let name = match byte {
            b'=' => settings.get(name_at.take()?..at)?,
            b';' => {
                name_at = Some(at.saturating_add(1));
                return None;
            }
            _ => return None,
        };
        let words = [b"server".as_slice(), b"source", b"host"];
        // Most names are shorter than the shortest of them.
        let is_server = name.len() >= 4 && words.iter().any(|word| holds(name, word));
        is_server.then(|| settings.get(at.saturating_add(1)..))?
    });
    let value = value.unwrap_or(b"?");
    value.split(|byte| *byte == b';').next().unwrap_or(value)
}
