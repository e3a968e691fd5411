//! SnapStart: the agent is in the snapshot, and the restore passes through it.
//! It never takes a snapshot; what a restore does to connections is done to them here.
use credenza_sandbox::{InitStatus, Invocation, Sandbox};

use crate::harness::beside_others;
use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};

const RESTORE: &str = "/2018-06-01/runtime/restore/next";

fn python(mode: &str) -> Option<Setup> {
    let mut setup = Setup::new("SnapStart of python", Client::Python)?;
    setup.config.snap_start = true;
    setup.set("ECHO_MODE", mode);
    Some(setup)
}

#[test]
fn a_python_function_is_restored_through_the_agent_and_is_protected_from_then_on() {
    let _room = beside_others();
    let Some(mut setup) = python("snap") else {
        return;
    };
    setup.protect("block");
    block_on(async {
        let sandbox = setup.start().await;
        for round in 0..3 {
            let event = rest("/q", &round.to_string());
            let outcome = sandbox.invoke(Invocation::new(event)).await;
            assert_eq!(
                outcome.payload(),
                r#"{"restored": true}"#,
                "{}",
                setup.said()
            );
            let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
            assert!(outcome.payload().starts_with(br#"{"statusCode":403"#));
        }
        assert_no_violation(&sandbox);
        let calls = sandbox.calls();
        let restores = calls.iter().filter(|call| call.target == RESTORE);
        assert_eq!(restores.count(), 1, "the restore passes once");
    });
}

#[test]
fn a_restore_that_breaks_is_told_to_the_platform_as_it_is_without_the_agent() {
    let _room = beside_others();
    let mut seen = Vec::new();
    for protected in [false, true] {
        let Some(mut setup) = python("snap-broken") else {
            return;
        };
        if protected {
            setup.protect("monitor");
        }
        block_on(async {
            let sandbox = Sandbox::start(setup.config.clone()).await.unwrap();
            let InitStatus::Error {
                error_type,
                message,
            } = sandbox.init().status.clone()
            else {
                panic!("{:?}\n{}", sandbox.init(), setup.said());
            };
            assert!(message.contains("the restore broke"), "{message}");
            let calls = sandbox.calls();
            let errors = calls.iter().filter(|call| call.target.ends_with("/error"));
            let errors: Vec<_> = errors
                .map(|call| (call.target.clone(), call.body_hash, call.status))
                .collect();
            assert_eq!(errors.len(), 1, "{errors:?}");
            seen.push((error_type, message, errors));
        });
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn connections_that_the_snapshot_has_cut_cost_neither_the_restore_nor_an_event() {
    let _room = beside_others();
    let mut pair = Pair::new("block");
    // The restored process finds every connection of before the snapshot dead.
    pair.lambda.set_fault(|head, peer| {
        (head.target() == RESTORE).then(|| {
            peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            peer.reset()
        })
    });
    let restore = format!("GET {RESTORE} HTTP/1.1\r\nHost: a\r\n\r\n");
    let (head, body) = pair.runtime.call(restore.as_bytes()).unwrap();
    assert_eq!((head.status(), body.bytes.len()), (200, 0));
    // The Rust client drops its connections, the Python client opens a new one beside it (2.9).
    for round in 0..2 {
        if round == 1 {
            pair.runtime = pair.agent.runtime();
        }
        pair.lambda
            .push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
        pair.invoke(&format!("plain-{round}"), b"{}", b"1");
    }
    let ids: Vec<_> = pair
        .lambda
        .answers(4)
        .iter()
        .map(|one| one.id().to_owned())
        .collect();
    assert_eq!(ids, ["attack", "plain-0", "attack", "plain-1"]);
}
