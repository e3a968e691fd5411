//! What goes into an invocation and what comes out of it.
//! It never interprets the bytes: event and answer stand here exactly as they passed.

use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc;

/// One invocation, as a caller of the Lambda API would ask for it.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The event's bytes; they need not be JSON.
    pub event: Bytes,
    /// `Lambda-Runtime-Client-Context`, JSON text.
    pub client_context: Option<String>,
    /// `Lambda-Runtime-Cognito-Identity`, JSON text.
    pub cognito_identity: Option<String>,
    /// `Lambda-Runtime-Trace-Id`; the sandbox makes one up if absent.
    pub trace_id: Option<String>,
    /// `Lambda-Runtime-Aws-Tenant-Id`.
    pub tenant_id: Option<String>,
    /// The content type that the runtime sees; `application/json` if absent.
    pub content_type: Option<String>,
    /// A request id of the caller's choice; a random UUID if absent.
    pub request_id: Option<String>,
    /// Further headers of the reply to `next`, as a future platform might add them.
    pub headers: Vec<(String, String)>,
    /// Headers of the reply to `next` that are left out, names in lower case.
    pub without: Vec<String>,
    /// `Lambda-Runtime-Deadline-Ms` instead of the true one.
    pub deadline: Option<String>,
    /// Managed Instances: how long it may wait for a free slot, as callers retry who are told
    /// that none is idle; zero is the platform's own answer, `Runtime.Unavailable` at once.
    pub slot_patience: Duration,
    /// Receives the answer while it arrives, for streamed answers.
    pub live: Option<mpsc::UnboundedSender<LivePart>>,
}

impl Invocation {
    /// An invocation with this event and nothing else.
    pub fn new(event: impl Into<Bytes>) -> Self {
        Self {
            event: event.into(),
            ..Self::default()
        }
    }
}

/// A part of an answer, at the moment of its arrival.
#[derive(Clone, Debug)]
pub enum LivePart {
    /// The answer began, with these request headers.
    Head(Vec<(String, Vec<u8>)>),
    /// Some bytes of the body.
    Data(Bytes),
    /// The body ended, whole.
    End,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The runtime posted `/response`, whole and accepted.
    Response,
    /// The runtime posted `/error`, or a stream ended with error trailers.
    Error {
        /// The error type after the platform's filter.
        error_type: String,
        /// The error as the caller sees it, usually JSON.
        body: Bytes,
    },
    /// The function ran out of time; the environment was reset (classic).
    Timeout,
    /// The platform gave up on the invocation.
    Platform {
        /// Such as `Runtime.ExitError`, `Extension.Crash`, `Function.ResponseSizeTooLarge`.
        error_type: String,
        /// The platform's sentence about it.
        message: String,
    },
}

/// The outcome of one invocation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The id under which the runtime saw it.
    pub request_id: String,
    /// How it ended.
    pub ending: Ending,
    /// What the runtime posted, if it posted anything; present also for refused answers.
    pub answer: Option<Answer>,
    /// From the last byte of the event written to the socket to the last byte of the answer read.
    /// Absent if the event was never written or the answer never completed.
    pub turnaround: Option<Duration>,
    /// From the event's release to the end of the answer, or to the failure: `durationMs`.
    pub duration: Duration,
    /// Time spent in an INIT inside this invocation (suppressed INIT), if there was one.
    pub suppressed_init: Option<Duration>,
}

impl Outcome {
    /// Whether the function answered by `/response`.
    pub fn is_response(&self) -> bool {
        self.ending == Ending::Response
    }

    /// The bytes that the caller receives: the body of the response or of the error.
    pub fn payload(&self) -> Bytes {
        match &self.ending {
            Ending::Response => self
                .answer
                .as_ref()
                .map(|answer| answer.body.clone())
                .unwrap_or_default(),
            Ending::Error { body, .. } => body.clone(),
            Ending::Timeout => {
                let message = format!(
                    "RequestId: {} Error: Task timed out after {:.2} seconds",
                    self.request_id,
                    self.duration.as_secs_f64()
                );
                serde_json::json!({"errorType": "Sandbox.Timedout", "errorMessage": message})
                    .to_string()
                    .into()
            }
            Ending::Platform {
                error_type,
                message,
            } => serde_json::json!({"errorType": error_type, "errorMessage": message})
                .to_string()
                .into(),
        }
    }

    /// The error type that a caller sees, if the invocation failed.
    pub fn error_type(&self) -> Option<&str> {
        match &self.ending {
            Ending::Response => None,
            Ending::Error { error_type, .. } | Ending::Platform { error_type, .. } => {
                Some(error_type)
            }
            Ending::Timeout => Some("Sandbox.Timedout"),
        }
    }
}

/// An answer as the platform received it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The headers of the request, in order, names as sent in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, empty if [`crate::Config::keep_bodies`] is off.
    pub body: Bytes,
    /// The number of bytes in the body.
    pub body_bytes: u64,
    /// A hash of the body, comparable within one build of the sandbox.
    pub body_hash: u64,
    /// The trailers after the body.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// The pieces of the body in the order and at the times of their arrival.
    pub chunks: Vec<Chunk>,
    /// Whether the request declared the streaming response mode.
    pub streamed: bool,
    /// Whether the body came with chunked encoding instead of a length.
    pub chunked: bool,
    /// Whether the body was read to its end.
    pub complete: bool,
    /// The HTTP status with which the sandbox answered the post.
    pub status: u16,
    /// The connection on which the answer came, as numbered in the ledger.
    pub connection: u64,
}

impl Answer {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        find(&self.headers, name)
    }

    /// The first trailer of this name, given in lower case.
    pub fn trailer(&self, name: &str) -> Option<&[u8]> {
        find(&self.trailers, name)
    }
}

fn find<'a>(fields: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(field, _)| field == name)
        .map(|(_, value)| value.as_slice())
}

/// One piece of a body as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When it arrived, since the sandbox started.
    pub at: Duration,
    /// Its size in bytes.
    pub bytes: usize,
}
