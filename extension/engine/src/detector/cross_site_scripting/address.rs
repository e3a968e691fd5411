//! Addresses that run, as a whole value, as a link of Markdown, or named in a value.
//! It never takes the name of a language for an address of one.
use memchr::{memchr, memchr_iter};

use super::scheme::{self, Head, Url};
use super::script;
use crate::report::Confidence::{self, High, Medium};

/// How sure an address is that runs, and where it stands.
pub(super) type Found = (Confidence, usize, usize);

/// The surest address in a text that runs.
pub(super) fn strongest(text: &[u8]) -> Option<Found> {
    let whole = whole(text).map(|(url, sure)| {
        let confidence = if sure || url != Url::Script {
            High
        } else {
            Medium
        };
        (confidence, 0, text.len())
    });
    if whole.is_some_and(|(confidence, ..)| confidence == High) {
        return whole;
    }
    linked(text).or(whole).or_else(|| named(text))
}

/// What a value is that is nothing but a URL that runs; how sure that is follows from its script.
fn whole(text: &[u8]) -> Option<(Url, bool)> {
    // In a path the value stands behind a slash.
    let text = text.strip_prefix(b"/").unwrap_or(text);
    let start = text.iter().position(u8::is_ascii_alphanumeric)?;
    let letters = text.get(start..)?;
    let letters = letters.strip_prefix(b"feed:").unwrap_or(letters);
    let letters = letters.strip_prefix(b"feed:").unwrap_or(letters);
    let schemes = [
        b"javascript".as_slice(),
        b"vbscript",
        b"livescript",
        b"mocha",
        b"data",
    ];
    let known = |scheme: &&[u8]| {
        let found = letters.get(..scheme.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(scheme))
            && !letters
                .get(scheme.len())
                .is_some_and(u8::is_ascii_alphabetic)
    };
    if !schemes.iter().any(known) {
        return None;
    }
    let url = scheme::of(text);
    match url {
        Url::Plain | Url::Idle | Url::Vector => None,
        Url::Document => {
            let head = Head::of(text);
            let page = [b"data:text/html".as_slice(), b"data:application/xhtml"];
            // Without one of these it is a text.
            let has_markup = text
                .iter()
                .any(|byte| matches!(byte, b'<' | b';' | b'%' | b'&'));
            page.iter()
                .any(|kind| has_markup && head.as_bytes().starts_with(kind))
                .then_some((url, false))
        }
        Url::Script => {
            let head = Head::of(text);
            let code = text.get(head.behind_colon..).unwrap_or(&[]);
            let deeds = script::read(code);
            // `javascript://%0aalert(1)` hides its script behind a comment's end.
            let commented = code.trim_ascii_start().starts_with(b"//");
            let sure = deeds.has(script::EFFECT) && !deeds.has(script::PROSE);
            // A string as a result is a page.
            let result = matches!(code.trim_ascii_start().first(), Some(b'\'' | b'"'))
                && (memchr(b'\\', code).is_some() || memchr(b'<', code).is_some());
            let sure = sure || commented || result;
            (deeds.acts() || sure).then_some((url, sure))
        }
    }
}

// Limit: the beginning of an address tells whether it runs; each link asks for no more.
const LINK_BYTES: usize = 128;

/// A Markdown link to an address that runs, or an image of a style.
fn linked(text: &[u8]) -> Option<Found> {
    let mut from = 0_usize;
    while let Some(at) = memchr(b'(', text.get(from..)?) {
        let start = from.saturating_add(at);
        from = start.saturating_add(1);
        let before = text.get(..start).unwrap_or(&[]);
        let links = [b"]".as_slice(), b"]: ", b"url"];
        if !links.iter().any(|link| before.ends_with(link)) {
            continue;
        }
        let target = text.get(from..).unwrap_or(&[]);
        let first = target
            .iter()
            .find(|byte| **byte > b' ' && !b"\"'`".contains(byte));
        if !matches!(first, Some(b'j' | b'J' | b'v' | b'V' | b'l' | b'm' | b'd')) {
            continue;
        }
        // No address has a space in it, so that none is read twice.
        let target = target.get(..LINK_BYTES).unwrap_or(target);
        let word = target.iter().skip(1).position(u8::is_ascii_whitespace);
        let word = word.map_or(target, |len| target.get(..=len).unwrap_or(target));
        let end = from.saturating_add(word.len());
        if whole(word).is_some_and(|(url, sure)| sure || url == Url::Document) {
            return Some((High, from, end));
        }
        if is_script(word) {
            from = end;
        }
    }
    None
}

/// True if a script's scheme begins a text.
fn is_script(text: &[u8]) -> bool {
    text.get(..SCHEME.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

const SCHEME: &[u8] = b"javascript";
// Limit: a payload on one line; what is longer is data or program text.
const LINE_BYTES: usize = 512;
// Limit: a command names one address; more are a list of them.
const NAMED_MAX: usize = 8;

/// An address behind a quote or a space in a value of one line: `open -u "javascript:…"`.
fn named(text: &[u8]) -> Option<Found> {
    if text.len() > LINE_BYTES || memchr(b'\n', text).is_some() {
        return None;
    }
    memchr_iter(b':', text).take(NAMED_MAX).find_map(|colon| {
        let start = colon.checked_sub(SCHEME.len())?;
        let scheme = text.get(start..colon)?;
        let before = text.get(start.checked_sub(1)?)?;
        let apart = before.is_ascii_whitespace() || matches!(before, b'"' | b'\'' | b'=' | b'>');
        if !apart || !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let code = text.get(colon.saturating_add(1)..)?;
        let deeds = script::read(code);
        let sure = deeds.has(script::SURE) && !deeds.has(script::PROSE);
        let end = code
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\'' | b' '));
        let end = end.map_or(text.len(), |end| colon.saturating_add(end));
        sure.then_some((High, start, end))
    })
}
