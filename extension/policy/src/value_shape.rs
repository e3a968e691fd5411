//! Shapes of values: what a field always looks like, said in a word and not in a pattern.
//! It never takes more than a step a letter, and knows no shape in which an attack can stand.
use alloc::{string::String, vec::Vec};

/// What a value looks like: one of a few shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueShape {
    text: String,
    /// The value has one of these.
    kinds: Vec<Kind>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Letters(Letters, usize, usize),
    Number,
    Uuid,
    Email,
    Date,
    Literal(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    Digits,
    Hex,
    Base64,
    Word,
    Words,
    Name,
}

// Limit: no value with a shape is longer than a token of 4 KiB.
const BYTES_MAX: usize = 4096;

// Limit: whoever needs more than eight shapes for one field has no shape for it.
const KINDS_MAX: usize = 8;

/// The shapes that take a number of letters in brackets, then those that stand alone.
pub(crate) const NAMES: [&str; 10] = [
    "digits", "hex", "base64", "word", "words", "name", "number", "uuid", "email", "date",
];

impl ValueShape {
    /// Reads `digits(1..10)`, `uuid`, `word(..40) | email`, `="literal"`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let kinds = text.split(" | ").map(|kind| Kind::parse(kind.trim()));
        let kinds: Vec<Kind> = kinds.collect::<Option<_>>()?;
        (kinds.len() <= KINDS_MAX).then(|| Self {
            text: text.into(),
            kinds,
        })
    }

    /// The shape as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if all of a value has this shape.
    pub fn fits(&self, value: &[u8]) -> bool {
        value.len() <= BYTES_MAX && self.kinds.iter().any(|kind| kind.fits(value))
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('=') {
            let is_short = !literal.is_empty() && literal.len() <= BYTES_MAX;
            return is_short.then(|| Self::Literal(literal.into()));
        }
        let (name, least, most) = match text.split_once('(') {
            Some((name, range)) => {
                let (least, most) = bounds(range.strip_suffix(')')?)?;
                (name, least, most)
            }
            None => (text, 1, BYTES_MAX),
        };
        let letters = match name {
            "digits" => Letters::Digits,
            "hex" => Letters::Hex,
            "base64" => Letters::Base64,
            "word" => Letters::Word,
            "words" => Letters::Words,
            "name" => Letters::Name,
            _ if text.contains('(') => return None,
            "number" => return Some(Self::Number),
            "uuid" => return Some(Self::Uuid),
            "email" => return Some(Self::Email),
            "date" => return Some(Self::Date),
            _ => return None,
        };
        Some(Self::Letters(letters, least, most))
    }

    fn fits(&self, value: &[u8]) -> bool {
        match self {
            Self::Letters(letters, least, most) => letters.fit(value, *least, *most),
            Self::Literal(literal) => literal.as_bytes() == value,
            Self::Number => is_number(value),
            Self::Uuid => is_uuid(value),
            Self::Email => is_email(value),
            Self::Date => {
                core::str::from_utf8(value).is_ok_and(|text| crate::Day::parse(text).is_some())
            }
        }
    }
}

/// `1..10`, `..10`, `1..` or `10`.
fn bounds(range: &str) -> Option<(usize, usize)> {
    let number = |text: &str, default: usize| match text {
        "" => Some(default),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    let (least, most) = match range.split_once("..") {
        Some(("", "")) => return None,
        Some((least, most)) => (number(least, 0)?, number(most, BYTES_MAX)?),
        None if range.is_empty() => return None,
        None => (number(range, 0)?, number(range, 0)?),
    };
    (least <= most && most <= BYTES_MAX).then_some((least, most))
}

impl Letters {
    fn fit(self, value: &[u8], least: usize, most: usize) -> bool {
        if self == Self::Name {
            return is_name(value, least, most);
        }
        (least..=most).contains(&value.len()) && value.iter().all(|byte| self.has(*byte))
    }

    fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
            }
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Words => {
                byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.' | b',')
            }
            Self::Name => false,
        }
    }
}

/// A person's name: letters of any script, with single spaces, points, hyphens and at most one
/// apostrophe between them, so that no comment and no second quote can stand in it.
fn is_name(value: &[u8], least: usize, most: usize) -> bool {
    let Ok(text) = core::str::from_utf8(value) else {
        return false;
    };
    let (mut count, mut quotes, mut before) = (0_usize, 0_usize, ' ');
    for letter in text.chars() {
        count = count.saturating_add(1);
        quotes = quotes.saturating_add(usize::from(letter == '\''));
        let fits = match letter {
            ' ' => before.is_alphabetic() || before == '.',
            '.' | '-' | '\'' | '\u{2019}' => before.is_alphabetic(),
            _ => letter.is_alphabetic(),
        };
        if !fits {
            return false;
        }
        before = letter;
    }
    let ends = before.is_alphabetic() || before == '.';
    (least..=most).contains(&count) && quotes <= 1 && ends
}

fn is_number(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let mut parts = digits.split(|byte| *byte == b'.');
    let is_digits =
        |part: &[u8]| !part.is_empty() && part.len() <= 20 && part.iter().all(u8::is_ascii_digit);
    parts.next().is_some_and(is_digits)
        && parts.next().is_none_or(is_digits)
        && parts.next().is_none()
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Letters that no language gives a meaning, around one `@`, and a host of at least two names.
fn is_email(value: &[u8]) -> bool {
    let mut halves = value.split(|byte| *byte == b'@');
    let (Some(name), Some(host), None) = (halves.next(), halves.next(), halves.next()) else {
        return false;
    };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_host = |part: &[u8]| {
        !part.is_empty()
            && part
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !part.starts_with(b"-")
    };
    (1..=64).contains(&name.len())
        && name.iter().all(|byte| is_plain(byte) || *byte == b'+')
        && !name.windows(2).any(|pair| pair == b"--" || pair == b"..")
        && host.len() <= 253
        && host.contains(&b'.')
        && host.split(|byte| *byte == b'.').all(is_host)
        && !host.windows(2).any(|pair| pair == b"--")
}

#[cfg(test)]
mod tests {
    use super::ValueShape;

    fn fits(shape: &str, value: &str) -> bool {
        ValueShape::parse(shape).unwrap().fits(value.as_bytes())
    }

    #[test]
    fn a_shape_is_all_of_a_value() {
        for (shape, value, expected) in [
            ("digits(1..10)", "0123456789", true),
            ("digits(1..10)", "01234567890", false),
            ("digits(1..10)", "", false),
            ("digits(3)", "123", true),
            ("digits", "1 or 1=1", false),
            ("hex(8)", "deadBEEF", true),
            ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", true),
            ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8'", false),
            ("email", "jane.o+x@mail.example.com", true),
            ("email", "jane'--@example.com", false),
            ("email", "jane@localhost", false),
            ("word(..40)", "select_all-2", true),
            ("word(..40)", "select all", false),
            ("words(..40)", "please select all, then drop.", true),
            ("words(..40)", "select 1;", false),
            ("name(..40)", "Seán O'Brien-Łoś Jr. II", true),
            ("name(..40)", "x' or a", false),
            ("name(..40)", "x'or a'b", false),
            ("name(..40)", "x'or name--", false),
            ("number", "-12.50", true),
            ("number", "1e9", false),
            ("date", "2027-02-28", true),
            ("date", "2027-02-30", false),
            ("=N/A", "N/A", true),
            ("=N/A", "n/a", false),
            ("uuid | digits(..9)", "42", true),
            ("base64(..8)", "ab+/_-==", true),
        ] {
            assert_eq!(fits(shape, value), expected, "{shape} {value}");
        }
    }

    #[test]
    fn what_is_no_shape_is_none() {
        for text in [
            "",
            "regex(.*)",
            "digits(",
            "digits()",
            "digits(9..1)",
            "digits(..)",
            "uuid(3)",
            "digits(1..99999)",
            "digits(-1)",
            "=",
            "word | ",
            "text",
            "digits(1..2)x",
        ] {
            assert_eq!(ValueShape::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_value_panics_and_no_shape_but_a_literal_fits_an_open_quote_or_a_bracket() {
        const SHAPES: [&str; 9] = [
            "digits", "hex", "base64", "word", "words", "number", "uuid", "email", "date",
        ];
        bolero::check!().for_each(|value: &[u8]| {
            for shape in SHAPES {
                let fits = ValueShape::parse(shape).unwrap().fits(value);
                let has = |bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
                assert!(!(fits && has(b"'\"<>(){}[]$`;%&|\\\n\0*?#!")), "{shape}");
            }
        });
    }
}
