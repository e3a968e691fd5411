//! Streams in mode `block`: each piece goes on as soon as nothing in it can begin a leak.
//! It never sends a byte of what is withheld, and never holds more than may begin it.
use std::sync::Arc;

use credenza_exchange::{Guard, OutputStream};

use super::chunked::Chunked;
use super::connection::Connection;
use super::head::{Flow, Request};
use super::link::Link;
use super::relay::Lost;
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
    chunked: Chunked,
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
        let head = self.down.unread().get(..request.bytes).unwrap_or_default();
        let head = head.to_vec();
        self.down.consume(request.bytes);
        let begun = (Vec::new(), Chunked::new());
        self.guard_rest(&head, request, answer, guard, begun)
    }

    /// Passes on a stream of which head and beginning were read.
    pub(super) fn guard_rest(
        mut self,
        head: &[u8],
        request: &Request,
        answer: &Answer,
        guard: &Guard<'_>,
        (begun, chunked): (Vec<u8>, Chunked),
    ) -> Option<Self> {
        let proxy = Arc::clone(&self.proxy);
        let Ok((mut link, _)) = self.link() else {
            return self.answer(Fault::PlatformUnreachable, b"", false);
        };
        let mut stream = Stream {
            chunked,
            output: OutputStream::new(*guard, request.flow == Flow::HttpStream),
            trailers: Vec::new(),
        };
        if stream.output.judge_head(head) {
            // A head with a secret in it is not sent at all.
            proxy.tell_leaks(answer, stream.output.found(), true);
            proxy.fault(Fault::RuntimeMalformed, &answer.request_id);
            return self.answer(Fault::RuntimeMalformed, &answer.request_id, false);
        }
        stream.output.room().extend_from_slice(&begun);
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
            (_, Ok(reply)) => self.pass_and_close(link, &reply),
            (_, Err(Lost::Runtime)) => self.end(),
            (_, Err(Lost::Platform | Lost::Malformed)) => self.torn(),
        }
    }
}

impl Stream<'_> {
    /// Takes one piece from the runtime and sends what may go.
    fn go_on(&mut self, from: &mut Connection, to: &mut Link) -> Result<Next, Broken> {
        match self.send(to)? {
            Next::More => {}
            end => return Ok(end),
        }
        if self.chunked.is_done() {
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
        let followed = self
            .chunked
            .follow_all(unread, self.output.room(), &mut self.trailers);
        let count = followed.map_err(|_| Broken::Malformed)?;
        from.down.consume(count);
        Ok(Next::More)
    }

    /// Sends what may go.
    fn send(&mut self, to: &mut Link) -> Result<Next, Broken> {
        let released = self.output.release(self.chunked.is_done());
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

/// The head as it goes on: with the trailers announced that may have to end the stream.
fn head_of(link: &Link, head: &[u8], request: &Request) -> Vec<u8> {
    let head = link.head(head, request).into_owned();
    let names_trailers = head.split(|byte| *byte == b'\n').any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"trailer")
    });
    match head.strip_suffix(b"\r\n") {
        Some(lines) if !names_trailers => [lines, TRAILER].concat(),
        _ => head,
    }
}
