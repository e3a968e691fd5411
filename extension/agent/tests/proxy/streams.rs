//! Streams: each piece is on its way as it arrives, and what is cut on one side is cut on the other
//! (R17, R32, R34, F56 to F59, and 1.6 of the contract).
//! It never sleeps: each piece is seen on the other side before the next one is sent.
use std::time::{Duration, Instant};

use credenza_policy::{Mode, Policy};

use crate::harness::{Client, NEXT, Plan, Room, response};
use crate::platform::{ACCEPTED, event, wait_for};

const START: &str = "POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n\
    Lambda-Runtime-Function-Response-Mode: streaming\r\n\
    Trailer: Lambda-Runtime-Function-Error-Type\r\n\
    Trailer: Lambda-Runtime-Function-Error-Body\r\n\
    Content-Type: application/vnd.awslambda.http-integration-response\r\n\
    Transfer-Encoding: chunked\r\n\r\n";

/// Sends a piece, and waits until all that was sent so far is at the platform: as it was sent, or
/// in mode `block`, where the framing is ours, what it holds.
fn step(room: &Room, mode: Mode, client: &mut Client, sent: &mut Vec<u8>, piece: &[u8]) {
    client.send(piece);
    sent.extend_from_slice(piece);
    let seen = || room.platform.seen().concat();
    if mode == Mode::Block {
        wait_for("what the piece holds", || content(&seen()) == content(sent));
        return;
    }
    wait_for("the piece", || seen().len() >= sent.len());
    assert!(seen() == *sent);
}

/// The head of a request, the data of its chunks, and its trailers once it is whole.
fn content(sent: &[u8]) -> Vec<u8> {
    let Some(head) = sent.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Vec::new();
    };
    let (head, mut rest) = sent.split_at(head + 4);
    let mut content = head.to_vec();
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            if rest.ends_with(b"\r\n\r\n") || rest == b"\r\n" {
                content.extend_from_slice(rest);
            }
            break;
        }
        content.extend_from_slice(&rest[..size.min(rest.len())]);
        rest = rest.get(size + 2..).unwrap_or_default();
    }
    content
}

fn accepting(mode: Mode) -> Room {
    let policy = Policy {
        mode,
        ..Policy::default()
    };
    let plan = Plan {
        policy,
        ..Plan::default()
    };
    Room::planned(plan, |peer| {
        loop {
            peer.request()?;
            peer.write(ACCEPTED)?;
        }
    })
}

#[test]
fn each_piece_of_a_stream_is_on_its_way_before_the_next_one_comes() {
    for mode in [Mode::Off, Mode::Monitor, Mode::Block] {
        let room = accepting(mode);
        let (mut client, mut sent) = (room.client(), Vec::new());
        let mut step = |client: &mut _, piece: &[u8]| step(&room, mode, client, &mut sent, piece);
        step(&mut client, START.as_bytes());
        for size in [1, 2, 3, 100, 8192, 16_384, 65_536, 300_000] {
            let chunk = [
                format!("{size:x}\r\n").as_bytes(),
                &vec![b'x'; size],
                b"\r\n",
            ]
            .concat();
            step(&mut client, &chunk);
        }
        step(&mut client, b"0\r\n");
        let trailers = b"Lambda-Runtime-Function-Error-Type: Function.X\r\n\
                         lambda-runtime-function-error-body: e30=\r\nOther: 1\r\n";
        step(&mut client, trailers);
        step(&mut client, b"\r\n");
        client.expect(ACCEPTED);
        // The connection serves the next call.
        client.call(&response("other", b"1"), ACCEPTED);
    }
}

#[test]
fn a_stream_cut_anywhere_between_two_writes_is_the_same_stream() {
    let body = "1e\r\n{\"statusCode\":200}\0\0\0\0\0\0\0\0body\r\n0\r\nA: b\r\n\r\n";
    for mode in [Mode::Monitor, Mode::Block] {
        for at in 1..body.len() {
            let room = accepting(mode);
            let (mut client, mut sent) = (room.client(), Vec::new());
            let mut step = |piece: &[u8]| step(&room, mode, &mut client, &mut sent, piece);
            step(START.as_bytes());
            step(&body.as_bytes()[..at]);
            step(&body.as_bytes()[at..]);
            client.expect(ACCEPTED);
        }
    }
}

/// R19: Nagle's algorithm holds a small piece back until the one before it is acknowledged, and an
/// acknowledgement may take 40 ms.
#[test]
fn a_client_with_nagle_in_it_does_not_wait_for_acknowledgements() {
    let room = accepting(Mode::Block);
    let mut client = room.client();
    client.stream.set_nodelay(false).unwrap();
    let one = |_| {
        let begun = Instant::now();
        client.send(START.as_bytes());
        for _ in 0..20 {
            client.send(b"1\r\nx\r\n");
        }
        client.call(b"0\r\n\r\n", ACCEPTED);
        begun.elapsed()
    };
    let mut times: Vec<Duration> = (0..31).map(one).collect();
    times.sort();
    // Each answer would wait for 40 ms, and takes a fraction of one without it.
    assert!(times[15] < Duration::from_millis(30), "{times:?}");
}

#[test]
fn a_platform_that_closes_in_a_stream_closes_it_for_the_runtime() {
    let room = Room::new(|peer| {
        peer.head()?;
        peer.read()?;
        None
    });
    let (mut client, mut sent) = (room.client(), Vec::new());
    step(&room, Mode::Block, &mut client, &mut sent, START.as_bytes());
    client.send(b"5\r\nabcde\r\n");
    assert_eq!(client.rest(), b"");
    room.expect_faults(&["reply-cut closed"]);
}

#[test]
fn a_platform_that_answers_in_a_stream_is_heard_and_both_sides_are_closed() {
    const LATE: &[u8] = b"HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}";
    let room = Room::new(|peer| {
        peer.head()?;
        peer.read()?;
        peer.write(LATE)?;
        peer.drain()
    });
    let (mut client, mut sent) = (room.client(), Vec::new());
    step(&room, Mode::Block, &mut client, &mut sent, START.as_bytes());
    client.send(b"5\r\nabcde\r\n");
    assert_eq!(client.rest(), LATE);
}

/// A platform that refuses a large body answers before it has read it, and does not read on.
#[test]
fn an_early_413_reaches_a_client_that_is_still_sending() {
    const TOO_LARGE: &[u8] =
        b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 2\r\n\r\n{}";
    for chunked in [false, true] {
        let room = Room::new(|peer| {
            peer.head()?;
            peer.write(TOO_LARGE)?;
            peer.drain()
        });
        let mut client = room.client();
        let body = vec![b'x'; 7 << 20];
        if chunked {
            client.send(START.as_bytes());
            client.send(format!("{:x}\r\n", body.len()).as_bytes());
            let _ = std::io::Write::write_all(&mut client.stream, &body);
        } else {
            let _ = std::io::Write::write_all(&mut client.stream, &response("id", &body));
        }
        client.expect(TOO_LARGE);
        // The connection goes on only if the platform took all of the body, and nothing follows.
        let _ = client.stream.shutdown(std::net::Shutdown::Write);
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn an_early_413_that_never_reads_the_rest_is_heard_as_well() {
    const TOO_LARGE: &[u8] =
        b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 2\r\n\r\n{}";
    let room = Room::new(|peer| {
        peer.head()?;
        peer.write(TOO_LARGE)?;
        // Nothing more is read until the other side has gone.
        wait_for("the end", || {
            let mut one = [0; 1];
            peer.stream.peek(&mut one).is_err() || one[0] == 0
        });
        None
    });
    let mut client = room.client();
    let _ = std::io::Write::write_all(&mut client.stream, &response("id", &vec![b'x'; 7 << 20]));
    assert_eq!(client.rest(), TOO_LARGE);
}

#[test]
fn each_piece_of_a_reply_is_on_its_way_before_the_next_one_comes() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let room = Room::new(move |peer| {
        peer.request()?;
        peer.write(head)?;
        for _ in 0..50 {
            // The client says that it has the piece before the next one is written.
            peer.write(b"3\r\nabc\r\n")?;
            wait_for("the piece downstream", taken);
        }
        peer.write(b"0\r\n\r\n")?;
        peer.drain()
    });
    let mut client = room.client();
    client.call(b"GET /x HTTP/1.1\r\n\r\n", head);
    for _ in 0..50 {
        client.expect(b"3\r\nabc\r\n");
        give();
    }
    client.expect(b"0\r\n\r\n");
}

static GIVEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

fn give() {
    GIVEN.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
}

/// Takes one acknowledgement, if there is one.
fn taken() -> bool {
    let one = |given: usize| given.checked_sub(1);
    let (order, relaxed) = (
        std::sync::atomic::Ordering::AcqRel,
        std::sync::atomic::Ordering::Acquire,
    );
    GIVEN.fetch_update(order, relaxed, one).is_ok()
}

/// Nobody looks in mode `off`, so a large event need not be whole before it goes on.
#[test]
fn in_mode_off_a_large_event_is_on_its_way_before_it_is_whole() {
    let whole = event("large", &vec![b'x'; 1_000_000]);
    let (first, second) = (whole[..500_000].to_vec(), whole[500_000..].to_vec());
    let (sender, receiver) = std::sync::mpsc::channel();
    let receiver = std::sync::Mutex::new(receiver);
    let start = first.clone();
    let end = second.clone();
    let policy = Policy {
        mode: Mode::Off,
        ..Policy::default()
    };
    let plan = Plan {
        policy,
        ..Plan::default()
    };
    let room = Room::planned(plan, move |peer| {
        loop {
            peer.request()?;
            peer.write(&start)?;
            receiver.lock().unwrap().recv().ok()?;
            peer.write(&end)?;
        }
    });
    let mut client = room.client();
    for _ in 0..3 {
        client.call(NEXT, &first);
        sender.send(()).unwrap();
        client.expect(&second);
    }
    assert!(room.inspected().is_empty() && room.faults().is_empty());
}

#[test]
fn a_reply_that_comes_byte_by_byte_arrives() {
    let reply = event("slow", b"{\"a\":1}");
    let expected = reply.clone();
    let room = Room::new(move |peer| {
        peer.request()?;
        for byte in &reply {
            peer.write(&[*byte])?;
        }
        peer.drain()
    });
    room.client().call(NEXT, &expected);
    assert!(room.faults().is_empty());
}

#[test]
fn a_runtime_that_reads_slowly_gets_its_whole_event() {
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    let reply = event("large", &large);
    let expected = reply.clone();
    let room = Room::new(move |peer| {
        peer.request()?;
        peer.write(&reply)?;
        peer.drain()
    });
    let mut client = room.client();
    rustix::net::sockopt::set_socket_recv_buffer_size(&client.stream, 65_536).unwrap();
    client.send(NEXT);
    for piece in expected.chunks(10_000) {
        client.expect(piece);
    }
}
