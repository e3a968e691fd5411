//! The grammar where an operand is due: literals, names, calls, sub-selects.
//! It never decides what an operand is worth, only what it is.
use super::super::reading::{Facts, Lead, Stop};
use super::super::token::{Kind, Lexer, Token};
use super::super::word::{self, Roles};
use super::{Call, Reader, State};

impl<'a> Reader<'a, '_> {
    pub(super) fn next_opens(&self) -> bool {
        self.lexer.calls_next()
    }

    fn ends_next(&self) -> bool {
        let mut ahead = self.lexer;
        matches!(ahead.next().kind, Kind::End | Kind::Cut)
    }

    pub(super) fn compares_next(&self) -> bool {
        let mut ahead = self.lexer;
        ahead.next().kind == Kind::Compare
    }

    pub(super) fn operand(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Number => {
                if self.order && self.depth == 0 {
                    self.facts.add(Facts::ORDER);
                }
                self.literal(Lead::Number)
            }
            Kind::Text { open } => {
                if self.file {
                    self.facts.add(Facts::EFFECT);
                }
                let _ = self.literal(Lead::Text);
                // `'or',` is a word in quotes.
                let apart = self.spaced(token) || token.text.iter().any(u8::is_ascii_digit);
                if open && apart && !token.text.iter().any(u8::is_ascii_alphabetic) {
                    self.facts.add(Facts::LETTERLESS);
                }
                open.then_some(Stop::Open)
            }
            Kind::Word => self.word(token),
            Kind::Name | Kind::Variable | Kind::Setting => self.named(token),
            Kind::Sign => None,
            Kind::Star if self.top.list || self.top.call != Call::None => {
                self.literal(Lead::Expression)
            }
            Kind::Open => {
                if !self.led && self.depth == 0 && self.lead != Lead::Nothing {
                    self.lead = Lead::Expression;
                }
                self.clause = false;
                self.push();
                None
            }
            Kind::Close if self.top.call != Call::None && self.top.fresh => {
                self.pop();
                self.go(State::After)
            }
            Kind::Compare if matches!(token.text, [b'?' | b'@', ..]) => Some(Stop::Broken),
            Kind::Close | Kind::Comma | Kind::Semicolon | Kind::Connective | Kind::Compare
                if self.at_start() =>
            {
                self.after(token)
            }
            Kind::Cut => Some(Stop::Cut),
            Kind::End => Some(Stop::Dangling),
            _ => Some(Stop::Broken),
        }
    }

    /// A word where an operand is due.
    fn word(&mut self, token: &Token<'a>) -> Option<Stop> {
        let roles = token.roles;
        if self.names_escape(token) {
            return None;
        }
        // Behind `::` stands a type, or a name of some other language.
        let may_call = self.last != Kind::Cast && roles.0 | token.path.0 != 0;
        if may_call && self.next_opens() {
            if roles.any(Roles::EFFECT) || token.path.any(Roles::EFFECT) {
                return self.called(Call::Effect, token);
            }
            if roles.any(Roles::CALL) {
                return self.called(Call::Known, token);
            }
        }
        if token.path.any(Roles::EFFECT) && self.facts.has(Facts::JOINED) && self.ends_next() {
            // `'||utl_http.request`: the query's own text goes on with the arguments.
            self.facts.add(Facts::EFFECT);
        }
        if self.at_start() {
            if roles.any(Roles::CONTINUES) || word::is(token.text, "limit") {
                return self.after(token);
            }
            if roles.any(Roles::VERB) {
                return self.first_statement(token);
            }
        }
        if roles.any(Roles::SELECT) {
            // `and -select`: a search leaves a word out.
            if self.last == Kind::Sign {
                return Some(Stop::Broken);
            }
            return self.select();
        }
        if roles.any(Roles::CASE) {
            self.top.case = self.top.case.saturating_add(1);
            return None;
        }
        if roles.any(Roles::WHEN) && self.top.case > 0 {
            self.facts.add(Facts::CONNECTIVE);
            return None;
        }
        if roles.any(Roles(Roles::UNARY.0 | Roles::NOT.0 | Roles::QUANTIFIER.0)) {
            return None;
        }
        if roles.any(Roles::CONSTANT) {
            // `or user` is two words of English; compared with something it is a call.
            self.top.called |= roles.any(Roles::CALL) && (self.top.compare || self.compares_next());
            return self.literal(Lead::Name);
        }
        if self.clause && roles.any(Roles(Roles::CLAUSE.0 | Roles::FILE.0)) {
            self.file |= roles.any(Roles::FILE);
            self.order = self.sorts && word::is(token.text, "by");
            return None;
        }
        if roles.any(Roles::SET_OPERATION) && self.tokens > 1 {
            return self.go(State::Union);
        }
        if roles.any(Roles(Roles::CONNECTIVE.0 | Roles::FROM.0)) {
            return Some(Stop::Broken);
        }
        if self.next_opens() {
            return self.called(Call::Unknown, token);
        }
        if word::is(token.text, "array") && self.text.get(self.lexer.at()) == Some(&b'[') {
            return self.array();
        }
        self.named(token)
    }

    /// `array['a','b']`, whose elements are constants.
    fn array(&mut self) -> Option<Stop> {
        let at = self.lexer.at().saturating_add(1);
        let mut ahead = Lexer::new(self.text, at);
        // Limit: sixteen elements with the commas between them.
        for _ in 0..16 {
            let constant = matches!(ahead.next().kind, Kind::Number | Kind::Text { open: false });
            if !constant {
                break;
            }
            let next = ahead.next();
            if next.text == b"]" {
                self.lexer = ahead;
                return self.literal(Lead::Expression);
            }
            if next.kind != Kind::Comma {
                break;
            }
        }
        Some(Stop::Broken)
    }

    /// `{d '2026-01-01'}`, `{if length(a)>0}`: MySQL reads on behind the name.
    fn names_escape(&self, token: &Token<'a>) -> bool {
        let before = self.text.get(..token.start).unwrap_or_default();
        if before.trim_ascii_end().last() != Some(&b'{') || self.next_opens() {
            return false;
        }
        let mut ahead = self.lexer;
        let next = ahead.next();
        matches!(next.kind, Kind::Number | Kind::Text { .. })
            || next.kind == Kind::Word && ahead.calls_next()
    }

    pub(super) fn called(&mut self, call: Call, token: &Token<'a>) -> Option<Stop> {
        if call == Call::Unknown {
            self.facts.add(Facts::NAMED);
        } else {
            self.facts.add(Facts::CALLED);
            if matches!(self.top.call, Call::Known | Call::Effect) {
                self.facts.add(Facts::NESTED_CALL);
            }
            self.note_spelled(token);
        }
        if self.top.list && call != Call::Unknown {
            self.note_list();
        }
        self.note_operand(Lead::Expression);
        self.single = &[];
        if self.top.compare && call != Call::Unknown {
            self.note_compared_call();
        }
        if token.path.any(Roles::SYSTEM) {
            self.facts.add(Facts::SYSTEM);
        }
        self.call = call;
        None
    }

    /// `char(83)||char(69)||…`: a text that is spelled in codes hides from whoever reads it.
    fn note_spelled(&mut self, token: &Token<'a>) {
        let spells = ["char", "chr", "nchar"];
        if !spells.iter().any(|name| word::is(token.text, name)) {
            return;
        }
        let mut ahead = self.lexer;
        ahead.next();
        if ahead.next().kind == Kind::Number && ahead.next().kind == Kind::Close {
            self.spelled = self.spelled.saturating_add(1);
        }
        // Limit: a line break is two codes, a quoted name three; the shortest keyword that is
        // hidden so has five letters with what stands around it.
        if self.spelled >= 5 {
            self.facts.add(Facts::EFFECT);
        }
    }

    fn select(&mut self) -> Option<Stop> {
        // `or select "all"`: without a parenthesis it is none, unless it names a table.
        self.said = self.depth == 0 && self.is_said();
        let may_be = self.depth > 0 || self.facts.has(Facts::CONNECTIVE) || self.led;
        if may_be && !self.said {
            self.facts.add(Facts::SUBSELECT);
        }
        if !self.led && self.lead == Lead::Nothing {
            self.lead = Lead::Expression;
        }
        self.top.select = true;
        self.top.list = true;
        self.top.fresh = false;
        None
    }
}
