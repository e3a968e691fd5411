//! Style sheets that run scripts: old browsers' expressions, bindings and script URLs.
//! It never judges what a style only looks like.

use super::script;
use crate::sought;

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
            b':' if word == b"binding" && reader.is_url() => Some("css-binding"),
            b'`' if reader.is_script() => Some("css-script"),
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

// Limit: the beginning of a script tells whether it is one.
const CODE_BYTES: usize = 128;

/// True for the style of one element that does not end where its attribute does: it closes a block
/// that it did not open, begins a comment behind a declaration, or spells quotes and ends as
/// escapes.
pub(super) fn leaves(text: &[u8]) -> bool {
    // Most styles have none of the signs.
    let signs = memchr::memchr3(b'}', b'*', b'&', text);
    if signs.is_none() && memchr::memchr(b'\\', text).is_none() {
        return false;
    }
    let closes = memchr::memchr(b'}', text);
    let unopened = closes.is_some_and(|at| {
        let before = text.get(..at).unwrap_or(&[]);
        memchr::memchr(b'{', before).is_none()
    });
    let unclosed = sought::find(text, b"/*").is_some_and(|at| {
        let rest = text.get(at.saturating_add(2)..).unwrap_or(&[]);
        let before = text.get(..at).unwrap_or(&[]);
        sought::find(rest, b"*/").is_none() && memchr::memchr(b';', before).is_some()
    });
    let signs = [b"\\27".as_slice(), b"\\22"];
    let ends = [b"\\3b".as_slice(), b"\\3B"];
    let holds = |signs: &[&[u8]]| signs.iter().any(|sign| sought::find(text, sign).is_some());
    let spelled = memchr::memchr(b'\\', text).is_some() && holds(&signs) && holds(&ends);
    let reopens = sought::find(text, b"\"*//*\"").is_some();
    unopened || unclosed || spelled || reopens || is_escaped(text) || has_control(text)
}

/// True for a rule's name with an escape in it, which hides `@import` from filters; where another
/// escape stands before it, it is the name of a class.
pub(super) fn hides_rule(sheet: &[u8]) -> bool {
    memchr::memchr_iter(b'@', sheet).any(|at| {
        let name = sheet.get(at.saturating_add(1)..).unwrap_or(&[]);
        let letters = name.iter().take(RULE_BYTES);
        let len = letters
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let before = at.checked_sub(1).and_then(|at| sheet.get(at));
        before != Some(&b'\\') && name.get(len) == Some(&b'\\')
    })
}

// Limit: `import` has six letters.
const RULE_BYTES: usize = 6;

// Limit: a file's name may begin with such a sign; a property's name of three is hidden.
const ESCAPES_MIN: usize = 3;

/// True for a style that begins with an escape and has more that stand for the letters themselves,
/// so that no filter reads the property's name: `\-\mo\z-`.
fn is_escaped(text: &[u8]) -> bool {
    let Some(b'\\') = text.first() else {
        return false;
    };
    let escapes = memchr::memchr_iter(b'\\', text).filter(|at| {
        let next = text.get(at.saturating_add(1));
        next.is_some_and(|byte| *byte == b'-' || byte.is_ascii_alphabetic())
            && !next.is_some_and(u8::is_ascii_hexdigit)
    });
    escapes.take(ESCAPES_MIN).count() == ESCAPES_MIN
}

/// True for a reference to a control character, which ends what it stands in.
fn has_control(text: &[u8]) -> bool {
    sought::find_all(text, b"&#").any(|at| {
        let digits = text.get(at.saturating_add(2)..).unwrap_or(&[]);
        let len = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let digits = digits.get(..len).unwrap_or(&[]);
        let digits = digits.iter().skip_while(|byte| **byte == b'0');
        let code = digits.fold(0_u32, |code, digit| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            code.saturating_mul(10).saturating_add(digit)
        });
        len > 0 && (code < 32 || code == 127) && code != 9
    })
}

/// True for a sheet with a bracket whose other half stands in another block, so that browsers
/// disagree where the blocks end (CSS Syntax 5.4.8).
pub(super) fn is_torn(sheet: &[u8]) -> bool {
    // Most sheets have no bracket at all.
    let Some(first) = memchr::memchr(b'[', sheet) else {
        return false;
    };
    let sheet = sheet.get(first..).unwrap_or(&[]);
    let mut open = false;
    let mut torn = false;
    let mut quote = 0_u8;
    for byte in sheet {
        match *byte {
            b'"' | b'\'' if quote == 0 => quote = *byte,
            byte if byte == quote => quote = 0,
            b'\n' => quote = 0,
            _ if quote != 0 && !open => {}
            b'[' => open = true,
            b'{' | b'}' if open => torn = true,
            b']' if torn => return true,
            b']' => open = false,
            _ => {}
        }
    }
    false
}

/// True for a sheet that tells another host what stands in a field, letter by letter.
pub(super) fn spies(sheet: &[u8]) -> bool {
    let reads = sought::find_all(sheet, b"[value").find(|at| {
        let behind = sheet.get(at.saturating_add(6)..).unwrap_or(&[]);
        matches!(behind, [b'^' | b'$' | b'*', b'=', ..])
    });
    reads.is_some_and(|at| {
        let rest = sheet.get(at..).unwrap_or(&[]);
        sought::find(rest, b"url(").is_some_and(|url| {
            let rest = rest.get(url.saturating_add(4)..).unwrap_or(&[]);
            let address = rest.get(..ADDRESS_BYTES).unwrap_or(rest);
            sought::find(address, b"//").is_some()
        })
    })
}

// Limit: `'https://` in front of a host.
const ADDRESS_BYTES: usize = 16;

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
                    let len = sought::find(inside, b"*/");
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

    /// True if a URL is the value.
    fn is_url(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        rest.trim_ascii_start().starts_with(b"url(")
    }

    /// True for a script between back-ticks, which preprocessors of style sheets run.
    fn is_script(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or(&[]);
        let len = memchr::memchr(b'`', rest).unwrap_or(rest.len());
        let code = rest.get(..len).unwrap_or(rest);
        script::read(code.get(..CODE_BYTES).unwrap_or(code)).has(script::SURE)
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
