//! URLs that run: their scheme as browsers read it, references undone and white space dropped.
//! It never asks where a URL leads, only whether it is a script.
use memchr::memchr_iter;

use super::script;

/// What a URL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Url {
    /// It loads or does nothing worth a word.
    Plain,
    /// A script that does what every page does: goes back, prints, nothing.
    Idle,
    /// A script.
    Script,
    /// A document that the URL itself carries, in which scripts run.
    Document,
    /// An image that the URL itself carries, in which scripts run unless it is shown as an image.
    Vector,
}

// Limit: a scheme and the types of a data URL; `data:application/x-x509-user-cert` has 32 bytes.
const HEAD_BYTES: usize = 40;
// Limit: white space and references between the letters of a scheme: 24 bytes for each.
const READ_BYTES: usize = HEAD_BYTES * 24;

/// The beginning of a URL in lower case, without white space and control characters.
pub(super) struct Head {
    bytes: [u8; HEAD_BYTES],
    len: usize,
    /// Where the text goes on behind the colon.
    pub(super) behind_colon: usize,
}

impl Head {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut head = Self {
            bytes: [0; HEAD_BYTES],
            len: 0,
            behind_colon: 0,
        };
        let mut at = 0_usize;
        while head.len < HEAD_BYTES && at < READ_BYTES {
            at = at.saturating_add(seam(text.get(at..).unwrap_or(&[])));
            let Some((byte, len)) = character(text.get(at..).unwrap_or(&[])) else {
                break;
            };
            at = at.saturating_add(len);
            let quotes = head.len == 0 && matches!(byte, b'"' | b'\'' | b'`' | b'\\');
            if byte <= b' ' || byte >= 0x7f || quotes {
                continue;
            }
            if byte == b':' && head.behind_colon == 0 {
                head.behind_colon = at;
            }
            head.push(byte.to_ascii_lowercase());
        }
        head
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

/// The bytes of what joins two halves of a text in a document of data, or breaks its lines.
fn seam(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'<' | b']')) {
        return 0;
    }
    let seams = [
        b"]]><![cdata[".as_slice(),
        b"]]<![cdata[",
        b"<!-- -->",
        b"<!---->",
        b"<wbr>",
    ];
    let found = seams.iter().find(|seam| {
        text.get(..seam.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(seam))
    });
    found.map_or(0, |seam| seam.len())
}

/// The first character of a text and the bytes that it takes, references undone.
fn character(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [] => None,
        [b'&', b'#', b'x' | b'X', digits @ ..] => Some(number(digits, 16, 3)),
        [b'&', b'#', digits @ ..] => Some(number(digits, 10, 2)),
        [b'&', ..] => {
            let named = [
                (b"&colon;".as_slice(), b':'),
                (b"&tab;", b'\t'),
                (b"&newline;", b'\n'),
                (b"&lpar;", b'('),
                (b"&sol;", b'/'),
                (b"&comma;", b','),
                (b"&nbsp;", b' '),
            ];
            let found = named.iter().find(|(name, _)| {
                text.get(..name.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(name))
            });
            Some(found.map_or((b'&', 1), |(name, byte)| (*byte, name.len())))
        }
        [b'\\', b'0', ..] => Some((0, 2)),
        [b'%', a, b, ..] if *a == b'0' && b.is_ascii_hexdigit() => Some((0, 3)),
        [byte, ..] => Some((*byte, 1)),
    }
}

fn number(digits: &[u8], base: u32, skipped: usize) -> (u8, usize) {
    let mut code = 0_u32;
    let mut len = 0_usize;
    // Limit: leading zeros are unbounded; behind sixteen digits nobody expects a letter.
    while let Some(digit) = digits
        .get(len)
        .filter(|_| len < 16)
        .and_then(|byte| char::from(*byte).to_digit(base))
    {
        code = code.saturating_mul(base).saturating_add(digit);
        len = len.saturating_add(1);
    }
    if len == 0 {
        return (b'&', 1);
    }
    let semicolon = usize::from(digits.get(len) == Some(&b';'));
    let bytes = skipped.saturating_add(len).saturating_add(semicolon);
    (u8::try_from(code).unwrap_or(0x7f), bytes)
}

/// What a value is, read as a URL.
pub(super) fn of(text: &[u8]) -> Url {
    // Most URLs begin with `h`, `/` or `#`: one look is enough.
    let first = text.iter().find(|byte| **byte > b' ');
    if first.is_none_or(|byte| matches!(byte, b'h' | b'H' | b'/' | b'#' | b'.' | b'?')) {
        return Url::Plain;
    }
    let head = Head::of(text);
    let url = head.as_bytes();
    let mut url = url;
    while let Some(inner) = url.strip_prefix(b"feed:") {
        url = inner;
    }
    let scripts = [
        b"javascript:".as_slice(),
        b"vbscript:",
        b"livescript:",
        b"mocha:",
    ];
    if scripts.iter().any(|scheme| url.starts_with(scheme)) {
        let script = text.get(head.behind_colon..).unwrap_or(&[]);
        return if is_idle(script) {
            Url::Idle
        } else {
            Url::Script
        };
    }
    let Some(data) = url.strip_prefix(b"data:") else {
        return Url::Plain;
    };
    let documents = [
        b"text/html".as_slice(),
        b"text/xml",
        b"text/xsl",
        b"text/javascript",
        b"application/xhtml",
        b"application/xml",
        b"application/javascript",
        b"application/x-javascript",
        b"application/x-x509-user-cert",
    ];
    if documents.iter().any(|kind| data.starts_with(kind)) {
        Url::Document
    } else if data.starts_with(b"image/svg") {
        Url::Vector
    } else {
        Url::Plain
    }
}

/// True for a script without an effect on anyone but its reader: nothing, `void 0`, going back.
fn is_idle(script: &[u8]) -> bool {
    let script = script.trim_ascii();
    let script = script.strip_prefix(b"return ").unwrap_or(script);
    let end = script.trim_ascii_end();
    let end = end.strip_suffix(b";").unwrap_or(end).trim_ascii_end();
    let idle = [
        b"".as_slice(),
        b"void(0)",
        b"void(null)",
        b"void()",
        b"void 0",
        b"void (0)",
        b"//",
        b"#",
        b"false",
        b"true",
        b"null",
        b"undefined",
        b"history.back()",
        b"window.history.back()",
        b"history.go(-1)",
        b"window.history.go(-1)",
        b"window.print()",
        b"self.print()",
        b"print()",
        b"window.close()",
        b"self.close()",
        b"location.reload()",
        b"window.location.reload()",
    ];
    idle.iter().any(|known| known.eq_ignore_ascii_case(end))
}

// Limit: a value names few schemes, and the beginning of a script tells whether it is one.
const COLONS_MAX: usize = 4;
const SCRIPT_BYTES: usize = 128;

/// True for an address that is none, with a script behind the name of the scheme:
/// `javascript#alert(1)`, `x:javascript:alert(1)`.
pub(super) fn is_misspelt(value: &[u8]) -> bool {
    let names_it = |end: usize| {
        let start = end.checked_sub(SCHEME.len())?;
        let name = value.get(start..end)?;
        name.eq_ignore_ascii_case(SCHEME).then_some(start)
    };
    let runs = |from: usize| {
        let code = value.get(from..).unwrap_or(&[]);
        script::read(code.get(..SCRIPT_BYTES).unwrap_or(code)).has(script::SURE)
    };
    let odd = value
        .get(SCHEME.len())
        .is_some_and(|byte| b"#;=,!|".contains(byte));
    if odd && names_it(SCHEME.len()).is_some() {
        return runs(SCHEME.len().saturating_add(1));
    }
    memchr_iter(b':', value).take(COLONS_MAX).any(|colon| {
        names_it(colon).is_some_and(|start| start > 0) && runs(colon.saturating_add(1))
    })
}

const SCHEME: &[u8] = b"javascript";
