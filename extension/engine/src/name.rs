//! The names of members: the pieces of `a[b].c`, and whether a name spells a word.
//! It never allocates: a name is read where it stands.

/// The pieces of a name that brackets and dots part: `a`, `b` and `c` of `a[b].c`.
pub(crate) fn pieces(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| matches!(byte, b'[' | b']' | b'.'))
        .filter(|piece| !piece.is_empty())
        .map(without_quotes)
}

/// A piece without the quotes that stand around it, as in `a['b']`.
fn without_quotes(piece: &[u8]) -> &[u8] {
    match piece {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => piece,
    }
}

/// True if a name, as it stands in a document, means `word`: `\u` escapes are read.
pub(crate) fn spells(raw: &[u8], word: &[u8]) -> bool {
    let mut rest = raw;
    for &letter in word {
        rest = match rest {
            [b'\\', b'u', digits @ ..] => {
                let Some((unit, behind)) = digits.split_at_checked(4) else {
                    return false;
                };
                if hex(unit) != Some(u32::from(letter)) {
                    return false;
                }
                behind
            }
            [byte, behind @ ..] if *byte == letter => behind,
            _ => return false,
        };
    }
    rest.is_empty()
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some((value << 4) | digit)
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn brackets_and_dots_part_the_pieces_of_a_name() {
        for (name, expected) in [
            ("a", &["a"][..]),
            ("a[b][c]", &["a", "b", "c"][..]),
            ("a.b[].c", &["a", "b", "c"][..]),
            ("[x]['y']", &["x", "y"][..]),
            ("", &[][..]),
        ] {
            let pieces: Vec<_> = pieces(name.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|piece| piece.as_bytes()).collect();
            assert_eq!(pieces, expected, "{name}");
        }
    }

    #[test]
    fn a_name_spells_a_word_with_and_without_escapes() {
        for raw in ["node", r"n\u006fde", r"\u006e\u006F\u0064\u0065"] {
            assert!(spells(raw.as_bytes(), b"node"), "{raw}");
        }
        for raw in ["nod", "nodes", r"n\u006", r"n\u0070de", "Node", ""] {
            assert!(!spells(raw.as_bytes(), b"node"), "{raw}");
        }
    }
}
