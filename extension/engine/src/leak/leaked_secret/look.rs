//! What was read around the anchors of a text, so that it is not read again: names, runs, tokens.
//! It never decides whether something is a secret.
use super::form::Alphabet;
use super::token::{self, Token};

/// What was looked at so far, and the last name that was read: many anchors may stand in one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) bytes: u64,
    name: Option<Name>,
    run: Option<RunBefore>,
    ahead: Option<RunAhead>,
    /// Where a token was read last, and what it is: two forms ask for it.
    token: Option<(usize, Option<Token>)>,
}

/// The run before an anchor: of which alphabet, where it ends, and how long it is, as far as was
/// read.
#[derive(Clone, Copy, Debug)]
struct RunBefore {
    alphabet: Alphabet,
    end: usize,
    len: usize,
}

/// Letters of a name, where they end, and where its value begins, if it has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    from: usize,
    pub(super) end: usize,
    pub(super) value: Option<usize>,
    /// It may go on: so much was read and no more.
    is_cut: bool,
}

/// A run behind an anchor: of which alphabet, where it begins and ends, and whether it may go on
/// behind what was read.
#[derive(Clone, Copy, Debug)]
struct RunAhead {
    alphabet: Alphabet,
    from: usize,
    end: usize,
    is_cut: bool,
}

impl Look {
    /// Notes that so many bytes were looked at.
    pub(crate) fn add(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Forgets what stands where: another text comes.
    pub(crate) fn begin(&mut self) {
        *self = Self {
            bytes: self.bytes,
            ..Self::default()
        };
    }

    /// The signed token at an offset.
    pub(super) fn token_at(&mut self, text: &[u8], at: usize) -> Option<Token> {
        if let Some((known, token)) = self.token
            && known == at
        {
            return token;
        }
        let token = token::signed(text, at);
        self.token = Some((at, token));
        token
    }

    /// How many characters of an alphabet stand behind an offset, of which no more than `most`
    /// count; twice as many are read, so that a row of anchors reads each byte twice at most.
    pub(super) fn run_ahead(
        &mut self,
        text: &[u8],
        at: usize,
        alphabet: Alphabet,
        most: usize,
    ) -> usize {
        let known = self.ahead.filter(|run| {
            let left = run.end.checked_sub(at);
            let is_enough = |left: usize| !run.is_cut || left >= most;
            run.alphabet == alphabet && at >= run.from && left.is_some_and(is_enough)
        });
        let end = if let Some(run) = known {
            run.end
        } else {
            let reach = most.saturating_mul(2);
            let rest = text.get(at..).unwrap_or_default().iter();
            let len = rest
                .take(reach)
                .take_while(|byte| alphabet.has(**byte))
                .count();
            self.add(len);
            let end = at.saturating_add(len);
            self.ahead = Some(RunAhead {
                alphabet,
                from: at,
                end,
                is_cut: len == reach,
            });
            end
        };
        end.saturating_sub(at).min(most)
    }

    /// How many characters of an alphabet stand before an offset, of which no more than `most`
    /// count; what was read for the last anchor is not read again.
    pub(super) fn run_before(
        &mut self,
        text: &[u8],
        at: usize,
        alphabet: Alphabet,
        most: usize,
    ) -> usize {
        let known = self
            .run
            .filter(|run| run.alphabet == alphabet && run.end <= at);
        let from = known.map_or(0, |run| run.end);
        let before = text.get(from..at).unwrap_or_default().iter().rev();
        let fresh = before
            .take(most)
            .take_while(|byte| alphabet.has(**byte))
            .count();
        self.add(fresh);
        let joined = known.filter(|_| fresh == at.saturating_sub(from));
        let len = fresh.saturating_add(joined.map_or(0, |run| run.len));
        let end = at;
        self.run = Some(RunBefore { alphabet, end, len });
        len.min(most)
    }

    /// The name in which an offset stands.
    pub(super) fn name_at(&mut self, text: &[u8], at: usize) -> Name {
        let is_known = |name: &Name| {
            let left = name.end.checked_sub(at);
            at >= name.from && left.is_some_and(|left| !name.is_cut || left > NAME_BYTES_MAX)
        };
        if let Some(name) = self.name.filter(is_known) {
            return name;
        }
        let is_name =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
        let rest = text.get(at..).unwrap_or_default().iter();
        let count = rest.take(NAME_READ_BYTES).take_while(is_name).count();
        self.add(count);
        let end = at.saturating_add(count);
        let is_cut = count == NAME_READ_BYTES;
        let value = if is_cut {
            None
        } else {
            value_behind(text, end)
        };
        let name = Name {
            from: at,
            end,
            value,
            is_cut,
        };
        self.name = Some(name);
        name
    }
}

// Limit: 32 bytes: the longest name in use has 24 behind its first word.
pub(super) const NAME_BYTES_MAX: usize = 32;

// Limit: twice as many are read at once, so that a row of anchors reads each byte twice at most.
const NAME_READ_BYTES: usize = 2 * NAME_BYTES_MAX;

/// Where the value begins of a name that ends at an offset.
fn value_behind(text: &[u8], end: usize) -> Option<usize> {
    let mut end = skip(text, end, |byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b')')
    });
    end = skip(text, end, |byte| matches!(byte, b' ' | b'\t'));
    let (behind, tags) = skip_tags(text, end);
    let separated = skip(text, behind, |byte| matches!(byte, b':' | b'=' | b'>'));
    if separated == behind && tags == 0 {
        return None;
    }
    end = skip(text, separated, |byte| {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    });
    let (end, _) = skip_tags(text, end);
    let quotes = |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'(');
    Some(skip(text, end, quotes))
}

// Limit: 8 bytes: quotes within quotes within quotes, and the indentation of a value.
const SKIPPED_BYTES_MAX: usize = 8;

/// Where bytes of a sort end.
#[inline(never)]
fn skip(text: &[u8], at: usize, is_of_sort: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default().iter();
    let len = rest
        .take(SKIPPED_BYTES_MAX)
        .take_while(|byte| is_of_sort(**byte))
        .count();
    at.saturating_add(len)
}

/// Where tags of markup end, and how many they are: `</td><td class="v">`.
#[inline(never)]
fn skip_tags(text: &[u8], at: usize) -> (usize, usize) {
    // Limit: two cells have two tags between them, and one or two for how they look.
    let (mut at, mut tags) = (at, 0_usize);
    while tags < 4 && text.get(at) == Some(&b'<') {
        let tag = text.get(at..).unwrap_or_default();
        let tag = tag.get(..64).unwrap_or(tag);
        let Some(end) = memchr::memchr(b'>', tag) else {
            break;
        };
        at = skip(text, at.saturating_add(end).saturating_add(1), |byte| {
            byte == b' '
        });
        tags = tags.saturating_add(1);
    }
    (at, tags)
}
