//! A6: an environment that is frozen and wakes with dead connections loses no invocation.
//! It never sleeps itself, except where the freeze is the thing under test.
use std::time::{Duration, Instant};

use credenza_sandbox::Invocation;

use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;
use crate::harness::samples::rest;
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{beside_others, progress};

#[test]
fn fifty_freezes_of_one_second_with_dropped_sockets_lose_no_invocation() {
    let _room = beside_others();
    let Some(mut setup) = Setup::new("fifty freezes", Client::Rust) else {
        return;
    };
    setup.protect("block");
    let begun = Instant::now();
    block_on(async {
        let sandbox = setup.start().await;
        for round in 0..50 {
            let event = rest("/q", &round.to_string());
            let outcome = sandbox.invoke(Invocation::new(event.clone())).await;
            assert!(outcome.is_response(), "round {round}: {:?}", outcome.ending);
            assert!(outcome.payload() == event.as_bytes(), "round {round}");
            sandbox.idle().await;
            sandbox.freeze(Duration::from_secs(1), true).await;
        }
        assert_no_violation(&sandbox);
        let seen = setup.received();
        assert_eq!(seen.len(), 50);
        assert!(
            seen.values().all(|times| times.len() == 1),
            "an event came twice"
        );
    });
    progress(&format!(
        "50 freezes in {:.0} s, none lost",
        begun.elapsed().as_secs_f32()
    ));
}

#[test]
fn a_kept_connection_that_died_while_idle_is_replaced_without_the_runtimes_notice() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    // The platform resets the connection of each answer right after its reply; the next answer
    // finds a dead connection in the agent's hands.
    let own = std::sync::Arc::downgrade(&pair.lambda);
    pair.lambda.set_fault(move |head, peer| {
        let lambda = own.upgrade()?;
        if !head.target().ends_with("/response") {
            return None;
        }
        Some(lambda.normal(head, peer).and_then(|()| peer.reset()))
    });
    for round in 0..100 {
        pair.invoke(&format!("round-{round}"), b"{}", b"1");
    }
    assert_eq!(
        pair.lambda.answers_so_far().len(),
        100,
        "an answer was posted twice"
    );
}

#[test]
fn a_connection_of_next_that_died_while_idle_is_replaced_without_the_runtimes_notice() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    let own = std::sync::Arc::downgrade(&pair.lambda);
    pair.lambda.set_fault(move |head, peer| {
        let lambda = own.upgrade()?;
        if !head.target().ends_with("/next") || head.target().contains("extension") {
            return None;
        }
        Some(lambda.normal(head, peer).and_then(|()| peer.reset()))
    });
    for round in 0..100 {
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        assert_eq!(pair.runtime.next().unwrap().id, id);
        pair.runtime.respond(&id, b"1").unwrap();
    }
    assert_eq!(pair.lambda.answers(100).len(), 100);
}

#[test]
fn a_pending_next_survives_a_freeze_of_the_agent() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.runtime.ask_next().unwrap();
    pair.lambda.wait_pending(1);
    let pid = rustix::process::Pid::from_raw(pair.agent.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    pair.lambda.push(Lambda::event("thawed", b"{}"));
    pair.lambda.wait_pending(0);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    assert_eq!(pair.runtime.receive().unwrap().id, "thawed");
    pair.runtime.respond("thawed", b"1").unwrap();
    assert_eq!(pair.lambda.nexts_dropped(), 0);
}

#[test]
fn a_function_that_takes_sixty_idle_seconds_keeps_its_connection() {
    // Most of a minute of waiting for one connection; it runs beside the freezes, which wait, too.
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.deliver("slow", b"{}");
    std::thread::sleep(Duration::from_mins(1));
    pair.runtime
        .respond("slow", b"1")
        .expect("the connection was closed while idle");
    pair.invoke("after", b"{}", b"1");
}
