//! What has been read of an expression: its last tokens, what it is made of, what it has named.
//! It never keeps the tokens themselves: an expression costs the same however long it is.
use super::opening::Kind;
use super::word::Roles;

/// One token, as far as what follows asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Token {
    /// Nothing stands before.
    #[default]
    Start,
    /// A word, with its roles.
    Word(Roles),
    /// A number.
    Number,
    /// Any other sign.
    Sign(u8),
}

impl Token {
    /// True if it is a word with one of these roles.
    pub(super) fn is(self, roles: Roles) -> bool {
        matches!(self, Self::Word(own) if own.any(roles))
    }
}

/// The facts of one expression.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expression {
    /// The last three tokens, the latest first.
    pub(super) last: [Token; 3],
    /// The first token.
    pub(super) first: Token,
    /// The roles of all words so far.
    pub(super) has: Roles,
    words: u8,
    numbers: u8,
    strings: u8,
    operators: u8,
    others: u8,
    /// The first number has one digit, as the parameters of the shell have.
    is_parameter: bool,
    has_product: bool,
    /// Members that Python gives each object.
    pub(super) dunders: u8,
}

impl Expression {
    /// An expression inside of one that has named these.
    pub(super) fn within(has: Roles) -> Self {
        Self {
            has,
            ..Self::default()
        }
    }

    /// Takes a word outside or inside of a string.
    pub(super) fn word(&mut self, roles: Roles, in_string: bool) {
        if !in_string {
            self.words = self.words.saturating_add(1);
        }
        if roles.any(Roles::DUNDER) {
            self.dunders = self.dunders.saturating_add(1);
        }
        self.has = self.has.with(roles);
        self.push(Token::Word(roles));
    }

    /// Takes a number outside of a string.
    pub(super) fn number(&mut self, digits: usize) {
        self.is_parameter |= self.first == Token::Start && digits == 1;
        self.numbers = self.numbers.saturating_add(1);
        self.push(Token::Number);
    }

    /// Takes the end of a string.
    pub(super) fn string(&mut self) {
        self.strings = self.strings.saturating_add(1);
    }

    /// Takes a sign outside or inside of a string.
    pub(super) fn sign(&mut self, byte: u8, in_string: bool) {
        if !in_string {
            self.has_product |= byte == b'*';
            let count = match byte {
                b'+' | b'*' | b'/' | b'%' | b'-' | b'~' => &mut self.operators,
                b'(' | b')' | b'\'' | b'"' => return self.push(Token::Sign(byte)),
                // `(7, 6 * 7)`: one of several values is reckoned.
                b',' if self.first == Token::Sign(b'(') => return self.push(Token::Sign(byte)),
                _ => &mut self.others,
            };
            *count = count.saturating_add(1);
        }
        self.push(Token::Sign(byte));
    }

    fn push(&mut self, token: Token) {
        if self.first == Token::Start {
            self.first = token;
        }
        let [one, two, _] = self.last;
        self.last = [token, one, two];
    }

    /// The number of words outside of strings.
    pub(super) fn words(&self) -> u8 {
        self.words
    }

    /// True if the expression reckons with numbers and strings and with nothing else.
    pub(super) fn is_arithmetic(&self, kind: Kind) -> bool {
        let operands = self.numbers.saturating_add(self.strings);
        // `${1-8080}` is a default of the shell, `${60 * 60 * 24}` a day in JavaScript.
        let is_default = kind == Kind::Dollar
            && (self.numbers != 2 && self.strings == 0 || self.is_parameter && !self.has_product);
        self.words == 0
            && self.others == 0
            && self.numbers > 0
            && operands > 1
            && self.operators > 0
            && !is_default
    }

    /// True if the whole expression is the name of one thing that each template has.
    pub(super) fn is_root(&self) -> bool {
        let is_alone = self.others == 0 && self.operators == 0 && self.numbers == 0;
        self.words == 1 && is_alone && self.strings == 0 && self.first.is(Roles::ROOT)
    }

    /// True if the expression begins with a string of its own.
    pub(super) fn begins_with_string(&self) -> bool {
        matches!(self.first, Token::Sign(b'\'' | b'"')) && self.strings == 1
    }
}
