//! The contexts that a query gives a value, and what leaving one of them is worth.
//! It never judges by the words of a payload, only by what the reading passed and how it ended.
use credenza_event::Steps;
use memchr::{memchr, memchr_iter, memchr3_iter};

use super::production::read;
use super::reading::{Entry, Facts, Lead, Reading, Stop};
use crate::report::Confidence;

/// A place in a query at which a value may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// `b = 'VALUE'`
    SingleQuoted,
    /// `b = "VALUE"`
    DoubleQuoted,
    /// `` `VALUE` ``
    BackTicked,
    /// `[VALUE]`
    Bracketed,
    /// `b LIKE '%VALUE%'`
    Like,
    /// `b -> '$.VALUE'`
    JsonPath,
    /// `b = VALUE`
    Bare,
    /// `b IN (VALUE)`
    InList,
    /// `ORDER BY VALUE`
    OrderBy,
    /// The whole statement.
    Statement,
}

impl Context {
    /// The name in explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SingleQuoted => "single-quoted",
            Self::DoubleQuoted => "double-quoted",
            Self::BackTicked => "back-tick",
            Self::Bracketed => "bracket",
            Self::Like => "like",
            Self::JsonPath => "json-path",
            Self::Bare => "bare",
            Self::InList => "in-list",
            Self::OrderBy => "order-by",
            Self::Statement => "statement",
        }
    }
}

/// A break-out that means something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// What it is worth without a parser's word.
    pub(super) confidence: Confidence,
    /// What it is worth if some dialect's parser reads the completed query.
    pub(super) parsed: Confidence,
    /// The production that decided.
    pub(super) production: &'static str,
    /// The context it breaks out of.
    pub(super) context: Context,
    /// Where the part that is no longer data begins.
    pub(super) start: usize,
    /// Where the reading ended.
    pub(super) end: usize,
    /// The reading itself.
    pub(super) reading: Reading,
}

/// The strongest candidate of a value, and whether all of it was looked at.
pub(super) fn strongest(text: &[u8], steps: &mut Steps) -> (Option<Candidate>, bool) {
    let mut search = Search {
        text,
        steps,
        best: None,
        complete: true,
    };
    search.bare();
    search.quotes();
    (search.best, search.complete)
}

struct Search<'a, 's> {
    text: &'a [u8],
    steps: &'s mut Steps,
    best: Option<Candidate>,
    complete: bool,
}

// Limit: an injection that follows the value's second quote or a later one is a few dozen tokens.
const LATER_TOKENS_MAX: usize = 96;
const LATER_BYTES_MAX: usize = 512;

impl Search<'_, '_> {
    fn done(&self) -> bool {
        !self.complete
            || self
                .best
                .is_some_and(|best| best.confidence == Confidence::High)
    }

    /// Reads and pays for it; `None` when the budget has ended.
    fn read(&mut self, text: &[u8], at: usize, entry: Entry, tokens: usize) -> Option<Reading> {
        let reading = read(text, at, entry, tokens);
        let bytes = reading.at.saturating_sub(at).saturating_add(8);
        if !self.steps.take(bytes) {
            self.complete = false;
            return None;
        }
        Some(reading)
    }

    fn offer(&mut self, candidate: Option<Candidate>) {
        let Some(new) = candidate else { return };
        let better = self
            .best
            .is_none_or(|old| (new.confidence, new.parsed) > (old.confidence, old.parsed));
        if better {
            self.best = Some(new);
        }
    }

    /// Reads the value where an operand is due; what breaks the reading starts the next one.
    fn bare(&mut self) {
        let mut at = 0_usize;
        let mut prefix = Prefix::Empty;
        // Limit: a reading ends at the token that begins the next one, so all of them together
        // look at each byte twice; strings that apostrophes open may be seen once more.
        let mut budget = self.text.len().saturating_mul(4).saturating_add(4096);
        while !self.done() {
            let Some(reading) = self.read(self.text, at, Entry::Operand, usize::MAX) else {
                return;
            };
            self.offer(bare_candidate(&reading, prefix, at));
            if reading.stop != Stop::Broken {
                return;
            }
            let read = reading.at.saturating_sub(at);
            let Some(left) = budget.checked_sub(read) else {
                self.complete = false;
                return;
            };
            budget = left;
            at = self.resume(at, &reading);
            if prefix != Prefix::Prose {
                let before = self.text.get(..at).unwrap_or_default();
                let spaced = before.iter().any(u8::is_ascii_whitespace);
                prefix = if spaced { Prefix::Prose } else { Prefix::Chunk };
            }
        }
    }

    /// Where to read on after a reading that broke.
    fn resume(&self, at: usize, reading: &Reading) -> usize {
        let mut next = if reading.end > at {
            reading.end
        } else {
            reading.at
        };
        let byte = |at: usize| self.text.get(at).copied().unwrap_or(0);
        let before = byte(next.wrapping_sub(1));
        if byte(next) == b'\'' && (before.is_ascii_alphanumeric() || before >= 0x80) {
            // An apostrophe inside a word opens no string.
            next = next.saturating_add(1);
        }
        while matches!(
            byte(next),
            b'=' | b'<' | b'>' | b':' | b'/' | b'?' | b'&' | b'!' | b'.'
        ) {
            next = next.saturating_add(1);
        }
        next.max(at.saturating_add(1))
    }

    /// Reads on after every quote: the first of its kind is where a quoted value breaks out.
    fn quotes(&mut self) {
        for (quote, context) in [
            (b'\'', Context::SingleQuoted),
            (b'"', Context::DoubleQuoted),
            (b'`', Context::BackTicked),
            (b']', Context::Bracketed),
        ] {
            self.first_quotes(quote, context);
        }
        self.later_quotes();
    }

    fn first_quotes(&mut self, quote: u8, context: Context) {
        let Some(first) = memchr(quote, self.text) else {
            return;
        };
        let mut at = first;
        // `''` and `\'` are quotes to one dialect and data to the other: each may be the one.
        for _ in 0..4 {
            if self.done() {
                return;
            }
            let start = at.saturating_add(1);
            let Some(reading) = self.read(self.text, start, Entry::Continuation, usize::MAX) else {
                return;
            };
            self.offer(first_candidate(self.text, &reading, context, at, first));
            let near = self.text.get(start..).unwrap_or_default();
            let skip = near
                .iter()
                .take_while(|b| matches!(b, b'\\' | b' '))
                .count();
            if near.get(skip) != Some(&quote) {
                return;
            }
            at = start.saturating_add(skip);
        }
    }

    fn later_quotes(&mut self) {
        // Limit: each quote may have 512 bytes read after it; all together 4 × the value's bytes
        // and 64 KiB, so that a value made of quotes stays linear.
        let mut budget = self.text.len().saturating_mul(4).saturating_add(64 << 10);
        for at in memchr3_iter(b'\'', b'"', b'`', self.text) {
            if self.done() {
                return;
            }
            let start = at.saturating_add(1);
            if !continues(self.text.get(start..).unwrap_or_default()) {
                continue;
            }
            let end = start.saturating_add(LATER_BYTES_MAX).min(self.text.len());
            let window = self.text.get(..end).unwrap_or(self.text);
            let Some(reading) = self.read(window, start, Entry::Continuation, LATER_TOKENS_MAX)
            else {
                return;
            };
            let Some(left) = budget.checked_sub(reading.at.saturating_sub(start)) else {
                self.complete = false;
                return;
            };
            budget = left;
            let cut_off = reading.at >= end && end < self.text.len();
            self.offer(later_candidate(self.text, &reading, at, cut_off));
        }
    }
}

/// A cheap look at what follows a quote: can a reading pass anything from here?
fn continues(rest: &[u8]) -> bool {
    let mut rest = rest.iter().copied().skip_while(|b| {
        b.is_ascii_whitespace() || matches!(b, b')' | b'}' | b'%' | b'+' | 0xa0 | 0xc2)
    });
    let (Some(one), two) = (rest.next(), rest.next().unwrap_or(0)) else {
        return false;
    };
    match one.to_ascii_lowercase() {
        b'o' => matches!(two | 0x20, b'r'),
        b'a' => matches!(two | 0x20, b'n'),
        b'x' => matches!(two | 0x20, b'o'),
        b'u' => matches!(two | 0x20, b'n'),
        b'e' | b'i' => matches!(two | 0x20, b'x' | b'n'),
        b'w' => matches!(two | 0x20, b'h' | b'a'),
        b'h' => matches!(two | 0x20, b'a'),
        b'l' | b'r' | b'b' => matches!(two | 0x20, b'i' | b'l' | b'e'),
        b'|' | b'&' => two == one,
        b'/' => two == b'*',
        b'-' => two == b'-',
        b';' | b'#' | 0..=0x1f => true,
        _ => false,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// The value itself starts here.
    Empty,
    /// One run of bytes without white space stands before (`https://host/x?id=`).
    Chunk,
    /// Words stand before: no query takes them as an operand.
    Prose,
}

const STRONG_WITH_LIST: Facts = Facts::UNION.with(Facts::LIST);

fn closed(stop: Stop) -> bool {
    matches!(stop, Stop::End | Stop::Cut | Stop::Open)
}

/// The production that names a reading's strongest fact.
fn production(facts: Facts) -> &'static str {
    let names = [
        (Facts::UNION, "union-select"),
        (Facts::EFFECT, "effect-function"),
        (Facts::STACKED, "stacked-statement"),
        (Facts::SUBSELECT, "sub-select"),
        (Facts::CONSTANT_COMPARISON, "constant-comparison"),
        (Facts::CALL_COMPARISON, "call-comparison"),
        (Facts::CASE, "case"),
        (Facts::NAME_COMPARISON, "name-comparison"),
        (Facts::ORDER, "order-by"),
        (Facts::CALL_TRUTH, "constant-condition"),
        (Facts::TRUTH, "constant-condition"),
        (Facts::SET_OPERATION, "set-operation"),
        (Facts::VERB, "stacked-statement"),
    ];
    names
        .iter()
        .find(|(fact, _)| facts.has(*fact))
        .map_or("comment-cut", |(_, name)| name)
}

fn candidate(
    reading: &Reading,
    confidence: Confidence,
    parsed: Confidence,
    context: Context,
    start: usize,
) -> Candidate {
    Candidate {
        confidence,
        parsed,
        production: production(reading.facts),
        context,
        start,
        end: reading.end,
        reading: *reading,
    }
}

/// What a reading from the value's own start, or from a later word of it, is worth.
fn bare_candidate(reading: &Reading, prefix: Prefix, at: usize) -> Option<Candidate> {
    let facts = reading.facts;
    let (confidence, parsed) = if facts.has(Facts::STATEMENT) {
        statement(reading)?
    } else {
        bare(reading)?
    };
    let cap = if prefix == Prefix::Prose {
        Confidence::Medium
    } else {
        Confidence::High
    };
    let context = if facts.has(Facts::STATEMENT) {
        Context::Statement
    } else if reading.closes > 0 {
        Context::InList
    } else if reading.lead == Lead::Name && facts.has(Facts::JOINED) {
        Context::OrderBy
    } else {
        Context::Bare
    };
    Some(candidate(
        reading,
        confidence.min(cap),
        parsed.min(cap),
        context,
        at,
    ))
}

/// A complete statement breaks out of nothing: someone may mean it.
fn statement(reading: &Reading) -> Option<(Confidence, Confidence)> {
    let facts = reading.facts;
    let good = closed(reading.stop);
    let whole = facts.any(Facts::STACKED) || facts.has(Facts::LIST) && facts.any(REVEALING);
    let effect = facts.has(Facts::EFFECT) && (good || facts.has(Facts::STACKED));
    if effect {
        return Some((Confidence::High, Confidence::High));
    }
    let list = facts.any(Facts::LIST) && facts.any(Facts::FROM.with(Facts::UNION));
    (good && (whole || list)).then_some((Confidence::Medium, Confidence::Medium))
}

const REVEALING: Facts = Facts::SYSTEM.with(Facts::SUBSELECT).with(Facts::UNION);

fn bare(reading: &Reading) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let good = closed(reading.stop);
    // A lone number, a string or nothing is what a query expects here; a name may be prose.
    let plain = matches!(reading.lead, Lead::Nothing | Lead::Number | Lead::Text);
    let named = if plain { High } else { Medium };
    let joined = facts.any(Facts::JOINED.with(Facts::CONNECTIVE));
    if facts.has(STRONG_WITH_LIST) {
        return Some((High, High));
    }
    if facts.has(Facts::UNION) {
        let table = facts.has(Facts::FROM);
        return (table || good).then_some((if table { named } else { Medium }, High));
    }
    if facts.has(Facts::EFFECT) {
        let apart = joined || facts.any(Facts::STACKED.with(Facts::SUBSELECT));
        let apart = apart || reading.closes > 0 || reading.stop == Stop::Cut;
        return Some(if apart {
            (named, High)
        } else {
            (Medium, Medium)
        });
    }
    if facts.has(Facts::CONSTANT_COMPARISON) {
        if good {
            let doubtful = facts.has(Facts::EARLY_COMPARISON) && reading.stop == Stop::End;
            return Some(if doubtful {
                (Medium, Medium)
            } else {
                (High, High)
            });
        }
        let value = matches!(reading.lead, Lead::Number | Lead::Text | Lead::Nothing);
        return value.then_some((Medium, Medium));
    }
    if facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM)) {
        let proof = facts.has(Facts::FROM.with(Facts::LIST)) || facts.has(Facts::SYSTEM);
        let strong = proof || facts.has(Facts::LIST) && joined;
        return Some(match (strong, joined && plain) {
            (true, _) if good || plain => (High, High),
            (_, true) if good => (High, High),
            _ => (Medium, Medium),
        });
    }
    if facts.has(Facts::STACKED) {
        return Some(if plain { (High, High) } else { (Medium, High) });
    }
    if facts.has(Facts::CALL_COMPARISON.with(Facts::CONNECTIVE)) && good {
        return Some((named, named));
    }
    weak_bare(reading, plain)
}

/// Productions that people write, too: only a value that a comment cuts is worth a word.
fn weak_bare(reading: &Reading, plain: bool) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let number = reading.lead == Lead::Number;
    if reading.stop == Stop::Cut && plain {
        if facts.has(Facts::ORDER) && number {
            return Some((High, High));
        }
        if facts.any(
            Facts::TRUTH
                .with(Facts::NAME_COMPARISON)
                .with(Facts::CALL_TRUTH),
        ) {
            return Some((Medium, Medium));
        }
    }
    if facts.has(Facts::ORDER) && number && reading.stop == Stop::End {
        return Some((Medium, Medium));
    }
    let call = facts.has(Facts::CALL_TRUTH) && plain && closed(reading.stop);
    call.then_some((Medium, Medium))
}

const STRONG: Facts = Facts::CONSTANT_COMPARISON
    .with(Facts::UNION)
    .with(Facts::EFFECT)
    .with(Facts::STACKED)
    .with(Facts::CALL_COMPARISON);

fn strong(facts: Facts) -> bool {
    facts.any(STRONG) || facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM))
}

/// What a reading after the value's first quote of a kind is worth.
fn first_candidate(
    text: &[u8],
    reading: &Reading,
    context: Context,
    at: usize,
    first: usize,
) -> Option<Candidate> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let before = text.get(..first).unwrap_or_default();
    let program = opens_string(before);
    let strict = program || matches!(context, Context::BackTicked | Context::Bracketed);
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) || reading.closes > 0;
    let confidence = if strong(facts) {
        if strict && !(closed(reading.stop) && facts.any(STRONG)) {
            Medium
        } else {
            High
        }
    } else {
        let weak = Facts::NAME_COMPARISON
            .with(Facts::CALL_TRUTH)
            .with(Facts::TRUTH);
        if facts.any(weak) && reading.stop != Stop::Broken {
            let bare_text = !facts.has(Facts::NAME_COMPARISON) && reading.stop == Stop::Open;
            if ended && !strict && !bare_text {
                High
            } else {
                Medium
            }
        } else if facts.any(Facts::ORDER.with(Facts::VERB)) && reading.stop == Stop::Cut {
            if strict { Medium } else { High }
        } else if facts.has(Facts::ORDER) && reading.stop == Stop::End
            || facts.has(Facts::SET_OPERATION) && reading.stop != Stop::Broken
        {
            Medium
        } else {
            comment_cut(text, reading, before, strict)?
        }
    };
    let context = refined(text, before, context);
    let parsed = if strict {
        confidence
    } else {
        confidence.max(Medium)
    };
    Some(candidate(reading, confidence, parsed, context, at))
}

fn refined(text: &[u8], before: &[u8], context: Context) -> Context {
    if context != Context::SingleQuoted {
        return context;
    }
    if before.starts_with(b"$.") || before.starts_with(b"$[") {
        return Context::JsonPath;
    }
    if before.ends_with(b"%") || text.starts_with(b"%") {
        return Context::Like;
    }
    context
}

/// `admin'--`: the comment follows the quote at once, and nothing readable follows the comment.
fn comment_cut(text: &[u8], reading: &Reading, before: &[u8], strict: bool) -> Option<Confidence> {
    let only = usize::from(reading.closes).saturating_add(1);
    let only = if reading.facts.has(Facts::SEMICOLON) {
        only.saturating_add(1)
    } else {
        only
    };
    if reading.stop != Stop::Cut || reading.tokens > only || strict {
        return None;
    }
    let tail = text.get(reading.end..).unwrap_or_default();
    let letters = tail.iter().any(u8::is_ascii_alphabetic);
    let spaces = memchr_iter(b' ', before).count();
    // Limit: user names and search words of three words; more is a sentence.
    if before.len() > 64 || spaces > 2 {
        return None;
    }
    // A size in feet and inches ends like this.
    let size = before.last().is_some_and(u8::is_ascii_digit) && memchr(b'\'', before).is_some();
    let hash = tail.first() == Some(&b'#');
    match (letters, spaces) {
        (false, _) if !size => Some(Confidence::High),
        (true, 0) if tail.len() <= 16 && !hash && memchr(b' ', tail) == Some(2) => {
            Some(Confidence::Medium)
        }
        _ => None,
    }
}

/// True if a quote after `before` opens a string of program text instead of closing one.
fn opens_string(before: &[u8]) -> bool {
    let last = before.iter().rev().find(|b| !b.is_ascii_whitespace());
    matches!(
        last,
        Some(b'=' | b'(' | b',' | b'+' | b'[' | b'{' | b':' | b'<' | b'>' | b'&' | b'|')
    )
}

/// What a reading after any other quote is worth: the value has left its string before.
fn later_candidate(text: &[u8], reading: &Reading, at: usize, cut_off: bool) -> Option<Candidate> {
    use Confidence::{High, Medium};
    if !strong(reading.facts) {
        return None;
    }
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) && !cut_off;
    let context = match text.get(at) {
        Some(b'"') => Context::DoubleQuoted,
        Some(b'`') => Context::BackTicked,
        _ => Context::SingleQuoted,
    };
    let confidence = if ended && reading.facts.any(STRONG) {
        High
    } else {
        Medium
    };
    (closed(reading.stop) || reading.facts.any(Facts::UNION.with(Facts::EFFECT)))
        .then(|| candidate(reading, confidence, confidence, context, at))
}
