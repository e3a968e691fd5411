//! Managed Instances: parallel slots, answers by id, late answers, dead slots.
//! Nothing here relies on an order between slots.

use crate::support::{
    Client, Folder, PATIENCE, begin_extension_next, invoking, outcome, register, silent, starting,
    try_register, until, violations,
};
use credenza_sandbox::{Config, Ending, Invocation, Sandbox, ViolationKind};
use std::{sync::Arc, time::Duration};

fn managed() -> Config {
    let mut config = silent();
    config.concurrency = Some(16);
    config
}

async fn with_slots(config: Config, slots: usize) -> (Arc<Sandbox>, Vec<Client>) {
    let starting = starting(config).await;
    let mut clients = Vec::new();
    for _ in 0..slots {
        let mut client = Client::connect(starting.api).await;
        client.begin_next().await;
        clients.push(client);
    }
    let sandbox = starting.done().await;
    until(|| sandbox.calls_total() >= slots as u64).await;
    (sandbox, clients)
}

#[tokio::test]
async fn sixteen_slots_serve_sixteen_events_and_match_answers_by_id() {
    let (sandbox, mut clients) = with_slots(managed(), 16).await;
    let tasks: Vec<_> = (0..16)
        .map(|number| invoking(&sandbox, Invocation::new(format!("event {number}"))))
        .collect();
    let mut events = Vec::new();
    for client in &mut clients {
        events.push(client.reply().await);
    }
    // Answer in reverse order, each on another slot's connection.
    for (client, event) in clients.iter_mut().zip(events.iter().rev()) {
        let reply = client.respond(event.request_id(), &event.body).await;
        assert_eq!(reply.status, 202);
    }
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(outcome(task).await.payload(), format!("event {number}"));
    }
    assert_eq!(violations(&sandbox), []);
}

#[tokio::test]
async fn without_a_waiting_slot_there_is_no_runtime() {
    let (sandbox, mut clients) = with_slots(managed(), 1).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = clients[0].reply().await.request_id().to_owned();
    let refused = sandbox.invoke(Invocation::new("{}")).await;
    assert_eq!(
        refused.ending,
        Ending::Platform {
            error_type: "Runtime.Unavailable".to_owned(),
            message: "no idle runtimes".to_owned()
        }
    );
    clients[0].respond(&id, b"1").await;
    assert!(outcome(task).await.is_response());
}

#[tokio::test]
async fn a_patient_caller_waits_for_a_slot() {
    let (sandbox, mut clients) = with_slots(managed(), 1).await;
    let first = invoking(&sandbox, Invocation::new("1"));
    let id = clients[0].reply().await.request_id().to_owned();
    let mut invocation = Invocation::new("2");
    invocation.slot_patience = PATIENCE;
    let second = invoking(&sandbox, invocation);
    clients[0].respond(&id, b"1").await;
    assert!(outcome(first).await.is_response());
    clients[0].begin_next().await;
    let event = clients[0].reply().await;
    assert_eq!(event.text(), "2");
    clients[0].respond(event.request_id(), b"2").await;
    assert_eq!(outcome(second).await.payload(), "2");
    assert_eq!(violations(&sandbox), []);
}

#[tokio::test]
async fn a_next_without_an_answer_opens_another_slot() {
    let (sandbox, mut clients) = with_slots(managed(), 1).await;
    let first = invoking(&sandbox, Invocation::new("first"));
    let first_id = clients[0].reply().await.request_id().to_owned();
    clients[0].begin_next().await;
    until(|| sandbox.calls_total() == 2).await;
    let second = invoking(&sandbox, Invocation::new("second"));
    let second_id = clients[0].reply().await.request_id().to_owned();
    clients[0].respond(&second_id, b"2").await;
    clients[0].respond(&first_id, b"1").await;
    assert_eq!(outcome(first).await.payload(), "1");
    assert_eq!(outcome(second).await.payload(), "2");
}

#[tokio::test]
async fn a_closed_pending_next_costs_the_next_invocation() {
    let (sandbox, mut clients) = with_slots(managed(), 2).await;
    let dead = clients.remove(0);
    drop(dead);
    until(|| violations(&sandbox) == [ViolationKind::DroppedNext]).await;
    let lost = sandbox.invoke(Invocation::new("{}")).await;
    assert_eq!(lost.error_type(), Some("Runtime.Unknown"));
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = clients[0].reply().await.request_id().to_owned();
    clients[0].respond(&id, b"1").await;
    assert!(outcome(task).await.is_response());
}

#[tokio::test]
async fn a_second_answer_is_unknown_and_a_late_one_is_gone() {
    let mut config = managed();
    // The first answer must come within it on a machine that is busy.
    config.timeout = Duration::from_secs(2);
    let (sandbox, mut clients) = with_slots(config, 2).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = clients[0].reply().await.request_id().to_owned();
    assert_eq!(clients[0].respond(&id, b"1").await.status, 202);
    assert!(outcome(task).await.is_response());
    let again = clients[0].respond(&id, b"2").await;
    assert_eq!(
        again.summary(),
        r#"400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#
    );
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = clients[1].reply().await.request_id().to_owned();
    assert_eq!(outcome(task).await.ending, Ending::Timeout);
    let late = clients[1].respond(&id, b"3").await;
    assert_eq!(
        late.summary(),
        r#"410 {"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}"#
    );
    // The environment lives on.
    assert!(sandbox.runtime_pid().is_some());
}

#[tokio::test]
async fn extensions_may_ask_for_shutdown_only() {
    let folder = Folder::new("managed");
    let mut config = managed();
    config.extensions.push(folder.extension("one"));
    let starting = starting(config).await;
    let mut client = Client::connect(starting.api).await;
    let refused = try_register(&mut client, "one", "\"INVOKE\",\"SHUTDOWN\"").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Extension.InvalidEventType"));
    let refused = try_register(&mut client, "internal", "\"INVOKE\"").await;
    assert!(
        refused
            .text()
            .contains("No events allowed for internal extensions")
    );
    let identifier = register(&mut client, "one", "\"SHUTDOWN\"").await;
    begin_extension_next(&mut client, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    assert!(starting.done().await.init().is_success());
}
