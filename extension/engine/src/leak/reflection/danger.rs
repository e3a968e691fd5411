//! Which texts of an event could do harm where a function repeats them.
//! It never judges one: whether it does harm is decided by the place in which it stands.
use credenza_event::{Classes, Form, Role};
use memchr::memchr_iter;

use super::echo::TEXT_BYTES_MIN;
use crate::detector::cross_site_scripting::browser;
use crate::leak::reflected_header as header;
use crate::sought;

// Limit: what is kept of one event has 32 KiB in all, so nobody looks further into one text.
const LOOKED_BYTES_MAX: usize = super::ROOM_BYTES;

/// Signs that mean something to a browser, to whoever reads header fields, or to a database.
const MARK: u8 = 1;
const QUOTE: u8 = 1 << 1;
const CALL: u8 = 1 << 2;
const EQUALS: u8 = 1 << 3;
const DOLLAR: u8 = 1 << 4;
const SEMICOLON: u8 = 1 << 5;

/// The sign that each byte is. 256 bytes.
static SIGNS: [u8; 256] = {
    let mut signs = [0_u8; 256];
    let all = [
        (b'<', MARK),
        (b'\r', MARK),
        (b'\n', MARK),
        (b'"', QUOTE),
        (b'\'', QUOTE),
        (b'`', QUOTE),
        (b'(', CALL),
        (b'=', EQUALS),
        (b'$', DOLLAR),
        (b';', SEMICOLON),
    ];
    let mut at = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "runs at build time only: a wrong index fails the build"
    )]
    while at < all.len() {
        signs[all[at].0 as usize] = all[at].1;
        at += 1;
    }
    signs
};

/// The signs of a text.
#[inline]
fn signs(text: &[u8]) -> u8 {
    let sign = |byte: &u8| SIGNS.get(usize::from(*byte)).copied().unwrap_or(0);
    text.iter().fold(0, |all, byte| all | sign(byte))
}

/// True for a text with signs that mean something where it may be repeated.
#[inline]
pub(super) fn may_harm(form: &Form<'_>) -> bool {
    if form.text.len() < TEXT_BYTES_MIN {
        return false;
    }
    let text = form.text.get(..LOOKED_BYTES_MAX).unwrap_or(form.text);
    // No sign, but a scheme or a host may be one.
    if begins_address(text) && is_address(form.role, text) {
        return true;
    }
    if !form.classes.meets(Classes::ODD) {
        return false;
    }
    let signs = signs(text);
    if signs & MARK != 0 {
        return true;
    }
    if form.role == Role::Header {
        return signs & QUOTE != 0 && !is_list(form);
    }
    signs & QUOTE != 0 || means(text, signs)
}

/// A glance at the first byte of a text, which spares most of them a look for schemes.
#[inline]
fn begins_address(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| {
        let begins = b"jvlmdfh/|&".contains(&(byte | 0x20));
        *byte <= b' ' || begins
    })
}

/// True for an address that runs or leads away; whoever links to a page says so in a header field,
/// where it means nothing.
fn is_address(role: Role, text: &[u8]) -> bool {
    role != Role::Header && header::leads_away(text.trim_ascii_start())
        || memchr::memchr(b':', text).is_some() && browser::runs_as_address(text)
}

/// True for a call, an expression in a text, a handler among attributes, or an attribute of a
/// cookie.
fn means(text: &[u8], signs: u8) -> bool {
    let before = |at: usize| at.checked_sub(1).and_then(|at| text.get(at));
    let is_call = |at: usize| {
        before(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b']'))
    };
    signs & CALL != 0 && memchr_iter(b'(', text).any(is_call)
        || signs & DOLLAR != 0 && sought::find(text, b"${").is_some()
        || signs & EQUALS != 0
            && memchr_iter(b'=', text).any(|at| is_handler(text.get(..at).unwrap_or(&[])))
        || signs & SEMICOLON != 0 && header::adds_attribute(text)
}

/// True if a text ends with the name of an attribute that handles an event.
fn is_handler(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let letters = text
        .iter()
        .rev()
        .take(HANDLER_BYTES)
        .take_while(|byte| byte.is_ascii_alphabetic());
    let start = text.len().saturating_sub(letters.count());
    text.get(start..).is_some_and(browser::handles_event)
}

// Limit: the longest name of a handler, `onsecuritypolicyviolation`, has 25 letters.
const HANDLER_BYTES: usize = 32;

/// True for a header field whose values are lists of quoted words, as every browser sends them.
fn is_list(form: &Form<'_>) -> bool {
    let Some(name) = form.path.names().next() else {
        return false;
    };
    let starts = [
        b"sec-".as_slice(),
        b"if-",
        b"accept",
        b"cache-control",
        b"etag",
        b"priority",
        b"content-type",
    ];
    starts.iter().any(|start| {
        name.get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    })
}
