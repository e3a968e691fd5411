//! Values that leave the string of a script, and values that are a hidden call as a whole.
//! It never takes a quote for a break-out whose tail does nothing in a browser.
use memchr::{memchr, memchr2};

use super::script::{self, Deeds};
use super::signals::{ROOT, SINK, roles};
use crate::sought;

/// What a value does that leaves the string of a script in which it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct BreakOut {
    pub(super) context: &'static str,
    pub(super) start: usize,
    pub(super) deeds: Deeds,
}

// Limit: what stands before the quote is the value that was meant; a name or a word has 64 bytes.
const BEFORE_MAX: usize = 64;

// Limit: a function that is called at once; a longer one is a program.
const CALLED_MAX: usize = 128;

/// The first break-out of a value that does something: behind its first quote of each kind, or from
/// its start.
pub(super) fn break_out(text: &[u8], within_quotes: bool) -> Option<BreakOut> {
    let near = text.get(..BEFORE_MAX).unwrap_or(text);
    let quotes = [
        (b'\'', "single-quoted-script"),
        (b'"', "double-quoted-script"),
        (b'`', "template-script"),
    ];
    for (quote, context) in quotes {
        let Some(at) = memchr(quote, near) else {
            continue;
        };
        // A quote in a tag is one of an attribute.
        let before = near.get(..at).unwrap_or(near);
        if memchr(b'<', before).is_some() && memchr(b'>', before).is_none() {
            continue;
        }
        let behind = at.saturating_add(1);
        // Back-ticks are quotes of prose about programs, too.
        let needed = if quote == b'`' {
            script::SURE.with(script::CALL)
        } else {
            script::EFFECT
        };
        let next = text.get(behind);
        let is_name = quote == b'`' && matches!(next, Some(b':' | b'~' | b'<' | b'\n' | b' '));
        let deeds = continued(text, behind).filter(|deeds| deeds.has(needed) && !is_name);
        if let Some(deeds) = deeds {
            return Some(BreakOut {
                context,
                start: at,
                deeds,
            });
        }
    }
    // A reader of JSON took both quotes away.
    let sure = script::SURE.with(script::CALL);
    let signs = |byte: &u8| b"|&;+-*)}".contains(byte);
    if within_quotes
        && text.first().is_some_and(signs)
        && let Some(deeds) = continued(text, 0).filter(|deeds| deeds.has(sure))
    {
        return Some(BreakOut {
            context: "double-quoted-script",
            start: 0,
            deeds,
        });
    }
    bare(text, near)
}

/// `1;alert(1)`: behind the word that was meant, or from the start.
fn bare(text: &[u8], near: &[u8]) -> Option<BreakOut> {
    let word = near
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let number = near.get(..word).unwrap_or(&[]);
    let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let next = text.get(word);
    let is_number_left = |byte: &u8| b"-+*^&|,".contains(byte);
    let calls_behind = matches!(text.get(word..), Some([b')' | b']', b';' | b',', ..]));
    let at = if matches!(next, Some(b';' | b'}'))
        || is_number && (next.is_some_and(is_number_left) || calls_behind)
    {
        word
    } else {
        behind_pattern(text).unwrap_or_default()
    };
    // Behind a sign and a space stands an item of a list.
    let sign = text.get(at)?;
    let next = text.get(at.saturating_add(1));
    let is_item = next.is_none_or(|byte| *byte <= b' ' || byte == sign);
    let is_item = is_item && !is_called_at_once(text);
    // A comment of a script ends with its line, and begins before the rest of it.
    let is_line = *sign == b'\n' && text.ends_with(b"//");
    // A path begins with a slash.
    if sign.is_ascii_whitespace() && !is_line || is_item || *sign == b'/' && at == 0 {
        return None;
    }
    let deeds = continued(text, at).filter(|deeds| {
        deeds.has(script::SURE)
            && !deeds.has(script::PROSE)
            && deeds.any(script::CALL.with(script::ASSIGNMENT))
    })?;
    Some(BreakOut {
        context: "bare-script",
        start: 0,
        deeds,
    })
}

/// `/u;alert(1);//`: where a value goes on that closes a pattern, behind its flags.
fn behind_pattern(text: &[u8]) -> Option<usize> {
    let flags = text.strip_prefix(b"/")?;
    let len = flags
        .iter()
        .take(3)
        .take_while(|byte| b"dgimsuvy".contains(byte))
        .count();
    let end = len.saturating_add(1);
    matches!(text.get(end), Some(b';')).then_some(end)
}

/// True for a function that is called where it stands.
fn is_called_at_once(text: &[u8]) -> bool {
    let starts = [b"!function".as_slice(), b"(()=>", b"(function"];
    starts.iter().any(|start| text.starts_with(start))
}

fn rest_of(text: &[u8], at: usize) -> &[u8] {
    text.get(at..).unwrap_or(&[])
}

/// What stands from `at` on, if it goes on as a script does behind a value.
fn continued(text: &[u8], at: usize) -> Option<Deeds> {
    let rest = text.get(at..)?;
    let closers = rest
        .iter()
        .position(|byte| !matches!(byte, b')' | b']' | b'}' | b' ' | b'\t'))?;
    let rest = rest.get(closers..)?;
    let first = *rest.first()?;
    let separates = matches!(
        first,
        b';' | b','
            | b'+'
            | b'-'
            | b'*'
            | b'%'
            | b'&'
            | b'|'
            | b'^'
            | b'='
            | b'<'
            | b'>'
            | b'?'
            | b':'
            | b'~'
            | b'\n'
            | b'\r'
    ) || is_called_at_once(rest) && text.len() <= CALLED_MAX;
    if is_option(rest) {
        return None;
    }
    // Markup is read as such.
    let next = rest.iter().skip(1).find(|byte| **byte > b' ');
    let is_tag = first == b'<' && next.is_some_and(|byte| !byte.is_ascii_digit() && *byte != b'<')
        || first == b'>' && next == Some(&b'<');
    if is_tag && at > 0 {
        return None;
    }
    // `/alert(1)` divides.
    let divides = first == b'/' && rest.get(1).is_some_and(u8::is_ascii_alphabetic);
    // `}alert(1)` and `)alert(1)` need no separator.
    let ends = rest_of(text, at)
        .first()
        .is_some_and(|byte| matches!(byte, b')' | b']' | b'}'));
    (separates || divides || ends).then(|| script::read(rest))
}

/// `--location=here`: an option of a command line, where a script would assign to what it lowers.
fn is_option(rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b"--") else {
        return false;
    };
    let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    let len = name.iter().take(BEFORE_MAX).take_while(is_of_name).count();
    len > 0 && name.get(len) == Some(&b'=')
}

// Limit: the shortest scripts without letters or digits have some hundred signs; forty are enough
// to tell them from emoticons.
const LETTERLESS_MIN: usize = 40;

/// True for a script that is written without a letter, out of what empty lists convert to.
pub(super) fn is_letterless(text: &[u8]) -> bool {
    let head = text.get(..LETTERLESS_MIN).unwrap_or(&[]);
    let signs = |byte: &u8| b"[]()!+{}$_=;:.,'\"~\\/- ".contains(byte);
    // Letters of other alphabets name what lists of such conversions are taken apart into.
    let foreign = sought::find(text, b"[]+{}").is_some();
    let sign = |byte: &u8| signs(byte) || foreign && (!byte.is_ascii() || *byte == b'\n');
    !head.is_empty()
        && head.iter().all(sign)
        && sought::find(head, b"[]").is_some()
        && memchr(b'(', head).is_some()
        && text.iter().all(|byte| sign(byte) || byte.is_ascii_digit())
}

// Limit: a call on one line; more is program text.
const CALL_BYTES: usize = 512;

/// True for a value that is one call whose name is written as a text, so that no filter sees it.
pub(super) fn is_disguised(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    if text.len() > CALL_BYTES
        || memchr2(b'(', b'`', text).is_none()
        || memchr(b'\n', text).is_some()
    {
        return false;
    }
    let len = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(0);
    let word = text.get(..len).unwrap_or(&[]);
    // `'te' * alert('*') * 'xt'`: texts joined by a call that has nothing to return.
    let joins =
        matches!(text.first(), Some(b'\'' | b'"')) && matches!(text.last(), Some(b'\'' | b'"'));
    if joins {
        let deeds = script::read(text);
        return deeds.has(script::SURE.with(script::CALL)) && !deeds.has(script::PROSE);
    }
    let deeds = script::read(text);
    if deeds.has(script::HIDDEN.with(script::CALL)) {
        return !deeds.has(script::PROSE);
    }
    if sums(text) {
        return true;
    }
    let known = roles(word) & (ROOT | SINK) != 0 || text.starts_with(b"[]");
    let made = sought::find(text, b"constructor").is_some();
    if !known && !made {
        return false;
    }
    let joined = is_joined(text, b"'+'") || is_joined(text, b"\"+\"");
    let built = sought::find_all(text, b"constructor").nth(1).is_some();
    // Other languages print and open, too.
    let is_browsers = deeds.has(script::SURE) || word == b"Function" || made;
    let hides =
        deeds.has(script::COMPUTED) || joined || built || is_escaped(text) || is_coded(text);
    deeds.has(script::EFFECT) && !deeds.has(script::PROSE) && is_browsers && hides
}

// Limit: two letters may be an accident.
const CODED_MIN: usize = 2;

/// True for an argument that is decoded before it runs: a string of escaped letters, numbers of
/// characters, base64.
fn is_coded(text: &[u8]) -> bool {
    let decoders = [
        b"fromCharCode(".as_slice(),
        b"atob(",
        b"unescape(",
        b"decodeURI",
    ];
    let decoded = decoders
        .iter()
        .any(|call| sought::find(text, call).is_some());
    let letters = sought::find_all(text, b"\\x").filter(|at| {
        let high = text.get(at.saturating_add(2));
        high.is_some_and(|digit| matches!(digit, b'6' | b'7'))
    });
    decoded || letters.take(CODED_MIN.saturating_add(1)).count() > CODED_MIN
}

/// True for an evaluation of pieces that were named before: `eval(a+b)`.
fn sums(text: &[u8]) -> bool {
    let named = [b"='".as_slice(), b"=\""];
    if !named.iter().any(|sign| sought::find(text, sign).is_some()) {
        return false;
    }
    sought::find_all(text, b"eval(").any(|at| {
        let rest = text.get(at.saturating_add(5)..).unwrap_or(&[]);
        let len = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'+' && *byte != b'_');
        let sum = rest.get(..len.unwrap_or(0)).unwrap_or(&[]);
        memchr(b'+', sum).is_some() && rest.get(sum.len()) == Some(&b')')
    })
}

/// True for a call in a template whose parentheses are escapes: `\x28`, `\50`.
fn is_escaped(text: &[u8]) -> bool {
    let escapes = [b"\\x28".as_slice(), b"\\u0028", b"\\50", b"\\050"];
    memchr(b'`', text).is_some()
        && escapes
            .iter()
            .any(|sign| sought::find(text, sign).is_some())
}

/// True if two pieces of a word are put together.
fn is_joined(text: &[u8], sign: &[u8]) -> bool {
    sought::find_all(text, sign).any(|at| {
        let letter = |at: Option<usize>| {
            at.and_then(|at| text.get(at))
                .is_some_and(u8::is_ascii_alphabetic)
        };
        letter(at.checked_sub(1)) && letter(at.checked_add(sign.len()))
    })
}
