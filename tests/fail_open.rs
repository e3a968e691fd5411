//! A9: whatever breaks in here, the function still answers; one test for each row.
//! It never accepts silence: where a fault can be told, the test looks for the line.
use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use credenza_sandbox::{AddressForm, Invocation};

use crate::harness::agent::{self, Agent, free_address};
use crate::harness::beside_others;
use crate::harness::http::Head;
use crate::harness::lambda::{Lambda, Peer, next_reply};
use crate::harness::pair::Pair;
use crate::harness::programs::tool;
use crate::harness::runtime::Runtime;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Folder, Setup, block_on};

/// What the wrapper says where it leaves the platform's address.
const UNPROTECTED: &str =
    "credenza-agent does not answer: the address is kept, nothing is inspected";

/// A protected Rust function answers three plain events; gives back what was said.
fn answers_through(setup: &Setup) -> String {
    block_on(async {
        let sandbox = setup.start().await;
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
        }
    });
    setup.said()
}

fn rust(test: &str) -> Setup {
    Setup::new(test, Client::Rust).expect("the Rust client needs no tool")
}

#[test]
fn the_agent_is_absent_and_the_wrapper_keeps_the_platforms_address() {
    let _room = beside_others();
    let mut setup = rust("absent agent");
    setup.protect("block");
    setup.config.extensions.clear();
    let said = answers_through(&setup);
    assert!(said.contains(UNPROTECTED), "nothing was said: {said}");
}

#[test]
fn extensions_are_disabled_and_the_wrapper_keeps_the_platforms_address() {
    let _room = beside_others();
    let mut setup = rust("disabled extensions");
    setup.protect("block");
    setup.config.extensions_disabled = true;
    let said = answers_through(&setup);
    assert!(said.contains(UNPROTECTED), "nothing was said: {said}");
}

#[test]
fn the_agent_is_killed_before_the_runtime_starts() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let mut agent = Agent::start(&lambda, &[("CREDENZA_MODE", "block")]);
    assert_eq!(wrapped_address(&lambda, &agent), agent.address.to_string());
    agent.kill();
    assert_eq!(wrapped_address(&lambda, &agent), lambda.address.to_string());
}

/// The address that the wrapper gives a runtime which starts now.
fn wrapped_address(lambda: &Lambda, agent: &Agent) -> String {
    let script = ["/bin/sh", "-c", "echo $AWS_LAMBDA_RUNTIME_API"];
    wrapped(lambda, agent, &script.map(OsStr::new))
}

/// What a command says that the wrapper starts, with a proxy for the internet set.
fn wrapped(lambda: &Lambda, agent: &Agent, command: &[&OsStr]) -> String {
    let folder = Folder::new();
    let output = Command::new(folder.wrapper())
        .args(command)
        .env("AWS_LAMBDA_RUNTIME_API", lambda.address.to_string())
        .env("CREDENZA_LISTEN", agent.address.to_string())
        // Nobody listens there: whoever honours it for loopback fails at once.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("NO_PROXY", "example.com")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_runtime_that_honours_proxies_reaches_the_agent_all_the_same() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let agent = Agent::start(&lambda, &[("CREDENZA_MODE", "block")]);
    let script = ["/bin/sh", "-c", "echo $NO_PROXY; echo $no_proxy"];
    let told = wrapped(&lambda, &agent, &script.map(OsStr::new));
    let [upper, lower] = told.lines().collect::<Vec<_>>()[..] else {
        panic!("not both are set: {told}");
    };
    // The customer's own exceptions stay (R20).
    assert!(upper.contains("example.com"), "{upper}");
    for list in [upper, lower] {
        assert!(list.split(',').any(|name| name == "127.0.0.1"), "{list}");
    }
    let Some(python) = tool("a client that honours proxies", "python runtime client") else {
        return;
    };
    let script = "import os, urllib.request as r\n\
                  api = os.environ['AWS_LAMBDA_RUNTIME_API']\n\
                  print(r.urlopen(f'http://{api}/2018-06-01/ping').read().decode())";
    let command = [python.as_os_str(), OsStr::new("-c"), OsStr::new(script)];
    assert_eq!(wrapped(&lambda, &agent, &command), "pong");
}

#[test]
fn a_port_that_is_open_but_mute_is_not_taken_for_the_agent() {
    let _room = beside_others();
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut setup = rust("mute port");
    setup.protect("block");
    setup.set("CREDENZA_LISTEN", &mute.local_addr().unwrap().to_string());
    setup.config.extensions.clear();
    let said = answers_through(&setup);
    assert!(said.contains(UNPROTECTED), "nothing was said: {said}");
}

#[test]
fn the_port_is_taken_and_another_one_protects_all_the_same() {
    let _room = beside_others();
    let mut setup = rust("taken port");
    setup.protect("block");
    let _taken = std::net::TcpListener::bind(setup.listen()).unwrap();
    block_on(async {
        let sandbox = setup.start().await;
        let outcome = sandbox.invoke(Invocation::new(rest("/q", "7"))).await;
        assert!(
            outcome.is_response(),
            "{:?}\n{}",
            outcome.ending,
            setup.said()
        );
        let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
        let payload = outcome.payload();
        assert!(
            payload.starts_with(br#"{"statusCode":403"#),
            "not protected: {}",
            setup.said()
        );
    });
}

#[test]
fn a_garbage_policy_means_monitor_mode_and_a_loud_line() {
    let _room = beside_others();
    for (name, text) in [
        ("not-toml", &b"mode = = \x00 [[["[..]),
        ("not-utf8", b"\xff\xfe\x00mode"),
        ("unknown-key", b"mode = \"blokc\"\nmdoe = 3\n"),
        ("empty", b""),
        ("future", b"version = 99\n"),
    ] {
        let folder = Folder::new();
        let path = folder.path().join("credenza.toml");
        fs::write(&path, text).unwrap();
        let mut setup = rust("garbage policy");
        setup.protect("block");
        setup.set("CREDENZA_POLICY", &path.display().to_string());
        let said = answers_through(&setup);
        let loud = setup
            .agent_said()
            .iter()
            .any(|line| line.contains("problem"));
        assert!(loud || name == "empty", "{name}: nothing was said: {said}");
    }
}

#[test]
fn a_policy_that_cannot_be_read_or_is_endless_harms_nobody() {
    let _room = beside_others();
    let folder = Folder::new();
    let large = folder.path().join("large.toml");
    fs::write(&large, "# padding\n".repeat(11_000_000)).unwrap();
    for path in ["/nonexistent/credenza.toml", "/", "/dev/zero", "/dev/null"] {
        let mut setup = rust("unreadable policy");
        setup.protect("block");
        setup.set("CREDENZA_POLICY", path);
        answers_through(&setup);
    }
    let mut setup = rust("a policy of 110 MB");
    setup.protect("block");
    setup.set("CREDENZA_POLICY", &large.display().to_string());
    answers_through(&setup);
}

#[test]
fn unknown_variables_are_told_with_a_suggestion_and_ignored() {
    let _room = beside_others();
    let mut setup = rust("unknown variables");
    setup.protect("block");
    setup.set("CREDENZA_MOED", "off");
    setup.set("CREDENZA_SOMETHING_ELSE", "1");
    let said = answers_through(&setup);
    assert!(said.contains("CREDENZA_MOED"), "{said}");
    assert!(said.contains("CREDENZA_MODE"), "no suggestion: {said}");
}

#[test]
fn senseless_values_of_known_variables_harm_nobody() {
    let _room = beside_others();
    for (name, value) in [
        ("CREDENZA_MODE", "blokc"),
        ("CREDENZA_LISTEN", "0.0.0.0:9077"),
        ("CREDENZA_LISTEN", "nonsense"),
        ("CREDENZA_LISTEN", "127.0.0.1:99999"),
        ("CREDENZA_UPSTREAM", "not an address"),
        ("CREDENZA_ON_ERROR", "perhaps"),
        ("CREDENZA_ON_PARTIAL", "perhaps"),
        ("CREDENZA_LOG_LEVEL", "louder"),
        ("CREDENZA_POLICY_URL", "https://example.com/policy"),
        ("CREDENZA_POLICY_KEY", "not a key"),
        ("CREDENZA_NEXT_WRAPPER", "/nonexistent/wrapper"),
    ] {
        let mut setup = rust(name);
        setup.protect("monitor");
        setup.set(name, value);
        let said = answers_through(&setup);
        assert!(
            said.contains(name),
            "{name}={value}: nothing was said: {said}"
        );
    }
}

#[test]
fn a_proxy_for_the_internet_is_not_taken_for_loopback() {
    let _room = beside_others();
    for client in [
        Client::Python,
        Client::Node,
        Client::NodeStreaming,
        Client::Rust,
    ] {
        let Some(mut setup) = Setup::new(&format!("HTTP_PROXY with {client:?}"), client) else {
            continue;
        };
        setup.protect("block");
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            // Nobody listens there: whoever honours it for loopback fails at once.
            setup.set(name, "http://127.0.0.1:9");
        }
        block_on(async {
            let sandbox = setup.start().await;
            let outcome = sandbox.invoke(Invocation::new(rest("/q", "7"))).await;
            assert!(outcome.is_response(), "{client:?}: {:?}", outcome.ending);
            let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
            assert!(
                outcome.payload().starts_with(br#"{"statusCode":403"#),
                "{client:?}"
            );
        });
    }
}

#[test]
fn a_closed_stdout_costs_records_and_nothing_else() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let lambda = Lambda::start();
        let address = free_address();
        let mut command = agent::command(address, &lambda.address.to_string());
        command.env("CREDENZA_MODE", mode);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let mut agent = Agent::adopt(child, address);
        lambda.wait_call("POST /2020-01-01/extension/register");
        let mut runtime = agent.runtime();
        for round in 0..100 {
            lambda.push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
            lambda.push(Lambda::event(&format!("plain-{round}"), b"{}"));
            let mut received = runtime.next().unwrap();
            if mode == "monitor" {
                runtime.respond(&received.id, b"1").unwrap();
                received = runtime.next().unwrap();
            }
            assert_eq!(received.id, format!("plain-{round}"));
            runtime.respond(&received.id, b"1").unwrap();
        }
        assert!(agent.is_running());
    }
}

#[test]
fn a_full_disk_for_stdout_costs_records_and_nothing_else() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let address = free_address();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let child = agent::command(address, &lambda.address.to_string())
        .stdout(full())
        .stderr(full())
        .spawn()
        .unwrap();
    let mut agent = Agent::adopt(child, address);
    lambda.wait_call("POST /2020-01-01/extension/register");
    let mut runtime = agent.runtime();
    for _ in 0..100 {
        lambda.push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
        assert_eq!(runtime.next().unwrap().id, "attack");
        runtime.respond("attack", b"1").unwrap();
    }
    assert!(agent.is_running());
}

#[test]
fn a_reader_of_stdout_that_is_stuck_holds_no_event_up() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let address = free_address();
    // Nobody reads this pipe; 64 KiB of it are full after about a hundred findings.
    let child = agent::command(address, &lambda.address.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut agent = Agent::adopt(child, address);
    lambda.wait_call("POST /2020-01-01/extension/register");
    let mut runtime = agent.runtime();
    runtime.set_patience(Duration::from_secs(5));
    for _ in 0..1_000 {
        lambda.push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
        assert_eq!(runtime.next().unwrap().id, "attack");
        runtime.respond("attack", b"1").unwrap();
    }
    assert!(agent.is_running());
}

#[test]
fn every_form_of_the_platforms_address_works() {
    let _room = beside_others();
    for form in [
        AddressForm::Plain,
        AddressForm::Localhost,
        AddressForm::Url {
            prefix: ".rt".to_owned(),
        },
        AddressForm::Url {
            prefix: "a/b/function-name".to_owned(),
        },
    ] {
        for mode in ["monitor", "block"] {
            let mut setup = rust("address forms");
            setup.config.address_form = form.clone();
            setup.protect(mode);
            answers_through(&setup);
        }
    }
}

/// What may happen to the connection at one step of a call.
type Break = fn(&Lambda, &Head, &mut Peer) -> std::io::Result<()>;

const NEXT_BREAKS: [(&str, Break); 7] = [
    ("reset before the head", |_, _, peer| peer.reset()),
    ("closed before the head", |_, _, _| {
        Err(std::io::ErrorKind::ConnectionAborted.into())
    }),
    ("reset in the head", |_, _, peer| {
        peer.write(b"HTTP/1.1 200 OK\r\nContent-Le")?;
        peer.reset()
    }),
    ("closed in the head", |_, _, peer| {
        peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n")?;
        Err(std::io::ErrorKind::ConnectionAborted.into())
    }),
    ("reset in the body", |_, _, peer| {
        let bytes = next_reply(&Lambda::event("broken", b"{\"a\":\"0123456789\"}"));
        peer.write(&bytes[..bytes.len() - 5])?;
        peer.reset()
    }),
    ("closed in the body", |_, _, peer| {
        let bytes = next_reply(&Lambda::event("broken", b"{\"a\":\"0123456789\"}"));
        peer.write(&bytes[..bytes.len() - 5])?;
        Err(std::io::ErrorKind::ConnectionAborted.into())
    }),
    ("reset after the reply", |lambda, head, peer| {
        lambda.normal(head, peer)?;
        peer.reset()
    }),
];

/// The n-th call whose target ends with `target` breaks in this way.
fn break_at(lambda: &Arc<Lambda>, target: &'static str, at: usize, way: Break) {
    let own = Arc::downgrade(lambda);
    let count = AtomicUsize::new(0);
    lambda.set_fault(move |head, peer| {
        if !head.target().ends_with(target) || count.fetch_add(1, Ordering::AcqRel) != at {
            return None;
        }
        Some(way(&*own.upgrade()?, head, peer))
    });
}

/// A runtime as real ones are: it connects anew and asks again where a call failed.
fn invoke_stubbornly(agent: &Agent, lambda: &Lambda, runtime: &mut Runtime, id: &str) {
    lambda.push(Lambda::event(id, b"{}"));
    for _ in 0..5 {
        match runtime.next() {
            Ok(received) if received.id == id => {
                if runtime.respond(id, b"1").is_err() {
                    *runtime = agent.runtime();
                    // The platform may have taken the answer before the connection broke.
                    let _ = runtime.post(id, "response", &[], b"1");
                }
                return;
            }
            Ok(received) => panic!("another event came: {received:?}"),
            Err(error) => {
                let hung = matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                );
                assert!(!hung, "{id}: the agent hung");
                *runtime = agent.runtime();
            }
        }
    }
    panic!("{id}: the function did not get its event");
}

#[test]
fn the_platform_breaks_off_at_every_step_of_next() {
    let _room = beside_others();
    for (name, way) in NEXT_BREAKS {
        for at in 0..3 {
            let lambda = Lambda::start();
            let mut agent = Agent::start(&lambda, &[("CREDENZA_MODE", "block")]);
            break_at(&lambda, "/invocation/next", at, way);
            let mut runtime = agent.runtime();
            for round in 0..4 {
                let id = format!("{}-{at}-{round}", name.replace(' ', "-"));
                invoke_stubbornly(&agent, &lambda, &mut runtime, &id);
            }
            assert_eq!(lambda.answers(4).len(), 4, "{name} at {at}");
            assert!(agent.is_running(), "{name} at {at}");
        }
    }
}

#[test]
fn the_platform_breaks_off_at_every_step_of_response() {
    let _room = beside_others();
    let breaks: [(&str, Break); 4] = [
        ("reset before the body is read", |_, _, peer| peer.reset()),
        ("closed before the body is read", |_, _, _| {
            Err(std::io::ErrorKind::ConnectionAborted.into())
        }),
        ("reset after the body", |_, head, peer| {
            peer.body(head)?;
            peer.reset()
        }),
        ("reset in the reply", |lambda, head, peer| {
            let body = peer.body(head)?;
            lambda.note(crate::harness::lambda::Answer {
                head: head.clone(),
                body,
            });
            peer.write(b"HTTP/1.1 202 Acc")?;
            peer.reset()
        }),
    ];
    for (name, way) in breaks {
        for at in 0..3 {
            let lambda = Lambda::start();
            let mut agent = Agent::start(&lambda, &[("CREDENZA_MODE", "monitor")]);
            break_at(&lambda, "/response", at, way);
            let mut runtime = agent.runtime();
            for round in 0..4 {
                invoke_stubbornly(&agent, &lambda, &mut runtime, &format!("{at}-{round}"));
            }
            assert!(agent.is_running(), "{name} at {at}");
            let ids: std::collections::BTreeSet<String> = lambda
                .answers_so_far()
                .iter()
                .map(|answer| answer.id().to_owned())
                .collect();
            assert!(ids.len() >= 4, "{name} at {at}: {ids:?}");
        }
    }
}

#[test]
fn the_platform_breaks_off_at_every_step_of_a_refusal() {
    let _room = beside_others();
    for (name, way) in [
        ("reset", (|_, _, peer| peer.reset()) as Break),
        ("413", |_, head, peer| {
            peer.body(head)?;
            peer.reply("413 Request Entity Too Large", b"{}")
        }),
        ("400", |_, head, peer| {
            peer.body(head)?;
            peer.reply("400 Bad Request", br#"{"errorType":"InvalidRequestID"}"#)
        }),
        ("500", |_, head, peer| {
            peer.body(head)?;
            peer.reply("500 Internal Server Error", b"{}")
        }),
    ] {
        let mut pair = Pair::new("block");
        break_at(&pair.lambda, "/response", 0, way);
        pair.lambda
            .push(Lambda::event("attack", rest("/q", INJECTION).as_bytes()));
        pair.lambda.push(Lambda::event("plain", b"{}"));
        let received = pair.runtime.next().expect(name);
        assert_eq!(received.id, "plain", "{name}: the function saw the attack");
        pair.runtime.respond("plain", b"1").unwrap();
        assert!(pair.agent.is_running(), "{name}");
    }
}

#[test]
fn the_platforms_own_refusals_of_next_come_back_unchanged() {
    let _room = beside_others();
    for (status, body) in [
        (
            "403 Forbidden",
            r#"{"errorMessage":"x","errorType":"InvalidStateTransition"}"#,
        ),
        ("500 Internal Server Error", "{}"),
        ("404 Not Found", "404 page not found"),
        ("410 Gone", "{}"),
        ("302 Found", ""),
    ] {
        let mut pair = Pair::new("block");
        pair.lambda.set_fault(move |head, peer| {
            let is_next = head.target().ends_with("/invocation/next");
            is_next.then(|| peer.reply(status, body.as_bytes()))
        });
        pair.runtime.ask_next().unwrap();
        let (head, seen) = pair.runtime.reply().unwrap();
        assert_eq!(head.start, format!("HTTP/1.1 {status}"));
        assert_eq!(seen.bytes, body.as_bytes(), "{status}");
    }
}

#[test]
fn an_unreachable_platform_gives_one_error_and_never_an_invented_success() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.invoke("one", b"{}", b"1");
    pair.lambda.end();
    pair.runtime.ask_next().unwrap();
    let reply = pair.runtime.reply();
    let refused = reply.as_ref().is_ok_and(|(head, _)| head.status() >= 500);
    assert!(refused || reply.is_err(), "{reply:?}");
}

#[test]
fn registering_fails_in_every_way_and_the_runtime_is_left_to_the_platform() {
    let _room = beside_others();
    let ways: [(&str, Break); 4] = [
        ("reset", |_, _, peer| peer.reset()),
        ("500", |_, head, peer| {
            peer.body(head)?;
            peer.reply("500 Internal Server Error", b"{}")
        }),
        ("no identifier", |_, head, peer| {
            peer.body(head)?;
            peer.reply("200 OK", b"{}")
        }),
        ("403", |_, head, peer| {
            peer.body(head)?;
            peer.reply(
                "403 Forbidden",
                br#"{"errorType":"Extension.RegistrationClosed"}"#,
            )
        }),
    ];
    for (name, way) in ways {
        let lambda = Lambda::start();
        break_at(&lambda, "/extension/register", 0, way);
        let mut agent = Agent::launch(&lambda.address.to_string(), &[]);
        // An agent that the platform does not know would wait for a SHUTDOWN that never comes.
        let (status, _) = agent.wait_exit();
        assert_eq!(status.code(), Some(0), "{name}");
        agent.lines.wait(&["registration", "failed, leaving"]);
        assert_eq!(
            wrapped_address(&lambda, &agent),
            lambda.address.to_string(),
            "{name}"
        );
    }
}
