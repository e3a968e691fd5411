//! Streams in mode `block`: each piece goes on as soon as nothing in it can begin a leak.
//! It never sends a byte of what is withheld, and never holds more than may begin it.
use std::sync::Arc;

use credenza_exchange::{Guard, OutputStream};

use super::chunked::Chunked;
use super::connection::Connection;
use super::head::{Flow, Request};
use super::link::Link;
use super::relay::{Lost, Rest};
use super::watched::Answer;
use super::wire::{Ready, wait_either};
use crate::fault::Fault;

/// What a stream ends with that is cut: the platform makes an error of it (lambda-contract.md 1.6).
///
/// The body is base64 of `{"errorType":"Function.ResponseBlocked",
/// "errorMessage":"The answer was withheld by policy."}`.
const ENDING: &[u8] = b"0\r\n\
    Lambda-Runtime-Function-Error-Type: Function.ResponseBlocked\r\n\
    Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJGdW5jdGlvbi5SZXNwb25zZUJsb2NrZWQiLCJl\
    cnJvck1lc3NhZ2UiOiJUaGUgYW5zd2VyIHdhcyB3aXRoaGVsZCBieSBwb2xpY3kuIn0=\r\n\r\n";

const TRAILER: &[u8] =
    b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n";

/// How a guarded stream went on.
enum Next {
    /// A piece was sent, or nothing can be sent yet.
    More,
    /// The last byte is with the platform.
    Done,
    /// Something came that must not leave: the stream was ended before it.
    Cut,
    /// The platform answered before the end.
    Answered,
}

/// Why it did not go on.
enum Broken {
    Platform,
    Runtime,
    Malformed,
}

/// A stream on its way.
struct Stream<'o> {
    rest: Rest,
    output: OutputStream<'o>,
    trailers: Vec<u8>,
}

impl Connection {
    /// Passes a stream on, guarded from its first byte.
    pub(super) fn relay_guarded(
        mut self,
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
    ) -> Option<Self> {
        if request.expects && self.down.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
            return self.end();
        }
        let head = self.down.unread().get(..request.bytes).unwrap_or_default();
        let head = head.to_vec();
        self.down.consume(request.bytes);
        let begun = (Vec::new(), Rest::Chunked(Chunked::new()));
        self.guard_rest(&head, request, answer, guard, begun)
    }

    /// Passes on a stream of which head and beginning were read.
    pub(super) fn guard_rest(
        mut self,
        head: &[u8],
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        (begun, rest): (Vec<u8>, Rest),
    ) -> Option<Self> {
        let proxy = Arc::clone(&self.proxy);
        let Ok((mut link, _)) = self.link() else {
            return self.answer(Fault::PlatformUnreachable, b"", false);
        };
        // What comes with a length is sent on in chunks, and ends like them.
        let trailers = match rest {
            Rest::Length(_) => b"\r\n".to_vec(),
            Rest::Chunked(_) => Vec::new(),
        };
        let mut stream = Stream {
            rest,
            output: OutputStream::new(*guard, request.flow == Flow::HttpStream),
            trailers,
        };
        stream.output.room().extend_from_slice(&begun);
        // Only an answer that is too long to be one comes with a beginning, and if that must not
        // leave, a shorter one would.
        let is_whole = !begun.is_empty() && request.flow == Flow::Whole;
        if stream.output.judge_head(head) || is_whole && stream.output.holds_leak() {
            proxy.tell_leaks(answer, stream.output.found(), true);
            self.own(link);
            return self.withhold(head, request, answer, guard, stream.rest);
        }
        drop(begun);
        link.wire.begin();
        if link.wire.write(&head_of(&link, head, request)).is_err() {
            return self.torn();
        }
        let end = loop {
            match stream.go_on(&mut self, &mut link) {
                Ok(Next::More) => {}
                Ok(end) => break end,
                Err(Broken::Platform) => return self.torn(),
                Err(Broken::Runtime) => return self.cut_short(),
                Err(Broken::Malformed) => {
                    return self.answer(Fault::RuntimeMalformed, b"", false);
                }
            }
        };
        proxy.tell_leaks(answer, stream.output.found(), true);
        match (end, self.await_reply(&mut link, false)) {
            (Next::Done, Ok(reply)) => self.pass(link, &reply),
            (Next::Cut, Ok(reply)) if self.read_out(stream.rest) => self.pass(link, &reply),
            (_, Ok(reply)) => self.pass_and_close(link, &reply),
            (_, Err(Lost::Runtime)) => self.end(),
            (_, Err(Lost::Platform | Lost::Malformed)) => self.torn(),
        }
    }

    /// Reads what is left of an answer that was ended before its end, for nobody: a runtime whose
    /// connection goes while it writes takes its next event down with it. False if it went itself.
    pub(super) fn read_out(&mut self, rest: Rest) -> bool {
        let mut rest = rest;
        while !rest.is_done() {
            if self.down.unread().is_empty() {
                self.down.hurry();
                if matches!(self.down.fill_stream(), Ok(0) | Err(_)) {
                    return false;
                }
            }
            let Ok(count) = rest.follow(self.down.unread()) else {
                return false;
            };
            self.down.consume(count);
        }
        true
    }
}

impl Stream<'_> {
    /// Takes one piece from the runtime and sends what may go.
    fn go_on(&mut self, from: &mut Connection, to: &mut Link) -> Result<Next, Broken> {
        match self.send(to)? {
            Next::More => {}
            end => return Ok(end),
        }
        if self.rest.is_done() {
            return self.finish(to);
        }
        if from.down.unread().is_empty() {
            from.down.hurry();
            match wait_either(&to.wire, &mut from.down, true) {
                Ok((Ready::Yes, _)) => return Ok(Next::Answered),
                Ok((Ready::No, Ready::Yes)) => match from.down.fill_stream() {
                    Ok(0) | Err(_) => return Err(Broken::Runtime),
                    Ok(_) => {}
                },
                Ok((Ready::No, Ready::No)) => return Ok(Next::More),
                Err(_) => return Err(Broken::Platform),
            }
        }
        let unread = from.down.unread();
        let room = self.output.room();
        let followed = match &mut self.rest {
            Rest::Chunked(chunked) => chunked.follow_all(unread, room, &mut self.trailers),
            rest @ Rest::Length(_) => rest.follow(unread).inspect(|count| {
                room.extend_from_slice(unread.get(..*count).unwrap_or_default());
            }),
        };
        let count = followed.map_err(|_| Broken::Malformed)?;
        from.down.consume(count);
        Ok(Next::More)
    }

    /// Sends what may go.
    fn send(&mut self, to: &mut Link) -> Result<Next, Broken> {
        let released = self.output.release(self.rest.is_done());
        let ending: &[u8] = if released.ends { ENDING } else { b"" };
        let size = format!("{:x}\r\n", released.bytes.len());
        let pieces: [&[u8]; 4] = if released.bytes.is_empty() {
            [b"", b"", b"", ending]
        } else {
            [size.as_bytes(), &released.bytes, b"\r\n", ending]
        };
        match to.wire.write_pieces_unless_answered(&pieces) {
            Ok(false) => Ok(Next::Answered),
            Ok(true) if released.ends => Ok(Next::Cut),
            Ok(true) => Ok(Next::More),
            Err(_) => Err(Broken::Platform),
        }
    }

    /// Ends the stream as the runtime did, or with our own error where its trailers tell a secret.
    fn finish(&mut self, to: &mut Link) -> Result<Next, Broken> {
        let (ending, end) = if self.output.judge_trailers(&self.trailers) {
            (ENDING.to_vec(), Next::Cut)
        } else {
            ([b"0\r\n".as_slice(), &self.trailers].concat(), Next::Done)
        };
        to.wire.write(&ending).map_err(|_| Broken::Platform)?;
        Ok(end)
    }
}

/// The head as it goes on: in chunks, with the trailers announced that may have to end the stream,
/// and without the question that was answered.
fn head_of(link: &Link, head: &[u8], request: &Request) -> Vec<u8> {
    let head = link.head(head, request);
    let (mut lines, mut names_trailers) = (Vec::with_capacity(head.len()), false);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        names_trailers |= is("trailer");
        if is("content-length") {
            lines.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if line != b"\r\n" && !is("expect") {
            lines.extend_from_slice(line);
        }
    }
    let end: &[u8] = if names_trailers { b"\r\n" } else { TRAILER };
    lines.extend_from_slice(end);
    lines
}
