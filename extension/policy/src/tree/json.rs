//! JSON as strict as its standard, save that its strings must be short enough to be a policy's.
//! It never takes a member twice, and never recurses deeper than a policy nests.
use alloc::{format, string::String, vec::Vec};

use super::{DEPTH_MAX, Fault, Kind, Member, Node, too_deep};

/// The members of the object that is the whole text.
pub(super) fn read(text: &str) -> Result<Vec<Member>, Fault> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(DEPTH_MAX)?;
    reader.space();
    if reader.at < text.len() {
        return Err((reader.at, "text behind the end".into()));
    }
    match node.kind {
        Kind::Table(members) => Ok(members),
        _ => Err((node.at, "expected an object".into())),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.step();
        }
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Takes `byte` behind space.
    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let is_there = self.byte() == Some(byte);
        if is_there {
            self.step();
        }
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.space();
        let at = self.at;
        let Some(depth) = depth.checked_sub(1) else {
            return Err((at, too_deep()));
        };
        let kind = match self.byte() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { at, kind })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.step();
        let mut members: Vec<Member> = Vec::new();
        if self.takes(b'}') {
            return Ok(Kind::Table(members));
        }
        loop {
            self.space();
            let at = self.at;
            if self.byte() != Some(b'"') {
                return Err((at, "expected a member's name in quotes".into()));
            }
            let name = self.string()?;
            if members.iter().any(|member| member.name == name) {
                return Err((at, "duplicate key".into()));
            }
            if !self.takes(b':') {
                return Err((self.at, "expected `:`".into()));
            }
            let value = self.value(depth)?;
            members.push(Member { at, name, value });
            if self.takes(b'}') {
                return Ok(Kind::Table(members));
            }
            if !self.takes(b',') {
                return Err((self.at, "expected `,` or `}`".into()));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.step();
        let mut items = Vec::new();
        if self.takes(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.takes(b']') {
                return Ok(Kind::List(items));
            }
            if !self.takes(b',') {
                return Err((self.at, "expected `,` or `]`".into()));
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.step();
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(letter) = rest.chars().next() else {
                return Err((start, "a string without an end".into()));
            };
            let at = self.at;
            self.at = self.at.saturating_add(letter.len_utf8());
            match letter {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped(at)?),
                _ if letter < ' ' => return Err((at, "a raw control character".into())),
                _ => text.push(letter),
            }
        }
    }

    fn escaped(&mut self, at: usize) -> Result<char, Fault> {
        let letter = match self.byte() {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'u') => {
                self.step();
                return self.unit(at);
            }
            _ => return Err((at, "an unknown escape".into())),
        };
        self.step();
        Ok(letter)
    }

    /// What stands behind `\u`: one unit, or two that are one letter.
    fn unit(&mut self, at: usize) -> Result<char, Fault> {
        let bad = || (at, String::from("an escape that is no character"));
        let first = self.four().ok_or_else(bad)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(bad);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with("\\u") {
            return Err(bad());
        }
        self.at = self.at.saturating_add(2);
        let second = self.four().ok_or_else(bad)?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
        let high = first.saturating_sub(0xd800);
        low.and_then(|low| char::from_u32(0x1_0000 + (high << 10 | low)))
            .ok_or_else(bad)
    }

    fn four(&mut self) -> Option<u32> {
        let end = self.at.saturating_add(4);
        let digits = self.text.get(self.at..end)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at = end;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        while matches!(
            self.byte(),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.step();
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leads = digits.len() > 1 && digits.starts_with('0');
        let second = digits.as_bytes().get(1);
        if !digits.starts_with(|byte: char| byte.is_ascii_digit())
            || (leads && !matches!(second, Some(b'.' | b'e' | b'E')))
            || text.ends_with('.')
            || text.contains(".e")
            || text.contains(".E")
        {
            return Err((start, format!("`{}` is no number", clip(text))));
        }
        if let Ok(number) = text.parse() {
            return Ok(Kind::Integer(number));
        }
        match text.parse() {
            Ok(number) => Ok(Kind::Float(number)),
            Err(_) => Err((start, format!("`{}` is no number", clip(text)))),
        }
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, kind) in [
            ("true", Kind::Flag(true)),
            ("false", Kind::Flag(false)),
            ("null", Kind::Nothing),
        ] {
            if rest.starts_with(word) {
                self.at = self.at.saturating_add(word.len());
                return Ok(kind);
            }
        }
        Err((self.at, "expected a value".into()))
    }
}

fn clip(text: &str) -> &str {
    text.get(..40).unwrap_or(text)
}
