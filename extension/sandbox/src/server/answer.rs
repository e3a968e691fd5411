//! How the body of an answer is read: piece by piece, with times, and with its trailers.
//! It never judges the content.

use super::Connection;
use crate::outcome::{Answer, Chunk, LivePart};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, Request,
    body::{Body as _, Incoming},
    header::TRANSFER_ENCODING,
};
use std::{
    hash::{DefaultHasher, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// Limit: 6 MiB + 100 bytes for events and buffered responses (RIE `interop/model.go`).
pub(crate) const PAYLOAD_BYTES_MAX: u64 = 6_291_556;

/// Limit: Go reads up to 256 KiB after a handler to keep the connection usable; beyond that it
/// closes the connection.
const SURPLUS_BYTES_MAX: u64 = 262_144;

/// An answer while it arrives.
#[derive(Clone, Debug)]
pub(crate) struct Arrival(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    answer: Answer,
    body: Vec<u8>,
    hasher: DefaultHasher,
    keep_body: bool,
}

/// How reading a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Complete,
    TooLarge,
    Truncated,
}

impl Arrival {
    pub(crate) fn new(
        request: &Request<Incoming>,
        connection: &Connection,
        keep_body: bool,
    ) -> Self {
        let headers = request.headers();
        let streamed = headers
            .get("lambda-runtime-function-response-mode")
            .is_some_and(|mode| mode == "streaming");
        let capacity = request.body().size_hint().exact().unwrap_or(0);
        let capacity = usize::try_from(capacity.min(PAYLOAD_BYTES_MAX)).unwrap_or(0);
        let progress = Progress {
            answer: Answer {
                headers: fields(headers),
                streamed,
                chunked: headers.contains_key(TRANSFER_ENCODING),
                connection: connection.number,
                ..Answer::default()
            },
            body: Vec::with_capacity(if keep_body { capacity } else { 0 }),
            hasher: DefaultHasher::new(),
            keep_body,
        };
        Self(Arc::new(Mutex::new(progress)))
    }

    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.with(|progress| progress.answer.headers.clone())
    }

    pub(crate) fn streamed(&self) -> bool {
        self.with(|progress| progress.answer.streamed)
    }

    /// What has arrived so far, as an answer.
    pub(crate) fn answer(&self, status: u16) -> Answer {
        self.with(|progress| {
            let mut answer = std::mem::take(&mut progress.answer);
            answer.body = Bytes::from(std::mem::take(&mut progress.body));
            answer.body_hash = progress.hasher.finish();
            answer.status = status;
            answer
        })
    }

    /// The body so far.
    pub(crate) fn body(&self) -> Bytes {
        self.with(|progress| Bytes::copy_from_slice(&progress.body))
    }

    pub(crate) fn trailer(&self, name: &str) -> Option<Vec<u8>> {
        self.with(|progress| progress.answer.trailer(name).map(<[u8]>::to_vec))
    }

    /// The size and hash of what has arrived so far.
    pub(crate) fn digest(&self) -> (u64, u64) {
        self.with(|progress| (progress.answer.body_bytes, progress.hasher.finish()))
    }

    /// Reads to the end, to the limit, or to the point where the client stopped.
    pub(crate) async fn read(
        &self,
        mut body: Incoming,
        bytes_max: Option<u64>,
        live: Option<&mpsc::UnboundedSender<LivePart>>,
        now: impl Fn() -> Duration,
    ) -> Reading {
        let limit = bytes_max.unwrap_or(u64::MAX);
        loop {
            let frame = match body.frame().await {
                None => break,
                Some(Err(_)) => return Reading::Truncated,
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(data) => {
                    let total = self.add(&data, now(), limit);
                    if total > limit.saturating_add(SURPLUS_BYTES_MAX) {
                        return Reading::TooLarge;
                    }
                    if let Some(live) = live {
                        // The caller may have hung up; the answer is read all the same.
                        let _ = live.send(LivePart::Data(data));
                    }
                }
                Err(frame) => {
                    if let Some(trailers) = frame.trailers_ref() {
                        self.with(|progress| progress.answer.trailers = fields(trailers));
                    }
                }
            }
        }
        if self.digest().0 > limit {
            return Reading::TooLarge;
        }
        self.with(|progress| progress.answer.complete = true);
        Reading::Complete
    }

    fn add(&self, data: &Bytes, at: Duration, limit: u64) -> u64 {
        self.with(|progress| {
            let bytes = data.len();
            progress.answer.chunks.push(Chunk { at, bytes });
            let total = progress.answer.body_bytes.saturating_add(bytes as u64);
            progress.answer.body_bytes = total;
            progress.hasher.write(data);
            if progress.keep_body && total <= limit {
                progress.body.extend_from_slice(data);
            }
            total
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Progress) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}
