//! The sandbox's telemetry, read with the types of AWS's own extension library.
//! It never asks the agent anything: this keeps the platform that the other tests stand on honest.
use std::io::BufReader;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use credenza_sandbox::{Extension, Invocation, Sandbox, ShutdownReason};
use lambda_extension::{LambdaTelemetry, LambdaTelemetryRecord as Record};

use crate::harness::http::{message, read_body, read_head};
use crate::harness::runtime::Runtime;
use crate::harness::sandboxed::{Client, Setup, block_on};
use crate::harness::{DEADLINE, beside_others};

/// Accepts batches of telemetry for as long as somebody reads them.
fn listen() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, batches) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            while let Ok(head) = read_head(&mut reader) {
                let body = read_body(&mut reader, &head).unwrap();
                let reply = message("HTTP/1.1 200 OK", &[], b"");
                std::io::Write::write_all(reader.get_mut(), &reply).unwrap();
                if sender.send(body.bytes).is_err() {
                    return;
                }
            }
        }
    });
    (port, batches)
}

/// Speaks for the extension `one`: registers, subscribes, and waits for its events.
fn subscribe(api: std::net::SocketAddr, port: u16) -> Runtime {
    let mut extension = Runtime::connect(api);
    let (head, _) = extension
        .call(&message(
            "POST /2020-01-01/extension/register HTTP/1.1",
            &[("Host", "a"), ("Lambda-Extension-Name", "one")],
            br#"{"events":["SHUTDOWN"]}"#,
        ))
        .unwrap();
    let id = head.text("lambda-extension-identifier").unwrap().to_owned();
    let body = format!(
        r#"{{"schemaVersion":"2022-12-13","types":["platform","function","extension"],"buffering":{{"maxItems":1000,"maxBytes":262144,"timeoutMs":25}},"destination":{{"protocol":"HTTP","URI":"http://sandbox.localdomain:{port}"}}}}"#
    );
    let headers = [("Host", "a"), ("Lambda-Extension-Identifier", id.as_str())];
    let subscribe = message(
        "PUT /2022-07-01/telemetry HTTP/1.1",
        &headers,
        body.as_bytes(),
    );
    let (head, body) = extension.call(&subscribe).unwrap();
    assert_eq!(
        (head.status(), body.bytes.as_slice()),
        (200, &b"\"OK\""[..])
    );
    let next = format!(
        "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: a\r\n\
         Lambda-Extension-Identifier: {id}\r\n\r\n"
    );
    extension.send(next.as_bytes()).unwrap();
    extension
}

#[test]
fn the_official_library_understands_every_event_that_the_sandbox_tells() {
    let _room = beside_others();
    let mut setup = Setup::new("telemetry", Client::Rust).expect("Rust needs no tool");
    let silent = "#!/bin/sh\necho \"I am an extension\"\nexec sleep 1000\n";
    let extension = Extension::new(setup.folder.script("one", silent));
    setup.config.extensions.push(extension);
    let (port, batches) = listen();
    let events = block_on(async {
        let bound = Sandbox::bind(setup.config.clone()).await.unwrap();
        let api = bound.api();
        let starting = tokio::spawn(bound.start());
        let extension = tokio::task::spawn_blocking(move || subscribe(api, port));
        let _extension = extension.await.unwrap();
        let sandbox = starting.await.unwrap();
        assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
        for _ in 0..3 {
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            assert!(outcome.is_response(), "{:?}", outcome.ending);
        }
        sandbox.idle().await;
        sandbox.shutdown(ShutdownReason::Spindown).await;
        tokio::task::spawn_blocking(move || read_all(&batches))
            .await
            .unwrap()
    });
    let told = |is_it: fn(&Record) -> bool| events.iter().filter(|one| is_it(&one.record)).count();
    assert_eq!(
        told(|one| matches!(one, Record::PlatformInitStart { .. })),
        1
    );
    assert_eq!(
        told(|one| matches!(one, Record::PlatformInitRuntimeDone { .. })),
        1
    );
    assert_eq!(
        told(|one| matches!(one, Record::PlatformInitReport { .. })),
        1
    );
    assert_eq!(
        told(|one| matches!(one, Record::PlatformExtension { .. })),
        1
    );
    assert_eq!(
        told(|one| matches!(one, Record::PlatformTelemetrySubscription { .. })),
        1
    );
    assert_eq!(told(|one| matches!(one, Record::PlatformStart { .. })), 3);
    assert_eq!(
        told(|one| matches!(one, Record::PlatformRuntimeDone { .. })),
        3
    );
    assert_eq!(told(|one| matches!(one, Record::Extension(_))), 1);
}

/// Every event up to the third report.
fn read_all(batches: &Receiver<Vec<u8>>) -> Vec<LambdaTelemetry> {
    let mut events: Vec<LambdaTelemetry> = Vec::new();
    let is_report = |one: &&LambdaTelemetry| matches!(one.record, Record::PlatformReport { .. });
    while events.iter().filter(is_report).count() < 3 {
        let batch = batches.recv_timeout(DEADLINE).expect("a batch in time");
        let text = String::from_utf8_lossy(&batch);
        let batch = serde_json::from_slice(&batch);
        let batch: Vec<LambdaTelemetry> = batch.unwrap_or_else(|why| panic!("{why}: {text}"));
        events.extend(batch);
    }
    events
}
