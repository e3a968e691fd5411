//! A7: on Managed Instances each slot has its own pending `next`, and no worker harms another.
//! It never serialises what the platform runs in parallel.
use std::collections::BTreeSet;

use credenza_sandbox::{Invocation, Outcome, Sandbox, ShutdownReason};

use crate::harness::agent::Agent;
use crate::harness::lambda::Lambda;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, beside_others, progress};

const SLOTS: usize = 16;

#[test]
fn sixteen_runtime_connections_have_sixteen_pending_next_at_the_platform() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let agent = Agent::start(
        &lambda,
        &[
            ("CREDENZA_MODE", "block"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "16"),
        ],
    );
    let mut runtimes: Vec<_> = (0..SLOTS).map(|_| agent.runtime()).collect();
    for runtime in &mut runtimes {
        runtime.ask_next().unwrap();
    }
    lambda.wait_pending(SLOTS);
    for index in 0..SLOTS {
        lambda.push(Lambda::event(
            &format!("event-{index}"),
            rest("/q", "7").as_bytes(),
        ));
    }
    let received: Vec<_> = runtimes
        .iter_mut()
        .map(|one| one.receive().unwrap())
        .collect();
    let ids: BTreeSet<_> = received.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), SLOTS, "an event was delivered twice");
    // Answers come in another order than the events went, each under its own id.
    for (runtime, event) in runtimes.iter_mut().zip(&received).rev() {
        runtime.respond(&event.id, event.id.as_bytes()).unwrap();
    }
    for answer in lambda.answers(SLOTS) {
        assert_eq!(answer.body.bytes, answer.id().as_bytes());
    }
}

#[test]
fn the_agent_registers_for_shutdown_only() {
    let _room = beside_others();
    let lambda = Lambda::start();
    lambda.set_fault(|head, peer| {
        (head.target() == "/2020-01-01/extension/register").then(|| {
            let body = peer.body(head)?;
            let body: serde_json::Value =
                serde_json::from_slice(&body.bytes).map_err(std::io::Error::other)?;
            assert_eq!(body, serde_json::json!({ "events": ["SHUTDOWN"] }));
            peer.write(&crate::harness::http::message(
                "HTTP/1.1 200 OK",
                &[(
                    "Lambda-Extension-Identifier",
                    "0f6c1f4e-41c2-4cf5-8ad1-6a2e5b7a3d10",
                )],
                b"{}",
            ))
        })
    });
    let _agent = Agent::start(&lambda, &[]);
    lambda.wait_call("GET /2020-01-01/extension/event/next");
}

#[test]
fn a_rust_function_with_sixteen_slots_serves_five_hundred_invocations_in_parallel() {
    let _room = beside_others();
    let Some(mut setup) = Setup::new("sixteen slots of rust", Client::Rust) else {
        return;
    };
    setup.config.concurrency = Some(16);
    setup.set("ECHO_MODE", "meet");
    setup.protect("block");
    block_on(async {
        let sandbox = setup.start().await;
        let mut outcomes = Vec::new();
        for index in 0..500_u32 {
            let attack = index % 10 == 3;
            let id = if attack {
                INJECTION.to_owned()
            } else {
                index.to_string()
            };
            let event = rest("/q", &id);
            outcomes.push((attack, event.clone(), begin(&sandbox, event)));
            // The platform sends no more than it has slots for.
            if outcomes.len() == SLOTS {
                check_all(&mut outcomes).await;
            }
        }
        check_all(&mut outcomes).await;
        // Each of these is answered only when all of them are in the function at once.
        for index in 0..SLOTS {
            let event = rest("/meet", &index.to_string());
            outcomes.push((false, event.clone(), begin(&sandbox, event)));
        }
        check_all(&mut outcomes).await;
        assert_no_violation(&sandbox);
        let seen: usize = setup.received().values().map(Vec::len).sum();
        assert_eq!(seen, 450 + SLOTS);
        let shutdown = sandbox.shutdown(ShutdownReason::Spindown).await;
        assert_eq!(shutdown.extensions[0].code, Some(0), "{shutdown:?}");
    });
    progress("500 invocations in 16 slots, 50 of them refused");
}

/// INIT ends when one slot waits, and a slot is free again a moment after its answer, when the
/// runtime asks for the next event; the caller tries again until then, as it would with the platform's `Runtime.Unavailable`.
fn begin(sandbox: &Sandbox, event: String) -> tokio::sync::oneshot::Receiver<Outcome> {
    let mut invocation = Invocation::new(event);
    invocation.slot_patience = DEADLINE;
    sandbox.begin(invocation)
}

type Begun = (bool, String, tokio::sync::oneshot::Receiver<Outcome>);

async fn check_all(outcomes: &mut Vec<Begun>) {
    for (attack, event, outcome) in outcomes.drain(..) {
        let outcome = outcome.await.expect("the sandbox stands");
        assert!(outcome.is_response(), "{:?}", outcome.ending);
        let payload = outcome.payload();
        assert_eq!(
            payload != event.as_bytes(),
            attack,
            "{}",
            String::from_utf8_lossy(&payload)
        );
    }
}

#[test]
fn a_python_worker_that_dies_costs_no_invocation_of_another() {
    let _room = beside_others();
    let Some(mut setup) = Setup::new("a dying worker of python", Client::Python) else {
        return;
    };
    setup.config.concurrency = Some(4);
    // The dead worker's invocation takes as long as this, and a living one's must not.
    setup.config.timeout = std::time::Duration::from_secs(15);
    setup.set("ECHO_MODE", "die");
    setup.protect("monitor");
    block_on(async {
        let sandbox = setup.start().await;
        let dying = begin(&sandbox, r#"{"die":true}"#.to_owned());
        let others: Vec<_> = (0..3)
            .map(|index| begin(&sandbox, format!(r#"{{"n":{index}}}"#)))
            .collect();
        for other in others {
            let outcome = other.await.unwrap();
            assert!(
                outcome.is_response(),
                "{:?}\n{}",
                outcome.ending,
                setup.said()
            );
        }
        let outcome = dying.await.unwrap();
        assert!(!outcome.is_response(), "the worker that died has answered");
        for round in 0..20 {
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            assert!(outcome.is_response(), "round {round}: {:?}", outcome.ending);
        }
    });
}
