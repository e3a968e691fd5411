//! What a function repeats of its event, leaks of its own files and of its environment: withheld in
//! block mode, told in monitor mode, and let be where the function has escaped it.
//! It never asks the rules of events: they are off here, so that the answer alone decides.
use credenza_sandbox::{Invocation, Outcome, Sandbox};
use serde_json::{Value, json};

use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, beside_others};

/// The answer in the place of one that is withheld.
pub(crate) const WITHHELD: &str = r#"{"statusCode":500,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Internal Server Error\"}","isBase64Encoded":false}"#;

const POLICY: &str = r#"
[rule.cross-site-scripting]
mode = "off"
[rule.header-injection]
mode = "off"
[rule.sql-injection]
mode = "off"
[rule.command-injection]
mode = "off"
"#;

/// A request for something that is shown again.
pub(crate) fn request(place: &str, text: &str, how: &str) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": {"host": "abc.lambda-url.eu-west-1.on.aws"},
        "queryStringParameters": {"as": place, "q": text, "how": how},
        "requestContext": {"accountId": "anonymous", "apiId": "abc",
            "domainName": "abc.lambda-url.eu-west-1.on.aws", "domainPrefix": "abc",
            "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7", "userAgent": "curl/8.5.0"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "timeEpoch": 1},
        "isBase64Encoded": false
    })
    .to_string()
}

/// Where a text is shown, the text, and the rule that says so.
const SCENES: [(&str, &str, &str); 4] = [
    ("page", "<script>alert(1)</script>", "reflected-script"),
    ("page", "<img src=x onerror=alert(1)>", "reflected-script"),
    // Nothing in it is a sign of markup.
    ("field", "x onclick=alert(1)", "reflected-script"),
    ("header", "a=1\r\nSet-Cookie: session=1", "reflected-header"),
];

/// A function that shows things, behind the agent.
pub(crate) fn setup(test: &str, client: Client, mode: &str) -> Option<Setup> {
    let mut setup = Setup::new(test, client)?;
    setup.set("ECHO_MODE", "pages");
    let policy = setup.folder.path().join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    setup.set("CREDENZA_POLICY", &policy.display().to_string());
    setup.protect(mode);
    Some(setup)
}

pub(crate) async fn answer(sandbox: &Sandbox, event: String) -> (Outcome, String) {
    let outcome = sandbox.invoke(Invocation::new(event)).await;
    assert_no_violation(sandbox);
    let text = String::from_utf8_lossy(&outcome.payload()).into_owned();
    (outcome, text)
}

/// The leaks that the agent has told, each as its rule.
pub(crate) fn leaks(setup: &Setup) -> Vec<String> {
    let records = setup.agent_said();
    let records = records
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    let leaks = records.filter(|record: &Value| record["record"] == "leak");
    leaks
        .map(|leak| leak["rule"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Waits until more leaks than `before` were told, and gives those.
pub(crate) fn told_since(setup: &Setup, before: usize) -> Vec<String> {
    let begun = std::time::Instant::now();
    loop {
        let told = leaks(setup);
        if told.len() > before || begun.elapsed() > DEADLINE {
            return told[before..].to_vec();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn what_runs_in_an_answer_is_withheld_and_what_is_escaped_is_let_be() {
    let _room = beside_others();
    for client in [Client::Python, Client::Node] {
        let Some(setup) = setup("reflections", client, "block") else {
            continue;
        };
        block_on(async {
            let sandbox = setup.start().await;
            for (place, text, rule) in SCENES {
                let before = leaks(&setup).len();
                let (_, shown) = answer(&sandbox, request(place, text, "escaped")).await;
                assert!(
                    !shown.contains("Internal Server Error"),
                    "{client:?} {place}: {shown}"
                );
                sandbox.idle().await;
                assert_eq!(
                    leaks(&setup)[before..],
                    [] as [&str; 0],
                    "{client:?} {place} {text}"
                );
                let (_, withheld) = answer(&sandbox, request(place, text, "raw")).await;
                assert_eq!(withheld, WITHHELD, "{client:?} {place} {text}");
                sandbox.idle().await;
                assert_eq!(
                    told_since(&setup, before),
                    [rule],
                    "{client:?} {place} {text}"
                );
            }
        });
    }
}

#[test]
fn mode_monitor_passes_what_runs_and_tells_of_it() {
    let _room = beside_others();
    let Some(setup) = setup("reflections in monitor mode", Client::Python, "monitor") else {
        return;
    };
    block_on(async {
        let sandbox = setup.start().await;
        for (at, (place, text, rule)) in SCENES.into_iter().enumerate() {
            let (_, shown) = answer(&sandbox, request(place, text, "raw")).await;
            let answered: Value = serde_json::from_str(&shown).unwrap();
            let part = if place == "header" {
                &answered["headers"]["location"]
            } else {
                &answered["body"]
            };
            assert!(part.as_str().unwrap().contains(text), "{shown}");
            sandbox.idle().await;
            // In this mode the answer is on its way before anybody has looked at it.
            let begun = std::time::Instant::now();
            while leaks(&setup).len() <= at && begun.elapsed() < DEADLINE {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert_eq!(leaks(&setup)[at..], [rule], "{place} {text}");
        }
    });
}

#[test]
fn a_stream_ends_before_what_runs_in_it() {
    let _room = beside_others();
    let Some(setup) = setup("reflections in streams", Client::NodeStreaming, "block") else {
        return;
    };
    block_on(async {
        let sandbox = setup.start().await;
        for (place, text, rule) in &SCENES[..3] {
            let before = leaks(&setup).len();
            let (outcome, shown) = answer(&sandbox, request(place, text, "escaped")).await;
            assert!(outcome.is_response(), "{:?}", outcome.ending);
            let end = if *place == "page" {
                "</h1>\n"
            } else {
                "</form>"
            };
            assert!(shown.ends_with(end), "{shown}");
            let (outcome, _) = answer(&sandbox, request(place, text, "raw")).await;
            assert!(!outcome.is_response(), "{place} {text}");
            let gone = outcome.answer.map(|answer| answer.body).unwrap_or_default();
            let gone = String::from_utf8_lossy(&gone).into_owned();
            assert!(gone.contains("statusCode"), "{gone}");
            for run in text.as_bytes().windows(8) {
                let run = std::str::from_utf8(run).unwrap();
                assert!(!gone.contains(run), "{run} of {text} left: {gone}");
            }
            sandbox.idle().await;
            assert_eq!(told_since(&setup, before), [*rule], "{place} {text}");
        }
    });
}

#[test]
fn the_error_of_a_query_that_repeats_the_event_is_withheld() {
    let _room = beside_others();
    let Some(setup) = setup("errors of queries", Client::Python, "block") else {
        return;
    };
    block_on(async {
        let sandbox = setup.start().await;
        let (_, shown) = answer(&sandbox, request("error", "O'Neill", "escaped")).await;
        assert!(shown.contains("O'Neill"), "{shown}");
        sandbox.idle().await;
        assert_eq!(leaks(&setup), [] as [&str; 0]);
        let (_, withheld) = answer(&sandbox, request("error", "O'Neill", "raw")).await;
        assert_eq!(withheld, WITHHELD);
        sandbox.idle().await;
        // Both of them, the one behind the other.
        told_since(&setup, 1);
        let told = leaks(&setup);
        assert!(
            told.iter().any(|rule| rule == "reflected-error"),
            "{told:?}"
        );
        assert!(told.iter().any(|rule| rule == "leaky-error"), "{told:?}");
    });
}

#[test]
fn a_file_of_the_function_and_its_environment_are_withheld() {
    let _room = beside_others();
    let Some(mut setup) = setup("files and environment", Client::Python, "block") else {
        return;
    };
    let root = setup.config.task_root.display().to_string();
    setup.set("LAMBDA_TASK_ROOT", &root);
    block_on(async {
        let sandbox = setup.start().await;
        for (place, rule) in [
            ("source", "leaked-source"),
            ("environment", "leaked-environment"),
        ] {
            let before = leaks(&setup).len();
            let (_, withheld) = answer(&sandbox, request(place, "", "raw")).await;
            assert_eq!(withheld, WITHHELD, "{place}");
            sandbox.idle().await;
            let told = told_since(&setup, before);
            assert!(told.iter().any(|told| told == rule), "{place}: {told:?}");
        }
    });
}
