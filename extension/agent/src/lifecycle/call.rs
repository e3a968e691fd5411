//! One connection to an API on loopback, the platform's own or that of a policy's source: small
//! requests, small replies, nothing else.
//! It never carries an event or an output; those pass through the proxy.
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::upstream::Upstream;

// Limit: a reply of the platform is a few hundred bytes, a policy rarely more than 20 KB; 256 KiB
// is ten times that.
const REPLY_BYTES_MAX: usize = 256 * 1024;

// Limit: loopback answers a connect in microseconds, or refuses it; a second is patience for a
// machine that is starved.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// `Lambda-Extension-Identifier`; empty when absent.
    pub(crate) identifier: String,
    /// The body, whole.
    pub(crate) body: Vec<u8>,
}

/// A kept connection to one address.
#[derive(Debug)]
pub(crate) struct Call {
    upstream: Upstream,
    stream: Option<TcpStream>,
}

impl Call {
    /// A client of `upstream` that is not connected yet.
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            stream: None,
        }
    }

    /// Sends a request and reads its reply, on the kept connection if there is one.
    ///
    /// `patience` bounds the whole reply; `None` waits for as long as the platform holds it back.
    /// Whatever goes wrong closes the connection, so that the next call opens a fresh one.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        header: &str,
        body: &str,
        patience: Option<Duration>,
    ) -> io::Result<Reply> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(&self.upstream)?,
        };
        // A listener that takes no bytes may hold us up no longer than one that gives none.
        stream.set_write_timeout(patience)?;
        let (prefix, host) = (self.upstream.prefix(), self.upstream.authority());
        let length = if method == "GET" {
            String::new()
        } else {
            format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            )
        };
        let request = format!(
            "{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\n{header}\r\n{length}\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let until = patience.map(|patience| Instant::now() + patience);
        let (reply, keep) = read_reply(&mut Timed {
            stream: &mut stream,
            until,
        })?;
        if keep {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

/// A stream that is read until a moment.
struct Timed<'a> {
    stream: &'a mut TcpStream,
    until: Option<Instant>,
}

impl Read for Timed<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(left)?;
        self.stream.read(piece)
    }
}

fn connect(upstream: &Upstream) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in upstream.addresses() {
        match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// How the end of a body is told.
#[derive(Clone, Copy)]
enum End {
    After(usize),
    LastChunk,
    Close,
}

/// Reads one reply; says too whether the connection may carry another.
fn read_reply(stream: &mut impl Read) -> io::Result<(Reply, bool)> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        match head.parse(&bytes) {
            Ok(httparse::Status::Complete(end)) => {
                let mut reply = Reply {
                    status: head.code.unwrap_or(0),
                    ..Reply::default()
                };
                let value = |name: &str| {
                    let found = head
                        .headers
                        .iter()
                        .find(|header| header.name.eq_ignore_ascii_case(name));
                    found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
                };
                reply.identifier = value("lambda-extension-identifier").unwrap_or_default();
                let close = value("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
                let chunked =
                    value("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked"));
                let end_of_body = match value("content-length").map(|text| text.parse()) {
                    _ if chunked => End::LastChunk,
                    Some(Ok(length)) => End::After(length),
                    Some(Err(_)) => return Err(malformed("content length")),
                    None => End::Close,
                };
                let body = bytes.split_off(end);
                reply.body = read_body(stream, body, end_of_body)?;
                return Ok((reply, !close && !matches!(end_of_body, End::Close)));
            }
            Ok(httparse::Status::Partial) => read_more(stream, &mut bytes)?,
            Err(_) => return Err(malformed("head")),
        }
    }
}

fn read_body(stream: &mut impl Read, mut body: Vec<u8>, end: End) -> io::Result<Vec<u8>> {
    match end {
        End::After(length) if length > REPLY_BYTES_MAX => return Err(malformed("length")),
        End::After(length) => {
            while body.len() < length {
                read_more(stream, &mut body)?;
            }
            body.truncate(length);
        }
        End::Close => loop {
            match read_more(stream, &mut body) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        },
        End::LastChunk => loop {
            if let Some(whole) = joined_chunks(&body)? {
                return Ok(whole);
            }
            read_more(stream, &mut body)?;
        },
    }
    Ok(body)
}

/// The chunks of a body put together; `None` if the last one has not arrived.
fn joined_chunks(mut rest: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut whole = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((start, size))) => (start, size),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(malformed("chunk")),
        };
        let size = usize::try_from(size).map_err(|_| malformed("chunk"))?;
        if size > REPLY_BYTES_MAX {
            return Err(malformed("chunk"));
        }
        let (Some(chunk), Some(after)) =
            (rest.get(start..start + size), rest.get(start + size + 2..))
        else {
            return Ok(None);
        };
        if size == 0 {
            return Ok(Some(whole));
        }
        whole.extend_from_slice(chunk);
        rest = after;
    }
}

fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 8192];
    let read = match stream.read(&mut piece) {
        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
        Err(error) => return Err(error),
    };
    bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
    if bytes.len() > REPLY_BYTES_MAX {
        Err(malformed("length"))
    } else {
        Ok(())
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("malformed {what} in the reply"),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::read_reply;

    fn check(wire: &[u8], expected: &Expect) {
        let seen = match read_reply(&mut &*wire) {
            Ok((reply, keep)) => format!(
                "{} {:?} {:?} keep={keep}",
                reply.status,
                reply.identifier,
                String::from_utf8_lossy(&reply.body)
            ),
            Err(error) => format!("{error}"),
        };
        expected.assert_eq(&seen);
    }

    #[test]
    fn replies_end_where_their_framing_says() {
        check(
            b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: a-b\r\nContent-Length: 2\r\n\r\n\
              {}more",
            &expect![[r#"200 "a-b" "{}" keep=true"#]],
        );
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
              3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            &expect![[r#"200 "" "abcde" keep=true"#]],
        );
        check(
            b"HTTP/1.1 403 Forbidden\r\n\r\n{\"errorType\":\"x\"}",
            &expect![[r#"403 "" "{\"errorType\":\"x\"}" keep=false"#]],
        );
        check(
            b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            &expect![[r#"202 "" "" keep=false"#]],
        );
    }

    #[test]
    fn a_reply_that_is_cut_or_garbled_is_an_error() {
        check(b"", &expect!["unexpected end of file"]);
        check(
            b"HTTP/1.1 200 OK\r\nContent-Le",
            &expect!["unexpected end of file"],
        );
        check(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
            &expect!["unexpected end of file"],
        );
        check(
            b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
            &expect!["malformed content length in the reply"],
        );
        check(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}",
            &expect!["malformed length in the reply"],
        );
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            &expect!["malformed chunk in the reply"],
        );
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
            &expect!["unexpected end of file"],
        );
        check(b"garbage\r\n\r\n", &expect!["malformed head in the reply"]);
    }

    #[test]
    fn no_reply_panics() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|wire| {
            let _ = read_reply(&mut &**wire);
            let chunked = [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                &**wire,
            ]
            .concat();
            let _ = read_reply(&mut &*chunked);
        });
    }
}
