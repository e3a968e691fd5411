//! Heads of HTTP/1.1 messages: where they end, what they say of the body, and what is refused.
//! It never normalises anything: what is accepted is passed on as the bytes that came.
use std::mem::MaybeUninit;
use std::ops::Range;

use credenza_exchange::platform::lambda::BESIDE;
use httparse::{Error, Header, Status};

// Limit: R31 asks for 200 header lines at least; 512 × 32 bytes is 16 KiB of stack for one call,
// which is never cleared: that alone would cost more than the rest of the proxy.
const HEADERS_MAX: usize = 512;

/// The content type of a stream that begins with status and headers.
const PRELUDE: &[u8] = b"application/vnd.awslambda.http-integration-response";

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection (replies only).
    Close,
}

/// How an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// As a whole.
    Whole,
    /// As it comes.
    Stream,
    /// As it comes, with the status and headers of an answer over HTTP before it
    /// (lambda-contract.md 1.6).
    HttpStream,
}

impl Flow {
    fn of(mode: Option<&[u8]>, kind: Option<&[u8]>) -> Self {
        let streams = mode.is_some_and(|mode| mode.eq_ignore_ascii_case(b"streaming"));
        let has_prelude = kind.is_some_and(|kind| kind.starts_with(PRELUDE));
        match (streams, has_prelude) {
            (false, _) => Self::Whole,
            (true, false) => Self::Stream,
            (true, true) => Self::HttpStream,
        }
    }
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadHead {
    /// 400: not HTTP/1.1, or readable in two ways.
    Malformed,
    /// 431: larger than is held.
    TooLarge,
}

/// A request's head; ranges lie within the head's bytes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Bytes of the head, the empty line included.
    pub(super) bytes: usize,
    pub(super) method: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) framing: Framing,
    /// The client wants the connection kept.
    pub(super) keeps: bool,
    /// The client waits for `100 Continue` before its body.
    pub(super) expects: bool,
    /// How the answer in it leaves.
    pub(super) flow: Flow,
    pub(super) user_agent: Option<Range<usize>>,
}

/// A reply's head; ranges lie within the head's bytes.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// Bytes of the head, the empty line included.
    pub(super) bytes: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The server keeps the connection.
    pub(super) keeps: bool,
    pub(super) request_id: Range<usize>,
    pub(super) trace_id: Range<usize>,
    pub(super) function_arn: Range<usize>,
    pub(super) tenant_id: Range<usize>,
    /// What comes beside the event, in the order of `lambda::BESIDE`.
    pub(super) beside: [Range<usize>; BESIDE.len()],
    /// `Lambda-Runtime-Deadline-Ms`, epoch milliseconds.
    pub(super) deadline_ms: Option<u64>,
}

/// Where the head ends, if it does; a line that ends in a bare LF is refused at once, because two
/// parsers read it differently (R35).
///
/// `from` is where an earlier call stopped.
pub(super) fn end(bytes: &[u8], from: usize) -> Result<Option<usize>, BadHead> {
    let mut at = from.min(bytes.len());
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let line_feed = at.saturating_add(found);
        let before = bytes.get(..line_feed).unwrap_or_default();
        if before.last() != Some(&b'\r') {
            return Err(BadHead::Malformed);
        }
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(line_feed.saturating_add(1)));
        }
        at = line_feed.saturating_add(1);
    }
    Ok(None)
}

/// Reads a request's head.
pub(super) fn request(bytes: &[u8]) -> Result<Request, BadHead> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Err(BadHead::Malformed),
        Err(error) => return Err(refused(error)),
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version)
    else {
        return Err(BadHead::Malformed);
    };
    let body = BodyHeaders::of(parsed.headers, version)?;
    // CONNECT turns the connection into something that nobody inspects (R35). A client that only
    // offers an upgrade is served like any other: the platform's consent is what is refused.
    if method == "CONNECT" {
        return Err(BadHead::Malformed);
    }
    let find = |name| value(parsed.headers, name);
    Ok(Request {
        bytes: bytes.len(),
        method: place(bytes, method.as_bytes()),
        target: place(bytes, target.as_bytes()),
        framing: body.framing.unwrap_or(Framing::Empty),
        keeps: body.keeps,
        expects: find("expect").is_some_and(|expect| expect.eq_ignore_ascii_case(b"100-continue")),
        flow: Flow::of(
            find("lambda-runtime-function-response-mode"),
            find("content-type"),
        ),
        user_agent: find("user-agent").map(|agent| place(bytes, agent)),
    })
}

/// Reads a reply's head; `to_head` if it answers a HEAD request and so has no body.
pub(super) fn reply(bytes: &[u8], to_head: bool) -> Result<Reply, BadHead> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    match httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut parsed,
        bytes,
        &mut headers,
    ) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Err(BadHead::Malformed),
        Err(error) => return Err(refused(error)),
    }
    let (Some(status), Some(version)) = (parsed.code, parsed.version) else {
        return Err(BadHead::Malformed);
    };
    let body = BodyHeaders::of(parsed.headers, version)?;
    let framing = match status {
        _ if to_head => Framing::Empty,
        100..=199 | 204 | 304 => Framing::Empty,
        _ => body.framing.unwrap_or(Framing::Close),
    };
    let find = |name| value(parsed.headers, name);
    let range = |name| find(name).map_or(0..0, |value| place(bytes, value));
    Ok(Reply {
        bytes: bytes.len(),
        status,
        framing,
        keeps: body.keeps && framing != Framing::Close,
        request_id: range("lambda-runtime-aws-request-id"),
        trace_id: range("lambda-runtime-trace-id"),
        function_arn: range("lambda-runtime-invoked-function-arn"),
        tenant_id: range("lambda-runtime-aws-tenant-id"),
        beside: BESIDE.map(|(header, _, _)| range(header)),
        deadline_ms: find("lambda-runtime-deadline-ms")
            .and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok()),
    })
}

struct BodyHeaders {
    framing: Option<Framing>,
    keeps: bool,
}

impl BodyHeaders {
    /// What the headers say of body and connection; what could be read in two ways is refused.
    fn of(headers: &[Header<'_>], version: u8) -> Result<Self, BadHead> {
        let mut framing = None;
        let mut seen = Self {
            framing: None,
            keeps: version == 1,
        };
        for header in headers {
            let named = |name: &str| header.name.eq_ignore_ascii_case(name);
            if named("content-length") {
                if framing
                    .replace(Framing::Length(length(header.value)?))
                    .is_some()
                {
                    return Err(BadHead::Malformed);
                }
            } else if named("transfer-encoding") {
                let plain = header.value.eq_ignore_ascii_case(b"chunked") && version == 1;
                if !plain || framing.replace(Framing::Chunked).is_some() {
                    return Err(BadHead::Malformed);
                }
            } else if named("connection") {
                for token in header
                    .value
                    .split(|byte| *byte == b',')
                    .map(<[u8]>::trim_ascii)
                {
                    if token.eq_ignore_ascii_case(b"close") {
                        seen.keeps = false;
                    } else if token.eq_ignore_ascii_case(b"keep-alive") && version == 0 {
                        seen.keeps = true;
                    }
                }
            }
        }
        seen.framing = framing;
        Ok(seen)
    }
}

/// A Content-Length: digits only, no sign, no list, no overflow.
fn length(value: &[u8]) -> Result<u64, BadHead> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)
        .and_then(|text| text.parse().ok())
        .ok_or(BadHead::Malformed)
}

fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

/// Where `inner` lies in `outer`.
fn place(outer: &[u8], inner: &[u8]) -> Range<usize> {
    let start = inner.as_ptr().addr().saturating_sub(outer.as_ptr().addr());
    start..start.saturating_add(inner.len())
}

fn refused(error: Error) -> BadHead {
    match error {
        Error::TooManyHeaders => BadHead::TooLarge,
        _ => BadHead::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::{BadHead, Framing, end, reply, request};

    #[test]
    fn a_head_ends_at_its_empty_line_wherever_reading_went_on() {
        let head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
        let more = [head, &b"body\r\n\r\n"[..]].concat();
        for from in 0..head.len() {
            assert_eq!(end(&more, from), Ok(Some(head.len())), "from {from}");
        }
        for length in 0..head.len() {
            assert_eq!(end(&head[..length], 0), Ok(None), "{length} bytes");
        }
        assert_eq!(
            end(b"GET / HTTP/1.1\nA: b\r\n\r\n", 0),
            Err(BadHead::Malformed)
        );
    }

    #[test]
    fn what_a_request_says_of_its_body_and_connection_is_read() {
        let check = |text: &str, framing, keeps, expects| {
            let head = format!("{text}\r\n\r\n");
            let seen = request(head.as_bytes()).unwrap();
            let said = (seen.bytes, seen.framing, seen.keeps, seen.expects);
            assert_eq!(said, (head.len(), framing, keeps, expects), "{text}");
        };
        check("GET / HTTP/1.1", Framing::Empty, true, false);
        check("GET / HTTP/1.0", Framing::Empty, false, false);
        check(
            "GET / HTTP/1.0\r\nConnection: x, keep-alive",
            Framing::Empty,
            true,
            false,
        );
        check(
            "GET / HTTP/1.1\r\nConnection: x,\tCLOSE ",
            Framing::Empty,
            false,
            false,
        );
        check(
            "GET / HTTP/1.1\r\nConnection: closed",
            Framing::Empty,
            true,
            false,
        );
        check(
            "PUT / HTTP/1.1\r\nContent-Length: 007",
            Framing::Length(7),
            true,
            false,
        );
        check(
            "PUT / HTTP/1.1\r\ntransfer-encoding:CHUNKED",
            Framing::Chunked,
            true,
            false,
        );
        check(
            "PUT / HTTP/1.1\r\nExpect: 100-Continue",
            Framing::Empty,
            true,
            true,
        );
        check(
            "PUT / HTTP/1.1\r\nExpect: 200-ok",
            Framing::Empty,
            true,
            false,
        );
    }

    #[test]
    fn what_a_reply_says_of_its_event_is_read() {
        let head = b"HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: a-b\r\n\
                     Lambda-Runtime-Deadline-Ms: 123\r\nContent-Length: 2\r\n\r\n";
        let seen = reply(head, false).unwrap();
        assert_eq!(
            (seen.status, seen.framing, seen.keeps),
            (200, Framing::Length(2), true)
        );
        assert_eq!(&head[seen.request_id], b"a-b");
        assert_eq!((seen.deadline_ms, seen.trace_id.len()), (Some(123), 0));
        assert_eq!(reply(head, true).unwrap().framing, Framing::Empty);
        let closing = reply(b"HTTP/1.1 200 OK\r\n\r\n", false).unwrap();
        assert_eq!((closing.framing, closing.keeps), (Framing::Close, false));
        for status in ["204", "304", "100"] {
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 9\r\n\r\n");
            assert_eq!(
                reply(head.as_bytes(), false).unwrap().framing,
                Framing::Empty
            );
        }
    }

    #[test]
    fn no_head_panics_and_every_range_lies_within_it() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|noise| {
            for start in ["", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "GET /"] {
                let bytes = [start.as_bytes(), noise, b"\r\n\r\n"].concat();
                let _ = end(&bytes, noise.len());
                if let Ok(seen) = request(&bytes) {
                    assert!(bytes.get(seen.method).is_some() && bytes.get(seen.target).is_some());
                }
                if let Ok(seen) = reply(&bytes, false) {
                    assert!(bytes.get(seen.request_id).is_some());
                    assert!(bytes.get(seen.tenant_id).is_some());
                }
            }
        });
    }
}
