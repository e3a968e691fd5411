//! A regular expression read for what a backtracking matcher would make of it.
//! It never recurses, never matches anything, and never judges a pattern that no compiler takes.
//!
//! A repeated group costs exponential time if a run of one letter can be cut into its repetitions
//! in more than one way: because something in it is repeated as well and the rest gives way, or
//! because two of its alternatives take that letter.
use super::letters::Letters;

// Limit: 32 groups inside of each other; patterns that people write have four.
const GROUPS_MAX: usize = 32;
// Limit: a group that may stand 16 times costs 2^16 already; dates and addresses repeat up to 8.
const REPEATED_FROM: u32 = 16;
// Limit: a million copies of a letter is what a compiler has to build; a counted name has 64.
const COPIES_MAX: u64 = 1_000_000;

/// What is known of an open group.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Letters that everything which must stand in the alternative at hand takes.
    must: Letters,
    has_must: bool,
    /// Letters that something in the alternative takes.
    may: Letters,
    /// Letters that something in it takes again and again.
    pumped: Letters,
    /// Runs of these letters the alternatives before match.
    runs: Letters,
    /// What of them is taken again and again.
    all_pumped: Letters,
    is_ambiguous: bool,
    /// True for what looks ahead or behind and takes nothing.
    is_glance: bool,
    /// Copies that counted repetitions make of it.
    copies: u64,
    begins: usize,
}

impl Group {
    const fn new(begins: usize, is_glance: bool) -> Self {
        Self {
            must: Letters::ALL,
            has_must: false,
            may: Letters::NONE,
            pumped: Letters::NONE,
            runs: Letters::NONE,
            all_pumped: Letters::NONE,
            is_ambiguous: false,
            is_glance,
            copies: 1,
            begins,
        }
    }

    fn add(&mut self, atom: Atom, count: Count) {
        if count.min > 0 {
            self.must = self.must.within(atom.letters);
            self.has_must = true;
        }
        self.may = self.may.with(atom.letters);
        // What is repeated a fixed number of times gives nothing away.
        if count.max >= REPEATED_FROM && count.max != count.min {
            self.pumped = self.pumped.with(atom.letters);
        } else {
            self.pumped = self.pumped.with(atom.pumped);
        }
        let copies = atom.copies.saturating_mul(u64::from(count.bounded.max(1)));
        self.copies = self.copies.max(copies);
    }

    /// The alternative at hand is over.
    fn alternative(&mut self) {
        let run = if self.has_must {
            self.must.within(self.may)
        } else {
            self.may
        };
        let pumped = self.pumped.within(run);
        self.is_ambiguous |= !pumped.is_empty() || run.meets(self.runs);
        self.runs = self.runs.with(run);
        self.all_pumped = self.all_pumped.with(pumped);
        (self.must, self.has_must) = (Letters::ALL, false);
        (self.may, self.pumped) = (Letters::NONE, Letters::NONE);
    }
}

/// What may be repeated.
#[derive(Clone, Copy)]
struct Atom {
    letters: Letters,
    pumped: Letters,
    copies: u64,
    is_ambiguous: bool,
    is_group: bool,
    begins: usize,
}

/// How often.
#[derive(Clone, Copy)]
struct Count {
    min: u32,
    max: u32,
    /// The greatest number that is written; 1 without one.
    bounded: u32,
}

const ONCE: Count = Count {
    min: 1,
    max: 1,
    bounded: 1,
};

/// What makes a pattern dear, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dear {
    pub(super) production: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    groups: [Group; GROUPS_MAX],
    open: usize,
    dear: Option<Dear>,
}

/// The first thing in a pattern that a matcher pays for beyond measure.
pub(super) fn dear(text: &[u8]) -> Option<Dear> {
    let mut reader = Reader {
        text,
        at: 0,
        groups: [Group::new(0, false); GROUPS_MAX],
        open: 0,
        dear: None,
    };
    while reader.at < text.len() {
        reader.piece()?;
    }
    // What is still open is no pattern.
    if reader.open == 0 { reader.dear } else { None }
}

impl Reader<'_> {
    fn group(&mut self) -> Option<&mut Group> {
        self.groups.get_mut(self.open)
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at.saturating_add(ahead)).copied()
    }

    fn pass(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Reads one piece of a pattern; `None` where it is none.
    fn piece(&mut self) -> Option<()> {
        let begins = self.at;
        let letters = match self.byte(0)? {
            b'(' => return self.open_group(),
            b')' => return self.close_group(),
            b'|' => {
                self.pass(1);
                self.group()?.alternative();
                return Some(());
            }
            b'^' | b'$' => {
                self.pass(1);
                return Some(());
            }
            b'*' | b'+' | b'?' => return None,
            b'[' => self.set()?,
            b'\\' => {
                let letter = self.byte(1)?;
                self.pass(2);
                if matches!(letter, b'b' | b'B' | b'A' | b'z' | b'Z' | b'G') {
                    return Some(());
                }
                if matches!(letter, b'p' | b'P') && self.byte(0) == Some(b'{') {
                    let rest = self.text.get(self.at..)?;
                    self.pass(memchr::memchr(b'}', rest)?.saturating_add(1));
                }
                escape(letter)
            }
            b'.' => {
                self.pass(1);
                Letters::one(b'\n').inverse()
            }
            byte => {
                self.pass(1);
                Letters::one(byte)
            }
        };
        let atom = Atom {
            letters,
            pumped: Letters::NONE,
            copies: 1,
            is_ambiguous: false,
            is_group: false,
            begins,
        };
        self.repeat(atom)
    }

    /// Adds an atom as often as what stands behind it says.
    fn repeat(&mut self, atom: Atom) -> Option<()> {
        let (count, bytes) = self.count();
        self.pass(bytes);
        // A lazy repetition tries the same ways in another order; a possessive one gives nothing
        // back.
        let is_possessive = bytes > 0 && self.byte(0) == Some(b'+');
        if bytes > 0 && matches!(self.byte(0), Some(b'?' | b'+')) {
            self.pass(1);
        }
        let count = if is_possessive {
            Count { max: 1, ..count }
        } else {
            count
        };
        let copies = atom.copies.saturating_mul(u64::from(count.bounded));
        let production = if atom.is_ambiguous && count.max >= REPEATED_FROM {
            Some("nested-quantifier")
        } else if atom.is_group && copies > COPIES_MAX {
            Some("repetition")
        } else {
            None
        };
        if let (Some(production), None) = (production, self.dear) {
            self.dear = Some(Dear {
                production,
                start: atom.begins,
                end: self.at,
            });
        }
        self.group()?.add(atom, count);
        Some(())
    }

    /// The repetition here, and its length.
    fn count(&self) -> (Count, usize) {
        let unbounded = |min| Count {
            min,
            max: u32::MAX,
            bounded: 1,
        };
        match self.byte(0) {
            Some(b'*') => (unbounded(0), 1),
            Some(b'+') => (unbounded(1), 1),
            Some(b'?') => (Count { min: 0, ..ONCE }, 1),
            Some(b'{') => self.counted().unwrap_or((ONCE, 0)),
            _ => (ONCE, 0),
        }
    }

    /// `{m}`, `{m,}` or `{m,n}`; a brace without numbers stands for itself.
    fn counted(&self) -> Option<(Count, usize)> {
        let rest = self.text.get(self.at.saturating_add(1)..)?;
        // Limit: two numbers of ten digits and their signs.
        let rest = rest.get(..24).unwrap_or(rest);
        let inside = rest.get(..memchr::memchr(b'}', rest)?)?;
        let number = |text: &[u8]| core::str::from_utf8(text).ok()?.parse::<u32>().ok();
        let count = match memchr::memchr(b',', inside) {
            None => {
                let times = number(inside)?;
                Count {
                    min: times,
                    max: times,
                    bounded: times,
                }
            }
            Some(at) => {
                let (min, max) = (inside.get(..at)?, inside.get(at.saturating_add(1)..)?);
                let min = if min.is_empty() { 0 } else { number(min)? };
                let max = if max.is_empty() {
                    u32::MAX
                } else {
                    number(max)?
                };
                Count {
                    min,
                    max,
                    bounded: if max == u32::MAX { min.max(1) } else { max },
                }
            }
        };
        Some((count, inside.len().saturating_add(2)))
    }

    /// A parenthesis and what says which kind of group it opens.
    fn open_group(&mut self) -> Option<()> {
        let begins = self.at;
        let head = self.text.get(self.at..)?;
        let (bytes, is_glance) = match head {
            [b'(', b'?', b'=' | b'!', ..] => (3, true),
            [b'(', b'?', b'<', b'=' | b'!', ..] => (4, true),
            [b'(', b'?', b'>', ..] => (3, false),
            [b'(', b'?', ..] => {
                // A name or flags, and the sign behind them.
                let rest = head.get(2..)?.iter().take(40);
                let end = rest
                    .into_iter()
                    .position(|byte| matches!(byte, b':' | b'>' | b')'))?;
                let closes = head.get(end.saturating_add(2)) == Some(&b')');
                if closes {
                    self.pass(end.saturating_add(3));
                    return Some(());
                }
                (end.saturating_add(3), false)
            }
            _ => (1, false),
        };
        self.pass(bytes);
        self.open = self.open.saturating_add(1);
        *self.group()? = Group::new(begins, is_glance);
        Some(())
    }

    fn close_group(&mut self) -> Option<()> {
        self.pass(1);
        let group = self.group()?;
        group.alternative();
        let closed = *group;
        self.open = self.open.checked_sub(1)?;
        if closed.is_glance {
            return Some(());
        }
        self.repeat(Atom {
            letters: closed.runs,
            pumped: closed.all_pumped,
            copies: closed.copies,
            is_ambiguous: closed.is_ambiguous,
            is_group: true,
            begins: closed.begins,
        })
    }

    /// The letters between brackets.
    fn set(&mut self) -> Option<Letters> {
        self.pass(1);
        let is_inverse = self.byte(0) == Some(b'^');
        if is_inverse {
            self.pass(1);
        }
        let mut letters = Letters::NONE;
        let mut is_first = true;
        loop {
            let byte = self.byte(0)?;
            if byte == b']' && !is_first {
                self.pass(1);
                break;
            }
            is_first = false;
            if byte == b'\\' {
                let letter = self.byte(1)?;
                letters = letters.with(escape(letter));
                self.pass(2);
                continue;
            }
            match (self.byte(1), self.byte(2)) {
                (Some(b'-'), Some(to)) if to != b']' && to != b'\\' => {
                    letters = letters.with(Letters::range(byte, to));
                    self.pass(3);
                }
                _ => {
                    letters = letters.with(Letters::one(byte));
                    self.pass(1);
                }
            }
        }
        Some(if is_inverse {
            letters.inverse()
        } else {
            letters
        })
    }
}

/// What an escaped letter stands for.
fn escape(letter: u8) -> Letters {
    match letter {
        b'n' => Letters::one(b'\n'),
        b'r' => Letters::one(b'\r'),
        b't' => Letters::one(b'\t'),
        b'f' => Letters::one(12),
        b'v' => Letters::one(11),
        // A group again: what it takes nobody knows here.
        b'1'..=b'9' => Letters::NONE,
        _ => Letters::class(letter).unwrap_or_else(|| Letters::one(letter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &[&str], production: Option<&str>) {
        for pattern in patterns {
            let found = dear(pattern.as_bytes()).map(|found| found.production);
            assert_eq!(found, production, "{pattern}");
        }
    }

    #[test]
    fn a_repeated_group_that_can_be_cut_in_two_ways_is_dear() {
        let patterns = [
            "(a+)+$",
            "(a*)*b",
            "([a-z]+)*$",
            "(\\w+\\s?)*:",
            "(a|a)*b",
            "(a|aa)+$",
            "((a+))+$",
            "(.*a){20}",
            "(\\d|[0-9])*x",
            "(.*,)*x",
            "(?:x+)+y",
            "(?<n>x+x+)+y",
            "([a-z]|\\w)+$",
            "(x+?)+y",
            "(a+|b)*c",
            "(-?\\w+)*@",
        ];
        check(&patterns, Some("nested-quantifier"));
    }

    #[test]
    fn a_repeated_group_that_can_be_cut_in_one_way_is_not() {
        let patterns = [
            "^[a-z]+(\\.[a-z]+)*$",
            "(\\d+,)*\\d+",
            "(\\w+\\s+)*",
            "\"([^\"\\\\]|\\\\.)*\"",
            "(a+)?b",
            "(ab)+",
            "(a+b)+",
            "(foo|bar)*",
            "([a-z]+){2,4}",
            "(?:https?://)?[\\w.]+",
            "(a++)+",
            "\\(a+\\)+",
            "[(a+)]+",
            "(\\s+\\S+)*",
            "x{1,64}",
            "((a|b)c)*",
            "(?=a+)*",
        ];
        check(&patterns, None);
    }

    #[test]
    fn a_million_copies_are_dear() {
        check(
            &["(((a{100}){100}){101})", "((x{999}){999}){9}"],
            Some("repetition"),
        );
        check(&["((a{3}){4}){5}", "[0-9]{4}-[0-9]{2}"], None);
    }

    #[test]
    fn what_no_compiler_takes_is_none() {
        check(&["(a+)+)", "((a+)+", "[a(b+)+", "+(a+)+", "(a+)+["], None);
    }
}
