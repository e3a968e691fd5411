//! Check digits, as the issuers of numbers define them.
//! It never looks at a text, only at the values of digits.

/// The formula of Luhn: cards, and ids of Sweden and Canada.
#[inline(never)]
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0_u32, |sum, (at, digit)| {
            let digit = u32::from(*digit);
            let doubled = digit.saturating_mul(2);
            let value = match (at % 2, doubled) {
                (0, _) => digit,
                (_, 10..) => doubled.saturating_sub(9),
                _ => doubled,
            };
            sum.saturating_add(value)
        });
    sum.is_multiple_of(10)
}

/// The sum of digits, each times its weight.
#[inline(never)]
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).fold(0, |sum, (digit, weight)| {
        sum.saturating_add(u32::from(*digit).saturating_mul(*weight))
    })
}

/// The digits as one number; 0 for more than fit.
#[inline(never)]
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0_u64, |number, digit| {
        number
            .checked_mul(10)
            .and_then(|number| number.checked_add(u64::from(*digit)))
            .unwrap_or(0)
    })
}

/// The digit at a place, or one that is none.
pub(super) fn at(digits: &[u8], place: usize) -> u32 {
    digits.get(place).copied().map_or(99, u32::from)
}

/// The number that two digits make.
pub(super) fn two(digits: &[u8], place: usize) -> u32 {
    let next = at(digits, place.saturating_add(1));
    at(digits, place).saturating_mul(10).saturating_add(next)
}

/// True for a day and a month.
pub(super) fn is_day(day: u32, month: u32) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

/// ISO 7064, modulus 11 and 10: Germany.
pub(super) fn iso_11_10(digits: &[u8]) -> bool {
    let Some((last, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10_u32, |product, digit| {
        let sum = product.saturating_add(u32::from(*digit)) % 10;
        let sum = if sum == 0 { 10 } else { sum };
        sum.saturating_mul(2) % 11
    });
    u32::from(*last) == 11_u32.saturating_sub(product) % 10
}

/// One round of Verhoeff's permutation; a digit at place n goes through n of them.
const ROUND: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// The formula of Verhoeff, from the group of the symmetries of a pentagon: India.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let product = |one: u8, other: u8| match (one < 5, other < 5) {
        (true, true) => one.wrapping_add(other) % 5,
        (true, false) => (one.wrapping_add(other).wrapping_sub(5) % 5).wrapping_add(5),
        (false, true) => {
            (one.wrapping_add(5).wrapping_sub(other).wrapping_sub(5) % 5).wrapping_add(5)
        }
        (false, false) => one.wrapping_add(5).wrapping_sub(other) % 5,
    };
    let permuted = |digit: u8, times: usize| {
        (0..times % 8).fold(digit, |digit, _| {
            ROUND.get(usize::from(digit)).copied().unwrap_or(digit)
        })
    };
    let places = digits.iter().rev().enumerate();
    let sum = places.fold(0, |sum, (at, digit)| product(sum, permuted(*digit, at)));
    sum == 0
}

/// True for digits that somebody made up: one repeated, counting, or few different ones.
#[inline(never)]
pub(super) fn is_made_up(digits: &[u8]) -> bool {
    let Some(first) = digits.first() else {
        return true;
    };
    let counts = |step: u8| {
        digits.windows(2).all(|pair| {
            let (Some(one), Some(other)) = (pair.first(), pair.last()) else {
                return false;
            };
            one.wrapping_add(step) % 10 == *other
        })
    };
    digits.iter().all(|digit| digit == first) || counts(1) || counts(9)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn numbers_with_their_check_digit_pass_and_with_any_other_do_not() {
        type Check = fn(&[u8]) -> bool;
        let cases: [(&str, Check); 4] = [
            ("4539578763621486", luhn),
            ("86095742719", iso_11_10),
            ("2363", verhoeff),
            ("046454286", luhn),
        ];
        for (text, check) in cases {
            let right = digits(text);
            assert!(check(&right), "{text}");
            for other in 1..10 {
                let mut wrong = right.clone();
                let last = wrong.last_mut().unwrap();
                *last = (*last + other) % 10;
                assert!(!check(&wrong), "{text} and {other}");
            }
        }
    }
}
