//! SnapStart: the restore endpoints, and their absence elsewhere.
//! No snapshot is taken; only the conversation is real.

use crate::support::{Client, invoking, outcome, silent, starting};
use credenza_sandbox::{Config, InitStatus, Invocation};

const RESTORE: &str = "/2018-06-01/runtime/restore/next";

fn snap_start() -> Config {
    let mut config = silent();
    config.snap_start = true;
    config
}

#[tokio::test]
async fn a_runtime_is_restored_and_then_asks_for_events() {
    let starting = starting(snap_start()).await;
    let mut restore = Client::connect(starting.api).await;
    let restored = restore.get(RESTORE, "").await;
    assert_eq!(restored.summary(), "200 ");
    // The next call comes on a new connection, as with the Python client.
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    let sandbox = starting.done().await;
    assert!(sandbox.init().is_success());
    let task = invoking(&sandbox, Invocation::new("{}"));
    let id = runtime.reply().await.request_id().to_owned();
    runtime.respond(&id, b"1").await;
    assert!(outcome(task).await.is_response());
}

#[tokio::test]
async fn a_runtime_may_skip_the_restore() {
    let starting = starting(snap_start()).await;
    let mut runtime = Client::connect(starting.api).await;
    runtime.begin_next().await;
    assert!(starting.done().await.init().is_success());
}

#[tokio::test]
async fn a_failed_restore_fails_init() {
    for path in ["restore/error", "init/error"] {
        let starting = starting(snap_start()).await;
        let mut runtime = Client::connect(starting.api).await;
        assert_eq!(runtime.get(RESTORE, "").await.status, 200);
        let headers = "Lambda-Runtime-Function-Error-Type: Runtime.RestoreFailed\r\n";
        let path = format!("/2018-06-01/runtime/{path}");
        assert_eq!(runtime.post(&path, headers, b"{}").await.status, 202);
        let sandbox = starting.done().await;
        let InitStatus::Error { error_type, .. } = &sandbox.init().status else {
            panic!("{:?}", sandbox.init());
        };
        assert_eq!(error_type, "Runtime.RestoreFailed");
    }
}
