//! What is remembered of an event until its answer comes.
//! It never remembers what nobody will ask for.
use std::sync::Arc;

use credenza_engine::leak::Reflections;
use credenza_event::Source;
use credenza_exchange::{Completion, Inspected};

use super::Proxy;
use super::batch::Expected;
use super::message::Message;

impl Proxy {
    /// Remembers the policy for the answer to an event, where it may be another by then.
    pub(super) fn remember(&self, message: &Message) {
        if message.reply.status == 200 && self.shared.policy.changes() {
            let expected = Expected {
                source: Some(Source::Unknown),
                completion: None,
                policy: Arc::clone(&message.policy),
                reflections: Reflections::default(),
            };
            self.awaited.note(message.request_id(), expected);
        }
    }

    /// Remembers what the answer to an event will need, if anything; true if it will need the
    /// event's source, which is looked at when the function has the event.
    pub(super) fn expect(
        &self,
        message: &Message,
        inspected: &mut Inspected,
        completion: Option<Completion>,
    ) -> bool {
        let reflections = std::mem::take(&mut inspected.reflections);
        let is_watched = self.watches_outputs(&message.policy) || !reflections.is_empty();
        if completion.is_none() && !is_watched {
            return false;
        }
        let is_unknown = is_watched && inspected.source == Source::Unknown;
        let expected = Expected {
            source: (!is_unknown).then_some(inspected.source),
            completion,
            policy: Arc::clone(&message.policy),
            reflections,
        };
        self.awaited.note(message.request_id(), expected);
        is_unknown
    }

    /// Remembers for the answer to an event that was handed on already what could do harm in it.
    pub(super) fn keep(&self, message: &Message, inspected: Inspected) {
        if !inspected.reflections.is_empty() {
            let expected = Expected {
                source: Some(inspected.source),
                completion: None,
                policy: Arc::clone(&message.policy),
                reflections: inspected.reflections,
            };
            self.awaited.note(message.request_id(), expected);
        }
    }

    /// Adds the source of an event to what its answer will need.
    pub(super) fn settle(&self, message: &Message) {
        let source = credenza_event::source::recognise(message.event());
        self.awaited.settle(message.request_id(), source);
    }
}
