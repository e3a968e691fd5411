//! A17: what goes past the agent is reported, each time, and what does not never is.
//! It never asks the agent: the only witness is what the platform tells.
use std::fs;
use std::time::{Duration, Instant};

use credenza_sandbox::{Invocation, Sandbox, ShutdownReason};

use crate::harness::programs::root;
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, alone, beside_others, progress};

/// Invocations that go past the agent.
const BYPASSED: usize = 1_000;

/// Invocations of honest functions, unless `CREDENZA_SOAK_INVOCATIONS` says otherwise.
const HONEST: usize = 10_000;

/// A function that goes `way`, protected and witnessed.
fn setup(way: &str) -> Setup {
    let mut setup = Setup::new("bypass", Client::Rust).expect("Rust needs no tool");
    let script = root().join("tests/functions/bypass.py");
    setup.config.command = vec!["python3".into(), script.into()];
    setup.config.ledger_calls_max = 1_000;
    setup.set("BYPASS", way);
    setup.set("CREDENZA_WITNESS", "on");
    let file = setup.folder.path().join("platform");
    setup.set("PLATFORM_FILE", &file.display().to_string());
    setup.protect("block");
    setup
}

/// Starts it, once it can know where the platform is.
async fn start(setup: &Setup) -> Sandbox {
    let bound = Sandbox::bind(setup.config.clone()).await.unwrap();
    let file = setup.folder.path().join("platform");
    fs::write(file, bound.api().to_string()).unwrap();
    let sandbox = bound.start().await;
    assert!(sandbox.init().is_success(), "{}", setup.said());
    sandbox
}

/// Invokes a number of times, and gives the ids.
async fn invoke(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for index in 0..count {
        let id = format!("8476a536-e9f4-11e8-9739-{index:012x}");
        let mut invocation = Invocation::new("{}");
        invocation.request_id = Some(id.clone());
        let outcome = sandbox.invoke(invocation).await;
        assert!(outcome.is_response(), "{index}: {:?}", outcome.ending);
        ids.push(id);
    }
    sandbox.idle().await;
    ids
}

/// What the agent said of bypasses, once there is as much of it as there should be.
async fn told(setup: &Setup, expected: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let lines = setup.agent_said().into_iter();
        let told: Vec<String> = lines
            .filter(|line| line.contains(r#""rule":"proxy-bypass""#))
            .collect();
        if told.len() >= expected || begun.elapsed() > DEADLINE {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every bypass of a function that goes `way` is told once, with its id and with `why`.
fn every_bypass_is_told(way: &str, why: &str) {
    let _room = alone();
    let setup = setup(way);
    block_on(async {
        let sandbox = start(&setup).await;
        let ids = invoke(&sandbox, BYPASSED).await;
        let lines = told(&setup, BYPASSED).await;
        assert_eq!(lines.len(), BYPASSED, "{way}");
        for id in &ids {
            let own = format!(r#""request_id":"{id}""#);
            let about: Vec<_> = lines.iter().filter(|line| line.contains(&own)).collect();
            assert_eq!(about.len(), 1, "{id}: {about:?}");
            assert!(
                about[0].contains(&format!(r#""why":"{why}""#)),
                "{}",
                about[0]
            );
        }
        progress(&format!(
            "{BYPASSED} of {BYPASSED} bypasses ({way}) were told"
        ));
        sandbox.shutdown(ShutdownReason::Spindown).await;
    });
}

#[test]
fn every_event_that_a_function_fetches_past_the_agent_is_reported() {
    every_bypass_is_told("direct", "not-delivered");
}

#[test]
fn every_answer_that_a_function_gives_past_the_agent_is_reported() {
    every_bypass_is_told("forged", "answered-elsewhere");
}

#[test]
fn no_invocation_of_an_honest_function_is_reported() {
    let _room = alone();
    let setup = setup("honest");
    let count = std::env::var("CREDENZA_SOAK_INVOCATIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(HONEST);
    block_on(async {
        let sandbox = start(&setup).await;
        invoke(&sandbox, count).await;
        // The one after them is told last, so everything before it has been held to the ledger.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(told(&setup, 0).await, Vec::<String>::new());
        assert_no_violation(&sandbox);
        sandbox.shutdown(ShutdownReason::Spindown).await;
    });
    let summary = setup.agent_said().pop().unwrap_or_default();
    assert!(summary.contains(r#""tampered":0"#), "{summary}");
    let init = setup
        .agent_said()
        .into_iter()
        .find(|line| line.contains(r#""record":"init""#));
    assert!(init.is_some_and(|line| line.contains(r#""witness":"on""#)));
    progress(&format!(
        "{count} honest invocations, none was told as a bypass"
    ));
}

/// The answer to an event, as text.
async fn answer(sandbox: &Sandbox, event: String) -> String {
    let outcome = sandbox.invoke(Invocation::new(event)).await;
    String::from_utf8_lossy(&outcome.payload()).into_owned()
}

#[test]
fn a_planted_credential_is_reported_wherever_it_turns_up() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut setup = setup("thief");
        let policy = setup.folder.script("decoy.toml", "[decoy]\nplant = true\n");
        setup.set("CREDENZA_POLICY", &policy.display().to_string());
        setup.config.env.retain(|(name, _)| name != "CREDENZA_MODE");
        setup.set("CREDENZA_MODE", mode);
        let loot = block_on(async {
            let sandbox = start(&setup).await;
            let taken = answer(&sandbox, "{}".to_owned()).await;
            let loot = taken.split('"').nth(3).unwrap_or_default().to_owned();
            // Whoever has it tries it out; in block mode he never got it.
            answer(&sandbox, format!(r#"{{"key":"{loot}"}}"#)).await;
            sandbox.shutdown(ShutdownReason::Spindown).await;
            loot
        });
        let told = setup.agent_said().into_iter();
        let told: Vec<String> = told
            .filter(|line| line.contains(r#""rule":"decoy-credential""#))
            .collect();
        let of = |why: &str| {
            let why = format!(r#""why":"{why}""#);
            told.iter().filter(|line| line.contains(&why)).count()
        };
        let was_stolen = usize::from(mode == "monitor");
        assert_eq!(
            (of("response"), of("event")),
            (2, was_stolen),
            "{mode}: {told:?}"
        );
        assert_eq!(loot.len() == 40, mode == "monitor", "{mode}: {loot}");
        assert!(
            !told
                .iter()
                .any(|line| loot.len() == 40 && line.contains(&loot[..4]))
        );
    }
}

#[test]
fn another_program_in_the_runtimes_place_is_reported() {
    let _room = alone();
    let mut setup = setup("honest");
    // First a shell that asks once and is gone, then the real one.
    let first = setup.folder.script(
        "first",
        "#!/bin/bash\nexec 3<>/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}\n\
         printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3\n\
         sleep 1\nexec 3>&-\nexec \"$@\"\n",
    );
    setup.config.command.insert(0, first.into());
    block_on(async {
        let sandbox = start(&setup).await;
        invoke(&sandbox, 3).await;
        let begun = Instant::now();
        let changed = |line: &String| line.contains(r#""rule":"runtime-changed""#);
        while !setup.agent_said().iter().any(changed) {
            assert!(begun.elapsed() < DEADLINE, "{}", setup.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sandbox.shutdown(ShutdownReason::Spindown).await;
    });
}
