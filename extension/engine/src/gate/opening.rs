//! Texts that begin with a sign behind which a command may stand.
//! It never reads more than the few signs before it.

// Limit: a quote, a few brackets, an address of four numbers.
const OPENING_BYTES: usize = 20;

/// True if nothing but quotes, brackets, blanks and numbers stands before a text's first sign of a
/// shell: hardly a text begins so, and what stands behind is a command whatever its name is.
#[inline]
pub(crate) fn opens_command(text: &[u8]) -> bool {
    // What a program that undoes escapes makes a line break of.
    if text.starts_with(b"\\n") {
        return true;
    }
    let mut signs = text.iter().take(OPENING_BYTES);
    loop {
        match signs.next() {
            Some(b';' | b'|' | b'&') => return true,
            Some(b' ' | b'\t' | b'\'' | b'"' | b')' | b']' | b'}' | b'0'..=b'9' | b'.') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::opens_command;

    #[test]
    fn signs_behind_quotes_and_numbers_open_a_command() {
        for text in [";x", "| x", "';x", "10.0.0.1 && x", "\"); x"] {
            assert!(opens_command(text.as_bytes()), "{text}");
        }
        for text in ["", "x;y", "12", "{;}", "-;", "5 apples; pears"] {
            assert!(!opens_command(text.as_bytes()), "{text}");
        }
    }
}
