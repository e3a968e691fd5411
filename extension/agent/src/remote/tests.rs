//! A policy's source that is there, gone, slow, lying and out of date.
//! It never waits longer than the patience of one poll.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use credenza_exchange::Inspected;
use credenza_policy::{Mode, Policy, PolicyUrl, Problem};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use super::Remote;
use crate::live::Live;
use crate::telemetry::{FaultNote, Invocation, LeakNote, Sink};

/// What was told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Sink for Told {
    fn inspected(&self, _: &Invocation<'_>, _: &Inspected, _: u64) {}
    fn dealt_with(&self, _: u64) {}
    fn leaked(&self, _: &LeakNote<'_>) {}
    fn tampered(&self, _: &crate::telemetry::TamperNote<'_>) {}

    fn fault(&self, fault: &FaultNote<'_>) {
        self.0.lock().unwrap().push(fault.kind.to_owned());
    }

    fn problem(&self, problem: &Problem) {
        self.0
            .lock()
            .unwrap()
            .push(format!("{}: {}", problem.at, problem.message));
    }

    fn policy(&self, policy: &Policy, is_weaker: bool) {
        let weaker = if is_weaker { " weaker" } else { "" };
        let said = format!("{} {}{weaker}", policy.mode.name(), policy.version);
        self.0.lock().unwrap().push(said);
    }
}

/// A source whose answer may be changed, and whoever fetches from it.
struct Bench {
    answer: Arc<Mutex<Vec<u8>>>,
    live: Arc<Live>,
    told: Arc<Told>,
    remote: Remote,
}

fn bench(base: &str, key: Option<[u8; 32]>) -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(Mutex::new(Vec::new()));
    let answers = Arc::clone(&answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let answer: Vec<u8> = answers.lock().unwrap().clone();
            let _ = stream.write_all(&answer);
            // A source that says nothing keeps the connection open, too.
            if answer.is_empty() {
                std::mem::forget(stream);
            }
        }
    });
    bench_at(address, base, key, answer)
}

fn bench_at(
    address: SocketAddr,
    base: &str,
    key: Option<[u8; 32]>,
    answer: Arc<Mutex<Vec<u8>>>,
) -> Bench {
    let (base, problems) = Policy::parse(base);
    assert!(problems.is_empty(), "{problems:?}");
    let url = PolicyUrl {
        address,
        path: "/applications/a".into(),
    };
    let (live, told) = (
        Arc::new(Live::changing(base.clone())),
        Arc::new(Told::default()),
    );
    let sink = Arc::clone(&told) as Arc<dyn Sink>;
    let remote = Remote::new(url, key, base, "orders".into(), Arc::clone(&live), sink);
    Bench {
        answer,
        live,
        told,
        remote,
    }
}

impl Bench {
    /// The mode after a poll that is answered so.
    fn poll(&mut self, answer: &[u8]) -> Mode {
        *self.answer.lock().unwrap() = answer.to_vec();
        self.remote.poll();
        self.live.now().mode
    }

    /// The same for a policy.
    fn poll_text(&mut self, text: &str) -> Mode {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
        self.poll(&[head.as_bytes(), text.as_bytes()].concat())
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.0.lock().unwrap())
    }
}

#[test]
fn a_fetched_policy_is_in_force_after_one_poll_and_so_is_a_kill_switch() {
    let mut bench = bench("mode = 'monitor'", None);
    assert_eq!(bench.poll_text("mode = 'block'\nversion = 4"), Mode::Block);
    assert_eq!(bench.told(), ["block 4"]);
    // What did not change is not told again.
    assert_eq!(bench.poll_text("mode = 'block'\nversion = 4"), Mode::Block);
    assert_eq!(
        bench.poll_text("kill = true\nversion = 5\nnonsense = 1"),
        Mode::Off
    );
    let told = bench.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], "off 5 weaker");
    assert_eq!(bench.poll_text("mode = 'off'\nversion = 6"), Mode::Off);
    // JSON is accepted as well.
    assert_eq!(
        bench.poll_text(r#"{"mode": "block", "version": 7}"#),
        Mode::Block
    );
}

#[test]
fn a_source_that_is_down_slow_or_lying_leaves_the_last_good_policy() {
    let mut bench = bench("mode = 'block'", None);
    assert_eq!(
        bench.poll_text("mode = 'monitor'\nversion = 2"),
        Mode::Monitor
    );
    let before = bench.live.now().hash;
    bench.told();
    let garbage: [&[u8]; 6] = [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nmode = 'off'",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"nonsense",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\xfd",
        b"",
    ];
    for answer in garbage {
        let begun = Instant::now();
        assert_eq!(bench.poll(answer), Mode::Monitor);
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
    for text in [
        "<html>",
        "mode = 'blok'",
        "mode = 'off",
        "version = 1\nmode = 'off'",
    ] {
        assert_eq!(bench.poll_text(text), Mode::Monitor, "{text}");
    }
    assert_eq!(bench.live.now().hash, before);
    let told = bench.told();
    assert_eq!(told[0], "policy-unreachable");
    assert!(told.last().unwrap().contains("older than 2"), "{told:?}");

    // Bound and not listening: refused for certain, as nobody else is given the port.
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = getsockname(&socket).unwrap().try_into().unwrap();
    let mut gone = bench_at(nobody, "mode = 'block'", None, Arc::default());
    gone.remote.poll();
    gone.remote.poll();
    assert_eq!(gone.live.now().mode, Mode::Block);
    assert_eq!(gone.told(), ["policy-unreachable"]);
}

#[test]
fn with_a_key_only_what_is_signed_and_newer_is_taken() {
    use ed25519_compact::{KeyPair, Seed};
    let pair = KeyPair::from_seed(Seed::new([3; 32]));
    let sign = |text: &str| {
        let signature = pair.sk.sign(text, None);
        let digits = signature
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        format!("# credenza-signature: {digits}\n{text}")
    };
    let mut bench = bench("mode = 'block'\nversion = 10", Some(*pair.pk));
    assert_eq!(bench.poll_text("mode = 'off'\nversion = 11"), Mode::Block);
    assert_eq!(bench.poll_text(&sign("mode = 'off'")), Mode::Block);
    assert_eq!(
        bench.poll_text(&sign("mode = 'off'\nversion = 10")),
        Mode::Block
    );
    assert_eq!(
        bench.poll_text(&sign("mode = 'monitor'\nversion = 11")),
        Mode::Monitor
    );
    assert_eq!(
        bench.poll_text(&sign("mode = 'block'\nversion = 12")),
        Mode::Block
    );
    // An old one cannot be played again.
    assert_eq!(
        bench.poll_text(&sign("mode = 'monitor'\nversion = 11")),
        Mode::Block
    );
}

#[test]
fn a_fetched_policy_lies_over_the_files_and_leaves_what_it_does_not_name() {
    let base =
        "mode = 'block'\n[rule.csv-formula]\nmode = 'off'\n[source.sqs]\nquarantine = 'fail'";
    let mut bench = bench(base, None);
    bench.poll_text("[rule.sql-injection]\nmode = 'monitor'\n[[scope]]\nfunction = 'orders'\nmode = 'monitor'\n[[scope]]\nfunction = 'other'\nmode = 'off'");
    let policy = bench.live.now();
    assert_eq!(
        (policy.mode, policy.rules.len(), policy.sources.len()),
        (Mode::Block, 2, 1)
    );
    assert_eq!(policy.scopes.len(), 1);
    // The next one lies over the files again, not over the last.
    bench.poll_text("on_error = 'closed'");
    assert_eq!(bench.live.now().rules.len(), 1);
}

#[test]
fn a_fetched_policy_has_no_file_read() {
    let mut bench = bench("", None);
    bench.poll_text("version = 1\n[shadow]\nfile = '/proc/self/environ'\n");
    let now = bench.live.now();
    assert_eq!(
        (now.version, &now.shadow, &now.shadow_file),
        (1, &None, &None)
    );
    let told = bench.told();
    assert!(told[0].contains("cannot name a `file`"), "{told:?}");
}
