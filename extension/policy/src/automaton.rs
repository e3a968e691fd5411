//! A pattern of text that is searched for in one pass, whatever it is and whatever it is asked of.
//! It never goes back in a text, and takes no more work a byte than it says beforehand.
//!
//! Glushkov's construction: each letter of the pattern is a position, and which positions follow
//! which is known beforehand. Where one is followed by the next alone a shift does that for all of
//! them at once; only the others cost a step each.
use alloc::{boxed::Box, string::String, vec::Vec};

/// A pattern that is ready to be searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    text: String,
    /// For each byte, the positions that take it.
    takes: Box<[u128]>,
    /// Positions that may begin a match.
    first: u128,
    /// Positions that end one.
    last: u128,
    /// Positions that are followed by the next one.
    straight: u128,
    /// Positions that are followed by others as well, and by which.
    branches: Vec<(u8, u128)>,
    at_start: bool,
    at_end: bool,
    /// It matches nothing at all, and so everywhere.
    is_empty: bool,
}

// Limit: all positions stand in one number. A pattern of 128 letters is longer than any that a
// reader understands.
const POSITIONS_MAX: usize = 128;

// Limit: what is repeated a number of times is read as often, and brackets with nothing in them
// take no position; eight reads for each of the 128 are more than any pattern needs.
const READS_MAX: usize = 1024;

// Limit: brackets in brackets; the reader recurses once for each.
const DEPTH_MAX: usize = 16;

impl Automaton {
    /// Reads a pattern: letters, `.`, classes as `[a-z]` and `\d \w \s`, `( )`, `|`, `* + ?`,
    /// `{2}` and `{2,5}`, `^` at the begin, `$` at the end, and `(?i)` before all of it.
    ///
    /// Whatever else other languages have, such as back references and looking around, is refused
    /// with a reason.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (rest, ignores_case) = match text.strip_prefix("(?i)") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (rest, at_start) = match rest.strip_prefix('^') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, at_end) = match rest.strip_suffix('$') {
            // An escaped dollar is a letter; an escaped backslash before it is not.
            Some(before) if !ends_escaped(before) => (before, true),
            _ => (rest, false),
        };
        let mut reader = Reader {
            bytes: rest.as_bytes(),
            at: 0,
            ignores_case,
            reads: 0,
            classes: Vec::new(),
            follows: Vec::new(),
        };
        let part = reader.alternatives(DEPTH_MAX)?;
        if reader.at < reader.bytes.len() {
            return Err("a `)` without its `(`");
        }
        let mut takes = alloc::vec![0_u128; 256].into_boxed_slice();
        for (position, class) in reader.classes.iter().enumerate() {
            for (byte, taken) in takes.iter_mut().enumerate() {
                if class.has(byte) {
                    *taken |= 1 << position;
                }
            }
        }
        let (mut straight, mut branches) = (0, Vec::new());
        for (position, follows) in reader.follows.iter().enumerate() {
            let next = 2_u128
                .checked_shl(u32::try_from(position).unwrap_or(0))
                .unwrap_or(0);
            straight |= u128::from(follows & next != 0) << position;
            let others = follows & !next;
            if others != 0 {
                branches.push((u8::try_from(position).unwrap_or(0), others));
            }
        }
        Ok(Self {
            text: text.into(),
            takes,
            first: part.first,
            last: part.last,
            straight,
            branches,
            at_start,
            at_end,
            is_empty: part.is_empty,
        })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The most steps that a byte costs.
    pub fn steps_per_byte(&self) -> usize {
        self.branches.len().saturating_add(1)
    }

    /// Where the first match ends, if there is one.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        if self.is_empty && (!self.at_end || text.is_empty() || !self.at_start) {
            return Some(0);
        }
        let mut states = 0_u128;
        for (at, byte) in text.iter().enumerate() {
            let mut next = (states & self.straight) << 1;
            for (position, follows) in &self.branches {
                if states >> position & 1 == 1 {
                    next |= follows;
                }
            }
            if !self.at_start || at == 0 {
                next |= self.first;
            }
            states = next & self.takes.get(usize::from(*byte)).copied().unwrap_or(0);
            let end = at.saturating_add(1);
            if states & self.last != 0 && (!self.at_end || end == text.len()) {
                return Some(end);
            }
            if states == 0 && self.at_start {
                return None;
            }
        }
        None
    }
}

/// True if an odd number of backslashes stands at the end.
fn ends_escaped(text: &str) -> bool {
    let count = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    count % 2 == 1
}

/// The bytes that a position takes.
#[derive(Clone, Copy, Default)]
struct Class([u128; 2]);

impl Class {
    fn has(self, byte: usize) -> bool {
        let half = self.0.get(byte >> 7).copied().unwrap_or(0);
        half >> (byte & 127) & 1 == 1
    }

    fn add(&mut self, byte: u8) {
        if let Some(half) = self.0.get_mut(usize::from(byte >> 7)) {
            *half |= 1 << (byte & 127);
        }
    }

    fn add_range(&mut self, from: u8, to: u8) {
        (from..=to).for_each(|byte| self.add(byte));
    }

    fn inverted(self) -> Self {
        Self(self.0.map(|half| !half))
    }

    fn with(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a | c, b | d])
    }
}

/// A part of a pattern: where it may begin and end, and whether it may be nothing.
#[derive(Clone, Copy, Default)]
struct Part {
    first: u128,
    last: u128,
    is_empty: bool,
}

const NOTHING: Part = Part {
    first: 0,
    last: 0,
    is_empty: true,
};

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    ignores_case: bool,
    reads: usize,
    classes: Vec<Class>,
    follows: Vec<u128>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    fn alternatives(&mut self, depth: usize) -> Result<Part, &'static str> {
        let depth = depth.checked_sub(1).ok_or("brackets nested too deep")?;
        let mut all = self.sequence(depth)?;
        while self.peek() == Some(b'|') {
            self.take();
            let other = self.sequence(depth)?;
            all = Part {
                first: all.first | other.first,
                last: all.last | other.last,
                is_empty: all.is_empty || other.is_empty,
            };
        }
        Ok(all)
    }

    fn sequence(&mut self, depth: usize) -> Result<Part, &'static str> {
        let mut all = NOTHING;
        while let Some(byte) = self.peek() {
            if matches!(byte, b'|' | b')') {
                break;
            }
            let begun = self.at;
            let part = self.atom(depth)?;
            let part = self.repeated(part, begun, depth)?;
            all = self.joined(all, part);
        }
        Ok(all)
    }

    /// One part behind another.
    fn joined(&mut self, left: Part, right: Part) -> Part {
        self.link(left.last, right.first);
        Part {
            first: left.first | if left.is_empty { right.first } else { 0 },
            last: right.last | if right.is_empty { left.last } else { 0 },
            is_empty: left.is_empty && right.is_empty,
        }
    }

    /// Whatever is in `to` follows whatever is in `from`.
    fn link(&mut self, from: u128, to: u128) {
        for (position, follows) in self.follows.iter_mut().enumerate() {
            if from >> position & 1 == 1 {
                *follows |= to;
            }
        }
    }

    fn atom(&mut self, depth: usize) -> Result<Part, &'static str> {
        self.reads = self.reads.saturating_add(1);
        if self.reads > READS_MAX {
            return Err("repetitions that take too long to write out");
        }
        let class = match self.take() {
            Some(b'(') => {
                if self.peek() == Some(b'?') {
                    return Err("`(?…)` is not known here");
                }
                let part = self.alternatives(depth)?;
                return match self.take() {
                    Some(b')') => Ok(part),
                    _ => Err("a `(` without its `)`"),
                };
            }
            Some(b'[') => self.class()?,
            Some(b'\\') => self.escape()?,
            Some(b'.') => Class::default().inverted(),
            Some(b'*' | b'+' | b'?') => return Err("nothing stands before a repetition"),
            Some(b'^' | b'$') => return Err("`^` and `$` stand at the ends alone"),
            Some(byte) => self.letter(byte),
            None => return Err("the pattern ends too early"),
        };
        self.position(class)
    }

    fn position(&mut self, class: Class) -> Result<Part, &'static str> {
        if self.classes.len() >= POSITIONS_MAX {
            return Err("longer than 128 letters, repetitions written out");
        }
        let bit = 1_u128 << self.classes.len();
        self.classes.push(class);
        self.follows.push(0);
        Ok(Part {
            first: bit,
            last: bit,
            is_empty: false,
        })
    }

    fn letter(&self, byte: u8) -> Class {
        let mut class = Class::default();
        class.add(byte);
        if self.ignores_case {
            class.add(byte.to_ascii_lowercase());
            class.add(byte.to_ascii_uppercase());
        }
        class
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<Class, &'static str> {
        let mut class = Class::default();
        let letter = self.take().ok_or("a `\\` without its letter")?;
        match letter {
            b'd' | b'D' => class.add_range(b'0', b'9'),
            b'w' | b'W' => {
                class.add_range(b'a', b'z');
                class.add_range(b'A', b'Z');
                class.add_range(b'0', b'9');
                class.add(b'_');
            }
            b's' | b'S' => b" \t\r\n\x0b\x0c".iter().for_each(|byte| class.add(*byte)),
            b'n' => class.add(b'\n'),
            b'r' => class.add(b'\r'),
            b't' => class.add(b'\t'),
            byte if byte.is_ascii_alphanumeric() => {
                return Err("this escape is not known here");
            }
            byte => return Ok(self.letter(byte)),
        }
        let is_negative = letter.is_ascii_uppercase();
        Ok(if is_negative { class.inverted() } else { class })
    }

    /// What stands between square brackets.
    fn class(&mut self) -> Result<Class, &'static str> {
        let is_negative = self.peek() == Some(b'^');
        if is_negative {
            self.take();
        }
        let mut class = Class::default();
        let mut is_first = true;
        loop {
            let byte = match self.take() {
                None => return Err("a `[` without its `]`"),
                Some(b']') if !is_first => break,
                Some(b'\\') => {
                    class = class.with(self.escape()?);
                    is_first = false;
                    continue;
                }
                Some(byte) => byte,
            };
            is_first = false;
            let is_range = self.peek() == Some(b'-')
                && self
                    .bytes
                    .get(self.at.saturating_add(1))
                    .is_some_and(|to| *to != b']');
            if !is_range {
                class = class.with(self.letter(byte));
                continue;
            }
            self.take();
            let to = self.take().unwrap_or(byte);
            if to < byte || to == b'\\' {
                return Err("a range in `[ ]` that ends before it begins");
            }
            (byte..=to).for_each(|byte| class = class.with(self.letter(byte)));
        }
        Ok(if is_negative { class.inverted() } else { class })
    }

    /// A part with the repetition behind it; what is repeated a number of times is read again as
    /// often.
    fn repeated(&mut self, part: Part, begun: usize, depth: usize) -> Result<Part, &'static str> {
        let mut part = part;
        match self.peek() {
            Some(b'*' | b'+') => {
                part.is_empty |= self.take() == Some(b'*');
                self.link(part.last, part.first);
            }
            Some(b'?') => {
                self.take();
                part.is_empty = true;
            }
            Some(b'{') => {
                let end = self.at;
                let (least, most, behind) = self.counts()?;
                for time in 1..most {
                    self.at = begun;
                    let mut again = self.atom(depth)?;
                    if self.at != end {
                        return Err("a repetition that cannot be written out");
                    }
                    again.is_empty |= time >= least;
                    part = self.joined(part, again);
                }
                part.is_empty |= least == 0;
                self.at = behind;
            }
            _ => return Ok(part),
        }
        match self.peek() {
            Some(b'*' | b'+' | b'?' | b'{') => Err("a repetition of a repetition"),
            _ => Ok(part),
        }
    }

    /// `{2}` or `{2,5}`: both numbers, and the offset behind them.
    fn counts(&mut self) -> Result<(usize, usize, usize), &'static str> {
        const WRONG: &str = "expected `{2}` or `{2,5}`, at most 128";
        let rest = self
            .bytes
            .get(self.at.saturating_add(1)..)
            .unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == b'}').ok_or(WRONG)?;
        let inside = rest
            .get(..len)
            .and_then(|inside| core::str::from_utf8(inside).ok());
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<usize>().ok().filter(|_| is_plain)
        };
        let (least, most) = match inside.ok_or(WRONG)?.split_once(',') {
            Some((least, most)) => (number(least), number(most)),
            None => (
                number(inside.unwrap_or_default()),
                number(inside.unwrap_or_default()),
            ),
        };
        let (least, most) = (least.ok_or(WRONG)?, most.ok_or(WRONG)?);
        if least > most || most == 0 || most > POSITIONS_MAX {
            return Err(WRONG);
        }
        Ok((least, most, self.at.saturating_add(len).saturating_add(2)))
    }
}

#[cfg(test)]
mod tests;
