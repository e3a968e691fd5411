//! Tests of the scanner against a twin that looks at one byte at a time.
//! They never look at what the walker makes of it.
use std::vec::Vec;

use super::*;

fn one(byte: u8) -> Classes {
    let named = byte.is_ascii_alphanumeric() || b" -_.,:/+".contains(&byte);
    let mut classes = if named {
        Classes::default()
    } else {
        Classes::ODD
    };
    for (sign, class) in [
        (b'\\', Classes::ESCAPED),
        (b'%', Classes::PERCENT),
        (b'&', Classes::AMPERSAND),
        (b'+', Classes::PLUS),
        (b' ', Classes::SPACE),
        (0, Classes::SIGN),
        (b'(', Classes::SIGN),
        (b']', Classes::SIGN),
    ] {
        if byte == sign {
            classes = classes.with(class);
        }
    }
    if byte >= 0x80 {
        classes.with(Classes::HIGH)
    } else {
        classes
    }
}

fn string(text: &[u8], start: usize) -> Scanned {
    Scanner::new(text).string(start)
}

fn classes_one_by_one(text: &[u8]) -> Classes {
    let each = text.iter();
    let classes = each.fold(Classes::default(), |classes, byte| classes.with(one(*byte)));
    let is_joint = |pair: &[u8]| pair.iter().all(|byte| b"./:_".contains(byte));
    let joint = !classes.has(Classes::ODD) && text.windows(2).any(is_joint);
    classes.with(Classes::JOINT.when(joint))
}

fn string_one_by_one(text: &[u8], start: usize) -> Scanned {
    let rest = text.get(start..).unwrap_or(&[]);
    let len = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .unwrap_or(rest.len());
    let stop = match rest.get(len) {
        None => Stop::End,
        Some(b'"') => Stop::Quote,
        Some(_) => Stop::Escape,
    };
    Scanned {
        end: start + len,
        classes: classes_one_by_one(&rest[..len]),
        stop,
    }
}

fn end_one_by_one(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[test]
fn every_byte_has_its_classes_at_every_place() {
    for byte in 0..=255 {
        for len in [1, 15, 16, 17, 64, 65, 80, 130] {
            for at in [0, len / 2, len - 1] {
                let mut text = Vec::from([b'a'; 130]);
                text.truncate(len);
                text[at] = byte;
                assert_eq!(classes(&text), one(byte), "{byte} at {at} of {len}");
                assert_eq!(
                    string(&text, 0),
                    string_one_by_one(&text, 0),
                    "{byte} at {at} of {len}"
                );
            }
        }
    }
}

#[test]
fn any_bytes_are_scanned_as_one_by_one() {
    bolero::check!().for_each(|text: &[u8]| {
        assert_eq!(classes(text), classes_one_by_one(text));
        for start in [0, text.len() / 2, text.len()] {
            assert_eq!(string(text, start), string_one_by_one(text, start));
            assert_eq!(end_of_string(text, start), end_one_by_one(text, start));
        }
    });
}

#[test]
fn a_string_is_passed_where_it_ends_in_its_block_or_the_next_and_has_no_class() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|picks| {
        // Few kinds of bytes, so that strings of every kind end at every offset.
        let kinds = b"aaaaaaaaaaaaZ9-,.. /:_\"\\%(";
        let pick = |pick: &u8| kinds[usize::from(*pick) % kinds.len()];
        let text: Vec<u8> = picks.iter().map(pick).collect();
        // A string begins behind its quote.
        let quotes = text.iter().enumerate().filter(|(_, byte)| **byte == b'"');
        for start in quotes.map(|(at, _)| at + 1) {
            let twin = string_one_by_one(&text, start);
            let is_near = twin.stop != Stop::End && twin.end / 64 <= start / 64 + 1;
            let passed = (is_near && twin.classes == Classes::default()).then_some(twin.end);
            assert_eq!(Scanner::new(&text).plain(start), passed, "{start}");
        }
    });
}

#[test]
fn long_strings_are_scanned_as_one_by_one() {
    // Bytes of few kinds, so that strings are long and ends and escapes stand at every offset.
    bolero::check!()
        .with_type::<(Vec<bool>, u16, u16)>()
        .for_each(|(kinds, first, second)| {
            let letter = |kind: &bool| if *kind { b'a' } else { b'%' };
            let mut text: Vec<_> = kinds.iter().cycle().take(400).map(letter).collect();
            text.resize(400, b'b');
            text[usize::from(*first) % 400] = b'\\';
            text[usize::from(*second) % 400] = b'"';
            for start in 0..70 {
                assert_eq!(string(&text, start), string_one_by_one(&text, start));
                assert_eq!(end_of_string(&text, start), end_one_by_one(&text, start));
            }
        });
}

#[test]
fn a_string_is_unescaped_up_to_its_closing_quote_as_if_it_stood_alone() {
    bolero::check!().for_each(|text: &[u8]| {
        let end = end_one_by_one(text, 0);
        let (mut alone, mut plain) = (Vec::new(), Vec::new());
        crate::text::unescape(&text[..end], &mut alone);
        let found = crate::text::unescape_string(text, 0, text.len(), &mut plain);
        assert_eq!((found, &plain), (Some(end), &alone));
        if end > 0 {
            plain.clear();
            assert_eq!(
                crate::text::unescape_string(text, 0, end - 1, &mut plain),
                None
            );
        }
    });
}

#[test]
fn escapes_of_every_kind_are_undone_at_every_place() {
    let filler: Vec<u8> = (b'a'..=b'z').cycle().take(220).collect();
    for escape in ["\\\"", "\\\\", "\\n", "\\u00eb", "\\ud83d\\ude00", "\\q"] {
        for first in 0..140 {
            for gap in [0, 1, 15, 16, 17, 62, 63, 64] {
                let mut text = filler.clone();
                text.splice(first + gap..first + gap, escape.bytes());
                text.splice(first..first, escape.bytes());
                let (mut alone, mut plain) = (Vec::new(), Vec::new());
                crate::text::unescape(&text, &mut alone);
                text.push(b'"');
                text.extend_from_slice(&filler);
                let found = crate::text::unescape_string(&text, 0, text.len(), &mut plain);
                assert_eq!(
                    (found, &plain),
                    (Some(text.len() - filler.len() - 1), &alone),
                    "{escape} at {first} and {gap} behind"
                );
            }
        }
    }
}
