//! A12: the agent beside other proxies, other wrappers and the web adapter, in either order.
//! It never needs another product: what they do to an address is a few lines here.
use std::fs;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use credenza_sandbox::{Invocation, Sandbox};

use crate::harness::agent::Agent;
use crate::harness::http::message;
use crate::harness::lambda::Lambda;
use crate::harness::relay::Relay;
use crate::harness::runtime::Runtime;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, beside_others};

async fn is_protected(sandbox: &Sandbox, setup: &Setup) {
    for round in 0..3 {
        let event = rest("/q", &round.to_string());
        let outcome = sandbox.invoke(Invocation::new(event.clone())).await;
        assert!(
            outcome.is_response(),
            "{:?}\n{}",
            outcome.ending,
            setup.said()
        );
        assert!(outcome.payload() == event.as_bytes());
        let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
        let payload = outcome.payload();
        assert!(
            payload.starts_with(br#"{"statusCode":403"#),
            "{}",
            setup.said()
        );
    }
    assert_no_violation(sandbox);
}

#[test]
fn another_proxy_between_the_agent_and_the_platform() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let relay = Relay::start(Some(lambda.address));
    let upstream = relay.address.to_string();
    let agent = Agent::start(
        &lambda,
        &[("CREDENZA_MODE", "block"), ("CREDENZA_UPSTREAM", &upstream)],
    );
    assert_eq!(
        relay.connections.load(Ordering::Acquire),
        0,
        "registered through a proxy (R8)"
    );
    let mut runtime = agent.runtime();
    plain_after_attack(&lambda, &mut runtime);
    assert!(
        relay.connections.load(Ordering::Acquire) > 0,
        "the proxy was passed by"
    );
}

#[test]
fn another_proxy_between_the_runtime_and_the_agent() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let agent = Agent::start(&lambda, &[("CREDENZA_MODE", "block")]);
    let relay = Relay::start(Some(agent.address));
    let mut runtime = Runtime::connect(relay.address);
    plain_after_attack(&lambda, &mut runtime);
}

fn plain_after_attack(lambda: &Lambda, runtime: &mut Runtime) {
    for round in 0..10 {
        lambda.push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
        lambda.push(Lambda::event("plain", b"{}"));
        assert_eq!(runtime.next().unwrap().id, "plain");
        runtime.respond("plain", b"1").unwrap();
        let answers = lambda.answers(2 * (round + 1));
        assert!(
            answers[2 * round]
                .body
                .bytes
                .starts_with(br#"{"statusCode":403"#)
        );
    }
}

#[test]
fn a_foreign_wrapper_that_redirects_the_runtime_is_chained() {
    let _room = beside_others();
    let relay = Relay::start(None);
    let mut setup = Setup::new("a foreign wrapper", Client::Rust).expect("Rust needs no tool");
    setup.protect("block");
    let platform = setup.folder.path().join("platform");
    let foreign = setup.folder.script(
        "foreign",
        &format!(
            "#!/bin/sh\nprintf %s \"$AWS_LAMBDA_RUNTIME_API\" > {0}.new && mv {0}.new {0}\n\
             export AWS_LAMBDA_RUNTIME_API={1}\nexec \"$@\"\n",
            platform.display(),
            relay.address
        ),
    );
    setup.set("CREDENZA_NEXT_WRAPPER", &foreign.display().to_string());
    let connections = relay.connections.clone();
    // The foreign extension learns the platform's address as real ones do: from its environment.
    thread::spawn(move || {
        let begun = std::time::Instant::now();
        while begun.elapsed() < DEADLINE {
            if let Ok(text) = fs::read_to_string(&platform) {
                relay.set_target(text.parse().unwrap());
                return;
            }
            thread::park_timeout(Duration::from_millis(1));
        }
    });
    block_on(async {
        let sandbox = setup.start().await;
        is_protected(&sandbox, &setup).await;
    });
    assert!(
        connections.load(Ordering::Acquire) > 0,
        "the foreign proxy was passed by"
    );
}

#[test]
fn a_foreign_wrapper_that_leaves_a_dead_address_costs_neither_function_nor_protection() {
    let _room = beside_others();
    let dead = crate::harness::agent::free_address();
    let mut setup = Setup::new("a dead neighbour", Client::Rust).expect("Rust needs no tool");
    setup.protect("block");
    let text = format!("#!/bin/sh\nexport AWS_LAMBDA_RUNTIME_API={dead}\nexec \"$@\"\n");
    let foreign = setup.folder.script("foreign", &text);
    setup.set("CREDENZA_NEXT_WRAPPER", &foreign.display().to_string());
    block_on(async {
        let sandbox = setup.start().await;
        is_protected(&sandbox, &setup).await;
    });
}

#[test]
fn a_foreign_wrapper_that_only_sets_variables_is_chained() {
    let _room = beside_others();
    for client in [Client::Rust, Client::Python] {
        let Some(mut setup) = Setup::new(&format!("a plain wrapper, {client:?}"), client) else {
            continue;
        };
        setup.protect("block");
        let text = "#!/bin/sh\nexport FOREIGN=1\nexec \"$@\"\n";
        let foreign = setup.folder.script("foreign", text);
        setup.set("CREDENZA_NEXT_WRAPPER", &foreign.display().to_string());
        block_on(async {
            let sandbox = setup.start().await;
            is_protected(&sandbox, &setup).await;
        });
    }
}

#[test]
fn a_wrapper_that_is_missing_or_our_own_or_not_executable_is_skipped_with_a_line() {
    let _room = beside_others();
    for kind in ["missing", "own", "not executable"] {
        let mut setup = Setup::new("a broken wrapper", Client::Rust).expect("Rust needs no tool");
        setup.protect("block");
        let next = match kind {
            "missing" => setup.folder.path().join("missing"),
            "own" => setup.folder.wrapper(),
            _ => {
                let path = setup.folder.path().join("plain-text");
                fs::write(&path, "not a program").unwrap();
                path
            }
        };
        setup.set("CREDENZA_NEXT_WRAPPER", &next.display().to_string());
        block_on(async {
            let sandbox = setup.start().await;
            is_protected(&sandbox, &setup).await;
        });
        assert!(
            setup.said().contains("CREDENZA_NEXT_WRAPPER"),
            "{kind}: {}",
            setup.said()
        );
    }
}

#[test]
fn the_web_adapter_registers_and_polls_through_the_agent() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let address = format!("http://{}", crate::harness::agent::free_address());
    let agent = Agent::start(
        &lambda,
        &[
            ("CREDENZA_MODE", "block"),
            ("AWS_LWA_LAMBDA_RUNTIME_API_PROXY", &address),
        ],
    );
    // With that variable the adapter sends everything here, its own registration first (R27).
    let mut adapter = agent.runtime();
    let (head, _) = adapter
        .call(&message(
            "POST /2020-01-01/extension/register HTTP/1.1",
            &[
                ("Host", "sandbox.localdomain"),
                ("Lambda-Extension-Name", "lambda-adapter"),
                ("Content-Type", "application/json"),
            ],
            b"{\"events\":[]}",
        ))
        .unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.header("lambda-extension-identifier").is_some());
    let heads = lambda.heads();
    let seen = heads
        .iter()
        .find(|head| head.text("lambda-extension-name") == Some("lambda-adapter"));
    assert!(
        seen.is_some(),
        "the registration did not arrive as it was sent"
    );
    let mut waiting = agent.runtime();
    waiting
        .send(
            b"GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: a\r\n\
              Lambda-Extension-Identifier: 0f6c1f4e-41c2-4cf5-8ad1-6a2e5b7a3d10\r\n\r\n",
        )
        .unwrap();
    plain_after_attack(&lambda, &mut adapter);
}
