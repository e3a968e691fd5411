//! Messages with random damage, in both directions: what comes out of the proxy is the beginning of
//! what went in, or an honest error of its own.
//! It never depends on chance: `SEED=…` repeats a run.
use std::thread;
use std::time::Duration;

use crate::harness::{NEXT, Room, response};
use crate::platform::{ACCEPTED, event, find};

// Limit: 4 threads of 30 rounds, each some 20 ms of silence and a proxy of its own, are seconds.
const THREADS: u64 = 4;
const ROUNDS: u64 = 30;

/// A small generator; the same seed gives the same run everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }
}

fn seed() -> u64 {
    let seed = std::env::var("SEED").ok();
    seed.map_or(0x5eed_0001, |seed| seed.parse().unwrap())
}

/// What parsers disagree about.
const PIECES: [&[u8]; 16] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b" ",
    b"\0",
    b":",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"0\r\n\r\n",
    b"GET /x HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"5\r\nhello\r\n",
    b"\xff",
];

/// The same message with up to four damages.
fn damage(message: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => {
                let piece = random.pick(&PIECES);
                bytes.splice(at..at, piece.iter().copied());
            }
            2 => {
                let end = (at + random.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + random.below(40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    bytes
}

/// Runs rounds on several threads, each with a generator of its own.
fn rounds(run: impl Fn(&mut Random) + Sync) {
    thread::scope(|scope| {
        for number in 1..=THREADS {
            let run = &run;
            scope.spawn(move || {
                let mut random = Random(seed().wrapping_mul(0x9e37_79b9).wrapping_add(number) | 1);
                for _ in 0..ROUNDS {
                    run(&mut random);
                }
            });
        }
    });
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

#[test]
fn the_platform_gets_the_beginning_of_what_a_runtime_sent_and_nothing_else() {
    let chunked = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    rounds(|random| {
        let answer = response("id", b"{\"a\":1}");
        let message = random.pick(&[NEXT, &answer, chunked, b"GET /x HTTP/1.1\r\nA: b\r\n\r\n"]);
        let sent = [damage(message, random), NEXT.to_vec()].concat();
        let room = Room::new(|peer| {
            let quiet = Some(Duration::from_millis(20));
            peer.stream.set_read_timeout(quiet).unwrap();
            // Whatever came is answered as soon as nothing more comes.
            loop {
                while peer.read().is_some() {}
                let mut one = [0; 1];
                if matches!(peer.stream.peek(&mut one), Ok(0)) {
                    return None;
                }
                peer.write(ACCEPTED)?;
            }
        });
        let mut client = room.client();
        client.send(&sent);
        // The proxy may have closed already, for what it got was no HTTP.
        let _ = client.stream.shutdown(std::net::Shutdown::Write);
        client.rest();
        let seen = room.platform.seen().concat();
        assert!(
            sent.starts_with(&seen),
            "sent {}, seen {}",
            text(&sent),
            text(&seen)
        );
    });
}

#[test]
fn a_runtime_gets_the_beginning_of_what_the_platform_sent_or_an_honest_error() {
    let chunked = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id\r\n\
                    Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    rounds(|random| {
        let whole = event("id", b"{\"a\":1}");
        let message = random.pick(&[&whole, ACCEPTED, chunked]);
        let sent = damage(message, random);
        let reply = sent.clone();
        let room = Room::new(move |peer| {
            peer.request()?;
            peer.write(&reply)
        });
        let answer = response("id", b"{}");
        let request = random.pick(&[NEXT, &answer, b"GET /x HTTP/1.1\r\n\r\n"]);
        let mut client = room.client();
        client.send(request);
        // The proxy may have closed already, for what it got was no HTTP.
        let _ = client.stream.shutdown(std::net::Shutdown::Write);
        let seen = client.rest();
        let honest = find(&seen, b"Credenza.").is_some();
        // Interim replies are not the event, and a repeat may be accepted by its id.
        let later = seen.is_empty() || find(&sent, &seen).is_some() || seen == ACCEPTED;
        assert!(
            honest || later,
            "sent {}, seen {}",
            text(&sent),
            text(&seen)
        );
    });
}
