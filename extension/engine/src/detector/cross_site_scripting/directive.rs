//! Attributes that a template framework of the page evaluates as a script.
//! It never judges a directive that reaches for nothing outside of its own scope.
use memchr::memchr2;

use super::script;
use super::tag::Attribute;
use crate::sought;

/// True for a directive that builds a function out of a text, or calls what only attacks call.
pub(super) fn runs(attribute: &Attribute<'_>) -> bool {
    let name = attribute.name;
    if !is_directive(name) {
        return false;
    }
    if builds(name) || builds(attribute.value) {
        return true;
    }
    // The others know no names but those of their component.
    let globals = [b"x-".as_slice(), b"hx-on", b"data-bind", b"expr"];
    if !globals.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    let deeds = script::read(attribute.value);
    deeds.has(script::SURE.with(script::CALL)) && !deeds.has(script::PROSE)
}

/// True for the prefixes of Vue, Alpine, Angular, Svelte, htmx and Knockout.
fn is_directive(name: &[u8]) -> bool {
    let first = name.first().map(u8::to_ascii_lowercase);
    let prefixes: &[&[u8]] = match first {
        Some(b'@' | b':' | b'(' | b'[' | b'#') => return true,
        Some(b'n') => &[b"ng-", b"ng:", b"ng_"],
        Some(b'v') => &[b"v-"],
        Some(b'x') => &[b"x-"],
        Some(b'd') => &[b"data-ng-", b"data-bind"],
        Some(b'h') => &[b"hx-on"],
        Some(b'o') => &[b"on:"],
        Some(b'e') => &[b"expr"],
        _ => return false,
    };
    prefixes.iter().any(|prefix| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

const CONSTRUCTOR: &[u8] = b"constructor";

/// True if a function is built out of a text by the constructor of functions, which each value
/// leads to: `x.constructor('…')`, `[].constructor.from(…)`.
pub(super) fn builds(text: &[u8]) -> bool {
    if memchr2(b'(', b'`', text).is_none() {
        return false;
    }
    sought::find_all(text, CONSTRUCTOR).any(|at| {
        let behind = at.saturating_add(CONSTRUCTOR.len());
        let rest = text.get(behind..).unwrap_or(&[]);
        match rest {
            [b'`', ..] | [b'(', b'\'' | b'"' | b'`', ..] => true,
            [b'\'' | b'"', b']', rest @ ..] => matches!(rest.first(), Some(b'(' | b'[' | b'.')),
            _ => rest.starts_with(b".constructor") || rest.starts_with(b".from("),
        }
    })
}
