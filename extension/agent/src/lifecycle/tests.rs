//! The Extensions API in every mood, and what the process makes of it.
//! It never starts the agent: `register` and `event/next` are called against a scripted platform.
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use credenza_exchange::Inspected;
use credenza_policy::Problem;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

use super::call::Call;
use super::{member, name, register, wait_for_shutdown};
use crate::telemetry::{FaultNote, Invocation, Sink};
use crate::upstream::Upstream;

/// Reads one request head and the body that its length announces.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}

/// A platform that answers each request with the next line of its script, on one connection as long
/// as the reply keeps it; an empty reply closes it. Gives back what it was asked.
fn platform(script: Vec<String>) -> (Upstream, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = Upstream::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    let running = thread::spawn(move || {
        let mut asked = Vec::new();
        let mut replies = script.into_iter();
        'connections: loop {
            if replies.len() == 0 {
                return asked;
            }
            let (mut stream, _) = listener.accept().unwrap();
            while let Some(text) = request(&mut stream) {
                asked.push(text);
                match replies.next() {
                    Some(reply) if !reply.is_empty() => stream.write_all(reply.as_bytes()).unwrap(),
                    Some(_) => continue 'connections,
                    None => return asked,
                }
                if replies.len() == 0 {
                    return asked;
                }
            }
        }
    });
    (upstream, running)
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

fn event(body: &str) -> String {
    reply("200 OK", "", body)
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Sink for Heard {
    fn inspected(&self, _: &Invocation<'_>, _: &Inspected, _: u64) {}
    fn leaked(&self, _: &crate::telemetry::LeakNote<'_>) {}
    fn dealt_with(&self, _: u64) {}
    fn tampered(&self, _: &crate::telemetry::TamperNote<'_>) {}

    fn fault(&self, fault: &FaultNote<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {}", fault.kind, fault.detail));
    }
    fn problem(&self, _: &Problem) {}
}

const SHUTDOWN: &str = r#"{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":1}"#;

#[test]
fn registration_asks_for_shutdown_only_under_our_own_name() {
    let ok = reply("200 OK", "Lambda-Extension-Identifier: 0-1\r\n", "{}");
    let (upstream, running) = platform(vec![ok]);
    assert_eq!(
        register(&mut Call::new(upstream), "credenza-agent"),
        Ok("0-1".to_owned())
    );
    let asked = running.join().unwrap().remove(0);
    assert!(
        asked.starts_with("POST /2020-01-01/extension/register HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("\r\nLambda-Extension-Name: credenza-agent\r\n"),
        "{asked}"
    );
    assert!(
        asked.ends_with("\r\n\r\n{\"events\":[\"SHUTDOWN\"]}"),
        "{asked}"
    );
}

#[test]
fn a_path_prefix_goes_before_every_call() {
    let ok = reply("200 OK", "Lambda-Extension-Identifier: 0-1\r\n", "{}");
    let (upstream, running) = platform(vec![ok]);
    let prefixed = Upstream::parse(&format!("http://{upstream}/.rt")).unwrap();
    register(&mut Call::new(prefixed), "x").unwrap();
    assert!(running.join().unwrap()[0].starts_with("POST /.rt/2020-01-01/extension/register "));
}

#[test]
fn a_registration_that_cannot_be_saved_is_one_clear_reason() {
    let refused = r#"{"errorMessage":"m","errorType":"Extension.TooManyExtensions"}"#;
    for (script, expected) in [
        (
            reply("403 Forbidden", "", refused),
            "answered 403 (Extension.TooManyExtensions)",
        ),
        (
            reply("500 Internal Server Error", "", ""),
            "answered 500 (no error type)",
        ),
        (reply("200 OK", "", "{}"), "no Lambda-Extension-Identifier"),
        (
            "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
            "unexpected end of file",
        ),
        (String::new(), "unexpected end of file"),
    ] {
        let (upstream, running) = platform(vec![script]);
        let why = register(&mut Call::new(upstream), "x").unwrap_err();
        assert!(why.contains(expected), "{why}");
        assert_eq!(running.join().unwrap().len(), 1, "no retry storm");
    }
}

#[test]
fn a_platform_that_comes_up_late_is_waited_for() {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = getsockname(&socket).unwrap().try_into().unwrap();
    let upstream = Upstream::parse(&address.to_string()).unwrap();
    let registering = thread::spawn(move || register(&mut Call::new(upstream), "x"));
    listen(&socket, 8).unwrap();
    let (mut stream, _) = TcpListener::from(socket).accept().unwrap();
    request(&mut stream).unwrap();
    let ok = reply("200 OK", "Lambda-Extension-Identifier: 0-1\r\n", "{}");
    stream.write_all(ok.as_bytes()).unwrap();
    assert_eq!(registering.join().unwrap(), Ok("0-1".to_owned()));
}

#[test]
fn shutdown_ends_the_wait_whatever_its_reason() {
    for (body, reason) in [
        (SHUTDOWN, "spindown"),
        (
            r#"{ "eventType" : "SHUTDOWN" , "shutdownReason" : "SandboxTerminated" }"#,
            "SandboxTerminated",
        ),
        (r#"{"eventType":"SHUTDOWN"}"#, "unknown"),
    ] {
        let (upstream, running) = platform(vec![event(body)]);
        let heard = Heard::default();
        assert_eq!(
            wait_for_shutdown(&mut Call::new(upstream), "0-1", &heard),
            reason
        );
        let asked = running.join().unwrap().remove(0);
        assert!(
            asked.starts_with("GET /2020-01-01/extension/event/next HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains("\r\nLambda-Extension-Identifier: 0-1\r\n"),
            "{asked}"
        );
        assert!(
            !asked.contains("Content-Length"),
            "a GET carries no body: {asked}"
        );
        assert!(heard.0.lock().unwrap().is_empty());
    }
}

#[test]
fn events_that_we_did_not_ask_for_are_ignored() {
    let invoke = event(r#"{"eventType":"INVOKE","requestId":"1"}"#);
    let (upstream, running) = platform(vec![
        invoke,
        event(r#"{"eventType":"HIBERNATE"}"#),
        event(SHUTDOWN),
    ]);
    let heard = Heard::default();
    assert_eq!(
        wait_for_shutdown(&mut Call::new(upstream), "0-1", &heard),
        "spindown"
    );
    assert_eq!(running.join().unwrap().len(), 3);
    assert!(heard.0.lock().unwrap().is_empty());
}

#[test]
fn a_socket_that_died_while_frozen_is_replaced_in_silence() {
    let (upstream, running) = platform(vec![String::new(), event(SHUTDOWN)]);
    let heard = Heard::default();
    assert_eq!(
        wait_for_shutdown(&mut Call::new(upstream), "0-1", &heard),
        "spindown"
    );
    assert_eq!(running.join().unwrap().len(), 2);
    assert!(heard.0.lock().unwrap().is_empty());
}

#[test]
fn a_platform_that_keeps_failing_is_asked_again_and_told_of_once() {
    let (upstream, running) = platform(vec![
        event("not an event"),
        reply("500 Internal Server Error", "", ""),
        reply("403 Forbidden", "", ""),
        String::new(),
        event(SHUTDOWN),
    ]);
    let heard = Heard::default();
    assert_eq!(
        wait_for_shutdown(&mut Call::new(upstream), "0-1", &heard),
        "spindown"
    );
    assert_eq!(running.join().unwrap().len(), 5);
    assert_eq!(*heard.0.lock().unwrap(), ["event-next-failed status 500"]);
}

#[test]
fn the_name_is_the_base_name_of_the_file_that_was_started() {
    assert_eq!(
        name(Some(&"/opt/extensions/credenza-agent".into())),
        "credenza-agent"
    );
    assert_eq!(name(Some(&"./mine".into())), "mine");
    assert_eq!(name(None), "credenza-agent");
}

#[test]
fn members_are_found_however_they_are_spaced() {
    assert_eq!(member(r#"{"a":"b"}"#, "a"), Some("b"));
    assert_eq!(member("{\n \"a\" :\t\"b\" }", "a"), Some("b"));
    assert_eq!(member(r#"{"a":1}"#, "a"), None);
    assert_eq!(member(r#"{"a":"b"#, "a"), None);
    bolero::check!().with_type::<String>().for_each(|text| {
        let _ = member(text, "eventType");
    });
}
