//! The Runtime API on classic Lambda: statuses, bodies and the state machine.
//! Nothing here depends on what a function does.

use crate::support::{
    Client, error_path, invoking, outcome, ready, response_path, silent, until, violations,
};
use credenza_sandbox::{Ending, Invocation, OutputSink, ViolationKind};

#[tokio::test]
async fn the_event_arrives_with_every_header_of_the_platform() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(
        &sandbox,
        Invocation {
            client_context: Some("{\"a\":1}".to_owned()),
            tenant_id: Some("blue".to_owned()),
            trace_id: Some("Root=1-x".to_owned()),
            request_id: Some("id-1".to_owned()),
            ..Invocation::new(&b"\xff not json"[..])
        },
    );
    let event = client.reply().await;
    assert_eq!(event.status, 200);
    assert_eq!(event.body, b"\xff not json");
    assert_eq!(event.request_id(), "id-1");
    assert_eq!(event.header("content-type"), "application/json");
    assert_eq!(event.header("lambda-runtime-trace-id"), "Root=1-x");
    assert_eq!(event.header("lambda-runtime-client-context"), "{\"a\":1}");
    assert_eq!(event.header("lambda-runtime-aws-tenant-id"), "blue");
    assert_eq!(event.header("lambda-runtime-cognito-identity"), "");
    assert_eq!(
        event.header("lambda-runtime-invoked-function-arn"),
        "arn:aws:lambda:eu-central-1:123456789012:function:function"
    );
    let deadline = event.header("lambda-runtime-deadline-ms");
    assert_eq!(deadline.len(), 13, "{deadline}");
    let names: Vec<&str> = event
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        names.contains(&"Lambda-Runtime-Aws-Request-Id"),
        "{names:?}"
    );
    assert!(names.contains(&"Date"), "{names:?}");
    let accepted = client.respond("id-1", b"answer").await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.text(), "{\"status\":\"OK\"}\n");
    let outcome = outcome(task).await;
    assert_eq!(outcome.ending, Ending::Response);
    assert_eq!(outcome.payload(), "answer");
    assert!(outcome.turnaround.unwrap() <= outcome.duration);
    assert_eq!(violations(&sandbox), []);
}

#[tokio::test]
async fn a_repeated_next_gets_the_same_event_again() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let first = client.reply().await;
    let mut other = Client::connect(sandbox.api()).await;
    let second = other.next().await;
    assert_eq!(second.request_id(), first.request_id());
    assert_eq!(second.body, first.body);
    assert_eq!(violations(&sandbox), [ViolationKind::RepeatedNext]);
    client.respond(first.request_id(), b"1").await;
    assert!(outcome(task).await.is_response());
}

#[tokio::test]
async fn the_oldest_waiter_gets_the_event_even_if_it_is_dead() {
    let (output, lines) = OutputSink::collect();
    let mut config = silent();
    config.output = output;
    let (sandbox, client) = ready(config).await;
    let mut alive = Client::connect(sandbox.api()).await;
    alive.begin_next().await;
    until(|| violations(&sandbox) == [ViolationKind::DoubledNext]).await;
    drop(client);
    until(|| violations(&sandbox).len() == 2).await;
    assert_eq!(violations(&sandbox)[1], ViolationKind::DroppedNext);
    let task = invoking(&sandbox, Invocation::new("lost"));
    until(|| {
        let lines = lines.lock().unwrap();
        lines.iter().any(|line| line.text.starts_with("START"))
    })
    .await;
    // A `next` issued after the release gets the event; the older waiter does not.
    let mut late = Client::connect(sandbox.api()).await;
    let event = late.next().await;
    assert_eq!(event.body, b"lost");
    late.respond(event.request_id(), b"found").await;
    assert_eq!(outcome(task).await.payload(), "found");
    drop(alive);
}

#[tokio::test]
async fn answers_need_the_current_id_and_the_running_state() {
    let (sandbox, mut client) = ready(silent()).await;
    let mut early = Client::connect(sandbox.api()).await;
    let refused = early.respond("none", b"").await;
    assert_eq!(
        refused.summary(),
        r#"400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#
    );
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    assert_eq!(early.respond("other", b"").await.status, 400);
    assert_eq!(client.respond(&id, b"1").await.status, 202);
    assert!(outcome(task).await.is_response());
    // Still current: a second answer is a wrong transition.
    let again = client.respond(&id, b"2").await;
    assert_eq!(
        again.summary(),
        "403 {\"errorMessage\":\"State transition from ResponseSent to InvocationResponse failed \
         for runtime. Error: State transition is not allowed\",\
         \"errorType\":\"InvalidStateTransition\"}"
    );
    assert_eq!(client.post(&error_path(&id), "", b"").await.status, 403);
    client.begin_next().await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let next_id = client.reply().await.request_id().to_owned();
    // No longer current: the id is unknown.
    assert_eq!(early.respond(&id, b"3").await.status, 400);
    client.respond(&next_id, b"4").await;
    assert_eq!(outcome(task).await.payload(), "4");
}

#[tokio::test]
async fn next_is_refused_while_an_answer_is_being_read() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let path = response_path(&id);
    let head = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\n\r\nab");
    client.send(head.as_bytes()).await;
    let mut other = Client::connect(sandbox.api()).await;
    let refused = loop {
        let reply = other.next().await;
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!(
        refused.summary(),
        "403 {\"errorMessage\":\"State transition from InvocationResponse to Ready failed for \
         runtime. Error: State transition is not allowed\",\
         \"errorType\":\"InvalidStateTransition\"}"
    );
    client.send(b"cd").await;
    assert_eq!(client.reply().await.status, 202);
    assert_eq!(outcome(task).await.payload(), "abcd");
    assert!(violations(&sandbox).contains(&ViolationKind::NextDuringAnswer));
}

#[tokio::test]
async fn payloads_end_at_six_mib_and_a_hundred_bytes() {
    let (sandbox, mut client) = ready(silent()).await;
    let largest = vec![b'x'; 6_291_556];
    let task = invoking(&sandbox, Invocation::new(largest.clone()));
    let event = client.reply().await;
    assert_eq!(event.body.len(), largest.len());
    assert_eq!(
        client.respond(event.request_id(), &largest).await.status,
        202
    );
    assert_eq!(outcome(task).await.payload().len(), largest.len());
    client.begin_next().await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let refused = client.respond(&id, &vec![b'x'; 6_291_557]).await;
    assert_eq!(
        refused.summary(),
        "413 {\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\",\
         \"errorType\":\"RequestEntityTooLarge\"}"
    );
    let outcome = outcome(task).await;
    assert_eq!(
        outcome.ending,
        Ending::Platform {
            error_type: "Function.ResponseSizeTooLarge".to_owned(),
            message: "Response payload size (6291557 bytes) exceeded maximum allowed payload \
                      size (6291556 bytes)."
                .to_owned(),
        }
    );
    client.begin_next().await;
    sandbox.idle().await;
    let too_large = sandbox.invoke(Invocation::new(vec![b'x'; 6_291_557])).await;
    assert_eq!(too_large.error_type(), Some("RequestEntityTooLarge"));
}

#[tokio::test]
async fn an_unknown_response_mode_fails_the_invocation() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let headers = "Lambda-Runtime-Function-Response-Mode: buffered\r\n";
    let refused = client.post(&response_path(&id), headers, b"x").await;
    assert_eq!(
        refused.summary(),
        r#"400 {"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}"#
    );
    let error_type = "Runtime.InvalidResponseModeHeader";
    assert_eq!(outcome(task).await.error_type(), Some(error_type));
}

#[tokio::test]
async fn a_truncated_answer_is_an_error_of_the_runtime() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let path = response_path(&id);
    let head = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 9\r\n\r\nabc");
    client.send(head.as_bytes()).await;
    drop(client);
    let outcome = outcome(task).await;
    assert_eq!(outcome.error_type(), Some("Runtime.TruncatedResponse"));
    let answer = outcome.answer.unwrap();
    assert_eq!(answer.body, "abc");
    assert!(!answer.complete);
    assert_eq!(violations(&sandbox), [ViolationKind::TruncatedAnswer]);
}

#[tokio::test]
async fn errors_carry_type_body_and_cause_as_the_platform_reads_them() {
    for (headers, body, error_type, seen) in [
        (
            "",
            "{\"errorMessage\":\"m\"}",
            "Runtime.Unknown",
            "{\"errorMessage\":\"m\"}",
        ),
        (
            "Lambda-Runtime-Function-Error-Type: Function.Blocked\r\n",
            "not json",
            "Function.Blocked",
            "not json",
        ),
        (
            "Lambda-Runtime-Function-Error-Type: unhandled\r\n\
             Content-Type: application/vnd.aws.lambda.error.cause+json\r\n",
            r#"{"errorMessage":"m","errorType":"t","errorCause":{"exceptions":[]}}"#,
            "Runtime.Unknown",
            r#"{"errorMessage":"m","errorType":"t"}"#,
        ),
    ] {
        let (sandbox, mut client) = ready(silent()).await;
        let task = invoking(&sandbox, Invocation::new("{}"));
        let id = client.reply().await.request_id().to_owned();
        let path = error_path(&id);
        assert_eq!(
            client.post(&path, headers, body.as_bytes()).await.status,
            202
        );
        let outcome = outcome(task).await;
        assert_eq!(
            outcome.ending,
            Ending::Error {
                error_type: error_type.to_owned(),
                body: seen.to_owned().into()
            }
        );
    }
}

#[tokio::test]
async fn a_mebibyte_of_cause_passes_and_larger_heads_are_refused() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let cause = "c".repeat(1_048_000);
    let headers = format!("Lambda-Runtime-Function-XRay-Error-Cause: {cause}\r\n");
    assert_eq!(
        client.post(&error_path(&id), &headers, b"{}").await.status,
        202
    );
    let answer = outcome(task).await.answer.unwrap();
    let header = answer.header("lambda-runtime-function-xray-error-cause");
    assert_eq!(header.unwrap().len(), cause.len());
    let mut client = Client::connect(sandbox.api()).await;
    let filler = "c".repeat(1_200_000);
    let request = format!("GET /ping HTTP/1.1\r\nHost: s\r\nX: {filler}\r\n\r\n");
    client.send(request.as_bytes()).await;
    assert_eq!(client.reply().await.status, 431);
    assert_eq!(violations(&sandbox), [ViolationKind::MalformedRequest]);
}
