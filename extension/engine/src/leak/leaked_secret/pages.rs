//! The pages of the kinds of secret, read as the table of their forms.
//! They never judge a text: the tests beside do.
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::path::Path;

use expect_test::expect_file;

/// What the front matter of a page says.
pub(crate) struct Page {
    pub(crate) kind: String,
    pub(crate) text: String,
    confidence: String,
    pub(crate) in_events: bool,
    forms: Vec<String>,
}

/// All pages, in the order of their names.
pub(crate) fn pages() -> Vec<Page> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/leak/leaked_secret");
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.sort();
    pages.iter().map(|path| page(path)).collect()
}

fn page(path: &Path) -> Page {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_str().unwrap();
    let matter = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"));
    let (matter, _) = matter.unwrap_or_else(|| panic!("{name} has no front matter"));
    let values = |key: &str| -> Vec<String> {
        let lines = matter.lines().filter_map(|line| line.split_once(": "));
        let found = lines.filter(|(known, _)| *known == key);
        found.map(|(_, value)| value.to_string()).collect()
    };
    let value = |key: &str| values(key).first().cloned().unwrap_or_default();
    let page = Page {
        kind: value("kind"),
        confidence: value("confidence"),
        in_events: value("events") == "yes",
        forms: values("form").iter().flat_map(|form| named(form)).collect(),
        text,
    };
    assert_eq!(
        page.kind.replace('-', "_"),
        name,
        "the kind is not that of its page"
    );
    assert!(!page.forms.is_empty(), "{name} has no form");
    page
}

/// A form for each spelling of a name: `~"dd_api"` is meant in small letters and in capitals,
/// `~"ddApi"` with and without a capital at its start, and `~"dd"` in all three ways.
fn named(form: &str) -> Vec<String> {
    let Some(rest) = form.strip_prefix("~\"") else {
        return Vec::from([form.to_string()]);
    };
    let (name, behind) = rest.split_once('"').unwrap();
    let (first, others) = name.split_at(1);
    let mut names = Vec::from([name.to_string()]);
    let is_camel = name.contains(char::is_uppercase);
    if !is_camel {
        names.push(name.to_uppercase());
    }
    if is_camel || !name.contains('_') {
        names.push(first.to_uppercase() + others);
    }
    names
        .iter()
        .map(|name| format!("~\"{name}\"{behind}"))
        .collect()
}

/// The parts of a form: texts in quotes, with what marks them before them, and words.
fn tokens(form: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = form.trim();
    while !rest.is_empty() {
        let end = match rest.find('"') {
            Some(at) if at < 2 => {
                let behind = rest[at + 1..].find('"').unwrap();
                at + behind + 2
            }
            _ => rest.find(' ').unwrap_or(rest.len()),
        };
        tokens.push(rest[..end].to_string());
        rest = rest[end..].trim_start();
    }
    tokens
}

/// `alnum{36}` as `Alnum, 36, 36`.
fn run(token: &str) -> Option<String> {
    let (alphabet, bounds) = token.strip_suffix('}')?.split_once('{')?;
    let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
    Some(format!("{}, {least}, {most}", capitalised(alphabet)))
}

/// `service-role` as `ServiceRole`.
fn capitalised(word: &str) -> String {
    let parts = word.split('-');
    parts
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}

/// A line of the table.
fn line(kind: usize, form: &str) -> String {
    let tokens = tokens(form);
    let is_text = |token: &String| token.ends_with('"');
    let marked = tokens.iter().position(|token| token.starts_with('@'));
    let anchor = marked.or_else(|| tokens.iter().position(is_text)).unwrap();
    // What must not stand whole in a file is joined in the table, too.
    let text = |token: &str| {
        let text = token.trim_start_matches(['@', '~']);
        match text.split_once("{+}") {
            Some((one, other)) => format!("concat!({one}\", \"{other})"),
            None => text.to_string(),
        }
    };
    let mut parts = Vec::new();
    if tokens[anchor].starts_with('~') {
        parts.push("Value".to_string());
    }
    let mut proof = "Drawn".to_string();
    for token in &tokens[anchor + 1..] {
        if is_text(token) {
            parts.push(format!("Text({token})"));
        } else if let Some(run) = run(token) {
            parts.push(format!("Run({run})"));
        } else {
            proof = capitalised(token);
        }
    }
    let before = match &tokens[..anchor] {
        [] => "NOTHING".to_string(),
        [one] => format!("(\"\", {})", run(one).unwrap()),
        [begin, one] => format!("({begin}, {})", run(one).unwrap()),
        _ => panic!("one run stands before an anchor: {form}"),
    };
    let head = format!("    form({kind}, {before}, {}, ", text(&tokens[anchor]));
    let tail = format!("&[{}], {proof}),\n", parts.join(", "));
    match head.len() + tail.len() {
        ..=101 => head + &tail,
        _ if tail.len() < 92 => format!("{}\n        {tail}", head.trim_end()),
        _ => {
            let parts = parts
                .iter()
                .fold(String::new(), |all, part| all + "        " + part + ",\n");
            format!("{head}&[\n{parts}    ], {proof}),\n")
        }
    }
}

const KINDS_HEAD: &str = "\
//! The table of all kinds of secret, made of the pages beside it.
//! It never is written by hand: `UPDATE_EXPECT=1 cargo test -p credenza-engine table` writes it.
use super::form::Kind;
use crate::report::Confidence::{High, Low, Medium};

macro_rules! kinds {
    ($($name:literal $confidence:ident $in_events:literal $page:literal,)+) => {
        /// The kinds, in the order of their names.
        pub(super) static KINDS: &[Kind] = &[$(Kind {
            name: $name,
            confidence: $confidence,
            in_events: $in_events,
        },)+];

        /// The pages, for whoever asks for an explanation; nothing else holds them.
        pub(super) static PAGES: &[(&str, &str)] = &[$(($name, include_str!($page)),)+];
    };
}

";

const FORMS_HEAD: &str = "\
//! The table of the forms of all kinds of secret, made of the pages beside it.
//! It never is written by hand: `UPDATE_EXPECT=1 cargo test -p credenza-engine table` writes it.
use super::form::Alphabet::{
    Alnum, Base64, Digit, Hex, Lower, Padded, Parted, Tilde, Upper, Url, Uuid, Word,
};
use super::form::Part::{Run, Text, Value};
use super::form::{Form, NOTHING, form};
use super::proof::Proof::{Address, Crc32, Drawn, Jwt, Mixed, Pair, Pem, ServiceRole, Settings};

";

fn kinds() -> String {
    let mut text = KINDS_HEAD.to_string() + "kinds! {\n";
    for page in pages() {
        let confidence = capitalised(&page.confidence);
        let file = page.kind.replace('-', "_");
        let line = format!(
            "\"{}\" {confidence} {} \"{file}.md\"",
            page.kind, page.in_events
        );
        text = text + "    " + &line + ",\n";
    }
    text + "}\n"
}

fn forms() -> String {
    let mut text = FORMS_HEAD.to_string() + "/// All forms, each with the place of its kind.\n";
    text += "#[rustfmt::skip]\npub(super) const FORMS: &[Form] = &[\n";
    for (number, page) in pages().iter().enumerate() {
        for form in &page.forms {
            text += &line(number, form);
        }
    }
    text + "];\n"
}

#[test]
fn the_table_of_kinds_is_what_their_pages_say() {
    expect_file!["./table.rs"].assert_eq(&kinds());
    expect_file!["./forms.rs"].assert_eq(&forms());
}

#[test]
fn forms_are_read_as_they_are_meant() {
    for (form, expected) in [
        (
            "\"gh{+}x_\" alnum{36} crc32",
            "    form(0, NOTHING, concat!(\"gh\", \"x_\"), &[Run(Alnum, 36, 36)], Crc32),\n",
        ),
        (
            "\"sk-\" url{18,180} @\"T3Bl\" url{18}",
            "    form(0, (\"sk-\", Url, 18, 180), \"T3Bl\", &[Run(Url, 18, 18)], Drawn),\n",
        ),
        (
            "~\"dd\" hex{32}",
            "    form(0, NOTHING, \"dd\", &[Value, Run(Hex, 32, 32)], Drawn),\n",
        ),
    ] {
        assert_eq!(line(0, form), expected);
    }
    assert_eq!(named("~\"ab\" hex{2}").len(), 3);
}
