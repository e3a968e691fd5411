//! Telemetry: what happened in one life of the environment, on its way to those who subscribed.
//! It never holds anybody up: what a slow subscriber cannot take is dropped, counted and told.

mod delivery;
mod record;
mod subscription;

pub(crate) use record::{Init, Invoked};
pub(crate) use subscription::Subscription;

use crate::{config::Origin, time};
use delivery::Queue;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a subscriber may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Platform,
    Function,
    Extension,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Platform, Self::Function, Self::Extension];

    fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }
}

/// Limit: 1 MiB of records waits for extensions that have not subscribed yet, as much as the
/// largest buffer that one of them may ask for.
const BACKLOG_BYTES_MAX: usize = 1_048_576;

/// The telemetry of one life.
#[derive(Debug)]
pub(crate) struct Telemetry(Mutex<Hub>);

#[derive(Debug)]
struct Hub {
    /// INIT is over: nobody can subscribe any more.
    closed: bool,
    /// What happened before somebody subscribed, for those who will.
    backlog: VecDeque<(Kind, Arc<str>)>,
    backlog_bytes: usize,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    name: String,
    kinds: Vec<Kind>,
    queue: Arc<Queue>,
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Hub {
            closed: false,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            subscribers: Vec::new(),
        }))
    }

    /// Lets `name` have what it asked for, from the beginning of this life on; a second
    /// subscription takes the place of the first. Gives false if INIT is over.
    pub(crate) fn subscribe(&self, name: &str, subscription: Subscription) -> bool {
        let kinds = subscription.kinds.iter();
        let types: Vec<&str> = kinds.map(|kind| kind.name()).collect();
        {
            let mut hub = self.lock();
            if hub.closed {
                return false;
            }
            let kinds = subscription.kinds.clone();
            let queue = Queue::start(subscription);
            for (kind, text) in &hub.backlog {
                if kinds.contains(kind) {
                    queue.push(Arc::clone(text));
                }
            }
            hub.subscribers.retain(|subscriber| {
                let stays = subscriber.name != name;
                if !stays {
                    subscriber.queue.close();
                }
                stays
            });
            hub.subscribers.push(Subscriber {
                name: name.to_owned(),
                kinds,
                queue,
            });
        }
        self.platform(
            "telemetrySubscription",
            || json!({ "name": name, "state": "Subscribed", "types": types }),
        );
        true
    }

    /// Tells an event of the platform.
    pub(crate) fn platform(&self, event: &str, record: impl FnOnce() -> Value) {
        self.publish(Kind::Platform, || {
            text(&format!("platform.{event}"), &record())
        });
    }

    /// Tells a line that function or extension has written.
    pub(crate) fn line(&self, origin: &Origin, line: &str) {
        let kind = match origin {
            Origin::Function => Kind::Function,
            Origin::Extension(_) => Kind::Extension,
            Origin::Platform => return,
        };
        self.publish(kind, || text(kind.name(), &Value::from(line)));
    }

    /// INIT is over: nobody else can subscribe, so nothing is kept for them.
    pub(crate) fn close_subscription(&self) {
        let mut hub = self.lock();
        hub.closed = true;
        hub.backlog = VecDeque::new();
        hub.backlog_bytes = 0;
    }

    /// What waits is delivered now, whether or not a buffer is full.
    pub(crate) fn flush(&self) {
        for subscriber in &self.lock().subscribers {
            subscriber.queue.flush();
        }
    }

    fn publish(&self, kind: Kind, text: impl FnOnce() -> String) {
        let mut hub = self.lock();
        let wanted = hub.subscribers.iter().any(|one| one.kinds.contains(&kind));
        if hub.closed && !wanted {
            return;
        }
        let text: Arc<str> = text().into();
        let bytes = hub.backlog_bytes.saturating_add(text.len());
        if !hub.closed && bytes <= BACKLOG_BYTES_MAX {
            hub.backlog_bytes = bytes;
            hub.backlog.push_back((kind, Arc::clone(&text)));
        }
        for subscriber in &hub.subscribers {
            if subscriber.kinds.contains(&kind) {
                subscriber.queue.push(Arc::clone(&text));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hub> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        for subscriber in &self.lock().subscribers {
            subscriber.queue.close();
        }
    }
}

/// One event as it stands in a batch.
fn text(event: &str, record: &Value) -> String {
    let time = time::timestamp();
    let event = Value::from(event);
    format!("{{\"time\":\"{time}\",\"type\":{event},\"record\":{record}}}")
}
