//! The tokens of GraphQL (October 2021, section 2.1), read one after the other.
//! It never allocates, and never reads a byte twice but for a token that was only looked at.
use crate::sought;

/// What a lexer comes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name: letters, digits and underscores.
    Name(&'t [u8]),
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Sign(u8),
    /// `...`
    Spread,
    /// A number or a string; what is in it means nothing to the shape of a document.
    Literal,
    /// The text is over.
    End,
    /// A byte that no document has here.
    Odd,
}

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// The offset behind the last token.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The bytes from an offset up to here.
    pub(super) fn bytes(&self, from: usize) -> &'t [u8] {
        self.text.get(from..self.at).unwrap_or(&[])
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn pass(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
    }

    /// Passes white space, commas and comments; gives the offset of the next token.
    pub(super) fn blank(&mut self) -> usize {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\r' | b'\n' | b',', ..] => self.pass(1),
                [0xef, 0xbb, 0xbf, ..] => self.pass(3),
                [b'#', rest @ ..] => {
                    let line = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    self.pass(line.saturating_add(1));
                }
                _ => return self.at,
            }
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Token<'t> {
        self.blank();
        let rest = self.rest();
        match rest {
            [] => Token::End,
            [b'.', b'.', b'.', ..] => {
                self.pass(3);
                Token::Spread
            }
            [b'"', ..] => self.string(),
            [b'-' | b'0'..=b'9', ..] => {
                let len = run(rest, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
                });
                self.pass(len);
                Token::Literal
            }
            [b'_' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
                let len = run(rest, |byte| byte == b'_' || byte.is_ascii_alphanumeric());
                self.pass(len);
                Token::Name(rest.get(..len).unwrap_or(rest))
            }
            [
                sign @ (b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{'
                | b'|' | b'}'),
                ..,
            ] => {
                self.pass(1);
                Token::Sign(*sign)
            }
            _ => Token::Odd,
        }
    }

    /// The token behind this place, which is looked at and not passed.
    pub(super) fn peek(&self) -> Token<'t> {
        let mut ahead = *self;
        ahead.next()
    }

    /// A string or a block string.
    fn string(&mut self) -> Token<'t> {
        let rest = self.rest();
        if let Some(block) = rest.strip_prefix(b"\"\"\"") {
            let Some(len) = sought::find(block, b"\"\"\"") else {
                self.pass(rest.len());
                return Token::End;
            };
            self.pass(len.saturating_add(6));
            return Token::Literal;
        }
        let mut at = 1_usize;
        while let Some(found) = rest
            .get(at..)
            .and_then(|rest| memchr::memchr3(b'"', b'\\', b'\n', rest))
        {
            at = at.saturating_add(found);
            match rest.get(at) {
                Some(b'\\') => at = at.saturating_add(2),
                Some(b'"') => {
                    self.pass(at.saturating_add(1));
                    return Token::Literal;
                }
                _ => return Token::Odd,
            }
        }
        self.pass(rest.len());
        Token::End
    }
}

/// The length of the run of bytes at the start of a text.
fn run(text: &[u8], is_in: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|byte| !is_in(*byte))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use core::fmt::Write as _;

    use super::*;

    fn tokens(text: &str) -> String {
        let mut lexer = Lexer::new(text.as_bytes(), 0);
        let mut shown = String::new();
        loop {
            match lexer.next() {
                Token::Name(name) => write!(shown, "{} ", name.escape_ascii()).unwrap(),
                Token::Sign(sign) => write!(shown, "{} ", char::from(sign)).unwrap(),
                Token::Spread => shown.push_str("... "),
                Token::Literal => shown.push_str("1 "),
                Token::End => return shown + "end",
                Token::Odd => return shown + "odd",
            }
        }
    }

    #[test]
    fn tokens_are_told_apart_and_what_stands_between_them_is_passed() {
        for (text, shown) in [
            ("{a,b}", "{ a b } end"),
            (
                "query Q($a:Int!=1){...F}",
                "query Q ( $ a : Int ! = 1 ) { ... F } end",
            ),
            ("# {x}\n{y(s:\"a\\\"}\")}", "{ y ( s : 1 ) } end"),
            ("{a(s:\"\"\"x \" y\"\"\")}", "{ a ( s : 1 ) } end"),
            ("{a: -1.5e3}", "{ a : 1 } end"),
            ("{a;b}", "{ a odd"),
            ("\"cut", "end"),
            ("\"line\n\"", "odd"),
            ("", "end"),
        ] {
            assert_eq!(tokens(text), shown, "{text}");
        }
    }
}
