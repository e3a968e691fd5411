//! The gate: one cheap pass over a value that tells which detectors have to look at it.
//! It never hides anything: a value that it calls cold for a detector, that detector finds clean.
use credenza_event::{Classes, Form};
use memchr::{memchr, memmem};

use crate::detector::DETECTORS;
use crate::lexicon::{Lexicon, WORD_SEED, fold_byte};

/// Signs that a value may interest a detector; a detector needs sets of them (data, not code).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals(u32);

impl Signals {
    /// A single or double quote, a back-tick, a closing bracket.
    pub const QUOTE: Self = Self(1);
    /// `=`, `<`, `>`, `!`, `~`.
    pub const COMPARISON: Self = Self(1 << 1);
    /// An opening parenthesis or brace.
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
    /// A word of a function's or procedure's name that has an effect in a database.
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
    /// A verb that begins a statement only behind a semicolon.
    pub const MARKED_VERB: Self = Self(1 << 17);
    // Single bytes that matter only in pairs.
    const DASH: Self = Self(1 << 24);
    const STAR: Self = Self(1 << 25);
    const PIPE: Self = Self(1 << 26);
    const AMPERSAND: Self = Self(1 << 27);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if all of `other` is in here.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One bit a detector, in the order of the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hot(u64);

impl Hot {
    /// No detector has to look.
    pub const COLD: Self = Self(0);
    /// Every detector has to look.
    pub const ALL: Self = Self(u64::MAX);

    /// True if the detector at `index` of the registry has to look.
    pub fn has(self, index: usize) -> bool {
        u32::try_from(index)
            .ok()
            .and_then(|bit| self.0.checked_shr(bit))
            .is_some_and(|b| b & 1 == 1)
    }

    /// True if no detector has to look.
    pub fn is_cold(self) -> bool {
        self.0 == 0
    }
}

/// Which detectors have to look at a form.
pub fn hot(form: &Form<'_>) -> Hot {
    // Letters, digits and `-_.,:/@+?` in one run: no language that a rule knows says anything so.
    let odd = form.classes.has(Classes::ODD) || form.classes.has(Classes::ESCAPED);
    if !odd && memchr(b' ', form.text).is_none() {
        return Hot::COLD;
    }
    select(signals(form.text))
}

fn select(seen: Signals) -> Hot {
    let mut hot = 0_u64;
    let mut bit = 1_u64;
    for detector in DETECTORS {
        if detector.needs().iter().any(|need| seen.has(*need)) {
            hot |= bit;
        }
        bit = bit.wrapping_shl(1);
    }
    Hot(hot)
}

/// The signals of a text, in one pass.
pub fn signals(text: &[u8]) -> Signals {
    let mut seen = 0_u32;
    let mut hash = WORD_SEED;
    let mut letters = 0_u32;
    for byte in text {
        let kind = BYTES.get(usize::from(*byte)).copied().unwrap_or(0);
        if kind & LETTER != 0 {
            hash = fold_byte(hash, *byte);
            letters = letters.saturating_add(1);
            continue;
        }
        seen |= kind;
        if letters > 1 {
            seen |= WORDS.roles(hash);
        }
        letters = 0;
        hash = WORD_SEED;
    }
    if letters > 1 {
        seen |= WORDS.roles(hash);
    }
    pairs(text, Signals(seen))
}

/// Replaces the marks of single bytes by the signals of the pairs they form.
fn pairs(text: &[u8], seen: Signals) -> Signals {
    let mut seen = seen;
    for (mark, pair, signal) in [
        (Signals::DASH, b"--", Signals::COMMENT),
        (Signals::STAR, b"/*", Signals::COMMENT),
        (Signals::PIPE, b"||", Signals::CONNECTIVE),
        (Signals::AMPERSAND, b"&&", Signals::CONNECTIVE),
    ] {
        if seen.has(mark) && !seen.has(signal) && memmem::find(text, pair).is_some() {
            seen = seen.with(signal);
        }
    }
    seen
}

const LETTER: u32 = 1 << 31;

// 1 KiB, and with the words 5 KiB: what a value that is not plain touches.
static BYTES: [u32; 256] = bytes();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at build time only, over indices below 256"
)]
const fn bytes() -> [u32; 256] {
    let mut table = [0_u32; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = match byte {
            b'\'' | b'"' => Signals::QUOTE.0 | Signals::CONSTANT.0,
            b'`' | b']' => Signals::QUOTE.0,
            b'=' | b'<' | b'>' | b'!' | b'~' => Signals::COMPARISON.0,
            b'(' | b'{' => Signals::PARENTHESIS.0,
            b'#' => Signals::COMMENT.0,
            b'$' | b'0'..=b'9' => Signals::CONSTANT.0,
            b'-' => Signals::DASH.0,
            b'*' => Signals::STAR.0,
            b'|' => Signals::PIPE.0,
            b'&' => Signals::AMPERSAND.0,
            b';' => Signals::SEMICOLON.0,
            // `@>` and `?|` compare documents.
            b'?' => Signals::COMPARISON_WORD.0,
            b'@' => Signals::COMPARISON_WORD.0 | Signals::OBJECT.0,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            _ => 0,
        };
        at += 1;
    }
    table
}

/// Words are runs of letters: `pg_sleep` shows `pg` and `sleep`.
static WORDS: Lexicon<512> = Lexicon::new(&[
    (Signals::CONNECTIVE.0, "and or xor where having on when"),
    (
        Signals::COMPARISON_WORD.0,
        "like rlike regexp glob ilike similar sounds match contains overlaps \
         startswith in is between",
    ),
    (
        Signals::CONSTANT.0,
        "null true false unknown user current session system sysdate localtime rownum",
    ),
    (Signals::SELECT.0, "select"),
    (Signals::SET_OPERATION.0, "union except intersect minus"),
    (Signals::ROWS.0, "values table"),
    (
        Signals::EFFECT.0,
        "waitfor exec execute raiserror outfile dumpfile sleep benchmark receive extractvalue updatexml load \
         randomblob zeroblob generate regexp crypt gtid xmltype sys lo pg xml dblink \
         openrowset opendatasource openquery xp sp sqlid drithsx httpuritype \
         writefile readfile fts name getmappingxpath fn st geometrycollection \
         multipoint multipolygon multilinestring linestring polygon json uuid get \
         release master dbms utl ctxsys analyse sqlite edit",
    ),
    (
        Signals::VERB.0,
        "insert update delete drop create alter truncate declare set grant revoke merge replace \
         rename bulk deny shutdown",
    ),
    (
        Signals::OBJECT.0,
        "into from set to on with table database view index user function procedure schema \
         trigger login role column tablespace sequence server extension temporary temp unique \
         materialized aggregate language alias event proc type assembly package synonym virtual \
         system session constraint domain directory java or global",
    ),
    (
        Signals::MARKED_VERB.0,
        "call begin commit rollback load handler prepare do vacuum attach pragma copy use show \
         desc describe explain backup restore kill reconfigure dbcc print if with while lock \
         analyze values table detach reindex",
    ),
    (Signals::ORDER.0, "order group"),
    (Signals::BY.0, "by"),
    (Signals::CASE.0, "case"),
]);
