//! A tolerant tokenizer for the union of five SQL dialects' lexers.
//! It never fails, never allocates, and never looks at a byte of a closed token twice.
use credenza_event::Span;
use memchr::{memchr, memchr2};

use super::reading::Facts;
use super::word::{self, Roles};
use crate::sought;
use literal::BRACKET_BYTES_MAX;

mod literal;
mod plain;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number: decimal, scientific, hexadecimal.
    Number,
    /// A string in single or double quotes, dollar quotes or `q'[…]'`; `open` if nothing closes it.
    Text {
        /// The quote that the value's own end leaves open.
        open: bool,
    },
    /// A word, with dots if it is a path (`mysql.user`).
    Word,
    /// An identifier in back-ticks or brackets.
    Name,
    /// `@x`, `:x`, `?`.
    Variable,
    /// `@@x`, a setting of the database.
    Setting,
    /// `=`, `<>`, `@>`, …
    Compare,
    /// `+`, `-`, `~`, `!`: before an operand or between two.
    Sign,
    /// `*`: between operands, or all columns.
    Star,
    /// `/`, `%`, `^`, `|`, `&`, `->`, …: between two operands.
    Arithmetic,
    /// `::`: a type follows.
    Cast,
    /// `||`, `&&`: connects conditions or joins texts.
    Connective,
    /// `(` or `{`.
    Open,
    /// `)` or `}`.
    Close,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// A comment that hides everything behind it.
    Cut,
    /// A byte that no dialect knows here.
    Other,
    /// The end of the value.
    End,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its bytes.
    pub(super) text: &'a [u8],
    /// Roles of a word (of its last part if it is a path).
    pub(super) roles: Roles,
    /// Roles of a path's parts before the last.
    pub(super) path: Roles,
    /// Where its bytes begin.
    pub(super) start: usize,
}

/// A place in a text from which tokens are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    passed: Facts,
}

impl<'a> Lexer<'a> {
    /// Reads `text` from `at` on.
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self {
            text,
            at,
            passed: Facts::NONE,
        }
    }

    /// The place of the next unread byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What stood between tokens: comments and other disguises.
    pub(super) fn passed(&self) -> Facts {
        self.passed
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.at
            .checked_add(ahead)
            .and_then(|at| self.text.get(at))
            .copied()
            .unwrap_or(0)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.text.len());
    }

    fn token(&self, kind: Kind, start: usize) -> Token<'a> {
        let text = self.text.get(start..self.at).unwrap_or_default();
        Token {
            kind,
            text,
            roles: Roles(0),
            path: Roles(0),
            start,
        }
    }

    /// True if a parenthesis comes next; a brace opens no call.
    pub(super) fn calls_next(mut self) -> bool {
        let mut rest = self.rest().iter().filter(|byte| **byte > b' ');
        match rest.next() {
            Some(b'(') => true,
            Some(byte) if is_sure_start(*byte) => false,
            // Something that may be no token at all stands between.
            Some(_) => self.next().text == b"(",
            None => false,
        }
    }

    /// The next token; `End` for ever once the text has ended.
    pub(super) fn next(&mut self) -> Token<'a> {
        if let Some(cut) = self.skip_space() {
            return cut;
        }
        let start = self.at;
        let Some(&byte) = self.text.get(start) else {
            return self.token(Kind::End, start);
        };
        let kind = match byte {
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'\'' | b'"' => self.quoted(byte),
            b'`' => self.back_ticked(),
            b'[' => self.bracketed(),
            b'$' => self.dollar(),
            b'@' | b':' | b'?' => self.variable(byte),
            b'(' | b'{' => self.single(Kind::Open),
            b')' | b'}' => self.single(Kind::Close),
            b',' => self.single(Kind::Comma),
            b';' => self.single(Kind::Semicolon),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(start),
            _ => self.operator(byte),
        };
        self.token(kind, start)
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.step(1);
        kind
    }

    /// Skips white space of every kind and comments; a comment that hides the rest is a token.
    fn skip_space(&mut self) -> Option<Token<'a>> {
        loop {
            let start = self.at;
            let byte = *self.text.get(start)?;
            if is_sure_start(byte) {
                return None;
            }
            match byte {
                // A NUL ends the text for some databases and is nothing for others.
                0..=b' ' | 0x7f | 0xa0 => self.step(1),
                0xc2 if self.peek(1) == 0xa0 => self.step(2),
                0xe3 if self.peek(1) == 0x80 && self.peek(2) == 0x80 => self.step(3),
                0xe2 if self.peek(1) == 0x80 && (0x80..=0x8f).contains(&self.peek(2)) => {
                    self.step(3);
                }
                // A dash that an editor made of two hyphens.
                0xe2 if self.peek(1) == 0x80 && matches!(self.peek(2), 0x93 | 0x94) => {
                    let behind = self.rest().get(3..).unwrap_or_default();
                    if behind.iter().any(|b| !b.is_ascii_whitespace()) {
                        return None;
                    }
                    self.step(usize::MAX);
                    return Some(self.token(Kind::Cut, start));
                }
                b'-' if self.peek(1) == b'-' => {
                    if self.skip_line() {
                        return Some(self.token(Kind::Cut, start));
                    }
                }
                b'#' if !self.at_json_path() => {
                    if self.skip_line() {
                        return Some(self.token(Kind::Cut, start));
                    }
                }
                b'/' if self.peek(1) == b'*' => {
                    if self.skip_comment() {
                        return Some(self.token(Kind::Cut, start));
                    }
                    self.passed.add(Facts::COMMENT);
                    if self.text.get(start..self.at) == Some(b"/**/") {
                        self.passed.add(Facts::DISGUISED);
                    }
                }
                b'0'..=b'9' if self.skip_empty_exponent() => {
                    if matches!(self.peek(0), b'(' | b')' | b',') {
                        self.passed.add(Facts::DISGUISED);
                    }
                }
                // A pipe in a table of Markdown.
                b'\\' if self.peek(1) == b'|' => self.step(1),
                // The end of a conditional comment whose content was read as code.
                b'*' if self.peek(1) == b'/' => self.step(2),
                _ => return None,
            }
        }
    }

    /// `#>`, `#>>`, `#-` before a string: PostgreSQL's path operators, not a comment.
    fn at_json_path(&self) -> bool {
        let mut rest = self.rest().iter().skip(1);
        let operator = rest.next();
        let next = rest.find(|b| !matches!(b, b'>' | b' '));
        let commented = next == Some(&b'/') && rest.next() == Some(&b'*');
        matches!(operator, Some(b'>' | b'-')) && (next == Some(&b'\'') || commented)
    }

    /// `1.e(`: MySQL reads a number with an empty exponent before a parenthesis as nothing.
    fn skip_empty_exponent(&mut self) -> bool {
        let digits = self
            .rest()
            .iter()
            .take(20)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let dot = self.peek(digits) == b'.';
        let exponent = matches!(self.peek(digits.saturating_add(1)), b'e' | b'E');
        let after = self.peek(digits.saturating_add(2));
        if digits == 0 || !dot || !exponent || after.is_ascii_alphanumeric() || after == b'_' {
            return false;
        }
        self.step(digits.saturating_add(2));
        true
    }

    /// Skips a comment to the end of its line; true if nothing but space follows.
    fn skip_line(&mut self) -> bool {
        let line = memchr2(b'\n', b'\r', self.rest());
        self.step(line.unwrap_or(usize::MAX));
        self.passed.add(Facts::LINE_COMMENT);
        // A line break after which nothing stands hides the rest all the same.
        self.rest().iter().all(u8::is_ascii_whitespace)
    }

    /// Skips `/*…*/`, or only the opening of a conditional `/*!50000`; true if it hides the rest.
    fn skip_comment(&mut self) -> bool {
        self.step(2);
        if self.peek(0) == b'M' && self.peek(1) == b'!' {
            self.step(1);
        }
        if self.peek(0) == b'!' {
            self.step(1);
            let version = self
                .rest()
                .iter()
                .take(6)
                .take_while(|b| b.is_ascii_digit())
                .count();
            self.step(version);
            return false;
        }
        let end = sought::find(self.rest(), b"*/");
        self.step(end.map_or(usize::MAX, |end| end.saturating_add(2)));
        end.is_none()
    }

    fn variable(&mut self, byte: u8) -> Kind {
        self.step(1);
        let mut kind = Kind::Variable;
        match (byte, self.peek(0)) {
            (b'@', b'@') => {
                self.step(1);
                kind = Kind::Setting;
            }
            (b'@', b'>' | b'?') | (b'?', b'|' | b'&') => {
                self.step(1);
                return Kind::Compare;
            }
            (b':', b':') => {
                self.step(1);
                return Kind::Cast;
            }
            (b':', b'=') => {
                self.step(1);
                return Kind::Arithmetic;
            }
            (b'?', _) => return Kind::Variable,
            (b':', next) if !next.is_ascii_alphabetic() && next != b'_' => return Kind::Other,
            _ => {}
        }
        if matches!(self.peek(0), b'`' | b'\'' | b'"') {
            // `@`a``: a variable whose name is quoted.
            let quote = self.peek(0);
            let window = self.rest().get(1..BRACKET_BYTES_MAX).unwrap_or_default();
            if let Some(end) = memchr(quote, window) {
                self.step(end.saturating_add(2));
            }
            return kind;
        }
        let name = self
            .rest()
            .iter()
            .take_while(|b| is_word_byte(**b) || **b == b'.')
            .count();
        self.step(name);
        kind
    }

    fn word(&mut self, start: usize) -> Token<'a> {
        let first = self.word_part();
        if first.len() <= 5
            && matches!(self.peek(0), b'\'' | b'"')
            && let Some(kind) = self.prefixed(first)
        {
            return self.token(kind, start);
        }
        let mut last = first;
        let mut path = Roles(0);
        // `a.b`, `master..xp_cmdshell`, `dbms_pipe.receive_message`.
        while self.peek(0) == b'.' {
            let dots = self
                .rest()
                .iter()
                .take(2)
                .take_while(|b| **b == b'.')
                .count();
            let next = self.peek(dots);
            if !(next.is_ascii_alphabetic() || next == b'_') {
                break;
            }
            path = Roles(path.0 | word::roles(last).0);
            self.step(dots);
            last = self.word_part();
        }
        let mut token = self.token(Kind::Word, start);
        if first.is_empty() {
            token = Token {
                kind: Kind::Other,
                ..token
            };
        }
        let dotted = last.as_ptr() != first.as_ptr();
        token.roles = word::roles(last);
        if dotted {
            // A path names a thing: only what it calls or reveals is of interest, and what it calls
            // only if it leads into the database itself: `time.sleep(5)` is no call of SQL.
            let called = Roles(Roles::EFFECT.0 | Roles::CALL.0);
            token.path = Roles(path.0 & (called.0 | Roles::SYSTEM.0));
            let kept = if token.path.any(Roles(Roles::EFFECT.0 | Roles::SYSTEM.0)) {
                called.0 | Roles::SYSTEM.0
            } else {
                Roles::SYSTEM.0
            };
            token.roles = Roles(token.roles.0 & kept);
        }
        token
    }

    pub(super) fn word_part(&mut self) -> &'a [u8] {
        let start = self.at;
        let mut end = start;
        while let Some(byte) = self.text.get(end) {
            let next = end.saturating_add(1);
            // A no-break space ends a word in every dialect, alone and as UTF-8.
            let goes_on =
                is_word_byte(*byte) || *byte == 0xc2 && self.text.get(next) != Some(&0xa0);
            if !goes_on {
                break;
            }
            end = next;
        }
        // One foreign byte at least, so that every call moves on.
        self.at = end.max(start.saturating_add(1)).min(self.text.len());
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn operator(&mut self, byte: u8) -> Kind {
        let next = self.peek(1);
        let (bytes, kind) = match (byte, next) {
            (b'<', b'=') if self.peek(2) == b'>' => (3, Kind::Compare),
            (b'<' | b'>', b'<' | b'>') if byte == next => (2, Kind::Arithmetic),
            (b'<', b'>' | b'=' | b'@')
            | (b'>' | b'!' | b'^' | b'=', b'=')
            | (b'!', b'~' | b'<' | b'>')
            | (b'~', b'*' | b'~') => (2, Kind::Compare),
            (b'=' | b'<' | b'>', _) => (1, Kind::Compare),
            (b'|', b'|') | (b'&', b'&') => (2, Kind::Connective),
            (b'|', b'\\') if self.peek(2) == b'|' => (3, Kind::Connective),
            (b'-' | b'#', b'>') => (if self.peek(2) == b'>' { 3 } else { 2 }, Kind::Arithmetic),
            (b'+' | b'-' | b'~' | b'!', _) => (1, Kind::Sign),
            (b'*', _) => (1, Kind::Star),
            // `.x` is a method of what stands in parentheses before.
            (b'.', b'a'..=b'z' | b'A'..=b'Z') | (b'/' | b'%' | b'^' | b'|' | b'&', _) => {
                (1, Kind::Arithmetic)
            }
            (b'#', b'-') => (2, Kind::Arithmetic),
            _ => (1, Kind::Other),
        };
        self.step(bytes);
        kind
    }
}

/// True for a byte of a word.
#[inline]
pub(super) fn is_word_byte(byte: u8) -> bool {
    BYTES.get(usize::from(byte)).copied().unwrap_or(0) & WORD != 0
}

/// True for a byte that begins a token wherever a token may begin: no white space, no comment, no
/// number that may be nothing.
#[inline]
fn is_sure_start(byte: u8) -> bool {
    BYTES.get(usize::from(byte)).copied().unwrap_or(0) & START != 0
}

const WORD: u8 = 1;
const START: u8 = 2;

static BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "runs at build time only, over indices below 256"
    )]
    while byte < 256 {
        let sign = byte as u8;
        let foreign = sign >= 0x80 && !matches!(sign, 0xa0 | 0xc2);
        if sign.is_ascii_alphanumeric() || foreign || matches!(sign, b'_' | b'$') {
            table[byte] |= WORD;
        }
        let may_be_nothing =
            sign.is_ascii_digit() || matches!(sign, b'-' | b'#' | b'/' | b'*' | b'\\');
        if sign.is_ascii_graphic() && !may_be_nothing {
            table[byte] |= START;
        }
        byte += 1;
    }
    table
};

/// A span from `start` to `end`, clipped to what a span can say.
pub(super) fn span(start: usize, end: usize) -> Span {
    let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: clip(start),
        end: clip(end),
    }
}
