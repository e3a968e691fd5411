//! INIT, time-outs, resets, freezes and the end: what happens to the processes.
//! No process of a test outlives it.

use crate::support::{
    Client, Folder, NEXT, PATIENCE, invoking, outcome, ready, silent, starting, until,
};
use credenza_sandbox::{
    Config, CpuShare, Ending, Extension, InitStatus, Invocation, Line, Origin, OutputSink, Sandbox,
    Shutdown, ShutdownReason,
};
use std::{
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// A runtime in Python that answers with its environment, or does what the event says.
const RUNTIME: &str = r#"
import http.client, json, os, sys, time
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
api = http.client.HTTPConnection(host)
sys.stderr.write("runtime up\n"); sys.stderr.flush()
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse(); event = reply.read().decode()
    id = reply.headers["Lambda-Runtime-Aws-Request-Id"]
    if event == "exit": sys.exit(7)
    if event == "sleep": time.sleep(60)
    answer = json.dumps(dict(os.environ)) if event == "env" else event
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", answer)
    api.getresponse().read()
"#;

/// An extension in Python that leaves with code 0 on SHUTDOWN, and writes its environment.
const EXTENSION: &str = r#"#!/usr/bin/env python3
import http.client, json, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("POST", "/2020-01-01/extension/register", '{"events":["SHUTDOWN"]}',
            {"Lambda-Extension-Name": os.path.basename(sys.argv[0])})
reply = api.getresponse(); reply.read()
id = reply.headers["Lambda-Extension-Identifier"]
print(json.dumps(dict(os.environ)), flush=True)
api.request("GET", "/2020-01-01/extension/event/next", headers={"Lambda-Extension-Identifier": id})
event = json.loads(api.getresponse().read())
print(event["shutdownReason"], flush=True)
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"#;

fn python() -> Config {
    let mut config = Config::new(["python3", "-c", RUNTIME]);
    config.init_timeout = PATIENCE;
    config.timeout = PATIENCE;
    config
}

fn texts(lines: &[Line], origin: &Origin) -> Vec<String> {
    let of_origin = lines.iter().filter(|line| line.origin == *origin);
    of_origin.map(|line| line.text.clone()).collect()
}

fn is_running(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie has ended; it only waits to be counted.
    !status.is_empty() && !status.contains(") Z ")
}

#[tokio::test]
async fn runtime_and_extension_see_the_variables_of_the_platform() {
    let folder = Folder::new("env");
    let mut config = python();
    let (output, lines) = OutputSink::collect();
    config.output = output;
    config.env = vec![
        ("CUSTOM".to_owned(), "mine".to_owned()),
        ("AWS_REGION".to_owned(), "overridden".to_owned()),
    ];
    config.memory_mb = 128;
    let mut extension = Extension::new(folder.script("one", EXTENSION));
    extension.env.push(("ONLY".to_owned(), "one".to_owned()));
    config.extensions.push(extension);
    let sandbox = Sandbox::start(config).await.unwrap();
    assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
    let api = sandbox.api().to_string();
    let answer = sandbox.invoke(Invocation::new("env")).await.payload();
    let of_runtime: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let origin = Origin::Extension("one".to_owned());
    until(|| !texts(&lines.lock().unwrap(), &origin).is_empty()).await;
    let line = texts(&lines.lock().unwrap(), &origin).remove(0);
    let of_extension: serde_json::Value = serde_json::from_str(&line).unwrap();
    for env in [&of_runtime, &of_extension] {
        assert_eq!(env["AWS_LAMBDA_RUNTIME_API"], api);
        assert_eq!(env["AWS_REGION"], "eu-central-1");
        assert_eq!(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
        assert_eq!(env["CUSTOM"], "mine");
        assert_eq!(env["TZ"], ":UTC");
        assert!(env.get("CARGO_PKG_NAME").is_none());
    }
    assert_eq!(of_runtime["_HANDLER"], "index.handler");
    assert_eq!(of_runtime["LAMBDA_TASK_ROOT"], "/var/task");
    assert_eq!(of_extension["ONLY"], "one");
    for name in [
        "_HANDLER",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "AWS_EXECUTION_ENV",
    ] {
        assert!(of_extension.get(name).is_none(), "{name}");
        assert!(of_runtime.get(name).is_some(), "{name}");
    }
    assert!(of_runtime.get("ONLY").is_none());
}

#[tokio::test]
async fn a_wrapper_gets_the_command_as_its_arguments() {
    let folder = Folder::new("wrapper");
    let mut config = python();
    let script = "#!/bin/sh\nWRAPPED=\"$1\" exec \"$@\"\n";
    config.wrapper = Some(folder.script("wrapper", script));
    let sandbox = Sandbox::start(config).await.unwrap();
    let answer = sandbox.invoke(Invocation::new("env")).await.payload();
    let env: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(env["WRAPPED"], "python3");
    let wrapper = env["AWS_LAMBDA_EXEC_WRAPPER"].as_str().unwrap();
    assert!(wrapper.ends_with("/wrapper"), "{wrapper}");
}

#[tokio::test]
async fn a_runtime_that_exits_loses_the_invocation_and_is_started_again() {
    let sandbox = Sandbox::start(python()).await.unwrap();
    let first = sandbox.runtime_pid().unwrap();
    let outcome = sandbox.invoke(Invocation::new("exit")).await;
    let Ending::Platform {
        error_type,
        message,
    } = &outcome.ending
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(error_type, "Runtime.ExitError");
    let expected = format!(
        "RequestId: {} Error: Runtime exited with error: exit status 7",
        outcome.request_id
    );
    assert_eq!(*message, expected);
    let outcome = sandbox.invoke(Invocation::new("again")).await;
    assert_eq!(outcome.payload(), "again");
    assert!(outcome.suppressed_init.is_some());
    assert_ne!(sandbox.runtime_pid(), Some(first));
}

#[tokio::test]
async fn a_time_out_resets_the_environment_and_tells_the_extensions() {
    let folder = Folder::new("timeout");
    let mut config = python();
    let (output, lines) = OutputSink::collect();
    config.output = output;
    // The second INIT has this time, too, on a machine that may be busy.
    config.timeout = Duration::from_secs(5);
    let extension = Extension::new(folder.script("one", EXTENSION));
    config.extensions.push(extension);
    let sandbox = Sandbox::start(config).await.unwrap();
    let (runtime, extension) = (sandbox.runtime_pid(), sandbox.extension_pid("one"));
    let outcome = sandbox.invoke(Invocation::new("sleep")).await;
    assert_eq!(outcome.ending, Ending::Timeout);
    assert!(outcome.duration >= Duration::from_secs(5));
    let body = String::from_utf8_lossy(&outcome.payload()).into_owned();
    // The platform tells the time that really passed, which a busy machine stretches.
    let (_, told) = body.split_once("Task timed out after ").expect(&body);
    let (told, _) = told.split_once(" seconds").expect(&body);
    let (told, most) = (told.parse::<f64>().unwrap(), outcome.duration.as_secs_f64());
    assert!((5.0..=most + 0.01).contains(&told), "{body}, after {most}");
    sandbox.idle().await;
    assert!(!is_running(runtime.unwrap()));
    assert!(!is_running(extension.unwrap()));
    let origin = Origin::Extension("one".to_owned());
    until(|| texts(&lines.lock().unwrap(), &origin).contains(&"timeout".to_owned())).await;
    let outcome = sandbox.invoke(Invocation::new("again")).await;
    assert_eq!(outcome.payload(), "again");
}

#[tokio::test]
async fn an_init_that_takes_too_long_runs_again_inside_the_invocation() {
    let folder = Folder::new("slow-init");
    let marker = folder.0.join("second-time");
    // The first start only sleeps; the second one works.
    let script = format!(
        "#!/bin/sh\nif [ -e {} ]; then exec python3 -c \"$RUNTIME\"; fi\nexec sleep 1000\n",
        marker.display()
    );
    let mut config = Config::new([folder.script("runtime", &script)]);
    config.env = vec![("RUNTIME".to_owned(), RUNTIME.to_owned())];
    config.init_timeout = Duration::from_millis(300);
    config.timeout = PATIENCE;
    let sandbox = Sandbox::start(config).await.unwrap();
    assert_eq!(sandbox.init().status, InitStatus::Timeout);
    std::fs::write(marker, "").unwrap();
    let outcome = sandbox.invoke(Invocation::new("hello")).await;
    assert_eq!(outcome.payload(), "hello");
    assert!(outcome.suppressed_init.is_some());
}

#[tokio::test]
async fn an_init_error_is_what_the_caller_sees() {
    let script = r#"
import http.client, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("POST", "/2018-06-01/runtime/init/error", '{"errorMessage":"no module"}',
            {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"})
assert api.getresponse().status == 202
sys.stderr.write("giving up\n")
sys.exit(1)
"#;
    let mut config = Config::new(["python3", "-c", script]);
    config.init_timeout = PATIENCE;
    config.timeout = PATIENCE;
    let sandbox = Sandbox::start(config).await.unwrap();
    let InitStatus::Error { error_type, .. } = &sandbox.init().status else {
        panic!("{:?}", sandbox.init());
    };
    assert_eq!(error_type, "Runtime.ImportModuleError");
    let outcome = sandbox.invoke(Invocation::new("{}")).await;
    assert_eq!(outcome.error_type(), Some("Runtime.ImportModuleError"));
    assert_eq!(outcome.payload(), r#"{"errorMessage":"no module"}"#);
}

#[tokio::test]
async fn a_command_that_cannot_start_says_so() {
    let sandbox = Sandbox::start(Config::new(["/nowhere/bootstrap"]))
        .await
        .unwrap();
    let InitStatus::Error {
        error_type,
        message,
    } = &sandbox.init().status
    else {
        panic!("{:?}", sandbox.init());
    };
    assert_eq!(error_type, "Runtime.InvalidEntrypoint");
    assert!(message.contains("/nowhere/bootstrap"), "{message}");
}

/// One of three lives ends in a time of this range: a sandbox that is late by itself is late each
/// time, and a machine that stood still for a moment is not the sandbox.
async fn one_ends_within<F: Future<Output = Shutdown>>(
    times: Range<Duration>,
    life: impl Fn() -> F,
) -> Shutdown {
    let mut others = Vec::new();
    for _ in 0..2 {
        let shutdown = life().await;
        if times.contains(&shutdown.duration) {
            return shutdown;
        }
        others.push(shutdown);
    }
    let last = life().await;
    assert!(times.contains(&last.duration), "{others:?}, {last:?}");
    last
}

#[tokio::test]
async fn shutdown_collects_exit_codes_within_the_budget() {
    let folder = Folder::new("codes");
    let mut config = python();
    for (name, code) in [("fine", "0"), ("broken", "3")] {
        let mut extension = Extension::new(folder.script(name, EXTENSION));
        extension
            .env
            .push(("EXIT_CODE".to_owned(), code.to_owned()));
        config.extensions.push(extension);
    }
    let life = || async {
        let sandbox = Sandbox::start(config.clone()).await.unwrap();
        assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
        let runtime = sandbox.runtime_pid().unwrap();
        let shutdown = sandbox.shutdown(ShutdownReason::Spindown).await;
        assert!(!is_running(runtime));
        shutdown
    };
    let shutdown = one_ends_within(Duration::ZERO..Duration::from_secs(2), life).await;
    let codes: Vec<_> = shutdown
        .extensions
        .iter()
        .map(|exit| (exit.name.as_str(), exit.code, exit.killed))
        .collect();
    assert_eq!(
        codes,
        [("fine", Some(0), false), ("broken", Some(3), false)]
    );
}

#[tokio::test]
async fn an_extension_that_ignores_shutdown_is_killed_at_the_deadline() {
    let folder = Folder::new("stubborn");
    let mut config = silent();
    config.extensions.push(folder.extension("stubborn"));
    let life = || async {
        let starting = starting(config.clone()).await;
        let mut client = Client::connect(starting.api).await;
        let identifier = crate::support::register(&mut client, "stubborn", "\"SHUTDOWN\"").await;
        crate::support::begin_extension_next(&mut client, &identifier).await;
        let mut runtime = Client::connect(starting.api).await;
        runtime.begin_next().await;
        let sandbox = Arc::into_inner(starting.done().await).unwrap();
        let shutdown = sandbox.shutdown(ShutdownReason::Failure).await;
        assert!(shutdown.extensions[0].killed);
        assert_eq!(shutdown.extensions[0].code, None);
        assert!(
            shutdown.duration >= Duration::from_millis(1900),
            "{shutdown:?}"
        );
        shutdown
    };
    one_ends_within(
        Duration::from_millis(1900)..Duration::from_millis(2900),
        life,
    )
    .await;
}

#[tokio::test]
async fn dropping_a_sandbox_leaves_no_process_behind() {
    let folder = Folder::new("orphans");
    let pid_file = folder.0.join("grandchild");
    let script = format!(
        "#!/bin/sh\nsleep 1000 &\necho $! > {}\nexec sleep 1000\n",
        pid_file.display()
    );
    let mut config = silent();
    config.command = vec![folder.script("runtime", &script).into_os_string()];
    let (sandbox, _client) = ready(config).await;
    let grandchild = read_pid(&pid_file).await;
    let runtime = sandbox.runtime_pid().unwrap();
    assert!(is_running(grandchild) && is_running(runtime));
    drop(sandbox);
    until(|| !is_running(grandchild) && !is_running(runtime)).await;
}

async fn read_pid(path: &Path) -> u32 {
    let read = || std::fs::read_to_string(path).unwrap_or_default();
    until(|| read().ends_with('\n')).await;
    read().trim().parse().unwrap()
}

#[tokio::test]
async fn a_freeze_stops_the_processes_and_resets_idle_connections_only() {
    let (sandbox, mut pending) = ready(silent()).await;
    let mut idle = Client::connect(sandbox.api()).await;
    idle.get("/ping", "").await;
    let before = Instant::now();
    sandbox.freeze(Duration::from_millis(100), true).await;
    assert!(before.elapsed() >= Duration::from_millis(100));
    assert!(idle.is_ended().await);
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = pending.reply().await.request_id().to_owned();
    pending.respond(&id, b"1").await;
    assert!(outcome(task).await.is_response());
    assert_eq!(sandbox.violations(), []);
}

#[tokio::test]
async fn a_frozen_process_does_not_run() {
    let sandbox = Arc::new(Sandbox::start(python()).await.unwrap());
    let pid = sandbox.runtime_pid().unwrap();
    let freezing = {
        let sandbox = Arc::clone(&sandbox);
        // Long enough for the process to be given the CPU in which it stops.
        tokio::spawn(async move { sandbox.freeze(Duration::from_secs(2), false).await })
    };
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    until(|| state().contains(") T ")).await;
    freezing.await.unwrap();
    assert_eq!(
        sandbox.invoke(Invocation::new("thawed")).await.payload(),
        "thawed"
    );
}

#[tokio::test]
async fn calls_are_written_down_with_connection_and_status() {
    let (sandbox, mut client) = ready(silent()).await;
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = client.reply().await.request_id().to_owned();
    client.respond(&id, b"four").await;
    outcome(task).await;
    until(|| sandbox.calls().iter().all(|call| call.status.is_some())).await;
    let calls = sandbox.calls();
    let summary: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.connection,
                call.method.as_str(),
                call.status,
                call.body_bytes,
            )
        })
        .collect();
    assert_eq!(
        summary,
        [(1, "GET", Some(200), 0), (1, "POST", Some(202), 4)]
    );
    assert_eq!(calls[0].target, NEXT);
    assert!(calls[0].replied_at.unwrap() <= calls[1].at);
}

#[tokio::test]
async fn a_small_function_gets_its_share_of_the_cpu_or_the_reason_why_not() {
    let mut config = python();
    config.command[2] = RUNTIME
        .replace("if event == \"env\"", "if event == \"env\" or burn()")
        .replace(
            "api = http",
            "def burn():\n    while time.process_time() < 0.2: pass\n\napi = http",
        )
        .into();
    config.memory_mb = 128;
    config.cpu_share = true;
    let sandbox = Sandbox::start(config).await.unwrap();
    assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
    match sandbox.cpu_share().clone() {
        CpuShare::Limited { quota, period } => {
            assert_eq!(quota, Duration::from_micros(1447));
            assert_eq!(period, Duration::from_millis(20));
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            assert!(outcome.is_response());
            // 200 ms of work take at least a second at 7.2 %, start-up included.
            let wall = sandbox.init().duration + outcome.duration;
            assert!(wall > Duration::from_secs(1), "{wall:?}");
        }
        CpuShare::Unavailable(reason) => eprintln!("CPU share not tested: {reason}"),
        CpuShare::Off => panic!("it was asked for"),
    }
}
