//! The Telemetry API: subscribing, what is told and when, in portions, and what is refused.
//! The extension's process only sleeps; the test speaks for it and listens as its subscriber.

use crate::support::{
    Client, Folder, PATIENCE, Reply, Starting, begin_extension_next, invoking, outcome, register,
    silent, starting, until,
};
use credenza_sandbox::{Config, Invocation, Sandbox, ShutdownReason, ViolationKind};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

const TELEMETRY: &str = "/2022-07-01/telemetry";

/// The extension's own listener: every batch that arrives, head and events.
struct Reader {
    port: u16,
    batches: UnboundedReceiver<(String, Vec<Value>)>,
}

impl Reader {
    /// Answers every batch at once with this status line.
    async fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, batches) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take_batches(stream, status, sender.clone()));
            }
        });
        Self { port, batches }
    }

    async fn batch(&mut self) -> (String, Vec<Value>) {
        let batch = timeout(PATIENCE, self.batches.recv()).await;
        batch.expect("a batch in time").expect("a batch")
    }

    /// Waits for the event of this type; everything before it comes along.
    async fn events_until(&mut self, last: &str) -> Vec<Value> {
        let mut events = Vec::new();
        while !events.iter().any(|event: &Value| event["type"] == last) {
            events.extend(self.batch().await.1);
        }
        events
    }
}

async fn take_batches(
    stream: TcpStream,
    status: &'static str,
    batches: UnboundedSender<(String, Vec<Value>)>,
) {
    let (mut stream, mut bytes) = (stream, Vec::new());
    loop {
        let Some((head, body)) = take_message(&mut stream, &mut bytes).await else {
            return;
        };
        let events = serde_json::from_slice(&body).expect("a batch is a JSON array");
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
        if batches.send((head, events)).is_err() {
            return;
        }
    }
}

/// Takes one message with a length off the stream; none at its end.
async fn take_message(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let lower = head.to_ascii_lowercase();
            let length = lower
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "));
            let whole = end + 4 + length.unwrap().parse::<usize>().unwrap();
            if bytes.len() >= whole {
                let body = bytes[end + 4..whole].to_vec();
                bytes.drain(..whole);
                return Some((head, body));
            }
        }
        let mut piece = vec![0; 65_536];
        let count = stream
            .read(&mut piece)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}

fn subscription(types: &str, port: u16) -> String {
    format!(
        r#"{{"schemaVersion":"2022-12-13","types":[{types}],
            "buffering":{{"maxItems":1000,"maxBytes":262144,"timeoutMs":25}},
            "destination":{{"protocol":"HTTP","URI":"http://sandbox.localdomain:{port}/at"}}}}"#
    )
}

async fn subscribe(client: &mut Client, identifier: &str, body: &str) -> Reply {
    let header = format!("Lambda-Extension-Identifier: {identifier}\r\n");
    client
        .request("PUT", TELEMETRY, &header, body.as_bytes())
        .await;
    client.reply().await
}

fn with_extension(folder: &Folder) -> Config {
    let mut config = silent();
    config.extensions.push(folder.extension("one"));
    config
}

/// A sandbox whose one extension has registered and subscribed but does not wait for events yet.
struct Subscribed {
    starting: Starting,
    extension: Client,
    identifier: String,
}

impl Subscribed {
    async fn start(config: Config, types: &str, port: u16) -> Self {
        let starting = starting(config).await;
        let mut extension = Client::connect(starting.api).await;
        let identifier = register(&mut extension, "one", "\"SHUTDOWN\"").await;
        let reply = subscribe(&mut extension, &identifier, &subscription(types, port)).await;
        assert_eq!(reply.summary(), "200 \"OK\"");
        Self {
            starting,
            extension,
            identifier,
        }
    }

    /// Goes through INIT; gives the sandbox, and the runtime's and the extension's connections.
    async fn ready(mut self) -> (Arc<Sandbox>, Client, Client) {
        let mut runtime = Client::connect(self.starting.api).await;
        runtime.begin_next().await;
        begin_extension_next(&mut self.extension, &self.identifier).await;
        let sandbox = self.starting.done().await;
        assert!(sandbox.init().is_success(), "{:?}", sandbox.init());
        (sandbox, runtime, self.extension)
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    let all = events.iter();
    all.map(|event| event["type"].as_str().unwrap()).collect()
}

fn find<'a>(events: &'a [Value], name: &str) -> &'a Value {
    let mut all = events.iter();
    all.find(|event| event["type"] == name).expect(name)
}

/// The record of this type, without the figures, which differ from run to run.
fn record(events: &[Value], name: &str) -> Value {
    let mut record = find(events, name)["record"].clone();
    if let Some(metrics) = record.get_mut("metrics").and_then(Value::as_object_mut) {
        for (name, value) in metrics.iter_mut().filter(|(name, _)| name.ends_with("Ms")) {
            assert!(value.as_f64() >= Some(0.0), "{name}: {value}");
            *value = json!("measured");
        }
        metrics.remove("maxMemoryUsedMB");
    }
    record
}

#[tokio::test]
async fn init_is_told_from_its_beginning_to_who_subscribes_in_the_middle_of_it() {
    let folder = Folder::new("telemetry-init");
    let mut reader = Reader::start("200 OK").await;
    let port = reader.port;
    let subscribed = Subscribed::start(with_extension(&folder), "\"platform\"", port).await;
    let (_sandbox, _runtime, _extension) = subscribed.ready().await;
    let (head, first) = reader.batch().await;
    assert!(head.starts_with("POST /at HTTP/1.1\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    assert!(lower.contains("content-type: application/json"), "{head}");
    assert!(
        lower.contains(&format!("host: sandbox.localdomain:{port}")),
        "{head}"
    );
    let mut events = first;
    while !types(&events).contains(&"platform.initReport") {
        events.extend(reader.batch().await.1);
    }
    assert_eq!(
        types(&events),
        [
            "platform.initStart",
            "platform.telemetrySubscription",
            "platform.initRuntimeDone",
            "platform.extension",
            "platform.initReport"
        ]
    );
    let time = events[0]["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert_eq!(
        record(&events, "platform.initStart"),
        json!({"initializationType": "on-demand", "phase": "init",
            "functionName": "function", "functionVersion": "$LATEST"})
    );
    assert_eq!(
        record(&events, "platform.telemetrySubscription"),
        json!({"name": "one", "state": "Subscribed", "types": ["platform"]})
    );
    assert_eq!(
        record(&events, "platform.extension"),
        json!({"name": "one", "state": "Ready", "events": ["SHUTDOWN"]})
    );
    assert_eq!(
        record(&events, "platform.initRuntimeDone"),
        json!({"initializationType": "on-demand", "phase": "init", "status": "success"})
    );
    assert_eq!(
        record(&events, "platform.initReport"),
        json!({"initializationType": "on-demand", "phase": "init", "status": "success",
            "metrics": {"durationMs": "measured"}})
    );
}

#[tokio::test]
async fn an_invocation_is_told_in_three_events_with_its_id_and_trace() {
    let folder = Folder::new("telemetry-invoke");
    let mut reader = Reader::start("200 OK").await;
    let config = with_extension(&folder);
    let subscribed = Subscribed::start(config, "\"platform\"", reader.port).await;
    let (sandbox, mut runtime, _extension) = subscribed.ready().await;
    reader.events_until("platform.initReport").await;
    let trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";
    let mut invocation = Invocation::new("{}");
    invocation.request_id = Some("8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned());
    invocation.trace_id = Some(trace.to_owned());
    let invoked = invoking(&sandbox, invocation);
    let id = runtime.reply().await.request_id().to_owned();
    runtime.respond(&id, b"\"twelve chars\"").await;
    runtime.begin_next().await;
    outcome(invoked).await;
    let events = reader.events_until("platform.report").await;
    let billed = &find(&events, "platform.report")["record"]["metrics"]["billedDurationMs"];
    assert!(billed.is_u64(), "whole milliseconds are billed: {billed}");
    assert_eq!(
        types(&events),
        ["platform.start", "platform.runtimeDone", "platform.report"]
    );
    let tracing = json!({"type": "X-Amzn-Trace-Id", "value": trace, "spanId": "9a9197af755a6419"});
    assert_eq!(
        record(&events, "platform.start"),
        json!({"requestId": id, "version": "$LATEST", "tracing": tracing})
    );
    assert_eq!(
        record(&events, "platform.runtimeDone"),
        json!({"requestId": id, "status": "success", "tracing": tracing,
            "metrics": {"durationMs": "measured", "producedBytes": 14}})
    );
    assert_eq!(
        record(&events, "platform.report"),
        json!({"requestId": id, "status": "success", "tracing": tracing,
            "metrics": {"durationMs": "measured", "billedDurationMs": "measured",
                "initDurationMs": "measured", "memorySizeMB": 512}})
    );
}

#[tokio::test]
async fn errors_crashes_and_time_outs_have_a_status_and_a_type() {
    for (name, status, error_type) in [
        ("error", "error", json!("Function.Own")),
        ("crash", "failure", json!("Runtime.ExitError")),
        ("time-out", "timeout", Value::Null),
    ] {
        let folder = Folder::new(&format!("telemetry-{name}"));
        let mut reader = Reader::start("200 OK").await;
        let mut config = with_extension(&folder);
        if name == "time-out" {
            config.timeout = Duration::from_millis(50);
        }
        let subscribed = Subscribed::start(config, "\"platform\"", reader.port).await;
        let (sandbox, mut runtime, _extension) = subscribed.ready().await;
        let invoked = invoking(&sandbox, Invocation::new("{}"));
        let id = runtime.reply().await.request_id().to_owned();
        match name {
            "error" => {
                let header = "Lambda-Runtime-Function-Error-Type: Function.Own\r\n";
                let path = crate::support::error_path(&id);
                runtime.post(&path, header, b"{}").await;
                runtime.begin_next().await;
            }
            "crash" => {
                let pid = sandbox.runtime_pid().unwrap().cast_signed();
                let pid = rustix::process::Pid::from_raw(pid).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            }
            _ => {}
        }
        outcome(invoked).await;
        let events = reader.events_until("platform.report").await;
        for event in ["platform.runtimeDone", "platform.report"] {
            let record = record(&events, event);
            assert_eq!(record["requestId"], json!(id), "{name}");
            assert_eq!(record["status"], status, "{name}: {record}");
            assert_eq!(record["errorType"], error_type, "{name}: {record}");
        }
    }
}

#[tokio::test]
async fn lines_of_function_and_extension_go_to_who_asked_for_them() {
    let folder = Folder::new("telemetry-lines");
    let speaking = |text: &str| format!("#!/bin/sh\necho '{text}'\nexec sleep 1000\n");
    for (types, expected) in [
        ("\"function\"", vec![("function", "I say \"hello\"")]),
        ("\"extension\"", vec![("extension", "so do I")]),
        (
            "\"function\",\"extension\"",
            vec![("extension", "so do I"), ("function", "I say \"hello\"")],
        ),
    ] {
        let mut reader = Reader::start("200 OK").await;
        let mut config = silent();
        let runtime = folder.script("runtime", &speaking("I say \"hello\""));
        config.command = vec![runtime.into_os_string()];
        let extension = folder.script("one", &speaking("so do I"));
        config
            .extensions
            .push(credenza_sandbox::Extension::new(extension));
        let subscribed = Subscribed::start(config, types, reader.port).await;
        let (_sandbox, _runtime, _extension) = subscribed.ready().await;
        let mut found = Vec::new();
        while found.len() < expected.len() {
            for event in reader.batch().await.1 {
                let word = |name: &str| event[name].as_str().unwrap().to_owned();
                found.push((word("type"), word("record")));
            }
        }
        found.sort();
        let expected: Vec<_> = expected
            .iter()
            .map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned()))
            .collect();
        assert_eq!(found, expected, "{types}");
    }
}

#[tokio::test]
async fn refused_subscriptions_say_everything_that_is_wrong() {
    let folder = Folder::new("telemetry-refused");
    let starting = starting(with_extension(&folder)).await;
    let mut client = Client::connect(starting.api).await;
    let stranger = "aaaaaaaa-bbbb-4ccc-addd-eeeeeeeeeeee";
    let unknown = subscribe(&mut client, stranger, "{}").await;
    assert_eq!(
        unknown.summary(),
        format!(
            "403 {{\"errorMessage\":\"Unknown extension {stranger}\",\
             \"errorType\":\"Extension.UnknownExtensionIdentifier\"}}"
        )
    );
    let identifier = register(&mut client, "one", "").await;
    for (body, message) in [
        (
            r#"{"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain"},"types":[]}"#,
            "URI port is not provided; types should not be empty",
        ),
        (
            r#"{"destination":{"protocol":"TCP","URI":"http://localhost:1"},"types":["platform"]}"#,
            "protocol should be HTTP; URI host should be sandbox.localdomain",
        ),
        ("[]", "the body should be an object"),
    ] {
        let reply = subscribe(&mut client, &identifier, body).await;
        let expected =
            format!("400 {{\"errorMessage\":\"{message}\",\"errorType\":\"ValidationError\"}}");
        assert_eq!(reply.summary(), expected);
    }
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1_048_576));
    let reply = subscribe(&mut client, &identifier, &large).await;
    assert_eq!(reply.status, 413);
    assert_eq!(client.get(TELEMETRY, "").await.status, 405);
}

#[tokio::test]
async fn a_subscription_after_init_is_refused_and_breaches_the_contract() {
    let folder = Folder::new("telemetry-late");
    let starting = starting(with_extension(&folder)).await;
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "").await;
    begin_extension_next(&mut extension, &identifier).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let api = starting.api;
    let sandbox = starting.done().await;
    let mut late = Client::connect(api).await;
    let reply = subscribe(&mut late, &identifier, &subscription("\"platform\"", 1)).await;
    assert_eq!(
        reply.summary(),
        "403 {\"errorMessage\":\"Telemetry subscription closed already\",\
         \"errorType\":\"Telemetry.SubscriptionClosed\"}"
    );
    assert_eq!(
        crate::support::violations(&sandbox),
        [ViolationKind::ExtensionRefused]
    );
}

#[tokio::test]
async fn without_telemetry_the_reply_is_the_emulators() {
    let folder = Folder::new("telemetry-off");
    let mut config = with_extension(&folder);
    config.telemetry = false;
    let starting = starting(config).await;
    let mut client = Client::connect(starting.api).await;
    let identifier = register(&mut client, "one", "").await;
    let reply = subscribe(&mut client, &identifier, &subscription("\"platform\"", 1)).await;
    assert_eq!(
        reply.summary(),
        "202 {\"errorMessage\":\"Telemetry API is not supported\",\
         \"errorType\":\"Telemetry.NotSupported\"}"
    );
}

#[tokio::test]
async fn a_thousand_items_make_a_batch_long_before_its_time_is_over() {
    let folder = Folder::new("telemetry-items");
    let mut reader = Reader::start("200 OK").await;
    let mut config = with_extension(&folder);
    let said = folder.0.join("all-said");
    let script = format!(
        "#!/bin/sh\ni=0\nwhile [ $i -lt 2500 ]; do echo $i; i=$((i+1)); done\n\
         touch '{}'\nexec sleep 1000\n",
        said.display()
    );
    config.command = vec![folder.script("runtime", &script).into_os_string()];
    let starting = starting(config).await;
    let mut extension = Client::connect(starting.api).await;
    let identifier = register(&mut extension, "one", "").await;
    // The longest time that may be asked for: only full buffers can come before the test gives up.
    let body = subscription("\"function\"", reader.port).replace(":25}", ":30000}");
    assert_eq!(
        subscribe(&mut extension, &identifier, &body).await.status,
        200
    );
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    begin_extension_next(&mut extension, &identifier).await;
    let sandbox = starting.done().await;
    for batch in 0..2 {
        let (_, events) = reader.batch().await;
        assert_eq!(events.len(), 1000);
        assert_eq!(events[0]["record"], json!((batch * 1000).to_string()));
    }
    // The rest comes with the end of the runtime, whose last words must not be lost.
    until(|| said.exists()).await;
    let sandbox = Arc::into_inner(sandbox).unwrap();
    sandbox.shutdown(ShutdownReason::Spindown).await;
    let (_, rest) = reader.batch().await;
    assert_eq!(rest.len(), 500);
    assert_eq!(rest[499]["record"], json!("2499"));
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_loses_lines_and_learns_how_many() {
    let folder = Folder::new("telemetry-dropped");
    // Nobody listens yet, so what is said beyond two buffers of 256 KiB must be dropped; the socket
    // only keeps others from the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut config = with_extension(&folder);
    let script = "#!/bin/sh\nline=$(printf '%01000d' 7)\ni=0\n\
                  while [ $i -lt 2000 ]; do echo $line; i=$((i+1)); done\ntouch done\nsleep 1000\n";
    config.command = vec![folder.script("runtime", script).into_os_string()];
    config.working_directory = Some(folder.0.clone());
    let types = "\"function\",\"platform\"";
    let subscribed = Subscribed::start(config, types, port).await;
    let (_sandbox, _runtime, _extension) = subscribed.ready().await;
    let done = folder.0.join("done");
    until(|| done.exists()).await;
    let listener = socket.listen(8).unwrap();
    let (sender, batches) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take_batches(stream, "200 OK", sender.clone()));
        }
    });
    let mut reader = Reader { port, batches };
    let events = reader.events_until("platform.logsDropped").await;
    let dropped = record(&events, "platform.logsDropped");
    let records = dropped["droppedRecords"].as_u64().unwrap();
    assert!((1..2000).contains(&records), "{dropped}");
    let bytes = dropped["droppedBytes"].as_u64().unwrap();
    assert!(bytes >= records * 1000, "{dropped}");
    assert!(dropped["reason"].is_string(), "{dropped}");
}

#[tokio::test]
async fn a_batch_that_was_refused_comes_again() {
    let folder = Folder::new("telemetry-again");
    let mut reader = Reader::start("500 Internal Server Error").await;
    let config = with_extension(&folder);
    let subscribed = Subscribed::start(config, "\"platform\"", reader.port).await;
    let (_sandbox, _runtime, _extension) = subscribed.ready().await;
    let first = reader.batch().await.1;
    let again = reader.batch().await.1;
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_restore_is_told_between_init_and_the_first_event() {
    let folder = Folder::new("telemetry-restore");
    let mut reader = Reader::start("200 OK").await;
    let mut config = with_extension(&folder);
    config.snap_start = true;
    let subscribed = Subscribed::start(config, "\"platform\"", reader.port).await;
    let Subscribed {
        starting,
        mut extension,
        identifier,
    } = subscribed;
    let mut runtime = Client::connect(starting.api).await;
    let restored = runtime.get("/2018-06-01/runtime/restore/next", "").await;
    assert_eq!(restored.status, 200);
    runtime.begin_next().await;
    begin_extension_next(&mut extension, &identifier).await;
    let _sandbox = starting.done().await;
    let events = reader.events_until("platform.initReport").await;
    assert_eq!(
        types(&events),
        [
            "platform.initStart",
            "platform.telemetrySubscription",
            "platform.initRuntimeDone",
            "platform.restoreStart",
            "platform.restoreRuntimeDone",
            "platform.restoreReport",
            "platform.extension",
            "platform.initReport"
        ]
    );
    let start = record(&events, "platform.initStart");
    assert_eq!(start["initializationType"], "snap-start");
}
