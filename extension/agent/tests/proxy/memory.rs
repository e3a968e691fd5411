//! Memory and descriptors of the real process: what happens without them, and that they are given
//! back.
//! It never compares more than what the kernel counts as resident.
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{NEXT, response};
use crate::platform::{ACCEPTED, event, wait_for};
use crate::process::Process;

#[test]
fn an_event_without_memory_for_it_passes() {
    no_memory_for_an_event();
}

/// The test of the row in the table of faults, which names it.
pub(crate) fn no_memory_for_an_event() {
    let large = event("large", &vec![b'['; 6_000_000]);
    let reply = large.clone();
    let process = Process::start(move |number| {
        if number == 0 {
            event("small", b"{}")
        } else {
            reply.clone()
        }
    });
    let mut client = process.client();
    client.call(NEXT, &event("small", b"{}"));
    client.call(&response("small", b"1"), ACCEPTED);
    // From here on the process gets one mebibyte more of address space, and no more.
    let limit = Some(process.status("VmSize") + (1 << 20));
    let limit = Rlimit {
        current: limit,
        maximum: limit,
    };
    prlimit(pid(&process), Resource::As, limit).unwrap();
    client.call(NEXT, &large);
    let line = process.line();
    assert!(
        line.contains("\"no-memory\"") && line.contains("\"large\""),
        "{line}"
    );
    // It goes on living.
    client.call(&response("large", b"1"), ACCEPTED);
}

#[test]
fn what_a_large_event_took_is_given_back() {
    let mut peaks = Vec::new();
    loop {
        let (before, peak) = peak_of_large_ones();
        // Limit: 1.2 times the event, and 5 MB.
        if peak < before + 6_000_000 * 12 / 10 + 5_000_000 {
            return;
        }
        // An inspection that a busy machine holds up is left behind, and keeps what it looks at.
        peaks.push((before, peak));
        assert!(peaks.len() < 3, "before, and at the peak: {peaks:?}");
    }
}

/// What is resident before ten large events and answers, and at the most.
fn peak_of_large_ones() -> (u64, u64) {
    let large = event("large", &vec![b'x'; 6_000_000]);
    let reply = large.clone();
    let process = Process::start(move |number| {
        if number % 2 == 0 {
            event("small", b"{}")
        } else {
            reply.clone()
        }
    });
    let mut client = process.client();
    client.call(NEXT, &event("small", b"{}"));
    client.call(&response("small", b"1"), ACCEPTED);
    let before = process.status("VmRSS");
    let answer = response("large", &vec![b'y'; 6_000_000]);
    for _ in 0..10 {
        client.call(NEXT, &large);
        client.call(&answer, ACCEPTED);
        client.call(NEXT, &event("small", b"{}"));
        client.call(&response("small", b"1"), ACCEPTED);
    }
    let after = process.status("VmRSS");
    // Limit: 2 MiB for what the first event of each kind touches for good.
    assert!(after < before + (2 << 20), "{before} before, {after} after");
    (before, process.status("VmHWM"))
}

#[test]
fn a_thousand_refusals_leave_no_memory_behind() {
    let attack = br#"{"version":"2.0","requestContext":{"http":{"method":"GET","path":"/"}},
        "rawQueryString":"id=1%27%20or%20%271%27%3D%271%27%20union%20select%20a%20from%20b--"}"#;
    let process = Process::start(move |number| {
        let id = format!("id-{number}");
        if number % 1000 == 999 {
            event("good", b"{}")
        } else {
            event(&id, attack)
        }
    });
    let mut client = process.client();
    let mut round = || {
        client.call(NEXT, &event("good", b"{}"));
        client.call(&response("good", b"1"), ACCEPTED);
    };
    round();
    let before = process.status("VmRSS");
    for _ in 0..3 {
        round();
    }
    let after = process.status("VmRSS");
    assert!(
        after < before + (256 << 10),
        "{before} before, {after} after"
    );
}

/// F80: descriptors run out; whoever comes when some are free again is served.
#[test]
fn a_process_without_descriptors_serves_again_when_it_has_some() {
    let process = Process::start(|_| event("one", b"{}"));
    let open = std::fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap();
    let limit = Some(u64::try_from(open.count()).unwrap() + 10);
    let limit = Rlimit {
        current: limit,
        maximum: limit,
    };
    prlimit(pid(&process), Resource::Nofile, limit).unwrap();
    for _ in 0..3 {
        let mut clients: Vec<_> = (0..40).map(|_| process.client()).collect();
        // Some wait, some are told that the platform cannot be reached, some are served.
        for client in &mut clients {
            let _ = std::io::Write::write_all(&mut client.stream, NEXT);
        }
        drop(clients);
    }
    wait_for("a served call", || {
        let mut client = process.client();
        let sent = std::io::Write::write_all(&mut client.stream, &response("one", b"1"));
        sent.is_ok() && client.rest_or(ACCEPTED.len()) == ACCEPTED
    });
}

fn pid(process: &Process) -> Option<Pid> {
    Pid::from_raw(process.id().cast_signed())
}
