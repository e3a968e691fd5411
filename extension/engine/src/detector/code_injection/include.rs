//! Server-side includes and edge-side includes: directives that a web server carries out.
//! It never takes a comment of HTML for one.
use crate::sought;

// Limit: a directive is a line; what it reads is told in its first 256 bytes.
const DIRECTIVE_BYTES_MAX: usize = 256;

/// True for a directive that only tells what of a page is shown: it reads nothing.
pub(super) fn only_chooses(text: &[u8]) -> bool {
    let name = name(text.get(5..).unwrap_or_default().trim_ascii_start());
    text.starts_with(b"<!--#")
        && [b"if".as_slice(), b"elif", b"else", b"endif", b"set"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
}

/// The length of the directive at the start of a text.
pub(super) fn directive(text: &[u8]) -> Option<usize> {
    let window = text.get(..DIRECTIVE_BYTES_MAX).unwrap_or(text);
    if let Some(rest) = window.strip_prefix(b"<!--#") {
        let rest = rest.trim_ascii_start();
        let name = name(rest);
        let behind = rest.get(name.len()..).unwrap_or_default();
        let known = DIRECTIVES
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let has_end = sought::find(behind, b"-->").is_some();
        let is_set = behind.first().is_some_and(u8::is_ascii_whitespace) && behind.contains(&b'=');
        if known && (has_end || is_set) {
            return Some(end(window, b"-->"));
        }
        return None;
    }
    let start = window.get(..5)?;
    if !start.eq_ignore_ascii_case(b"<esi:") {
        return None;
    }
    let name = name(window.get(5..)?);
    let known = TAGS.iter().any(|known| name.eq_ignore_ascii_case(known));
    known.then(|| end(window, b">"))
}

fn name(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| byte.is_ascii_alphabetic());
    text.get(..len.count()).unwrap_or_default()
}

fn end(window: &[u8], mark: &[u8]) -> usize {
    sought::find(window, mark).map_or(window.len(), |at| at.saturating_add(mark.len()))
}

const DIRECTIVES: [&[u8]; 12] = [
    b"exec",
    b"include",
    b"echo",
    b"printenv",
    b"config",
    b"set",
    b"fsize",
    b"flastmod",
    b"if",
    b"elif",
    b"else",
    b"endif",
];

const TAGS: [&[u8]; 14] = [
    b"include",
    b"inline",
    b"debug",
    b"remove",
    b"comment",
    b"try",
    b"attempt",
    b"except",
    b"vars",
    b"assign",
    b"eval",
    b"function",
    b"choose",
    b"when",
];

/// `<% eval request("x") %>`: a page of a server that runs what it is sent.
pub(super) fn evaluates_request(here: &[u8]) -> bool {
    let inner = here.get(2..).unwrap_or_default();
    let inner = inner.get(..64).unwrap_or(inner).trim_ascii_start();
    let verbs = [b"eval".as_slice(), b"execute", b"executeglobal"];
    verbs.iter().any(|verb| {
        let Some((start, rest)) = inner.split_at_checked(verb.len()) else {
            return false;
        };
        let rest = rest.trim_ascii_start();
        let rest = rest.strip_prefix(b"(").unwrap_or(rest).trim_ascii_start();
        let request = rest.get(..7).unwrap_or_default();
        start.eq_ignore_ascii_case(verb) && request.eq_ignore_ascii_case(b"request")
    })
}
