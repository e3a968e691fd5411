//! A tolerant reader of JavaScript that notes whether a text does something to a page.
//! It never looks for a string that was seen in an attack: it knows the browser's interface.
use memchr::memchr2;

use super::signals::{ACTION, KEYWORD, ROOT, SHARED, SINK, roles};
use crate::sought;

/// What a script does, as far as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deeds(u8);

/// Calls or writes what has an effect in a browser.
pub(super) const EFFECT: Deeds = Deeds(1);
/// The effect is one that only scripts of pages have.
pub(super) const SURE: Deeds = Deeds(1 << 1);
/// Reaches a member of a global object by a computed name.
pub(super) const COMPUTED: Deeds = Deeds(1 << 2);
/// Calls something.
pub(super) const CALL: Deeds = Deeds(1 << 3);
/// Assigns something.
pub(super) const ASSIGNMENT: Deeds = Deeds(1 << 4);
/// Two words stand side by side: a sentence.
pub(super) const PROSE: Deeds = Deeds(1 << 5);
/// What has an effect is handed over under another name.
pub(super) const HIDDEN: Deeds = Deeds(1 << 6);

impl Deeds {
    /// True if it does all of these.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if it does any of these.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both together.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// True if the text is a script that does something.
    pub(super) fn acts(self) -> bool {
        self.any(EFFECT.with(CALL).with(ASSIGNMENT))
    }
}

/// The token before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Word,
    Keyword,
    /// A name whose call has an effect.
    Sink,
    /// The same, in other languages, too.
    Shared,
    /// A global object.
    Root,
    /// A member of global objects with an effect.
    Action,
    Value,
    /// The bracket that closes a computed member of a global object.
    Member,
    Operator,
}

/// What a parenthesis opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    Nothing,
    /// A term, not the arguments of a call.
    Term,
    /// The arguments of a method.
    Method,
}

/// Reads a text as a script, to its end or to what is none.
pub(super) fn read(text: &[u8]) -> Deeds {
    let mut reader = Reader {
        text,
        at: 0,
        before: Before::Nothing,
        root_depth: None,
        depth: 0,
        opened: Opened::Nothing,
        opens: Opened::Nothing,
        line: false,
        is_rooted: false,
        of_root: false,
        deeds: Deeds::default(),
    };
    while !reader.deeds.has(PROSE) && reader.step() {}
    reader.deeds
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    before: Before,
    /// The depth of brackets in which a computed member of a global object is named.
    root_depth: Option<u32>,
    depth: u32,
    /// The parenthesis that the last token was.
    opened: Opened,
    /// What a parenthesis behind the name before would open.
    opens: Opened,
    /// A line ended since the last token.
    line: bool,
    /// The name before begins with a global object.
    is_rooted: bool,
    /// So does the one before the dot.
    of_root: bool,
    deeds: Deeds,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        let at = self.at.saturating_add(ahead);
        self.text.get(at).copied().unwrap_or(0)
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn end_at(&mut self, found: Option<usize>, len: usize) {
        match found {
            Some(at) => self.skip(at.saturating_add(len)),
            None => self.at = self.text.len(),
        }
    }

    /// Reads one token; false at the end.
    fn step(&mut self) -> bool {
        let Some(&byte) = self.text.get(self.at) else {
            return false;
        };
        match byte {
            b'\n' | b'\r' => {
                self.line = true;
                self.skip(1);
            }
            _ if byte <= b' ' => self.skip(1),
            b'/' if self.peek(1) == b'*' => {
                self.skip(2);
                let found = sought::find(self.rest(), b"*/");
                self.end_at(found, 2);
            }
            b'/' if self.peek(1) == b'/' => {
                let found = memchr2(b'\n', b'\r', self.rest());
                self.end_at(found, 0);
            }
            b'\'' | b'"' => self.string(byte),
            b'`' => {
                self.called();
                self.string(byte);
            }
            b'0'..=b'9' => {
                let len = self.run(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
                self.skip(len);
                self.token(Before::Value);
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => self.word(),
            _ => self.sign(byte),
        }
        true
    }

    fn run(&self, is: fn(u8) -> bool) -> usize {
        let end = self.rest().iter().position(|byte| !is(*byte));
        end.unwrap_or_else(|| self.rest().len())
    }

    fn token(&mut self, kind: Before) {
        self.before = kind;
        self.is_rooted = false;
        self.line = false;
        self.opened = Opened::Nothing;
    }

    fn string(&mut self, quote: u8) {
        self.skip(1);
        while let Some(&byte) = self.text.get(self.at) {
            self.skip(if byte == b'\\' { 2 } else { 1 });
            if byte == quote {
                break;
            }
        }
        self.token(Before::Value);
    }

    fn word(&mut self) {
        let len =
            self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..));
        let start = self.at;
        let word = self.rest().get(..len).unwrap_or(&[]);
        let role = roles(word);
        let after_word = matches!(
            self.before,
            Before::Word
                | Before::Sink
                | Before::Shared
                | Before::Root
                | Before::Action
                | Before::Value
        );
        // `function` begins one, `Function` makes one out of a text.
        let kind = if role & KEYWORD != 0 && word != b"Function" {
            Before::Keyword
        } else if role & SHARED != 0 {
            Before::Shared
        } else if role & SINK != 0 {
            Before::Sink
        } else if role & ROOT != 0 {
            Before::Root
        } else if role & ACTION != 0 {
            Before::Action
        } else {
            Before::Word
        };
        if after_word && kind != Before::Keyword && !self.line {
            self.deeds.add(PROSE);
            return;
        }
        // `document.cookie` is what no page shows by itself.
        if self.of_root && kind == Before::Action {
            self.act();
        }
        let is_rooted = self.of_root || kind == Before::Root;
        self.of_root = false;
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at));
        self.opens = match before {
            Some(b'.') => Opened::Method,
            _ => Opened::Nothing,
        };
        self.skip(len);
        // `(0, alert)(1)`: the last of several terms is the one that is called.
        let so_far = self.text.get(..start).unwrap_or(&[]);
        if self.depth > 0 && so_far.trim_ascii_end().ends_with(b",") && kind == Before::Sink {
            self.opened = Opened::Term;
        }
        if kind == Before::Sink && self.opened != Opened::Nothing {
            self.handed_over();
        }
        self.token(kind);
        self.is_rooted = is_rooted;
    }

    /// A name with an effect is all that stands in parentheses: `(alert)(1)`, `[1].find(alert)`.
    fn handed_over(&mut self) {
        let Some(rest) = self.rest().trim_ascii_start().strip_prefix(b")") else {
            return;
        };
        let next = rest.trim_ascii_start().first();
        match self.opened {
            Opened::Method => self.deeds.add(HIDDEN),
            Opened::Term if matches!(next, Some(b'(' | b'`')) => {
                self.act();
                self.deeds.add(HIDDEN.with(CALL));
            }
            _ => {}
        }
    }

    fn act(&mut self) {
        self.deeds.add(EFFECT.with(SURE));
    }

    fn called(&mut self) {
        match self.before {
            Before::Sink | Before::Member => {
                self.act();
                self.deeds.add(CALL);
            }
            Before::Shared => self.deeds.add(EFFECT.with(CALL)),
            Before::Word | Before::Root | Before::Action => self.deeds.add(CALL),
            _ => {}
        }
    }

    fn sign(&mut self, byte: u8) {
        self.skip(1);
        match byte {
            b'(' => {
                self.called();
                self.depth = self.depth.saturating_add(1);
                let opened = match self.before {
                    Before::Operator | Before::Nothing | Before::Keyword => Opened::Term,
                    Before::Word => self.opens,
                    _ => Opened::Nothing,
                };
                self.token(Before::Operator);
                self.opened = opened;
                return;
            }
            b'[' => {
                if self.before == Before::Root && self.root_depth.is_none() {
                    self.root_depth = Some(self.depth);
                }
                self.depth = self.depth.saturating_add(1);
            }
            b']' | b')' => return self.close(byte),
            b'=' if self.peek(0) != b'=' && self.peek(0) != b'>' => self.assigned(),
            b'=' => self.skip(1),
            // `alert.call(…)`, `alert?.(…)`.
            b'.' | b'?' if matches!(self.before, Before::Sink | Before::Shared) => self.dotted(),
            b'.' => {
                self.of_root = self.is_rooted;
                self.before = Before::Operator;
                return;
            }
            _ => {}
        }
        self.token(Before::Operator);
    }

    fn close(&mut self, byte: u8) {
        self.depth = self.depth.saturating_sub(1);
        // A value may be called or indexed, but words beside it are none.
        let mut kind = Before::Operator;
        if byte == b']' && self.root_depth == Some(self.depth) {
            self.root_depth = None;
            self.deeds.add(COMPUTED);
            kind = Before::Member;
        }
        self.token(kind);
    }

    fn assigned(&mut self) {
        match self.before {
            Before::Root | Before::Member => self.deeds.add(EFFECT.with(ASSIGNMENT)),
            Before::Word | Before::Action | Before::Sink | Before::Shared => {
                self.deeds.add(ASSIGNMENT);
            }
            _ => {}
        }
        self.sinks_as_value();
    }

    /// `a=alert` gives a name with an effect to another one.
    fn sinks_as_value(&mut self) {
        let rest = self.rest().trim_ascii_start();
        let len = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
            .unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or(&[]);
        let next = rest.get(len..).unwrap_or(&[]).trim_ascii_start().first();
        let role = roles(word);
        if role & SINK != 0 && role & SHARED == 0 && matches!(next, Some(b',' | b';')) {
            self.act();
            self.deeds.add(HIDDEN);
        }
    }

    fn dotted(&mut self) {
        let rest = self.rest();
        let name = rest.strip_prefix(b".").unwrap_or(rest);
        let called = [b"call(".as_slice(), b"apply(", b"bind(", b"("];
        if called.iter().any(|call| name.starts_with(call)) {
            self.deeds.add(EFFECT);
            if self.before == Before::Sink {
                self.deeds.add(HIDDEN.with(CALL));
            }
        }
    }
}
