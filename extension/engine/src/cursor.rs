//! A place in a text that moves forward only, for the small grammars of rules.
//! It never allocates, and never moves behind the end of its text.
use credenza_event::Span;

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The place at an offset.
    pub(crate) fn at(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// The offset in the text.
    pub(crate) fn offset(self) -> usize {
        self.at
    }

    /// What stands from here on.
    pub(crate) fn rest(self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    /// The byte here.
    pub(crate) fn peek(self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Moves on by some bytes.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
    }

    /// Passes a text if it stands here.
    pub(crate) fn eat(&mut self, piece: &[u8]) -> bool {
        let found = self.rest().starts_with(piece);
        if found {
            self.skip(piece.len());
        }
        found
    }

    /// Passes all bytes that fit; gives them.
    pub(crate) fn eat_while(&mut self, fits: impl Fn(u8) -> bool) -> &'t [u8] {
        let rest = self.rest();
        let len = rest.iter().take_while(|byte| fits(**byte)).count();
        self.skip(len);
        rest.get(..len).unwrap_or(rest)
    }

    /// Passes white space; true if there was some.
    pub(crate) fn space(&mut self) -> bool {
        !self.eat_while(|byte| byte.is_ascii_whitespace()).is_empty()
    }

    /// Passes a name of letters, digits, `_` and `$` that no digit begins; gives it, or nothing.
    pub(crate) fn name(&mut self) -> &'t [u8] {
        match self.peek() {
            Some(first) if is_name_byte(first) && !first.is_ascii_digit() => {
                self.eat_while(is_name_byte)
            }
            _ => &[],
        }
    }
}

/// True for the bytes of a name in most languages.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// The range between two offsets; offsets beyond 4 GiB are cut.
pub(crate) fn span(start: usize, end: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: clip(start),
        end: clip(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_passes_what_fits_and_stops_at_the_end() {
        let mut cursor = Cursor::at(b"$a1  b", 0);
        assert_eq!(cursor.name(), b"$a1");
        assert!(cursor.space() && !cursor.space());
        assert!(!cursor.eat(b"bc") && cursor.eat(b"b"));
        assert!(cursor.rest().is_empty());
        cursor.skip(9);
        assert_eq!((cursor.offset(), cursor.peek()), (6, None));
        assert_eq!(cursor.name(), b"");
    }
}
