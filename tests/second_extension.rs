//! AWS's own extension library beside ours: both live, and ours registers in the same shape.
//! It never copies the library's life cycle: that one does not leave on SHUTDOWN by itself (R10).
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use credenza_sandbox::{Extension, Invocation, ShutdownReason};

use crate::harness::agent::Agent;
use crate::harness::beside_others;
use crate::harness::http::{Head, message};
use crate::harness::lambda::Lambda;
use crate::harness::programs;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};

#[test]
fn an_extension_of_the_official_library_and_ours_serve_side_by_side() {
    let _room = beside_others();
    let mut setup = Setup::new("two extensions", Client::Rust).expect("Rust needs no tool");
    setup.protect("block");
    let mut second = Extension::new(programs::echo_function());
    second
        .env
        .push(("ECHO_ROLE".to_owned(), "extension".to_owned()));
    setup.config.extensions.push(second);
    block_on(async {
        let sandbox = setup.start().await;
        for round in 0..10 {
            let event = rest("/q", &round.to_string());
            let outcome = sandbox.invoke(Invocation::new(event.clone())).await;
            assert!(
                outcome.payload() == event.as_bytes(),
                "{:?}",
                outcome.ending
            );
            let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
            assert!(outcome.payload().starts_with(br#"{"statusCode":403"#));
        }
        assert_no_violation(&sandbox);
        let shutdown = sandbox.shutdown(ShutdownReason::Spindown).await;
        let own = shutdown
            .extensions
            .iter()
            .find(|exit| exit.name == "credenza-agent");
        assert_eq!(
            own.map(|exit| (exit.code, exit.killed)),
            Some((Some(0), false))
        );
    });
}

type Registrations = Arc<Mutex<Vec<(Head, serde_json::Value)>>>;

#[test]
fn our_registration_has_the_shape_of_the_official_librarys() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let seen: Registrations = Arc::default();
    note_registrations(&lambda, &seen);
    let agent = Agent::start(&lambda, &[]);
    lambda.wait_call("GET /2020-01-01/extension/event/next");
    drop(agent);
    let mut library = Command::new(programs::echo_function())
        .env("AWS_LAMBDA_RUNTIME_API", lambda.address.to_string())
        .env("ECHO_ROLE", "extension")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    lambda.wait_calls("POST /2020-01-01/extension/register", 2);
    library.kill().unwrap();
    library.wait().unwrap();
    let seen = seen.lock().unwrap();
    let [(own, own_body), (reference, reference_body)] = seen.as_slice() else {
        panic!("two registrations, not {seen:?}");
    };
    assert_eq!(own.start, reference.start);
    assert_eq!(own.text("lambda-extension-name"), Some("credenza-agent"));
    assert_eq!(
        reference.text("lambda-extension-name"),
        Some("echo-function")
    );
    assert_eq!(keys(own_body), keys(reference_body));
    assert_eq!(own_body["events"], serde_json::json!(["SHUTDOWN"]));
    assert!(reference_body["events"].is_array());
}

fn keys(body: &serde_json::Value) -> BTreeSet<String> {
    body.as_object()
        .map(|object| object.keys().cloned().collect())
        .unwrap_or_default()
}

fn note_registrations(lambda: &Lambda, seen: &Registrations) {
    let seen = Arc::clone(seen);
    lambda.set_fault(move |head, peer| {
        (head.target() == "/2020-01-01/extension/register").then(|| {
            let body = peer.body(head)?;
            let body = serde_json::from_slice(&body.bytes).map_err(std::io::Error::other)?;
            seen.lock().unwrap().push((head.clone(), body));
            peer.write(&message(
                "HTTP/1.1 200 OK",
                &[(
                    "Lambda-Extension-Identifier",
                    "0f6c1f4e-41c2-4cf5-8ad1-6a2e5b7a3d10",
                )],
                br#"{"functionName":"f","functionVersion":"$LATEST","handler":"a.b"}"#,
            ))
        })
    });
}
