//! What masking keeps of an event, and what it lets nobody read.
//! These tests never look at how it is done.
use serde_json::Value;

use super::masked;

/// Texts of a value, wherever they stand.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        Value::Bool(_) | Value::Null => {}
    }
}

#[test]
fn names_structure_lengths_and_kinds_of_letters_stay() {
    for (event, expected) in [
        (
            r#"{"rawPath":"/Orders/7","n":-1.50e+3,"ok":true,"none":null,"a":[1,"b",{}]}"#,
            r#"{"rawPath":"/Xxxxxx/9","n":-9.99e+9,"ok":true,"none":null,"a":[9,"x",{}]}"#,
        ),
        (
            "{ \"x-amzn-trace-id\" :\n\t\"a\\\"b\\u00e9\u{e9}\" }",
            r#"{ "x-amzn-trace-id" :  "x\"x\u0078??" }"#,
        ),
        (r#""' OR 1=1 --""#, r#""' XX 9=9 --""#),
        (r#""../../../etc""#, r#""../~./.~/xxx""#),
        (r#""a\n\n\n\n\n""#, r#""x\n\n\n~~\n""#),
        (
            r#"{"4111111111111111":1,"jane@example.com":2,"a/b":3}"#,
            r#"{"9999999999999999":9,"xxxx@xxxxxxx.xxx":9,"x/x":9}"#,
        ),
        ("[]", "[]"),
        (" 7 ", " 9 "),
    ] {
        let told = masked(event.as_bytes()).unwrap();
        assert_eq!(told, expected);
        assert_eq!(told.len(), event.len());
    }
}

#[test]
fn what_is_no_json_is_left_out() {
    for event in [
        "",
        "{",
        "}",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\":1]",
        "NaN",
        "1.",
        "1.2.3",
        "1e",
        "--1",
        "tru",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "1 1",
        "a=1&b=2",
        ",",
    ] {
        assert_eq!(masked(event.as_bytes()), None, "{event}");
    }
    let deep = ["[".repeat(101), "]".repeat(101)].concat();
    assert_eq!(masked(deep.as_bytes()), None);
    assert!(masked(&deep.as_bytes()[1..201]).is_some());
}

#[test]
fn whatever_comes_is_one_line_of_json_of_the_same_length_or_left_out() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
        let letters = br#"{}[]",:\ua0e9.-+tfn "#;
        let drawn: Vec<u8> = bytes
            .iter()
            .map(|byte| letters[usize::from(*byte) % letters.len()])
            .collect();
        for event in [bytes, &drawn] {
            if let Some(told) = masked(event) {
                assert_eq!(told.len(), event.len());
                assert!(!told.contains(|letter: char| letter.is_control()));
                let read: Result<&serde_json::value::RawValue, _> = serde_json::from_str(&told);
                assert!(read.is_ok(), "{told}");
            }
        }
    });
}

#[test]
fn no_four_characters_of_a_value_stay_in_a_row() {
    // A letter that is what stands for all others cannot be told from them.
    let says_nothing = |run: &[char]| run.iter().any(|letter| "xX9?~".contains(*letter));
    bolero::check!()
        .with_type::<(Vec<String>, Vec<u8>)>()
        .for_each(|(values, signs)| {
            let signs: String = signs
                .iter()
                .map(|sign| {
                    char::from(b" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n\t"[usize::from(*sign) % 35])
                })
                .collect();
            let event = serde_json::json!({ "a": values, "b": signs, "c": { "d": signs } });
            let told = masked(event.to_string().as_bytes()).unwrap();
            let (mut before, mut after) = (Vec::new(), Vec::new());
            texts(&event, &mut before);
            texts(&serde_json::from_str(&told).unwrap(), &mut after);
            for (value, masked) in before.iter().zip(&after) {
                let letters: Vec<char> = value.chars().collect();
                for run in letters.windows(4).filter(|run| !says_nothing(run)) {
                    let run: String = run.iter().collect();
                    assert!(!masked.contains(&run), "{run:?} of {value:?} in {masked:?}");
                }
            }
        });
}
