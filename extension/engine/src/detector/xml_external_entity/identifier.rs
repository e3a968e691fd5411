//! The identifiers of external entities: what a parser would read or call.
//! It never knows a host or a file: how an identifier is written decides.
use crate::sought;

/// What an identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing that is fetched: a name, or a type that is known by its public identifier.
    Known,
    /// A file beside the document.
    Beside,
    /// Another host, by HTTP.
    Remote,
    /// Something beside the document that is no part of one.
    Odd,
    /// A file of the machine, another folder, or a scheme that does more than to name.
    Reached,
}

/// What a system identifier names, beside a public one if there is one.
pub(super) fn target(system: &[u8], public: Option<&[u8]>) -> Target {
    let system = system.trim_ascii();
    let colon = system.iter().take(32).position(|byte| *byte == b':');
    let scheme = system.get(..colon.unwrap_or(0)).unwrap_or(&[]);
    // Zero bytes cut and hide nothing from a parser that drops them.
    let is_scheme = scheme.len() > 1
        && scheme
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | 0));
    let named = |names: &[&[u8]]| names.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    if is_scheme && named(&[b"urn", b"about", b"cid", b"uuid"]) {
        return Target::Known;
    }
    let known = public.is_some_and(is_formal) || is_standard(system);
    if is_scheme && named(&[b"http", b"https"]) || system.starts_with(b"//") {
        return if known { Target::Known } else { Target::Remote };
    }
    let climbs = sought::find(system, b"..").is_some();
    let absolute = matches!(system.first(), Some(b'/' | b'\\' | b'%'))
        || matches!(system, [drive, b':', ..] if drive.is_ascii_alphabetic());
    if is_scheme || absolute {
        return Target::Reached;
    }
    match system.rsplit(|byte| *byte == b'.').next() {
        _ if known => Target::Known,
        Some(b"xml" | b"dtd" | b"ent" | b"mod" | b"sgml" | b"sgm" | b"elements" | b"docbook") => {
            Target::Beside
        }
        _ if system.is_empty() => Target::Known,
        _ if system.starts_with(b"-//") => Target::Known,
        _ if climbs => Target::Reached,
        _ => Target::Odd,
    }
}

/// True for a formal public identifier: `-//owner//DTD name//EN` (ISO 8879).
pub(super) fn is_formal(public: &[u8]) -> bool {
    let parts = sought::find_all(public, b"//").count();
    parts >= 2 && matches!(public.first(), Some(b'-' | b'+' | b'I'))
}

/// True for the documents that the World Wide Web Consortium publishes.
fn is_standard(system: &[u8]) -> bool {
    let host = [
        b"http://www.w3.org/".as_slice(),
        b"https://www.w3.org/",
        b"http://www.w3c.org/",
    ];
    host.iter().any(|host| system.starts_with(host))
}
