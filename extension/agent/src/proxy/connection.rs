//! One connection of a runtime, from its first request to its last.
//! It never closes a connection because it is idle, and never lets one request overtake another.
use std::io;
use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use credenza_engine::leak::Reflections;
use credenza_event::Source;
use credenza_exchange::Channel;
use credenza_exchange::platform::lambda::{Route, route};
use credenza_policy::Routes;

use super::Proxy;
use super::aside::Aside;
use super::batch::{Expected, Origin};
use super::head::{self, BadHead, Flow, Framing, Request};
use super::link::{Link, origin_form};
use super::pool::Bell;
use super::watched::Answer;
use super::wire::{NoHead, Wire};
use crate::fault::{Behaviour, Fault};

// Limit: a client that still sends while it is refused has half a second and 8 MiB to notice, and
// ten times that if it is slow; closing at once would reset the connection under the answer.
const DRAIN_FOR: Duration = Duration::from_millis(500);
const DRAIN_FOR_ALL: Duration = Duration::from_secs(5);
const DRAIN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A runtime's connection, with the connection to the platform that serves it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) proxy: Arc<Proxy>,
    pub(super) down: Wire,
    pub(super) link: Option<Link>,
    /// Wakes this connection's thread while it waits for an event.
    pub(super) bell: Arc<Bell>,
    /// The looks at the event that this runtime has and at its answer, where they run beside it.
    pub(super) asides: Vec<Aside>,
    /// It has not asked for an event yet, so it may follow a runtime that has just left.
    pub(super) newcomer: bool,
}

/// A request whose head has been read and accepted.
#[derive(Debug)]
pub(super) struct Call {
    /// The head's bytes as they came.
    pub(super) head: Vec<u8>,
    pub(super) request: Request,
}

impl Call {
    pub(super) fn user_agent(&self) -> Option<&[u8]> {
        self.head.get(self.request.user_agent.clone()?)
    }
}

impl Connection {
    /// Takes over an accepted socket.
    pub(super) fn new(proxy: Arc<Proxy>, stream: TcpStream) -> io::Result<Self> {
        let (down, bell) = (Wire::new(stream)?, Arc::new(Bell::new()?));
        proxy.connections.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            proxy,
            down,
            link: None,
            bell,
            asides: Vec::new(),
            newcomer: true,
        })
    }

    /// Serves requests until one side ends it.
    pub(super) fn run(self) {
        let mut connection = self;
        while let Some(again) = connection.serve() {
            connection = again;
        }
    }

    /// Serves one request; `None` when this thread has nothing more to do with the connection.
    fn serve(mut self) -> Option<Self> {
        let bytes = match self.down.read_head() {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(NoHead::Cut) => return self.end(),
            Err(NoHead::Bad(bad)) => return self.refuse_head(bad),
        };
        let head = self.down.unread().get(..bytes).unwrap_or_default();
        let request = match head::request(head) {
            Ok(request) => request,
            Err(bad) => return self.refuse_head(bad),
        };
        let method = head.get(request.method.clone()).unwrap_or_default();
        let target = origin_form(head.get(request.target.clone()).unwrap_or_default());
        let keeps = request.keeps;
        let served = match route(method, &target) {
            Route::Next if matches!(request.framing, Framing::Empty | Framing::Length(0)) => {
                let call = Call {
                    head: head.to_vec(),
                    request,
                };
                self.down.consume(bytes);
                self.next(call)
            }
            // The platform allows no body here, and with one this would not be the call we know.
            Route::Next => return self.refuse_head(BadHead::Malformed),
            Route::Response(id) => {
                let id = id.to_vec();
                self.answered(&request, id, Channel::Response)
            }
            Route::Error(id) => {
                let id = id.to_vec();
                self.answered(&request, id, Channel::Error)
            }
            Route::InitError => self.init_failed(&request),
            Route::RestoreNext => {
                let served = self.relay(&request, false);
                if let Some(connection) = &served {
                    // A snapshot was restored: what was connected before is not any more, and
                    // what was drawn before is no secret.
                    connection.proxy.pool.clear();
                    connection.proxy.shared.key.redraw();
                }
                served
            }
            Route::Other => self.relay(&request, false),
        }?;
        if keeps { Some(served) } else { served.end() }
    }

    /// Passes the answer to an invocation on.
    fn answered(self, request: &Request, id: Vec<u8>, channel: Channel) -> Option<Self> {
        self.proxy.shared.witness.answered(&id);
        let proxy = Arc::clone(&self.proxy);
        let expected = proxy.awaited.take(&id);
        let Expected {
            origin,
            tenant,
            completion,
            policy,
            reflections,
        } = expected.unwrap_or_else(|| Expected::nothing(proxy.shared.policy.now()));
        // A batch that failed comes again as a whole: nothing is added to that.
        let completion = completion.filter(|_| channel == Channel::Response);
        if proxy.watches_outputs(&policy) || !reflections.is_empty() {
            let channel = match request.flow {
                Flow::Whole => channel,
                Flow::Stream | Flow::HttpStream => Channel::Stream,
            };
            let answer = Answer {
                request_id: id,
                policy,
                channel,
                origin,
                tenant,
                reflections,
            };
            return self.relay_watched(request, answer, completion.as_ref());
        }
        match completion {
            Some(completion) => self.relay_completed(request, &completion),
            None => self.relay(request, true),
        }
    }

    /// Passes on what a runtime tells of its own start: its words may hold what its code printed.
    fn init_failed(self, request: &Request) -> Option<Self> {
        let policy = self.proxy.shared.policy.now();
        if !self.proxy.watches_outputs(&policy) {
            return self.relay(request, false);
        }
        let answer = Answer {
            request_id: Vec::new(),
            policy,
            channel: Channel::InitError,
            origin: Origin::Known(Source::Unknown, Routes::default()),
            tenant: Vec::new(),
            reflections: Reflections::default(),
        };
        self.relay_watched(request, answer, None)
    }

    /// The connection to the platform: its own, an idle one, or a new one.
    pub(super) fn link(&mut self) -> io::Result<(Link, bool)> {
        if let Some(link) = self.link.take().filter(|link| !link.wire.is_stale()) {
            return Ok((link, true));
        }
        if let Some(link) = self.proxy.pool.idle() {
            return Ok((link, true));
        }
        Ok((self.proxy.connect()?, false))
    }

    /// Keeps a connection to the platform for this runtime's next request.
    pub(super) fn own(&mut self, link: Link) {
        let mut link = link;
        link.wire.rest();
        self.link = Some(link);
    }

    /// Ends the connection; the platform's side of it may serve another.
    pub(super) fn end(mut self) -> Option<Self> {
        if let Some(link) = self.link.take() {
            self.proxy.pool.keep(link);
        }
        None
    }

    /// Answers for a fault as the table says; the connection goes on only if `clean`.
    pub(super) fn answer(mut self, fault: Fault, request_id: &[u8], clean: bool) -> Option<Self> {
        self.proxy.fault(fault, request_id);
        let Behaviour::Answer(status) = fault.behaviour() else {
            return self.end();
        };
        let (reason, kind) = match status {
            400 => ("Bad Request", "Credenza.BadRequest"),
            431 => ("Request Header Fields Too Large", "Credenza.HeaderTooLarge"),
            _ => ("Internal Server Error", "Credenza.Upstream"),
        };
        let body = format!("{{\"errorMessage\":\"{fault}\",\"errorType\":\"{kind}\"}}");
        let close = if clean { "" } else { "Connection: close\r\n" };
        let reply = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n{close}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let written = self.down.write(reply.as_bytes());
        if clean && written.is_ok() {
            return Some(self);
        }
        self.drain();
        self.end()
    }

    fn refuse_head(self, bad: BadHead) -> Option<Self> {
        let fault = match bad {
            BadHead::Malformed => Fault::RuntimeMalformed,
            BadHead::TooLarge => Fault::RuntimeHeadTooLarge,
        };
        self.answer(fault, b"", false)
    }

    /// Lets a client that still sends read its answer before the connection goes.
    pub(super) fn drain(&mut self) {
        let mut stream: &TcpStream = &self.down.stream;
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.set_read_timeout(Some(DRAIN_FOR));
        let (begun, mut drained) = (Instant::now(), 0_usize);
        let mut piece = [0; 16 * 1024];
        while drained < DRAIN_BYTES_MAX && begun.elapsed() < DRAIN_FOR_ALL {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(count) => drained = drained.saturating_add(count),
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.proxy.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
