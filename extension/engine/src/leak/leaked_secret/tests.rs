//! The pages of the kinds of secret as tests, and every place in which a secret may stand.
//! They never hold a secret that is one: the pages' are drawn at random.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::pages::pages;
use super::*;
use crate::fences::values;
use crate::leak::{LOOK_BEHIND_BYTES, LeakWatch, Media, seek};

fn leaks_of(text: &OutputText<'_>) -> Vec<Leak> {
    let mut leaks = Leaks::new();
    seek(text, LeakWatch::of(|rule| rule.id == RULE.id), &mut leaks);
    leaks.iter().copied().collect()
}

fn found(text: &str) -> Vec<(&'static str, Confidence)> {
    let leaks = leaks_of(&OutputText::whole(text.as_bytes(), Media::Text));
    leaks
        .iter()
        .map(|leak| (leak.kind, leak.confidence))
        .collect()
}

/// What stands in the fences of all pages with a tag, each with its kind.
fn examples(tag: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for page in pages() {
        for value in values(&page.text, tag) {
            all.push((page.kind.clone(), value.text));
        }
    }
    all
}

fn confidence_of(kind: &str) -> Confidence {
    KINDS
        .iter()
        .find(|known| known.name == kind)
        .unwrap()
        .confidence
}

#[test]
fn every_secret_of_a_kinds_page_is_found_as_that_kind() {
    let mut wrong = Vec::new();
    for (kind, text) in examples("attack") {
        let found = found(&text);
        let confidence = confidence_of(&kind);
        if !found
            .iter()
            .any(|(name, sure)| *name == kind && *sure == confidence)
        {
            wrong.push(format!("{kind}: {found:?} for {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_doubtful_secret_of_a_kinds_page_is_reported_and_less_sure() {
    let mut wrong = Vec::new();
    for (kind, text) in examples("reported") {
        let found = found(&text);
        let confidence = confidence_of(&kind);
        if !found
            .iter()
            .any(|(name, sure)| *name == kind && *sure < confidence)
        {
            wrong.push(format!("{kind}: {found:?} for {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_is_found_in_a_benign_text_of_a_kinds_page() {
    let mut wrong = Vec::new();
    for (kind, text) in examples("benign") {
        let found = found(&text);
        if !found.is_empty() {
            wrong.push(format!("{kind}: {found:?} for {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_kind_has_true_and_false_examples() {
    for page in pages() {
        for (tag, least) in [("attack", 2), ("benign", 2)] {
            let count = values(&page.text, tag).len();
            assert!(count >= least, "{}: {count} values `{tag}`", page.kind);
        }
    }
}

#[test]
fn a_secret_is_found_wherever_it_stands() {
    for (kind, text) in examples("attack") {
        for (before, behind) in [
            ("", "\n"),
            ("{\"a\":\"", "\",\"b\":1}"),
            ("<td>", "</td>"),
            ("line\\n", "\\nline"),
            ("a=", "&b=1"),
            ("%22", "%22"),
            ("see (", ")."),
        ] {
            let around = format!("{before}{text}{behind}");
            let found = found(&around);
            assert!(
                found.iter().any(|(name, _)| *name == kind),
                "{kind}: {around}"
            );
        }
    }
}

/// What is found in windows of a stream that has come in pieces that end at `splits`.
fn streamed(text: &[u8], media: Media, splits: &[usize]) -> Vec<(&'static str, usize)> {
    let mut all = Vec::new();
    let mut from = 0;
    for end in splits.iter().copied().chain([text.len()]) {
        let window = OutputText::window(&text[from..end], media, from > 0, end < text.len());
        for leak in leaks_of(&window) {
            let known = (leak.kind, from + leak.start);
            if !all.contains(&known) {
                all.push(known);
            }
        }
        from = end.saturating_sub(LOOK_BEHIND_BYTES);
    }
    all.sort_unstable();
    all
}

#[test]
fn wherever_a_stream_is_split_its_secrets_are_found() {
    let filler = "It was a bright cold day, and 13 clocks were striking. ".repeat(100);
    for (kind, example) in examples("attack") {
        let text = format!("{filler}\n{example}\n{filler}");
        let whole = leaks_of(&OutputText::whole(text.as_bytes(), Media::Text));
        let mut whole: Vec<_> = whole.iter().map(|leak| (leak.kind, leak.start)).collect();
        whole.sort_unstable();
        let at = filler.len();
        // Debug builds are slow: one split in three.
        for split in (at.saturating_sub(3)..at + example.len() + 8).step_by(3) {
            let found = streamed(text.as_bytes(), Media::Text, &[split]);
            assert_eq!(found, whole, "{kind} split at {split}");
        }
    }
}
