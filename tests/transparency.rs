//! A1: with the agent in monitor mode, function and platform receive the very bytes that they
//! receive without it.
//! It never compares across runs of different inputs: direct and proxied take the same events.
use std::collections::BTreeMap;

use bytes::Bytes;
use credenza_sandbox::{Invocation, Outcome, Sandbox};

use crate::harness::samples::{self, Sample};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{beside_others, progress};

/// Complete, for the Rust client refuses an event whose client context lacks a field.
const CLIENT_CONTEXT: &str = r#"{"client":{"installation_id":"1","app_title":"a","app_version_name":"1","app_version_code":"1","app_package_name":"p"},"custom":{"a":"b c"},"env":{}}"#;

/// What one side of a comparison has seen.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// By the function: digest and length, by request id; an event seen twice stands twice.
    function: BTreeMap<String, Vec<String>>,
    /// By the platform: status, relevant headers, body and trailers of each answer.
    platform: Vec<Reply>,
}

#[derive(Debug, PartialEq, Eq)]
struct Reply {
    error_type: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    trailers: Vec<(String, Vec<u8>)>,
    streamed: bool,
    chunked: bool,
}

#[test]
fn every_sample_event_is_the_same_with_and_without_the_agent_for_python() {
    compare(Client::Python, &[]);
}

#[test]
fn every_sample_event_is_the_same_with_and_without_the_agent_for_node() {
    compare(Client::Node, &[]);
}

#[test]
fn every_sample_event_is_the_same_with_and_without_the_agent_for_node_streaming() {
    compare(Client::NodeStreaming, &[]);
}

#[test]
fn every_sample_event_is_the_same_with_and_without_the_agent_for_rust() {
    compare(Client::Rust, &[]);
}

#[test]
fn every_sample_event_is_the_same_with_and_without_the_agent_for_rust_streaming() {
    compare(Client::RustStreaming, &[]);
}

#[test]
fn errors_are_the_same_with_and_without_the_agent() {
    for client in [Client::Python, Client::Node, Client::Rust] {
        compare_some(client, &[("ECHO_MODE", "error")], &samples::generated());
    }
}

fn compare(client: Client, environment: &[(&str, &str)]) {
    let events = samples::events(&format!("transparency of {client:?}"));
    compare_some(client, environment, &events);
}

fn compare_some(client: Client, environment: &[(&str, &str)], events: &[Sample]) {
    let _room = beside_others();
    let test = format!("transparency of {client:?}");
    let Some(mut direct) = Setup::new(&test, client) else {
        return;
    };
    let Some(mut proxied) = Setup::new(&test, client) else {
        return;
    };
    for (name, value) in environment {
        direct.set(name, value);
        proxied.set(name, value);
    }
    proxied.protect("monitor");
    block_on(async {
        let begun = std::time::Instant::now();
        let without = run(&direct, events).await;
        let with = run(&proxied, events).await;
        for (index, sample) in events.iter().enumerate() {
            let name = &sample.name;
            assert_eq!(
                without.platform.get(index),
                with.platform.get(index),
                "{name}: answer"
            );
        }
        assert_eq!(without.function, with.function);
        let seconds = begun.elapsed().as_secs_f32();
        progress(&format!(
            "{test}: {} events the same, {seconds:.1} s",
            events.len()
        ));
    });
}

async fn run(setup: &Setup, events: &[Sample]) -> Seen {
    let sandbox = setup.start().await;
    let mut platform = Vec::new();
    for event in events {
        platform.push(reply(&sandbox, event).await);
    }
    assert_no_violation(&sandbox);
    let function = setup.received();
    for sample in events {
        // The client of node hands the function no event that it cannot parse.
        if let Some(seen) = function.get(&sample.request_id()) {
            assert_eq!(
                *seen,
                [sample.digest()],
                "{}: not what was sent",
                sample.name
            );
        }
    }
    assert!(
        function.len() + 1 >= events.len(),
        "at most one sample cannot be parsed"
    );
    sandbox
        .shutdown(credenza_sandbox::ShutdownReason::Spindown)
        .await;
    Seen { function, platform }
}

async fn reply(sandbox: &Sandbox, event: &Sample) -> Reply {
    let mut invocation = Invocation::new(event.bytes.clone());
    invocation.request_id = Some(event.request_id());
    invocation.trace_id = Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned());
    invocation.client_context = Some(CLIENT_CONTEXT.to_owned());
    let outcome: Outcome = sandbox.invoke(invocation).await;
    let error_type = outcome.error_type().map(str::to_owned);
    let answer = outcome.answer.unwrap_or_default();
    // The address differs between the two runs, so the header that holds it may, too.
    let headers = answer
        .headers
        .into_iter()
        .filter(|(name, _)| name != "host");
    Reply {
        error_type,
        headers: headers.collect(),
        body: answer.body,
        trailers: answer.trailers,
        streamed: answer.streamed,
        chunked: answer.chunked,
    }
}
