//! Streams of Ruby's Marshal: a version, and objects with the names of their classes.
//! It never follows links: each name that is written out counts.
use super::Find;
use super::class::{self, Worth};

/// Reads a stream.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let stream = text.strip_prefix(b"\x04\x08")?;
    let mut worth = None;
    let mut end = 0_usize;
    let mut at = 0_usize;
    // Where a byte was met that no name has, so that no name is read over it twice.
    let mut odd = 0_usize;
    // Each name stands behind a colon, as a symbol.
    while let Some(offset) = memchr::memchr(b':', stream.get(at..).unwrap_or(&[])) {
        let kind = at.saturating_add(offset).checked_sub(1);
        let kind = kind.and_then(|before| stream.get(before).copied());
        at = at.saturating_add(offset).saturating_add(1);
        if !matches!(kind, Some(b'o' | b'u' | b'U' | b'S' | b'e' | b'C')) {
            continue;
        }
        let Some(name) = name(stream, at, &mut odd) else {
            continue;
        };
        let of_name = match class::ruby(name) {
            // What the format of gems has runs code when it is read from here.
            Worth::Harmless if name.starts_with(b"Gem::") => Worth::Gadget,
            worth => worth,
        };
        worth = worth.max(Some(of_name));
        at = at.saturating_add(name.len()).saturating_add(1);
        end = at;
        if worth == Some(Worth::Gadget) {
            break;
        }
    }
    Some(Find {
        confidence: worth?.confidence()?,
        start: 0,
        end: end.saturating_add(2).min(text.len()),
        format: "ruby",
        mark: "class",
        is_whole: true,
    })
}

/// The name of a class behind its length, which is five more.
fn name<'s>(stream: &'s [u8], at: usize, odd: &mut usize) -> Option<&'s [u8]> {
    let start = at.saturating_add(1);
    let len = usize::from(stream.get(at)?.checked_sub(5)?);
    let name = stream.get(start..start.saturating_add(len))?;
    if !name.first()?.is_ascii_uppercase() || (start..start.saturating_add(len)).contains(odd) {
        return None;
    }
    let is_odd = |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'));
    match name.iter().position(is_odd) {
        None => Some(name),
        Some(offset) => {
            *odd = start.saturating_add(offset);
            None
        }
    }
}
