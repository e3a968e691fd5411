//! A cursor over the text of a document, with the few things that declarations are made of.
//! It never decides what a declaration means.

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
    }

    pub(super) fn spaces(&mut self) {
        let len = self.rest().iter().take_while(|byte| **byte <= b' ').count();
        self.skip(len);
    }

    /// Takes a word if it stands here as a word of its own, whatever its case.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len());
        let ends = !word.last().is_some_and(u8::is_ascii_alphabetic)
            || !rest.get(word.len()).is_some_and(u8::is_ascii_alphabetic);
        let is = ends && found.is_some_and(|found| found.eq_ignore_ascii_case(word));
        if is {
            self.skip(word.len());
        }
        is
    }

    /// Takes a name.
    pub(super) fn name(&mut self) -> &'t [u8] {
        let rest = self.rest();
        let len = rest.iter().take_while(|byte| is_name(**byte)).count();
        self.skip(len);
        rest.get(..len).unwrap_or(&[])
    }

    /// Takes a literal in quotes; one that nothing closes ends at `>`. Quotes may be doubled or
    /// have a backslash before them, as in a text that was quoted once more.
    pub(super) fn literal(&mut self) -> Option<&'t [u8]> {
        self.spaces();
        if self.peek() == Some(b'\\') {
            self.skip(1);
        }
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
        self.skip(1);
        // `""file:///a""` in a table of values.
        if self.peek() == Some(quote)
            && self
                .text
                .get(self.at.saturating_add(1))
                .is_some_and(|byte| is_name(*byte))
        {
            self.skip(1);
        }
        let rest = self.rest();
        let closed = memchr::memchr(quote, rest);
        let len = closed
            .or_else(|| memchr::memchr(b'>', rest))
            .unwrap_or(rest.len());
        self.skip(len.saturating_add(usize::from(closed.is_some())));
        rest.get(..len)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | 0x80..)
}
