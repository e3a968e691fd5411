//! Functions over the real runtime clients that give their own key away, in each way of writing and
//! in each part of an answer: withheld in block mode, byte for byte the same in monitor mode.
//! It never asks how the agent spells a secret: what the function says unprotected must not leave.
use credenza_sandbox::{Ending, Invocation, Outcome, Sandbox};
use serde_json::json;

use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, beside_others};

fn key() -> String {
    ["kW9zTq4L", "+0aR/nVb", "7yJXcE2u", "HdP3mG8s", "QoF5iN6t"].concat()
}

/// Ways of writing that both functions know; the last three are undone in whole answers only.
const WAYS: [&str; 14] = [
    "plain",
    "reversed",
    "json",
    "url",
    "html",
    "hex",
    "hex capitals",
    "base64",
    "base64 behind one",
    "base64 behind two",
    "base64 for urls",
    "json all",
    "url all",
    "base64 twice",
];
const SPELLED: usize = 11;

/// Parts of an answer that only the function in Python has, and those that both have.
const PARTS: [&str; 17] = [
    "name",
    "halves",
    "no base64 body",
    "gzip body",
    "deflate body",
    "many headers",
    "status",
    "batch",
    "text",
    "document",
    "body",
    "json body",
    "base64 body",
    "header",
    "cookie",
    "error",
    "error type",
];
const OF_BOTH: usize = 8;

fn setup(test: &str, client: Client, mode: Option<&str>) -> Option<Setup> {
    let mut setup = Setup::new(test, client)?;
    setup.set("ECHO_MODE", "secrets");
    setup.set("AWS_SECRET_ACCESS_KEY", &key());
    // The client in Python tells the paths of a trace in the order of a set.
    setup.set("PYTHONHASHSEED", "0");
    if let Some(mode) = mode {
        setup.protect(mode);
    }
    Some(setup)
}

async fn answer(sandbox: &Sandbox, way: &str, part: &str, split: usize) -> Outcome {
    let event = json!({"way": way, "part": part, "split": split});
    let outcome = sandbox.invoke(Invocation::new(event.to_string())).await;
    assert_no_violation(sandbox);
    outcome
}

/// Everything of an answer that the platform got: its headers, its body, its trailers.
fn everything(outcome: &Outcome) -> Vec<u8> {
    let mut all = outcome.payload().to_vec();
    let Some(answer) = &outcome.answer else {
        return all;
    };
    all.extend_from_slice(&answer.body);
    for (name, value) in answer.headers.iter().chain(&answer.trailers) {
        if !["content-length", "host"].contains(&name.as_str()) {
            all.extend([name.as_bytes(), b": ", value, b"\n"].concat());
        }
    }
    all
}

/// What a client's function says of each part in each way, protected like that.
fn said(test: &str, client: Client, mode: Option<&str>) -> Option<Vec<(String, String)>> {
    let setup = setup(test, client, mode)?;
    let parts = match client {
        Client::Python => &PARTS[..],
        _ => &PARTS[OF_BOTH..],
    };
    let said = block_on(async {
        let sandbox = setup.start().await;
        let mut said = Vec::new();
        for part in parts {
            for way in WAYS {
                let outcome = answer(&sandbox, way, part, 0).await;
                let all = String::from_utf8_lossy(&everything(&outcome)).into_owned();
                // An error tells its invocation, which is another one each time.
                let all = all.replace(&outcome.request_id, "(id)");
                said.push((format!("{way} in {part}"), all));
            }
        }
        sandbox.idle().await;
        said
    });
    if mode.is_some() {
        let leaks = |line: &String| {
            line.contains("\"record\":\"leak\"") && line.contains("AWS_SECRET_ACCESS_KEY")
        };
        let begun = std::time::Instant::now();
        let told = || setup.agent_said().iter().filter(|line| leaks(line)).count();
        while told() < said.len() && begun.elapsed() < DEADLINE {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(
            told() >= said.len(),
            "{} of {} were told",
            told(),
            said.len()
        );
        for line in setup.agent_said() {
            let runs = key().into_bytes();
            let mut runs = runs
                .windows(4)
                .map(|run| str::from_utf8(run).unwrap().to_owned());
            assert!(!runs.any(|run| line.contains(&run)), "{line}");
        }
    }
    Some(said)
}

#[test]
fn what_a_function_says_of_its_key_is_withheld_and_passes_as_it_is_in_monitor_mode() {
    let _room = beside_others();
    for client in [Client::Python, Client::Node] {
        let Some(plain) = said("its own key", client, None) else {
            continue;
        };
        let monitor = said("its own key in monitor mode", client, Some("monitor")).unwrap();
        let block = said("its own key in block mode", client, Some("block")).unwrap();
        for ((name, plain), ((_, monitor), (_, block))) in
            plain.iter().zip(monitor.iter().zip(&block))
        {
            assert_eq!(monitor, plain, "{client:?}: {name}");
            assert!(
                block.contains("Function.ResponseBlocked"),
                "{client:?}: {name}: {block}"
            );
            assert!(block.len() < 500, "{client:?}: {name}: {block}");
        }
    }
}

#[test]
fn wherever_a_function_splits_a_stream_no_character_of_its_key_leaves() {
    let _room = beside_others();
    let Some(setup) = setup(
        "its own key in streams",
        Client::NodeStreaming,
        Some("block"),
    ) else {
        return;
    };
    let before = "data: ";
    block_on(async {
        let sandbox = setup.start().await;
        for way in &WAYS[..SPELLED] {
            // A digit may hold bits of the byte before and of the first one of the key.
            let shared = match *way {
                "base64 behind one" => 2,
                "base64 behind two" => 3,
                _ => 0,
            };
            for part in ["rows", "body"] {
                for split in 0..=before.len() + 60 {
                    let outcome = answer(&sandbox, way, part, split).await;
                    let Ending::Error { error_type, .. } = &outcome.ending else {
                        panic!("{way} in {part} at {split}: {:?}", outcome.ending);
                    };
                    assert_eq!(error_type, "Function.ResponseBlocked");
                    let sent = outcome.answer.unwrap_or_default().body;
                    let sent = String::from_utf8_lossy(&sent).into_owned();
                    let (_, rows) = sent.rsplit_once('\0').unwrap_or_default();
                    let rows = if part == "rows" { &sent } else { rows };
                    assert!(
                        rows.starts_with(before),
                        "{way} in {part} at {split}: {sent}"
                    );
                    assert_eq!(
                        rows.len(),
                        before.len() + shared,
                        "{way} in {part} at {split}: {sent}"
                    );
                }
            }
        }
    });
}

#[test]
fn the_prelude_of_a_stream_and_the_error_that_ends_one_do_not_tell_the_key() {
    let _room = beside_others();
    for mode in ["block", "monitor"] {
        let Some(setup) = setup(
            "its own key around streams",
            Client::NodeStreaming,
            Some(mode),
        ) else {
            return;
        };
        block_on(async {
            let sandbox = setup.start().await;
            for way in WAYS {
                for part in ["header", "error"] {
                    let outcome = answer(&sandbox, way, part, 5).await;
                    let all = String::from_utf8_lossy(&everything(&outcome)).into_owned();
                    let is_withheld = all.contains("Function.ResponseBlocked");
                    assert_eq!(is_withheld, mode == "block", "{way} in {part}: {all}");
                }
            }
            sandbox.idle().await;
        });
        let told = setup.agent_said();
        let told = told
            .iter()
            .filter(|line| line.contains("\"record\":\"leak\""));
        assert!(told.count() >= 2 * WAYS.len(), "{mode}: {}", setup.said());
    }
}

#[test]
fn a_function_that_breaks_at_its_start_does_not_tell_the_key() {
    let _room = beside_others();
    for mode in ["block", "monitor"] {
        let Some(mut setup) = setup("its own key at the start", Client::Python, Some(mode)) else {
            return;
        };
        setup.set("ECHO_MODE", "secrets at start");
        block_on(async {
            let sandbox = Sandbox::start(setup.config.clone())
                .await
                .expect("the sandbox starts");
            let init = format!("{:?}", sandbox.init());
            assert!(!sandbox.init().is_success(), "{init}");
            assert_eq!(init.contains(&key()[..8]), mode == "monitor", "{init}");
            assert_eq!(init.contains("ResponseBlocked"), mode == "block", "{init}");
        });
    }
}
