//! Fault plans: what a client sees when the platform's side breaks at a chosen step.
//! The client here does not recover; it only reports.

use crate::support::{Client, NEXT, Reply, invoking, outcome, ready, silent, starting};
use bytes::Bytes;
use credenza_sandbox::{Config, FaultKind, FaultPlan, FaultStep, FaultTarget, Invocation};
use std::time::{Duration, Instant};

fn with_plan(plan: &FaultPlan) -> Config {
    let mut config = silent();
    config.faults = Some(plan.clone());
    config
}

/// One ping by a client that needs no runtime.
async fn ping(plan: &FaultPlan) -> Option<Reply> {
    let starting = starting(with_plan(plan)).await;
    let mut client = Client::connect(starting.api).await;
    let request = b"GET /2018-06-01/ping HTTP/1.1\r\nHost: s\r\n\r\n";
    client.send(request).await;
    client.try_reply().await
}

#[tokio::test]
async fn a_reply_breaks_at_each_step_in_turn() {
    for kind in [FaultKind::Reset, FaultKind::Close] {
        let mut steps = Vec::new();
        for step in 1.. {
            let plan = FaultPlan::new(kind.clone())
                .on(FaultTarget::Runtime)
                .fail_at(step);
            let reply = ping(&plan).await;
            match plan.fired() {
                Some(step) => steps.push((step, reply.is_some())),
                None => break,
            }
        }
        assert_eq!(
            steps,
            [
                (FaultStep::RequestArrived, false),
                (FaultStep::BeforeReply, false),
                (FaultStep::InReplyHead, false),
                (FaultStep::InReplyBody, false),
                (FaultStep::AfterReply, true),
            ],
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_stalled_reply_comes_late_but_whole() {
    for step in [2, 3, 4] {
        let pause = Duration::from_millis(80);
        let plan = FaultPlan::new(FaultKind::Stall(pause))
            .on(FaultTarget::Runtime)
            .fail_at(step);
        let before = Instant::now();
        assert_eq!(ping(&plan).await.unwrap().text(), "pong");
        assert!(before.elapsed() >= pause);
        assert!(plan.fired().is_some());
    }
}

#[tokio::test]
async fn a_trickled_reply_comes_whole() {
    let plan = FaultPlan::new(FaultKind::Trickle {
        bytes: 1,
        pause: Duration::from_micros(100),
    })
    .on(FaultTarget::Runtime)
    .fail_at(2);
    assert_eq!(ping(&plan).await.unwrap().text(), "pong");
    assert_eq!(plan.fired(), Some(FaultStep::BeforeReply));
}

#[tokio::test]
async fn a_planned_reply_does_not_consume_the_event() {
    let plan = FaultPlan::new(FaultKind::Reply {
        status: 500,
        headers: vec![("X-Fault".to_owned(), "yes".to_owned())],
        body: Bytes::from_static(b"{}"),
    })
    .on(FaultTarget::Next)
    .fail_at(2);
    let (sandbox, mut client) = ready(with_plan(&plan)).await;
    let mut other = Client::connect(sandbox.api()).await;
    let refused = other.get(NEXT, "").await;
    assert_eq!((refused.status, refused.header("x-fault")), (500, "yes"));
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    client.respond(&id, b"1").await;
    assert!(outcome(task).await.is_response());
}

#[tokio::test]
async fn raw_bytes_take_the_place_of_a_reply() {
    let raw = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
    let plan = FaultPlan::new(FaultKind::Raw(Bytes::from_static(raw)))
        .on(FaultTarget::Runtime)
        .repeating();
    assert_eq!(ping(&plan).await, None);
    assert_eq!(plan.fired(), Some(FaultStep::Instead));
    let raw = b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok";
    let plan = FaultPlan::new(FaultKind::Raw(Bytes::from_static(raw)));
    assert_eq!(ping(&plan).await.unwrap().summary(), "299 ok");
}

#[tokio::test]
async fn other_calls_are_left_alone() {
    let plan = FaultPlan::new(FaultKind::Reset).on(FaultTarget::Extensions);
    assert_eq!(ping(&plan).await.unwrap().text(), "pong");
    assert_eq!((plan.fired(), plan.steps()), (None, 0));
}
