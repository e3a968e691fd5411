//! The Extensions API: registration, states, identifiers and events.
//! The extensions' processes only sleep; the test speaks for them.

use crate::support::{
    Client, Folder, NEXT, begin_extension_next, invoking, outcome, register, silent, starting,
    try_register,
};
use credenza_sandbox::{Config, Ending, InitStatus, Invocation, ShutdownReason};
use std::time::Duration;

const STRANGER: &str = "aaaaaaaa-bbbb-4ccc-addd-eeeeeeeeeeee";
const EXTENSION_NEXT: &str = "/2020-01-01/extension/event/next";

fn with_extension(folder: &Folder, name: &str) -> Config {
    let mut config = silent();
    config.extensions.push(folder.extension(name));
    config
}

#[tokio::test]
async fn the_runtime_starts_only_after_every_extension_has_registered() {
    let folder = Folder::new("order");
    let mut config = with_extension(&folder, "one");
    config.extensions.push(folder.extension("two"));
    let started = folder.0.join("started");
    let script = format!("#!/bin/sh\ntouch {}\nexec sleep 1000\n", started.display());
    config.command = vec![folder.script("runtime", &script).into_os_string()];
    let starting = starting(config).await;
    let mut one = Client::connect(starting.api).await;
    let mut two = Client::connect(starting.api).await;
    let first = register(&mut one, "one", "\"SHUTDOWN\"").await;
    begin_extension_next(&mut one, &first).await;
    // The registration of the first was answered, so the sandbox knows of it.
    assert!(!started.exists());
    let second = register(&mut two, "two", "").await;
    begin_extension_next(&mut two, &second).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    assert!(sandbox.init().is_success());
    crate::support::until(|| started.exists()).await;
}

#[tokio::test]
async fn registering_tells_the_function_and_the_account_only_if_asked() {
    let folder = Folder::new("account");
    let starting = starting(with_extension(&folder, "one")).await;
    let mut client = Client::connect(starting.api).await;
    let path = "/2020-01-01/extension/register";
    let headers = "Lambda-Extension-Name: one\r\nLambda-Extension-Accept-Feature: x, accountId\r\n";
    let reply = client
        .post(path, headers, b"{\"events\":[\"SHUTDOWN\"]}")
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("lambda-extension-identifier").len(), 36);
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"functionName": "function", "functionVersion": "$LATEST",
            "handler": "index.handler", "accountId": "123456789012"})
    );
}

#[tokio::test]
async fn refused_registrations_say_why() {
    let folder = Folder::new("refused");
    let starting = starting(with_extension(&folder, "one")).await;
    let mut client = Client::connect(starting.api).await;
    let refusal = |error_type: &str, message: &str| {
        format!("403 {{\"errorMessage\":\"{message}\",\"errorType\":\"{error_type}\"}}")
    };
    for (name, events, error_type, message) in [
        (
            "",
            "",
            "Extension.InvalidExtensionName",
            "Empty extension name",
        ),
        (
            "one",
            "\"WALK\"",
            "Extension.InvalidEventType",
            "WALK: ErrorInvalidEventType",
        ),
        (
            "not-a-file",
            "\"SHUTDOWN\"",
            "Extension.InvalidEventType",
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        ),
        ("one", "1", "InvalidRequestFormat", "events must be strings"),
    ] {
        let reply = try_register(&mut client, name, events).await;
        assert_eq!(reply.summary(), refusal(error_type, message));
    }
    let path = "/2020-01-01/extension/register";
    let body = b"{\"events\":[],\"configurationKeys\":[\"a\"]}";
    let reply = client
        .post(path, "Lambda-Extension-Name: one\r\n", body)
        .await;
    let message = "configurationKeys are deprecated; use environment variables instead";
    assert_eq!(reply.summary(), refusal("InvalidRequestFormat", message));
    register(&mut client, "one", "").await;
    let twice = try_register(&mut client, "one", "").await;
    let message = "State transition from Registered to Registered failed for extension one. \
                   Error: State transition is not allowed";
    assert_eq!(
        twice.summary(),
        refusal("Extension.InvalidExtensionState", message)
    );
}

#[tokio::test]
async fn ten_extensions_are_the_limit_and_registration_closes_with_init() {
    let starting = starting(silent()).await;
    let mut clients = Vec::new();
    for number in 0..10 {
        let mut client = Client::connect(starting.api).await;
        let identifier = register(&mut client, &format!("internal-{number}"), "").await;
        begin_extension_next(&mut client, &identifier).await;
        clients.push(client);
    }
    let mut client = Client::connect(starting.api).await;
    let reply = try_register(&mut client, "eleventh", "").await;
    assert!(reply.summary().contains("Extension.TooManyExtensions"));
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    assert!(sandbox.init().is_success());
    let reply = try_register(&mut client, "late", "").await;
    assert!(reply.summary().contains("Extension.RegistrationClosed"));
}

#[tokio::test]
async fn identifiers_are_checked_in_order() {
    let starting = starting(silent()).await;
    let mut client = Client::connect(starting.api).await;
    for (identifier, expected) in [
        ("", "Extension.MissingExtensionIdentifier"),
        ("x", "Extension.InvalidExtensionIdentifier"),
        (STRANGER, "Extension.UnknownExtensionIdentifier"),
    ] {
        let headers = format!("Lambda-Extension-Identifier: {identifier}\r\n");
        let reply = client.get(EXTENSION_NEXT, &headers).await;
        assert_eq!(reply.status, 403);
        assert!(reply.text().contains(expected), "{}", reply.text());
    }
    let identifier = register(&mut client, "internal", "").await;
    let headers = format!("Lambda-Extension-Identifier: {identifier}\r\n");
    let path = "/2020-01-01/extension/init/error";
    let reply = client.post(path, &headers, b"").await;
    assert!(reply.text().contains("Extension.MissingHeader"));
}

#[tokio::test]
async fn an_invoke_subscriber_delays_the_end_of_the_invocation() {
    let folder = Folder::new("subscriber");
    let starting = starting(with_extension(&folder, "one")).await;
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "\"INVOKE\",\"SHUTDOWN\"").await;
    begin_extension_next(&mut extension, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let told = extension.reply().await;
    let event = runtime.reply().await;
    let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(body["eventType"], "INVOKE");
    assert_eq!(body["requestId"], event.request_id());
    let deadline = event.header("lambda-runtime-deadline-ms");
    assert_eq!(body["deadlineMs"].to_string(), deadline);
    assert_eq!(body["tracing"]["type"], "X-Amzn-Trace-Id");
    assert_eq!(
        body["tracing"]["value"],
        event.header("lambda-runtime-trace-id")
    );
    assert_eq!(told.header("lambda-extension-event-identifier").len(), 36);
    runtime.respond(event.request_id(), b"1").await;
    assert!(outcome(task).await.is_response());
    runtime.begin_next().await;
    // The environment is not idle while the extension works.
    let mut idle = Box::pin(sandbox.idle());
    let waited = tokio::time::timeout(Duration::from_millis(50), &mut idle).await;
    assert!(waited.is_err());
    begin_extension_next(&mut extension, &identifier).await;
    idle.await;
}

#[tokio::test]
async fn an_extension_may_not_ask_twice_at_a_time() {
    let folder = Folder::new("twice");
    let starting = starting(with_extension(&folder, "one")).await;
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "\"SHUTDOWN\"").await;
    begin_extension_next(&mut extension, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    let mut other = Client::connect(sandbox.api()).await;
    let headers = format!("Lambda-Extension-Identifier: {identifier}\r\n");
    let reply = other.get(EXTENSION_NEXT, &headers).await;
    assert!(
        reply.text().contains("from Ready to Ready"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn an_extension_that_gives_up_fails_init_under_its_own_type() {
    for (path, expected) in [
        ("init/error", "Extension.InitError"),
        ("exit/error", "Extension.ExitError"),
    ] {
        let folder = Folder::new(&path.replace('/', "-"));
        let starting = starting(with_extension(&folder, "one")).await;
        let mut extension = Client::connect(starting.api).await;
        let identifier = register(&mut extension, "one", "").await;
        let headers = format!(
            "Lambda-Extension-Identifier: {identifier}\r\n\
             Lambda-Extension-Function-Error-Type: Extension.Broken\r\n"
        );
        let path = format!("/2020-01-01/extension/{path}");
        let reply = extension.post(&path, &headers, b"{}").await;
        assert_eq!(reply.summary(), "202 {\"status\":\"OK\"}");
        let sandbox = starting.done().await;
        let InitStatus::Error {
            error_type,
            message,
        } = &sandbox.init().status
        else {
            panic!("{:?}", sandbox.init());
        };
        assert_eq!(error_type, expected);
        assert_eq!(message, "one: Extension.Broken");
    }
}

#[tokio::test]
async fn the_exit_of_an_extension_loses_the_invocation_and_the_environment() {
    let folder = Folder::new("crash");
    let starting = starting(with_extension(&folder, "one")).await;
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "\"SHUTDOWN\"").await;
    begin_extension_next(&mut extension, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    runtime.reply().await;
    let pid = sandbox.extension_pid("one").unwrap();
    assert_eq!(kill(pid), Some(0));
    let outcome = outcome(task).await;
    let Ending::Platform {
        error_type,
        message,
    } = outcome.ending
    else {
        panic!("{:?}", outcome.ending);
    };
    assert_eq!(error_type, "Extension.Crash");
    assert!(message.ends_with("one: signal: killed"), "{message}");
    crate::support::until(|| sandbox.runtime_pid().is_none()).await;
}

#[tokio::test]
async fn disabled_extensions_are_not_started_and_may_not_register() {
    let folder = Folder::new("disabled");
    let mut config = with_extension(&folder, "one");
    config.extensions_disabled = true;
    let (sandbox, _runtime) = crate::support::ready(config).await;
    assert_eq!(sandbox.extension_pid("one"), None);
    let mut client = Client::connect(sandbox.api()).await;
    assert_eq!(try_register(&mut client, "one", "").await.summary(), "404 ");
}

#[tokio::test]
async fn a_missing_extension_is_a_launch_error() {
    let mut config = silent();
    config
        .extensions
        .push(credenza_sandbox::Extension::new("/nowhere/one"));
    let sandbox = credenza_sandbox::Sandbox::start(config).await.unwrap();
    let InitStatus::Error { error_type, .. } = &sandbox.init().status else {
        panic!("{:?}", sandbox.init());
    };
    assert_eq!(error_type, "Extension.LaunchError");
}

#[tokio::test]
async fn shutdown_reaches_subscribers_and_others_are_killed_at_once() {
    let folder = Folder::new("shutdown");
    let mut config = with_extension(&folder, "asked");
    config.extensions.push(folder.extension("silent"));
    let starting = starting(config).await;
    let mut asked = Client::connect(starting.api).await;
    let mut silent = Client::connect(starting.api).await;
    let first = register(&mut asked, "asked", "\"SHUTDOWN\"").await;
    let second = register(&mut silent, "silent", "").await;
    begin_extension_next(&mut asked, &first).await;
    begin_extension_next(&mut silent, &second).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime
        .send(format!("GET {NEXT} HTTP/1.1\r\nHost: s\r\n\r\n").as_bytes())
        .await;
    let sandbox = starting.done().await;
    let pid = sandbox.extension_pid("asked").unwrap();
    let sandbox = std::sync::Arc::into_inner(sandbox).unwrap();
    let ending = tokio::spawn(sandbox.shutdown(ShutdownReason::Timeout));
    let event = asked.reply().await;
    let body: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(body["eventType"], "SHUTDOWN");
    assert_eq!(body["shutdownReason"], "timeout");
    assert!(body["deadlineMs"].is_u64());
    kill(pid);
    let shutdown = ending.await.unwrap();
    assert_eq!(shutdown.extensions.len(), 2);
    assert!(!shutdown.extensions[0].killed);
    assert!(shutdown.extensions[1].killed);
    assert!(shutdown.duration < Duration::from_secs(2), "{shutdown:?}");
}

/// A file that was just written may be open for writing in a child that another thread forked.
#[tokio::test]
async fn an_extension_whose_file_is_still_being_written_is_started_all_the_same() {
    let folder = Folder::new("busy");
    let config = with_extension(&folder, "one");
    let writing = std::fs::OpenOptions::new()
        .append(true)
        .open(&config.extensions[0].path)
        .unwrap();
    let mut starting = starting(config).await;
    let early = Duration::from_millis(100);
    let over = tokio::time::timeout(early, &mut starting.sandbox).await;
    assert!(over.is_err(), "INIT did not wait for the file");
    drop(writing);
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "").await;
    begin_extension_next(&mut extension, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
}

/// Kills one process that this test's sandbox started.
fn kill(pid: u32) -> Option<i32> {
    let mut command = std::process::Command::new("kill");
    command
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap()
        .code()
}
