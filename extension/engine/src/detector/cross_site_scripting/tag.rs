//! Tags and their attributes, as the tokenizer of HTML reads them (HTML Living Standard 13.2.5).
//! It never gives a byte of one tag to another one, so that a text is read once from end to end.
use memchr::memchr;

/// The quotes that no byte of the rest of a text closes: asked once, known from then on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unclosed {
    double: bool,
    single: bool,
}

/// One attribute: where its name and its value stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'t> {
    pub(super) name: &'t [u8],
    /// Nothing for an attribute without `=`.
    pub(super) value: &'t [u8],
    /// Where the name begins.
    pub(super) start: usize,
    /// One past the value.
    pub(super) end: usize,
}

// Limit: the longest names that mean something have 14 letters (`animatetransform` has 16).
const NAME_BYTES: usize = 24;

/// The name of an element: lower case, zero bytes left out, no prefix of a namespace.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Name {
    bytes: [u8; NAME_BYTES],
    len: usize,
}

impl Name {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte.to_ascii_lowercase();
            self.len = self.len.saturating_add(1);
        }
    }
}

/// The start or the end of an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) name: Name,
    /// Where `<` stands.
    pub(super) start: usize,
    /// One past the name.
    pub(super) name_end: usize,
    pub(super) is_end: bool,
}

/// Reads the name of a tag at `start`, where `<` stands; `None` if that begins none.
pub(super) fn open(text: &[u8], start: usize) -> Option<Tag> {
    let mut at = start.saturating_add(1);
    while text.get(at) == Some(&0) {
        at = at.saturating_add(1);
    }
    let is_end = text.get(at) == Some(&b'/');
    let is_instruction = text.get(at) == Some(&b'?');
    if is_end || is_instruction {
        at = at.saturating_add(1);
    }
    if !text.get(at).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut name = Name::default();
    let from = at;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(byte),
            b':' => name = Name::default(),
            0 => {}
            b'\\' if text.get(at.saturating_add(1)) == Some(&b'0') => {
                at = at.saturating_add(1);
            }
            _ => break,
        }
        at = at.saturating_add(1);
    }
    // Program text of another language stands between these.
    if is_instruction && name.as_bytes() == b"php" || at == from {
        return None;
    }
    is_delimiter(text.get(at).copied()).then_some(Tag {
        name,
        start,
        name_end: at,
        is_end,
    })
}

/// True for what may follow the name of a tag: white space, a control character, `/`, `>`, the end;
/// and `<`, which begins the next tag, `&` and `?`, as old filters were passed with.
fn is_delimiter(byte: Option<u8>) -> bool {
    byte.is_none_or(|byte| {
        byte <= b' ' || matches!(byte, b'/' | b'>' | b'<' | b'&' | b'\\' | b'?' | b'=')
    })
}

/// The attributes from some place on, to the `>` that ends them.
#[derive(Debug)]
pub(super) struct Attributes<'t, 'u> {
    text: &'t [u8],
    pub(super) at: usize,
    unclosed: &'u core::cell::Cell<Unclosed>,
    /// True once `>`, the next `<` or the end of the text was met.
    is_over: bool,
    /// True if `>` was.
    pub(super) is_closed: bool,
}

impl<'t, 'u> Attributes<'t, 'u> {
    pub(super) fn new(text: &'t [u8], at: usize, unclosed: &'u core::cell::Cell<Unclosed>) -> Self {
        Self {
            text,
            at,
            unclosed,
            is_over: false,
            is_closed: false,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, is: fn(u8) -> bool) {
        while self.peek().is_some_and(is) {
            self.at = self.at.saturating_add(1);
        }
    }

    fn name(&mut self) -> &'t [u8] {
        let start = self.at;
        // A leading `=` is a part of the name.
        if self.peek() == Some(b'=') {
            self.at = self.at.saturating_add(1);
        }
        self.skip(|byte| byte > b' ' && !matches!(byte, b'/' | b'>' | b'=' | b'<'));
        self.text.get(start..self.at).unwrap_or(&[])
    }

    fn value(&mut self) -> &'t [u8] {
        self.skip(is_space);
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote),
            // The quotes of a text that was quoted once more.
            Some(b'\\') => match self.text.get(self.at.saturating_add(1)) {
                Some(&quote @ (b'"' | b'\'')) => {
                    self.at = self.at.saturating_add(1);
                    let value = self.quoted(quote);
                    value.strip_suffix(b"\\").unwrap_or(value)
                }
                _ => self.unquoted(),
            },
            _ => self.unquoted(),
        }
    }

    fn unquoted(&mut self) -> &'t [u8] {
        let start = self.at;
        self.skip(|byte| byte > b' ' && byte != b'>' || byte == 0);
        let value = self.text.get(start..self.at).unwrap_or(&[]);
        // Old browsers take back-ticks for quotes.
        let ticked = value.strip_prefix(b"`");
        let Some(len) = ticked.and_then(|ticked| memchr(b'`', ticked)) else {
            return value;
        };
        let end = len.saturating_add(2);
        self.at = start.saturating_add(end);
        value.get(..end).unwrap_or(value)
    }

    fn quoted(&mut self, quote: u8) -> &'t [u8] {
        let start = self.at.saturating_add(1);
        let rest = self.text.get(start..).unwrap_or(&[]);
        let mut unclosed = self.unclosed.get();
        let known = match quote {
            b'"' => &mut unclosed.double,
            _ => &mut unclosed.single,
        };
        if !*known {
            if let Some(len) = memchr(quote, rest) {
                self.at = start.saturating_add(len).saturating_add(1);
                return rest.get(..len).unwrap_or(rest);
            }
            *known = true;
            self.unclosed.set(unclosed);
        }
        // The page around the value closes it; until then the tag's end is the nearest `>`.
        self.skip(|byte| byte != b'>');
        self.text.get(start..self.at).unwrap_or(&[])
    }
}

impl<'t> Iterator for Attributes<'t, '_> {
    type Item = Attribute<'t>;

    fn next(&mut self) -> Option<Attribute<'t>> {
        if self.is_over {
            return None;
        }
        self.skip(|byte| is_space(byte) || byte == b'/');
        match self.peek() {
            None | Some(b'<') => {
                self.is_over = true;
                return None;
            }
            Some(b'>') => {
                self.at = self.at.saturating_add(1);
                self.is_over = true;
                self.is_closed = true;
                return None;
            }
            Some(_) => {}
        }
        let start = self.at;
        let name = self.name();
        let named = self.at;
        self.skip(is_space);
        // `onerror/=go()`, which old browsers took for one attribute.
        if self.peek() == Some(b'/')
            && name
                .get(..2)
                .is_some_and(|on| on.eq_ignore_ascii_case(b"on"))
        {
            self.skip(|byte| is_space(byte) || byte == b'/');
        }
        let value = if self.peek() == Some(b'=') {
            self.at = self.at.saturating_add(1);
            self.value()
        } else {
            self.at = named;
            &[]
        };
        Some(Attribute {
            name,
            value,
            start,
            end: self.at,
        })
    }
}

/// White space and the control characters that old browsers take for it.
fn is_space(byte: u8) -> bool {
    byte <= b' '
}
