//! What stands around a sign or a word, where that tells that it means nothing: apostrophes in
//! words, and verbs behind words.
//! It never reads further than the words beside it.
use crate::detector::sql_injection::is_word;

/// What stands before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// A word or a comma: what begins a statement stands behind neither.
    Words,
    /// A digit.
    Number,
    /// Anything else, or nothing.
    Signs,
}

impl Around {
    /// Tells it of the text before a word.
    #[cold]
    pub(super) fn of(before: &[u8]) -> Self {
        let last = before.iter().rev().find(|byte| **byte != b' ');
        match last {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b',') => Self::Words,
            Some(b'0'..=b'9') => Self::Number,
            _ => Self::Signs,
        }
    }
}

// Limit: the longest name in which an apostrophe stands, and the longest word before one.
const WORD_BYTES: usize = 24;

/// True for a quote that is an apostrophe: inside a word of which no part means anything to a
/// database, and with no other quote right behind it.
#[cold]
pub(super) fn is_apostrophe(text: &[u8], at: usize) -> bool {
    let (before, behind) = text.split_at_checked(at).unwrap_or_default();
    let letters = |byte: &&u8| byte.is_ascii_alphabetic();
    let head = before.iter().rev().take(WORD_BYTES).take_while(letters);
    let before = before
        .get(before.len().saturating_sub(head.count())..)
        .unwrap_or_default();
    let behind = behind.get(1..).unwrap_or_default();
    let len = behind.iter().take(WORD_BYTES).take_while(letters).count();
    let (tail, behind) = behind.split_at_checked(len).unwrap_or_default();
    let is_word_of_people = |part: &[u8]| (1..WORD_BYTES).contains(&part.len()) && !is_word(part);
    // `N'x'`, `x'41'`: what databases put before a text.
    let is_prefix = matches!(before, [letter] if b"nxebquNXEBQU".contains(letter));
    let goes_on = matches!(
        behind.first(),
        Some(b'\'' | b'"' | b'`' | b'\\' | b'0'..=b'9' | b'_' | b'$' | b'(' | b'.' | b'@' | 0x80..)
    );
    is_word_of_people(before) && is_word_of_people(tail) && !is_prefix && !goes_on
}

#[cfg(test)]
mod tests {
    use super::{Around, is_apostrophe};

    #[test]
    fn an_apostrophe_stands_in_a_word_that_no_database_reads() {
        let quote = |text: &str| text.find('\'').unwrap();
        for text in [
            "O'Brien & Sons",
            "don't",
            "it's -- well",
            "l'eau",
            "the users's",
        ] {
            assert!(is_apostrophe(text.as_bytes(), quote(text)), "{text}");
        }
        for text in [
            "x'or'1",
            "x' or",
            "'x",
            "x'",
            "c'a't",
            "N'abc",
            "or'x",
            "x'collate nocase",
            "x'1",
            "l's\"",
            "x'y(",
            "x'union select",
            "x'y.z",
            "x'as y",
            "1'x",
        ] {
            assert!(!is_apostrophe(text.as_bytes(), quote(text)), "{text}");
        }
    }

    #[test]
    fn words_commas_and_numbers_before_a_word_are_told_from_signs() {
        for (before, around) in [
            ("if we ", Around::Words),
            ("well, ", Around::Words),
            ("/*!50000", Around::Number),
            ("; ", Around::Signs),
            ("", Around::Signs),
            ("\n", Around::Signs),
        ] {
            assert_eq!(Around::of(before.as_bytes()), around, "{before}");
        }
    }
}
