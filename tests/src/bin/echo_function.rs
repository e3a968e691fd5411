//! A function over the real `lambda_runtime` that answers with the very bytes of its event.
//! It never parses or re-serialises what it echoes, so that each changed byte shows.
//!
//! `ECHO_MODE` chooses what it does: `echo` (default), `error`, `stream`, `sleep`, or `meet`, where
//! events for the path `/meet` wait until sixteen of them are in the function at once.
//! `ECHO_ROLE=extension` makes it an extension of the official library instead of a function.
//! `ECHO_RECORD` names a file that gets one line for each event: request id, SHA-256, length.
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use lambda_runtime::streaming::{Body, channel};
use lambda_runtime::tower::util::MapRequestLayer;
use lambda_runtime::{
    Error, FunctionResponse, LambdaEvent, LambdaInvocation, Runtime, StreamResponse, service_fn,
};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::sync::Barrier;

/// Where the events of mode `meet` wait for each other; one that is served alone waits in vain.
static MEETING: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(16));

type Answer = FunctionResponse<Box<RawValue>, Body>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::var("ECHO_ROLE").as_deref() == Ok("extension") {
        let nothing = service_fn(|_: lambda_extension::LambdaEvent| async { Ok::<_, Error>(()) });
        return lambda_extension::Extension::new()
            .with_events(&["SHUTDOWN"])
            .with_events_processor(nothing)
            .run()
            .await;
    }
    // The layer stands before the runtime's own JSON parser, so the handler gets every byte.
    let wrapped = MapRequestLayer::new(|mut invocation: LambdaInvocation| {
        invocation.body = Bytes::from(format!("\"{}\"", BASE64.encode(&invocation.body)));
        invocation
    });
    Runtime::new(service_fn(answer))
        .layer(wrapped)
        .run_concurrent()
        .await
}

async fn answer(event: LambdaEvent<String>) -> Result<Answer, Error> {
    let bytes = BASE64.decode(&event.payload)?;
    let digest = format!("{:x} {}", Sha256::digest(&bytes), bytes.len());
    record(&event.context.request_id, &digest)?;
    match std::env::var("ECHO_MODE").as_deref() {
        Ok("error") => Err(format!("{} bytes were not wanted", bytes.len()).into()),
        Ok("stream") => Ok(stream(bytes)),
        Ok("sleep") => {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(FunctionResponse::BufferedResponse(raw(bytes, &digest)?))
        }
        mode => {
            if mode == Ok("meet") && bytes.windows(5).any(|window| window == b"/meet") {
                MEETING.wait().await;
            }
            Ok(FunctionResponse::BufferedResponse(raw(bytes, &digest)?))
        }
    }
}

/// The bytes as they are where they are JSON; the runtime cannot answer anything else buffered, so
/// of others their digest goes back, which fits the platform's limit at any size.
fn raw(bytes: Vec<u8>, digest: &str) -> Result<Box<RawValue>, Error> {
    let text = String::from_utf8(bytes).ok();
    match text.and_then(|text| RawValue::from_string(text).ok()) {
        Some(value) => Ok(value),
        None => Ok(RawValue::from_string(format!("\"{digest}\""))?),
    }
}

/// The bytes in pieces of at most 1,000, each sent on its own.
fn stream(bytes: Vec<u8>) -> Answer {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for piece in bytes.chunks(1000) {
            if sender
                .send_data(Bytes::copy_from_slice(piece))
                .await
                .is_err()
            {
                return;
            }
        }
    });
    FunctionResponse::StreamingResponse(StreamResponse::from(body))
}

fn record(request_id: &str, digest: &str) -> std::io::Result<()> {
    let Some(path) = std::env::var_os("ECHO_RECORD") else {
        return Ok(());
    };
    let line = format!("{request_id} {digest}\n");
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())
}
