//! The function's side: a runtime that answers every event with the event itself.
//! It never pipelines, retries or reconnects.
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::upstream::{PATIENCE, Upstream};
use crate::wire::Message;

/// A runtime with its one connection.
#[derive(Debug)]
pub struct Runtime {
    stream: TcpStream,
    message: Message,
    request: Vec<u8>,
}

/// Where the time of one invocation went, between platform and runtime alone.
#[derive(Clone, Copy, Debug)]
pub struct Journey {
    /// From the event's departure to its last byte in the runtime.
    pub event: Duration,
    /// From the output's departure to its last byte on the platform.
    pub output: Duration,
}

impl Journey {
    /// What the caller of the function waits for.
    pub fn one_way(self) -> Duration {
        self.event + self.output
    }
}

const NEXT: &[u8] = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: bench\r\n\r\n";

impl Runtime {
    /// Connects to whatever serves the Runtime API at `address`.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("nothing listens at {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            message: Message::default(),
            request: Vec::new(),
        })
    }

    /// One invocation after an idle `gap`, both bodies compared with `event`.
    ///
    /// The function works as long as the gap: nobody's function answers within a microsecond.
    pub fn invoke(
        &mut self,
        upstream: &Upstream,
        event: &Arc<Vec<u8>>,
        gap: Duration,
    ) -> Result<Journey> {
        self.invoke_for(upstream, event, event, (gap, gap))
    }

    /// One invocation that is answered by `answer`: after an idle gap, and by a function that works
    /// for so long.
    pub fn invoke_for(
        &mut self,
        upstream: &Upstream,
        event: &Arc<Vec<u8>>,
        answer: &[u8],
        (gap, work): (Duration, Duration),
    ) -> Result<Journey> {
        self.stream.write_all(NEXT)?;
        if !gap.is_zero() {
            thread::sleep(gap);
        }
        upstream.order(event)?;
        ensure!(
            self.message.read(&mut self.stream)?,
            "the connection closed before the event"
        );
        let here = Instant::now();
        ensure!(
            self.message.body() == event.as_slice(),
            "the event arrived altered"
        );
        let id = self
            .message
            .header("lambda-runtime-aws-request-id")
            .unwrap_or("none");
        let head = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: bench\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(answer);
        if !work.is_zero() {
            thread::sleep(work);
        }
        let answered = Instant::now();
        self.stream.write_all(&self.request)?;
        ensure!(
            self.message.read(&mut self.stream)?,
            "the connection closed after the output"
        );
        let status = self.message.first_line();
        ensure!(
            status.contains(" 202"),
            "the output was answered with {status}"
        );
        let sent = upstream.event_sent()?;
        let (arrived, output) = upstream.output_here()?;
        ensure!(output == answer, "the output arrived altered");
        Ok(Journey {
            event: here - sent,
            output: arrived - answered,
        })
    }
}

impl Runtime {
    /// One invocation that is answered by a stream of so many bytes, in chunks that `piece` fills
    /// one after the other; the time from its first byte until the platform has its last.
    pub fn stream(
        &mut self,
        upstream: &Upstream,
        bytes: usize,
        piece: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<Duration> {
        self.stream.write_all(NEXT)?;
        upstream.order(&Arc::new(b"{}".to_vec()))?;
        ensure!(
            self.message.read(&mut self.stream)?,
            "the connection closed before the event"
        );
        let id = self
            .message
            .header("lambda-runtime-aws-request-id")
            .unwrap_or("none");
        let head = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: bench\r\n\
             lambda-runtime-function-response-mode: streaming\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        let begun = Instant::now();
        self.stream.write_all(head.as_bytes())?;
        let (mut content, mut chunk, mut sent) = (Vec::new(), Vec::new(), 0);
        while sent < bytes {
            content.clear();
            piece(&mut content);
            sent += content.len();
            chunk.clear();
            chunk.extend_from_slice(format!("{:x}\r\n", content.len()).as_bytes());
            chunk.extend_from_slice(&content);
            chunk.extend_from_slice(b"\r\n");
            self.stream.write_all(&chunk)?;
        }
        self.stream.write_all(b"0\r\n\r\n")?;
        ensure!(
            self.message.read(&mut self.stream)?,
            "the connection closed after the stream"
        );
        ensure!(
            self.message.first_line().contains(" 202"),
            "the stream was answered with {}",
            self.message.first_line()
        );
        upstream.event_sent()?;
        let (arrived, _) = upstream.output_here()?;
        Ok(arrived - begun)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::Runtime;
    use crate::events;
    use crate::upstream::Upstream;

    #[test]
    fn platform_and_runtime_agree_with_nothing_between_them() {
        let upstream = Upstream::start().unwrap();
        let mut runtime = Runtime::connect(upstream.address).unwrap();
        for bytes in [1_000, 100_000, 3_000_000] {
            let event = Arc::new(events::benign(bytes));
            let journey = runtime.invoke(&upstream, &event, Duration::ZERO).unwrap();
            assert!(journey.one_way() > Duration::ZERO);
        }
    }
}
