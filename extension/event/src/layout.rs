//! Where the members of an object and the elements of an array stand, as offsets into their text.
//! It never looks into a value, never allocates, and never fails: where the text is no JSON it
//! ends.
use crate::scan;

/// A range of bytes of a text.
pub type Range = core::ops::Range<usize>;

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name, between its quotes, escapes kept.
    pub name: Range,
    /// The value, with its quotes or braces.
    pub value: Range,
}

/// The members of the object whose brace stands at or behind `at`; nothing for another value.
pub fn members(text: &[u8], at: usize) -> impl Iterator<Item = Member> {
    let mut rest = inside(text, at, b'{');
    core::iter::from_fn(move || {
        let start = next(text, rest?, b'}')?;
        let member = member(text, start);
        rest = member.as_ref().map(|member| member.value.end);
        member
    })
}

/// The same up to the first member of which the value is an object or array of more than `most`
/// bytes: who looks for small members does not pay for large ones.
pub fn members_within(text: &[u8], at: usize, most: usize) -> impl Iterator<Item = Member> {
    let mut rest = inside(text, at, b'{');
    core::iter::from_fn(move || {
        let start = next(text, rest?, b'}')?;
        rest = None;
        let name = name(text, start)?;
        let value = behind_name(text, &name)?;
        let is_nested = matches!(text.get(value), Some(b'{' | b'['));
        let most = if is_nested { most } else { text.len() };
        let seen = text.get(..value.saturating_add(most)).unwrap_or(text);
        let end = value_end(seen, value);
        let is_cut = end == seen.len() && seen.len() < text.len();
        let value = (end > value && !is_cut).then_some(value..end)?;
        rest = Some(value.end);
        Some(Member { name, value })
    })
}

/// The elements of the array whose bracket stands at or behind `at`; nothing for another value.
pub fn elements(text: &[u8], at: usize) -> impl Iterator<Item = Range> {
    let mut rest = inside(text, at, b'[');
    core::iter::from_fn(move || {
        let start = next(text, rest?, b']')?;
        let end = value_end(text, start);
        rest = (end > start).then_some(end);
        rest.map(|end| start..end)
    })
}

/// The value of the last member called `name` of the object at `at`: where a name stands twice the
/// last one counts, as in every runtime's parser.
pub fn member_named(text: &[u8], at: usize, name: &[u8]) -> Option<Range> {
    members(text, at)
        .filter(|member| text.get(member.name.clone()) == Some(name))
        .last()
        .map(|member| member.value)
}

/// The offset behind the opening byte.
fn inside(text: &[u8], at: usize, open: u8) -> Option<usize> {
    let start = skip_space(text, at);
    (text.get(start) == Some(&open)).then(|| start.saturating_add(1))
}

/// The offset of the next item, behind a comma if there is one; `None` at the end.
fn next(text: &[u8], at: usize, close: u8) -> Option<usize> {
    let mut at = skip_space(text, at);
    if text.get(at) == Some(&b',') {
        at = skip_space(text, at.saturating_add(1));
    }
    match text.get(at) {
        None => None,
        Some(&byte) if byte == close => None,
        Some(_) => Some(at),
    }
}

fn member(text: &[u8], start: usize) -> Option<Member> {
    let name = name(text, start)?;
    let value = behind_name(text, &name)?;
    let end = value_end(text, value);
    (end > value).then_some(Member {
        name,
        value: value..end,
    })
}

/// The name that starts with a quote.
fn name(text: &[u8], start: usize) -> Option<Range> {
    if text.get(start) != Some(&b'"') {
        return None;
    }
    let start = start.saturating_add(1);
    Some(start..scan::end_of_string(text, start))
}

/// The offset of the value of a name.
fn behind_name(text: &[u8], name: &Range) -> Option<usize> {
    let colon = skip_space(text, name.end.saturating_add(1));
    let is_member = text.get(colon) == Some(&b':');
    is_member.then(|| skip_space(text, colon.saturating_add(1)))
}

/// The offset behind the value that starts at `start`.
fn value_end(text: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = scan::end_of_string(text, at.saturating_add(1));
                at = end.saturating_add(1).min(text.len());
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth = depth.saturating_add(1),
            b',' | b' ' | b'\n' | b'\r' | b'\t' | b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at.saturating_add(1);
                }
            }
            _ => {}
        }
        at = at.saturating_add(1);
    }
    text.len()
}

fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let spaces = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
        .count();
    at.saturating_add(spaces)
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::{elements, member_named, members, members_within};

    fn names_and_values(text: &str) -> Vec<String> {
        members(text.as_bytes(), 0)
            .map(|member| std::format!("{}={}", &text[member.name], &text[member.value]))
            .collect()
    }

    fn values(text: &str) -> Vec<&str> {
        let found = elements(text.as_bytes(), 0);
        found.map(|range| &text[range]).collect()
    }

    #[test]
    fn members_stand_where_their_bytes_are() {
        let text = r#" {"a" : "x\"}", "b":[1,{"c":2}] ,"d":-1e5,"e":{}} tail"#;
        assert_eq!(
            names_and_values(text),
            [r#"a="x\"}""#, r#"b=[1,{"c":2}]"#, "d=-1e5", "e={}"]
        );
        assert_eq!(member_named(text.as_bytes(), 0, b"d"), Some(37..41));
        let within = |most| members_within(text.as_bytes(), 0, most).count();
        assert_eq!((within(2), within(3), within(11), within(12)), (1, 1, 1, 4));
    }

    #[test]
    fn elements_stand_where_their_bytes_are() {
        let text = r#"[ {"a":"]"} , [1,2],"x,y",null ]"#;
        assert_eq!(values(text), [r#"{"a":"]"}"#, "[1,2]", r#""x,y""#, "null"]);
        assert!(values("{}").is_empty());
        assert!(values("[]").is_empty());
    }

    #[test]
    fn the_last_of_two_members_counts() {
        let text = br#"{"a":1,"a":2}"#;
        assert_eq!(member_named(text, 0, b"a"), Some(11..12));
        assert_eq!(member_named(text, 0, b"b"), None);
    }

    #[test]
    fn any_bytes_end_and_stay_inside() {
        bolero::check!().for_each(|text: &[u8]| {
            for start in [0, text.len() / 2] {
                let found = members(text, start).map(|member| member.value);
                for range in found.chain(elements(text, start)) {
                    assert!(range.start < range.end && range.end <= text.len());
                }
            }
        });
    }
}
