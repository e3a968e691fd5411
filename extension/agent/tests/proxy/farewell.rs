//! SHUTDOWN: what a runtime that is ended leaves behind is no fault (F32, F51, F71).
//! It never measures how long leaving takes; the acceptance tests do.
use crate::harness::{NEXT, response};
use crate::inspection::Release;
use crate::platform::{ACCEPTED, event, wait_for};
use crate::process::Process;

/// A process with one invocation behind it, whose second `next` stays pending.
fn waiting() -> (Process, Release) {
    let end = Release::default();
    let ended = std::sync::Arc::clone(&end.0);
    let process = Process::start(move |number| {
        if number > 0 {
            wait_for("the end", || {
                ended.load(std::sync::atomic::Ordering::Relaxed)
            });
        }
        event("one", b"{}")
    });
    (process, end)
}

#[test]
fn a_runtime_that_is_ended_before_shutdown_leaves_no_fault() {
    let (process, end) = waiting();
    let mut client = process.client();
    client.call(NEXT, &event("one", b"{}"));
    client.call(&response("one", b"1"), ACCEPTED);
    client.send(NEXT);
    wait_for("the pending next", || process.nexts() == 1);
    drop(client);
    let lines = process.shut_down();
    drop(end);
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, record) in lines.iter().zip(["\"metrics\"", "\"summary\""]) {
        assert!(line.contains(record), "{lines:?}");
        assert!(line.contains("\"inspected\":1,"), "{lines:?}");
        assert!(line.contains("\"faults\":0,"), "{lines:?}");
    }
}

#[test]
fn a_runtime_that_still_waits_at_shutdown_leaves_no_fault() {
    let (process, end) = waiting();
    let mut client = process.client();
    client.call(NEXT, &event("one", b"{}"));
    client.call(&response("one", b"1"), ACCEPTED);
    client.send(NEXT);
    wait_for("the pending next", || process.nexts() == 1);
    let lines = process.shut_down();
    drop(end);
    assert!(
        lines.iter().all(|line| !line.contains("\"fault\"")),
        "{lines:?}"
    );
    // Its connection ends with the process, cleanly.
    assert_eq!(client.rest(), b"");
}
