//! Numbers, strings and quoted names, in every dialect's spelling.
//! It never reads what they hold, only where they end.
use memchr::{memchr, memchr2};

use super::{Kind, Lexer};
use crate::sought;

// Limit: a bracketed name of MSSQL has at most 128 characters.
pub(super) const BRACKET_BYTES_MAX: usize = 130;
// Limit: a dollar quote's tag is an identifier; 64 bytes hold every one PostgreSQL accepts (63).
const DOLLAR_TAG_BYTES_MAX: usize = 64;

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> Kind {
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') {
            let digits = self
                .text
                .get(self.at.saturating_add(2)..)
                .unwrap_or_default();
            let digits = digits.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            if digits > 0 {
                self.step(digits.saturating_add(2));
                let last = self.text.get(self.at.saturating_sub(1));
                if last.is_some_and(u8::is_ascii_alphabetic) && self.peek(0).is_ascii_alphabetic() {
                    // No reader cuts `0x41asleep` in two.
                    self.word_part();
                    return Kind::Name;
                }
                return Kind::Number;
            }
        }
        self.digits();
        if self.peek(0) == b'.' && !self.peek(1).is_ascii_alphabetic() {
            self.step(1);
            self.digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(sign.saturating_add(1)).is_ascii_digit() {
                self.step(sign.saturating_add(1));
                self.digits();
            } else if !self.peek(1).is_ascii_alphanumeric() && sign == 0 {
                self.step(1);
            }
        }
        Kind::Number
    }

    fn digits(&mut self) {
        let digits = self
            .rest()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        self.step(digits);
    }

    /// A string: the quote doubled or behind a back-slash does not close it.
    pub(super) fn quoted(&mut self, quote: u8) -> Kind {
        let run = self.rest().iter().take_while(|b| **b == quote).count();
        let inner = self.peek(run);
        if run >= 2 && run % 2 == 0 && (inner.is_ascii_alphanumeric() || inner == b'_') {
            return self.doubled(quote, run);
        }
        self.step(1);
        loop {
            let Some(found) = memchr2(quote, b'\\', self.rest()) else {
                self.at = self.text.len();
                return Kind::Text { open: true };
            };
            self.step(found);
            if self.peek(0) == b'\\' {
                // At the very end the back-slash is the last byte of an open string.
                self.step(2);
            } else if self.peek(1) == quote {
                self.step(2);
            } else {
                self.step(1);
                return Kind::Text { open: false };
            }
        }
    }

    /// `""a""`: a string whose quotes were doubled on its way here. No dialect has a word right
    /// behind an empty string.
    fn doubled(&mut self, quote: u8, run: usize) -> Kind {
        self.step(run);
        let Some(found) = memchr(quote, self.rest()) else {
            self.at = self.text.len();
            return Kind::Text { open: true };
        };
        self.step(found);
        let closing = self.rest().iter().take_while(|b| **b == quote).count();
        self.step(closing.min(run));
        Kind::Text {
            open: closing < run && self.at >= self.text.len(),
        }
    }

    pub(super) fn back_ticked(&mut self) -> Kind {
        self.step(1);
        match memchr(b'`', self.rest()) {
            Some(end) => self.step(end.saturating_add(1)),
            None => return Kind::Other,
        }
        Kind::Name
    }

    pub(super) fn bracketed(&mut self) -> Kind {
        self.step(1);
        let window = self
            .rest()
            .get(..BRACKET_BYTES_MAX)
            .unwrap_or_else(|| self.rest());
        let Some(end) = memchr(b']', window) else {
            return Kind::Other;
        };
        let name = window.get(..end).unwrap_or_default();
        if name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'$' | b'#'))
        {
            self.step(end.saturating_add(1));
            return Kind::Name;
        }
        Kind::Other
    }

    /// A dollar-quoted string of PostgreSQL.
    pub(super) fn dollar(&mut self) -> Kind {
        let window = self.rest().get(1..).unwrap_or_default();
        let tag = window
            .iter()
            .take(DOLLAR_TAG_BYTES_MAX)
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        if self.peek(tag.saturating_add(1)) != b'$' {
            self.step(1);
            return Kind::Other;
        }
        let mark = tag.saturating_add(2);
        let fence = self.rest().get(..mark).unwrap_or_default();
        self.step(mark);
        self.fenced(fence)
    }

    /// A string up to `fence`, which no dialect escapes.
    fn fenced(&mut self, fence: &[u8]) -> Kind {
        let end = sought::find(self.rest(), fence);
        self.step(end.map_or(usize::MAX, |end| end.saturating_add(fence.len())));
        Kind::Text {
            open: end.is_none(),
        }
    }

    /// `N'…'`, `x'…'`, `_utf8'…'`, `q'[…]'`: a string with a prefix.
    pub(super) fn prefixed(&mut self, prefix: &[u8]) -> Option<Kind> {
        let quote = self.peek(0);
        let one = matches!(
            prefix,
            [b'n' | b'N' | b'x' | b'X' | b'b' | b'B' | b'e' | b'E' | b'r' | b'R']
        );
        let charset = prefix.first() == Some(&b'_') && prefix.len() > 1;
        if one || charset {
            return Some(self.quoted(quote));
        }
        let q = matches!(prefix, [b'q' | b'Q'] | [b'n' | b'N', b'q' | b'Q']);
        if q && quote == b'\'' {
            let close = match self.peek(1) {
                b'[' => b']',
                b'(' => b')',
                b'{' => b'}',
                b'<' => b'>',
                other => other,
            };
            self.step(2);
            return Some(self.fenced(&[close, b'\'']));
        }
        None
    }
}
