//! Which texts of an event could do harm where a function repeats them.
//! It never judges one: whether it does harm is decided by the place in which it stands.
use credenza_event::{Classes, Form, Role};
use memchr::{memchr, memchr_iter, memchr3, memmem};

use super::echo::TEXT_BYTES_MIN;
use crate::detector::cross_site_scripting::browser;
use crate::leak::reflected_header as header;

// Limit: what is kept of one event has 32 KiB in all, so nobody looks further into one text.
const LOOKED_BYTES_MAX: usize = super::ROOM_BYTES;

/// True for a text with signs that mean something to a browser, to whoever reads header fields, or
/// to a database.
pub(super) fn may_harm(form: &Form<'_>) -> bool {
    if form.text.len() < TEXT_BYTES_MIN {
        return false;
    }
    let text = form.text.get(..LOOKED_BYTES_MAX).unwrap_or(form.text);
    if !form.classes.meets(Classes::ODD) {
        // No sign, but a scheme or a host may be one.
        return is_address(form.role, text);
    }
    if memchr3(b'<', b'\r', b'\n', text).is_some() {
        return true;
    }
    if form.role == Role::Header && is_list(form) {
        return false;
    }
    memchr3(b'"', b'\'', b'`', text).is_some()
        || is_address(form.role, text)
        || form.role != Role::Header && (joins(text) || header::adds_attribute(text))
}

/// True for an address that runs or leads away; whoever links to a page says so in a header field,
/// where it means nothing.
fn is_address(role: Role, text: &[u8]) -> bool {
    memchr(b':', text).is_some() && browser::runs_as_address(text)
        || role != Role::Header && header::leads_away(text.trim_ascii_start())
}

/// True for a call, an expression in a text, or a handler among attributes.
fn joins(text: &[u8]) -> bool {
    let before = |at: usize| at.checked_sub(1).and_then(|at| text.get(at));
    let is_call = |at: usize| {
        before(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b']'))
    };
    memchr_iter(b'(', text).any(is_call)
        || memmem::find(text, b"${").is_some()
        || memchr_iter(b'=', text).any(|at| is_handler(text.get(..at).unwrap_or(&[])))
}

/// True if a text ends with the name of an attribute that handles an event.
fn is_handler(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let letters = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic());
    let start = text.len().saturating_sub(letters.count());
    text.get(start..).is_some_and(browser::handles_event)
}

/// True for a header field whose values are lists of quoted words, as every browser sends them.
fn is_list(form: &Form<'_>) -> bool {
    let pointer = form.pointer();
    let name = pointer.rsplit('/').next().unwrap_or(&pointer);
    let starts = [
        "sec-",
        "if-",
        "accept",
        "cache-control",
        "etag",
        "priority",
        "content-type",
    ];
    starts.iter().any(|start| {
        name.get(..start.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(start))
    })
}
