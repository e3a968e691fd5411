//! The words and signs without one of which no bare reading says anything.
//! It never reads a query: it is one look from a text's end, and may stop at a word too early.
use super::token::is_word_byte;
use super::word::{Roles, roles};

/// The roles one of which a reading has to pass: what connects conditions, adds a query, begins or
/// orders a statement, or has an effect.
const PIVOTS: Roles = Roles(
    Roles::CONNECTIVE.0
        | Roles::WHERE.0
        | Roles::SELECT.0
        | Roles::SET_OPERATION.0
        | Roles::CASE.0
        | Roles::WHEN.0
        | Roles::EFFECT.0
        | Roles::VERB.0
        | Roles::WAIT.0
        | Roles::ORDER.0
        | Roles::FILE.0
        | Roles::SPELLS.0,
);

/// The last byte of a text's last pivot; a bare reading that begins behind it is worth nothing.
pub(super) fn last(text: &[u8]) -> Option<usize> {
    // `||elt(2,hex(1))` joins a text to functions, and needs nothing else.
    let joins = matches!(text.trim_ascii_start().first(), Some(b'|' | b'\'' | b'"'));
    let pivots = if joins {
        Roles(PIVOTS.0 | Roles::CALL.0)
    } else {
        PIVOTS
    };
    let mut rest = text;
    while let Some((&byte, before)) = rest.split_last() {
        if !is_word_byte(byte) {
            if matches!(byte, b'|' | b'&') && connects(before, byte) {
                return Some(before.len());
            }
            rest = before;
            continue;
        }
        let letters = rest.iter().rev().take_while(|byte| is_word_byte(**byte));
        let start = rest.len().saturating_sub(letters.count());
        let (before, word) = rest.split_at_checked(start).unwrap_or((&[], rest));
        if is_pivot(word, pivots) {
            return Some(rest.len().saturating_sub(1));
        }
        rest = before;
    }
    None
}

/// True if a sign ends `||`, `&&` or `|\|`.
fn connects(before: &[u8], sign: u8) -> bool {
    matches!(before, [.., last] if *last == sign)
        || sign == b'|' && matches!(before, [.., b'|', b'\\'])
}

/// True if a run of letters, digits and `$` is a pivot, or may end in one.
fn is_pivot(run: &[u8], pivots: Roles) -> bool {
    let Some((first, behind)) = run.split_first() else {
        return false;
    };
    if roles(run).any(pivots) {
        return true;
    }
    // A word may begin behind a number, behind a dollar quote, and behind a letter that is foreign.
    let is_one = first.is_ascii_alphabetic() || *first == b'_';
    if is_one && behind.iter().all(|byte| byte.is_ascii() && *byte != b'$') {
        return false;
    }
    let mut before = *first;
    for (at, byte) in behind.iter().enumerate() {
        let begins = byte.is_ascii_alphabetic() && !before.is_ascii_alphabetic();
        if begins && behind.get(at..).is_some_and(|word| roles(word).any(pivots)) {
            return true;
        }
        before = *byte;
    }
    false
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::last;
    use crate::detector::sql_injection::context::Prefix;
    use crate::detector::sql_injection::production::{NO_FRAMES, read};
    use crate::detector::sql_injection::reading::Entry;
    use crate::detector::sql_injection::token::{Kind, Lexer};
    use crate::detector::sql_injection::worth::bare_candidate;

    const PIECES: [&str; 32] = [
        "or ",
        "1",
        "=",
        "a",
        " ",
        "select ",
        "from ",
        "sleep",
        "(",
        ")",
        "'",
        "\"",
        "||",
        "&&",
        "char",
        "$",
        "0x4",
        "order by ",
        "--",
        "/*",
        "*/",
        ";",
        "drop table ",
        "1e5",
        "case ",
        "hex",
        ",",
        "é",
        "\u{200b}",
        "like ",
        "union ",
        ".",
    ];

    #[test]
    fn no_bare_reading_behind_the_last_pivot_is_worth_anything() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let pieces = bytes.iter().take(40);
            let text: String = pieces.map(|byte| PIECES[usize::from(byte % 32)]).collect();
            let text = text.as_bytes();
            let mut lexer = Lexer::new(text, 0);
            loop {
                let token = lexer.next();
                let at = token.start;
                if last(text).is_none_or(|last| at > last) {
                    let reading =
                        read(text, at, Entry::Operand, usize::MAX, &mut NO_FRAMES.clone());
                    for prefix in [Prefix::Empty, Prefix::Chunk, Prefix::Prose] {
                        let found = bare_candidate(text, &reading, prefix, at);
                        assert!(found.is_none(), "{} at {at}", text.escape_ascii());
                    }
                }
                if token.kind == Kind::End {
                    return;
                }
            }
        });
    }

    #[test]
    fn words_behind_numbers_and_dollar_quotes_are_pivots_too() {
        for text in [
            "1or 1",
            "0x41or 1",
            "$$ b$$or 1",
            "a\u{200b}or 1",
            "a |\\| b",
            "'",
            "a && b",
        ] {
            assert_eq!(last(text.as_bytes()).is_some(), text != "'", "{text}");
        }
        assert!(last(b"||hex(a)").is_some() && last(b"hex(a)").is_none());
    }
}
