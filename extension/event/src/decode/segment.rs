//! The value at the end of a path: `/items/' or 1=1` is read as its parameter.
//! It never parts a value that has slashes of its own: the folders before it are plain names.
use alloc::vec::Vec;

use super::hex;

/// Where the value begins behind plain folders; `None` where there are none before it.
fn start(text: &[u8]) -> Option<usize> {
    let plain = text.iter().take_while(|byte| is_plain(**byte)).count();
    let folders = text.get(..plain)?;
    let slash = folders.iter().rposition(|byte| *byte == b'/')?;
    let start = slash.saturating_add(1);
    // A value of plain signs alone is worth a look of its own if it is packed.
    let is_value = plain < text.len() || text.get(start..).is_some_and(hex::may_be);
    is_value.then_some(start)
}

/// Letters, digits and what names have besides.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-_.~%+@,()".contains(&byte)
}

/// True if a value stands behind folders.
#[inline]
pub(super) fn may_be(text: &[u8]) -> bool {
    start(text).is_some_and(|start| start < text.len())
}

/// Appends the value; false if there are no folders before it.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let value = start(input).and_then(|start| input.get(start..));
    match value {
        Some(value) if !value.is_empty() => {
            out.extend_from_slice(value);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::decode;

    #[test]
    fn the_value_stands_behind_the_last_plain_folder() {
        for (text, expected) in [
            ("/items/' or 1=1/*/a/*/", Some("' or 1=1/*/a/*/")),
            ("items/;cat /etc/passwd", Some(";cat /etc/passwd")),
            ("/{{7*7}}", Some("{{7*7}}")),
            ("/a/b/x y", Some("x y")),
            ("/a/27206f7220313d31", Some("27206f7220313d31")),
            ("/items/../../etc/passwd", None),
            ("/plain/path", None),
            ("' or 1=1", None),
            ("", None),
        ] {
            let mut out = Vec::new();
            let found = decode(text.as_bytes(), &mut out);
            assert_eq!(found.then_some(out.as_slice()), expected.map(str::as_bytes));
        }
    }
}
