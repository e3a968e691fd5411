//! The fields of HTTP and mail that somebody gains by, and what their values look like.
//! It never knows a field that only tells something.

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A field of HTTP that changes what the other side does.
    Http,
    /// A field of mail that says who gets it.
    Mail,
    /// A field that is spelt as those of HTTP are: `Evil-Header`.
    Dashed,
    /// Any other field.
    Field,
    /// The first line of an answer.
    Status,
    /// The first line of a request.
    Request,
    /// Nothing of the kind.
    Other,
}

impl Line {
    /// True for what a header may consist of.
    pub(super) fn is_field(self) -> bool {
        matches!(self, Self::Http | Self::Mail | Self::Dashed | Self::Field)
    }

    /// True for the first line of a message.
    pub(super) fn is_start(self) -> bool {
        matches!(self, Self::Status | Self::Request)
    }

    /// What decided, in findings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http => "header-field",
            Self::Mail => "mail-field",
            Self::Dashed | Self::Field => "any-field",
            Self::Status => "status-line",
            Self::Request => "request-line",
            Self::Other => "",
        }
    }
}

// Limit: the longest name of a registered field has 43 bytes.
const NAME_BYTES_MAX: usize = 48;

/// What a line says.
pub(super) fn line(line: &[u8]) -> Line {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if starts(line, "HTTP/") && line.get(5).is_some_and(u8::is_ascii_digit) {
        return Line::Status;
    }
    if is_request(line) || starts(line, "RCPT TO:<") || starts(line, "MAIL FROM:<") {
        return Line::Request;
    }
    let len = line
        .iter()
        .take(NAME_BYTES_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .count();
    let name = line.get(..len).unwrap_or(&[]);
    let Some(value) = line.get(len..).and_then(|rest| rest.strip_prefix(b":")) else {
        return Line::Other;
    };
    // A URL, unless it is the field that tells where to go.
    let is_url = value.starts_with(b"//") && !name.eq_ignore_ascii_case(b"location");
    if !name.first().is_some_and(u8::is_ascii_alphabetic) || is_url {
        return Line::Other;
    }
    field(name, value.trim_ascii())
}

/// The kind of a field with this name and value.
fn field(name: &[u8], value: &[u8]) -> Line {
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    let any = |words: &[&str]| words.iter().any(|word| is(word));
    let first = value.first().copied().unwrap_or(0);
    let has = |byte: u8| value.contains(&byte);
    let fits = if any(&["set-cookie", "set-cookie2", "cookie"]) {
        has(b'=')
    } else if any(&["location", "content-location", "refresh"]) {
        first == b'/' || starts(value, "http") || first.is_ascii_digit()
    } else if any(&["content-type", "contenttype"]) {
        has(b'/') || starts(value, "html")
    } else if any(&["content-length", "contentlength", "status", "mime-version"]) {
        first.is_ascii_digit()
    } else if any(&[
        "host",
        "x-forwarded-host",
        "x-forwarded-for",
        "x-original-url",
    ]) {
        !value.is_empty() && !has(b' ')
    } else if is("link") {
        first == b'<'
    } else if is("transfer-encoding") {
        starts(value, "chunked") || starts(value, "identity")
    } else if any(&[
        "content-disposition",
        "content-security-policy",
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "x-xss-protection",
        "x-frame-options",
        "x-accel-redirect",
        "x-sendfile",
        "authorization",
        "proxy-authorization",
        "clear-site-data",
        "referrer-policy",
        "cache-control",
        "content-encoding",
        "strict-transport-security",
        "access-control-allow-methods",
        "access-control-allow-headers",
    ]) {
        true
    } else {
        name.get(..2)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"x-"))
            && !value.is_empty()
    };
    if fits {
        return Line::Http;
    }
    let is_address = any(&[
        "bcc",
        "cc",
        "to",
        "from",
        "reply-to",
        "sender",
        "return-path",
    ]);
    if is_address && has(b'@') || is("subject") && !value.is_empty() {
        return Line::Mail;
    }
    if is_dashed(name) && !value.is_empty() {
        return Line::Dashed;
    }
    Line::Field
}

/// Words that begin with capitals, with dashes between them.
fn is_dashed(name: &[u8]) -> bool {
    let is_word = |word: &[u8]| word.first().is_some_and(u8::is_ascii_uppercase);
    name.contains(&b'-') && name.split(|byte| *byte == b'-').all(is_word)
}

/// `GET /x HTTP/1.1`, whatever stands between its parts.
fn is_request(line: &[u8]) -> bool {
    let methods = [
        "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT",
    ];
    let is_method = methods
        .iter()
        .any(|method| line.starts_with(method.as_bytes()));
    is_method && is_version(line)
}

/// True for a line that ends in the version of the protocol.
pub(super) fn ends_as_request(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let before = line.len().saturating_sub(VERSION_BYTES).checked_sub(1);
    is_version(line) && before.and_then(|place| line.get(place)) == Some(&b' ')
}

/// Limit: the bytes of `HTTP/1.1`.
const VERSION_BYTES: usize = 8;

/// Whether a line ends in `HTTP/1.1`, of any version.
fn is_version(line: &[u8]) -> bool {
    let Some(version) = line.last_chunk::<VERSION_BYTES>() else {
        return false;
    };
    let numbers = version.strip_prefix(b"HTTP/");
    matches!(numbers, Some([b'0'..=b'9', b'.', b'0'..=b'9']))
}

/// True if a text begins with markup of a page.
pub(super) fn is_page(text: &[u8]) -> bool {
    let Some(tag) = text.trim_ascii_start().strip_prefix(b"<") else {
        return false;
    };
    [
        "html", "script", "!doctype", "body", "svg", "head", "iframe", "img",
    ]
    .iter()
    .any(|name| starts(tag, name))
}

fn starts(text: &[u8], head: &str) -> bool {
    text.get(..head.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(head.as_bytes()))
}
