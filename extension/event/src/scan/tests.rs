//! Tests of the scanner against a twin that looks at one byte at a time.
//! They never look at what the walker makes of it.
use std::vec::Vec;

use super::*;

fn one(byte: u8) -> Classes {
    let named = byte.is_ascii_alphanumeric() || b" -_.,:/@+?".contains(&byte);
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

fn classes_one_by_one(text: &[u8]) -> Classes {
    text.iter()
        .fold(Classes::default(), |classes, byte| classes.with(one(*byte)))
}

fn string_one_by_one(text: &[u8], start: usize) -> Scanned {
    let mut classes = Classes::default();
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                return Scanned {
                    end: at,
                    classes,
                    closed: true,
                };
            }
            b'\\' => {
                classes = classes.with(Classes::ESCAPED);
                at += 2;
            }
            _ => {
                classes = classes.with(one(byte));
                at += 1;
            }
        }
    }
    Scanned {
        end: text.len(),
        classes,
        closed: false,
    }
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
            }
        });
}
