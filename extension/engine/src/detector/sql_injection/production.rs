//! The tolerant grammar: reads on from a break-out and notes the productions that it passes.
//! It never goes back, never recurses, and never needs the query to be complete.
use super::reading::{Entry, Facts, Lead, Reading, Stop};
use super::statement;
use super::token::{Kind, Lexer, Token};
use super::word::{self, Roles};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    None,
    Unknown,
    Known,
    Effect,
}

/// What is known of one level of parentheses, and of the condition that is being read in it.
#[derive(Clone, Copy)]
struct Frame {
    call: Call,
    /// Contains a `select`, so aliases may follow operands.
    select: bool,
    /// Inside the select list.
    list: bool,
    case: u8,
    /// The next `and` belongs to a `between`.
    between: bool,
    compare: bool,
    /// An operand stands in the condition (behind the comparison, if there is one).
    operand: bool,
    /// A column or other name takes part.
    name: bool,
    /// A known function, a setting or a sub-select takes part.
    called: bool,
    /// A connective opened the condition.
    condition: bool,
    /// Nothing was read at this level.
    fresh: bool,
}

const FRAME: Frame = Frame {
    call: Call::None,
    select: false,
    list: false,
    case: 0,
    between: false,
    compare: false,
    operand: false,
    name: false,
    called: false,
    condition: false,
    fresh: true,
};

// Limit: sqlmap's deepest payloads nest 12 parentheses; beyond 32 the levels share one frame.
const FRAMES: usize = 32;
// Limit: a value rarely stands in more than six parentheses; 16 closing ones leave room for lies.
const CLOSES_MAX: u8 = 16;
// Limit: five plain words in a row are no statement of any dialect.
const PLAIN_WORDS_MAX: u8 = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// An operand is due.
    Operand,
    /// An operand was read.
    After,
    /// A set operation was read.
    Union,
    /// A statement may begin.
    Statement,
    /// Inside a statement other than `select`: only its calls and names matter.
    Loose,
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    facts: Facts,
    top: Frame,
    outer: [Frame; FRAMES],
    depth: usize,
    closes: u8,
    state: State,
    entry: Entry,
    lead: Lead,
    /// The lead is complete.
    led: bool,
    tokens: usize,
    /// The kind of call that the next parenthesis opens.
    call: Call,
    /// The last word began a clause, and another such word may follow.
    clause: bool,
    order: bool,
    file: bool,
    /// The current select is a second statement.
    stacked: bool,
    /// An alias was read for the last operand.
    alias: bool,
    last: Kind,
    plain: u8,
}

/// Reads on from `at` for at most `tokens_max` tokens.
pub(super) fn read(text: &[u8], at: usize, entry: Entry, tokens_max: usize) -> Reading {
    let mut reader = Reader::new(text, at, entry);
    let mut end;
    let stop = loop {
        let token = reader.lexer.next();
        end = token.start;
        if reader.tokens >= tokens_max {
            break Stop::Limit;
        }
        reader.tokens = reader.tokens.saturating_add(1);
        if let Some(stop) = reader.take(&token) {
            break stop;
        }
        reader.last = token.kind;
    };
    if stop != Stop::Broken || reader.state == State::After {
        reader.close_condition();
    }
    Reading {
        facts: reader.facts,
        stop,
        lead: reader.lead,
        closes: reader.closes,
        depth: reader.depth,
        tokens: reader.tokens,
        end,
        at: reader.lexer.at(),
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], at: usize, entry: Entry) -> Self {
        let bare = entry == Entry::Operand;
        Self {
            lexer: Lexer::new(text, at),
            facts: Facts::default(),
            top: FRAME,
            outer: [FRAME; FRAMES],
            depth: 0,
            closes: 0,
            state: if bare { State::Operand } else { State::After },
            entry,
            lead: Lead::Nothing,
            led: !bare,
            tokens: 0,
            call: Call::None,
            clause: false,
            order: false,
            file: false,
            stacked: false,
            alias: false,
            last: Kind::End,
            plain: 0,
        }
    }

    fn take(&mut self, token: &Token<'a>) -> Option<Stop> {
        match self.state {
            State::Operand => self.operand(token),
            State::After => self.after(token),
            State::Union => self.union(token),
            State::Statement => self.statement(token),
            State::Loose => self.loose(token),
        }
    }

    fn go(&mut self, state: State) -> Option<Stop> {
        self.state = state;
        None
    }

    /// True for the first token of a value that stands bare: it may also be a continuation.
    fn at_start(&self) -> bool {
        self.entry == Entry::Operand && self.tokens == 1
    }

    fn push(&mut self) {
        if let Some(slot) = self.outer.get_mut(self.depth) {
            *slot = self.top;
        }
        self.depth = self.depth.saturating_add(1);
        let list = false;
        self.top = Frame {
            call: self.call,
            list,
            ..FRAME
        };
        self.call = Call::None;
    }

    /// Leaves a level; what took part in it takes part in the condition around it.
    fn pop(&mut self) {
        self.close_condition();
        let inner = self.top;
        self.depth = self.depth.saturating_sub(1);
        self.top = self.outer.get(self.depth).copied().unwrap_or(FRAME);
        self.top.operand = true;
        self.top.fresh = false;
        let known = inner.select || matches!(inner.call, Call::Known | Call::Effect);
        self.top.called |= inner.called || known;
        self.top.name |= inner.name && !known || inner.call == Call::Unknown;
    }

    /// Ends the condition that is being read at this level and notes what it was.
    fn close_condition(&mut self) {
        let frame = self.top;
        let added = self.facts.has(Facts::CONNECTIVE);
        if frame.compare && frame.operand {
            self.facts.add(match (frame.called, frame.name, added) {
                (true, _, _) => Facts::CALL_COMPARISON,
                (false, true, true) => Facts::NAME_COMPARISON,
                (false, true, false) => Facts::default(),
                (false, false, true) => Facts::CONSTANT_COMPARISON,
                (false, false, false) => Facts::EARLY_COMPARISON,
            });
        } else if frame.condition && frame.operand && !frame.compare {
            if frame.called {
                self.facts.add(Facts::CALL_TRUTH);
            } else if !frame.name {
                self.facts.add(Facts::TRUTH);
            }
        }
        self.top.compare = false;
        self.top.operand = false;
        self.top.name = false;
        self.top.called = false;
        self.top.condition = false;
        self.top.between = false;
        self.order = false;
        self.alias = false;
    }

    fn connect(&mut self) -> Option<Stop> {
        self.close_condition();
        self.led = true;
        self.facts.add(Facts::CONNECTIVE);
        self.top.condition = true;
        self.go(State::Operand)
    }

    fn compare(&mut self) -> Option<Stop> {
        self.widen_lead();
        self.top.compare = true;
        self.top.operand = false;
        self.go(State::Operand)
    }

    fn widen_lead(&mut self) {
        if !self.led && self.depth == 0 {
            self.lead = Lead::Expression;
        }
    }

    fn join(&mut self) -> Option<Stop> {
        if self.depth == 0 {
            self.widen_lead();
            self.facts.add(Facts::JOINED);
        }
        self.go(State::Operand)
    }

    fn clause(&mut self, token: &Token<'a>) -> Option<Stop> {
        self.close_condition();
        self.led = true;
        self.top.list = false;
        self.clause = true;
        self.order = token.roles.any(Roles::ORDER);
        self.go(State::Operand)
    }

    /// An operand of fixed value.
    fn literal(&mut self, lead: Lead) -> Option<Stop> {
        if self.top.list {
            self.note_list();
        }
        self.note_operand(lead);
        self.go(State::After)
    }

    fn note_list(&mut self) {
        self.facts.add(Facts::LIST);
        if self.stacked {
            self.facts.add(Facts::STACKED);
        }
    }

    fn note_operand(&mut self, lead: Lead) {
        if self.top.call == Call::Effect {
            self.facts.add(Facts::EFFECT);
        }
        if !self.led {
            let first = self.depth == 0 && self.lead == Lead::Nothing;
            self.lead = if first { lead } else { Lead::Expression };
        }
        self.top.operand = true;
        self.top.fresh = false;
        self.clause = false;
        self.alias = false;
    }

    /// An operand that names a column, table or variable.
    fn named(&mut self, token: &Token<'a>) -> Option<Stop> {
        self.note_operand(Lead::Name);
        self.top.name = true;
        if token.kind == Kind::Setting
            || (token.roles.any(Roles::SYSTEM) && token.text.len() > 6)
            || token.path.any(Roles::SYSTEM)
        {
            self.facts.add(Facts::SYSTEM);
            self.top.called = true;
            if self.top.list {
                self.note_list();
            }
        }
        self.go(State::After)
    }

    fn next_opens(&self) -> bool {
        let mut ahead = self.lexer;
        ahead.next().kind == Kind::Open
    }

    fn operand(&mut self, token: &Token<'a>) -> Option<Stop> {
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
        if roles.0 | token.path.0 != 0 && self.next_opens() {
            if roles.any(Roles::EFFECT) || token.path.any(Roles::EFFECT) {
                return self.called(Call::Effect, token);
            }
            if roles.any(Roles::CALL) {
                return self.called(Call::Known, token);
            }
        }
        if self.at_start() {
            const CONTINUES: u32 = Roles::CONNECTIVE.0
                | Roles::SET_OPERATION.0
                | Roles::ORDER.0
                | Roles::WHERE.0
                | Roles::COMPARE.0
                | Roles::IN.0
                | Roles::BETWEEN.0
                | Roles::WAIT.0;
            if roles.any(Roles(CONTINUES)) || word::is(token.text, "limit") {
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
            self.top.called |= roles.any(Roles::CALL);
            return self.literal(Lead::Name);
        }
        if self.clause && roles.any(Roles(Roles::CLAUSE.0 | Roles::FILE.0)) {
            self.file |= roles.any(Roles::FILE);
            return None;
        }
        if roles.any(Roles(
            Roles::CONNECTIVE.0 | Roles::SET_OPERATION.0 | Roles::FROM.0,
        )) {
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

    fn after(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Word => self.word_after(token),
            Kind::Name if self.may_alias() => {
                self.alias = true;
                None
            }
            // Two strings side by side are one.
            Kind::Text { open: false } if matches!(self.last, Kind::Text { .. }) => None,
            Kind::Compare => self.compare(),
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
        !self.alias && (self.top.select || self.last == Kind::Close)
    }

    /// A word where an operator is due.
    fn word_after(&mut self, token: &Token<'a>) -> Option<Stop> {
        let roles = token.roles;
        if roles.any(Roles::CONNECTIVE) {
            if self.top.between {
                self.top.between = false;
                return self.go(State::Operand);
            }
            return self.connect();
        }
        if roles.any(Roles(Roles::COMPARE.0 | Roles::IN.0 | Roles::BETWEEN.0)) {
            let _ = self.compare();
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
            if self.top.list {
                self.facts.add(Facts::FROM);
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
        if roles.any(Roles::WAIT) || (self.depth == 0 && roles.any(Roles::VERB)) {
            if let Some(next) = self.unmarked_statement(token) {
                return self.go(next);
            }
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

    /// MSSQL needs no semicolon before a second statement.
    fn unmarked_statement(&mut self, token: &Token<'a>) -> Option<State> {
        let object = statement::object(token, self.lexer);
        if object == statement::Object::None || object == statement::Object::Weak {
            return None;
        }
        self.close_condition();
        self.led = true;
        self.note_statement(object);
        Some(State::Loose)
    }

    fn note_statement(&mut self, object: statement::Object) {
        self.facts.add(match object {
            statement::Object::None | statement::Object::Weak => Facts::VERB,
            statement::Object::Fits => Facts::STACKED,
            statement::Object::Effect => Facts::STACKED.with(Facts::EFFECT),
        });
        self.plain = 0;
    }

    fn union(&mut self, token: &Token<'a>) -> Option<Stop> {
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

    /// The value itself begins with a statement's verb.
    fn first_statement(&mut self, token: &Token<'a>) -> Option<Stop> {
        self.led = true;
        self.lead = Lead::Expression;
        if token.roles.any(Roles::SELECT) {
            self.facts.add(Facts::STATEMENT);
            self.top.select = true;
            self.top.list = true;
            return None;
        }
        let object = statement::object(token, self.lexer);
        if object == statement::Object::None {
            self.led = false;
            self.lead = Lead::Nothing;
            return self.named(token);
        }
        self.facts.add(Facts::STATEMENT);
        self.note_statement(object);
        self.go(State::Loose)
    }

    fn statement(&mut self, token: &Token<'a>) -> Option<Stop> {
        match token.kind {
            Kind::Word if token.roles.any(Roles::SELECT) => {
                self.facts.add(Facts::VERB);
                self.stacked = true;
                self.top.select = true;
                self.top.list = true;
                self.go(State::Operand)
            }
            Kind::Word if token.roles.any(Roles::VERB) => {
                let object = statement::object(token, self.lexer);
                if object == statement::Object::None {
                    return Some(Stop::Broken);
                }
                self.note_statement(object);
                self.go(State::Loose)
            }
            Kind::Open => {
                self.push();
                None
            }
            Kind::Semicolon => None,
            Kind::Cut => Some(Stop::Cut),
            Kind::End => Some(Stop::End),
            _ => Some(Stop::Broken),
        }
    }

    fn loose(&mut self, token: &Token<'a>) -> Option<Stop> {
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
                    if object == statement::Object::Effect {
                        self.facts.add(Facts::EFFECT);
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
