//! The escapes of JSON, JavaScript, Python, C and shells in plain text: `\u0027`, `\u{27}`,
//! `\U00000027`, `\x27`, `\047`, `\47`, and a backslash that continues a line.
//! It never touches a text that has none of these; a bare `\n` or `\\` alone calls for nothing.
use alloc::vec::Vec;

use memchr::memchr;

use crate::text;

/// Appends `input` with its escapes undone; false if there is no numeric escape, and no line that
/// goes on within a word.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> bool {
    let begin = out.len();
    let mut rest = input;
    let (mut found, mut goes_on) = (false, false);
    while let Some(at) = memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        rest = if let Some(behind) = numeric(escape, out) {
            found = true;
            behind
        } else if let Some(behind) = continued(escape) {
            // Between words a line goes on in any script; within a word it hides the word.
            goes_on |= before.last().is_some_and(u8::is_ascii_alphanumeric);
            behind
        } else {
            simple(escape, out)
        };
    }
    out.extend_from_slice(rest);
    if goes_on && !found {
        // Backslashes without a number are left to a second look at what stands there then.
        out.truncate(begin);
        join_lines(input, out);
    }
    found || goes_on
}

/// Appends `input` without the backslashes that continue a line, and their line ends.
fn join_lines(input: &[u8], out: &mut Vec<u8>) {
    let mut rest = input;
    while let Some((before, escape)) = memchr(b'\\', rest).and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(before);
        rest = continued(escape).unwrap_or_else(|| {
            let (pair, behind) = escape.split_at_checked(2).unwrap_or((escape, &[]));
            out.extend_from_slice(pair);
            behind
        });
    }
    out.extend_from_slice(rest);
}

fn numeric<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    match text.get(1..)? {
        [b'u', b'{', rest @ ..] => {
            let len = rest.iter().take(9).position(|byte| *byte == b'}')?;
            text::push_code(text::hex(rest.get(..len)?)?, out);
            rest.get(len + 1..)
        }
        [b'u', ..] => {
            let (unit, rest) = text::unit(text)?;
            Some(text::push_unit(unit, rest, out))
        }
        [b'x', high, low, rest @ ..] => {
            // A byte, not a character: `\xc0\xae` may be overlong UTF-8.
            out.push(text::nibble(*high)? << 4 | text::nibble(*low)?);
            Some(rest)
        }
        [b'U', b'0', b'0', rest @ ..] => {
            text::push_code(text::hex(rest.get(..6)?)?, out);
            rest.get(6..)
        }
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
            let byte = (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0');
            // `\001` and `\002` are folders and references of a pattern.
            if byte != 0 && text::is_control(byte) {
                return None;
            }
            out.push(byte);
            Some(rest)
        }
        // Two digits are all that signs and digits need.
        [a @ b'4'..=b'7', b @ b'0'..=b'7', rest @ ..] => {
            out.push((a - b'0') << 3 | (b - b'0'));
            Some(rest)
        }
        _ => None,
    }
}

/// What stands behind a backslash at the end of a line.
fn continued(text: &[u8]) -> Option<&[u8]> {
    match text.get(1..)? {
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        _ => None,
    }
}

fn simple<'t>(text: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let plain = match text.get(1) {
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(&byte @ (b'\\' | b'/' | b'"' | b'\'')) => byte,
        _ => {
            out.push(b'\\');
            return text.get(1..).unwrap_or(&[]);
        }
    };
    out.push(plain);
    text.get(2..).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::decode;
    use crate::decode::tests::spelled;

    fn decoded(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let found = decode(text.as_bytes(), &mut out);
        found.then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn every_spelling_of_a_character_is_read() {
        for (text, expected) in [
            (r"\u0027 or", "' or"),
            (r"\u{27} or", "' or"),
            (r"\u{000027}", "'"),
            (r"\U00000027", "'"),
            (r"\x27", "'"),
            (r"\047", "'"),
            (r"\47 or \61", "' or 1"),
            (r"\ud83d\ude00!", "\u{1f600}!"),
            ("cu\\\nrl", "curl"),
            ("cu\\\r\nrl", "curl"),
            (r"\x27\n\\", "'\n\\"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_numeric_escape_calls_for_nothing() {
        for text in [
            r"C:\new\table",
            r"\n\t\\",
            r"(\1|\2)",
            r"C:\001\002",
            "a \\\n b",
            "\\\\\\\n",
            r"\x2",
            r"\u12",
            r"\u{}",
            r"\u{1234567890}",
            r"\U0000002",
            r"\",
            "",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn whatever_is_escaped_is_read_again() {
        bolero::check!().for_each(|text: &[u8]| {
            if text.is_empty() {
                return;
            }
            let ascii: Vec<u8> = text.iter().map(|byte| byte % 95 + 32).collect();
            let spell = |each: fn(u8) -> String| spelled(&ascii, each);
            let plain = String::from_utf8_lossy(&ascii);
            for escaped in [
                spell(|byte| format!("\\x{byte:02x}")),
                spell(|byte| format!("\\u{byte:04X}")),
                spell(|byte| format!("\\u{{{byte:x}}}")),
                spell(|byte| format!("\\U{byte:08x}")),
                spell(|byte| format!("\\{byte:03o}")),
            ] {
                assert_eq!(decoded(&escaped).as_deref(), Some(plain.as_ref()));
            }
        });
    }
}
