//! The forms of secrets: what stands around an anchor, and where a secret begins and ends.
//! It never backtracks: each part takes what it can, and looks at no byte twice.
use super::compact::TABLE;
use super::look::{Look, NAME_BYTES_MAX};
use super::proof::{self, Proof};
use crate::leak::OutputText;
use crate::report::Confidence;

/// A kind of secret, as its page says.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The name in findings, and that of its page.
    pub(crate) name: &'static str,
    /// How sure a secret of this kind is one that must not leave.
    pub(crate) confidence: Confidence,
    /// Whether it is looked for in events, too.
    pub(crate) in_events: bool,
}

/// What the characters of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Letters and digits.
    Alnum,
    /// Letters, digits and `_`.
    Word,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Letters, digits, `-`, `_` and `.`.
    Parted,
    /// Letters, digits, `-`, `_`, `.` and `~`.
    Tilde,
    /// Letters, digits, `-`, `_` and `=`.
    Padded,
    /// Letters, digits, `+`, `/` and `=`.
    Base64,
    /// Digits and the small letters up to `f`.
    Hex,
    /// Small letters and digits.
    Lower,
    /// Capitals and digits.
    Upper,
    /// Digits.
    Digit,
    /// Digits and small letters up to `f` in the five groups of a UUID.
    Uuid,
}

impl Alphabet {
    #[inline]
    pub(super) fn has(self, byte: u8) -> bool {
        let alphabets = ALPHABETS.get(usize::from(byte)).copied().unwrap_or(0);
        alphabets & self.bit() != 0
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The same without a table, which is made of it.
    const fn holds(self, byte: u8) -> bool {
        match self {
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Uuid => matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'),
            Self::Lower => matches!(byte, b'0'..=b'9' | b'a'..=b'z'),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Digit => byte.is_ascii_digit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Parted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Tilde => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
            }
            Self::Padded => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        }
    }

    const ALL: [Self; 12] = [
        Self::Alnum,
        Self::Word,
        Self::Url,
        Self::Parted,
        Self::Tilde,
        Self::Padded,
        Self::Base64,
        Self::Hex,
        Self::Lower,
        Self::Upper,
        Self::Digit,
        Self::Uuid,
    ];
}

/// A bit for each alphabet that a byte is of: runs are read byte by byte, and long.
static ALPHABETS: [u16; 256] = alphabets();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at build time only: a wrong index fails the build"
)]
const fn alphabets() -> [u16; 256] {
    let (mut table, mut byte) = ([0; 256], u8::MAX);
    loop {
        let mut at = 0;
        while at < Alphabet::ALL.len() {
            if Alphabet::ALL[at].holds(byte) {
                table[byte as usize] |= Alphabet::ALL[at].bit();
            }
            at += 1;
        }
        if byte == 0 {
            return table;
        }
        byte -= 1;
    }
}

/// A part of a form behind its anchor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// These bytes.
    Text(&'static str),
    /// So many characters, at least and at most.
    Run(Alphabet, u16, u16),
    /// The anchor is in a name of a secret; what follows is its value.
    Value,
}

/// How a secret looks.
#[derive(Debug)]
pub(crate) struct Form {
    /// Its kind's place in the table.
    pub(crate) kind: u8,
    /// What the one pass looks for.
    pub(crate) anchor: &'static str,
    /// What stands before the anchor: a run that begins with a text; of no characters if nothing.
    pub(crate) before: Before,
    /// What stands behind it, in order.
    pub(crate) parts: &'static [Part],
    /// What proves it.
    pub(crate) proof: Proof,
}

/// A run before an anchor: the text that it begins with, its alphabet, how long it is.
pub(crate) type Before = (&'static str, Alphabet, u16, u16);

/// Nothing is asked of what stands before an anchor.
pub(super) const NOTHING: Before = ("", Alphabet::Alnum, 0, 0);

/// A row of the table.
pub(super) const fn form(
    kind: u8,
    before: Before,
    anchor: &'static str,
    parts: &'static [Part],
    proof: Proof,
) -> Form {
    Form {
        kind,
        anchor,
        before,
        parts,
        proof,
    }
}

/// A form without pointers, each of which would be filled in at every start: texts stand among the
/// bytes of all forms, and parts among all parts.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) kind: u8,
    /// How long the anchor is.
    pub(super) anchor: u8,
    pub(super) begin: Piece,
    pub(super) before: (Alphabet, u16, u16),
    pub(super) first: u16,
    pub(super) parts: u8,
    pub(super) proof: Proof,
}

/// A text: where it stands among the bytes of all, and how long it is.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) at: u16,
    pub(super) len: u8,
}

impl Piece {
    fn bytes(self) -> &'static [u8] {
        let from = usize::from(self.at);
        let to = from.saturating_add(usize::from(self.len));
        TABLE.bytes.get(from..to).unwrap_or_default()
    }
}

/// A part behind an anchor, as it is kept.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Text(Piece),
    Run(Alphabet, u16, u16),
    Value,
}

/// Where a secret stands, how far was looked, and how sure it is, if not as its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// One past the last byte that decided.
    pub(crate) reach: usize,
    pub(crate) confidence: Option<Confidence>,
}

impl Row {
    /// True if a name tells that what follows it is a secret.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.steps().first(), Some(Step::Value))
    }

    fn steps(&self) -> &'static [Step] {
        let from = usize::from(self.first);
        let to = from.saturating_add(usize::from(self.parts));
        TABLE.steps.get(from..to).unwrap_or_default()
    }

    /// The secret around an anchor.
    pub(crate) fn find(&self, text: &OutputText<'_>, at: usize, look: &mut Look) -> Option<Found> {
        let first = self.first(text.bytes, at, look)?;
        if self.proof.is_whole() {
            look.add(self.proof.looks(text, at));
            return self.proof.find(text, at, usize::from(self.anchor), look);
        }
        let (mut start, mut body) = (first, at.saturating_add(usize::from(self.anchor)));
        let mut end = body;
        let mut last = None;
        if !self.is_named() && !is_free(text.bytes, first) {
            return None;
        }
        for (number, part) in self.steps().iter().enumerate() {
            match *part {
                Step::Text(piece) => {
                    let part = piece.bytes();
                    if !text.from(end).starts_with(part) {
                        return None;
                    }
                    end = end.saturating_add(part.len());
                }
                Step::Run(alphabet, fewest, most) => {
                    let is_last = number.saturating_add(1) == usize::from(self.parts);
                    // One more than the longest tells whether the last run goes on.
                    let longest = usize::from(most).saturating_add(usize::from(is_last));
                    let len = look.run_ahead(text.bytes, end, alphabet, longest);
                    let taken = text.from(end).get(..len)?;
                    let len = run(taken, alphabet, fewest, most, is_last)?;
                    end = end.saturating_add(len);
                    last = Some(alphabet);
                }
                Step::Value => {
                    start = value(text.bytes, at, usize::from(self.anchor), look)?;
                    (body, end) = (start, start);
                }
            }
        }
        let next = text.bytes.get(end).copied();
        if next.is_some_and(|next| goes_on(next, last)) {
            return None;
        }
        // What stands before the anchor is of the body, too, but for the text it begins with.
        let from = if first < at {
            first.saturating_add(usize::from(self.begin.len))
        } else {
            body
        };
        let found = Found {
            start,
            end,
            reach: end.saturating_add(1),
            confidence: None,
        };
        self.proof.proves(text, found, text.bytes.get(from..end)?)
    }

    /// Where the form begins: at its anchor, or with the run before it.
    #[inline(never)]
    fn first(&self, text: &[u8], at: usize, look: &mut Look) -> Option<usize> {
        let (begin, (alphabet, least, most)) = (self.begin.bytes(), self.before);
        if most == 0 {
            return Some(at);
        }
        let (least, most) = (usize::from(least), usize::from(most));
        let most = most.saturating_add(begin.len());
        // Letters of an escape may stand before: `\n`, `%22`, `\u0022`.
        let longest = most.saturating_add(5);
        let len = look.run_before(text, at, alphabet, longest);
        [0, 1, 2, 5].into_iter().find_map(|escape: usize| {
            let len = len.checked_sub(escape)?;
            let first = at.checked_sub(len)?;
            let fits = (least.saturating_add(begin.len())..=most).contains(&len);
            let begins = text.get(first..)?.starts_with(begin);
            (fits && begins && is_free(text, first)).then_some(first)
        })
    }
}

/// How many of these characters a run takes: all, unless that are too few or too many.
fn run(taken: &[u8], alphabet: Alphabet, least: u16, most: u16, is_last: bool) -> Option<usize> {
    let (least, most) = (usize::from(least), usize::from(most));
    let mut len = taken.len();
    if is_last && matches!(alphabet, Alphabet::Parted | Alphabet::Tilde) {
        // A point at the end is the sentence's.
        len = taken.strip_suffix(b".").unwrap_or(taken).len();
    }
    (least..=most).contains(&len).then_some(len)
}

/// True if a byte behind a form shows that it is part of something longer.
#[inline(never)]
fn goes_on(next: u8, last: Option<Alphabet>) -> bool {
    // A point behind a secret ends a sentence, a dash or a line below a name goes on.
    let is_of_run = last.is_some_and(|alphabet| alphabet.has(next)) && next != b'.';
    next.is_ascii_alphanumeric() || is_of_run
}

/// True if a secret may begin here: no name goes on, unless what stands before is an escape.
#[inline(never)]
pub(crate) fn is_free(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    match before {
        // `\n` and its like, `\u000a`, and `%3D`.
        []
        | [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'v']
        | [.., b'\\', b'u', _, _, _, _] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., byte] => !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.'),
    }
}

/// Where the value of a name begins that holds the anchor: `DD_API_KEY=…`, `"ddApiKey": "…"`,
/// `<dd-api-key>…`, and a cell of a table beside it.
#[inline(never)]
fn value(text: &[u8], at: usize, anchor: usize, look: &mut Look) -> Option<usize> {
    let behind = at.saturating_add(anchor);
    let name = look.name_at(text, behind);
    if name.end.saturating_sub(behind) > NAME_BYTES_MAX {
        return None;
    }
    let value = name.value?;
    calls_secret(text.get(at..name.end)?).then_some(value)
}

/// True for a name that calls its value a secret: a key, a token, a password.
fn calls_secret(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some((first, behind)) = rest.split_first() {
        // What follows the first letter of a word.
        let ends: &[&[u8]] = match first.to_ascii_lowercase() {
            b'k' => &[b"ey"],
            b't' => &[b"oken"],
            b's' => &[b"ecret"],
            b'p' => &[b"ass", b"wd", b"at"],
            b'a' => &[b"uth"],
            b'c' => &[b"red"],
            _ => &[],
        };
        let stands = |end: &&[u8]| {
            let found = behind.get(..end.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(end))
        };
        if ends.iter().any(stands) {
            return true;
        }
        rest = behind;
    }
    false
}

impl Proof {
    /// What a run of the form that this proves adds to it, or nothing if it does not.
    fn proves(self, text: &OutputText<'_>, found: Found, body: &[u8]) -> Option<Found> {
        let is_one = match self {
            Self::Drawn => proof::is_drawn(body),
            Self::Crc32 => proof::has_checksum(body) && proof::is_drawn(body),
            Self::Mixed => proof::is_mixed(body) && proof::is_drawn(body),
            Self::Pair => {
                return (proof::is_drawn(body))
                    .then(|| proof::pair(text, found))
                    .flatten();
            }
            _ => false,
        };
        is_one.then_some(found)
    }
}
