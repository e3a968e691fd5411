//! What payloads leave that were written for many places at once, or torn where a filter cut them.
//! It never takes one closing sign for an attempt: only what closes every context together.
use memchr::memchr;

use super::style;
use crate::sought;

// Limit: a payload on one line; what is longer is data or program text.
const LINE_BYTES: usize = 512;
// Limit: three quotes and what may stand beside them, before the end of a comment.
const QUOTES_BYTES: usize = 8;
// Limit: a reference has a sign, leading zeros and few digits.
const TORN: &[u8] = b"<wbr>#";

/// What a value on one line shows of a payload, if anything: the production and where it begins.
pub(super) fn find(text: &[u8]) -> Option<(&'static str, usize)> {
    if text.len() > LINE_BYTES || memchr(b'\n', text).is_some() {
        return None;
    }
    if let Some(found) = stands_alone(text) {
        return Some(found);
    }
    memchr(b'<', text)?;
    closes_everything(text)
        .map(|at| ("context-closer", at))
        .or_else(|| ends_in_a_row(text).map(|at| ("end-tags", at)))
        .or_else(|| declares_time(text).map(|at| ("time-behavior", at)))
        .or_else(|| tears_reference(text).map(|at| ("torn-reference", at)))
}

/// What needs no markup around it: letters that spell markup, an address within an archive, a
/// binding that another text named, a sheet whose value is a script.
fn stands_alone(text: &[u8]) -> Option<(&'static str, usize)> {
    if memchr(b'(', text).is_some() {
        if let Some(at) = sought::find_all(text, b"+ADw-").nth(1) {
            return Some(("utf-7-markup", at));
        }
        if let Some(at) = sought::find(text, b"=-moz-binding:url(") {
            return Some(("css-binding", at));
        }
        if text.ends_with(b"`;}") && style::runs(text) == Some("css-script") {
            return Some(("css-script", 0));
        }
    }
    let archive = text.strip_prefix(b"mhtml:")?;
    let inner = sought::find(archive, b"//").is_some() && memchr(b'!', archive).is_some();
    inner.then_some(("inner-address", 0))
}

/// All three quotes, the end of a comment and that of a section of character data side by side:
/// no text and no language has a use for them together.
fn closes_everything(text: &[u8]) -> Option<usize> {
    let at = sought::find(text, b"-->]]>")?;
    let start = at.saturating_sub(QUOTES_BYTES);
    let near = text.get(start..at)?;
    let quotes = [b'"', b'\'', b'`'];
    let all = quotes.iter().all(|quote| memchr(*quote, near).is_some());
    // Markup stands before it, as the gate has seen.
    let marked =
        memchr(b'=', text).is_some() || is_ended(text, b"script") || is_ended(text, b"style");
    (all && marked).then_some(start)
}

/// The declaration by which old browsers were made to run animations that write markup.
fn declares_time(text: &[u8]) -> Option<usize> {
    let at = sought::find(text, b"<?xml:namespace ")?;
    let rest = text.get(at..)?;
    memchr(b'=', rest)?;
    sought::find(rest, b"schemas-microsoft-com:time").map(|_| at)
}

/// Ends of elements whose content is text, with no tag among them complete:
/// `</title/</textarea/</script/`.
fn ends_in_a_row(text: &[u8]) -> Option<usize> {
    let mut first = None;
    let mut ends = 0_u8;
    let mut runs = false;
    for at in sought::find_all(text, b"</") {
        let rest = text.get(at.saturating_add(2)..).unwrap_or(&[]);
        let names = [b"title/<".as_slice(), b"textarea/<", b"style/<", b"script/"];
        let begins = |name: &&[u8]| {
            rest.get(..name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let Some(name) = names.iter().find(|name| begins(name)) else {
            continue;
        };
        first = first.or(Some(at));
        ends = ends.saturating_add(1);
        runs |= name.starts_with(b"s");
    }
    first.filter(|_| ends >= ENDS_MIN && runs)
}

// Limit: one is a slip of the pen; nobody slips three times in a row.
const ENDS_MIN: u8 = 3;

/// A numeric reference with an element between its sign and its number, which only a program writes
/// that breaks long words: `&<wbr>#x61;`.
fn tears_reference(text: &[u8]) -> Option<usize> {
    sought::find_all(text, b"&<").find(|at| {
        let rest = text.get(at.saturating_add(1)..).unwrap_or(&[]);
        let torn = rest
            .get(..TORN.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(TORN));
        let digits = rest.get(TORN.len()..).unwrap_or(&[]);
        let digits = match digits {
            [b'x' | b'X', hexadecimal @ ..] => hexadecimal,
            decimal => decimal,
        };
        torn && digits.first().is_some_and(u8::is_ascii_hexdigit)
    })
}

/// True if the end of an element stands in a text.
fn is_ended(text: &[u8], name: &[u8]) -> bool {
    sought::find_all(text, b"</").any(|at| {
        let start = at.saturating_add(2);
        text.get(start..start.saturating_add(name.len()))
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}
