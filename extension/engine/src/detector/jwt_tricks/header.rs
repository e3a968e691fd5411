//! The members of a token's header or payload: names and values at the top of one object.
//! It never recurses, and never refuses a document: it gives what can be read of it.
use alloc::vec::Vec;

/// A value as far as a header needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A string, its escapes undone.
    Text(Vec<u8>),
    /// An object or a list.
    Container,
    /// A number or literal.
    Other,
}

/// The members at the top of an object.
pub(super) fn members(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Value)> {
    let mut rest = text.trim_ascii_start();
    rest = rest.strip_prefix(b"{").unwrap_or(&[]);
    core::iter::from_fn(move || {
        let behind = rest.trim_ascii_start().strip_prefix(b"\"")?;
        let (name, behind) = string(behind);
        let behind = behind.trim_ascii_start().strip_prefix(b":")?;
        let (value, behind) = value(behind.trim_ascii_start());
        let behind = behind.trim_ascii_start();
        rest = behind.strip_prefix(b",").unwrap_or(&[]);
        Some((name, value))
    })
}

/// The string whose opening quote stands before the text, and what stands behind it.
fn string(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut plain = Vec::new();
    let mut rest = text;
    loop {
        match rest {
            [] => return (plain, &[]),
            [b'"', behind @ ..] => return (plain, behind),
            [b'\\', b'u', a, b, c, d, behind @ ..] => {
                let unit = [a, b, c, d].into_iter().try_fold(0_u32, |unit, digit| {
                    Some(unit << 4 | char::from(*digit).to_digit(16)?)
                });
                // What is no ASCII decides nothing here.
                plain.push(
                    unit.and_then(|unit| u8::try_from(unit).ok())
                        .unwrap_or(b'?'),
                );
                rest = behind;
            }
            [b'\\', byte, behind @ ..] => {
                plain.push(match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    byte => *byte,
                });
                rest = behind;
            }
            [byte, behind @ ..] => {
                plain.push(*byte);
                rest = behind;
            }
        }
    }
}

/// The value at the start of a text, and what stands behind it.
fn value(text: &[u8]) -> (Value, &[u8]) {
    match text {
        [b'"', behind @ ..] => {
            let (text, rest) = string(behind);
            (Value::Text(text), rest)
        }
        [b'{' | b'[', ..] => (Value::Container, behind_container(text)),
        _ => {
            let len = text
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']'));
            let rest = len.and_then(|len| text.get(len..));
            (Value::Other, rest.unwrap_or(&[]))
        }
    }
}

/// What stands behind the container at the start of a text.
fn behind_container(text: &[u8]) -> &[u8] {
    let mut open = 0_usize;
    let mut is_string = false;
    let mut at = 0_usize;
    while let Some(byte) = text.get(at) {
        at = at.saturating_add(1);
        match byte {
            b'\\' if is_string => at = at.saturating_add(1),
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => open = open.saturating_add(1),
            b'}' | b']' if !is_string => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    text.get(at..).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_with_their_escapes_undone_and_containers_passed() {
        let text = br#" { "a" : "n\u006fne", "b":{"c":"}\""}, "d":1 , "e":["x",{}],"f":"g" }"#;
        let read: Vec<_> = members(text).collect();
        let name = |at: usize| read.get(at).unwrap().0.as_slice();
        let value = |at: usize| read.get(at).unwrap().1.clone();
        assert_eq!(read.len(), 5);
        assert_eq!(
            (name(0), value(0)),
            (&b"a"[..], Value::Text(b"none".to_vec()))
        );
        assert_eq!((name(1), value(1)), (&b"b"[..], Value::Container));
        assert_eq!((name(2), value(2)), (&b"d"[..], Value::Other));
        assert_eq!((name(4), value(4)), (&b"f"[..], Value::Text(b"g".to_vec())));
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in [&b"[1]"[..], b"", b"{", b"{a:1}", b"\"a\":1"] {
            assert_eq!(members(text).count(), 0);
        }
    }
}
