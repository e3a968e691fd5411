//! A tolerant reader of JavaScript that notes whether a text does something to a page.
//! It never looks for a string that was seen in an attack: it knows the browser's interface.
use memchr::{memchr, memchr2, memmem};

use super::signals::{ACTION, KEYWORD, ROOT, SHARED, SINK, roles};

/// What a script does, as far as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deeds {
    /// Calls or writes what has an effect in a browser.
    pub(super) effect: bool,
    /// It is one that only scripts of pages have.
    pub(super) sure: bool,
    /// Reaches a member of a global object by a computed name.
    pub(super) computed: bool,
    /// Calls something.
    pub(super) call: bool,
    /// Assigns something.
    pub(super) assignment: bool,
    /// Two words stand side by side: a sentence.
    pub(super) is_prose: bool,
    /// Nothing but strings, numbers and operators.
    pub(super) tokens: usize,
}

impl Deeds {
    /// True if the text is a script that does something.
    pub(super) fn acts(&self) -> bool {
        self.effect || self.call || self.assignment
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
    /// A member whose assignment or call has an effect.
    Action,
    Value,
    /// The bracket that closes a computed member of a global object.
    Member,
    Operator,
}

/// Reads a text as a script, to its end or to what is none.
pub(super) fn read(text: &[u8]) -> Deeds {
    let mut reader = Reader {
        text,
        at: 0,
        before: Before::Nothing,
        root_depth: None,
        depth: 0,
        line: false,
        of_root: false,
        deeds: Deeds::default(),
    };
    while !reader.deeds.is_prose && reader.step() {}
    reader.deeds
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    before: Before,
    /// The depth of brackets in which a computed member of a global object is named.
    root_depth: Option<u32>,
    depth: u32,
    /// A line ended since the last token.
    line: bool,
    /// The dot before belongs to a global object.
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
                let found = memmem::find(self.rest(), b"*/");
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
        end.unwrap_or(self.rest().len())
    }

    fn token(&mut self, kind: Before) {
        self.before = kind;
        self.line = false;
        self.deeds.tokens = self.deeds.tokens.saturating_add(1);
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
        let kind = if role & KEYWORD != 0 {
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
            self.deeds.is_prose = true;
            return;
        }
        // `document.cookie` is what no page shows by itself.
        if self.of_root && kind == Before::Action {
            self.act();
        }
        self.of_root = false;
        self.skip(len);
        self.token(kind);
    }

    fn act(&mut self) {
        self.deeds.effect = true;
        self.deeds.sure = true;
    }

    fn called(&mut self) {
        match self.before {
            Before::Sink | Before::Member => {
                self.act();
                self.deeds.call = true;
            }
            Before::Shared | Before::Action => {
                self.deeds.effect = true;
                self.deeds.call = true;
            }
            Before::Word | Before::Root => self.deeds.call = true,
            _ => {}
        }
    }

    fn sign(&mut self, byte: u8) {
        self.skip(1);
        match byte {
            b'(' => {
                self.called();
                self.depth = self.depth.saturating_add(1);
                self.token(Before::Operator);
            }
            b'[' => {
                if self.before == Before::Root && self.root_depth.is_none() {
                    self.root_depth = Some(self.depth);
                }
                self.depth = self.depth.saturating_add(1);
                self.token(Before::Operator);
            }
            b']' | b')' => {
                self.depth = self.depth.saturating_sub(1);
                if byte == b']' && self.root_depth == Some(self.depth) {
                    self.root_depth = None;
                    self.deeds.computed = true;
                    self.token(Before::Member);
                } else {
                    self.token(Before::Value);
                    // A value may be called or indexed, but words beside it are none.
                    self.before = Before::Operator;
                }
            }
            b'=' if self.peek(0) != b'=' && self.peek(0) != b'>' => {
                match self.before {
                    Before::Action | Before::Root | Before::Member => {
                        self.deeds.effect = true;
                        self.deeds.assignment = true;
                    }
                    Before::Word | Before::Sink | Before::Shared => {
                        self.deeds.assignment = true;
                    }
                    _ => {}
                }
                self.sinks_as_value();
                self.token(Before::Operator);
            }
            b'=' => {
                self.skip(1);
                self.token(Before::Operator);
            }
            b'.' | b'?' if matches!(self.before, Before::Sink | Before::Shared) => {
                // `alert.call(…)`, `alert?.(…)`.
                self.dotted();
            }
            b'.' => {
                self.of_root = self.before == Before::Root;
                self.before = Before::Operator;
            }
            _ => self.token(Before::Operator),
        }
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
        }
    }

    fn dotted(&mut self) {
        let rest = self.rest();
        let name = rest.strip_prefix(b".").unwrap_or(rest);
        let called = [b"call(".as_slice(), b"apply(", b"bind(", b"("];
        if called.iter().any(|call| name.starts_with(call)) {
            self.deeds.effect = true;
        }
        self.before = Before::Operator;
    }
}

/// What a value does that leaves the string of a script in which it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct BreakOut {
    pub(super) context: &'static str,
    pub(super) start: usize,
    pub(super) deeds: Deeds,
}

// Limit: what stands before the quote is the value that was meant; a name or a word has 64 bytes.
const BEFORE_MAX: usize = 64;

/// The first break-out of a value that does something: behind its first quote of each kind, or from
/// its start.
pub(super) fn break_out(text: &[u8]) -> Option<BreakOut> {
    let near = text.get(..BEFORE_MAX).unwrap_or(text);
    let quotes = [
        (b'\'', "single-quoted-script"),
        (b'"', "double-quoted-script"),
        (b'`', "template-script"),
    ];
    for (quote, context) in quotes {
        let Some(at) = memchr(quote, near) else {
            continue;
        };
        let behind = at.saturating_add(1);
        let deeds = continued(text, behind).or_else(|| scheme(text, behind));
        if let Some(deeds) = deeds.filter(|deeds| deeds.effect) {
            return Some(BreakOut {
                context,
                start: at,
                deeds,
            });
        }
    }
    // `1;alert(1)`: behind the word that was meant.
    let word = near
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let at = if text.get(word) == Some(&b';') {
        word
    } else {
        0
    };
    // Behind a sign and a space stands an item of a list.
    let sign = text.get(at)?;
    let next = text.get(at.saturating_add(1));
    let is_item = next.is_none_or(|byte| *byte <= b' ' || byte == sign);
    if sign.is_ascii_whitespace() || is_item {
        return None;
    }
    let deeds = continued(text, at)
        .filter(|deeds| deeds.sure && !deeds.is_prose && (deeds.call || deeds.assignment))?;
    Some(BreakOut {
        context: "bare-script",
        start: 0,
        deeds,
    })
}

/// What a script does whose URL begins behind a quote, in a value of one line.
fn scheme(text: &[u8], at: usize) -> Option<Deeds> {
    let rest = rest_of(text, at);
    let url = rest
        .get(..11)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"javascript:"));
    if !url || memchr(b'\n', text).is_some() {
        return None;
    }
    Some(read(rest_of(rest, 11))).filter(|deeds| deeds.sure)
}

fn rest_of(text: &[u8], at: usize) -> &[u8] {
    text.get(at..).unwrap_or(&[])
}

/// What stands from `at` on, if it goes on as a script does behind a value.
fn continued(text: &[u8], at: usize) -> Option<Deeds> {
    let rest = text.get(at..)?;
    let closers = rest
        .iter()
        .position(|byte| !matches!(byte, b')' | b']' | b'}' | b' ' | b'\t'))?;
    let rest = rest.get(closers..)?;
    let first = *rest.first()?;
    let separates = matches!(
        first,
        b';' | b','
            | b'+'
            | b'-'
            | b'*'
            | b'%'
            | b'&'
            | b'|'
            | b'^'
            | b'='
            | b'<'
            | b'>'
            | b'?'
            | b':'
            | b'~'
            | b'\n'
            | b'\r'
    );
    // `}alert(1)` and `)alert(1)` need no separator.
    let closes = rest_of(text, at)
        .first()
        .is_some_and(|byte| matches!(byte, b')' | b']' | b'}'));
    (separates || closes).then(|| read(rest))
}

// Limit: the shortest scripts without letters or digits have some hundred signs; forty are enough
// to tell them from emoticons.
const LETTERLESS_MIN: usize = 40;

/// True for a script that is written without a letter, out of what empty lists convert to.
pub(super) fn is_letterless(text: &[u8]) -> bool {
    let head = text.get(..LETTERLESS_MIN).unwrap_or(&[]);
    let signs = |byte: &u8| b"[]()!+{}$_=;:.,'\"~\\/- ".contains(byte);
    !head.is_empty()
        && head.iter().all(signs)
        && memmem::find(head, b"[]").is_some()
        && memchr(b'(', head).is_some()
        && text.iter().all(|byte| signs(byte) || byte.is_ascii_digit())
}

// Limit: a call on one line; more is program text.
const CALL_BYTES: usize = 512;

/// True for a value that is one call whose name is written as a text, so that no filter sees it.
pub(super) fn is_disguised(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let opens = memchr(b'(', text.get(..CALL_BYTES).unwrap_or(&[])).or_else(|| memchr(b'(', text));
    if text.len() > CALL_BYTES || opens.is_none() || memchr(b'\n', text).is_some() {
        return false;
    }
    let len = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(0);
    let word = text.get(..len).unwrap_or(&[]);
    let known = roles(word) & (ROOT | SINK) != 0 || text.starts_with(b"[]");
    if !known && memmem::find(text, b"constructor").is_none() {
        return false;
    }
    let deeds = read(text);
    let joined = memmem::find(text, b"'+'").is_some() || memmem::find(text, b"\"+\"").is_some();
    let built = memmem::find_iter(text, b"constructor").nth(1).is_some();
    !deeds.is_prose && deeds.effect && (deeds.computed || joined || built)
}
