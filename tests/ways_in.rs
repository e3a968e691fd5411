//! Each way into a function: its configuration, as its own tool made it, with the agent before it.
//! It never adds a variable but the mode, and a port of its own where two would meet.
use std::fs;
use std::time::Duration;

use credenza_sandbox::{Invocation, Sandbox, ShutdownReason};
use serde_json::Value;

use crate::harness::programs::{agent, echo_function, root, skip, tool};
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Folder, Setup, assert_no_violation, block_on};
use crate::harness::{alone, progress};

/// What came out of the templates, as `cargo xtask deploy` wrote it.
fn functions() -> Option<Vec<Value>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let file = root().join(target).join("deploy/functions.json");
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A function with a configuration, and the folder that its code lies in.
fn setup(function: &Value, mode: Option<&str>) -> Option<(Setup, Folder)> {
    let configuration = &function["configuration"];
    let client = if configuration["Runtime"] == "provided.al2023" {
        Client::Rust
    } else {
        Client::Python
    };
    let mut setup = Setup::new("ways in", client)?;
    let code = Folder::new();
    let handler = configuration["Handler"].as_str().unwrap();
    let module = handler.split('.').next().unwrap_or(handler);
    let source = root().join("deploy/function/app.py");
    fs::copy(source, code.path().join(format!("{module}.py"))).unwrap();
    setup.config.working_directory = Some(code.path().to_owned());
    code.path().clone_into(&mut setup.config.task_root);
    handler.clone_into(&mut setup.config.handler);
    setup.config.memory_mb = number(&configuration["MemorySize"], 128);
    setup.config.timeout = Duration::from_secs(number(&configuration["Timeout"], 3).into());
    setup.protect("monitor");
    setup.config.env.retain(|(name, _)| name != "CREDENZA_MODE");
    let variables = configuration["Environment"]["Variables"].as_object();
    let variable = |name: &str| variables?.get(name)?.as_str().map(str::to_owned);
    for (name, value) in variables.into_iter().flatten() {
        if name != "AWS_LAMBDA_EXEC_WRAPPER" && !(name == "CREDENZA_MODE" && mode.is_some()) {
            setup.set(name, value.as_str().unwrap_or("a reference"));
        }
    }
    if let Some(mode) = mode {
        setup.set("CREDENZA_MODE", mode);
    }
    if client == Client::Rust {
        let bootstrap = bootstrap(&code);
        setup.config.command = vec![bootstrap.into()];
        setup.set("LAMBDA_TASK_ROOT", &code.path().display().to_string());
    } else if let Some(last) = setup.config.command.last_mut() {
        *last = handler.replace("run.sh", "run.handler").into();
    }
    if variable("AWS_LAMBDA_EXEC_WRAPPER").as_deref() != Some("/opt/credenza-wrapper") {
        setup.config.wrapper = None;
    }
    if let Some(proxy) = variable("AWS_LWA_LAMBDA_RUNTIME_API_PROXY") {
        // What the adapter does with that variable, in two words of a shell.
        let address = proxy.trim_start_matches("http://").to_owned();
        let text = format!("#!/bin/sh\nAWS_LAMBDA_RUNTIME_API={address} exec \"$@\"\n");
        let adapter = setup.folder.script("adapter", &text);
        setup.config.command.insert(0, adapter.into());
        setup
            .config
            .env
            .retain(|(name, _)| name != "CREDENZA_LISTEN");
    }
    Some((setup, code))
}

fn number(value: &Value, otherwise: u32) -> u32 {
    let given = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    given
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(otherwise)
}

/// The bootstrap of the kit with a real program beside it; the agent lies elsewhere than on Lambda.
fn bootstrap(code: &Folder) -> std::path::PathBuf {
    let text = fs::read_to_string(root().join("deploy/os-only/bootstrap")).unwrap();
    let agent = agent().display().to_string();
    code.program("server", echo_function());
    code.script(
        "bootstrap",
        &text.replace("/opt/extensions/credenza-agent", &agent),
    )
}

async fn ask(sandbox: &Sandbox, name: &str, order: &str) -> (String, bool) {
    let event = rest("/orders", "7").replace(
        r#""queryStringParameters":{"id":"7"}"#,
        &format!(r#""queryStringParameters":{{"name":"{name}","order":"{order}"}}"#),
    );
    assert!(event.contains(order), "{event}");
    let outcome = sandbox.invoke(Invocation::new(event)).await;
    let payload = String::from_utf8_lossy(&outcome.payload()).into_owned();
    (payload, outcome.is_response())
}

/// As it is, and then with the one line that blocks.
fn serves_and_refuses(function: &Value) {
    let name = format!("{} ({})", function["way"], function["name"]);
    for mode in [None, Some("block")] {
        let Some((setup, _code)) = setup(function, mode) else {
            return;
        };
        block_on(async {
            let sandbox = setup.start().await;
            let (answer, is_response) = ask(&sandbox, "Ada", "1001").await;
            assert!(
                is_response && answer.contains("1001") || answer.contains("on its way"),
                "{name}: {answer}"
            );
            let (answer, _) = ask(&sandbox, INJECTION, "1001").await;
            let is_refused = answer.contains("\"statusCode\":403");
            assert_eq!(
                is_refused,
                mode.is_some(),
                "{name}: {answer}\n{}",
                setup.said()
            );
            let (answer, _) = ask(&sandbox, "Eve O'Hara", "1002").await;
            assert!(
                answer.contains("1002") || answer.contains("delivered"),
                "{name}: {answer}"
            );
            assert_no_violation(&sandbox);
            sandbox.shutdown(ShutdownReason::Spindown).await;
        });
        let applied = format!("\"applied\":{}", mode.is_some());
        let told = setup.agent_said().into_iter();
        let findings: Vec<String> = told
            .filter(|line| line.contains(r#""rule":"sql-injection""#))
            .collect();
        assert!(
            !findings.is_empty(),
            "{name}: nothing was told: {}",
            setup.said()
        );
        assert!(
            findings.iter().all(|line| line.contains(&applied)),
            "{name}: {findings:?}"
        );
    }
    progress(&format!(
        "{name}: served, watched, and refused in block mode"
    ));
}

#[test]
fn a_function_of_every_way_is_served_and_an_attack_on_it_refused() {
    let Some(functions) = functions() else {
        return skip("ways in", "`cargo xtask deploy` has not run");
    };
    let _room = alone();
    assert!(!functions.is_empty());
    for function in &functions {
        serves_and_refuses(function);
    }
}

#[test]
fn the_functions_of_images_start_through_the_agent_as_their_entry_point_says() {
    let _room = alone();
    if tool("ways in", "python runtime client").is_none() {
        return;
    }
    let own = fs::read_to_string(root().join("deploy/image/Dockerfile.own")).unwrap();
    let entry = own
        .lines()
        .find_map(|line| line.strip_prefix("ENTRYPOINT "))
        .unwrap();
    let words: Vec<String> = serde_json::from_str(entry).unwrap();
    assert_eq!(words[0], "/opt/extensions/credenza-agent");
    let Some(mut setup) = Setup::new("ways in", Client::Python) else {
        return;
    };
    let python = setup.config.command[0].clone();
    setup.protect("block");
    setup.config.wrapper = None;
    setup.config.working_directory = Some(root().join("deploy/function"));
    setup.config.task_root = root().join("deploy/function");
    let mut command: Vec<std::ffi::OsString> = words.into_iter().map(Into::into).collect();
    command[0] = agent().into();
    command[3] = python;
    command.push("app.handler".into());
    setup.config.command = command;
    block_on(async {
        let sandbox = setup.start().await;
        let (answer, _) = ask(&sandbox, "Ada", "1001").await;
        assert!(answer.contains("on its way"), "{answer}");
        let (answer, _) = ask(&sandbox, INJECTION, "1001").await;
        assert!(answer.contains("\"statusCode\":403"), "{answer}");
        sandbox.shutdown(ShutdownReason::Spindown).await;
    });
}
