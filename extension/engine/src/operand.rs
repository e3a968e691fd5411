//! The value behind the name of a member, told by its first bytes.
//! It never reads to the end of a container: what opens it is enough.

/// What stands behind a name and its colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand<'t> {
    /// `{`, and what stands behind it.
    Object(&'t [u8]),
    /// `[`, and what stands behind it.
    Array(&'t [u8]),
    /// A string, as it stands in the text, or its first bytes.
    Text(&'t [u8]),
    /// A number.
    Number,
    /// `true`, `false`, `null`, or another bare word.
    Literal,
    /// Nothing: the name is that of a field of a form.
    Nothing,
}

// Limit: names of classes and programs of one line are told by their first bytes.
const TEXT_BYTES_MAX: usize = 256;

impl<'t> Operand<'t> {
    /// The operand at the start of a text.
    pub(crate) fn of(raw: &'t [u8]) -> Self {
        match raw {
            [b'{', inner @ ..] => Self::Object(inner.trim_ascii_start()),
            [b'[', inner @ ..] => Self::Array(inner.trim_ascii_start()),
            [b'"', inner @ ..] | [b'\\', b'"', inner @ ..] => Self::Text(string(inner)),
            [b'-' | b'0'..=b'9', ..] => Self::Number,
            [byte, ..] if byte.is_ascii_alphabetic() => Self::Literal,
            _ => Self::Nothing,
        }
    }

    /// The operand of the first member of an object, given what stands behind its brace.
    pub(crate) fn of_first_member(inner: &'t [u8]) -> Self {
        let Self::Text(name) = Self::of(inner) else {
            return Self::Nothing;
        };
        let quote = if inner.starts_with(b"\\") { 2 } else { 1 };
        let behind = inner
            .get(name.len().saturating_add(2 * quote)..)
            .unwrap_or(&[])
            .trim_ascii_start();
        Self::of(behind.strip_prefix(b":").unwrap_or(&[]).trim_ascii_start())
    }
}

/// The string up to its closing quote, or its first bytes.
fn string(text: &[u8]) -> &[u8] {
    let near = text.get(..TEXT_BYTES_MAX).unwrap_or(text);
    let len = memchr::memchr(b'"', near).unwrap_or(near.len());
    let string = near.get(..len).unwrap_or(near);
    // In a document that stands in a string a backslash is before the quote.
    string.strip_suffix(b"\\").unwrap_or(string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operand_is_told_by_its_first_bytes() {
        for (raw, expected) in [
            ("{ \"a\":1}", Operand::Object(b"\"a\":1}")),
            ("[1]", Operand::Array(b"1]")),
            ("\"x.Y\",", Operand::Text(b"x.Y")),
            (r#"\"x.Y\","#, Operand::Text(b"x.Y")),
            ("-1", Operand::Number),
            ("null", Operand::Literal),
            ("", Operand::Nothing),
        ] {
            assert_eq!(Operand::of(raw.as_bytes()), expected, "{raw}");
        }
    }

    #[test]
    fn the_first_member_of_an_object_has_an_operand() {
        for (inner, expected) in [
            (r#""a": 1}"#, Operand::Number),
            (r#"\"a\":\"b\"}"#, Operand::Text(b"b")),
            (r#""a":[1]}"#, Operand::Array(b"1]}")),
            ("}", Operand::Nothing),
        ] {
            let found = Operand::of_first_member(inner.as_bytes());
            assert_eq!(found, expected, "{inner}");
        }
    }
}
