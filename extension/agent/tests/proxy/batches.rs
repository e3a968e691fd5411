//! Batches of which the runtime gets a part, and the answers that are completed for the platform.
//! They never show the runtime a byte of what was cut, nor the platform an answer twice.
use crate::harness::{Client, NEXT, Plan, Room, response};
use crate::inspection::Cutting;
use crate::platform::{ACCEPTED, Peer, event};

const BATCH: &[u8] = br#"{"Records":["bad","good"]}"#;

/// What a platform gets where the function says `{}`.
const COMPLETED: &[u8] = br#"{"batchItemFailures":[{"itemIdentifier":"bad"}]}"#;

/// A platform with one batch for each connection, which takes every answer.
fn room() -> Room {
    Room::planned(Plan::inspecting(Cutting), |peer: &mut Peer| {
        loop {
            let request = peer.request()?;
            if request.starts_with(b"GET") {
                peer.write(&event("one", BATCH))?;
            } else {
                peer.write(ACCEPTED)?;
            }
        }
    })
}

fn take_event(client: &mut Client) {
    client.call(NEXT, &event("one", br#"{"Records":["good"]}"#));
}

/// The bytes that the platform got behind its first request.
fn answered(room: &Room) -> Vec<u8> {
    let seen = room.platform.seen().concat();
    seen.strip_prefix(NEXT).unwrap().to_vec()
}

#[test]
fn the_runtime_gets_what_is_left_and_the_platform_hears_of_the_rest() {
    let room = room();
    let mut client = room.client();
    take_event(&mut client);
    client.call(&response("one", b"{}"), ACCEPTED);
    assert_eq!(answered(&room), response("one", COMPLETED));
    assert!(room.faults().is_empty());
}

#[test]
fn an_answer_in_chunks_is_completed_too() {
    let room = room();
    let mut client = room.client();
    take_event(&mut client);
    client.send(
        b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: a\r\n\
          Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    );
    client.send(b"1\r\n}\r\n0\r\n\r\n");
    client.expect(ACCEPTED);
    assert_eq!(answered(&room), response("one", COMPLETED));
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it() {
    let room = room();
    let mut client = room.client();
    take_event(&mut client);
    client.send(
        b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: a\r\n\
          Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    client.expect(b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(b"{}");
    client.expect(ACCEPTED);
    assert_eq!(answered(&room), response("one", COMPLETED));
}

#[test]
fn an_error_passes_as_it_came_and_so_does_every_later_answer() {
    let room = room();
    let mut client = room.client();
    take_event(&mut client);
    let error = b"POST /2018-06-01/runtime/invocation/one/error HTTP/1.1\r\nHost: a\r\n\
                  Content-Length: 2\r\n\r\n{}";
    client.call(error, ACCEPTED);
    client.call(&response("one", b"{}"), ACCEPTED);
    let expected = [&error[..], &response("one", b"{}")].concat();
    assert_eq!(answered(&room), expected);
}

#[test]
fn answers_of_other_invocations_are_not_touched() {
    let room = room();
    let mut client = room.client();
    take_event(&mut client);
    client.call(&response("two", b"{}"), ACCEPTED);
    client.call(&response("one", b"null"), ACCEPTED);
    client.call(&response("one", b"null"), ACCEPTED);
    let expected = [
        response("two", b"{}"),
        response("one", COMPLETED),
        response("one", b"null"),
    ];
    assert_eq!(answered(&room), expected.concat());
}
