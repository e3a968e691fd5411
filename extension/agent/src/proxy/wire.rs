//! One TCP connection with the bytes read from it and not yet used.
//! It never keeps a large buffer that nobody needs, and never reads beyond what it was asked for.
use std::io::{self, IoSlice, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg, sockopt};
use rustix::time::Timespec;

use super::buffer::{Buffer, Filling, Room};
use super::head::{self, BadHead};
use super::peer;

// Limit: header sections up to 1.25 MiB on both sides (R31): clients send up to 1 MiB of traceback
// in one header, and the platform refuses above 1,050,000 bytes itself.
pub(super) const HEAD_BYTES_MAX: usize = 1_310_720;

// Limit: ordinary heads and bodies up to 16 KiB need one read; two such buffers a connection, and
// a connection at rest keeps no more than that.
const BUFFER_BYTES: usize = 16 * 1024;

// Limit: a stream moves through at most 256 KiB; with 64 KiB the agent adds half as much again
// to a body of 6 MB, because the three processes take turns more often.
const STREAM_BYTES: usize = 256 * 1024;

// Limit: the size of a chunk, its data, the end of its line and the end of the stream.
const PIECES_MAX: usize = 4;

/// A connection and its unread bytes.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) stream: Arc<TcpStream>,
    /// The peer has said all it has to say, and still listens.
    half_closed: bool,
    /// The peer has sent something since the exchange began.
    spoken: bool,
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

/// Why there is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// The connection ended.
    Cut,
    /// What came is not accepted.
    Bad(BadHead),
}

/// What a poll of a connection said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Nothing yet.
    No,
    /// There are bytes, or the end of the stream.
    Yes,
}

impl Wire {
    /// Wraps a connected socket; `TCP_NODELAY` from the first byte on (R19).
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: Arc::new(stream),
            half_closed: false,
            spoken: false,
            bytes: Vec::new(),
            at: 0,
            end: 0,
        })
    }

    /// Bytes read and not yet used.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Marks the first `count` unread bytes as used.
    pub(super) fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
        if self.at == self.end {
            self.at = 0;
            self.end = 0;
        }
    }

    /// Gives back a buffer that only a large message or a stream needed.
    pub(super) fn rest(&mut self) {
        if self.unread().is_empty() && self.bytes.len() > BUFFER_BYTES {
            self.bytes = Vec::new();
        }
    }

    /// Begins an exchange: the peer has said nothing in it.
    pub(super) fn begin(&mut self) {
        self.spoken = false;
    }

    /// True if the peer has sent anything in this exchange.
    pub(super) fn has_spoken(&self) -> bool {
        self.spoken
    }

    /// Reads until a whole head is unread and tells its length; `None` if the peer closed cleanly
    /// before the first byte.
    pub(super) fn read_head(&mut self) -> Result<Option<usize>, NoHead> {
        let mut from = 0;
        self.rest();
        loop {
            let end = head::end(self.unread(), from).map_err(NoHead::Bad)?;
            from = self.unread().len();
            if end.unwrap_or(from) > HEAD_BYTES_MAX {
                return Err(NoHead::Bad(BadHead::TooLarge));
            }
            if end.is_some() {
                return Ok(end);
            }
            match self.fill() {
                Ok(0) if from == 0 => return Ok(None),
                Ok(0) | Err(_) => return Err(NoHead::Cut),
                Ok(_) => {}
            }
        }
    }

    /// Reads once and appends; 0 means the end of the stream.
    pub(super) fn fill(&mut self) -> io::Result<usize> {
        self.make_room();
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let count = read_once(&self.stream, room)?;
        self.end = self.end.saturating_add(count);
        self.spoken |= count > 0;
        Ok(count)
    }

    /// Reads once into an empty buffer, which grows while the peer fills it.
    pub(super) fn fill_stream(&mut self) -> io::Result<usize> {
        let count = self.fill()?;
        if self.end == self.bytes.len() && self.bytes.len() < STREAM_BYTES {
            self.bytes.resize(STREAM_BYTES, 0);
        }
        Ok(count)
    }

    /// Acknowledges what comes next at once: a peer that writes small pieces without `TCP_NODELAY`
    /// holds each one back until the last is acknowledged, which otherwise takes 40 ms (R19).
    pub(super) fn hurry(&self) {
        // The kernel forgets it after a while, and whoever cannot have it only waits longer.
        let _ = sockopt::set_tcp_quickack(&*self.stream, true);
    }

    /// Takes all unread bytes and reads on until there are `total`; short at the end of the stream.
    pub(super) fn take(&mut self, total: usize) -> io::Result<Buffer> {
        self.take_into(total, Room::default())
    }

    /// The same, into room that was used before.
    pub(super) fn take_into(&mut self, total: usize, room: Room) -> io::Result<Buffer> {
        let unread = self.unread();
        let have = unread.get(..total.min(unread.len())).unwrap_or_default();
        let buffer = Buffer::read(have, total, room, &*self.stream)?;
        self.consume(have.len());
        Ok(buffer)
    }

    /// Takes all unread bytes as the beginning of `total`, in pages that the rest has a place in.
    pub(super) fn fill_whole(&mut self, total: usize, room: Room) -> io::Result<Filling> {
        let unread = self.unread();
        let begun = unread.get(..total.min(unread.len())).unwrap_or_default();
        let (count, filling) = (begun.len(), Filling::begin(begun, total, room)?);
        self.consume(count);
        Ok(filling)
    }

    /// Writes everything.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self.stream).write_all(bytes)
    }

    /// Writes everything unless the peer speaks first; true if all was written.
    ///
    /// A platform that refuses a body answers before it has read it: whoever only writes then
    /// never sees the answer.
    pub(super) fn write_unless_answered(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.write_pieces_unless_answered(&[bytes])
    }

    /// The same for pieces one behind the other, which leave together as far as the socket takes
    /// them.
    pub(super) fn write_pieces_unless_answered(&mut self, pieces: &[&[u8]]) -> io::Result<bool> {
        let mut slices = [IoSlice::new(b""); PIECES_MAX];
        let mut count = 0;
        for (slice, piece) in slices
            .iter_mut()
            .zip(pieces.iter().filter(|piece| !piece.is_empty()))
        {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        let mut rest = slices.get_mut(..count).unwrap_or_default();
        while !rest.is_empty() {
            let mut control = SendAncillaryBuffer::default();
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match sendmsg(&self.stream, rest, &mut control, flags) {
                Ok(count) => IoSlice::advance_slices(&mut rest, count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut fds = [PollFd::new(&self.stream, PollFlags::IN | PollFlags::OUT)];
                    wait(&mut fds, None)?;
                    let seen = fds[0].revents();
                    if seen.contains(PollFlags::IN) && !seen.contains(PollFlags::OUT) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// True if the peer has closed or spoken out of turn: a kept connection that must not be used.
    pub(super) fn is_stale(&self) -> bool {
        !self.unread().is_empty()
            || !seen(&self.stream, PollFlags::IN | PollFlags::RDHUP).is_empty()
    }

    /// True if the peer has closed and left nothing to read.
    pub(super) fn is_dead(&self) -> bool {
        if seen(&self.stream, PollFlags::IN).is_empty() {
            return false;
        }
        let mut one = [0_u8; 1];
        !matches!(
            recv(&self.stream, &mut one[..], RecvFlags::PEEK | RecvFlags::DONTWAIT),
            Ok((_, count)) if count > 0
        )
    }

    /// True if nobody is left at the other end.
    pub(super) fn is_left(&mut self) -> bool {
        let revents = seen(&self.stream, PollFlags::RDHUP);
        !revents.is_empty() && self.is_left_after(revents)
    }

    /// True if what a poll saw means that nobody is left at the other end: one that closed only
    /// its own direction still waits for its answer.
    pub(super) fn is_left_after(&mut self, revents: PollFlags) -> bool {
        let broken = revents.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        if !broken && peer::is_held(&self.stream) {
            self.half_closed = true;
            return false;
        }
        true
    }

    /// The peer's leaving, as far as a poll can tell it.
    pub(super) fn leaving(&self) -> PollFlags {
        if self.half_closed {
            // This flag would stay up for ever; errors are told without being asked for.
            PollFlags::empty()
        } else {
            PollFlags::RDHUP
        }
    }

    /// True once the peer has said all it has to say.
    pub(super) fn is_half_closed(&self) -> bool {
        self.half_closed
    }

    fn make_room(&mut self) {
        if self.at > 0 {
            self.bytes.copy_within(self.at..self.end, 0);
            self.end = self.end.saturating_sub(self.at);
            self.at = 0;
        }
        if self.end == self.bytes.len() {
            let larger = self.bytes.len().saturating_mul(2).max(BUFFER_BYTES);
            self.bytes.resize(larger, 0);
        }
    }
}

/// Waits until `left` has bytes or is closed (left), or `right` is closed or, if `right_bytes`,
/// has bytes (right).
pub(super) fn wait_either(
    left: &Wire,
    right: &mut Wire,
    right_bytes: bool,
) -> io::Result<(Ready, Ready)> {
    loop {
        let asked = if right_bytes {
            PollFlags::IN | PollFlags::RDHUP
        } else {
            // A runtime may pipeline: only its leaving counts here, or the wait would spin.
            right.leaving()
        };
        let mut fds = [
            PollFd::new(&left.stream, PollFlags::IN),
            PollFd::new(&right.stream, asked),
        ];
        wait(&mut fds, None)?;
        let (ours, theirs) = (fds[0].revents(), fds[1].revents());
        let left_ready = ready(ours);
        if theirs.is_empty() {
            return Ok((left_ready, Ready::No));
        }
        if right_bytes || right.is_left_after(theirs) {
            return Ok((left_ready, Ready::Yes));
        }
        if left_ready == Ready::Yes {
            return Ok((Ready::Yes, Ready::No));
        }
    }
}

fn ready(revents: PollFlags) -> Ready {
    if revents.is_empty() {
        Ready::No
    } else {
        Ready::Yes
    }
}

/// What is to be seen of a socket now.
pub(super) fn seen(stream: &TcpStream, asked: PollFlags) -> PollFlags {
    let mut fds = [PollFd::new(stream, asked)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match wait(&mut fds, Some(&now)) {
        Ok(()) => fds[0].revents(),
        Err(_) => PollFlags::ERR,
    }
}

/// A poll that signals do not interrupt.
pub(super) fn wait(fds: &mut [PollFd<'_>], limit: Option<&Timespec>) -> io::Result<()> {
    loop {
        match poll(fds, limit) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn read_once(socket: impl AsFd + Copy, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match recv(socket, &mut *room, RecvFlags::empty()) {
            Ok((count, _)) => return Ok(count),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
