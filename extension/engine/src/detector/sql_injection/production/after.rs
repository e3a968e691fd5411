//! The grammar behind an operand: what joins, compares, connects, or begins a clause.
//! It never goes back to the operand.
use super::super::reading::{Entry, Facts, Stop};
use super::super::token::{Kind, Token};
use super::super::word::{self, Roles};
use super::{CLOSES_MAX, Call, Reader, State};

impl<'a> Reader<'a, '_> {
    pub(super) fn after(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Word => self.word_after(token),
            Kind::Name if self.may_alias() => {
                self.alias = true;
                None
            }
            // Two strings side by side are one.
            Kind::Text { open: false } if matches!(self.last, Kind::Text { .. }) => None,
            Kind::Compare if self.is_placeholder(token) => Some(Stop::Broken),
            Kind::Compare => self.compare(),
            // PostgreSQL asks a document for a key: `'[1,2]' ? '1'`.
            Kind::Variable if token.text == b"?" && matches!(self.last, Kind::Text { .. }) => {
                self.compare()
            }
            Kind::Cast => {
                self.single = &[];
                self.go(State::Operand)
            }
            Kind::Sign | Kind::Star | Kind::Arithmetic => self.join(),
            Kind::Connective => {
                if token.text.first() == Some(&b'|') {
                    self.facts.add(Facts::JOINED);
                }
                self.connect()
            }
            Kind::Open => {
                let mut ahead = self.lexer;
                if !ahead.next().roles.any(Roles::SELECT) {
                    return Some(Stop::Broken);
                }
                self.led = true;
                self.push();
                self.go(State::Operand)
            }
            Kind::Close => self.close(),
            Kind::Comma => {
                self.close_condition();
                if self.depth == 0 {
                    self.led = true;
                    self.facts.add(Facts::JOINED);
                }
                self.go(State::Operand)
            }
            Kind::Semicolon => {
                self.close_condition();
                self.led = true;
                self.facts.add(Facts::SEMICOLON);
                self.go(State::Statement)
            }
            Kind::Cut => Some(Stop::Cut),
            Kind::End => Some(Stop::End),
            _ => Some(Stop::Broken),
        }
    }

    /// `<USER>`: a name that something is put for, in what comparisons never look like.
    fn is_placeholder(&self, token: &Token<'a>) -> bool {
        let rest = self.text.get(token.start..).unwrap_or_default();
        let Some(name) = rest.strip_prefix(b"<") else {
            return false;
        };
        let is_of_name = |byte: &&u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
        let len = name.iter().take(32).take_while(is_of_name).count();
        len > 1 && name.get(len) == Some(&b'>')
    }

    fn close(&mut self) -> Option<Stop> {
        if self.depth > 0 {
            self.pop();
            return self.go(State::After);
        }
        self.close_condition();
        self.led = true;
        self.closes = self.closes.saturating_add(1);
        if self.closes > CLOSES_MAX {
            return Some(Stop::Broken);
        }
        self.go(State::After)
    }

    fn may_alias(&self) -> bool {
        !self.alias && (self.top.select || self.last == Kind::Close && self.closes > 0)
    }

    /// A word where an operator is due.
    fn word_after(&mut self, token: &Token<'a>) -> Option<Stop> {
        let roles = token.roles;
        if self.calls_behind_value(token) {
            let _ = self.called(Call::Effect, token);
            return self.go(State::Operand);
        }
        if roles.any(Roles::CONNECTIVE) {
            if self.top.between {
                self.top.between = false;
                return self.go(State::Operand);
            }
            return self.connect();
        }
        if roles.any(Roles(Roles::COMPARE.0 | Roles::IN.0 | Roles::BETWEEN.0)) {
            let _ = self.compare();
            // `love is love` says nothing in SQL.
            self.compared = &[];
            self.top.between = roles.any(Roles::BETWEEN);
            return None;
        }
        if roles.any(Roles::NOT) {
            return None;
        }
        if roles.any(Roles::SET_OPERATION) {
            self.close_condition();
            self.led = true;
            return self.go(State::Union);
        }
        if roles.any(Roles::FROM) {
            if self.top.list && self.table_follows() {
                self.note_table();
                if self.stacked && self.marked && self.depth == 0 {
                    self.facts.add(Facts::STACKED);
                }
            }
            return self.clause(token);
        }
        if roles.any(Roles::WHERE) {
            self.top.list = false;
            return self.connect();
        }
        if roles.any(Roles(Roles::WHEN.0 | Roles::END.0)) && self.top.case > 0 {
            return self.case(roles);
        }
        if self.depth == 0 && roles.any(Roles::SELECT) {
            return self.unmarked_select();
        }
        let verb = roles.any(Roles::WAIT) || (self.depth == 0 && roles.any(Roles::VERB));
        if verb && let Some(next) = self.unmarked_statement(token) {
            return self.go(next);
        }
        if roles.any(Roles(
            Roles::ORDER.0 | Roles::CLAUSE.0 | Roles::AS.0 | Roles::INTO.0,
        )) {
            return self.clause(token);
        }
        if roles.any(Roles::ARITHMETIC) {
            return self.join();
        }
        if roles.any(Roles(Roles::DIRECTION.0 | Roles::MODE.0)) {
            return None;
        }
        if self.may_alias() {
            self.alias = true;
            return None;
        }
        Some(Stop::Broken)
    }

    /// True for `2026-01-01' sleep(20) '`: a value, its quote, and a call with an effect that
    /// nothing joins to it, as probes send it that try many languages at once.
    fn calls_behind_value(&self, token: &Token<'a>) -> bool {
        if self.entry != Entry::Continuation || self.tokens != 1 {
            return false;
        }
        if !token.roles.any(Roles::EFFECT) || !self.next_opens() {
            return false;
        }
        let before = self.text.get(..token.start).unwrap_or_default();
        let value = before.trim_ascii_end();
        let valued = matches!(value, [.., one, b'\'' | b'"'] if one.is_ascii_alphanumeric());
        let mut ahead = self.lexer;
        ahead.next();
        valued && value.len() < before.len() && ahead.next().kind == Kind::Number
    }

    /// True if a table may come next: in English an article does.
    fn table_follows(&self) -> bool {
        let mut ahead = self.lexer;
        let next = ahead.next();
        let named = matches!(next.kind, Kind::Name | Kind::Text { .. } | Kind::Open);
        let article = [
            "the", "a", "an", "our", "your", "my", "this", "these", "each",
        ];
        named || next.kind == Kind::Word && !article.iter().any(|word| word::is(next.text, word))
    }

    /// A table is read: what may have been English before it is a query.
    fn note_table(&mut self) {
        self.facts.add(Facts::FROM);
        if self.said && self.facts.has(Facts::CONNECTIVE) {
            self.facts.add(Facts::SUBSELECT);
        }
    }

    fn case(&mut self, roles: Roles) -> Option<Stop> {
        self.close_condition();
        if roles.any(Roles::END) {
            self.top.case = self.top.case.saturating_sub(1);
            self.top.operand = true;
            self.facts.add(Facts::CASE);
            return None;
        }
        self.go(State::Operand)
    }

    pub(super) fn union(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Open => {
                self.push();
                None
            }
            Kind::Word if token.roles.any(Roles::QUANTIFIER) => None,
            Kind::Word if token.roles.any(Roles::SELECT) => {
                self.facts.add(Facts::UNION);
                self.top.select = true;
                self.top.list = true;
                self.go(State::Operand)
            }
            Kind::Word if token.roles.any(Roles::ROWS) => {
                let fits = self.next_opens() || word::is(token.text, "table");
                self.facts.add(if fits {
                    Facts::UNION
                } else {
                    Facts::SET_OPERATION
                });
                self.top.select = true;
                self.top.list = true;
                self.go(State::Operand)
            }
            Kind::Cut | Kind::End => {
                self.facts.add(Facts::SET_OPERATION);
                Some(if token.kind == Kind::Cut {
                    Stop::Cut
                } else {
                    Stop::Dangling
                })
            }
            _ => Some(Stop::Broken),
        }
    }
}
