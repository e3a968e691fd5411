//! What patterns find, what they refuse, and what they cost.
//! It never compares times: work is counted.
use alloc::string::String;
use alloc::vec::Vec;

use super::Automaton;

fn find(pattern: &str, text: &str) -> Option<usize> {
    Automaton::parse(pattern).unwrap().find(text.as_bytes())
}

#[test]
fn a_pattern_finds_what_it_says() {
    for (pattern, text, expected) in [
        ("abc", "xxabcx", Some(5)),
        ("a.c", "a\nc", Some(3)),
        ("a|bc", "xbc", Some(3)),
        ("ab*c", "abbbbc", Some(6)),
        ("ab+c", "ac", None),
        ("ab?c", "ac", Some(2)),
        ("[a-c]x", "dx cx", Some(5)),
        ("[^a-c]x", "cx dx", Some(5)),
        ("[]x]y", "]y", Some(2)),
        ("\\d{3}-\\d{2,4}", "tel 123-4", None),
        ("\\d{3}-\\d{2,4}", "tel 123-45", Some(10)),
        ("(ab){2}c", "ababc", Some(5)),
        ("(ab){2}c", "abc", None),
        ("x{0,2}y", "y", Some(1)),
        ("^ab", "xab", None),
        ("^ab", "ab", Some(2)),
        ("ab$", "abx", None),
        ("ab$", "xab", Some(3)),
        ("^(a|b)*$", "abba", Some(4)),
        ("^(a|b)*$", "abca", None),
        ("(?i)Select", "x sElEcT", Some(8)),
        ("a\\$", "a$", Some(2)),
        ("a\\.b", "axb", None),
        ("\\w+@\\w+", "no one@home", Some(8)),
        ("\\S\\s\\D", "a b", Some(3)),
        ("é", "caf\u{e9}", Some(5)),
        ("", "anything", Some(0)),
        ("(a|)b", "b", Some(1)),
        ("a{2}", "a", None),
        ("[a\\d]z", "7z", Some(2)),
    ] {
        assert_eq!(find(pattern, text), expected, "{pattern} in {text}");
    }
}

#[test]
fn what_cannot_be_searched_for_in_one_pass_is_refused_with_a_reason() {
    for (pattern, reason) in [
        ("(a", "a `(` without its `)`"),
        ("a)", "a `)` without its `(`"),
        ("[a", "a `[` without its `]`"),
        ("*a", "nothing stands before a repetition"),
        ("a**", "a repetition of a repetition"),
        ("(a)\\1", "this escape is not known here"),
        ("(?=a)b", "`(?…)` is not known here"),
        ("a^b", "`^` and `$` stand at the ends alone"),
        ("a{3,1}", "expected `{2}` or `{2,5}`, at most 128"),
        ("a{1,}", "expected `{2}` or `{2,5}`, at most 128"),
        ("a{129}", "expected `{2}` or `{2,5}`, at most 128"),
        ("[b-a]", "a range in `[ ]` that ends before it begins"),
        ("a\\", "a `\\` without its letter"),
    ] {
        assert_eq!(Automaton::parse(pattern), Err(reason), "{pattern}");
    }
    let long = "a".repeat(129);
    assert!(Automaton::parse(&long).is_err());
    assert!(Automaton::parse(&"(".repeat(100_000)).is_err());
    assert!(Automaton::parse("((a{16}){16}){16}").is_err());
    assert!(Automaton::parse("(((((((){128}){128}){128}){128}){128}){128}){128}").is_err());
}

#[test]
fn what_makes_others_go_back_for_ever_costs_what_it_says() {
    for pattern in ["(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)*x", "((a?){20}){2}b"] {
        if let Ok(automaton) = Automaton::parse(pattern) {
            assert!(automaton.steps_per_byte() <= 128, "{pattern}");
            assert_eq!(
                automaton.find("c".repeat(100_000).as_bytes()),
                automaton.find(b"c")
            );
        }
    }
    assert_eq!(Automaton::parse("abcdefgh").unwrap().steps_per_byte(), 1);
    assert_eq!(Automaton::parse("(ab|cd)+e").unwrap().steps_per_byte(), 3);
}

/// A small pattern of every kind of part, and the same for a search that tries everything.
fn pattern(picks: &[u8]) -> String {
    const PARTS: [&str; 12] = [
        "a", "b", "c", "(", ")", "|", "*", "?", ".", "[ab]", "+", "{2}",
    ];
    picks
        .iter()
        .map(|pick| PARTS[usize::from(*pick % 12)])
        .collect()
}

/// The ends of all matches of a pattern from one place on, by trying.
fn tried(pattern: &[u8], text: &[u8], ends: &[usize]) -> Vec<usize> {
    // Alternatives first, then parts one behind the other.
    let mut level = 0;
    for (at, byte) in pattern.iter().enumerate() {
        match byte {
            b'(' | b'[' => level += 1,
            b')' | b']' => level -= 1,
            b'|' if level == 0 => {
                let mut all = tried(&pattern[..at], text, ends);
                all.extend(tried(&pattern[at + 1..], text, ends));
                return unique(all);
            }
            _ => {}
        }
    }
    let Some(first) = pattern.first() else {
        return ends.to_vec();
    };
    let len = match first {
        b'(' | b'[' => {
            let mut level = 0;
            let close = pattern.iter().position(|byte| {
                level += i32::from(matches!(byte, b'(' | b'['));
                level -= i32::from(matches!(byte, b')' | b']'));
                level == 0
            });
            close.unwrap() + 1
        }
        _ => 1,
    };
    let once = |ends: &[usize]| -> Vec<usize> {
        match first {
            b'(' => tried(&pattern[1..len - 1], text, ends),
            _ => ends
                .iter()
                .filter(|end| {
                    text.get(**end).is_some_and(|byte| match first {
                        b'.' => true,
                        b'[' => b"ab".contains(byte),
                        own => own == byte,
                    })
                })
                .map(|end| end + 1)
                .collect(),
        }
    };
    let (found, len) = match pattern.get(len) {
        Some(b'?') => (unique([ends.to_vec(), once(ends)].concat()), len + 1),
        Some(b'{') => (once(&once(ends)), len + 3),
        Some(sign @ (b'*' | b'+')) => {
            let mut all = if *sign == b'*' {
                ends.to_vec()
            } else {
                once(ends)
            };
            for _ in 0..=text.len() {
                let more = once(&all);
                all = unique([all, more].concat());
            }
            (all, len + 1)
        }
        _ => (once(ends), len),
    };
    tried(&pattern[len..], text, &found)
}

fn unique(mut ends: Vec<usize>) -> Vec<usize> {
    ends.sort_unstable();
    ends.dedup();
    ends
}

#[test]
fn every_pattern_finds_what_trying_everything_finds() {
    bolero::check!()
        .with_type::<(Vec<u8>, Vec<u8>)>()
        .for_each(|(picks, letters)| {
            let pattern = pattern(&picks[..picks.len().min(10)]);
            let text: Vec<u8> = letters
                .iter()
                .take(10)
                .map(|letter| b"abcd"[usize::from(letter % 4)])
                .collect();
            let Ok(automaton) = Automaton::parse(&pattern) else {
                return;
            };
            let starts: Vec<usize> = (0..=text.len()).collect();
            let ends = tried(pattern.as_bytes(), &text, &starts);
            assert_eq!(
                automaton.find(&text),
                ends.first().copied(),
                "{pattern} in {text:?}"
            );
        });
}

#[test]
fn no_pattern_and_no_text_panics() {
    bolero::check!()
        .with_type::<(String, Vec<u8>)>()
        .for_each(|(pattern, text)| {
            if let Ok(automaton) = Automaton::parse(pattern) {
                let _ = automaton.find(text);
            }
        });
}
