//! Tests of the exact match: every spelling, every run, every split, and nothing by chance.
//! They never hold a secret that is one: all are made from parts.
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::{OwnSecrets, RUN_BYTES_MIN};
use crate::leak::spelling;
use crate::sought;

/// A key of the form that the platform gives out, which opens nothing.
fn key() -> String {
    ["wJal/rXUtn", "FEMI+K7MDE", "NG/bPxRfi/", "CYzEXkEYab"].concat()
}

fn own() -> OwnSecrets {
    OwnSecrets::new([key().as_bytes()])
}

#[test]
fn a_secret_is_found_in_each_spelling_with_text_around_it() {
    let own = own();
    for spelling in spelling::all(key().as_bytes()) {
        let text = [b"{\"a\":\"".as_slice(), &spelling.bytes, b"\"}"].concat();
        let leaks: Vec<_> = own.leaks(&text).collect();
        assert_eq!(leaks.len(), 1, "{}", spelling.name);
        assert_eq!(
            (leaks[0].start, leaks[0].end),
            (6, 6 + spelling.bytes.len())
        );
    }
}

#[test]
fn every_run_of_eight_bytes_is_found_wherever_it_stands_and_none_of_seven() {
    let (own, key) = (own(), key());
    for spelling in spelling::all(key.as_bytes()) {
        for start in 0..spelling.bytes.len() {
            for end in start + 1..=spelling.bytes.len() {
                let before = &b"<<<<"[start % 4..];
                let text = [before, &spelling.bytes[start..end], b">"].concat();
                let leak = own.leaks(&text).next();
                let is_run = spelling.whole(start, end) >= RUN_BYTES_MIN;
                let place = (spelling.name, start, end);
                assert!(leak.is_some() || !is_run, "{place:?} was missed");
                let begins = leak.is_none_or(|leak| leak.start >= before.len());
                assert!(begins, "{place:?} begins too early");
                // What an escape begins may be a run in the plain spelling.
                assert!(
                    is_run || leak.is_none() || spelling.name != "plain",
                    "{place:?}"
                );
            }
        }
    }
}

#[test]
fn runs_of_eight_are_found_at_every_place_of_a_long_text() {
    let (own, key) = (own(), key());
    let run = &key.as_bytes()[11..19];
    for at in 0..200 {
        let text = [&vec![b'-'; at][..], run, &vec![b'-'; 200 - at]].concat();
        let leaks: Vec<_> = own
            .leaks(&text)
            .map(|leak| (leak.start, leak.end))
            .collect();
        assert_eq!(leaks, [(at, at + 8)]);
    }
}

#[test]
fn leaks_stand_apart_and_hold_every_byte_of_every_run() {
    // Two secrets, so that runs of one overlap runs of the other.
    let (one, other) = (
        ["Ab3dEf6h", "Ij9lMn2p"].concat(),
        ["Ij9lMn2p", "Qr5tUv8x"].concat(),
    );
    let own = OwnSecrets::new([one.as_bytes(), other.as_bytes()]);
    let text = alloc::format!("..{}{}.{one}", one, &other[8..]);
    let leaks: Vec<_> = own
        .leaks(text.as_bytes())
        .map(|leak| (leak.start, leak.end))
        .collect();
    assert_eq!(leaks, [(2, 26), (27, 43)]);
}

/// Sends a text in pieces as a stream would; what went out before a leak was known.
fn sent(own: &OwnSecrets, pieces: &[&[u8]]) -> (Vec<u8>, bool) {
    let (mut out, mut held) = (Vec::new(), Vec::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        if let Some(leak) = own.leaks(&held).next() {
            out.extend_from_slice(&held[..leak.start]);
            return (out, true);
        }
        let kept = own.pending(&held);
        let rest = held.split_off(held.len() - kept);
        out.append(&mut held);
        held = rest;
    }
    out.append(&mut held);
    (out, false)
}

#[test]
fn wherever_a_stream_is_split_no_byte_of_a_run_goes_out() {
    let (own, key) = (own(), key());
    for spelling in spelling::all(key.as_bytes()) {
        let text = [b"data: ".as_slice(), &spelling.bytes, b"\n\n"].concat();
        for split in 0..=text.len() {
            let (out, found) = sent(&own, &[&text[..split], &text[split..]]);
            assert!(found, "{} at {split}", spelling.name);
            assert_eq!(out, b"data: ", "{} at {split}", spelling.name);
        }
        let bytes: Vec<_> = text.chunks(1).collect();
        assert_eq!(
            sent(&own, &bytes),
            (b"data: ".to_vec(), true),
            "{}",
            spelling.name
        );
    }
}

#[test]
fn the_end_of_a_line_is_not_held_back() {
    let own = own();
    for text in ["data: {\"n\":1}\n\n", "<p>hello</p>", "", "[1,2,3]"] {
        assert_eq!(own.pending(text.as_bytes()), 0, "{text}");
    }
}

#[test]
fn what_is_no_run_of_a_secret_is_nothing() {
    let own = own();
    bolero::check!().for_each(|text: &[u8]| {
        for leak in own.leaks(text) {
            let run = text[leak.start..leak.end].to_vec();
            let spelled = spelling::all(key().as_bytes());
            assert!(
                spelled
                    .iter()
                    .any(|spelling| { sought::find(&spelling.bytes, &run).is_some() })
            );
        }
        assert!(own.pending(text) <= text.len());
    });
}

#[test]
fn short_secrets_are_left_out_and_nobody_is_shown_any() {
    assert!(OwnSecrets::new([b"seven77".as_slice()]).is_empty());
    let shown = alloc::format!("{:?}", own());
    assert!(!shown.contains(&key()[..4].to_string()), "{shown}");
}
