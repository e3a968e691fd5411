//! What is remembered of an event until its answer comes.
//! It never remembers what nobody will ask for.
use std::sync::Arc;

use credenza_event::Source;
use credenza_exchange::{Completion, Inspected};
use credenza_policy::Policy;
use credenza_policy::{Mode, Routes};

use super::Proxy;
use super::batch::{Expected, Origin};
use super::message::Message;
use crate::telemetry::Recorded;

// Limit: with 64 answers awaited, each by a runtime of its own, at most 4 MiB are kept; what is
// larger takes longer to send than to recognise.
const KEPT_BYTES_MAX: usize = 64 * 1024;

impl Proxy {
    /// Remembers the policy for the answer to an event, where it may be another by then, and the
    /// event itself where it is handed on before a look and the policy asks for its route.
    pub(super) fn remember(
        &self,
        request_id: &[u8],
        policy: &Arc<Policy>,
        message: Option<&Arc<Message>>,
    ) {
        let is_asked = |message: &&Arc<Message>| {
            policy.mode == Mode::Monitor
                && policy.asks_whence()
                && message.event().len() <= KEPT_BYTES_MAX
        };
        let message = message.filter(is_asked);
        if message.is_none() && !self.shared.policy.changes() {
            return;
        }
        let mut expected = Expected::nothing(Arc::clone(policy));
        if let Some(message) = message {
            expected.origin = Origin::Of(Arc::clone(message));
            expected.tenant = message.invocation().tenant_id.to_vec();
        }
        self.awaited.note(request_id, expected);
    }

    /// Remembers what the answer to an event will need, if anything; true if it may need the source
    /// of an event that is too large to be kept, which is looked at when the function has it.
    ///
    /// A small one is kept: to recognise it takes as long as to inspect it, and almost no answer
    /// needs that.
    pub(super) fn expect(
        &self,
        message: &Arc<Message>,
        inspected: &mut Inspected,
        completion: Option<Completion>,
    ) -> bool {
        let reflections = std::mem::take(&mut inspected.reflections);
        let is_watched = self.watches_outputs(&message.policy) || !reflections.is_empty();
        if completion.is_none() && !is_watched {
            return false;
        }
        let origin = if is_watched {
            origin(message, inspected)
        } else {
            Origin::Known(inspected.source, Routes::default())
        };
        let is_sought = matches!(origin, Origin::Sought);
        let expected = Expected {
            origin,
            completion,
            reflections,
            ..Expected::nothing(Arc::clone(&message.policy))
        };
        self.await_answer(message, expected);
        is_sought
    }

    /// Remembers for the answer to an event that was handed on already what could do harm in it.
    pub(super) fn keep(&self, message: &Arc<Message>, mut inspected: Inspected) {
        let reflections = std::mem::take(&mut inspected.reflections);
        if !reflections.is_empty() {
            // The answer may be under way, and waits for nobody.
            let origin = match origin(message, &mut inspected) {
                Origin::Sought => Origin::Known(inspected.source, inspected.routes),
                origin => origin,
            };
            let expected = Expected {
                origin,
                reflections,
                ..Expected::nothing(Arc::clone(&message.policy))
            };
            self.await_answer(message, expected);
        }
    }

    fn await_answer(&self, message: &Message, mut expected: Expected) {
        if expected.policy.asks_whence() {
            expected.tenant = message.invocation().tenant_id.to_vec();
        }
        self.awaited.note(message.request_id(), expected);
    }

    /// What is to be recorded of an event, if it is one of those; its bytes are missing still,
    /// which nobody copies before the function has them.
    pub(super) fn to_record(message: &Message, inspected: &mut Inspected) -> Option<Box<Recorded>> {
        let id = message.request_id();
        if message.reply.status != 200 || !message.policy.recording.draws(id) {
            return None;
        }
        let invocation = message.invocation();
        Some(Box::new(Recorded {
            event: Vec::new(),
            request_id: id.to_vec(),
            trace_id: invocation.trace_id.to_vec(),
            tenant_id: invocation.tenant_id.to_vec(),
            findings: std::mem::take(&mut inspected.report.findings),
            coverage: inspected.report.coverage,
            verdict: inspected.verdict,
            policy: Arc::clone(&message.policy),
        }))
    }

    /// Hands an event on that is to be recorded; one in which a secret of the function stands is
    /// not, because names stay in it.
    pub(super) fn record(&self, message: &Message, recorded: Option<Box<Recorded>>) {
        let Some(mut recorded) = recorded else {
            return;
        };
        let event = message.event();
        let own = self.shared.own.known();
        let is_told = || own.is_some_and(|own| own.leaks(event).next().is_some());
        if event.len() <= recorded.policy.recording.event_bytes_max && !is_told() {
            recorded.event = event.to_vec();
        }
        self.shared.sink.recorded(recorded);
    }

    /// Adds the source of an event to what its answer will need, and its routes where the policy
    /// asks for them.
    pub(super) fn settle(&self, message: &Message) {
        let (source, routes) = if message.policy.asks_whence() {
            credenza_exchange::whence(message.event())
        } else {
            let source = credenza_event::source::recognise(message.event());
            (source, Routes::default())
        };
        self.awaited.settle(message.request_id(), source, routes);
    }
}

/// Whence an event came, as far as is known without looking at it.
fn origin(message: &Arc<Message>, inspected: &mut Inspected) -> Origin {
    let is_known = inspected.source != Source::Unknown;
    if is_known && !message.policy.asks_whence() {
        Origin::Known(inspected.source, Routes::default())
    } else if message.event().len() <= KEPT_BYTES_MAX {
        Origin::Of(Arc::clone(message))
    } else if is_known {
        Origin::Known(inspected.source, std::mem::take(&mut inspected.routes))
    } else {
        Origin::Sought
    }
}
