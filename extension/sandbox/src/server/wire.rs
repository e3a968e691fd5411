//! One socket of the API, watched and, if a fault plan says so, broken.
//! It never changes a byte unless a plan names that step.

use super::connection::Connection;
use crate::fault::{FaultKind, FaultPlan, FaultStep};
use bytes::{Buf as _, Bytes};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Duration, Sleep, sleep},
};

#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    connection: Arc<Connection>,
    saboteur: Option<Saboteur>,
}

/// The plan's view of the connection.
#[derive(Debug)]
struct Saboteur {
    plan: FaultPlan,
    phase: Talk,
    /// Whether the plan concerns the call that is on the wire.
    concerned: bool,
    pause: Option<Pin<Box<Sleep>>>,
    trickle: Option<(usize, Duration)>,
    /// Bytes of the reply that may still be written before the fault, and the fault.
    cut: Option<(usize, FaultKind)>,
    /// Bytes of the reply that are still to come.
    reply_left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Talk {
    /// Between a reply and the next request.
    Idle,
    /// The first bytes of a request were read.
    Request { more: bool },
    /// A reply is being written.
    Reply,
    /// Broken for good.
    Broken,
}

impl Wire {
    pub(crate) fn new(
        stream: TcpStream,
        connection: Arc<Connection>,
        plan: Option<FaultPlan>,
    ) -> Self {
        let saboteur = plan.map(|plan| Saboteur {
            plan,
            phase: Talk::Idle,
            concerned: false,
            pause: None,
            trickle: None,
            cut: None,
            reply_left: 0,
        });
        Self {
            stream,
            connection,
            saboteur,
        }
    }

    /// Writes the bytes that a plan put in the place of the reply; then nothing more.
    fn poll_raw(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Error>> {
        let mut raw = self.connection.raw();
        let Some(bytes) = raw.as_mut() else {
            return Poll::Ready(None);
        };
        while bytes.has_remaining() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, bytes)) {
                Ok(written) => bytes.advance(written),
                Err(error) => return Poll::Ready(Some(error)),
            }
        }
        Poll::Ready(Some(broken()))
    }

    fn poll_sabotaged(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(saboteur) = &mut self.saboteur else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        ready!(saboteur.poll_pause(context));
        if saboteur.phase == Talk::Broken {
            return Poll::Ready(Err(broken()));
        }
        if saboteur.phase != Talk::Reply {
            saboteur.begin_reply(bytes);
            if saboteur.pause.is_some() {
                ready!(saboteur.poll_pause(context));
            }
        }
        let allowed = match saboteur.allowed(bytes.len()) {
            0 => {
                if let Some(error) = saboteur.strike(&self.connection) {
                    return Poll::Ready(Err(error));
                }
                ready!(saboteur.poll_pause(context));
                saboteur.allowed(bytes.len())
            }
            allowed => allowed,
        };
        let piece = bytes.get(..allowed).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, piece))?;
        saboteur.wrote(written, &self.connection);
        Poll::Ready(Ok(written))
    }
}

impl Saboteur {
    /// The first bytes of a request or some later ones were read.
    fn read(&mut self, bytes: &[u8]) -> Option<FaultKind> {
        match self.phase {
            Talk::Idle | Talk::Reply => {
                self.phase = Talk::Request { more: false };
                let line = bytes.split(|byte| *byte == b'\n').next();
                let line = String::from_utf8_lossy(line.unwrap_or_default());
                self.concerned = self.plan.covers(&line);
                self.count(FaultStep::RequestArrived)
            }
            Talk::Request { more: false } => {
                self.phase = Talk::Request { more: true };
                self.count(FaultStep::InRequest)
            }
            Talk::Request { more: true } | Talk::Broken => None,
        }
    }

    fn count(&self, step: FaultStep) -> Option<FaultKind> {
        if !self.concerned {
            return None;
        }
        self.plan.step(step).cloned()
    }

    /// Decides, at the first write of a reply, where it will break.
    fn begin_reply(&mut self, bytes: &[u8]) {
        self.phase = Talk::Reply;
        self.trickle = None;
        let (head, body) = measure(bytes);
        self.reply_left = head.saturating_add(body);
        let mut steps = vec![
            (FaultStep::BeforeReply, 0),
            (FaultStep::InReplyHead, head / 2),
        ];
        if body > 0 {
            steps.push((FaultStep::InReplyBody, head.saturating_add(body / 2)));
        }
        self.cut = None;
        for (step, place) in steps {
            if let Some(kind) = self.count(step) {
                self.cut.get_or_insert((place, kind));
            }
        }
    }

    /// How many bytes may be written now.
    fn allowed(&self, wanted: usize) -> usize {
        let until_cut = self.cut.as_ref().map_or(wanted, |(left, _)| *left);
        let piece = self.trickle.map_or(wanted, |(bytes, _)| bytes.max(1));
        wanted.min(until_cut).min(piece)
    }

    /// The place of the fault is reached.
    fn strike(&mut self, connection: &Connection) -> Option<io::Error> {
        let (_, kind) = self.cut.take()?;
        self.apply(&kind, connection)
    }

    /// Brings the fault about; gives the error that ends the connection, if it ends.
    fn apply(&mut self, kind: &FaultKind, connection: &Connection) -> Option<io::Error> {
        match kind {
            FaultKind::Reset => {
                self.phase = Talk::Broken;
                connection.reset();
                Some(broken())
            }
            FaultKind::Close => {
                self.phase = Talk::Broken;
                connection.close();
                Some(broken())
            }
            FaultKind::Stall(pause) => {
                self.pause = Some(Box::pin(sleep(*pause)));
                None
            }
            FaultKind::Trickle { bytes, pause } => {
                self.trickle = Some((*bytes, *pause));
                None
            }
            FaultKind::Reply { .. } | FaultKind::Raw(_) => None,
        }
    }

    fn wrote(&mut self, written: usize, connection: &Connection) {
        if let Some((left, _)) = &mut self.cut {
            *left = left.saturating_sub(written);
        }
        if let Some((_, pause)) = self.trickle {
            self.pause = Some(Box::pin(sleep(pause)));
        }
        self.reply_left = self.reply_left.saturating_sub(written);
        if self.reply_left == 0 {
            self.phase = Talk::Idle;
            if let Some(kind) = self.count(FaultStep::AfterReply) {
                self.apply(&kind, connection);
            }
        }
    }

    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        Poll::Ready(())
    }
}

/// The size of a reply's head, and of its body by its own account.
fn measure(bytes: &[u8]) -> (usize, usize) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.map_or(bytes.len(), |end| end.saturating_add(4));
    let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or(bytes)).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok());
    (head, length.unwrap_or(0))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "broken by plan")
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.connection.is_reset() {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(saboteur) = &mut this.saboteur {
            ready!(saboteur.poll_pause(context));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let Some(saboteur) = &mut this.saboteur else {
            return Poll::Ready(Ok(()));
        };
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let Some(kind) = saboteur.read(bytes) else {
            return Poll::Ready(Ok(()));
        };
        match saboteur.apply(&kind, &this.connection) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(error) = ready!(self.poll_raw(context)) {
            return Poll::Ready(Err(error));
        }
        let written = ready!(self.poll_sabotaged(context, bytes))?;
        self.connection.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.saboteur.is_some() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[][..], |slice| slice));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices))?;
        self.connection.wrote();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        // A plan needs a reply's head and body in one piece, to find its place in them.
        self.saboteur.is_none() && self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Bytes that take the place of a reply.
pub(crate) type Raw = Option<Bytes>;
