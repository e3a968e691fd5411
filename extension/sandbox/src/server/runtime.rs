//! The endpoints of the Runtime API (2018-06-01).
//! It never starts, stops or times anything; the supervisors in `life` do.

use super::{
    answer::{Arrival, PAYLOAD_BYTES_MAX, Reading},
    failure,
    render::{self, Reply},
    route::{Abort, Exchange},
};
use crate::{
    generation::{AnswerState, Event, Failure, Next, Phase, Posted, PostedError, State},
    ledger::ViolationKind,
    outcome::{Ending, LivePart},
};
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_TYPE, HeaderName},
    http::HeaderValue,
};
use std::{sync::Arc, time::Instant};
use tokio::sync::mpsc;

/// `GET /runtime/invocation/next`: waits without limit.
pub(crate) async fn next(exchange: Exchange, request: Request<Incoming>) -> Result<Reply, Abort> {
    let Exchange {
        core,
        generation,
        connection,
        call,
    } = &exchange;
    if !request.body().is_end_stream() {
        exchange.violate(ViolationKind::UnexpectedBody, "GET next with a body");
    }
    let managed = generation.managed;
    let before = generation.read(|state| (state.phase, state.waiters.len()));
    match generation.with(|state| state.next(managed, connection)) {
        Next::Deliver(event) => {
            let id = &event.request_id;
            exchange.violate(ViolationKind::RepeatedNext, format!("{id} again"));
            Ok(render_event(&event))
        }
        Next::Forbidden(phase) => {
            exchange.violate(
                ViolationKind::NextDuringAnswer,
                format!("next in state {}", phase.name()),
            );
            Ok(render::invalid_transition(
                phase.name(),
                Phase::Ready.name(),
            ))
        }
        Next::Wait(receiver) => {
            if !managed && before.0 == Phase::Ready && before.1 > 0 {
                exchange.violate(ViolationKind::DoubledNext, "a second next is pending");
            }
            let mut guard = PendingNext {
                exchange: &exchange,
                armed: true,
            };
            let event = receiver.await;
            guard.armed = false;
            let event = event.map_err(|_| Abort)?;
            let id = event.request_id.clone();
            generation.with(|state| {
                if let Some(active) = state.active.get_mut(&id) {
                    active.delivery = Some(Arc::clone(connection));
                }
            });
            core.ledger.reply(*call, 200);
            Ok(render_event(&event))
        }
    }
}

/// Notices when a client hangs up while its `next` is pending.
struct PendingNext<'a> {
    exchange: &'a Exchange,
    armed: bool,
}

impl Drop for PendingNext<'_> {
    fn drop(&mut self) {
        let closing = self.exchange.generation.read(|state| state.closing);
        if self.armed && !closing && !self.exchange.connection.is_cut() {
            self.exchange
                .violate(ViolationKind::DroppedNext, "a pending next was closed");
        }
    }
}

fn render_event(event: &Event) -> Reply {
    let mut reply = Response::new(Full::new(event.body.clone()));
    let headers = reply.headers_mut();
    let content_type = HeaderValue::from_str(&event.content_type);
    headers.insert(
        CONTENT_TYPE,
        content_type.unwrap_or(HeaderValue::from_static("application/json")),
    );
    for (name, value) in &event.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
    reply
}

/// Whether an answer may begin.
enum Admission {
    Admitted(Option<mpsc::UnboundedSender<LivePart>>),
    Refused(Reply),
}

fn admit(exchange: &Exchange, id: &str, phase: Phase, arrival: &Arrival) -> Admission {
    let managed = exchange.generation.managed;
    let decide = |state: &mut State| {
        if managed && state.expired.contains(id) {
            return Err(Box::new((None, failure::invoke_timeout())));
        }
        let known = state.active.contains_key(id);
        if !known || (!managed && state.current.as_deref() != Some(id)) {
            let kind = ViolationKind::WrongRequestId;
            return Err(Box::new((Some(kind), render::invalid_request_id())));
        }
        let active = state.active.get_mut(id);
        let awaited = active.filter(|active| matches!(active.answer, AnswerState::Awaited));
        let Some(active) = awaited.filter(|_| managed || state.phase == Phase::Running) else {
            let reply = if managed {
                render::invalid_request_id()
            } else {
                render::invalid_transition(state.phase.name(), phase.name())
            };
            return Err(Box::new((Some(ViolationKind::DoubledAnswer), reply)));
        };
        active.answer = AnswerState::Arriving {
            connection: Arc::clone(&exchange.connection),
            arrival: arrival.clone(),
        };
        if !managed {
            state.phase = phase;
        }
        Ok(active.live.clone())
    };
    match exchange.generation.with(decide) {
        Ok(live) => Admission::Admitted(live),
        Err(refusal) => {
            let (kind, reply) = *refusal;
            if let Some(kind) = kind {
                exchange.violate(kind, format!("{id}: {}", reply.status()));
            }
            Admission::Refused(reply)
        }
    }
}

/// `POST /runtime/invocation/{id}/response`.
pub(crate) async fn response(
    exchange: Exchange,
    id: String,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    let arrival = arrival(&exchange, &request);
    let live = match admit(&exchange, &id, Phase::InvocationResponse, &arrival) {
        Admission::Admitted(live) => live,
        Admission::Refused(reply) => return Ok(reply),
    };
    let mut post = Post::new(&exchange, &id, &arrival);
    let mode = request
        .headers()
        .get("lambda-runtime-function-response-mode");
    if mode.is_some_and(|mode| mode != "streaming") {
        exchange.violate(ViolationKind::InvalidResponseMode, format!("{mode:?}"));
        let error_type = "Runtime.InvalidResponseModeHeader";
        // The state stays as it is: the platform does not complete this answer.
        post.complete(
            400,
            failure::platform(error_type, "Invalid function response mode"),
            false,
        );
        return Ok(render::error(
            StatusCode::BAD_REQUEST,
            "InvalidFunctionResponseMode",
            "Invalid function response mode",
        ));
    }
    if let Some(live) = &live {
        let _ = live.send(LivePart::Head(arrival.headers()));
    }
    // Limit: a streamed response may have 200 MB [doc].
    let bytes_max = if arrival.streamed() {
        209_715_200
    } else {
        PAYLOAD_BYTES_MAX
    };
    let declared = request.body().size_hint().exact();
    let core = Arc::clone(&exchange.core);
    let reading = arrival
        .read(request.into_body(), Some(bytes_max), live.as_ref(), || {
            core.ledger.now()
        })
        .await;
    match reading {
        Reading::Complete => {
            if let Some(live) = &live {
                let _ = live.send(LivePart::End);
            }
            post.complete(202, failure::ending_by_trailers(&arrival), true);
            Ok(render::accepted())
        }
        Reading::TooLarge => {
            exchange.violate(ViolationKind::AnswerTooLarge, id.clone());
            let bytes = declared.unwrap_or_else(|| arrival.digest().0);
            post.complete(413, failure::too_large(bytes, bytes_max), true);
            Ok(failure::entity_too_large(bytes_max))
        }
        Reading::Truncated => {
            post.truncated();
            Ok(failure::truncated())
        }
    }
}

/// `POST /runtime/invocation/{id}/error`.
pub(crate) async fn error(
    exchange: Exchange,
    id: String,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    let arrival = arrival(&exchange, &request);
    match admit(&exchange, &id, Phase::InvocationErrorResponse, &arrival) {
        Admission::Admitted(_) => (),
        Admission::Refused(reply) => return Ok(reply),
    }
    let mut post = Post::new(&exchange, &id, &arrival);
    let headers = request.headers().clone();
    // Limit: 1 MiB on Managed Instances ([RIE] `rapi/router.go`), none on classic.
    let bytes_max = exchange.generation.managed.then_some(1_048_576);
    let core = Arc::clone(&exchange.core);
    let reading = arrival
        .read(request.into_body(), bytes_max, None, || core.ledger.now())
        .await;
    match reading {
        Reading::Complete => {
            let posted = failure::posted(&headers, &arrival);
            let ending = Ending::Error {
                error_type: posted.error_type,
                body: posted.body,
            };
            post.complete(202, ending, true);
            Ok(render::accepted())
        }
        Reading::TooLarge => {
            exchange.violate(ViolationKind::AnswerTooLarge, id.clone());
            post.complete(413, failure::too_large(arrival.digest().0, 1_048_576), true);
            Ok(failure::entity_too_large(1_048_576))
        }
        Reading::Truncated => {
            post.truncated();
            Ok(failure::truncated())
        }
    }
}

fn arrival(exchange: &Exchange, request: &Request<Incoming>) -> Arrival {
    Arrival::new(
        request,
        &exchange.connection,
        exchange.core.config.keep_bodies,
    )
}

/// An admitted answer; if its connection goes before it is complete, it was truncated.
struct Post<'a> {
    exchange: &'a Exchange,
    id: &'a str,
    arrival: &'a Arrival,
    done: bool,
}

impl<'a> Post<'a> {
    fn new(exchange: &'a Exchange, id: &'a str, arrival: &'a Arrival) -> Self {
        Self {
            exchange,
            id,
            arrival,
            done: false,
        }
    }

    fn complete(&mut self, status: u16, ending: Ending, sent: bool) {
        self.done = true;
        let completed = Instant::now();
        let (bytes, hash) = self.arrival.digest();
        self.exchange
            .core
            .ledger
            .body(self.exchange.call, bytes, hash);
        let answer = self.arrival.answer(status);
        self.exchange.generation.with(|state| {
            if sent && !self.exchange.generation.managed {
                state.phase = Phase::ResponseSent;
            }
            if let Some(active) = state.active.get_mut(self.id) {
                let written = active.delivery.as_ref().and_then(|at| at.written_at());
                active.answer = AnswerState::Posted(Box::new(Posted {
                    ending,
                    answer,
                    turnaround: written.map(|written| completed.duration_since(written)),
                    completed,
                }));
            }
        });
    }

    fn truncated(&mut self) {
        if self.exchange.connection.is_cut() {
            self.done = true;
            return;
        }
        self.exchange
            .violate(ViolationKind::TruncatedAnswer, self.id.to_owned());
        let message = "HTTP request detected as truncated";
        self.complete(
            400,
            failure::platform("Runtime.TruncatedResponse", message),
            true,
        );
    }
}

impl Drop for Post<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.truncated();
        }
    }
}

/// `POST /runtime/init/error`.
pub(crate) async fn init_error(
    exchange: Exchange,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    post_init_error(exchange, request, Phase::InitError).await
}

/// `POST /runtime/restore/error`, SnapStart only.
pub(crate) async fn restore_error(
    exchange: Exchange,
    request: Request<Incoming>,
) -> Result<Reply, Abort> {
    if !exchange.generation.snap_start {
        exchange.violate(ViolationKind::UnknownEndpoint, "restore/error");
        return Ok(render::not_found());
    }
    post_init_error(exchange, request, Phase::RestoreError).await
}

async fn post_init_error(
    exchange: Exchange,
    request: Request<Incoming>,
    into: Phase,
) -> Result<Reply, Abort> {
    let arrival = arrival(&exchange, &request);
    let headers = request.headers().clone();
    let core = Arc::clone(&exchange.core);
    let reading = arrival
        .read(request.into_body(), None, None, || core.ledger.now())
        .await;
    if reading == Reading::Truncated {
        return Err(Abort);
    }
    let (bytes, hash) = arrival.digest();
    core.ledger.body(exchange.call, bytes, hash);
    let posted = failure::posted(&headers, &arrival);
    let from = exchange.generation.with(|state| {
        // An error in the restore hook may come by either endpoint ([RIE] `handler/initerror.go`).
        state.phase = match (state.phase, into) {
            (Phase::Restoring, _) => Phase::RestoreError,
            (Phase::Started, Phase::InitError) => Phase::InitError,
            (phase, _) => return Some(phase),
        };
        state.init_error = Some(PostedError {
            error_type: posted.error_type.clone(),
            body: posted.body.clone(),
        });
        state.failure.get_or_insert_with(|| Failure {
            error_type: posted.error_type.clone(),
            message: String::from_utf8_lossy(&posted.body).into_owned(),
        });
        None
    });
    Ok(match from {
        None => render::accepted(),
        Some(from) => render::invalid_transition(from.name(), into.name()),
    })
}

/// `GET /runtime/restore/next`, SnapStart only: replies when the environment is restored.
pub(crate) async fn restore_next(exchange: Exchange) -> Result<Reply, Abort> {
    if !exchange.generation.snap_start {
        exchange.violate(ViolationKind::UnknownEndpoint, "restore/next");
        return Ok(render::not_found());
    }
    let waiting = exchange.generation.with(|state| {
        if state.phase != Phase::Started {
            return Err(state.phase);
        }
        state.phase = Phase::RestoreReady;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        state.restore_waiter = Some(sender);
        Ok(receiver)
    });
    match waiting {
        Ok(receiver) => {
            receiver.await.map_err(|_| Abort)?;
            Ok(render::empty(StatusCode::OK))
        }
        Err(phase) => Ok(render::invalid_transition(
            phase.name(),
            Phase::Ready.name(),
        )),
    }
}
