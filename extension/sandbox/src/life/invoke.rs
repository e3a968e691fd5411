//! INVOKE: one event out, one answer in, under the function's time limit.
//! It never gives a classic environment a second event before everyone waits again.

use super::{
    InitStatus, init,
    shutdown::{self, ShutdownReason},
};
use crate::{
    core::Core,
    generation::{
        AnswerState, Event, ExtensionEvent, ExtensionPhase, Failure, Generation, Posted, Release,
        State,
    },
    outcome::{Ending, Invocation, Outcome},
    random,
    server::{self, PAYLOAD_BYTES_MAX},
    telemetry::Invoked,
    time,
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// One invocation on its way.
struct Run {
    core: Arc<Core>,
    id: String,
    started: Instant,
    deadline_ms: u64,
    suppressed_init: Option<Duration>,
    /// What telemetry is told about it, once the event is on its way.
    told: Option<Invoked>,
    reply: Option<oneshot::Sender<Outcome>>,
}

/// What ended the wait for an answer.
enum End {
    Posted(Posted),
    Failed(Failure),
    Timeout,
}

/// Waits until `ready` holds; gives false if this life fails before.
async fn survives(generation: &Generation, ready: impl Fn(&State) -> bool) -> bool {
    generation
        .until(|state| match state.failure {
            Some(_) => Some(false),
            None => ready(state).then_some(true),
        })
        .await
}

/// Takes one invocation from its arrival to the moment when the environment is idle again.
pub(crate) async fn invoke(
    core: Arc<Core>,
    invocation: Invocation,
    reply: oneshot::Sender<Outcome>,
) {
    let id = invocation.request_id.clone().unwrap_or_else(random::uuid);
    let turn_of = Arc::clone(&core);
    let turn = turn_of.turn.lock().await;
    let mut run = Run {
        deadline_ms: time::epoch_ms_in(core.config.timeout),
        core,
        id,
        started: Instant::now(),
        suppressed_init: None,
        told: None,
        reply: Some(reply),
    };
    if invocation.event.len() as u64 > PAYLOAD_BYTES_MAX {
        let message = format!("Request must be smaller than {PAYLOAD_BYTES_MAX} bytes");
        run.finish(server::platform("RequestEntityTooLarge", message), None);
        return;
    }
    let Some(generation) = run.live_generation().await else {
        return;
    };
    if generation.managed {
        // Slots are given out one by one, but the invocations themselves run in parallel.
        drop(turn);
        run.in_slot(&generation, invocation).await;
    } else {
        run.alone(&generation, invocation).await;
    }
}

impl Run {
    /// The environment, after an INIT inside this invocation if it was reset before.
    async fn live_generation(&mut self) -> Option<Arc<Generation>> {
        let current = self.core.generation()?;
        if current.is_alive() {
            return Some(current);
        }
        if !current.read(|state| state.closing) {
            // It died while idle; the platform notices with the next invocation at the latest.
            shutdown::end(&self.core, &current, ShutdownReason::Failure).await;
        }
        if self.core.is_closed() {
            return None;
        }
        let report = init(&self.core, self.core.config.timeout).await;
        self.suppressed_init = Some(report.duration);
        let generation = self.core.generation()?;
        let ending = match report.status {
            InitStatus::Success => return Some(generation),
            InitStatus::Timeout => Ending::Timeout,
            InitStatus::Error {
                error_type,
                message,
            } => match generation.read(|state| state.init_error.clone()) {
                Some(posted) => Ending::Error {
                    error_type: posted.error_type,
                    body: posted.body,
                },
                None => server::platform(&error_type, self.sentence(&message)),
            },
        };
        self.finish(ending, None);
        None
    }

    /// Classic: nobody else is served until the environment is idle again.
    async fn alone(mut self, generation: &Arc<Generation>, invocation: Invocation) {
        let limit = self.remaining();
        let live = invocation.live.clone();
        let event = self.event(invocation);
        self.started = Instant::now();
        self.told = Some(Invoked::start(&self.core, generation, &event));
        generation.with(|state| {
            self.tell_extensions(state, &event);
            state.release(false, event, live)
        });
        self.core.say(format!(
            "START RequestId: {} Version: {}",
            self.id, self.core.config.function_version
        ));
        let whole = async {
            let end = self.end(generation).await;
            let failed = !matches!(end, End::Posted(_));
            self.conclude(generation, end);
            if failed || !survives(generation, State::is_runtime_done).await {
                return false;
            }
            if let Some(told) = &mut self.told {
                told.runtime_done();
            }
            survives(generation, State::is_idle).await
        };
        let reason = match tokio::time::timeout(limit, whole).await {
            Ok(true) => None,
            Ok(false) => Some(ShutdownReason::Failure),
            Err(_) => Some(ShutdownReason::Timeout),
        };
        if reason == Some(ShutdownReason::Timeout) {
            self.conclude(generation, End::Timeout);
        }
        if let Some(told) = &mut self.told {
            told.report(reason);
        }
        let ms = self.started.elapsed().as_secs_f64() * 1000.0;
        self.core.say(format!("END RequestId: {}", self.id));
        self.core.say(format!(
            "REPORT RequestId: {}\tDuration: {ms:.2} ms\tMemory Size: {} MB",
            self.id, self.core.config.memory_mb
        ));
        if let Some(reason) = reason {
            shutdown::end(&self.core, generation, reason).await;
        }
    }

    /// Managed Instances: a time-out fails this invocation only.
    async fn in_slot(mut self, generation: &Arc<Generation>, invocation: Invocation) {
        let limit = self.remaining();
        let release = self.take_slot(generation, invocation).await;
        self.started = Instant::now();
        match release {
            Release::Released => (),
            Release::NoSlot => {
                let ending = server::platform("Runtime.Unavailable", "no idle runtimes");
                self.finish(ending, None);
                return;
            }
            Release::DeadSlot => {
                let message = self.sentence("the slot's connection was closed");
                self.finish(server::platform("Runtime.Unknown", message), None);
                return;
            }
        }
        let end = tokio::time::timeout(limit, self.end(generation)).await;
        let end = end.unwrap_or(End::Timeout);
        let failed = matches!(end, End::Failed(_));
        let reason = match end {
            End::Posted(_) => None,
            End::Failed(_) => Some(ShutdownReason::Failure),
            End::Timeout => Some(ShutdownReason::Timeout),
        };
        self.conclude(generation, end);
        if let Some(told) = &mut self.told {
            told.report(reason);
        }
        if failed {
            let core = Arc::clone(&self.core);
            let _turn = core.turn.lock().await;
            shutdown::end(&self.core, generation, ShutdownReason::Failure).await;
        }
    }

    /// Gives the event to a slot, waiting for one as long as the caller would try again.
    async fn take_slot(&mut self, generation: &Arc<Generation>, invocation: Invocation) -> Release {
        let until = tokio::time::Instant::now() + invocation.slot_patience;
        loop {
            // Each try is an invocation of its own, with a deadline of its own.
            self.deadline_ms = time::epoch_ms_in(self.remaining());
            let live = invocation.live.clone();
            let event = self.event(invocation.clone());
            let sent = Arc::clone(&event);
            let release = generation.with(|state| state.release(true, event, live));
            if release != Release::NoSlot {
                self.told = Some(Invoked::start(&self.core, generation, &sent));
                return release;
            }
            let slot = generation.until(|state| {
                let over = state.failure.is_some() || !state.waiters.is_empty();
                over.then_some(())
            });
            let failed = || generation.read(|state| state.failure.is_some());
            if tokio::time::timeout_at(until, slot).await.is_err() || failed() {
                return release;
            }
        }
    }

    async fn end(&self, generation: &Generation) -> End {
        generation
            .until(|state| {
                if let Some(posted) = state.take_posted(&self.id) {
                    return Some(End::Posted(posted));
                }
                state.failure.clone().map(End::Failed)
            })
            .await
    }

    /// Tells the caller, once, and forgets what is no longer needed.
    fn conclude(&mut self, generation: &Generation, end: End) {
        if self.reply.is_none() {
            return;
        }
        let partial = generation.with(|state| {
            if !matches!(end, End::Timeout) && !generation.managed {
                return None;
            }
            let active = state.active.get_mut(&self.id)?;
            let answer = std::mem::replace(&mut active.answer, AnswerState::Taken);
            if generation.managed {
                state.active.remove(&self.id);
                if matches!(end, End::Timeout) {
                    state.expired.insert(self.id.clone());
                }
            }
            match answer {
                AnswerState::Arriving {
                    connection,
                    arrival,
                } => {
                    // A stream that runs out of time is closed by the platform
                    // ([RIE] `core/directinvoke/directinvoke.go`).
                    connection.close();
                    Some(arrival.answer(0))
                }
                _ => None,
            }
        });
        match end {
            End::Posted(posted) => self.finish(posted.ending.clone(), Some(posted)),
            End::Failed(failure) => {
                let message = self.sentence(&failure.message);
                self.finish(server::platform(&failure.error_type, message), None);
            }
            End::Timeout => {
                let seconds = self.core.config.timeout.as_secs_f64();
                let sentence = format!("Task timed out after {seconds:.2} seconds");
                self.core
                    .say(format!("{} {} {sentence}", time::timestamp(), self.id));
                self.send(Ending::Timeout, partial, None, self.started.elapsed());
            }
        }
    }

    fn finish(&mut self, ending: Ending, posted: Option<Posted>) {
        match posted {
            Some(posted) => {
                let duration = posted.completed.saturating_duration_since(self.started);
                self.send(ending, Some(posted.answer), posted.turnaround, duration);
            }
            None => self.send(ending, None, None, self.started.elapsed()),
        }
    }

    fn send(
        &mut self,
        ending: Ending,
        answer: Option<crate::Answer>,
        turnaround: Option<Duration>,
        duration: Duration,
    ) {
        if let Some(told) = &mut self.told {
            told.ended(
                &ending,
                answer.as_ref().map_or(0, |answer| answer.body_bytes),
            );
        }
        if let Some(reply) = self.reply.take() {
            // The caller may have gone; the invocation ran all the same.
            let _ = reply.send(Outcome {
                request_id: self.id.clone(),
                ending,
                answer,
                turnaround,
                duration,
                suppressed_init: self.suppressed_init,
            });
        }
    }

    fn remaining(&self) -> Duration {
        let spent = self.suppressed_init.unwrap_or_default();
        self.core.config.timeout.saturating_sub(spent)
    }

    fn sentence(&self, message: &str) -> String {
        format!("RequestId: {} Error: {message}", self.id)
    }

    fn event(&self, invocation: Invocation) -> Arc<Event> {
        let trace = invocation.trace_id.unwrap_or_else(random::trace_id);
        let mut headers = vec![
            ("lambda-runtime-aws-request-id".to_owned(), self.id.clone()),
            ("lambda-runtime-trace-id".to_owned(), trace),
        ];
        // The platform leaves out what is empty (1.2 of the contract).
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                headers.push((name.to_owned(), value));
            }
        };
        add("lambda-runtime-client-context", invocation.client_context);
        add(
            "lambda-runtime-cognito-identity",
            invocation.cognito_identity,
        );
        let arn = Some(self.core.config.function_arn());
        add("lambda-runtime-invoked-function-arn", arn);
        let deadline = self.deadline_ms.to_string();
        let deadline = invocation.deadline.unwrap_or(deadline);
        add("lambda-runtime-deadline-ms", Some(deadline));
        add("lambda-runtime-aws-tenant-id", invocation.tenant_id);
        headers.extend(invocation.headers);
        headers.retain(|(name, _)| !invocation.without.contains(name));
        let content_type = invocation.content_type.filter(|value| !value.is_empty());
        Arc::new(Event {
            request_id: self.id.clone(),
            headers,
            content_type: content_type.unwrap_or_else(|| "application/json".to_owned()),
            body: invocation.event,
        })
    }

    fn tell_extensions(&self, state: &mut State, event: &Event) {
        let mut headers = event.headers.iter();
        let trace = headers.find(|(name, _)| name == "lambda-runtime-trace-id");
        let trace = trace.map_or("", |(_, value)| value.as_str());
        for extension in &mut state.extensions {
            if !extension.on_invoke {
                continue;
            }
            let body = json!({
                "eventType": "INVOKE",
                "deadlineMs": self.deadline_ms,
                "requestId": self.id,
                "invokedFunctionArn": self.core.config.function_arn(),
                "tracing": {"type": "X-Amzn-Trace-Id", "value": trace},
            });
            if let Some(waiter) = extension.waiter.take() {
                extension.phase = ExtensionPhase::Running;
                let _ = waiter.send(ExtensionEvent {
                    identifier: Some(random::uuid()),
                    body: body.to_string(),
                });
            }
        }
    }
}
