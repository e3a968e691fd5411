//! Streamed answers: chunks as they come, trailers, and the platform's close at a time-out.
//! Nothing here looks into the prelude of an HTTP integration.

use crate::support::{Client, invoking, outcome, ready, response_path, silent};
use credenza_sandbox::{Ending, Invocation, LivePart};
use std::time::Duration;
use tokio::sync::mpsc;

const STREAMING: &str = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";

async fn begin_stream(client: &mut Client, id: &str, headers: &str) {
    let path = response_path(id);
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n{headers}\r\n");
    client.send(head.as_bytes()).await;
}

async fn send_chunk(client: &mut Client, data: &str) {
    let chunk = format!("{:x}\r\n{data}\r\n", data.len());
    client.send(chunk.as_bytes()).await;
}

#[tokio::test]
async fn chunks_arrive_apart_and_live() {
    let (sandbox, mut client) = ready(silent()).await;
    let (live, mut parts) = mpsc::unbounded_channel();
    let task = invoking(
        &sandbox,
        Invocation {
            live: Some(live),
            ..Invocation::new("{}")
        },
    );
    let id = client.reply().await.request_id().to_owned();
    begin_stream(&mut client, &id, STREAMING).await;
    let Some(LivePart::Head(headers)) = parts.recv().await else {
        panic!("the head comes first");
    };
    assert!(headers.iter().any(|(_, value)| value == b"streaming"));
    for piece in ["one", "two", "three"] {
        send_chunk(&mut client, piece).await;
        // The piece is seen before the next one is sent.
        let Some(LivePart::Data(data)) = parts.recv().await else {
            panic!("a piece");
        };
        assert_eq!(data, piece);
    }
    client.send(b"0\r\n\r\n").await;
    assert!(matches!(parts.recv().await, Some(LivePart::End)));
    assert_eq!(client.reply().await.status, 202);
    let outcome = outcome(task).await;
    assert_eq!(outcome.payload(), "onetwothree");
    let answer = outcome.answer.unwrap();
    let sizes: Vec<usize> = answer.chunks.iter().map(|chunk| chunk.bytes).collect();
    assert_eq!(sizes, [3, 3, 5]);
    assert!(answer.chunks.is_sorted_by_key(|chunk| chunk.at));
    assert!(answer.streamed && answer.chunked && answer.complete);
    assert_eq!(answer.trailers, []);
}

#[tokio::test]
async fn error_trailers_turn_a_stream_into_an_error() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let headers = format!(
        "{STREAMING}Trailer: Lambda-Runtime-Function-Error-Type\r\n\
         Trailer: Lambda-Runtime-Function-Error-Body\r\n"
    );
    begin_stream(&mut client, &id, &headers).await;
    send_chunk(&mut client, "half").await;
    client
        .send(
            b"0\r\nLambda-Runtime-Function-Error-Type: Function.Broken\r\n\
              Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n",
        )
        .await;
    assert_eq!(client.reply().await.status, 202);
    let outcome = outcome(task).await;
    assert_eq!(
        outcome.ending,
        Ending::Error {
            error_type: "Function.Broken".to_owned(),
            body: "{\"a\":1}".into()
        }
    );
    assert_eq!(outcome.answer.unwrap().body, "half");
}

#[tokio::test]
async fn a_trailer_of_a_mebibyte_passes() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    let headers = format!("{STREAMING}Trailer: Lambda-Runtime-Function-Error-Body\r\n");
    begin_stream(&mut client, &id, &headers).await;
    send_chunk(&mut client, "x").await;
    let body = "A".repeat(1_048_000);
    let end = format!("0\r\nLambda-Runtime-Function-Error-Body: {body}\r\n\r\n");
    client.send(end.as_bytes()).await;
    assert_eq!(client.reply().await.status, 202);
    let answer = outcome(task).await.answer.unwrap();
    let trailer = answer.trailer("lambda-runtime-function-error-body");
    assert_eq!(trailer.unwrap().len(), body.len());
}

#[tokio::test]
async fn a_stream_that_runs_out_of_time_is_closed_by_the_platform() {
    let mut config = silent();
    // What is sent before the time is over must have arrived by then on a machine that is busy.
    config.timeout = Duration::from_secs(2);
    let (sandbox, mut client) = ready(config).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    begin_stream(&mut client, &id, STREAMING).await;
    send_chunk(&mut client, "so far").await;
    let outcome = outcome(task).await;
    assert_eq!(outcome.ending, Ending::Timeout);
    let answer = outcome.answer.unwrap();
    assert_eq!(answer.body, "so far");
    assert!(!answer.complete);
    assert!(client.is_ended().await);
}

#[tokio::test]
async fn a_buffered_answer_may_be_chunked() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    begin_stream(&mut client, &id, "").await;
    send_chunk(&mut client, "whole").await;
    client.send(b"0\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 202);
    let outcome = outcome(task).await;
    assert_eq!(outcome.payload(), "whole");
    assert!(!outcome.answer.unwrap().streamed);
}
