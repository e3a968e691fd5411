//! The grammar where an operand is due: literals, names, calls, sub-selects.
//! It never decides what an operand is worth, only what it is.
use super::super::reading::{Facts, Lead, Stop};
use super::super::token::{Kind, Token};
use super::super::word::{self, Roles};
use super::{Call, Reader, State};

impl<'a> Reader<'a, '_> {
    pub(super) fn next_opens(&self) -> bool {
        self.lexer.calls_next()
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
        if self.at_start() {
            if roles.any(Roles::CONTINUES) || word::is(token.text, "limit") {
                return self.after(token);
            }
            if roles.any(Roles::VERB) {
                return self.first_statement(token);
            }
        }
        if roles.any(Roles::SELECT) {
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
        self.named(token)
    }

    fn called(&mut self, call: Call, token: &Token<'a>) -> Option<Stop> {
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

    fn select(&mut self) -> Option<Stop> {
        if self.depth > 0 || self.facts.has(Facts::CONNECTIVE) || self.led {
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
