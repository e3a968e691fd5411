//! The gate: one cheap pass over a value that tells which detectors have to look at it.
//! It never hides anything: a value that it calls cold for a detector, that detector finds clean.
use credenza_event::{Form, Part};

use crate::detector::command_injection::runs_program;
use crate::detector::{DETECTORS, Detector, RULES, Rule, VOCABULARIES};
use crate::lexicon::{Lexicon, MARKED, Shapes, fold_word};

mod around;
mod opening;
mod plain;
mod reading;
mod routes;

pub(crate) use opening::opens_command;
pub use plain::is_plain;
pub(crate) use plain::{HEADS, begins_class};
pub use reading::signals;
pub(crate) use routes::wakes;

/// Signs that a value may interest a detector; a detector needs sets of them (data, not code).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals(u64);

impl Signals {
    /// A single or double quote, a back-tick, a closing bracket; an apostrophe inside a word, too.
    pub const QUOTE: Self = Self(1);
    /// `=`, `<`, `>`, `!`, `~`.
    pub const COMPARISON: Self = Self(1 << 1);
    /// An opening parenthesis.
    pub const PARENTHESIS: Self = Self(1 << 2);
    /// `--`, `#`, `/*`.
    pub const COMMENT: Self = Self(1 << 3);
    /// A digit, a quote, or a word such as `null`.
    pub const CONSTANT: Self = Self(1 << 4);
    /// `and`, `or`, `||`, `&&`, `where`, …
    pub const CONNECTIVE: Self = Self(1 << 5);
    /// `like`, `between`, `in`, `is`, …
    pub const COMPARISON_WORD: Self = Self(1 << 6);
    /// `select`.
    pub const SELECT: Self = Self(1 << 7);
    /// `union`, `except`, …
    pub const SET_OPERATION: Self = Self(1 << 8);
    /// `values`, `table`.
    pub const ROWS: Self = Self(1 << 9);
    /// A word that has an effect outside the query without a parenthesis.
    pub const EFFECT: Self = Self(1 << 10);
    /// A verb that begins a statement and needs an object beside it.
    pub const VERB: Self = Self(1 << 11);
    /// What such a verb needs beside it: a kind of thing, a preposition, `@`.
    pub const OBJECT: Self = Self(1 << 12);
    /// `order`, `group`.
    pub const ORDER: Self = Self(1 << 13);
    /// `by`.
    pub const BY: Self = Self(1 << 14);
    /// `case`.
    pub const CASE: Self = Self(1 << 15);
    /// `;`.
    pub const SEMICOLON: Self = Self(1 << 16);
    /// An opening brace.
    pub const BRACE: Self = Self(1 << 18);
    /// A word of the name of a function that has an effect in a database when it is called.
    pub const CALL: Self = Self(1 << 19);
    /// A verb that begins a statement only behind a semicolon.
    pub const MARKED_VERB: Self = Self(1 << 17);

    /// A quote or closing bracket that is no apostrophe inside a word of a language of people. Like
    /// [`Signals::NAME`] it takes a bit that the table keeps for itself.
    pub const BREAK_OUT: Self = Self(PAIR);

    // 20 to 31: bytes and pairs that several rules share.
    /// A slash or a backslash.
    pub const SLASH: Self = Self(1 << 20);
    /// `<`.
    pub const LESS: Self = Self(1 << 21);
    /// What ends a command: `;`, `|`, `&`, a line break, a back-tick.
    pub const SEPARATOR: Self = Self(1 << 22);
    /// A carriage return or a line feed.
    pub const LINE: Self = Self(1 << 23);
    /// `$`.
    pub const DOLLAR: Self = Self(1 << 24);
    /// `%`.
    pub const PERCENT: Self = Self(1 << 25);
    /// `..`.
    pub const DOTS: Self = Self(1 << 26);
    /// Two slashes or backslashes.
    pub const SLASHES: Self = Self(1 << 27);
    /// What opens an expression or a substitution: `${`, `#{`, `{{`, `{%`, `<%`, `$(`, …
    pub const OPENING: Self = Self(1 << 28);
    /// `__`.
    pub const UNDERSCORES: Self = Self(1 << 29);
    /// `[`.
    pub const BRACKET: Self = Self(1 << 30);
    /// `*`.
    pub const STAR: Self = Self(1 << 31);

    // 38 to 43: paths, commands and program text.
    /// A name that stands in the paths of what must not be read.
    pub const PATH_WORD: Self = Self(1 << 38);
    /// A word of the name of a stream wrapper, or of a script that is fetched.
    pub const WRAPPER: Self = Self(1 << 39);
    /// The first byte of the characters that look like a slash.
    pub const LIKENESS: Self = Self(1 << 40);
    /// The name of a command.
    pub const COMMAND: Self = Self(1 << 41);
    /// A word of a call that runs program text.
    pub const PROGRAM: Self = Self(1 << 42);
    /// Signs by which the name of a command is spelled so that nobody sees it.
    pub const SPELLING: Self = Self(1 << 43);
    // 56 to 61: documents, tokens, secrets, instructions and bombs.
    /// `schema`, `type`: what a question for a GraphQL schema is called behind two underscores; the
    /// members of events and of requests to a database.
    pub const META: Self = Self(1 << 56);
    // 50 to 55: names and structures.
    /// An operator of a document database, or a word of its programs.
    pub const OPERATOR: Self = Self(1 << 50);
    /// `__proto__`, `prototype`.
    pub const PROTOTYPE: Self = Self(1 << 51);
    /// A word or a mark of serialised objects.
    pub const OBJECTS: Self = Self(1 << 52);
    /// What opens another assertion of a filter, or cuts it: `)(`, `|(`, `&(`, `!(`, a zero byte.
    pub const ASSERTION: Self = Self(1 << 53);
    /// A function or axis of `XPath`.
    pub const AXIS: Self = Self(1 << 54);
    /// A member of a serialised object, or of what a request to a database holds.
    pub const INTERNAL: Self = Self(1 << 55);
    /// The text is a name and not a value. No byte shows it: the table keeps the bit for letters.
    pub const NAME: Self = Self(LETTER);
    /// The start of a JSON object in base64, as tokens have it.
    pub const TOKEN: Self = Self(1 << 57);
    /// How a secret begins.
    pub const SECRET: Self = Self(1 << 58);
    /// A verb that takes an instruction back, or asks for one.
    pub const TAKE_BACK: Self = Self(1 << 59);
    /// What such a verb is said of.
    pub const INSTRUCTION: Self = Self(1 << 60);
    /// What stands in expressions that never end.
    pub const BOMB: Self = Self(1 << 61);
    // 44 to 49: expressions, lookups, addresses and header fields.
    /// What opens an expression of a template, and little else: `${`, `{{`, `<%`, `[=`, …
    pub const EXPRESSION: Self = Self(1 << 44);
    /// A word that leads from a value to what a runtime can do: `forName`, `getRuntime`, …
    pub const REFLECTION: Self = Self(1 << 45);
    /// A kind of lookup of a logger, or what stands before a default: `:-`.
    pub const LOOKUP: Self = Self(1 << 46);
    /// The scheme of a URL that a server follows, or a name of a host inside of a network.
    pub const ADDRESS: Self = Self(1 << 47);
    /// A word of the name of a header field.
    pub const FIELD: Self = Self(1 << 48);
    /// The name of a tool that looks for holes.
    pub const SCANNER: Self = Self(1 << 49);
    // 32 to 37: markup.
    /// `=`.
    pub const EQUALS: Self = Self(1 << 32);
    /// The name of an element that loads or runs something.
    pub const ELEMENT: Self = Self(1 << 33);
    /// The name of an attribute that handles an event.
    pub const EVENT: Self = Self(1 << 34);
    /// A word of a browser's script interface.
    pub const SCRIPT: Self = Self(1 << 35);
    /// The scheme of a URL that runs, or a word of styles that run.
    pub const SCHEME: Self = Self(1 << 36);
    /// A word of document types, of inclusions and of transformations.
    pub const DOCTYPE: Self = Self(1 << 37);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits of the set, as vocabularies want them.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// True if all of `other` is in here.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One bit a detector, in the order of the registry: those that have to look, or those that may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hot(u64);

impl Hot {
    /// No detector has to look.
    pub const COLD: Self = Self(0);
    /// Every detector has to look.
    pub const ALL: Self = Self(u64::MAX);

    /// The detectors whose rules are looked for where no policy says anything of them; made at
    /// build time, because asking each of them takes as long as a small event.
    pub(crate) fn by_default() -> Self {
        static BY_DEFAULT: u64 = {
            let mut bits = 0;
            let mut index = 0;
            #[expect(
                clippy::indexing_slicing,
                reason = "runs at build time only: a wrong index fails the build"
            )]
            while index < RULES.len() {
                bits |= (RULES[index].is_on_by_default as u64) << index;
                index += 1;
            }
            bits
        };
        Self(BY_DEFAULT)
    }

    /// The detectors whose rules `may` be looked for.
    pub(crate) fn watched(may: impl Fn(&'static Rule) -> bool) -> Self {
        let mut bits = 0_u64;
        let mut bit = 1_u64;
        for rule in RULES {
            if may(rule) {
                bits |= bit;
            }
            bit = bit.wrapping_shl(1);
        }
        Self(bits)
    }

    /// One set for each of these detectors.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let lowest = left & left.wrapping_neg();
            left ^= lowest;
            (lowest != 0).then_some(Self(lowest))
        })
    }

    /// Those of either set.
    #[must_use]
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both sets.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// True if the detector at `index` of the registry has to look.
    pub fn has(self, index: usize) -> bool {
        u32::try_from(index)
            .ok()
            .and_then(|bit| self.0.checked_shr(bit))
            .is_some_and(|b| b & 1 == 1)
    }

    /// The detectors that have to look, in the order of the registry.
    pub(crate) fn detectors(self) -> impl Iterator<Item = &'static dyn Detector> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let index = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            DETECTORS.get(index).copied()
        })
    }

    /// True if no detector has to look.
    pub fn is_cold(self) -> bool {
        self.0 == 0
    }
}

/// Which detectors have to look at a form.
pub fn hot(form: &Form<'_>) -> Hot {
    if is_plain(form.text, form.classes, form.part) {
        return Hot::COLD;
    }
    wakes(shown(form.text, form.part, true))
}

/// The signals of a text, or of a piece of one that may not be its first.
pub(crate) fn shown(text: &[u8], part: Part, is_first: bool) -> Signals {
    let mut seen = signals(text);
    if is_first && opens_command(text) {
        seen = seen.with(Signals::COMMAND);
    } else if is_first && runs_program(text) {
        seen = seen.with(Signals::COMMAND).with(Signals::SEPARATOR);
    }
    match part {
        Part::Key => seen.with(Signals::NAME),
        Part::Value => seen,
    }
}

#[inline]
fn kind(byte: u8) -> u64 {
    BYTES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The signals of a run of letters.
#[inline]
fn word(word: &[u8]) -> u64 {
    let starts = SHAPES.starts(word);
    let mut roles = 0;
    if SHAPES.ends(starts, word) {
        roles = WORDS.roles(fold_word(word));
    }
    if starts & MARKED != 0 {
        roles |= beginning(word);
    }
    roles
}

/// How packed texts and secrets begin: the letters of [`beginning`].
const BEGINNINGS: &[&[u8; 2]] = &[b"ey", b"ew", b"ak", b"as", b"ai"];

/// The signal of a run of letters that begins something packed.
#[inline]
fn beginning(word: &[u8]) -> u64 {
    match word {
        [b'e', b'y', b'J' | b'A', ..] | [b'e', b'w', b'o' | b'k', ..] | b"ew" => Signals::TOKEN.0,
        [b'A', b'K' | b'S', b'I', b'A', ..] | [b'A', b'I', b'z', b'a', ..] => Signals::SECRET.0,
        _ => 0,
    }
}

/// True for the first bytes of pairs.
#[inline]
fn begins_pair(byte: u8) -> bool {
    let bits = FIRSTS.get(usize::from(byte >> 6)).copied().unwrap_or(0);
    bits >> (byte & 63) & 1 == 1
}

/// A bit for each byte that is the first of a pair.
static FIRSTS: [u64; 4] = {
    let mut firsts = [0_u64; 4];
    let mut at = 0_u32;
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "runs at build time only, over bytes"
    )]
    while at < 1 << 16 {
        let (one, two) = ((at >> 8) as u8, at as u8);
        if pair(one, two) != 0 {
            firsts[(one >> 6) as usize] |= 1 << (one & 63);
        }
        at += 1;
    }
    firsts
};

/// The signal of two bytes that mean something only together.
#[inline]
const fn pair(one: u8, two: u8) -> u64 {
    // A group that is repeated, or brackets in a row.
    let bomb = match (one, two) {
        (b')', b'+' | b'*' | b'{') | (b'(', b'(') | (b'[', b'[') | (b'{', b'{') => Signals::BOMB.0,
        _ => 0,
    };
    let known = match (one, two) {
        (b'-', b'-') | (b'/', b'*') => Signals::COMMENT.0,
        (b'|', b'|') | (b'&', b'&') => Signals::CONNECTIVE.0,
        // A setting of the database.
        (b'@', b'@') => Signals::CONSTANT.0,
        (b'.', b'.') => Signals::DOTS.0,
        (b':', b'-') => Signals::LOOKUP.0,
        (b'/' | b'\\', b'/' | b'\\') => Signals::SLASHES.0,
        (b'_', b'_') => Signals::UNDERSCORES.0,
        (b')' | b'|' | b'&' | b'!', b'(') => Signals::ASSERTION.0,
        (b'?', b'?') => Signals::SPELLING.0,
        // U+560A and U+560D, of which a program that cuts characters keeps a line break.
        (0x98, 0x8a | 0x8d) => Signals::FIELD.0,
        // `%2%f`, which lenient servers undo: the letters behind it hide the name that follows.
        (b'2' | b'5', b'%') => Signals::LIKENESS.0 | Signals::PATH_WORD.0,
        // Tags of YAML, objects of PHP, and the first bytes of streams: Java, .NET, Python, Ruby.
        (b'!', b'!') | (b':', b'{') | (0xac, 0xed) | (0, 0xff) | (0x80, 2..=5) | (4, 8) => {
            Signals::OBJECTS.0
        }
        (b'$' | b'#' | b'{' | b'*' | b'@' | b'~', b'{')
        | (b'{' | b'<', b'%' | b'#')
        | (b'@', b'(') => Signals::OPENING.0 | Signals::EXPRESSION.0,
        (b'%' | b'!', b'{') | (b'[', b'#' | b'=') => Signals::EXPRESSION.0,
        (b'$' | b'<' | b'>' | b'=' | b'#', b'(') | (b'[', b'[') => Signals::OPENING.0,
        _ => 0,
    };
    bomb | known
}

const LETTER: u64 = 1 << 63;
/// The second byte of a pair.
const PAIR: u64 = 1 << 62;

// 2 KiB: what a value that is not plain touches, beside the words and their shapes.
static BYTES: [u64; 256] = bytes();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at build time only, over indices below 256"
)]
const fn bytes() -> [u64; 256] {
    let mut table = [0_u64; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = match byte {
            b'\'' | b'"' => Signals::QUOTE.0 | Signals::CONSTANT.0 | PAIR,
            b'`' => Signals::QUOTE.0 | Signals::SEPARATOR.0 | PAIR,
            b']' => Signals::QUOTE.0 | PAIR,
            b'<' => Signals::COMPARISON.0 | Signals::LESS.0,
            b'=' => Signals::COMPARISON.0 | Signals::EQUALS.0 | PAIR,
            b'>' | b'~' => Signals::COMPARISON.0,
            b'!' => Signals::COMPARISON.0 | PAIR,
            b'(' => Signals::PARENTHESIS.0 | PAIR,
            b'{' => Signals::BRACE.0 | PAIR,
            b'[' => Signals::BRACKET.0 | PAIR,
            b'#' => Signals::COMMENT.0 | PAIR,
            b'$' => Signals::CONSTANT.0 | Signals::DOLLAR.0,
            b'0'..=b'9' => Signals::CONSTANT.0,
            b'-' | b'.' | b'_' | b'+' | 2..=5 | 8 | 0x8a | 0x8d | 0xed | 0xff => PAIR,
            b'*' => Signals::STAR.0 | PAIR,
            b'|' | b'&' => Signals::SEPARATOR.0 | PAIR,
            b'/' => Signals::SLASH.0 | PAIR,
            b'\\' => Signals::SLASH.0 | Signals::SPELLING.0 | PAIR,
            b'^' => Signals::SPELLING.0 | Signals::INTERNAL.0,
            b'%' => Signals::PERCENT.0 | PAIR,
            b';' => Signals::SEMICOLON.0 | Signals::SEPARATOR.0,
            b'\r' | b'\n' => Signals::LINE.0 | Signals::SEPARATOR.0,
            // `@>` and `?|` compare documents.
            b'?' => Signals::COMPARISON_WORD.0 | PAIR,
            b'@' => Signals::COMPARISON_WORD.0 | Signals::OBJECT.0 | PAIR,
            0xe2 => Signals::LIKENESS.0,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            0 => Signals::ASSERTION.0 | Signals::SPELLING.0,
            // What moves the cursor of a terminal joins what stands around it.
            0x1b => Signals::SPELLING.0,
            _ => 0,
        };
        at += 1;
    }
    table
}

/// Words are runs of letters: `pg_sleep` shows `pg` and `sleep`.
static WORDS: Lexicon<2048, 256> = Lexicon::new(VOCABULARIES);

/// What tells most words of prose from those of the vocabularies before they are hashed.
static SHAPES: Shapes = Shapes::of(VOCABULARIES).marking(BEGINNINGS);
