//! Where in a page a byte stands: the states of the tokenizer of HTML, as far as they decide what
//! a browser makes of it (HTML Living Standard 13.2.5).
//! It never keeps more of a page than the names of the tag and the attribute at hand.
use memchr::memchr;

use super::code::Code;
use crate::detector::cross_site_scripting::browser;

/// What the next byte is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::leak) enum State {
    /// Text between tags.
    Data,
    /// Behind `<`.
    Less,
    /// In the name of a tag.
    Name,
    /// Between attributes.
    Between,
    /// In the name of an attribute.
    Attribute,
    /// Behind it and white space.
    After,
    /// Behind `=`.
    Equals,
    /// In a value that this byte ends; zero stands for white space.
    Value(u8),
    /// In a comment, behind so many dashes.
    Comment(u8),
    /// In a declaration or an instruction, up to `>`.
    Declaration,
    /// In an element whose text is no markup, behind so many bytes of its end tag.
    Raw(Raw, u8),
}

/// Elements whose text is no markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::leak) enum Raw {
    Script,
    Style,
    Title,
    Textarea,
    Noscript,
    Iframe,
    Xmp,
}

impl Raw {
    const ALL: [(Self, &'static [u8]); 7] = [
        (Self::Script, b"script"),
        (Self::Style, b"style"),
        (Self::Title, b"title"),
        (Self::Textarea, b"textarea"),
        (Self::Noscript, b"noscript"),
        (Self::Iframe, b"iframe"),
        (Self::Xmp, b"xmp"),
    ];

    fn named(name: &[u8]) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(raw, _)| *raw)
    }

    fn name(self) -> &'static [u8] {
        let found = Self::ALL.iter().find(|(raw, _)| *raw == self);
        found.map_or(&[], |(_, name)| name)
    }
}

// Limit: the longest name that means something is `onsecuritypolicyviolation`, of 25 letters.
const NAME_BYTES: usize = 28;

/// A name in lower case, cut where no name that means something goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::leak) struct Name {
    bytes: [u8; NAME_BYTES],
    len: usize,
}

impl Name {
    pub(in crate::leak) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte.to_ascii_lowercase();
            self.len = self.len.saturating_add(1);
        }
    }
}

/// A reader of a page, byte by byte.
#[derive(Clone, Copy, Debug)]
pub(in crate::leak) struct Page {
    pub(in crate::leak) state: State,
    /// The tag at hand.
    pub(in crate::leak) element: Name,
    pub(in crate::leak) is_end: bool,
    /// The attribute at hand.
    pub(in crate::leak) attribute: Name,
    /// Bytes of its value that are no white space.
    pub(in crate::leak) value_bytes: usize,
    /// Where in program text the next byte of a script or of a handler stands.
    pub(in crate::leak) code: Code,
}

impl Page {
    /// The beginning of a page.
    pub(in crate::leak) fn new() -> Self {
        Self {
            state: State::Data,
            element: Name::default(),
            is_end: false,
            attribute: Name::default(),
            value_bytes: 0,
            code: Code::default(),
        }
    }

    /// The beginning of a script.
    pub(in crate::leak) fn script() -> Self {
        Self {
            state: State::Raw(Raw::Script, 0),
            ..Self::new()
        }
    }

    /// True where bytes are program text.
    pub(in crate::leak) fn is_code(&self) -> bool {
        match self.state {
            State::Raw(Raw::Script, _) => true,
            State::Value(_) => browser::handles_event(self.attribute.as_bytes()),
            _ => false,
        }
    }

    /// Reads a piece of the page.
    pub(in crate::leak) fn read(&mut self, text: &[u8]) {
        let mut at = 0_usize;
        while let Some(byte) = text.get(at) {
            if self.state == State::Data {
                let rest = text.get(at..).unwrap_or(&[]);
                let Some(less) = memchr(b'<', rest) else {
                    return;
                };
                self.state = State::Less;
                at = at.saturating_add(less).saturating_add(1);
                continue;
            }
            self.step(*byte);
            at = at.saturating_add(1);
        }
    }

    /// Reads one byte.
    pub(in crate::leak) fn step(&mut self, byte: u8) {
        if self.is_code() {
            self.code.step(byte);
        }
        self.state = match self.state {
            State::Data if byte == b'<' => State::Less,
            State::Data => State::Data,
            State::Less => self.less(byte),
            State::Name => self.name(byte),
            State::Between => self.between(byte),
            State::Attribute | State::After => self.attribute(byte),
            State::Equals => self.equals(byte),
            State::Value(end) => self.value(end, byte),
            State::Comment(dashes) => comment(dashes, byte),
            State::Declaration if byte == b'>' => State::Data,
            State::Declaration => self.declaration(byte),
            State::Raw(raw, matched) => self.raw(raw, matched, byte),
        };
    }

    fn less(&mut self, byte: u8) -> State {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {
                self.element = Name::default();
                self.element.push(byte);
                self.is_end = false;
                State::Name
            }
            b'/' => {
                self.element = Name::default();
                self.is_end = true;
                State::Name
            }
            b'!' => {
                self.element = Name::default();
                State::Declaration
            }
            b'?' => {
                self.element = Name::default();
                self.element.push(b'?');
                State::Declaration
            }
            b'<' => State::Less,
            _ => State::Data,
        }
    }

    /// `<!--` begins a comment, and every other declaration ends with `>`.
    fn declaration(&mut self, byte: u8) -> State {
        self.element.push(byte);
        if self.element.as_bytes() == b"--" {
            State::Comment(0)
        } else {
            State::Declaration
        }
    }

    fn name(&mut self, byte: u8) -> State {
        match byte {
            b'>' => self.closed(),
            b'/' | 0..=b' ' => State::Between,
            _ => {
                self.element.push(byte);
                State::Name
            }
        }
    }

    fn between(&mut self, byte: u8) -> State {
        match byte {
            b'>' => self.closed(),
            b'/' | 0..=b' ' => State::Between,
            _ => {
                self.attribute = Name::default();
                self.attribute.push(byte);
                State::Attribute
            }
        }
    }

    fn attribute(&mut self, byte: u8) -> State {
        match byte {
            b'=' => {
                self.value_bytes = 0;
                self.code = Code::default();
                State::Equals
            }
            b'>' => self.closed(),
            b'/' => State::Between,
            0..=b' ' => State::After,
            _ if self.state == State::After => self.between(byte),
            _ => {
                self.attribute.push(byte);
                State::Attribute
            }
        }
    }

    fn equals(&mut self, byte: u8) -> State {
        match byte {
            b'"' | b'\'' => State::Value(byte),
            b'>' => self.closed(),
            0..=b' ' => State::Equals,
            _ => {
                self.value_bytes = 1;
                self.state = State::Value(0);
                if self.is_code() {
                    self.code.step(byte);
                }
                State::Value(0)
            }
        }
    }

    fn value(&mut self, end: u8, byte: u8) -> State {
        let is_space = byte <= b' ';
        if end == 0 && byte == b'>' {
            return self.closed();
        }
        if byte == end || end == 0 && is_space {
            return State::Between;
        }
        if !is_space {
            self.value_bytes = self.value_bytes.saturating_add(1);
        }
        State::Value(end)
    }

    /// What follows the end of a tag.
    fn closed(&mut self) -> State {
        if self.is_end {
            return State::Data;
        }
        match Raw::named(self.element.as_bytes()) {
            Some(raw) => {
                self.code = Code::default();
                State::Raw(raw, 0)
            }
            None => State::Data,
        }
    }

    fn raw(&mut self, raw: Raw, matched: u8, byte: u8) -> State {
        let name = raw.name();
        let at = usize::from(matched);
        if at == name.len().saturating_add(2) {
            if matches!(byte, b'>' | b'/' | 0..=b' ') {
                self.is_end = true;
                return if byte == b'>' {
                    State::Data
                } else {
                    State::Between
                };
            }
            return State::Raw(raw, u8::from(byte == b'<'));
        }
        let expected = match at {
            0 => Some(b'<'),
            1 => Some(b'/'),
            _ => name.get(at.saturating_sub(2)).copied(),
        };
        let fits = expected == Some(byte.to_ascii_lowercase());
        let matched = if fits {
            matched.saturating_add(1)
        } else {
            u8::from(byte == b'<')
        };
        State::Raw(raw, matched)
    }
}

fn comment(dashes: u8, byte: u8) -> State {
    match (dashes, byte) {
        (2.., b'>') => State::Data,
        (_, b'-') => State::Comment(dashes.saturating_add(1).min(2)),
        // `--!>` ends a comment, too.
        (2.., b'!') => State::Comment(2),
        _ => State::Comment(0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Raw, State};

    fn read(text: &str) -> Page {
        let mut page = Page::new();
        page.read(text.as_bytes());
        page
    }

    #[test]
    fn a_byte_of_a_page_stands_where_a_browser_would_read_it() {
        for (text, state) in [
            ("", State::Data),
            ("a < b", State::Data),
            ("<p>Hello ", State::Data),
            ("<p", State::Name),
            ("<p class", State::Attribute),
            ("<p class=", State::Equals),
            ("<p class=\"a b", State::Value(b'"')),
            ("<p class='a\" b", State::Value(b'\'')),
            ("<p class=a", State::Value(0)),
            ("<p class=a ", State::Between),
            ("<br/>", State::Data),
            ("<!-- a > b", State::Comment(0)),
            ("<!-- a -->", State::Data),
            ("<!doctype html", State::Declaration),
            ("<!doctype html>", State::Data),
            ("<title>a <b>", State::Raw(Raw::Title, 0)),
            ("<title>a</title>", State::Data),
            ("<script>if (a < b) {", State::Raw(Raw::Script, 0)),
            ("<SCRIPT type=module>a</Script >", State::Data),
            ("<textarea rows=2>\"", State::Raw(Raw::Textarea, 0)),
            ("</p", State::Name),
        ] {
            assert_eq!(read(text).state, state, "{text}");
        }
    }

    #[test]
    fn names_are_told_in_lower_case_and_cut() {
        let page = read("<IMG OnError=");
        assert_eq!(page.element.as_bytes(), b"img");
        assert_eq!(page.attribute.as_bytes(), b"onerror");
        let long = read(&["<", &"x".repeat(100)].concat());
        assert_eq!(long.element.as_bytes().len(), super::NAME_BYTES);
    }

    #[test]
    fn handlers_and_scripts_are_program_text() {
        assert!(read("<a onclick=\"go(").is_code());
        assert!(read("<script>").is_code());
        assert!(!read("<a title=\"go(").is_code());
        assert!(!read("<style>").is_code());
    }
}
