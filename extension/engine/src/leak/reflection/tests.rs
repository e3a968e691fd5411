//! The pages of the rules that know the event as tests: every line of every fence is what was sent,
//! `⇒`, and what was answered.
//! They never look into a rule: what a user would see is what counts.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::Steps;

use crate::detector::Rule;
use crate::fences::{Value, values};
use crate::leak::{
    LOOK_BEHIND_BYTES, LeakWatch, Leaks, Media, OutputText, Reflections, reflected_error,
    reflected_header, reflected_script, seek,
};
use crate::report::Confidence;
use crate::{HashKey, Watch, inspect_reflecting};

static RULES: [&Rule; 3] = [
    &reflected_script::RULE,
    &reflected_header::RULE,
    &reflected_error::RULE,
];

/// What is kept of an event with this value in it.
pub(crate) fn sent(value: &str) -> Reflections {
    let mut event = String::from(r#"{"queryStringParameters":{"q":""#);
    for char in value.chars() {
        match char {
            '"' | '\\' => event.extend(['\\', char]),
            '\n' => event.push_str("\\n"),
            _ => event.push(char),
        }
    }
    event.push_str(r#""}}"#);
    let steps = Steps::for_bytes(event.len());
    let key = HashKey([7; 16]);
    inspect_reflecting(event.as_bytes(), &[], steps, &key, Watch::all(), None).1
}

/// Everything that is found in an answer to an event.
pub(crate) fn answered(reflections: &Reflections, answer: &str, place: &str) -> Leaks {
    let mut leaks = Leaks::new();
    if place == "header" {
        let (name, value) = answer.split_once(": ").unwrap();
        let text = OutputText::whole(value.as_bytes(), Media::Header);
        reflections.seek_header(name.as_bytes(), &text, &mut leaks);
        return leaks;
    }
    let media = match place {
        "" => Media::Text,
        "html" => Media::Html,
        "json" => Media::Json,
        "script" => Media::Script,
        other => panic!("a fence names no kind of text: {other}"),
    };
    let text = OutputText::whole(answer.as_bytes(), media);
    seek(&text, LeakWatch::all(), &mut leaks);
    reflections.seek(&text, 0, &mut leaks);
    leaks
}

/// How sure a rule is of a line, if it finds anything.
fn confidence(rule: &Rule, value: &Value<'_>) -> Option<Confidence> {
    let (event, answer) = value.text.split_once(" ⇒ ")?;
    let leaks = answered(&sent(event), answer, value.place);
    let found = leaks.iter().filter(|leak| leak.rule.id == rule.id);
    found.map(|leak| leak.confidence).max()
}

/// The lines of a tag on every page for which `is_right` is false.
fn wrong(tag: &str, is_right: fn(Option<Confidence>) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for rule in RULES {
        // A benign fence as a whole is no line.
        let lines = values(rule.page, tag).into_iter();
        for value in lines.filter(|value| value.text.matches(" ⇒ ").count() == 1) {
            let found = confidence(rule, &value);
            if !is_right(found) {
                wrong.push(format!("{}: {found:?} for {}", rule.id, value.text));
            }
        }
    }
    wrong
}

#[test]
fn every_reflection_of_a_page_is_found_and_is_high() {
    let missed = wrong("attack", |found| found == Some(Confidence::High));
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_is_found_where_a_text_is_escaped_or_does_nothing() {
    let alarms = wrong("benign", |found| found.is_none());
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_doubt_about_a_reflection_is_reported_and_never_high() {
    let wrong = wrong("reported", |found| {
        found.is_some_and(|found| found < Confidence::High)
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_reflection_that_a_page_calls_missed_is_still_missed() {
    let caught = wrong("missed", |found| found != Some(Confidence::High));
    assert!(caught.is_empty(), "promote to `attack`: {caught:#?}");
}

#[test]
fn every_page_of_reflections_has_ten_lines_of_each_kind() {
    for rule in RULES {
        for tag in ["attack", "benign"] {
            let lines = values(rule.page, tag).into_iter();
            let count = lines.filter(|value| value.text.matches(" ⇒ ").count() == 1);
            assert!(count.count() >= 10, "{}: {tag}", rule.id);
        }
    }
}

/// What is found in a page that comes in pieces of so many bytes.
fn streamed(reflections: &Reflections, page: &str, piece: usize) -> Option<Confidence> {
    let (mut at, mut surest) = (0, None);
    while at < page.len() {
        let end = (at + piece).min(page.len());
        let from = at.saturating_sub(LOOK_BEHIND_BYTES);
        let window = &page.as_bytes()[from..end];
        let text = OutputText::window(window, Media::Html, from > 0, end < page.len());
        let mut leaks = Leaks::new();
        reflections.seek(&text, from, &mut leaks);
        surest = surest.max(leaks.surest());
        at = end;
    }
    surest
}

#[test]
fn a_page_that_comes_in_pieces_is_read_as_one() {
    let filling = "<p class=\"a\">ordinary words of a page</p>\n".repeat(300);
    for (text, before, behind, expected) in [
        (
            "\" onfocus=alert(1) x=\"",
            "<input value=\"",
            "\">",
            Some(Confidence::High),
        ),
        ("' onfocus=alert(1) x='", "<input value=\"", "\">", None),
        (
            "<script>alert(1)</script>",
            "<p>",
            "</p>",
            Some(Confidence::High),
        ),
        ("<script>alert(1)</script>", "<!-- ", " -->", None),
        (
            "\";alert(1);//",
            "<script>var q = \"",
            "\";</script>",
            Some(Confidence::High),
        ),
    ] {
        let reflections = sent(text);
        let page = format!("{filling}{before}{text}{behind}{filling}");
        for piece in [700, 1024, 4096, 9999, page.len()] {
            assert_eq!(
                streamed(&reflections, &page, piece),
                expected,
                "{text} by {piece}"
            );
        }
        let start = filling.len() + before.len();
        for cut in start + 4..start + text.len() {
            let begun = &page.as_bytes()[..cut];
            let held = reflections.pending(begun);
            assert!(held >= cut - start, "{text} at {}: {held}", cut - start);
        }
        assert_eq!(reflections.pending(filling.as_bytes()), 0);
    }
}

#[test]
fn no_answer_panics_and_no_span_leaves_it_whatever_was_sent() {
    let pieces = [
        "<",
        ">",
        "</",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a href=\"",
        "\"",
        "'",
        "`",
        "${",
        " onclick=",
        "javascript:",
        "alert(1)",
        "//",
        "/*",
        "*/",
        "\n",
        "\\",
        "=",
        "<title>",
        "&lt;",
        "SQLSTATE[",
        "near \"",
        "\": syntax error",
        "/var/task/a.py",
        "    at f (a.js:1:2)",
        "é",
        "x",
    ];
    let text = |picks: &[u8]| -> String {
        let piece = |pick: &u8| pieces[usize::from(*pick) % pieces.len()];
        picks.iter().map(piece).collect()
    };
    bolero::check!()
        .with_type::<(Vec<u8>, Vec<u8>, Vec<u8>)>()
        .for_each(|(sent_picks, before, behind)| {
            let value = text(sent_picks);
            let reflections = sent(&value);
            let answer = [text(before), value, text(behind)].concat();
            for place in ["", "html", "json", "script"] {
                for leak in answered(&reflections, &answer, place).iter() {
                    assert!(
                        leak.start < leak.end && leak.end <= answer.len(),
                        "{leak:?}"
                    );
                }
            }
            let header = format!("location: {answer}");
            for leak in answered(&reflections, &header, "header").iter() {
                assert!(
                    leak.start < leak.end && leak.end <= answer.len(),
                    "{leak:?}"
                );
            }
            assert!(reflections.pending(answer.as_bytes()) <= answer.len());
        });
}
