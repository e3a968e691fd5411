//! One pass over a text: where expressions open and close, and what is read inside of them.
//! It never goes back: each byte is looked at once, whatever was left open before.
use credenza_event::Span;

use super::expression::{Expression, Token};
use super::meaning::{Place, is_quote};
use super::opening::{self, Kind, is_opening};
use super::stand::{ARITHMETIC, Found, Grade, ROOT, Sign};
use super::word::{Roles, roles};
use crate::sought;

/// An expression that is open.
#[derive(Clone, Copy)]
struct Open {
    kind: Kind,
    /// Where its inside begins.
    inside: usize,
    /// Brackets of its own kind that are open inside of it.
    brackets: u16,
}

// Limit: expressions stand in expressions three deep (Thymeleaf); a ninth takes the eighth's place.
const DEPTH_MAX: usize = 8;
// Limit: the longest payloads have 2 KiB; what is open for longer was no expression.
const EXPRESSION_BYTES_MAX: usize = 4096;
struct Pass<'t> {
    text: &'t [u8],
    at: usize,
    nest: [Open; DEPTH_MAX],
    depth: usize,
    /// Where the outermost open expression began.
    began: usize,
    quote: u8,
    read: Expression,
    found: Found,
    /// The strongest sign of the outermost open expression, which counts when it closes.
    pending: Option<Sign>,
    /// A line break stands in it.
    has_line: bool,
    kinds: u16,
    letters: bool,
}

/// Reads a text from its first byte to its last.
pub(super) fn read(text: &[u8]) -> Found {
    let closed = Open {
        kind: Kind::Brace,
        inside: 0,
        brackets: 0,
    };
    let mut pass = Pass {
        text,
        at: 0,
        nest: [closed; DEPTH_MAX],
        depth: 0,
        began: 0,
        quote: 0,
        read: Expression::default(),
        found: Found::default(),
        pending: None,
        has_line: false,
        kinds: 0,
        letters: false,
    };
    while let Some(&byte) = text.get(pass.at) {
        if pass.depth == 0 {
            if pass.is_settled() {
                pass.skip();
                continue;
            }
            pass.outside(byte);
        } else {
            pass.inside(byte);
        }
    }
    pass.end()
}

impl<'t> Pass<'t> {
    fn rest(&self, from: usize) -> &'t [u8] {
        self.text.get(from..).unwrap_or(&[])
    }

    fn byte(&self, from: usize) -> u8 {
        self.text.get(from).copied().unwrap_or(0)
    }

    /// True if what stands outside of expressions has shown all that it can, save how much it is.
    fn is_settled(&self) -> bool {
        let found = &self.found;
        let is_left = self.kinds != 0 || found.left > 1 && found.left_is_loose;
        let is_between = found.left > 0 || self.kinds != 0;
        is_left && is_between && found.is_mixed && self.letters && !found.row.is_open
    }

    /// Passes what opens nothing, and looks at what may open something.
    fn skip(&mut self) {
        let next = sought::first(self.text, self.at, opening::OPENINGS);
        let passed = self.text.get(self.at..next.unwrap_or(self.text.len()));
        let passed = passed.unwrap_or(&[]);
        let blank = passed.iter().filter(|byte| byte.is_ascii_whitespace());
        let others = passed.len().saturating_sub(blank.count());
        let found = &mut self.found;
        found.has_lines = found.has_lines || passed.contains(&b'\n');
        found.outside = found.outside.saturating_add(others);
        if self.kinds == 0 {
            found.left = found.left.saturating_add(others);
        }
        self.at = self.at.saturating_add(passed.len());
        if let Some(&byte) = self.text.get(self.at) {
            self.outside(byte);
        }
    }

    fn outside(&mut self, byte: u8) {
        if is_opening(byte)
            && let Some((kind, len)) = opening::at(self.text, self.at, byte)
        {
            return self.open(kind, len);
        }
        self.at = self.at.saturating_add(1);
        let found = &mut self.found;
        found.row.is_open &= byte.is_ascii_whitespace();
        if byte.is_ascii_whitespace() {
            let is_between = found.left > 0 || self.kinds != 0;
            found.is_mixed |= is_between;
            found.has_lines |= byte == b'\n' && is_between;
            // White space at the very start of a text, or right before its first expression in a
            // line of its own, is no sign of a text around it.
            found.left_is_loose |= self.kinds == 0 && found.left > 0;
            return;
        }
        found.outside = found.outside.saturating_add(1);
        let is_joint = matches!(byte, b'/' | b'[' | b']' | b'.' | b'-' | b'_');
        found.is_mixed |= !byte.is_ascii_alphanumeric() && !is_joint;
        if self.kinds == 0 {
            found.left = found.left.saturating_add(1);
            found.left_is_loose |= matches!(byte, b'\'' | b'"' | b'`') && found.left > 1;
        }
        self.letters |= byte.is_ascii_alphanumeric();
    }

    fn open(&mut self, kind: Kind, len: usize) {
        if self.depth == 0 {
            self.began = self.at;
            self.read = Expression::default();
            self.pending = None;
            self.has_line = false;
            self.found.begin(self.at);
        }
        self.quote = 0;
        self.kinds |= 1_u16.wrapping_shl(kind as u32);
        self.at = self.at.saturating_add(len);
        // `<%=`, `{{-`, `{%-`: how the result is written.
        let is_written = matches!(kind, Kind::Mustache | Kind::Tag | Kind::Angle);
        while is_written && matches!(self.byte(self.at), b'=' | b'-') {
            self.at = self.at.saturating_add(1);
        }
        let open = Open {
            kind,
            inside: self.at,
            brackets: 0,
        };
        self.depth = self.depth.saturating_add(1).min(DEPTH_MAX);
        if let Some(top) = self.nest.get_mut(self.depth.saturating_sub(1)) {
            *top = open;
        }
        if self.depth > 1 {
            // What stands inside is an expression of its own; what was named before counts on.
            self.read = Expression::within(self.read.has);
        }
    }

    fn top(&self) -> Open {
        let top = self.nest.get(self.depth.saturating_sub(1));
        top.copied().unwrap_or(Open {
            kind: Kind::Brace,
            inside: 0,
            brackets: 0,
        })
    }

    fn inside(&mut self, byte: u8) {
        let top = self.top();
        if self.at.saturating_sub(top.inside) > EXPRESSION_BYTES_MAX {
            return self.give_up();
        }
        if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 {
            return self.word(top.kind);
        }
        if byte.is_ascii_digit() {
            return self.number();
        }
        let in_string = self.quote != 0;
        if is_opening(byte)
            && top.kind != Kind::Reference
            && let Some((kind, len)) = self.nested(byte)
        {
            return self.open(kind, len);
        }
        if !in_string && self.closes(top, byte) {
            return;
        }
        self.sign(byte, top.kind);
    }

    fn sign(&mut self, byte: u8, kind: Kind) {
        self.at = self.at.saturating_add(1);
        match byte {
            b'\\' if self.quote != 0 && is_quote(self.byte(self.at)) => {
                self.at = self.at.saturating_add(1);
            }
            b'\'' | b'"' if self.quote == 0 => self.quote = byte,
            b'\'' | b'"' if self.quote == byte => {
                self.quote = 0;
                self.read.string();
            }
            b'`' if matches!(kind, Kind::Angle | Kind::Hash) && self.quote == 0 => {
                // A command of Ruby begins the expression; a template string does not.
                let [one, two, _] = self.read.last;
                let is_first =
                    one == Token::Start || one == Token::Sign(b'(') && two == Token::Start;
                let command = self.byte(self.at);
                if is_first && (command.is_ascii_alphabetic() || command == b'/') {
                    self.note(Grade::Effect, "command", kind);
                }
            }
            // `%x(ls)`, `%x|ls|`.
            b'%' if matches!(kind, Kind::Angle | Kind::Hash)
                && matches!(self.rest(self.at), [b'x', b'(' | b'|' | b'{' | b'[', ..]) =>
            {
                self.note(Grade::Effect, "command", kind);
            }
            b'(' if self.is_root_call(kind) => self.note(Grade::Effect, "root-call", kind),
            _ => {}
        }
        if byte.is_ascii_whitespace() {
            self.has_line |= byte == b'\n';
            return;
        }
        self.read.sign(byte, self.quote != 0 && self.quote != byte);
    }

    /// `config['X'](`: what a root holds is called.
    fn is_root_call(&self, kind: Kind) -> bool {
        let is_held = self.read.last.first() == Some(&Token::Sign(b']'));
        kind == Kind::Mustache && is_held && self.read.first.is(Roles::ROOT)
    }

    fn word(&mut self, kind: Kind) {
        let rest = self.rest(self.at);
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80;
        let len = rest.iter().take_while(is_part).count();
        let word = rest.get(..len).unwrap_or(&[]);
        let place = Place {
            word,
            roles: roles(word),
            before: self.byte(self.at.wrapping_sub(1)),
            behind: rest.get(len..).unwrap_or(&[]),
            kind,
            read: &self.read,
        };
        let meaning = place.meaning();
        let roles = place.roles;
        let is_literal_call = self.quote == 0
            && self.read.words() == 0
            && self.read.begins_with_string()
            && place.before == b'.'
            && place.behind.starts_with(b"()");
        self.at = self.at.saturating_add(len);
        self.read.word(roles, self.quote != 0);
        if let Some((grade, production)) = meaning {
            self.note(grade, production, kind);
        } else if is_literal_call {
            self.note(Grade::Alone, "literal-call", kind);
        }
    }

    fn number(&mut self) {
        let rest = self.rest(self.at);
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'.';
        let len = rest.iter().take_while(is_part).count();
        self.at = self.at.saturating_add(len.max(1));
        if self.quote == 0 {
            self.read.number(len);
        }
    }

    fn note(&mut self, grade: Grade, production: &'static str, kind: Kind) {
        if kind == Kind::Pair {
            return;
        }
        if kind.is_shown_by_words() && !self.read.has.any(Roles::REFLECTION) {
            return;
        }
        if self.pending.is_none_or(|old| old.grade < grade) {
            self.pending = Some(Sign {
                grade,
                production,
                kind,
                span: span(self.began, self.at),
            });
        }
    }

    /// Closes the innermost expression, if a sign that ends it stands here.
    fn closes(&mut self, top: Open, byte: u8) -> bool {
        let next = self.byte(self.at.saturating_add(1));
        let len = match (top.kind, byte) {
            (Kind::Mustache, b'}') if next == b'}' => 2,
            (Kind::Tag | Kind::Angle, b'%') if next == end_of(top.kind) => 2,
            (Kind::Directive, b'>') => 1,
            (Kind::Pair, b']') if next == b']' => 2,
            (Kind::Dollar | Kind::Hash | Kind::Brace | Kind::Smarty, b'{' | b'}')
            | (Kind::Square, b'[' | b']')
            | (Kind::Razor | Kind::Set, b'(' | b')') => return self.bracket(byte),
            (Kind::Reference, _) => return self.ends_reference(top, byte),
            _ => return false,
        };
        self.close(len);
        true
    }

    /// Counts a bracket of the kind that closes the innermost expression.
    fn bracket(&mut self, byte: u8) -> bool {
        let is_open = matches!(byte, b'{' | b'[' | b'(');
        let top = self.nest.get_mut(self.depth.saturating_sub(1));
        let Some(top) = top else { return false };
        if is_open {
            top.brackets = top.brackets.saturating_add(1);
            return false;
        }
        if top.brackets > 0 {
            top.brackets = top.brackets.saturating_sub(1);
            return false;
        }
        self.close(1);
        true
    }

    /// A reference goes on with members and arguments.
    fn ends_reference(&mut self, top: Open, byte: u8) -> bool {
        match byte {
            b'(' | b'[' => {
                if let Some(top) = self.nest.get_mut(self.depth.saturating_sub(1)) {
                    top.brackets = top.brackets.saturating_add(1);
                }
                false
            }
            b')' | b']' if top.brackets > 0 => {
                if let Some(top) = self.nest.get_mut(self.depth.saturating_sub(1)) {
                    top.brackets = top.brackets.saturating_sub(1);
                }
                false
            }
            b'.' => false,
            _ if top.brackets > 0 => false,
            _ => {
                self.close(0);
                true
            }
        }
    }

    fn close(&mut self, len: usize) {
        let kind = self.top().kind;
        self.at = self.at.saturating_add(len);
        while kind == Kind::Mustache && self.byte(self.at) == b'}' {
            self.at = self.at.saturating_add(1);
        }
        if self.read.is_arithmetic(kind) {
            self.note(Grade::Alone, ARITHMETIC, kind);
        }
        if kind == Kind::Mustache && self.read.is_root() {
            self.note(Grade::Alone, ROOT, kind);
        }
        self.quote = 0;
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.settle();
        }
    }

    /// What was found in the outermost expression counts.
    fn settle(&mut self) {
        if let Some(sign) = self.pending.take() {
            self.found.note(sign);
        }
        self.found.end(self.at);
    }

    /// The open expression has no end: the rest of an attack that was cut, or text that only
    /// looked like its opening.
    fn give_up(&mut self) {
        let is_cut = |sign: &Sign| {
            sign.grade == Grade::Attack && matches!(sign.kind, Kind::Mustache | Kind::Dollar)
        };
        if self.has_line && !self.pending.as_ref().is_some_and(is_cut) {
            self.pending = None;
        }
        self.depth = 0;
        self.settle();
    }

    /// The expression that a sign inside of another one opens: only those that no language has for
    /// something else.
    fn nested(&self, byte: u8) -> Option<(Kind, usize)> {
        let (kind, len) = opening::at(self.text, self.at, byte)?;
        let is_sure = matches!(
            kind,
            Kind::Mustache | Kind::Tag | Kind::Dollar | Kind::Hash | Kind::Angle
        );
        is_sure.then_some((kind, len))
    }

    fn end(mut self) -> Found {
        if self.depth > 0 {
            self.give_up();
        }
        // A probe of opening signs alone, to see which engine stumbles.
        let signs = self.kinds.count_ones();
        let is_probe = signs > 1 && !self.letters && self.text.len() <= PROBE_BYTES_MAX;
        if is_probe && !self.text.iter().any(u8::is_ascii_alphanumeric) {
            self.found.outside = 0;
            self.found.note(Sign {
                grade: Grade::Alone,
                production: "polyglot",
                kind: Kind::Mustache,
                span: span(0, self.text.len()),
            });
        }
        self.found
    }
}

// Limit: the opening signs of all engines in a row have 40 bytes.
const PROBE_BYTES_MAX: usize = 48;

fn end_of(kind: Kind) -> u8 {
    if kind == Kind::Tag { b'}' } else { b'>' }
}

pub(super) fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: offset(start),
        end: offset(end),
    }
}
