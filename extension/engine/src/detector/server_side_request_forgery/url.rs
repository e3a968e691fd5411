//! URLs as parsers read them, and where two parsers would read different hosts.
//! It never looks further for a host than a name may be long.
use super::host::{Lead, lead};

/// A URL, or what one parser at least takes for one.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that was read"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Url<'t> {
    /// The protocol, as it is written.
    pub(super) scheme: &'t [u8],
    /// Where the host leads.
    pub(super) lead: Lead,
    /// Where another parser says it leads, if the URL is written so that they differ.
    pub(super) other: Option<Other>,
    /// The user's name before the host is written to be taken for the host.
    pub(super) is_disguised: bool,
    /// The port, if it is written.
    pub(super) port: Option<u16>,
    /// What stands where the port does begins as none may, or goes on as none may.
    pub(super) is_port_odd: bool,
    /// The host, as it is written.
    pub(super) host: &'t [u8],
    /// What stands behind the host, from its slash on.
    pub(super) path: &'t [u8],
    /// No slashes stand behind the protocol, or one.
    pub(super) lacks_slashes: bool,
    /// More than two slashes stand behind the protocol, or backslashes.
    pub(super) is_misslashed: bool,
    /// The URL stands in another one that names an archive: `jar:`.
    pub(super) is_archived: bool,
    /// Where the URL begins and where its host ends.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The host that another parser sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    /// Where it leads.
    pub(super) lead: Lead,
    /// It stands behind an `@` of its own.
    pub(super) is_split: bool,
}

// Limit: a name has 253 bytes; a user's name and password before it are shorter.
const AUTHORITY_BYTES_MAX: usize = 320;
// Limit: the longest protocol in use has 12 letters.
const SCHEME_BYTES_MAX: usize = 16;
// Limit: what disguises a host stands right behind it.
const DISGUISE_BYTES_MAX: usize = 64;

/// The URL whose `://`, or `:`, stands at `colon`.
pub(super) fn at_colon(text: &[u8], colon: usize) -> Option<Url<'_>> {
    let before = text.get(..colon).unwrap_or(&[]);
    let near = before.len().saturating_sub(SCHEME_BYTES_MAX);
    let letters = before
        .get(near..)
        .unwrap_or(&[])
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'))
        .count();
    let start = colon.saturating_sub(letters);
    let scheme = before.get(start..).unwrap_or(&[]);
    // No protocol is a number, but some parsers take one for the name of theirs.
    let is_number = start == 0 && scheme.iter().all(u8::is_ascii_digit);
    if scheme.is_empty() || !(is_number || scheme.first().is_some_and(u8::is_ascii_alphabetic)) {
        return None;
    }
    let mut at = colon.saturating_add(1);
    let slashes = text
        .get(at..)
        .unwrap_or(&[])
        .iter()
        .take(SCHEME_BYTES_MAX)
        .take_while(|byte| matches!(byte, b'/' | b'\\'))
        .count();
    let signs = text.get(at..).and_then(|rest| rest.get(..slashes));
    let is_misslashed = slashes > 2 || signs.is_some_and(|signs| signs.contains(&b'\\'));
    at = at.saturating_add(slashes);
    // `file:///etc` has no host.
    let is_hostless = slashes != 2 && scheme.eq_ignore_ascii_case(b"file");
    let head = before.get(..start).unwrap_or(&[]);
    let carrier = head.get(head.len().saturating_sub(JAR.len())..);
    Some(Url {
        lacks_slashes: slashes < 2,
        is_misslashed,
        is_archived: carrier.is_some_and(|carrier| carrier.eq_ignore_ascii_case(JAR)),
        ..read(text, scheme, start, at, is_hostless)
    })
}

const JAR: &[u8] = b"jar:";

/// The host that stands where a value begins, without a protocol.
pub(super) fn bare(text: &[u8], start: usize) -> Url<'_> {
    read(text, &[], start, start, false)
}

fn read<'t>(
    text: &'t [u8],
    scheme: &'t [u8],
    start: usize,
    at: usize,
    is_hostless: bool,
) -> Url<'t> {
    let rest = text.get(at..).unwrap_or(&[]);
    let rest = rest.get(..AUTHORITY_BYTES_MAX).unwrap_or(rest);
    let is_end = |byte: &u8| {
        matches!(
            byte,
            b'/' | b'\\' | b'?' | b'#' | b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | 0 | b'|' | b'!'
        )
    };
    let len = if is_hostless {
        0
    } else {
        rest.iter().position(is_end).unwrap_or(rest.len())
    };
    let authority = rest.get(..len).unwrap_or(&[]);
    let behind = rest.get(len..).unwrap_or(&[]);
    let (user, host_port) = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(at) => (
            authority.get(..at).unwrap_or(&[]),
            authority.get(at.saturating_add(1)..).unwrap_or(&[]),
        ),
        None => (&[][..], authority),
    };
    let (host, port) = host_and_port(host_port);
    let behind_colon = host_port.get(host.len().saturating_add(1)..).unwrap_or(&[]);
    let full = text.get(at.saturating_add(len)..).unwrap_or(&[]);
    let is_number = behind_colon.len() > 1 && behind_colon.iter().all(u8::is_ascii_digit);
    let by_user = behind_at(behind).or_else(|| first_host(user).or_else(|| inside_host(user)));
    Url {
        scheme,
        lead: lead(host),
        other: by_user
            .or_else(|| behind_host(host, behind))
            .map(|host| Other {
                lead: lead(host),
                is_split: by_user.is_some(),
            }),
        is_disguised: is_disguise(user),
        port,
        is_port_odd: is_odd(behind_colon)
            || is_doubled(behind_colon)
            || is_number && port.is_none(),
        host,
        path: full,
        lacks_slashes: false,
        is_misslashed: false,
        is_archived: false,
        start,
        end: at.saturating_add(len),
    }
}

/// True for a port with a sign before it or letters right behind its digits: some parsers read a
/// number there all the same, and send the rest along.
fn is_odd(port: &[u8]) -> bool {
    let digits = port.strip_prefix(b"+").unwrap_or(port);
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let rest = digits.get(count..).unwrap_or(&[]);
    count >= 2
        && (digits.len() < port.len() || !rest.is_empty())
        && rest.iter().all(u8::is_ascii_alphabetic)
}

/// True for two ports: one parser takes the first of them, another one the last.
fn is_doubled(port: &[u8]) -> bool {
    let mut numbers = port.split(|byte| *byte == b':');
    let is_number = |digits: Option<&[u8]>| {
        digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    };
    is_number(numbers.next()) && is_number(numbers.next()) && numbers.next().is_none()
}

/// Splits what stands behind the user's name.
fn host_and_port(text: &[u8]) -> (&[u8], Option<u16>) {
    let at = match text.iter().position(|byte| *byte == b']') {
        Some(end) if text.first() == Some(&b'[') => end.saturating_add(1),
        _ => text
            .iter()
            .position(|byte| matches!(byte, b':' | b';' | b',' | b'$'))
            .unwrap_or(text.len()),
    };
    let host = text.get(..at).unwrap_or(text);
    let digits = text.get(at.saturating_add(1)..).unwrap_or(&[]);
    let port = core::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok());
    (host, port)
}

/// True for a user's name that is written as a host is, or as none may be.
fn is_disguise(user: &[u8]) -> bool {
    let name = user.split(|byte| *byte == b':').next().unwrap_or(&[]);
    let is_host = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'$'));
    let is_odd = user.iter().any(|byte| matches!(byte, b'[' | b']')) && !user.contains(&b'{');
    // A slash, a question mark or a number sign that is spelled with an escape ends the host for
    // who undoes escapes first.
    let is_escaped = user.windows(3).any(|window| {
        matches!(
            window,
            [b'%', b'2', b'f' | b'F' | b'3']
                | [b'%', b'3', b'f' | b'F']
                | [b'%', b'5', b'c' | b'C']
        )
    }) && memchr::memchr(b'.', name).is_some();
    is_host && name.contains(&b'.') || is_odd || is_escaped
}

/// A user's name that is the name or the address of a host inside: `127.0.0.1@shop.example`.
fn inside_host(user: &[u8]) -> Option<&[u8]> {
    let name = user.split(|byte| *byte == b':').next()?;
    let may_be_host =
        name.eq_ignore_ascii_case(b"localhost") || memchr::memchr_iter(b'.', name).count() == 3;
    (may_be_host && lead(name).is_inside()).then_some(name)
}

/// The host that stands behind the first of two `@`.
fn first_host(user: &[u8]) -> Option<&[u8]> {
    let at = user.iter().position(|byte| *byte == b'@')?;
    let host = user.get(at.saturating_add(1)..)?;
    Some(host_and_port(host).0)
}

/// The host that another parser sees right behind this one: a zero byte or a sign stands between
/// them, and no slash.
fn behind_host<'t>(host: &[u8], behind: &'t [u8]) -> Option<&'t [u8]> {
    let (first, rest) = behind.split_first()?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let is_cut = *first == 0 && rest.first().is_some_and(is_name);
    // A name of a host that ends the URL.
    let is_last = matches!(first, b'#' | b'?')
        && rest.len() > 3
        && rest.iter().all(is_name)
        && rest.contains(&b'.');
    (!host.is_empty() && (is_cut || is_last)).then_some(rest)
}

/// The host that another parser sees behind an `@` that stands where this one has ended.
fn behind_at(behind: &[u8]) -> Option<&[u8]> {
    let (first, rest) = behind.split_first()?;
    if !matches!(first, b'#' | b'\\' | b'?' | b' ') {
        return None;
    }
    let near = rest.get(..DISGUISE_BYTES_MAX).unwrap_or(rest);
    let end = near
        .iter()
        .position(|byte| byte.is_ascii_alphanumeric() || *byte == b'/')
        .unwrap_or(near.len());
    let at = near.get(..end)?.iter().rposition(|byte| *byte == b'@')?;
    let host = rest.get(at.saturating_add(1)..).unwrap_or(&[]);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'[');
    let len = host
        .iter()
        .take(DISGUISE_BYTES_MAX)
        .take_while(|byte| is_part(byte))
        .count();
    (len > 0).then(|| host.get(..len).unwrap_or(&[]))
}
