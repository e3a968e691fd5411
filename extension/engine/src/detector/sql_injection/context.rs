//! The contexts that a query gives a value, and what leaving one of them is worth.
//! It never judges by the words of a payload, only by what the reading passed and how it ended.
use credenza_event::Steps;
use memchr::{memchr, memchr3_iter};

use super::pivot;
use super::production::{First, Frames, NO_FRAMES, read, read_behind};
use super::reading::{Entry, Reading, Stop};
use super::worth::{bare_candidate, first_candidate, later_candidate};
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
    /// `b = $$VALUE$$`
    DollarQuoted,
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
            Self::DollarQuoted => "dollar-quoted",
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
    /// What it is worth however the reading ended.
    pub(super) broken: Confidence,
    /// What it is worth if the reading is whole.
    pub(super) whole: Confidence,
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

impl Candidate {
    /// What it is worth.
    pub(super) fn confidence(&self) -> Confidence {
        if self.reading.is_whole() {
            self.broken.max(self.whole)
        } else {
            self.broken
        }
    }
}

/// The strongest candidate of a value, and whether all of it was looked at.
pub(super) fn strongest(text: &[u8], steps: &mut Steps) -> (Option<Candidate>, bool) {
    // The look for quotes and for the last word of a query.
    let is_paid = text.len() > SHORT_BYTES || steps.take(text.len());
    let mut search = Search {
        text,
        steps,
        best: None,
        complete: is_paid,
        left: text
            .len()
            .saturating_mul(READ_BYTES_PER_BYTE)
            .saturating_add(READ_BYTES_FREE),
        frames: NO_FRAMES,
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
    /// Bytes that readings may still look at.
    left: usize,
    frames: Frames,
}

// Limit: an injection that follows the value's second quote or a later one is a few dozen tokens.
const LATER_TOKENS_MAX: usize = 64;
const LATER_BYTES_MAX: usize = 256;
// Limit: bare readings look at each byte about twice, because each ends at the token that begins
// the next one; a dump of SQL has 256 bytes read behind one quote in a hundred bytes. 4 × the
// value's bytes hold both, 4 KiB more let small values be read from every quote, and a value of
// nothing but quotes stays linear.
const READ_BYTES_PER_BYTE: usize = 4;
const READ_BYTES_FREE: usize = 4 << 10;
// Limit: a reading takes about 300 instructions and 150 for each token, which are 40 and 18
// nanoseconds in program text that no branch foresees.
const READ_STEPS: usize = 40;
// Limit: pages are read in pieces of 256 bytes and more, and their words cost what their bytes do.
const SHORT_BYTES: usize = 256;
const TOKEN_STEPS: usize = 18;

impl Search<'_, '_> {
    fn done(&self) -> bool {
        !self.complete
            || self
                .best
                .is_some_and(|best| best.confidence() == Confidence::High)
    }

    /// Reads and pays for it; `None` when the budget has ended.
    fn read(&mut self, text: &[u8], at: usize, entry: Entry, tokens: usize) -> Option<Reading> {
        let reading = read(text, at, entry, tokens, &mut self.frames);
        self.paid(at, reading)
    }

    /// A reading from `at`, if it can be paid.
    fn paid(&mut self, at: usize, reading: Reading) -> Option<Reading> {
        let bytes = reading.at.saturating_sub(at).saturating_add(8);
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        let tokens = reading.tokens.saturating_mul(TOKEN_STEPS);
        let cost = if self.text.len() > SHORT_BYTES {
            bytes.saturating_mul(2)
        } else {
            bytes.saturating_add(READ_STEPS).saturating_add(tokens)
        };
        if left.is_none() || !self.steps.take(cost) {
            self.complete = false;
            return None;
        }
        Some(reading)
    }

    fn offer(&mut self, candidate: Option<Candidate>) {
        let Some(new) = candidate else { return };
        let better = self
            .best
            .is_none_or(|old| (new.confidence(), new.whole) > (old.confidence(), old.whole));
        if better {
            self.best = Some(new);
        }
    }

    /// Reads the value where an operand is due; what breaks the reading starts the next one.
    fn bare(&mut self) {
        let Some(last) = pivot::last(self.text) else {
            return;
        };
        let mut at = 0_usize;
        let mut prefix = Prefix::Empty;
        while at <= last && !(self.done() || prefix == Prefix::Prose && self.best.is_some()) {
            let first = First::of(self.text, at);
            let plain = self.plain_words(at, &first);
            if plain > at {
                prefix = prefix.then(self.text.get(at..plain).unwrap_or_default());
                at = plain;
                continue;
            }
            let reading = read_behind(&first, Entry::Operand, usize::MAX, &mut self.frames);
            let Some(reading) = self.paid(at, reading) else {
                return;
            };
            self.offer(bare_candidate(self.text, &reading, prefix, at));
            if reading.stop != Stop::Broken {
                return;
            }
            let next = self.resume(at, &reading);
            let passed = self.text.get(at..next).unwrap_or_default();
            prefix = prefix.then(passed);
            at = next;
        }
    }

    /// The last of a row of words that says nothing in SQL: a reading of each but the last would
    /// break at the next one. Gives `at` itself where there is no such row.
    fn plain_words(&mut self, at: usize, first: &First<'_>) -> usize {
        let mut lexer = first.behind;
        let mut last = first.token;
        let mut found = at;
        while last.is_plain_operand() {
            let next = lexer.next();
            if !next.breaks_behind_operand() {
                break;
            }
            found = next.start;
            last = next;
        }
        // Two tokens a word, of some six bytes.
        if !self.steps.take(found.saturating_sub(at).saturating_mul(3)) {
            self.complete = false;
        }
        found
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
            // An apostrophe inside a word opens no string, and the rest of `don't` is no name.
            next = if is_contraction(self.text, next) {
                next.saturating_add(3)
            } else {
                next.saturating_add(1)
            };
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
        self.dollars();
        self.later_quotes();
    }

    /// PostgreSQL's quotes that need no quote: the first two dollars side by side close one.
    fn dollars(&mut self) {
        let Some(first) = memchr(b'$', self.text) else {
            return;
        };
        let start = first.saturating_add(2);
        let is_quote = self.text.get(first.saturating_add(1)) == Some(&b'$')
            && continues(self.text.get(start..).unwrap_or_default());
        if !is_quote || self.done() {
            return;
        }
        let Some(reading) = self.read(self.text, start, Entry::Continuation, usize::MAX) else {
            return;
        };
        let context = Context::DollarQuoted;
        self.offer(first_candidate(self.text, &reading, context, first, first));
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
            let near = self.text.get(start..).unwrap_or_default();
            // A rule of dashes is drawn, not a comment begun.
            let drawn = near.iter().take(64).skip_while(|byte| **byte == b' ');
            let dashes = drawn.take(6).take_while(|byte| **byte == b'-').count();
            if dashes > 5 || dashes > 2 && near.get(dashes) == Some(&quote) {
                return;
            }
            let Some(reading) = self.read(self.text, start, Entry::Continuation, usize::MAX) else {
                return;
            };
            if reading.stop == Stop::Cut || !is_contraction(self.text, at) {
                self.offer(first_candidate(self.text, &reading, context, at, first));
            }
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
        let mut firsts = [false; 3];
        for at in memchr3_iter(b'\'', b'"', b'`', self.text) {
            if self.done() {
                return;
            }
            let [single, double, tick] = &mut firsts;
            let passed = match self.text.get(at) {
                Some(b'\'') => single,
                Some(b'"') => double,
                _ => tick,
            };
            // The first of its kind was read already.
            if !core::mem::replace(passed, true) {
                continue;
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
            let cut_off = reading.at >= end && end < self.text.len();
            self.offer(later_candidate(self.text, &reading, at, cut_off));
        }
    }
}

/// True for the apostrophe of `don't` and of `we'll`, with a word behind it.
fn is_contraction(text: &[u8], at: usize) -> bool {
    const ENDINGS: [&[u8]; 7] = [b"t ", b"s ", b"d ", b"m ", b"ll ", b"re ", b"ve "];
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let behind = text.get(at.saturating_add(1)..).unwrap_or_default();
    before.is_some_and(u8::is_ascii_alphabetic)
        && ENDINGS.iter().any(|ending| behind.starts_with(ending))
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
        b'a' | b'u' => matches!(two | 0x20, b'n'),
        b'x' => matches!(two | 0x20, b'o'),
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

/// What stands before a reading that starts bare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// The value itself starts here, or nothing but signs stands before.
    Empty,
    /// One run of bytes without white space stands before (`https://host/x?id=`).
    Chunk,
    /// Words stand before: no query takes them as an operand.
    Prose,
}

impl Prefix {
    /// What stands before once the reading has passed these bytes, too.
    fn then(self, passed: &[u8]) -> Self {
        let named = passed
            .iter()
            .any(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
        let spaced = passed.iter().any(u8::is_ascii_whitespace);
        match (self, named, spaced) {
            (Self::Empty, false, _) => Self::Empty,
            (Self::Empty | Self::Chunk, _, false) => Self::Chunk,
            _ => Self::Prose,
        }
    }
}
