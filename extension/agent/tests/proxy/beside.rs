//! What comes beside an event in headers that callers choose.
//! It never depends on what a detector makes of it.
use crate::harness::{Plan, Room};
use crate::inspection::Refusing;
use crate::platform::event;

const NEXT: &[u8] = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n";
const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

#[test]
fn an_event_is_refused_for_what_callers_chose_beside_it() {
    for header in [
        "Lambda-Runtime-Client-Context: {\"custom\":{\"q\":\"attack\"}}",
        "lambda-runtime-cognito-identity: {\"cognitoIdentityId\":\"attack\"}",
        "Lambda-Runtime-Trace-Id: Root=1-attack",
        "LAMBDA-RUNTIME-AWS-TENANT-ID: attack",
    ] {
        let mut bad = String::from_utf8(event("bad", b"{}")).unwrap();
        bad = bad.replacen("\r\n", &format!("\r\n{header}\r\n"), 1);
        let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
            peer.request()?;
            peer.write(bad.as_bytes())?;
            peer.request()?;
            peer.write(ACCEPTED)?;
            peer.request()?;
            peer.write(&event("good", b"{}"))?;
            peer.drain()
        });
        room.client().call(NEXT, &event("good", b"{}"));
        assert_eq!(room.inspected(), ["bad", "good"], "{header}");
    }
}

#[test]
fn a_header_that_nobody_chose_is_not_looked_at() {
    let mut strange = String::from_utf8(event("one", b"{}")).unwrap();
    strange = strange.replacen("\r\n", "\r\nX-Attack: attack\r\n", 1);
    let bytes = strange.clone().into_bytes();
    let room = Room::planned(Plan::inspecting(Refusing), move |peer| {
        peer.request()?;
        peer.write(strange.as_bytes())?;
        peer.drain()
    });
    room.client().call(NEXT, &bytes);
    assert_eq!(room.inspected(), ["one"]);
}
