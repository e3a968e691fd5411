//! The tolerant grammar: reads on from a break-out and notes the productions that it passes.
//! It never goes back, never recurses, and never needs the query to be complete.
use super::reading::{Entry, Facts, Lead, Reading, Stop};
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the condition at hand"
)]
#[derive(Clone, Copy)]
pub(super) struct Frame {
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

/// Room for the levels of one reading after the other.
pub(super) type Frames = [Frame; FRAMES];

/// Room without a level in it.
pub(super) const NO_FRAMES: Frames = [FRAME; FRAMES];

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

mod after;
mod operand;
mod statement;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the query so far"
)]
struct Reader<'a, 'f> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    facts: Facts,
    top: Frame,
    /// The levels around it; what lies beyond `depth` is left from earlier readings.
    outer: &'f mut Frames,
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
    /// `order` or `group` was read, and `by` may follow; an ordinal may follow that.
    sorts: bool,
    order: bool,
    file: bool,
    /// The current select is a second statement.
    stacked: bool,
    /// A semicolon stands before it.
    marked: bool,
    /// `select` stands where English may have it.
    said: bool,
    /// An alias was read for the last operand.
    alias: bool,
    last: Kind,
    plain: u8,
    /// Letters that were spelled in codes.
    spelled: u8,
    /// The operand at hand, if it is a single token; the one that it is compared with.
    single: &'a [u8],
    compared: &'a [u8],
}

/// The first token of a reading, and the text that it stands in.
pub(super) struct First<'a> {
    text: &'a [u8],
    pub(super) token: Token<'a>,
    /// Reads what stands behind it.
    pub(super) behind: Lexer<'a>,
}

impl<'a> First<'a> {
    pub(super) fn of(text: &'a [u8], at: usize) -> Self {
        let mut behind = Lexer::new(text, at);
        let token = behind.next();
        Self {
            text,
            token,
            behind,
        }
    }
}

/// Reads on from `at` for at most `tokens_max` tokens.
pub(super) fn read(
    text: &[u8],
    at: usize,
    entry: Entry,
    tokens_max: usize,
    frames: &mut Frames,
) -> Reading {
    read_behind(&First::of(text, at), entry, tokens_max, frames)
}

/// The same behind a token that was looked at before.
pub(super) fn read_behind(
    first: &First<'_>,
    entry: Entry,
    tokens_max: usize,
    frames: &mut Frames,
) -> Reading {
    let mut token = first.token;
    let mut reader = Reader::new(first.text, first.behind, entry, frames);
    let mut end;
    let stop = loop {
        end = token.start;
        reader.facts.add(reader.lexer.passed());
        if reader.tokens >= tokens_max {
            break Stop::Limit;
        }
        reader.tokens = reader.tokens.saturating_add(1);
        if let Some(stop) = reader.take(&token) {
            break stop;
        }
        reader.last = token.kind;
        token = reader.lexer.next();
    };
    let depth = reader.depth;
    if stop != Stop::Broken || reader.state == State::After {
        reader.close_condition();
    }
    if matches!(stop, Stop::Open | Stop::Cut) {
        // The query's own parentheses close what the value leaves open.
        while reader.depth > 0 {
            reader.pop();
        }
        reader.close_condition();
    }
    Reading {
        facts: reader.facts,
        stop,
        lead: reader.lead,
        closes: reader.closes,
        depth,
        tokens: reader.tokens,
        end,
        at: reader.lexer.at(),
    }
}

impl<'a, 'f> Reader<'a, 'f> {
    fn new(text: &'a [u8], lexer: Lexer<'a>, entry: Entry, outer: &'f mut Frames) -> Self {
        let bare = entry == Entry::Operand;
        Self {
            text,
            lexer,
            facts: Facts::default(),
            top: FRAME,
            outer,
            depth: 0,
            closes: 0,
            state: if bare { State::Operand } else { State::After },
            entry,
            lead: Lead::Nothing,
            led: !bare,
            tokens: 0,
            call: Call::None,
            clause: false,
            sorts: false,
            order: false,
            file: false,
            stacked: false,
            marked: false,
            said: false,
            alias: false,
            last: Kind::End,
            plain: 0,
            spelled: 0,
            single: &[],
            compared: &[],
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
        let inner = self.top;
        self.close_condition();
        self.depth = self.depth.saturating_sub(1);
        self.top = self.outer.get(self.depth).copied().unwrap_or(FRAME);
        self.top.operand = true;
        self.top.fresh = false;
        self.single = &[];
        let known = inner.select || matches!(inner.call, Call::Known | Call::Effect);
        self.top.called |= inner.called || known;
        if self.top.list && inner.operand && !inner.name {
            self.note_list();
        }
        self.top.name |= inner.name && !known || inner.call == Call::Unknown;
    }

    /// Ends the condition that is being read at this level and notes what it was.
    fn close_condition(&mut self) {
        let frame = self.top;
        let added = self.facts.has(Facts::CONNECTIVE);
        if frame.compare && frame.operand {
            self.facts.add(match (frame.called, frame.name, added) {
                (true, _, _) => Facts::CALL_COMPARISON,
                (false, true, true) if self.compares_itself(&frame) => Facts::CONSTANT_COMPARISON,
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
        self.compared = core::mem::take(&mut self.single);
        if self.top.called {
            self.note_compared_call();
        }
        self.go(State::Operand)
    }

    /// `or a = a`: a name that is compared with itself is a constant; among the arguments of a call
    /// it is a keyword of some other language.
    fn compares_itself(&self, frame: &Frame) -> bool {
        let grouped = self.depth > 0 && frame.call == Call::None;
        (frame.condition || grouped)
            && !self.single.is_empty()
            && self.single.eq_ignore_ascii_case(self.compared)
    }

    fn note_compared_call(&mut self) {
        if self.facts.has(Facts::CONNECTIVE) && !self.top.name {
            self.facts.add(Facts::COMPARED_CALL);
        }
    }

    /// True if no word stands right before the token.
    fn spaced(&self, token: &Token<'a>) -> bool {
        let before = token.start.checked_sub(1);
        let byte = before.and_then(|at| self.text.get(at));
        byte.is_none_or(|byte| !byte.is_ascii_alphanumeric())
    }

    fn widen_lead(&mut self) {
        if !self.led && self.depth == 0 {
            self.lead = Lead::Expression;
        }
    }

    fn join(&mut self) -> Option<Stop> {
        self.single = &[];
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
        self.sorts = token.roles.any(Roles::ORDER);
        self.go(State::Operand)
    }

    /// An operand of fixed value.
    fn literal(&mut self, lead: Lead) -> Option<Stop> {
        // Without a semicolon, `'select' …` may be a word in quotes.
        let quoted = (lead == Lead::Text || self.said) && self.stacked && !self.marked;
        if self.top.list && !quoted {
            self.note_list();
        }
        self.note_operand(lead);
        self.single = &[];
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
        // `@x` and `a name` in back-ticks are no words of prose.
        let word = token.kind == Kind::Word;
        self.note_operand(if word { Lead::Name } else { Lead::Text });
        self.top.name |= self.last != Kind::Cast;
        if self.last == Kind::Cast {
            // PostgreSQL's own types; other languages write `::` before names of theirs.
            let types = [
                "bool", "boolean", "int", "integer", "numeric", "text", "json", "jsonb",
            ];
            self.top.called |=
                self.top.condition && types.iter().any(|name| word::is(token.text, name));
        } else {
            self.facts.add(Facts::NAMED);
        }
        self.single = token.text;
        if token.kind == Kind::Setting
            || (token.roles.any(Roles::SYSTEM) && token.text.len() > 6)
            || token.path.any(Roles::SYSTEM)
        {
            self.facts.add(Facts::SYSTEM);
            let setting = token.kind == Kind::Setting;
            self.top.called |= setting && (self.top.compare || self.compares_next());
            if self.top.list {
                self.note_list();
            }
        }
        self.go(State::After)
    }
}
