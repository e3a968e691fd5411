//! A8: after SHUTDOWN the agent has told its findings and left with code 0 within 200 ms.
//! It never counts the platform's own time.
use std::time::{Duration, Instant};

use credenza_sandbox::{Invocation, ShutdownReason};

use crate::harness::alone;
use crate::harness::pair::Pair;
use crate::harness::samples::{INJECTION, rest};
use crate::harness::sandboxed::{Client, Setup, block_on};

/// Limit: 200 ms from SHUTDOWN to exit (contract A8).
const EXIT: Duration = Duration::from_millis(200);

/// The agent leaves in time in one of three attempts: one that is late by itself is late each
/// time, and a machine that stood still for a moment is not the agent.
fn leaves_in_time(what: &str, mut attempt: impl FnMut() -> Duration) {
    let mut late = Vec::new();
    for _ in 0..3 {
        let elapsed = attempt();
        if elapsed < EXIT {
            return;
        }
        late.push(elapsed);
    }
    panic!("{what}: {late:?}");
}

#[test]
fn every_reason_of_shutdown_ends_the_agent_in_time_with_code_0() {
    let _room = alone();
    for reason in ["spindown", "timeout", "failure", "SandboxTerminated"] {
        leaves_in_time(reason, || {
            let mut pair = Pair::new("monitor");
            pair.invoke("one", rest("/q", INJECTION).as_bytes(), b"1");
            pair.runtime.ask_next().unwrap();
            pair.lambda.wait_pending(1);
            let begun = Instant::now();
            pair.lambda.shut_down(reason);
            let (status, _) = pair.agent.wait_exit();
            let elapsed = begun.elapsed();
            assert_eq!(status.code(), Some(0), "{reason}");
            pair.agent.lines.wait(&["sql-injection", "\"one\""]);
            elapsed
        });
    }
}

#[test]
fn shutdown_in_the_middle_of_a_call_ends_the_agent_in_time() {
    let _room = alone();
    leaves_in_time("half an answer", || {
        let mut pair = Pair::new("monitor");
        pair.deliver("open", b"{}");
        pair.runtime
            .send(
                b"POST /2018-06-01/runtime/invocation/open/response HTTP/1.1\r\nHost: a\r\n\
                  Content-Length: 1000\r\n\r\nhalf",
            )
            .unwrap();
        pair.lambda.shut_down("timeout");
        let begun = Instant::now();
        let (status, _) = pair.agent.wait_exit();
        assert_eq!(status.code(), Some(0));
        begun.elapsed()
    });
}

#[test]
fn findings_of_the_last_invocation_are_flushed_before_the_agent_leaves() {
    let _room = alone();
    let mut pair = Pair::new("monitor");
    for index in 0..100 {
        pair.invoke(
            &format!("last-{index}"),
            rest("/q", INJECTION).as_bytes(),
            b"1",
        );
    }
    pair.lambda.shut_down("spindown");
    let (status, _) = pair.agent.wait_exit();
    assert_eq!(status.code(), Some(0));
    // The output's end is read by another thread, so the last line is waited for.
    pair.agent
        .lines
        .wait(&["\"summary\"", "\"inspected\":100", "\"dropped\":0"]);
    let lines = pair.agent.lines.all();
    // A REST event carries its query twice, so each of them has two findings; those of the first
    // ten are written (telemetry/repeats.rs), the others counted by place.
    for index in 0..100 {
        let id = format!("\"last-{index}\"");
        let is_told = |line: &&String| {
            line.contains(r#""record":"finding""#)
                && line.contains("sql-injection")
                && line.contains(&id)
        };
        let told = lines.iter().filter(is_told).count();
        let expected = if index < 10 { 2 } else { 0 };
        assert_eq!(
            told, expected,
            "a finding of {id} was lost or doubled: {lines:#?}"
        );
    }
    let counted = |line: &&String| line.contains(r#""count":90,"last_request_id":"last-99""#);
    assert_eq!(lines.iter().filter(counted).count(), 2, "{lines:#?}");
}

#[test]
fn a_signal_without_an_event_ends_the_agent_with_code_0() {
    let _room = alone();
    leaves_in_time("SIGTERM", || {
        let mut pair = Pair::new("monitor");
        pair.invoke("one", b"{}", b"1");
        let pid = rustix::process::Pid::from_raw(pair.agent.pid().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let (status, elapsed) = pair.agent.wait_exit();
        assert_eq!(status.code(), Some(0));
        elapsed
    });
}

#[test]
fn the_sandbox_sees_the_same_with_each_client() {
    let _room = alone();
    for client in Client::ALL {
        let name = format!("shutdown with {client:?}");
        if Setup::new(&name, client).is_none() {
            continue;
        }
        leaves_in_time(&name, || sandboxed(&name, client));
    }
}

/// One life of a protected function over `client`; how long the agent's end took.
fn sandboxed(name: &str, client: Client) -> Duration {
    let mut setup = Setup::new(name, client).expect("it was there a moment ago");
    setup.protect("monitor");
    block_on(async {
        let sandbox = setup.start().await;
        let outcome = sandbox.invoke(Invocation::new(rest("/q", INJECTION))).await;
        assert!(outcome.is_response());
        let shutdown = sandbox.shutdown(ShutdownReason::Spindown).await;
        let exit = &shutdown.extensions[0];
        assert_eq!(
            (exit.code, exit.killed),
            (Some(0), false),
            "{name}: {exit:?}"
        );
        let told = setup.agent_said();
        assert!(
            told.iter().any(|line| line.contains("sql-injection")),
            "{told:?}"
        );
        exit.elapsed
    })
}
