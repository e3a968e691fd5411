//! A5: a streamed answer passes piece by piece, whole, in bounded memory, with its trailers.
//! It never measures how fast, only what waits for what; times come from one client at 50 ms.
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use credenza_sandbox::{Chunk, Ending, Invocation};

use crate::harness::http::{Head, fields, read_chunk};
use crate::harness::lambda::{Answer, Lambda, Peer};
use crate::harness::measure::{median, resident_bytes, resident_bytes_max};
use crate::harness::pair::Pair;
use crate::harness::runtime::Runtime;
use crate::harness::sandboxed::{Client, Setup, assert_no_violation, block_on};
use crate::harness::{DEADLINE, alone, beside_others, progress};

const STREAM: &str = "POST /2018-06-01/runtime/invocation/s/response HTTP/1.1\r\nHost: a\r\n\
    Content-Type: application/vnd.awslambda.http-integration-response\r\n\
    Lambda-Runtime-Function-Response-Mode: streaming\r\n\
    Trailer: Lambda-Runtime-Function-Error-Type\r\nTrailer: Lambda-Runtime-Function-Error-Body\r\n\
    Transfer-Encoding: chunked\r\n\r\n";

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Lets the platform tell each piece of a streamed answer at the moment of its arrival.
fn tell_pieces(lambda: &Arc<Lambda>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    lambda.set_fault(move |head, peer| {
        is_stream(head)
            .then(|| pieces(peer, &sender).and_then(|()| peer.reply("202 Accepted", b"")))
    });
    receiver
}

fn is_stream(head: &Head) -> bool {
    head.header("lambda-runtime-function-response-mode")
        .is_some()
}

fn pieces(peer: &mut Peer, sender: &Sender<Vec<u8>>) -> io::Result<()> {
    while let Some(piece) = read_chunk(&mut peer.reader)? {
        sender.send(piece).map_err(io::Error::other)?;
    }
    fields(&mut peer.reader, &mut Vec::new())?;
    Ok(())
}

#[test]
fn the_head_and_each_chunk_are_on_their_way_before_the_next_is_written() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut pair = Pair::new(mode);
        let pieces = tell_pieces(&pair.lambda);
        pair.deliver("s", b"{}");
        pair.runtime.send(STREAM.as_bytes()).unwrap();
        pair.lambda
            .wait_call("POST /2018-06-01/runtime/invocation/s/response");
        for index in 0..50 {
            let text = format!(
                "{{\"row\":{index},\"name\":\"{}\"}}\n",
                "n".repeat(index * 7)
            );
            pair.runtime.send(&chunk(text.as_bytes())).unwrap();
            let mut arrived = Vec::new();
            // Chunk boundaries carry no meaning, so a piece may come in two.
            while arrived.len() < text.len() {
                arrived.extend(
                    pieces
                        .recv_timeout(DEADLINE)
                        .expect("the chunk arrives alone"),
                );
            }
            assert_eq!(arrived, text.as_bytes());
        }
        pair.runtime.send(b"0\r\n\r\n").unwrap();
        assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
    }
}

#[test]
fn chunks_of_node_that_are_written_50_ms_apart_arrive_apart() {
    let _room = alone();
    for mode in ["paced", "prelude"] {
        let Some(mut setup) = Setup::new("paced chunks of node", Client::NodeStreaming) else {
            return;
        };
        setup.set("ECHO_MODE", mode);
        setup.protect("monitor");
        block_on(async {
            let sandbox = setup.start().await;
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            assert_no_violation(&sandbox);
            assert!(outcome.is_response(), "{:?}", outcome.ending);
            let answer = outcome.answer.unwrap_or_default();
            // Before the rows stand the prelude and its delimiter, each a chunk of its own.
            let before = answer.chunks.len().saturating_sub(10);
            let rows = &answer.chunks[before..];
            assert!(
                rows.len() == 10 && rows.iter().all(|row| row.bytes == 8),
                "{:?}",
                answer.chunks
            );
            // One gap may be squeezed where the machine stood still; chunks that are held back
            // arrive in heaps, and then half of the gaps or more are none.
            let gap = |two: &[Chunk]| two[1].at.saturating_sub(two[0].at).as_secs_f64() * 1e3;
            let mut gaps: Vec<f64> = rows.windows(2).map(gap).collect();
            let usual = median(&mut gaps);
            assert!(usual >= 25.0, "written 50 ms apart, arrived after {gaps:?}");
        });
    }
}

#[test]
fn the_prelude_and_its_delimiter_pass_however_they_are_split() {
    let _room = beside_others();
    let prelude = br#"{"statusCode":201,"headers":{"x-own":"1"},"cookies":["a=b"]}"#;
    let mut whole = prelude.to_vec();
    whole.extend_from_slice(&[0; 8]);
    whole.extend_from_slice(b"the body \0\0\0 with zeros");
    let mut pair = Pair::new("block");
    for cut in 0..=8 {
        pair.lambda.push(Lambda::event("s", b"{}"));
        pair.runtime.next().unwrap();
        let (left, right) = whole.split_at(prelude.len() + cut);
        let mut bytes = STREAM.as_bytes().to_vec();
        bytes.extend(chunk(left));
        pair.runtime.send(&bytes).unwrap();
        pair.runtime.send(&chunk(right)).unwrap();
        pair.runtime.send(b"0\r\n\r\n").unwrap();
        assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
        let answers = pair.lambda.answers(cut + 1);
        assert_eq!(answers[cut].body.bytes, whole, "cut at {cut}");
        assert!(is_stream(&answers[cut].head));
        assert_eq!(
            answers[cut].head.text("content-type"),
            Some("application/vnd.awslambda.http-integration-response")
        );
    }
}

#[test]
fn the_prelude_of_node_arrives_as_it_does_without_the_agent() {
    let _room = beside_others();
    let mut seen = Vec::new();
    for protected in [false, true] {
        let Some(mut setup) = Setup::new("the prelude of node", Client::NodeStreaming) else {
            return;
        };
        setup.set("ECHO_MODE", "prelude");
        if protected {
            setup.protect("monitor");
        }
        block_on(async {
            let sandbox = setup.start().await;
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            let answer = outcome.answer.unwrap_or_default();
            let zeros = answer
                .body
                .windows(8)
                .filter(|window| *window == [0; 8])
                .count();
            assert_eq!(zeros, 1, "the delimiter stands once: {:?}", answer.body);
            seen.push((answer.body, answer.streamed, answer.trailers));
        });
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn error_trailers_of_a_stream_that_fails_in_the_middle_arrive() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.deliver("s", b"{}");
    let mut bytes = STREAM.as_bytes().to_vec();
    bytes.extend(chunk(b"the beginning"));
    bytes.extend_from_slice(
        b"0\r\nLambda-Runtime-Function-Error-Type: Function.Own\r\n\
          Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n",
    );
    pair.runtime.send(&bytes).unwrap();
    assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
    let answer: Answer = pair.lambda.answers(1).remove(0);
    assert_eq!(answer.body.bytes, b"the beginning");
    let trailer = |name| answer.body.trailer(name).map(<[u8]>::to_vec);
    assert_eq!(
        trailer("lambda-runtime-function-error-type").as_deref(),
        Some(&b"Function.Own"[..])
    );
    assert_eq!(
        trailer("lambda-runtime-function-error-body").as_deref(),
        Some(&b"eyJhIjoxfQ=="[..])
    );
    let announced = answer.head.headers.iter();
    assert!(
        announced
            .clone()
            .any(|(name, _)| name.eq_ignore_ascii_case("trailer")),
        "the trailers are announced"
    );
}

#[test]
fn a_stream_of_node_that_fails_in_the_middle_is_told_as_it_is_without_the_agent() {
    let _room = beside_others();
    let mut seen = Vec::new();
    for protected in [false, true] {
        let Some(mut setup) = Setup::new("a failing stream of node", Client::NodeStreaming) else {
            return;
        };
        setup.set("ECHO_MODE", "failing");
        if protected {
            setup.protect("monitor");
        }
        block_on(async {
            let sandbox = setup.start().await;
            let outcome = sandbox.invoke(Invocation::new("{}")).await;
            assert!(
                matches!(outcome.ending, Ending::Error { .. }),
                "{:?}",
                outcome.ending
            );
            let answer = outcome.answer.unwrap_or_default();
            let names: Vec<_> = answer
                .trailers
                .iter()
                .map(|(name, _)| name.clone())
                .collect();
            seen.push((answer.body, names, outcome.ending));
        });
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn two_hundred_megabytes_pass_in_bounded_memory() {
    const PIECES: usize = 3_052;
    const PIECE: usize = 65_536;
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut pair = Pair::new(mode);
        pair.invoke("warm", b"{}", b"null");
        let before = resident_bytes(pair.agent.pid());
        let pieces = count_bytes(&pair.lambda);
        pair.deliver("s", b"{}");
        pair.runtime.send(STREAM.as_bytes()).unwrap();
        let mut sum = 0_u64;
        for index in 0..PIECES {
            let byte = u8::try_from(index % 251).unwrap();
            sum = sum.wrapping_mul(31).wrapping_add(u64::from(byte));
            pair.runtime.send(&chunk(&vec![byte; PIECE])).unwrap();
        }
        pair.runtime.send(b"0\r\n\r\n").unwrap();
        assert_eq!(pair.runtime.reply().unwrap().0.status(), 202);
        let (bytes, seen) = pieces.recv_timeout(DEADLINE).unwrap();
        assert_eq!(bytes, PIECES * PIECE);
        assert_eq!(seen, sum, "the bytes came in another order");
        let growth = resident_bytes_max(pair.agent.pid()).saturating_sub(before);
        progress(&format!(
            "a stream of 200 MB in mode {mode}: the agent grew by {} KiB",
            growth / 1024
        ));
        assert!(growth <= 16 << 20, "the agent grew by {growth} bytes");
    }
}

/// Counts the bytes of a streamed answer, with a sum over one byte of each 64 KiB.
fn count_bytes(lambda: &Arc<Lambda>) -> Receiver<(usize, u64)> {
    let (sender, receiver) = channel();
    lambda.set_fault(move |head, peer| {
        is_stream(head).then(|| {
            let (mut bytes, mut sum) = (0, 0_u64);
            while let Some(piece) = read_chunk(&mut peer.reader)? {
                for (index, byte) in piece.iter().enumerate() {
                    if (bytes + index) % 65_536 == 0 {
                        sum = sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
                    }
                }
                bytes += piece.len();
            }
            fields(&mut peer.reader, &mut Vec::new())?;
            sender.send((bytes, sum)).map_err(io::Error::other)?;
            peer.reply("202 Accepted", b"")
        })
    });
    receiver
}

#[test]
fn a_stream_that_the_platform_ends_is_torn_down_at_once_on_the_runtimes_side() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut pair = Pair::new(mode);
        pair.lambda.set_fault(|head, peer| {
            is_stream(head).then(|| {
                read_chunk(&mut peer.reader)?;
                peer.reset()
            })
        });
        pair.deliver("s", b"{}");
        pair.runtime.send(STREAM.as_bytes()).unwrap();
        pair.runtime.send(&chunk(b"some bytes")).unwrap();
        // Either the writes or the read must fail now; a hang would run into the deadline.
        let torn = (0..100_000).any(|_| pair.runtime.send(&chunk(&[b'x'; 4096])).is_err());
        let reply = pair.runtime.reply();
        let refused = reply.as_ref().is_ok_and(|(head, _)| head.status() >= 400);
        assert!(
            torn || reply.is_err() || refused,
            "the stream went on into nothing"
        );
        // What is left of the connection is the runtime's to drop; a new one works.
        pair.lambda.set_fault(|_, _| None);
        pair.runtime = pair.agent.runtime();
        pair.invoke("after", b"{}", b"null");
    }
}

#[test]
fn a_runtime_that_dies_in_a_stream_leaves_no_whole_answer_upstream() {
    let _room = beside_others();
    for mode in ["monitor", "block"] {
        let mut pair = Pair::new(mode);
        let (sender, ends) = channel();
        pair.lambda.set_fault(move |head, peer| {
            is_stream(head).then(|| {
                let outcome = loop {
                    match read_chunk(&mut peer.reader) {
                        Ok(Some(_)) => {}
                        Ok(None) => break true,
                        Err(_) => break false,
                    }
                };
                sender.send(outcome).map_err(io::Error::other)?;
                Err(io::ErrorKind::ConnectionAborted.into())
            })
        });
        pair.deliver("s", b"{}");
        pair.runtime.send(STREAM.as_bytes()).unwrap();
        pair.runtime.send(&chunk(b"some bytes")).unwrap();
        let fresh: Runtime = pair.agent.runtime();
        drop(std::mem::replace(&mut pair.runtime, fresh));
        let whole = ends
            .recv_timeout(DEADLINE)
            .expect("the platform learns of the end");
        assert!(!whole, "a broken answer was completed by the agent");
    }
}
