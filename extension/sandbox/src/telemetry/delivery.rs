//! One subscriber's queue and the task that empties it, batch by batch, over HTTP on loopback.
//! It never grows beyond what the subscriber asked for, and never tries for ever after the end.

use super::{Subscription, text};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{
    collections::VecDeque,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::Notify, time::timeout};

/// Limit: twice the subscriber's own buffer, the most that a batch may hold (2.7).
const BUFFERS: usize = 2;

/// Limit: what is left at the end of a life has half a second, a quarter of the SHUTDOWN budget.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// The pauses before a batch that could not be delivered is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(25), Duration::from_secs(1)];

/// Limit: 64 KiB of a reply are read and forgotten, so that the connection can be kept.
const REPLY_BYTES_MAX: usize = 65_536;

#[derive(Debug)]
pub(super) struct Queue {
    bytes_max: usize,
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    records: VecDeque<Arc<str>>,
    bytes: usize,
    /// When the oldest record came.
    since: Option<Instant>,
    dropped_records: u64,
    dropped_bytes: u64,
    flush: bool,
    closed: bool,
}

/// What the delivering task has to do next.
enum Step {
    Deliver(Bytes),
    Wait(Option<Duration>),
    End,
}

impl Queue {
    /// A queue with its task; it needs a running tokio runtime.
    pub(super) fn start(subscription: Subscription) -> Arc<Self> {
        let queue = Arc::new(Self {
            bytes_max: subscription.bytes_max.saturating_mul(BUFFERS),
            pending: Mutex::default(),
            changed: Notify::new(),
        });
        tokio::spawn(deliver(Arc::clone(&queue), subscription));
        queue
    }

    /// Puts a record in line, or counts it as dropped.
    pub(super) fn push(&self, text: Arc<str>) {
        {
            let mut pending = self.lock();
            let bytes = pending.bytes.saturating_add(text.len());
            if bytes > self.bytes_max {
                pending.dropped_records = pending.dropped_records.saturating_add(1);
                let more = u64::try_from(text.len()).unwrap_or(u64::MAX);
                pending.dropped_bytes = pending.dropped_bytes.saturating_add(more);
                return;
            }
            pending.bytes = bytes;
            pending.since.get_or_insert_with(Instant::now);
            pending.records.push_back(text);
        }
        self.changed.notify_one();
    }

    pub(super) fn flush(&self) {
        self.lock().flush = true;
        self.changed.notify_one();
    }

    /// Nothing more will come; the task ends when it has delivered what is there, or soon.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    fn step(&self, subscription: &Subscription) -> Step {
        let mut pending = self.lock();
        let waited = pending.since.map(|since| since.elapsed());
        let full = pending.records.len() >= subscription.items_max
            || pending.bytes >= subscription.bytes_max
            || waited.is_some_and(|waited| waited >= subscription.timeout)
            || pending.flush
            || pending.closed;
        if pending.records.is_empty() {
            pending.flush = false;
            return if pending.closed {
                Step::End
            } else {
                Step::Wait(None)
            };
        }
        if !full {
            let left = waited.map(|waited| subscription.timeout.saturating_sub(waited));
            return Step::Wait(left);
        }
        Step::Deliver(pending.batch(subscription.items_max))
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// Takes a batch out, headed by what had to be dropped.
    fn batch(&mut self, items_max: usize) -> Bytes {
        let mut body = String::from("[");
        if self.dropped_records > 0 {
            let record = json!({
                "droppedRecords": self.dropped_records,
                "droppedBytes": self.dropped_bytes,
                "reason": "the subscriber takes less than there is to tell",
            });
            body += &text("platform.logsDropped", &record);
            (self.dropped_records, self.dropped_bytes) = (0, 0);
        }
        for _ in 0..items_max {
            let Some(record) = self.records.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(record.len());
            if body.len() > 1 {
                body.push(',');
            }
            body += &record;
        }
        body.push(']');
        self.since = (!self.records.is_empty()).then(Instant::now);
        body.into()
    }
}

async fn deliver(queue: Arc<Queue>, subscription: Subscription) {
    let mut line = Line {
        port: subscription.port,
        path: subscription.path.clone(),
        sender: None,
    };
    loop {
        match queue.step(&subscription) {
            Step::End => return,
            Step::Wait(None) => queue.changed.notified().await,
            Step::Wait(Some(left)) => {
                // Whichever comes first: the look that follows sees what is due.
                let _ = timeout(left, queue.changed.notified()).await;
            }
            Step::Deliver(batch) => {
                let sending = line.send_stubbornly(batch);
                tokio::select! {
                    () = sending => {}
                    () = end_of(&queue) => return,
                }
            }
        }
    }
}

/// Comes a while after the end of this life, whatever the subscriber does.
async fn end_of(queue: &Queue) {
    while !queue.lock().closed {
        queue.changed.notified().await;
    }
    tokio::time::sleep(LAST_PATIENCE).await;
}

/// The way to a subscriber: one connection, kept as long as it lasts.
struct Line {
    port: u16,
    path: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    /// Sends a batch until it is accepted.
    async fn send_stubbornly(&mut self, batch: Bytes) {
        let [mut pause, longest] = PAUSES;
        while self.send(batch.clone()).await.is_err() {
            self.sender = None;
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    async fn send(&mut self, batch: Bytes) -> io::Result<()> {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let request = Request::post(&self.path)
            .header(HOST, format!("sandbox.localdomain:{}", self.port))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(batch))
            .map_err(io::Error::other)?;
        sender.ready().await.map_err(io::Error::other)?;
        let reply = sender.send_request(request).await;
        let reply = reply.map_err(io::Error::other)?;
        let accepted = reply.status().is_success();
        let rest = Limited::new(reply.into_body(), REPLY_BYTES_MAX);
        if rest.collect().await.is_ok() {
            self.sender = Some(sender);
        }
        if !accepted {
            return Err(io::Error::other("refused by the subscriber"));
        }
        Ok(())
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
