//! Texts of PHP's `serialize`: objects with the names of their classes.
//! It never asks whether lengths agree: no other text has this shape.
use memchr::memchr2_iter;

use super::Find;
use crate::cursor::Cursor;
use crate::report::Confidence;
use crate::sought;

/// Reads a text.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    // No object is without its members.
    sought::find(text, b":{")?;
    let is_whole = begins(text);
    let mut strongest: Option<Find> = None;
    for start in memchr2_iter(b'O', b'C', text) {
        let behind = start.saturating_add(1);
        if text.get(behind) != Some(&b':') || !may_begin(text, start) {
            continue;
        }
        let Some((name, end)) = object(text, behind.saturating_add(1)) else {
            continue;
        };
        let confidence = if is_whole && !is_harmless(name) {
            Confidence::High
        } else {
            Confidence::Medium
        };
        if strongest.is_none_or(|old| old.confidence < confidence) {
            strongest = Some(Find {
                confidence,
                start,
                end,
                format: "php",
                mark: "object",
                is_whole,
            });
        }
    }
    strongest
}

/// `8:"Name":1:{` behind the colon; gives the name, and the offset behind the brace.
fn object(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let mut cursor = Cursor::at(text, at);
    let len = cursor.eat_while(|byte| byte.is_ascii_digit() || byte == b'+');
    if len.is_empty() || !cursor.eat(b":\"") {
        return None;
    }
    // Limit: names of classes with their spaces have up to 255 letters.
    let name = cursor.eat_while(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\\') || byte >= 0x80
    });
    if !(1..=255).contains(&name.len()) || !cursor.eat(b"\":") {
        return None;
    }
    let members = cursor.eat_while(|byte| byte.is_ascii_digit());
    (!members.is_empty() && cursor.eat(b":{")).then(|| (name, cursor.offset()))
}

/// True if a serialised value may begin here: at the start, or behind another one.
fn may_begin(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
}

/// True if the text is a serialised value from its first byte on.
fn begins(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    // A session has the name of a variable and a bar before each value.
    let bar = text.iter().take(64).position(|byte| *byte == b'|');
    let behind_bar = bar.and_then(|at| text.get(at.saturating_add(1)..));
    [Some(text), behind_bar].into_iter().flatten().any(|value| {
        let mut cursor = Cursor::at(value, 0);
        let kind = cursor.peek();
        cursor.skip(1);
        matches!(kind, Some(b'O' | b'C' | b'a')) && cursor.eat(b":") && {
            let digits = cursor.eat_while(|byte| byte.is_ascii_digit() || byte == b'+');
            !digits.is_empty() && cursor.eat(b":")
        }
    })
}

/// Classes of the language that only hold values.
fn is_harmless(name: &[u8]) -> bool {
    [
        &b"stdClass"[..],
        b"ArrayIterator",
        b"ArrayObject",
        b"DateInterval",
        b"DatePeriod",
        b"DateTime",
        b"DateTimeImmutable",
        b"DateTimeZone",
        b"SplFixedArray",
        b"SplObjectStorage",
        b"__PHP_Incomplete_Class",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}
