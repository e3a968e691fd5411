//! What both languages of a policy make of the same values, and of what is none.
//! It never looks at what a key means.
use alloc::{format, string::String};

use super::{Kind, Member, read};
use crate::Day;

fn only(text: &str) -> Kind {
    read(text).unwrap().remove(0).value.kind
}

#[test]
fn both_languages_say_the_same() {
    for (toml, json) in [
        ("a = 'x'", r#"{"a": "x"}"#),
        ("a = -7", r#" {"a":-7}"#),
        ("a = 1.5", r#"{"a":1.5}"#),
        ("a = true", r#"{"a":true}"#),
        ("a = ['x', 1]", r#"{"a":["x", 1]}"#),
        ("a = \"\\u00e9\\n\"", r#"{"a":"\u00e9\n"}"#),
    ] {
        assert_eq!(plain(only(toml)), plain(only(json)), "{toml}");
    }
    assert_eq!(
        only("a = 2027-01-31"),
        Kind::Date(Day::parse("2027-01-31").unwrap())
    );
    assert_eq!(only("a = 2027-01-31T10:00:00Z"), Kind::Moment);
    assert_eq!(only(r#"{"a":"\ud83d\ude00"}"#), Kind::Text("😀".into()));
}

/// A value without its places.
fn plain(kind: Kind) -> String {
    match kind {
        Kind::List(items) => items
            .into_iter()
            .map(|item| plain(item.kind) + ",")
            .collect(),
        kind => format!("{kind:?}"),
    }
}

#[test]
fn every_part_knows_where_it_stands() {
    let Member { at, value, .. } = read("{\"b\": {\"c\": 1}}").unwrap().remove(0);
    assert_eq!((at, value.at), (1, 6));
    let Kind::Table(members) = value.kind else {
        unreachable!()
    };
    assert_eq!((members[0].at, members[0].value.at), (7, 12));
}

#[test]
fn what_is_no_json_says_where_it_ends_to_be() {
    for (text, at) in [
        ("{", 1),
        ("{}x", 2),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("{\"a\":01}", 5),
        ("{\"a\":1.}", 5),
        ("{\"a\":1,}", 7),
        ("{\"a\":[1 2]}", 8),
        ("{\"a\":1,\"a\":2}", 7),
        ("{\"a\":\"\\x\"}", 6),
        ("{\"a\":\"\\ud800\"}", 6),
        ("{\"a\":\"", 5),
        ("{\"a\":nul}", 5),
        ("{\"a\":\"\n\"}", 6),
    ] {
        let faults = read(text).unwrap_err();
        assert_eq!(faults[0].0, at, "{text}: {}", faults[0].1);
    }
}

#[test]
fn nothing_nests_deeper_than_a_policy() {
    for deep in [
        format!("{{\"a\":{}", "[".repeat(100_000)),
        format!("a = {}{}", "[".repeat(40), "]".repeat(40)),
        format!("{}b = 1", "a.".repeat(40)),
        format!("{}b = 1", "a.".repeat(100_000)),
    ] {
        assert!(read(&deep).is_err());
    }
}

#[test]
fn no_text_panics() {
    bolero::check!().with_type::<String>().for_each(|text| {
        let _ = read(text);
        let _ = read(&format!("{{\"a\":{text}}}"));
    });
}
