//! Lists of addresses and phone numbers: one is a contact, many are a dump.
//! It never keeps one.
use alloc::vec::Vec;

use super::Datum;
use super::digits::Number;

// Limit: a page of a list that people look at has 10 to 50 rows; 64 different ones are more.
const LIST_MIN: usize = 64;

// Limit: 64 bytes before the sign and 128 behind it (RFC 5321 allows 64 and 255).
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 128;

/// Domains of books, which belong to nobody (RFC 2606).
const NOBODYS: [&[u8]; 6] = [
    b"example.com",
    b"example.org",
    b"example.net",
    b".example",
    b".invalid",
    b".test",
];

/// What was counted of a list: different ones by their hash, and where they stand.
struct List {
    kind: &'static str,
    seen: [u64; 64],
    different: usize,
    found: Vec<(usize, usize)>,
}

// Limit: leaks are bounded at 256; a list is told by as many.
const KEPT_MAX: usize = 256;

impl List {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            seen: [0; 64],
            different: 0,
            found: Vec::new(),
        }
    }

    fn meet(&mut self, text: &[u8], start: usize, end: usize) {
        let hash = text.get(start..end).unwrap_or_default().iter();
        let hash = hash.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let (word, bit) = (
            (hash >> 58) as usize,
            1_u64.unbounded_shl((hash >> 52) as u32 & 63),
        );
        if let Some(word) = self.seen.get_mut(word) {
            self.different = self.different.saturating_add(usize::from(*word & bit == 0));
            *word |= bit;
        }
        if self.found.len() < KEPT_MAX {
            self.found.push((start, end));
        }
    }

    fn tell(&self, mut note: impl FnMut(Datum)) {
        if self.different < LIST_MIN {
            return;
        }
        for (start, end) in &self.found {
            note(Datum {
                kind: self.kind,
                start: *start,
                end: *end,
            });
        }
    }
}

/// E-mail addresses, if they are many.
pub(super) fn addresses(text: &[u8], note: impl FnMut(Datum)) {
    let mut list = List::new("email-list");
    let mut free = 0;
    for at in memchr::memchr_iter(b'@', text) {
        if let Some((start, end)) = address(text, at, free) {
            list.meet(text, start, end);
            free = end;
        }
    }
    list.tell(note);
}

/// The address around its sign.
fn address(text: &[u8], at: usize, free: usize) -> Option<(usize, usize)> {
    let is_local = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'_' | b'%' | b'+' | b'-')
    };
    let before = text.get(free..at)?.iter().rev();
    let local = before.take(LOCAL_BYTES_MAX).take_while(is_local).count();
    let is_domain = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'-');
    let behind = text.get(at.checked_add(1)?..)?;
    let len = behind
        .iter()
        .take(DOMAIN_BYTES_MAX)
        .take_while(is_domain)
        .count();
    let domain = behind.get(..len)?;
    let domain = domain.strip_suffix(b".").unwrap_or(domain);
    let top = domain.rsplit(|byte| *byte == b'.').next()?;
    let is_top = (2..=18).contains(&top.len()) && top.iter().all(u8::is_ascii_alphabetic);
    let is_whole = local > 0 && top.len() < domain.len() && is_top;
    let is_nobodys = NOBODYS.iter().any(|known| domain.ends_with(known));
    let end = at.checked_add(1)?.checked_add(domain.len())?;
    (is_whole && !is_nobodys).then(|| (at.saturating_sub(local), end))
}

/// Phone numbers in their international form, if they are many.
pub(super) struct Phones(List);

impl Phones {
    pub(super) fn new() -> Self {
        Self(List::new("phone-list"))
    }

    /// Counts a number, if it is one of a phone: E.164 has 15 digits at most behind its sign.
    pub(super) fn meet(&mut self, text: &[u8], number: &Number) {
        let Some(sign) = number.start.checked_sub(1) else {
            return;
        };
        let is_long = (9..=15).contains(&number.digits().len());
        let goes_on = text.get(number.end).is_some_and(u8::is_ascii_alphanumeric);
        if is_long && !goes_on && text.get(sign) == Some(&b'+') {
            self.0.meet(text, sign, number.end);
        }
    }

    pub(super) fn tell(&self, note: impl FnMut(Datum)) {
        self.0.tell(note);
    }
}
