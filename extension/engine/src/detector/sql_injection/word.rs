//! The vocabulary of five dialects: which roles a word can play in a query.
//! It never decides which of them it plays; that is the reader's business.
use crate::lexicon::{Lexicon, Shapes, fold_word};

mod vocabulary;

use vocabulary::VOCABULARY;

/// The roles that a word can play, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(pub(super) u64);

impl Roles {
    /// `and`, `or`, `xor`.
    pub(super) const CONNECTIVE: Self = Self(1);
    /// Compares two operands: `like`, `regexp`, …
    pub(super) const COMPARE: Self = Self(1 << 1);
    /// `in`, `is`: compares with what follows.
    pub(super) const IN: Self = Self(1 << 2);
    /// `between`, whose `and` connects nothing.
    pub(super) const BETWEEN: Self = Self(1 << 3);
    /// `not`, before an operand or before a comparison.
    pub(super) const NOT: Self = Self(1 << 4);
    /// Stands before an operand: `binary`, `exists`, `all`, …
    pub(super) const UNARY: Self = Self(1 << 5);
    /// `div`, `mod`, `collate`: joins two operands to one.
    pub(super) const ARITHMETIC: Self = Self(1 << 6);
    /// An operand of fixed value: `null`, `true`, …
    pub(super) const CONSTANT: Self = Self(1 << 7);
    /// `select`.
    pub(super) const SELECT: Self = Self(1 << 8);
    /// `union`, `except`, `intersect`, `minus`.
    pub(super) const SET_OPERATION: Self = Self(1 << 9);
    /// `all`, `distinct`: between a set operation or `select` and what follows.
    pub(super) const QUANTIFIER: Self = Self(1 << 10);
    /// `case`.
    pub(super) const CASE: Self = Self(1 << 11);
    /// `when`, `then`, `else`.
    pub(super) const WHEN: Self = Self(1 << 12);
    /// `end`.
    pub(super) const END: Self = Self(1 << 13);
    /// `from`.
    pub(super) const FROM: Self = Self(1 << 14);
    /// `where`, `having`: a condition follows.
    pub(super) const WHERE: Self = Self(1 << 15);
    /// Any other word that ends one clause and begins another.
    pub(super) const CLAUSE: Self = Self(1 << 16);
    /// `order`, `group`.
    pub(super) const ORDER: Self = Self(1 << 17);
    /// `asc`, `desc`.
    pub(super) const DIRECTION: Self = Self(1 << 18);
    /// Begins a statement.
    pub(super) const VERB: Self = Self(1 << 19);
    /// A function that waits, reads files, calls out, or fails on purpose.
    pub(super) const EFFECT: Self = Self(1 << 20);
    /// A function that every database has.
    pub(super) const CALL: Self = Self(1 << 21);
    /// A schema, table or variable of the database itself.
    pub(super) const SYSTEM: Self = Self(1 << 22);
    /// What a statement creates, alters or drops.
    pub(super) const OBJECT: Self = Self(1 << 23);
    /// `into`.
    pub(super) const INTO: Self = Self(1 << 24);
    /// `outfile`, `dumpfile`.
    pub(super) const FILE: Self = Self(1 << 25);
    /// `as`.
    pub(super) const AS: Self = Self(1 << 26);
    /// `boolean mode`, `natural language mode` of a full-text search.
    pub(super) const MODE: Self = Self(1 << 27);
    /// `values`, `table`: rows without `select`.
    pub(super) const ROWS: Self = Self(1 << 28);
    /// `waitfor`.
    pub(super) const WAIT: Self = Self(1 << 29);
    /// Spells letters in codes: `chr`.
    pub(super) const SPELLS: Self = Self(1 << 30);
    /// Goes on with a query whose operand has been read.
    pub(super) const CONTINUES: Self = Self(
        Self::CONNECTIVE.0
            | Self::SET_OPERATION.0
            | Self::ORDER.0
            | Self::WHERE.0
            | Self::COMPARE.0
            | Self::IN.0
            | Self::BETWEEN.0
            | Self::WAIT.0,
    );

    /// True if the word can play one of `other`'s roles.
    #[inline]
    pub(super) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const fn both(one: Roles, other: Roles) -> u64 {
    one.0 | other.0
}

static TABLE: Lexicon<1024> = Lexicon::new(&[VOCABULARY]);

/// What tells most words of prose from those of the vocabulary before they are hashed.
static SHAPES: Shapes = Shapes::of(&[VOCABULARY]);

/// The roles of one word without dots.
#[inline]
pub(super) fn roles(word: &[u8]) -> Roles {
    if SHAPES.fit(word) {
        Roles(TABLE.roles(fold_word(word)))
    } else {
        Roles(0)
    }
}

/// True for a word that plays any role in a query.
pub(crate) fn is_word(word: &[u8]) -> bool {
    roles(word) != Roles(0)
}

/// True if `word` is `other` in any case.
#[inline]
pub(super) fn is(word: &[u8], other: &str) -> bool {
    word.eq_ignore_ascii_case(other.as_bytes())
}
