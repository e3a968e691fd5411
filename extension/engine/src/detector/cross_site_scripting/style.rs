//! Style sheets that run scripts: old browsers' expressions, bindings and script URLs.
//! It never judges what a style only looks like.

/// What a style sheet runs, if anything: the production's name.
pub(super) fn runs(text: &[u8]) -> Option<&'static str> {
    let mut reader = Reader {
        text,
        at: 0,
        word: Word::default(),
        quote: 0,
    };
    while let Some(byte) = reader.character() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            reader.word.push(byte);
            continue;
        }
        let word = reader.word.as_bytes();
        let found = match byte {
            b'(' if is_expression(word) => Some("css-expression"),
            b':' if matches!(word, b"javascript" | b"vbscript" | b"livescript" | b"mocha") => {
                Some("css-script-url")
            }
            b':' if word.ends_with(b"moz-binding") => Some("css-binding"),
            b':' if word == b"behavior" && reader.loads() => Some("css-behavior"),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        // White space between a name and its colon changes nothing.
        if byte > b' ' || reader.word.len == 0 {
            reader.word = Word::default();
        }
    }
    None
}

/// True for `expression` alone or behind a sign: inside of another word it is no name.
fn is_expression(word: &[u8]) -> bool {
    let before = word.strip_suffix(b"expression");
    before.is_some_and(|before| !before.last().is_some_and(u8::is_ascii_alphabetic))
}

// Limit: `vbscript`, `expression`, `-moz-binding`; a longer word keeps its last letters.
const WORD_BYTES: usize = 16;

/// The last letters of the word before.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    bytes: [u8; WORD_BYTES],
    len: usize,
}

impl Word {
    fn push(&mut self, byte: u8) {
        if self.len == WORD_BYTES {
            self.bytes.rotate_left(1);
            self.len = WORD_BYTES.saturating_sub(1);
        }
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte.to_ascii_lowercase();
            self.len = self.len.saturating_add(1);
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    word: Word,
    /// The quote that is open, in which comments are none.
    quote: u8,
}

impl Reader<'_> {
    /// The next character, comments left out and escapes undone (CSS Syntax 4.3.7).
    fn character(&mut self) -> Option<u8> {
        loop {
            let rest = self.text.get(self.at..)?;
            match rest {
                [b'/', b'*', inside @ ..] if self.quote == 0 => {
                    let len = memchr::memmem::find(inside, b"*/");
                    let len = len.map_or(rest.len(), |len| len.saturating_add(4));
                    self.at = self.at.saturating_add(len);
                }
                [b'\\', escaped @ ..] => return Some(self.escape(escaped)),
                [0, ..] => self.at = self.at.saturating_add(1),
                [byte, ..] => {
                    self.at = self.at.saturating_add(1);
                    if matches!(*byte, b'"' | b'\'') {
                        self.quote = match self.quote {
                            0 => *byte,
                            open if open == *byte => 0,
                            open => open,
                        };
                    }
                    return Some(*byte);
                }
                [] => return None,
            }
        }
    }

    /// True unless what follows names a part of the browser, as office programs write it.
    fn loads(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let value = rest.get(..16).unwrap_or(rest);
        memchr::memchr(b'#', value).is_none()
    }

    fn escape(&mut self, escaped: &[u8]) -> u8 {
        let mut code = 0_u32;
        let mut len = 0_usize;
        while let Some(digit) = escaped
            .get(len)
            .filter(|_| len < 6)
            .and_then(|byte| char::from(*byte).to_digit(16))
        {
            code = code.saturating_mul(16).saturating_add(digit);
            len = len.saturating_add(1);
        }
        if len == 0 {
            let byte = escaped.first().copied().unwrap_or(b'\\');
            self.at = self.at.saturating_add(2);
            return byte;
        }
        let space = escaped.get(len).is_some_and(|byte| *byte <= b' ');
        let bytes = len.saturating_add(1).saturating_add(usize::from(space));
        self.at = self.at.saturating_add(bytes);
        u8::try_from(code).unwrap_or(0x7f)
    }
}
