//! What a reading of a value as SQL brings to light: facts, and why the reading ended.
//! It never says whether that is an attack.

/// What a reading has passed, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(u32);

impl Facts {
    /// `and`, `or`, `where`, …: a condition was added.
    pub(super) const CONNECTIVE: Self = Self(1);
    /// An added condition compares constants.
    pub(super) const CONSTANT_COMPARISON: Self = Self(1 << 1);
    /// Constants are compared before any condition is added (`2+2=4`).
    pub(super) const EARLY_COMPARISON: Self = Self(1 << 2);
    /// A comparison calls a function every database has, or reads a setting.
    pub(super) const CALL_COMPARISON: Self = Self(1 << 3);
    /// An added condition compares names.
    pub(super) const NAME_COMPARISON: Self = Self(1 << 4);
    /// An added condition is a constant (`or 1`).
    pub(super) const TRUTH: Self = Self(1 << 5);
    /// `union select`.
    pub(super) const UNION: Self = Self(1 << 6);
    /// A `select` in parentheses.
    pub(super) const SUBSELECT: Self = Self(1 << 7);
    /// A select list with a literal, a call, a setting or a star.
    pub(super) const LIST: Self = Self(1 << 8);
    /// A select list that goes on to `from`.
    pub(super) const FROM: Self = Self(1 << 9);
    /// A second statement with its object.
    pub(super) const STACKED: Self = Self(1 << 10);
    /// A second statement's verb, but no object that fits.
    pub(super) const VERB: Self = Self(1 << 11);
    /// A function with an effect, with arguments.
    pub(super) const EFFECT: Self = Self(1 << 12);
    /// A setting or system table.
    pub(super) const SYSTEM: Self = Self(1 << 13);
    /// `case when … end`.
    pub(super) const CASE: Self = Self(1 << 14);
    /// `order by` or `group by` with a number.
    pub(super) const ORDER: Self = Self(1 << 15);
    /// The value begins as a statement with its object.
    pub(super) const STATEMENT: Self = Self(1 << 16);
    /// Something joins the first operand to a second one.
    pub(super) const JOINED: Self = Self(1 << 17);
    /// A condition that only calls a function (`and user()`).
    pub(super) const CALL_TRUTH: Self = Self(1 << 18);
    /// A semicolon after the break-out.
    pub(super) const SEMICOLON: Self = Self(1 << 19);
    /// A condition that was added compares with a call of a known function, whatever follows.
    pub(super) const COMPARED_CALL: Self = Self(1 << 21);
    /// The string that the value's end leaves open has no letters in it (`or '1`).
    pub(super) const LETTERLESS: Self = Self(1 << 22);
    /// A comment stands inside the query text (`or/**/1`).
    pub(super) const COMMENT: Self = Self(1 << 23);
    /// A comment to the end of a line stands before more of the query (`1 -- \n (select …)`).
    pub(super) const LINE_COMMENT: Self = Self(1 << 24);
    /// A name of a column, a table or a variable takes part.
    pub(super) const NAMED: Self = Self(1 << 25);
    /// A known function is an argument of a known function.
    pub(super) const NESTED_CALL: Self = Self(1 << 26);
    /// A number that MySQL reads as nothing (`1.e(`), or a comment that holds nothing.
    pub(super) const DISGUISED: Self = Self(1 << 27);
    /// A known function was called.
    pub(super) const CALLED: Self = Self(1 << 28);
    /// A set operation that the value's end cuts short (`union all`).
    pub(super) const SET_OPERATION: Self = Self(1 << 20);

    /// Nothing was passed.
    pub(super) const NONE: Self = Self(0);

    /// True if all of `other` was passed.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if any of `other` was passed.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without `other`.
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Why a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The value ended where a query may end or go on.
    End,
    /// The value ended where an operand must follow.
    Dangling,
    /// A comment hides the rest.
    Cut,
    /// The value ended inside a string that begins where an operand is due.
    Open,
    /// What follows does not read as SQL.
    Broken,
    /// More tokens than asked for.
    Limit,
}

/// What stands before the first thing that is more than one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nothing.
    Nothing,
    /// One number.
    Number,
    /// One string.
    Text,
    /// One name.
    Name,
    /// More than that.
    Expression,
}

/// Where the reading starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Where the query expects an operand.
    Operand,
    /// Right after an operand: a quote has just been closed.
    Continuation,
}

/// What was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The productions passed.
    pub(super) facts: Facts,
    /// Why it ended.
    pub(super) stop: Stop,
    /// What stood before the break-out, for readings that start bare.
    pub(super) lead: Lead,
    /// Parentheses closed that the value did not open.
    pub(super) closes: u8,
    /// Parentheses that the value leaves open.
    pub(super) depth: usize,
    /// Tokens read.
    pub(super) tokens: usize,
    /// Where the token that ended the reading begins.
    pub(super) end: usize,
    /// Where the lexer stands.
    pub(super) at: usize,
}

impl Reading {
    /// True if what was read is a query's end in some dialect: nothing is missing behind it, or a
    /// comment hides what is.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.stop, Stop::End | Stop::Cut) && self.depth == 0
    }
}
