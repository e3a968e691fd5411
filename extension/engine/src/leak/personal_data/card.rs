//! Numbers of payment cards.
//! It never takes one for real that networks give out for tests.
use super::Datum;
use super::check;
use super::digits::Number;

/// The first digits of a network's cards, from and to, and how many digits they have.
const ISSUERS: [(u64, u64, usize, usize); 21] = [
    (4, 4, 13, 13),
    (4, 4, 16, 16),
    (4, 4, 19, 19),
    (51, 55, 16, 16),
    (2221, 2720, 16, 16),
    (34, 34, 15, 15),
    (37, 37, 15, 15),
    (6011, 6011, 16, 19),
    (644, 649, 16, 19),
    (65, 65, 16, 19),
    (622_126, 622_925, 16, 19),
    (3528, 3589, 16, 19),
    (300, 305, 14, 14),
    (3095, 3095, 14, 14),
    (36, 36, 14, 14),
    (38, 39, 14, 14),
    (62, 62, 16, 19),
    (5018, 5038, 16, 16),
    (6304, 6304, 16, 16),
    (2200, 2204, 16, 16),
    (81, 82, 16, 16),
];

/// Numbers that networks and processors give out for tests and that look like others.
const TESTS: [u64; 9] = [
    378_282_246_310_005,
    371_449_635_398_431,
    378_734_493_671_000,
    30_569_309_025_904,
    38_520_000_023_237,
    3_056_930_009_020_004,
    6_011_000_990_139_424,
    6_011_981_111_111_113,
    36_227_206_271_667,
];

/// Words that tell of a card, in small letters.
const WORDS: [&[u8]; 12] = [
    b"card", b"visa", b"master", b"amex", b"credit", b"debit", b"pan", b"payment", b"tarjeta",
    b"carte", b"karte", b"cvv",
];

// Limit: 48 bytes: a name stands right before its value, a word in the same sentence.
const NEAR_BYTES: usize = 48;

/// A card: in groups as cards are printed, or behind a word that says so.
pub(super) fn card(text: &[u8], number: &Number) -> Option<Datum> {
    let from = number.start.saturating_sub(NEAR_BYTES);
    let near = text.get(from..number.start)?;
    // Another line or object speaks of something else.
    let last = near.rsplit(|byte| matches!(byte, b'\n' | b'}'));
    let near = last.take(1).next().unwrap_or(near);
    let is_called = || WORDS.iter().any(|word| holds(near, word));
    let is_printed = matches!(
        number.groups(),
        [4, 4, 4, 4] | [4, 6, 4 | 5] | [4, 4, 4, 4, 3]
    );
    let is_whole = number.sign.is_none();
    let is_one = is_card(text, number) && (is_printed || is_whole && is_called());
    is_one.then_some(Datum {
        kind: "payment-card",
        start: number.start,
        end: number.end,
    })
}

/// True if a word in small letters stands in a text, in any case.
fn holds(text: &[u8], word: &[u8]) -> bool {
    let first = word.first().copied().unwrap_or(0);
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text).any(|at| {
        let part = text.get(at..at.saturating_add(word.len()));
        part.is_some_and(|part| part.eq_ignore_ascii_case(word))
    })
}

/// True for a number as cards have them.
fn is_card(text: &[u8], number: &Number) -> bool {
    let digits = number.digits();
    (13..=19).contains(&digits.len())
        && is_issued(digits)
        && check::luhn(digits)
        && distinct(digits) > 5
        && !TESTS.contains(&check::number(digits))
        && number.is_free(text)
}

fn is_issued(digits: &[u8]) -> bool {
    ISSUERS.iter().any(|(from, to, least, most)| {
        let places = from.checked_ilog10().unwrap_or(0).saturating_add(1) as usize;
        let prefix = check::number(digits.get(..places).unwrap_or_default());
        (*least..=*most).contains(&digits.len()) && (*from..=*to).contains(&prefix)
    })
}

/// How many different digits there are; those of tests are few.
fn distinct(digits: &[u8]) -> u32 {
    let seen = digits.iter().fold(0_u32, |seen, digit| {
        seen | 1_u32.unbounded_shl(u32::from(*digit))
    });
    seen.count_ones()
}

// Limit: 32 cards: whoever sees so many needs no more to be sure.
const LISTED_MAX: usize = 32;

/// Cards without a word or groups: where most of the long numbers of a text are some, they are a
/// list of cards, because of other numbers one in forty looks like one.
#[derive(Default)]
pub(super) struct Cards {
    long: usize,
    found: usize,
    kept: [Option<Datum>; LISTED_MAX],
}

impl Cards {
    /// Counts a number.
    pub(super) fn meet(&mut self, text: &[u8], number: &Number) {
        if number.sign.is_some() || !(13..=19).contains(&number.digits().len()) {
            return;
        }
        self.long = self.long.saturating_add(1);
        if is_card(text, number) {
            if let Some(place) = self.kept.get_mut(self.found) {
                *place = Some(Datum {
                    kind: "payment-card",
                    start: number.start,
                    end: number.end,
                });
            }
            self.found = self.found.saturating_add(1);
        }
    }

    /// The cards, if they are a list.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Datum> {
        // Limit: three of three by chance are one in sixty thousand.
        let is_list = self.found >= 3 && self.found.saturating_mul(2) > self.long;
        self.kept.iter().flatten().filter(move |_| is_list)
    }
}
