//! Numbers in a text: runs of digits, alone or in groups.
//! It never decides what a number is.
use wide::u8x16;

/// Bytes that are looked at together.
const BLOCK_BYTES: usize = 64;
const LANES: usize = 16;

// Limit: 42 bytes: an account of 34 characters in groups of four has 8 signs between them.
const NUMBER_BYTES_MAX: usize = 42;

// Limit: 8 digits: the shortest number of an id.
const NUMBER_DIGITS_MIN: usize = 8;

// Limit: 24 digits: the longest card has 19.
const DIGITS_MAX: usize = 24;

/// A number: where it stands, its digits, and how they are grouped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    digits: [u8; DIGITS_MAX],
    len: usize,
    /// The sign between groups, if there are any.
    pub(super) sign: Option<u8>,
    groups: [u8; 8],
    group_count: usize,
}

impl Number {
    /// The values of the digits.
    pub(super) fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// How many digits each group has.
    pub(super) fn groups(&self) -> &[u8] {
        // Of more groups than are kept nothing is told.
        self.groups.get(..self.group_count).unwrap_or_default()
    }

    /// True if no letter, digit or point stands on either side.
    pub(super) fn is_free(&self, text: &[u8]) -> bool {
        let before = text.get(..self.start).unwrap_or_default();
        let behind = text.get(self.end..).unwrap_or_default();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+');
        let begins = match before {
            [.., b'\\', b'n' | b't' | b'r'] | [] => true,
            [.., digit, b'.' | b'-'] => !digit.is_ascii_alphanumeric(),
            [.., byte] => !is_word(*byte) && *byte != b'-',
        };
        let ends = match behind {
            [b'.' | b'-', next, ..] => !next.is_ascii_alphanumeric(),
            [byte, ..] => !is_word(*byte) && *byte != b'%',
            [] => true,
        };
        begins && ends
    }
}

/// Calls `visit` for each number of eight digits and more of which four stand together.
pub(super) fn each_number(text: &[u8], mut visit: impl FnMut(&Number)) {
    let (mut at, mut seen) = (0_usize, 0_usize);
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let mask = digits_of(block);
        let pairs = mask & mask >> 1;
        let mut fours = pairs & pairs >> 2;
        while fours != 0 {
            let place = at.saturating_add(fours.trailing_zeros() as usize);
            if place >= seen {
                seen = meet(text, place, seen, &mut visit);
            }
            let done = seen.saturating_sub(at);
            let keep = u32::try_from(done).map_or(0, |done| u64::MAX.unbounded_shl(done));
            fours &= keep;
        }
        at = at.saturating_add(BLOCK_BYTES);
    }
    let mut place = at.max(seen);
    while let Some(four) = text.get(place..).and_then(<[u8]>::first_chunk::<4>) {
        if four.iter().all(u8::is_ascii_digit) {
            seen = meet(text, place, seen, &mut visit);
            place = seen;
        } else {
            place = place.saturating_add(1);
        }
    }
}

/// A bit for each byte that is a digit.
#[inline]
fn digits_of(block: &[u8; BLOCK_BYTES]) -> u64 {
    let (quarters, _) = block.as_chunks::<LANES>();
    quarters.iter().rev().fold(0, |mask, quarter| {
        // Below `0` the difference wraps, so that one comparison tells both bounds.
        let digits = u8x16::new(*quarter) - u8x16::splat(b'0');
        let is_digit = digits.min(u8x16::splat(9)).simd_eq(digits);
        mask << LANES | u64::from(is_digit.to_bitmask())
    })
}

/// Reads the number around a place, but nothing before `seen`; gives back where it ends.
fn meet(text: &[u8], place: usize, seen: usize, visit: &mut impl FnMut(&Number)) -> usize {
    if let Some(end) = ordinary(text, place) {
        return end;
    }
    let number = number(text, place, seen);
    let is_long = number.len >= NUMBER_DIGITS_MIN
        && number.end.saturating_sub(number.start) < NUMBER_BYTES_MAX;
    if is_long {
        visit(&number);
    }
    number.end.max(place.saturating_add(1))
}

/// Where the digits around a place end, if they are of a date, or small letters stand beside
/// them: of a hash or an id. Most digits of ordinary outputs are of these.
#[inline]
fn ordinary(text: &[u8], place: usize) -> Option<usize> {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let behind = text.get(place..)?;
    let behind = behind.iter().take(NUMBER_BYTES_MAX).take_while(is_digit);
    let end = place.saturating_add(behind.count());
    let before = text.get(place.saturating_sub(NUMBER_BYTES_MAX)..place)?;
    let run = before.iter().rev().take_while(is_digit).count();
    let before = before.get(..before.len().saturating_sub(run))?;
    let is_inside = match before {
        [] | [.., b'\\', b'n' | b'r' | b't'] => false,
        [.., byte] => byte.is_ascii_lowercase(),
    };
    let goes_on = text.get(end).is_some_and(u8::is_ascii_lowercase);
    // A date, which stands in every other line of a log.
    if let Some([b'-', _, _, b'-', _, _]) = text.get(end..).and_then(<[u8]>::first_chunk)
        && run == 0
        && end.saturating_sub(place) == 4
    {
        return Some(end.saturating_add(6));
    }
    if is_inside || goes_on {
        return Some(end);
    }
    // Fewer digits than any number that is looked for, and none in another group.
    let joins = |sign: Option<&u8>, digit: Option<&u8>| {
        matches!(sign, Some(b' ' | b'-')) && digit.is_some_and(u8::is_ascii_digit)
    };
    let is_short = run.saturating_add(end.saturating_sub(place)) < NUMBER_DIGITS_MIN;
    let (sign, digit) = match before {
        [.., digit, sign] => (Some(sign), Some(digit)),
        _ => (None, None),
    };
    let follows = || joins(text.get(end), text.get(end.saturating_add(1)));
    (is_short && !joins(sign, digit) && !follows()).then_some(end)
}

/// The number around a digit: groups with one sign between them.
fn number(text: &[u8], place: usize, seen: usize) -> Number {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_sign = |at: usize| matches!(text.get(at), Some(b' ' | b'-'));
    let mut start = place;
    while start > seen {
        let (one, two) = (start.checked_sub(1), start.checked_sub(2));
        match (one, two) {
            (Some(one), _) if is_digit(one) => start = one,
            (Some(one), Some(two)) if is_sign(one) && is_digit(two) => start = two,
            _ => break,
        }
    }
    let mut number = Number {
        start,
        end: start,
        digits: [0; DIGITS_MAX],
        len: 0,
        sign: None,
        groups: [0; 8],
        group_count: 1,
    };
    let mut at = start;
    // To its end, however long: what begins within a number is none.
    loop {
        if let Some(byte) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            number.take(byte.wrapping_sub(b'0'));
            at = at.saturating_add(1);
            number.end = at;
        } else if is_sign(at) && is_digit(at.saturating_add(1)) && number.goes_on(text.get(at)) {
            at = at.saturating_add(1);
        } else {
            break;
        }
    }
    number
}

impl Number {
    fn take(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = digit;
            self.len = self.len.saturating_add(1);
        }
        let group = self.group_count.saturating_sub(1);
        if let Some(count) = self.groups.get_mut(group) {
            *count = count.saturating_add(1);
        }
    }

    /// Begins another group, if the sign is that of the others.
    fn goes_on(&mut self, sign: Option<&u8>) -> bool {
        let is_same = self.sign.is_none() || self.sign.as_ref() == sign;
        if is_same {
            self.sign = sign.copied();
            self.group_count = self.group_count.saturating_add(1);
        }
        is_same
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{NUMBER_DIGITS_MIN, number, ordinary};

    #[test]
    fn what_is_passed_over_as_short_is_a_short_number_that_ends_there() {
        bolero::check!().for_each(|bytes: &[u8]| {
            // Capitals and points, because small letters and dates are passed over by themselves.
            let signs = b"0123456789012345 -.A";
            let sign = |byte: &u8| signs[usize::from(*byte) % signs.len()];
            let text: Vec<u8> = bytes.iter().map(sign).collect();
            for (place, four) in text.windows(4).enumerate() {
                let is_date = text.get(place + 4) == Some(&b'-');
                if !four.iter().all(u8::is_ascii_digit) || is_date {
                    continue;
                }
                if let Some(end) = ordinary(&text, place) {
                    let number = number(&text, place, 0);
                    assert!(number.len < NUMBER_DIGITS_MIN && number.end == end);
                }
            }
        });
    }
}
