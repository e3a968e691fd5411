//! The proxy: stands between the function's runtime and the Runtime API, one thread a connection.
//! It never listens beyond loopback, and never changes a byte that it does not refuse.
//!
//! A thread that blocks on its two sockets needs no runtime, no waker and no allocation, and it can
//! be left behind: when an inspection does not end, the guard takes the connection and goes on
//! with it on another thread.
mod aside;
mod batch;
mod both;
mod buffer;
mod chunked;
mod connection;
mod expect;
mod guarded;
mod head;
mod judged;
mod kept;
mod link;
mod message;
mod next;
mod peer;
mod pool;
mod refuse;
mod relay;
mod wait;
mod watched;
mod wire;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credenza_event::{Beside, Steps};
use credenza_exchange::{Admit, Circumstances, Inspected};
use credenza_policy::{Day, Limiter, Policy, Rate};

use crate::Shared;
use crate::fault::Fault;
use crate::guard::Guard;
use crate::telemetry::{FaultNote, Invocation};
use batch::Awaited;
use both::Both;
use connection::Connection;
use link::Link;
use next::Held;
use pool::Pool;

pub(crate) use peer::inode_of;

// Limit: detectors do not recurse and stay below some 200 KiB of stack; 1 MiB of address
// space costs nothing until it is touched.
const STACK_BYTES: usize = 1024 * 1024;

// Limit: the platform opens some tens of connections at most; 256 of them take 768 of the 1,024
// descriptors that an environment has.
const CONNECTIONS_MAX: u32 = 256;

// Limit: each inspection that does not end burns a processor for good; with three of them a
// function on two is already slow, and a fourth would say nothing new.
const STUCK_MAX: i32 = 3;

/// One event as whoever inspects it is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The event.
    pub event: &'a [u8],
    /// What comes beside it.
    pub beside: &'a [Beside<'a>],
    /// The policy under which it is judged.
    pub policy: &'a Policy,
    /// The invocation.
    pub invocation: Invocation<'a>,
}

/// What looks at events; the process gives the real one, tests give worse.
pub trait Inspect: Send + Sync {
    /// Inspects one event and what comes beside it.
    fn event(&self, look: &Look<'_>) -> Inspected;
}

/// The inspection of a running agent.
struct Inspection {
    shared: Shared,
    /// The requests of each caller, where a policy asks for that.
    limiter: Clocked,
}

/// A limiter and the clock that it is told the time by.
#[derive(Debug)]
struct Clocked {
    limiter: Mutex<Limiter>,
    began: Instant,
}

impl Admit for Clocked {
    fn admits(&self, principal: u64, rate: &Rate) -> bool {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.admits(principal, now_ms, rate)
    }
}

impl Inspect for Inspection {
    fn event(&self, look: &Look<'_>) -> Inspected {
        let beside_bytes: usize = look.beside.iter().map(|beside| beside.text.len()).sum();
        let steps = Steps::for_bytes(look.event.len().saturating_add(beside_bytes));
        let key = self.shared.key.current();
        let about = Circumstances {
            beside: look.beside,
            request_id: look.invocation.request_id,
            tenant: look.invocation.tenant_id,
            function_arn: look.invocation.function_arn,
            admit: Some(&self.limiter),
            today: today(look.policy),
        };
        credenza_exchange::event_under(look.event, &about, steps, look.policy, &key)
    }
}

/// Today, where a policy asks for it.
fn today(policy: &Policy) -> Day {
    let shadow = policy.shadow.as_deref();
    let asks = |policy: &Policy| !policy.exemptions.is_empty();
    if !asks(policy) && !shadow.is_some_and(asks) {
        return Day::default();
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Day::of_seconds(since.unwrap_or_default().as_secs())
}

/// What all connections share.
pub(crate) struct Proxy {
    shared: Shared,
    pool: Pool,
    guard: Guard<Held>,
    inspection: Box<dyn Inspect>,
    awaited: Awaited,
    /// Memory for answers that are kept while their events are.
    both: Both,
    /// The first event has come: INIT is over.
    running: AtomicBool,
    /// Inspections that the guard has left behind and that run on; a late one may be noted as
    /// over before it is noted at all.
    stuck: AtomicI32,
    connections: AtomicU32,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// Serves connections from its own thread; returns at once.
pub fn serve(listener: TcpListener, shared: Shared) -> io::Result<()> {
    let inspection = Box::new(Inspection {
        shared: shared.clone(),
        limiter: Clocked {
            limiter: Mutex::default(),
            began: Instant::now(),
        },
    });
    serve_with(listener, shared, inspection)
}

/// Serves connections with another inspection than the process's own.
pub fn serve_with(
    listener: TcpListener,
    shared: Shared,
    inspection: Box<dyn Inspect>,
) -> io::Result<()> {
    let proxy = Arc::new(Proxy {
        both: Both::of(shared.memory_bytes),
        shared,
        pool: Pool::default(),
        guard: Guard::start(next::rescue),
        inspection,
        awaited: Awaited::default(),
        running: AtomicBool::new(false),
        stuck: AtomicI32::new(0),
        connections: AtomicU32::new(0),
    });
    thread::Builder::new()
        .name("accept".into())
        .stack_size(STACK_BYTES)
        .spawn(move || accept(&listener, &proxy))?;
    Ok(())
}

fn accept(listener: &TcpListener, proxy: &Arc<Proxy>) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => proxy.spawn(stream),
            // Out of descriptors, most likely: somebody has to close one first (F80).
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

impl Proxy {
    /// Gives a connection its thread; where there is none to be had it is closed.
    fn spawn(self: &Arc<Self>, stream: TcpStream) {
        let others = self.connections.load(Ordering::Relaxed);
        let spawned = Connection::new(Arc::clone(self), stream).and_then(|connection| {
            if others >= CONNECTIONS_MAX {
                return Err(io::ErrorKind::QuotaExceeded.into());
            }
            thread::Builder::new()
                .name("connection".into())
                .stack_size(STACK_BYTES)
                .spawn(move || connection.run())
        });
        if spawned.is_err() {
            self.fault(Fault::OursThreadless, b"");
        }
    }

    /// Notes that the platform has answered a `next`: INIT is over.
    fn running(&self) {
        // A store would take the cache line from other threads with each event.
        if !self.running.load(Ordering::Relaxed) {
            self.running.store(true, Ordering::Relaxed);
        }
    }

    /// Notes an inspection that was left behind.
    fn note_stuck(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that one of them has ended after all: it was slow, not endless.
    fn note_unstuck(&self) {
        self.stuck.fetch_sub(1, Ordering::Relaxed);
    }

    /// True while too many inspections do not end.
    fn has_given_up(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) >= STUCK_MAX
    }

    /// A new connection to the platform; only during INIT it may have to be waited for (R26).
    fn connect(&self) -> io::Result<Link> {
        Link::connect(&self.shared.route, !self.running.load(Ordering::Relaxed))
    }

    /// Records a fault.
    pub(crate) fn fault(&self, fault: Fault, request_id: &[u8]) {
        self.shared.sink.fault(&FaultNote {
            kind: fault.kind(),
            family: fault.family(),
            behaviour: fault.behaviour().name(),
            detail: &fault.to_string(),
            request_id,
        });
    }
}
