//! How an expression stands in its text: alone, in a short value, or in a page of other things.
//! It never asks what the expression says.
use credenza_event::Span;

use super::opening::Kind;
use crate::prose;
use crate::report::Confidence;

/// How much a finding in an expression says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Means something only where nothing stands around it.
    Alone,
    /// Has an effect, and stands in templates and program text, too.
    Effect,
    /// No template of a working system says so.
    Attack,
}

/// The production of a bare name of what each template has.
pub(super) const ROOT: &str = "engine-root";

/// The production of reckoning with numbers.
pub(super) const ARITHMETIC: &str = "arithmetic";

/// What was found in one expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub(super) grade: Grade,
    pub(super) production: &'static str,
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// The strongest sign of a text, and what stands outside of its expressions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) sign: Option<Sign>,
    /// Bytes outside of expressions that are not white space.
    pub(super) outside: usize,
    /// Those of them before the first expression.
    pub(super) left: usize,
    /// White space or quotes between what stands before the first expression.
    pub(super) left_is_loose: bool,
    /// Anything but letters and digits stands outside, or white space between them.
    pub(super) is_mixed: bool,
    /// A line break stands outside.
    pub(super) has_lines: bool,
    /// The row of expressions that is being read.
    pub(super) row: Row,
    /// The row in which the sign stands.
    of_sign: Row,
}

/// Expressions between which nothing stands but white space.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    start: usize,
    end: usize,
    /// True if the next expression belongs to it, if it comes now.
    pub(super) is_open: bool,
}

// Limit: what an attacker writes around an expression is a URL's start, a word, or a remark behind
// it: 160 bytes hold each of them, and no page of a site or line of a program is left so bare.
const AROUND_BYTES_MAX: usize = 160;
// Limit: a random mark glued to a probe has at most 32 letters and digits.
const MARK_BYTES_MAX: usize = 32;
// Limit: one line of program text.
const LINE_BYTES_MAX: usize = 320;

impl Found {
    /// Keeps the stronger of two signs, the first of equals.
    pub(super) fn note(&mut self, sign: Sign) {
        if self.sign.is_none_or(|old| old.grade < sign.grade) {
            self.sign = Some(sign);
            self.of_sign = self.row;
        }
    }

    /// An expression that stands in no other begins.
    pub(super) fn begin(&mut self, at: usize) {
        if !self.row.is_open {
            self.row = Row {
                start: at,
                end: at,
                is_open: true,
            };
        }
    }

    /// An expression that stands in no other ends.
    pub(super) fn end(&mut self, at: usize) {
        self.row.end = at;
        if self.row.start == self.of_sign.start {
            self.of_sign.end = at;
        }
    }

    /// True if a sentence speaks of the expression; a remark behind `//` is none.
    fn is_told(&self, text: &[u8], sign: Sign) -> bool {
        let row = super::nest::span(self.of_sign.start, self.of_sign.end);
        let row = if self.of_sign.end == 0 {
            sign.span
        } else {
            row
        };
        let quoted = text.get(..row.start as usize).unwrap_or(&[]);
        if quoted.ends_with(b"`") {
            return true;
        }
        let behind = text.get(row.end as usize..).unwrap_or(&[]);
        let is_remark = self.left == 0 && behind.trim_ascii_start().starts_with(b"//");
        !is_remark && prose::surrounds(text, row)
    }

    /// True if nothing weightier than a URL's start or a remark stands around the expressions.
    fn is_alone(&self) -> bool {
        let most = if self.has_lines {
            MARK_BYTES_MAX
        } else {
            AROUND_BYTES_MAX
        };
        // One word before it, however long, is no text; a page has white space and quotes.
        let right = self.outside.saturating_sub(self.left);
        !self.left_is_loose && right <= most
    }

    /// True if nothing but a mark of letters and digits stands around the expressions.
    fn is_bare(&self) -> bool {
        self.outside == 0 || !self.is_mixed && self.outside <= MARK_BYTES_MAX
    }

    /// True for arithmetic without a blank among a few words: `Ann {{7*7}}` is no page's template.
    fn is_in_words(&self, text: &[u8], sign: Sign) -> bool {
        let (start, end) = (sign.span.start as usize, sign.span.end as usize);
        let inside = text.get(start..end).unwrap_or(&[]);
        let is_plain = |byte: &u8| {
            byte.is_ascii_alphanumeric() || *byte >= 0x80 || b" ,.!?@-_/".contains(byte)
        };
        let before = text.get(..start).unwrap_or(&[]);
        let behind = text.get(end..).unwrap_or(&[]);
        sign.production == ARITHMETIC
            && self.outside <= MARK_BYTES_MAX
            && !inside.iter().any(u8::is_ascii_whitespace)
            && before.iter().chain(behind).all(is_plain)
    }

    /// How sure the strongest sign makes.
    pub(super) fn confidence(&self, text: &[u8]) -> Option<Confidence> {
        let sign = self.sign?;
        let confidence = match sign.grade {
            Grade::Attack => Confidence::High,
            Grade::Effect if self.is_alone() => Confidence::High,
            Grade::Effect if !self.has_lines && self.outside <= LINE_BYTES_MAX => {
                return Some(Confidence::Medium);
            }
            // A file may be called after a name; a path begins with a slash.
            Grade::Alone if sign.production == ROOT && self.outside > 1 => return None,
            Grade::Alone if self.is_bare() || self.is_in_words(text, sign) => Confidence::High,
            Grade::Effect | Grade::Alone => return None,
        };
        if self.is_told(text, sign) {
            return Some(Confidence::Medium);
        }
        Some(confidence)
    }

    /// The bytes that decided.
    pub(super) fn span(&self) -> Span {
        self.sign.map(|sign| sign.span).unwrap_or_default()
    }

    /// The signs around the expression.
    pub(super) fn context(&self) -> &'static str {
        self.sign.map_or("", |sign| sign.kind.name())
    }

    /// What decided.
    pub(super) fn production(&self) -> &'static str {
        self.sign.map_or("", |sign| sign.production)
    }
}
