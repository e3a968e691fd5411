//! The last segment of a path that a request asks for: what a route hands to the function.
//! It never looks into a segment that holds more than a name.
use credenza_event::{Form, Part, Role};

/// What stands behind the plain folders at the start of a request's path; all of any other text.
///
/// `items/7 or 1=1` is `7 or 1=1` to a function whose route is `items/{id}`.
pub(crate) fn last<'t>(form: &Form<'t>) -> &'t [u8] {
    if form.role != Role::Path || form.part != Part::Value {
        return form.text;
    }
    behind_folders(form.text)
}

fn behind_folders(text: &[u8]) -> &[u8] {
    let mut start = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        let next = text.get(at.saturating_add(1));
        match byte {
            // A comment of some language begins with the same sign.
            b'/' if !matches!(next, Some(b'*' | b'/')) => start = at.saturating_add(1),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {}
            _ => break,
        }
    }
    text.get(start..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::behind_folders;

    #[test]
    fn plain_folders_are_passed_and_nothing_else() {
        for (path, last) in [
            ("items/7 or 1=1", "7 or 1=1"),
            ("/v1/items/<b>", "<b>"),
            ("7 or 1=1", "7 or 1=1"),
            ("a b/c d", "a b/c d"),
            ("items/1/**/or/**/1=1", "1/**/or/**/1=1"),
            ("items/", ""),
            ("", ""),
        ] {
            assert_eq!(behind_folders(path.as_bytes()), last.as_bytes(), "{path}");
        }
    }
}
