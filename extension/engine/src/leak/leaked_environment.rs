//! The detector of environment dumps: many of the platform's variables with their values.
//! It never takes offence at one variable: templates and logs have those.
//!
#![doc = include_str!("leaked_environment.md")]

use super::{Leak, LeakDetector, Leaks, OutputText};
use crate::detector::Rule;
use crate::report::Confidence;
use crate::sought;

/// The public identity of this rule.
pub static RULE: Rule = Rule {
    id: "leaked-environment",
    class: "environment",
    cwe: 526,
    ceiling: Confidence::High,
    is_on_by_default: true,
    page: page!("leaked_environment.md"),
};

/// What the one pass looks for: variables that every function has, and nobody else; and the head
/// of a page that shows all.
pub(super) const ANCHORS: &[&str] = &[
    "_LAMBDA_FUNCTION_NAME",
    "_LAMBDA_LOG_STREAM_NAME",
    "_LAMBDA_RUNTIME_API",
    "_EXECUTION_ENV",
    "_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "<title>phpinfo()",
    "<title>PHP ",
];

/// Before these stands `AWS`, which every output of a cloud has.
const AWS_UNTIL: usize = 5;
/// Where the heads of pages begin in the list.
const PAGES_FROM: usize = 6;

/// What the names of the platform's variables begin with.
const BEGINNINGS: [&[u8]; 3] = [b"AWS_", b"LAMBDA_", b"_AWS_XRAY"];

// Limit: the platform sets some 25 variables, and a token of 1,000 bytes may stand among them.
const AHEAD_BYTES: usize = 480;
const BACK_BYTES: usize = 480;

/// As many variables of the platform near each other are a dump, and as many may be one.
const SURE_COUNT: usize = 5;
const DOUBT_COUNT: usize = 3;

/// Finds dumps of the environment.
#[derive(Debug)]
pub struct LeakedEnvironment;

impl LeakDetector for LeakedEnvironment {
    fn rule(&self) -> &'static Rule {
        &RULE
    }

    fn judge(&self, text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks) {
        if text.was_judged(at) {
            return;
        }
        if which >= PAGES_FROM {
            return page(text, which, at, leaks);
        }
        let at = if which < AWS_UNTIL {
            at.saturating_sub(3)
        } else {
            at
        };
        let is_own = BEGINNINGS
            .iter()
            .any(|name| text.from(at).starts_with(name));
        let Some(end) = pair(text.bytes, at).filter(|_| is_own) else {
            return;
        };
        let from = at.saturating_sub(BACK_BYTES);
        let until = at.saturating_add(AHEAD_BYTES).min(text.bytes.len());
        leaks.looked_at(until.saturating_sub(from));
        let near = text.bytes.get(from..until).unwrap_or(&[]);
        let (count, is_placed) = count(near);
        if count < DOUBT_COUNT || text.is_cut(at, at.saturating_add(AHEAD_BYTES)) {
            return;
        }
        let confidence = if count >= SURE_COUNT && is_placed && !is_shown(near) {
            Confidence::High
        } else {
            Confidence::Medium
        };
        leaks.add(Leak {
            rule: &RULE,
            kind: "environment",
            confidence,
            start: at,
            end,
        });
    }
}

/// The page of PHP that shows all that it knows.
fn page(text: &OutputText<'_>, which: usize, at: usize, leaks: &mut Leaks) {
    let anchor = ANCHORS.get(which).map_or(0, |anchor| anchor.len());
    let end = at.saturating_add(anchor);
    let near = text.from(end);
    let near = near.get(..AHEAD_BYTES).unwrap_or(near);
    leaks.looked_at(near.len());
    if sought::find(near, b"phpinfo()").is_some() || near.starts_with(b"</title>") {
        leaks.add(Leak {
            rule: &RULE,
            kind: "phpinfo",
            confidence: Confidence::High,
            start: at,
            end,
        });
    }
}

// Limit: as many variables as stand near each other in a dump; the same one again and again is
// none.
const NAMES_MAX: usize = 16;
const REPEATED_MAX: usize = 4;

/// How many different variables of the platform have a value in a text, and whether one of them is
/// told as only the platform tells it.
fn count(text: &[u8]) -> (usize, bool) {
    let mut names: [&[u8]; NAMES_MAX] = [&[]; NAMES_MAX];
    let (mut count, mut is_placed, mut repeated) = (0_usize, false, 0_usize);
    for beginning in BEGINNINGS {
        for at in sought::find_all(text, beginning).take(NAMES_MAX) {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                continue;
            }
            let name = name(text, at);
            let known = names.get(..count).unwrap_or(&[]).contains(&name);
            if known {
                repeated = repeated.saturating_add(1);
                if repeated > REPEATED_MAX {
                    return (count, is_placed);
                }
                continue;
            }
            let Some(end) = pair(text, at) else {
                continue;
            };
            let value = text.get(at.saturating_add(name.len())..end).unwrap_or(&[]);
            is_placed |= is_platforms(name, value);
            if let Some(slot) = names.get_mut(count) {
                *slot = name;
                count = count.saturating_add(1);
            }
        }
    }
    (count, is_placed)
}

// Limit: the longest name that the platform sets has 33 bytes.
const NAME_BYTES: usize = 48;

fn name(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or(&[]);
    let is_name = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'_';
    let len = rest.iter().take(NAME_BYTES).take_while(is_name).count();
    rest.get(..len).unwrap_or(rest)
}

// Limit: a quote, a tag, a sign and white space stand between a name and its value, and `</td><td
// class="v">`.
const BETWEEN_BYTES: usize = 24;

/// Where the value of the variable ends whose name begins at an offset, if it has one:
/// `NAME=value`, `"NAME": "value"`, `'NAME' => 'value'`, `<td>NAME</td><td>value`.
fn pair(text: &[u8], at: usize) -> Option<usize> {
    let behind = at.saturating_add(name(text, at).len());
    let rest = text.get(behind..)?;
    let near = rest.get(..BETWEEN_BYTES).unwrap_or(rest);
    let mut between = 0_usize;
    let mut is_told = false;
    let mut tag = false;
    for byte in near {
        match byte {
            b'<' => (tag, is_told) = (true, true),
            b'>' => tag = false,
            _ if tag => {}
            b'=' | b':' if !is_told => is_told = true,
            b'\t' => is_told = true,
            b'"' | b'\'' | b'\\' | b' ' | b']' => {}
            _ => break,
        }
        between = between.saturating_add(1);
    }
    let value = rest.get(between..).filter(|_| is_told)?;
    let is_value = |byte: &&u8| **byte > b' ' && !b"\"'\\<,;}]&".contains(byte);
    let len = value.iter().take(AHEAD_BYTES).take_while(is_value).count();
    // A placeholder stands for what is not told.
    let is_open = matches!(value.first(), Some(b'$' | b'{' | b'[' | b'*' | b'('));
    (len > 0 && !is_open).then(|| behind.saturating_add(between).saturating_add(len))
}

/// True for a value that the platform gives and nobody makes up.
fn is_platforms(name: &[u8], value: &[u8]) -> bool {
    let has = |part: &[u8]| sought::find(value, part).is_some();
    match name {
        b"AWS_LAMBDA_LOG_STREAM_NAME" => has(b"/[") || has(b"\\/["),
        b"AWS_LAMBDA_RUNTIME_API" => has(b":"),
        b"AWS_EXECUTION_ENV" => has(b"AWS_Lambda_"),
        b"LAMBDA_TASK_ROOT" => has(b"var"),
        b"AWS_SESSION_TOKEN" => value.len() > 100,
        _ => false,
    }
}

/// True for a listing: a fence, or an element of program text, opens before it.
fn is_shown(near: &[u8]) -> bool {
    sought::find(near, b"```").is_some() || sought::find(near, b"<code").is_some()
}

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn a_variable_has_its_value_in_every_spelling_of_a_dump() {
        for (text, value) in [
            ("AWS_REGION=eu-west-1\n", "eu-west-1"),
            ("\"AWS_REGION\": \"eu-west-1\",", "eu-west-1"),
            ("\\\"AWS_REGION\\\":\\\"eu-west-1\\\"", "eu-west-1"),
            ("'AWS_REGION': 'eu-west-1', 'X'", "eu-west-1"),
            ("[AWS_REGION] => eu-west-1", "eu-west-1"),
            (
                "$_ENV['AWS_REGION']</td><td class=\"v\">eu-west-1 </td>",
                "eu-west-1",
            ),
            ("AWS_REGION and others", ""),
            ("AWS_REGION=${REGION}", ""),
            ("AWS_REGION=", ""),
        ] {
            let at = text.find("AWS_").unwrap();
            let end = pair(text.as_bytes(), at);
            let found = end.map_or("", |end| &text[..end]);
            assert!(
                found.ends_with(value) && found.is_empty() == value.is_empty(),
                "{text}"
            );
        }
    }
}
