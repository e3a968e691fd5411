//! What a URL means in its field and its place: a call on the inside, a visit, or nothing.
//! It never reads a URL's parts itself.
use credenza_event::{Decoder, Form, Role, Span};
use memchr::memchr_iter;

use super::address::Place;
use super::field::{self, Field};
use super::host::Lead;
use super::remote;
use super::service;
use super::url::{self, Url};
use crate::prose;
use crate::report::Confidence;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) confidence: Confidence,
    pub(super) context: &'static str,
    pub(super) production: &'static str,
    pub(super) span: Span,
}

/// How a URL stands in its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// The value is the URL, or a URL that carries it.
    Whole,
    /// The value is a command line that fetches it.
    Command,
    /// The value is a text that holds it.
    Within,
}

type Meaning = Option<(Confidence, &'static str)>;

/// The strongest finding of a form, the first of equals.
pub(super) fn strongest(form: &Form<'_>) -> Option<Found> {
    let text = form.text;
    let start = text.iter().take_while(|byte| is_lead_in(**byte)).count();
    let field = field::of(form);
    let mut found: Option<Found> = None;
    // The first white space behind the value's start: what stands before it is one piece.
    let tail = text.get(start..).unwrap_or(&[]);
    let piece = tail.iter().position(u8::is_ascii_whitespace);
    let piece = piece.map_or(text.len(), |len| start.saturating_add(len));
    let is_command = is_command(text, start);
    let mut urls = 0_usize;
    for colon in memchr_iter(b':', text) {
        let behind = text.get(colon.saturating_add(1)..).unwrap_or(&[]);
        let is_whole_scheme = colon < piece && is_first_colon(text, start, colon);
        if !matches!(behind, [b'/' | b'\\', b'/' | b'\\', ..]) && !is_whole_scheme {
            continue;
        }
        let Some(mut url) = url::at_colon(text, colon) else {
            continue;
        };
        if form.decoded.last() == Some(&Decoder::Compatibility) {
            url.lead = url.lead.as_unusual();
        }
        urls = urls.saturating_add(1);
        if urls > URLS_MAX {
            break;
        }
        let stand = match stand(text, start, piece, &url) {
            Stand::Within if is_command || is_loaded(text, start, &url) => Stand::Command,
            stand => stand,
        };
        note(&mut found, form, &url, stand, meaning(&url, field, stand));
        if stand == Stand::Whole {
            note(&mut found, form, &url, stand, in_path(&url));
            note(&mut found, form, &url, stand, remote::script(&url));
        }
        if found.is_some_and(|found| found.confidence == Confidence::High) {
            return found;
        }
    }
    if found.is_none() && form.role != Role::Header {
        let slashes = tail
            .iter()
            .take_while(|byte| matches!(byte, b'/' | b'\\'))
            .count();
        if slashes >= 2 {
            // Without a protocol the page's own counts.
            let url = url::bare(text, start.saturating_add(slashes));
            let meaning = of_credentials(&url, true).or_else(|| of_slashes(&url, field));
            note(&mut found, form, &url, Stand::Whole, meaning);
            return found;
        }
        let url = url::bare(text, start);
        note(
            &mut found,
            form,
            &url,
            Stand::Whole,
            of_bare(&url, field, text.len()),
        );
    }
    found
}

fn is_lead_in(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'(')
}

/// Protocols that some parser follows without the slashes; the words of the gate hold each of them.
const SLASHLESS: [&[u8]; 11] = [
    b"http", b"https", b"gopher", b"dict", b"ldap", b"ldaps", b"tftp", b"netdoc", b"sftp", b"file",
    b"smb",
];

/// True if nothing but the name of a protocol stands before the colon.
fn is_first_colon(text: &[u8], start: usize, colon: usize) -> bool {
    let scheme = text.get(start..colon).unwrap_or(&[]);
    let mut known = SLASHLESS.iter();
    known.any(|known| scheme.eq_ignore_ascii_case(known))
}

fn stand(text: &[u8], start: usize, piece: usize, url: &Url<'_>) -> Stand {
    if url.start <= start || url.start < piece && carries(text, start, url.start) {
        return Stand::Whole;
    }
    Stand::Within
}

/// True for a line that begins with a tool that fetches.
fn is_command(text: &[u8], start: usize) -> bool {
    let tools = [&b"curl "[..], b"wget "];
    let head = text.get(start..).unwrap_or(&[]);
    text.len() <= LINE_BYTES_MAX
        && tools.iter().any(|tool| head.starts_with(tool))
        && !text.trim_ascii().contains(&b'\n')
}

/// True for markup that loads what a URL names as soon as somebody renders it: `<img src="…">`,
/// `![x](…)`. A link waits for a reader.
fn is_loaded(text: &[u8], start: usize, url: &Url<'_>) -> bool {
    let before = text.get(..url.start).unwrap_or(&[]);
    let value = match before {
        [rest @ .., b'"' | b'\''] => rest,
        all => all,
    };
    // What begins a value is read as a lead-in, too.
    let is_markup = before.trim_ascii_start().starts_with(b"<") && start <= url.start;
    let loads = |name: &[u8]| {
        let at = value.len().saturating_sub(name.len());
        let tail = value.get(at..).unwrap_or(&[]);
        tail.eq_ignore_ascii_case(name)
            && at
                .checked_sub(1)
                .and_then(|at| value.get(at))
                .is_some_and(|byte| *byte <= b' ' || *byte == b'/')
    };
    is_markup && (loads(b"src=") || loads(b"data=") || loads(b"poster=") || loads(b"xlink:href="))
        || before.starts_with(b"![") && before.ends_with(b"](")
}

// Limit: a URL that carries URLs carries two or three; those of a text are only advice. What is
// read of 24 of them, at most 1 KiB each, is the same for every text.
const URLS_MAX: usize = 24;
// Limit: a command line that somebody sends as a value.
const LINE_BYTES_MAX: usize = 512;

/// True if what stands before a URL carries it: `proxy?to=`, `jar:`, another URL's path.
fn carries(text: &[u8], start: usize, end: usize) -> bool {
    let before = text.get(start..end).unwrap_or(&[]);
    matches!(before.last(), Some(b'=' | b'/' | b':' | b'!' | b'?'))
}

fn note(found: &mut Option<Found>, form: &Form<'_>, url: &Url<'_>, stand: Stand, meaning: Meaning) {
    let Some((confidence, production)) = meaning else {
        return;
    };
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let rest = form.text.get(url.end..).unwrap_or(&[]);
    let path = rest
        .iter()
        .take(LINE_BYTES_MAX)
        .take_while(|byte| !byte.is_ascii_whitespace())
        .count();
    let span = Span {
        start: offset(url.start),
        end: offset(url.end.saturating_add(path)),
    };
    // What nobody writes so stays what it is, if the value begins with it.
    let is_hidden = stand == Stand::Whole
        && matches!(url.lead, Lead::To(address)
            if address.place == Place::Metadata && address.is_unusual);
    let is_told = !is_hidden && prose::surrounds(form.text, span);
    let confidence = match confidence {
        Confidence::High if is_told => Confidence::Medium,
        Confidence::Medium if is_told => Confidence::Low,
        other => other,
    };
    if found.is_none_or(|old| old.confidence < confidence) {
        let context = match stand {
            Stand::Whole => "whole-value",
            Stand::Command => "command",
            Stand::Within => "within-text",
        };
        *found = Some(Found {
            confidence,
            context,
            production,
            span,
        });
    }
}

/// What a URL means.
fn meaning(url: &Url<'_>, field: Field, stand: Stand) -> Meaning {
    if field == Field::Party {
        return None;
    }
    let is_fetched = stand != Stand::Within;
    if let Some(other) = url.other
        && stand == Stand::Whole
    {
        if other.lead.is_inside() || url.lead.is_inside() {
            return Some((Confidence::High, "two-hosts"));
        }
        // Two hosts outside: what is checked may not be what is called.
        let is_web = url
            .scheme
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"http"));
        if is_web && other.is_split && url.host.contains(&b'.') {
            return Some((Confidence::Medium, "two-hosts"));
        }
    }
    if let Some(meaning) = of_credentials(url, is_fetched) {
        return Some(meaning);
    }
    if stand == Stand::Whole
        && let Some(meaning) = of_scheme(url, field)
    {
        return Some(meaning);
    }
    if !is_fetched {
        return None;
    }
    if url.lead.is_inside() && service::is_control(url.port, url.path) {
        return Some((Confidence::High, "control-plane"));
    }
    if stand == Stand::Command {
        return None;
    }
    if url.lead.is_inside() && service::is_open(url.port, url.path) {
        return Some((Confidence::High, "control-plane"));
    }
    if url.lead.is_inside() && service::is_mute(url.scheme, url.port) {
        return Some((Confidence::High, "tried-port"));
    }
    if is_spelled_out(url) {
        return Some((Confidence::High, "tried-port"));
    }
    if url.lead.is_inside() && url.is_disguised {
        return Some((Confidence::High, "disguised-host"));
    }
    if url.lead.is_inside() && hides_letters(url.path) {
        return Some((Confidence::High, "disguised-path"));
    }
    if service::is_of_metadata(url.path) && !url.path.contains(&b'{') {
        return Some((Confidence::High, "metadata"));
    }
    if url.lead.is_inside()
        && field == Field::Fetched
        && let Some(production) = of_fetched(url)
    {
        return Some((Confidence::High, production));
    }
    of_host(url, field)
}

/// The services that give credentials and settings to whoever asks from inside.
fn of_credentials(url: &Url<'_>, is_fetched: bool) -> Meaning {
    let sure = |production| {
        let confidence = if is_fetched {
            Confidence::High
        } else {
            Confidence::Low
        };
        Some((confidence, production))
    };
    let is_local = match url.lead {
        Lead::Metadata | Lead::Embedded(Place::Metadata) => return sure("metadata"),
        Lead::To(address) => match address.place {
            Place::Metadata => return sure("metadata"),
            Place::Runtime => return sure("runtime-api"),
            Place::Loopback | Place::Unspecified => true,
            _ => false,
        },
        Lead::Local { .. } | Lead::Embedded(Place::Loopback) => true,
        _ => false,
    };
    if !is_local {
        return None;
    }
    if service::is_of_lambda(url.port, url.path) {
        return sure("runtime-api");
    }
    (is_fetched && service::is_port_of_lambda(url.port))
        .then_some((Confidence::Medium, "runtime-api"))
}

/// The protocols that a page is never fetched by.
fn of_scheme(url: &Url<'_>, field: Field) -> Meaning {
    let is = |scheme: &str| url.scheme.eq_ignore_ascii_case(scheme.as_bytes());
    let is_inside = url.lead.is_inside();
    let is_url = field.is_called();
    let graded = |is_sure: bool| {
        let confidence = if is_sure {
            Confidence::High
        } else {
            Confidence::Medium
        };
        Some((confidence, "protocol"))
    };
    if is("netdoc") && url.path.starts_with(b"/") {
        return graded(true);
    }
    if is("file") && !url.is_archived {
        let is_system = service::is_system_file(url.path);
        return (is_system || is_url).then_some(if is_system {
            (Confidence::High, "system-file")
        } else {
            (Confidence::Medium, "file")
        });
    }
    if !url.lacks_slashes && (is("gopher") || is("dict") || is("tftp")) {
        return graded(true);
    }
    if url.is_archived {
        return graded(is_inside || is_url);
    }
    if is("ldap") || is("ldaps") {
        return (is_inside || is_url).then_some((Confidence::High, "protocol"));
    }
    if is("sftp") || is("smb") {
        return (is_inside || is_url).then_some(if is_inside {
            (Confidence::High, "protocol")
        } else {
            (Confidence::Medium, "protocol")
        });
    }
    if is("telnet") || is("rmi") || is("memcache") || is("imap") {
        return (is_inside && is_url).then_some((Confidence::High, "protocol"));
    }
    None
}

/// What a function is not made to fetch from its own machine and network.
fn of_fetched(url: &Url<'_>) -> Option<&'static str> {
    if service::is_administration(url.path) {
        return Some("administration");
    }
    if url.scheme.first().is_some_and(u8::is_ascii_digit) || url.is_port_odd {
        return Some("disguised-host");
    }
    service::names_another(url.path).then_some("disguised-host")
}

/// A host that leads inside, or to one who waits for calls.
fn of_host(url: &Url<'_>, field: Field) -> Meaning {
    let strange = "strange-notation";
    let (confidence, production) = match url.lead {
        Lead::To(address) => match address.place {
            Place::Public => return None,
            Place::Link if address.is_unusual => (Confidence::Medium, strange),
            _ if address.is_unusual || is_crippled(url) => (Confidence::High, strange),
            // A field whose name asks for a URL raises one step.
            Place::Unspecified if field.is_called() => (Confidence::High, "inside-address"),
            Place::Unspecified => (Confidence::Medium, "inside-address"),
            _ if field.is_called() => (Confidence::Medium, "inside-address"),
            _ => (Confidence::Low, "inside-address"),
        },
        Lead::Local { is_unusual: true } | Lead::Embedded(Place::Loopback) => {
            (Confidence::High, strange)
        }
        Lead::Embedded(Place::Public) | Lead::Metadata | Lead::Elsewhere => return None,
        Lead::Embedded(_) => (Confidence::Medium, "address-in-name"),
        Lead::Cluster => (Confidence::High, "control-plane"),
        Lead::Machine | Lead::Local { .. } if field.is_called() => {
            (Confidence::Medium, "inside-name")
        }
        Lead::Machine | Lead::Local { .. } => (Confidence::Low, "inside-name"),
        Lead::Rebinding => (Confidence::High, "rebinding"),
        Lead::Listener if field.is_called() => (Confidence::Medium, "listener"),
        Lead::Listener => (Confidence::Low, "listener"),
    };
    Some((confidence, production))
}

/// True for `http:127.0.0.1` and `http:\\\\127.0.0.1`: some parsers mend the slashes, others see no
/// host.
fn is_crippled(url: &Url<'_>) -> bool {
    (url.lacks_slashes || url.is_misslashed)
        && url
            .scheme
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"http"))
}

/// The address of the machine itself with the port that goes without saying.
fn is_spelled_out(url: &Url<'_>) -> bool {
    let Lead::To(address) = url.lead else {
        return false;
    };
    let is = |scheme: &[u8]| url.scheme.eq_ignore_ascii_case(scheme);
    address.place == Place::Loopback
        && (url.port == Some(443) && is(b"https") || url.port == Some(80) && is(b"http"))
        && matches!(url.path, b"" | b"/")
}

/// True if letters of a path are escaped, once or twice, for which there is no need.
fn hides_letters(path: &[u8]) -> bool {
    let path = path.get(..LINE_BYTES_MAX).unwrap_or(path);
    path.windows(5).any(|window| {
        matches!(
            window,
            [b'%', b'2', b'5', b'4' | b'6', b'1'..=b'9']
                | [b'%', b'2', b'5', b'5' | b'7', b'0'..=b'9']
                | [b'%', b'4' | b'6', b'1'..=b'9', _, _]
        )
    })
}

/// A host inside behind two slashes, in the protocol of the page, where something is called.
fn of_slashes(url: &Url<'_>, field: Field) -> Meaning {
    let (Lead::To(_) | Lead::Local { .. } | Lead::Embedded(_)) = url.lead else {
        return None;
    };
    let fetched = (field == Field::Fetched).then(|| of_fetched(url)).flatten();
    let fetched = fetched.map(|production| (Confidence::High, production));
    fetched.or_else(|| field.is_called().then(|| of_host(url, field)).flatten())
}

/// A host without a protocol, as the whole value of a field that is fetched.
fn of_bare(url: &Url<'_>, field: Field, bytes: usize) -> Meaning {
    let is_value = bytes <= LINE_BYTES_MAX && field.is_called();
    if !is_value {
        return None;
    }
    match url.lead {
        Lead::Metadata if url.host.contains(&b'.') || url.path.starts_with(b"/") => {
            Some((Confidence::High, "metadata"))
        }
        Lead::To(address)
            if address.place == Place::Metadata && service::is_of_metadata(url.path) =>
        {
            Some((Confidence::High, "metadata"))
        }
        Lead::Local { .. } if url.is_port_odd => Some((Confidence::High, "disguised-host")),
        Lead::Cluster => Some((Confidence::High, "control-plane")),
        Lead::Machine => Some((Confidence::High, "inside-name")),
        Lead::Local { is_unusual: true } => Some((Confidence::High, "strange-notation")),
        _ => None,
    }
}

/// The address of the metadata service in the path of a URL: a proxy is asked to call it.
fn in_path(url: &Url<'_>) -> Meaning {
    let path = url.path.get(..LINE_BYTES_MAX).unwrap_or(url.path);
    let address = b"169.254.169.254";
    // `/redir-http-169.254.169.254:80-`: the path is a request of another one.
    let is_asked = path
        .windows(address.len().saturating_add(2))
        .any(|window| match window {
            [b'/' | b'=' | b'@', rest @ .., b'/'] | [b'-' | b'=', rest @ .., b':' | b'-'] => {
                rest == address
            }
            _ => false,
        });
    is_asked.then_some((Confidence::High, "metadata"))
}
