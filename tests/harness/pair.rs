//! A platform of plain sockets, the agent before it, and a runtime connection behind it.
//! It never hides which of the three said what.
use std::sync::Arc;

use super::agent::Agent;
use super::lambda::Lambda;
use super::runtime::{Received, Runtime};

/// The three of them; the agent has registered and listens.
pub(crate) struct Pair {
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) agent: Agent,
    pub(crate) runtime: Runtime,
}

impl Pair {
    /// In this mode.
    pub(crate) fn new(mode: &str) -> Self {
        Self::with(&[("CREDENZA_MODE", mode)])
    }

    /// With this environment of the agent.
    pub(crate) fn with(environment: &[(&str, &str)]) -> Self {
        let lambda = Lambda::start();
        let agent = Agent::start(&lambda, environment);
        let runtime = agent.runtime();
        Self {
            lambda,
            agent,
            runtime,
        }
    }

    /// Sends one event down and gives back what the runtime received.
    pub(crate) fn deliver(&mut self, id: &str, body: &[u8]) -> Received {
        self.lambda.push(Lambda::event(id, body));
        let received = self.runtime.next().expect("the event arrives");
        assert_eq!(received.id, id);
        assert!(
            received.body == body,
            "{id}: the event is not what the platform sent"
        );
        received
    }

    /// One whole invocation: the event goes down and its answer, `answer`, up.
    pub(crate) fn invoke(&mut self, id: &str, body: &[u8], answer: &[u8]) {
        let known = self.lambda.count_answers();
        self.deliver(id, body);
        self.runtime
            .respond(id, answer)
            .expect("the answer is accepted");
        let seen = self.lambda.answer_to(id, known);
        assert!(
            seen.body.bytes == answer,
            "{id}: the answer is not what the runtime sent"
        );
    }
}
