//! The grammar of second statements: a verb, its object, and what they call.
//! It never reads a statement's clauses, which differ too much from one verb to the next.
use super::super::reading::{Entry, Facts, Lead, Stop};
use super::super::statement::{self, Object};
use super::super::token::{Kind, Token};
use super::super::word::Roles;
use super::{PLAIN_WORDS_MAX, Reader, State};

impl<'a> Reader<'a, '_> {
    /// MSSQL needs no semicolon before a second statement.
    pub(super) fn unmarked_statement(&mut self, token: &Token<'a>) -> Option<State> {
        let object = statement::object(token, self.lexer);
        if matches!(object, Object::None | Object::Weak | Object::Marked) {
            return None;
        }
        self.close_condition();
        self.led = true;
        self.note_statement(object, false);
        Some(State::Loose)
    }

    /// `' select …`: so does a `select` of MSSQL.
    pub(super) fn unmarked_select(&mut self) -> Option<Stop> {
        self.close_condition();
        self.led = true;
        self.facts.add(Facts::VERB);
        // `please select 2 options`
        self.said = self.is_said();
        self.stacked = true;
        self.marked = false;
        self.top.select = true;
        self.top.list = true;
        self.go(State::Operand)
    }

    /// True where nothing but words was read before a verb, and no quote was left.
    pub(super) fn is_said(&self) -> bool {
        self.entry == Entry::Operand && matches!(self.lead, Lead::Name | Lead::Nothing)
    }

    fn note_statement(&mut self, object: Object, marked: bool) {
        self.facts.add(match object {
            Object::Marked if marked => Facts::STACKED,
            Object::None | Object::Weak | Object::Marked => Facts::VERB,
            Object::Fits => Facts::STACKED,
            Object::Effect => Facts::STACKED.with(Facts::EFFECT),
        });
        self.plain = 0;
    }

    /// The value itself begins with a statement's verb.
    pub(super) fn first_statement(&mut self, token: &Token<'a>) -> Option<Stop> {
        self.led = true;
        self.lead = Lead::Expression;
        if token.roles.any(Roles::SELECT) {
            self.facts.add(Facts::STATEMENT);
            self.top.select = true;
            self.top.list = true;
            return None;
        }
        let object = statement::object(token, self.lexer);
        if matches!(object, Object::None | Object::Marked) {
            self.led = false;
            self.lead = Lead::Nothing;
            return self.named(token);
        }
        self.facts.add(Facts::STATEMENT);
        self.note_statement(object, false);
        self.go(State::Loose)
    }

    pub(super) fn statement(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Word if token.roles.any(Roles::SELECT) => {
                let _ = self.unmarked_select();
                self.marked = true;
                None
            }
            Kind::Word if token.roles.any(Roles::VERB) => {
                let object = statement::object(token, self.lexer);
                if object == Object::None {
                    return Some(Stop::Broken);
                }
                self.note_statement(object, true);
                self.go(State::Loose)
            }
            Kind::Open => {
                self.stacked = true;
                self.push();
                self.go(State::Operand)
            }
            Kind::Semicolon => None,
            Kind::Cut => Some(Stop::Cut),
            Kind::End => Some(Stop::End),
            _ => Some(Stop::Broken),
        }
    }

    pub(super) fn loose(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Word => {
                if token.roles.any(Roles::EFFECT) && self.next_opens() {
                    self.facts.add(Facts::EFFECT);
                }
                if token.roles.any(Roles::SYSTEM) || token.path.any(Roles::SYSTEM) {
                    self.facts.add(Facts::SYSTEM);
                }
                if token.roles.any(Roles::SELECT) {
                    self.facts.add(Facts::SUBSELECT);
                }
                if token.roles.any(Roles::VERB) {
                    let object = statement::object(token, self.lexer);
                    if object != Object::None {
                        self.note_statement(object, false);
                    }
                }
                self.plain = if token.roles.0 == 0 {
                    self.plain.saturating_add(1)
                } else {
                    0
                };
                (self.plain > PLAIN_WORDS_MAX).then_some(Stop::Broken)
            }
            Kind::Semicolon => self.go(State::Statement),
            Kind::Text { open: true } => Some(Stop::Open),
            Kind::Setting => {
                self.facts.add(Facts::SYSTEM);
                None
            }
            Kind::Number if spells_text(token.text) => {
                self.facts.add(Facts::EFFECT);
                None
            }
            Kind::Cut => Some(Stop::Cut),
            Kind::End => Some(Stop::End),
            Kind::Other => Some(Stop::Broken),
            _ => {
                self.plain = 0;
                None
            }
        }
    }
}

/// True for a hexadecimal number that spells a text, as statements are hidden from filters.
fn spells_text(number: &[u8]) -> bool {
    let [b'0', b'x' | b'X', digits @ ..] = number else {
        return false;
    };
    let (bytes, _) = digits.as_chunks::<2>();
    // UTF-16 has a zero behind each letter.
    let is_text =
        |byte: &[u8; 2]| matches!(byte, [b'2'..=b'7', _] | [b'0', b'0' | b'9' | b'a' | b'd']);
    let letters = bytes.iter().filter(|byte| matches!(byte, [b'6' | b'7', _]));
    // Limit: six letters are a word; a number that holds as many by chance is no longer one.
    letters.count() >= 6 && bytes.iter().all(is_text)
}
