//! National ids: how long each is, and what proves it.
//! It never decides where to look.
use super::Datum;
use super::check::{at, is_day, is_made_up, iso_11_10, luhn, number, two, verhoeff, weighted};
use super::digits::Number;

/// An id of some country.
#[derive(Clone, Copy, Debug)]
struct Id {
    kind: &'static str,
    /// How many letters and digits it may have.
    lengths: &'static [usize],
    /// True for letters and digits, in capitals and without signs, that are one.
    is_one: fn(&[u8]) -> bool,
}

const fn id(kind: &'static str, lengths: &'static [usize], is_one: fn(&[u8]) -> bool) -> Id {
    Id {
        kind,
        lengths,
        is_one,
    }
}

const SPAIN: Id = id("spain-dni", &[9], spain);
const ITALY: Id = id("italy-codice-fiscale", &[16], italy);
const FRANCE: Id = id("france-nir", &[15], france);
const GERMANY: Id = id("germany-tax-id", &[11], |text| {
    at(text, 0) != 0x30 && of_digits(text, iso_11_10)
});
const NETHERLANDS: Id = id("netherlands-bsn", &[9], |text| {
    of_digits(text, |digits| {
        let sum = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
        sum % 11 == at(digits, 8)
    })
});
const BELGIUM: Id = id("belgium-register-number", &[11], |text| {
    of_digits(text, |digits| {
        let body = number(digits.get(..9).unwrap_or_default());
        let check = u64::from(two(digits, 9));
        let since = body.saturating_add(2_000_000_000);
        [body, since]
            .iter()
            .any(|body| 97_u64.saturating_sub(body % 97) == check)
    })
});
const POLAND: Id = id("poland-pesel", &[11], |text| {
    of_digits(text, |digits| {
        let sum = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
        sum.is_multiple_of(10) && is_day(two(digits, 4), two(digits, 2) % 20)
    })
});
const SWEDEN: Id = id("sweden-personnummer", &[10, 12], |text| {
    of_digits(text, |digits| {
        let short = digits
            .get(digits.len().saturating_sub(10)..)
            .unwrap_or_default();
        luhn(short) && is_day(two(short, 4), two(short, 2))
    })
});
const FINLAND: Id = id("finland-hetu", &[10, 11], finland);
const DENMARK: Id = id("denmark-cpr", &[10], |text| {
    of_digits(text, |digits| is_day(two(digits, 0), two(digits, 2)))
});
const NORWAY: Id = id("norway-fodselsnummer", &[11], |text| {
    of_digits(text, |digits| {
        weighted(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
            && weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
});
const PORTUGAL: Id = id("portugal-nif", &[9], |text| {
    of_digits(text, |digits| {
        let rest = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        let check = if rest < 2 {
            0
        } else {
            11_u32.saturating_sub(rest)
        };
        at(digits, 8) == check && matches!(at(digits, 0), 1 | 2 | 3 | 5 | 6 | 8 | 9)
    })
});
const NHS: Id = id("britain-nhs-number", &[10], |text| {
    of_digits(text, |digits| {
        weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
});
const NINO: Id = id("britain-national-insurance", &[9], |text| {
    let (letters, rest) = text.split_at_checked(2).unwrap_or_default();
    let (digits, last) = rest.split_at_checked(6).unwrap_or_default();
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte);
    letters.iter().all(is_letter)
        && letters.last() != Some(&b'O')
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(last, [b'A'..=b'D'])
        && !is_made_up(digits)
});
const CPF: Id = id("brazil-cpf", &[11], |text| of_digits(text, brazil));
const CNPJ: Id = id("brazil-cnpj", &[14], |text| of_digits(text, brazil_company));
const CHILE: Id = id("chile-rut", &[8, 9], chile);
const AADHAAR: Id = id("india-aadhaar", &[12], |text| {
    at(text, 0) > 0x31 && of_digits(text, verhoeff)
});
const CHINA: Id = id("china-resident-id", &[18], china);
const KOREA: Id = id("korea-resident-number", &[13], |text| {
    of_digits(text, |digits| {
        let sum = weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
        let check = 11_u32.saturating_sub(sum % 11) % 10;
        check == at(digits, 12) && is_day(two(digits, 4), two(digits, 2))
    })
});
const JAPAN: Id = id("japan-my-number", &[12], |text| {
    of_digits(text, |digits| {
        let rest = weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        let check = if rest < 2 {
            0
        } else {
            11_u32.saturating_sub(rest)
        };
        check == at(digits, 11)
    })
});
const TURKEY: Id = id("turkey-kimlik", &[11], |text| {
    of_digits(text, |digits| {
        let odd = weighted(digits, &[7, 0, 7, 0, 7, 0, 7, 0, 7]);
        let even = weighted(digits, &[0, 9, 0, 9, 0, 9, 0, 9, 0]);
        let all = weighted(digits, &[1; 10]);
        at(digits, 0) != 0
            && odd.saturating_add(even) % 10 == at(digits, 9)
            && all % 10 == at(digits, 10)
    })
});
const TFN: Id = id("australia-tax-file-number", &[9], |text| {
    of_digits(text, |digits| {
        weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
    })
});
const MEDICARE: Id = id("australia-medicare", &[10, 11], |text| {
    of_digits(text, |digits| {
        let sum = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]);
        sum % 10 == at(digits, 8) && (2..=6).contains(&at(digits, 0))
    })
});
const CANADA: Id = id("canada-sin", &[9], |text| {
    of_digits(text, |digits| {
        luhn(digits) && !matches!(at(digits, 0), 0 | 8)
    })
});
const SSN: Id = id("usa-social-security", &[9], |text| {
    of_digits(text, |digits| {
        let area = number(digits.get(..3).unwrap_or_default());
        let all = number(digits);
        // Two numbers of advertisements, which were never given out.
        let is_printed = matches!(all, 78_051_120 | 219_099_999 | 123_456_789);
        (1..900).contains(&area)
            && area != 666
            && two(digits, 3) != 0
            && !all.is_multiple_of(10_000)
            && !is_printed
    })
});

/// Declares all ids, and a bit for each.
macro_rules! ids {
    ($($name:ident $bit:literal,)+) => {
        /// All ids, in the order of their bits.
        static IDS: &[Id] = &[$($name,)+];

        /// The bits of sets of ids.
        pub(super) mod set {
            $(pub(in super::super) const $name: u32 = 1 << $bit;)+
        }
    };
}

ids! {
    SPAIN 0,
    ITALY 1,
    FRANCE 2,
    GERMANY 3,
    NETHERLANDS 4,
    BELGIUM 5,
    POLAND 6,
    SWEDEN 7,
    FINLAND 8,
    DENMARK 9,
    NORWAY 10,
    PORTUGAL 11,
    NHS 12,
    NINO 13,
    CPF 14,
    CNPJ 15,
    CHILE 16,
    AADHAAR 17,
    CHINA 18,
    KOREA 19,
    JAPAN 20,
    TURKEY 21,
    TFN 22,
    MEDICARE 23,
    CANADA 24,
    SSN 25,
}

/// The id of one of a set of countries at a place.
pub(super) fn of_set(set: u32, text: &[u8], start: usize) -> Option<Datum> {
    let mut bits = (0..).zip(IDS);
    bits.find_map(|(bit, id)| {
        let is_asked = set.unbounded_shr(bit) & 1 == 1;
        is_asked.then(|| id.find(text, start)).flatten()
    })
}

impl Id {
    /// The id of this country at a place, if one stands there: where it ends.
    fn find(&self, text: &[u8], start: usize) -> Option<Datum> {
        self.lengths.iter().find_map(|len| {
            let (taken, end) = take(text, start, *len)?;
            let is_one = (self.is_one)(taken.get(..*len)?);
            is_one.then_some(Datum {
                kind: self.kind,
                start,
                end,
            })
        })
    }
}

/// So many letters and digits at a place, in capitals and without the signs between them.
fn take(text: &[u8], start: usize, len: usize) -> Option<([u8; 20], usize)> {
    let rest = text.get(start..)?;
    let mut taken = [0_u8; 20];
    let (mut count, mut at) = (0_usize, 0_usize);
    let mut was_sign = true;
    while count < len {
        let byte = *rest.get(at)?;
        at = at.saturating_add(1);
        if byte.is_ascii_alphanumeric() {
            *taken.get_mut(count)? = byte.to_ascii_uppercase();
            count = count.saturating_add(1);
            was_sign = false;
        } else if !was_sign && matches!(byte, b' ' | b'-' | b'.' | b'/' | b'+') {
            was_sign = true;
        } else {
            return None;
        }
    }
    let goes_on = match rest.get(at..) {
        Some([b'-' | b'.', next, ..]) => next.is_ascii_digit(),
        Some([byte, ..]) => byte.is_ascii_alphanumeric() || *byte == b'_',
        _ => false,
    };
    (!goes_on).then(|| (taken, start.saturating_add(at)))
}

/// Asks a question of digits, if there is nothing else and nobody made them up.
fn of_digits(text: &[u8], is_one: impl Fn(&[u8]) -> bool) -> bool {
    let mut digits = [0_u8; 20];
    for (digit, byte) in digits.iter_mut().zip(text) {
        if !byte.is_ascii_digit() {
            return false;
        }
        *digit = byte.wrapping_sub(b'0');
    }
    let digits = digits.get(..text.len()).unwrap_or_default();
    !is_made_up(digits) && is_one(digits)
}

/// The value of digits in a text, if it is nothing else.
fn value(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        text.iter().fold(0, |value: u64, byte| {
            let digit = u64::from(byte.wrapping_sub(b'0'));
            value.saturating_mul(10).saturating_add(digit)
        })
    })
}

fn spain(text: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((last, body)) = text.split_last() else {
        return false;
    };
    // A foreigner's letter stands for a digit.
    let (first, rest) = match body {
        [b'Y', rest @ ..] => (10_000_000, rest),
        [b'Z', rest @ ..] => (20_000_000, rest),
        [b'X', rest @ ..] | rest => (0_u64, rest),
    };
    let Some(number) = value(rest) else {
        return false;
    };
    let place = first.saturating_add(number) % 23;
    let letter = LETTERS.get(usize::try_from(place).unwrap_or(0));
    letter == Some(last) && !matches!(number, 12_345_678 | 1_234_567 | 0)
}

fn italy(text: &[u8]) -> bool {
    /// The values of letters at odd places, from `A`; those of digits are those of the first ten.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let is_shaped = text
        .iter()
        .zip(b"LLLLLLDDLDDLDDDL")
        .all(|(byte, shape)| match shape {
            b'L' => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit(),
        });
    let Some((last, body)) = text.split_last() else {
        return false;
    };
    let sum = body.iter().enumerate().fold(0_u32, |sum, (at, byte)| {
        let place = if byte.is_ascii_digit() {
            byte.wrapping_sub(b'0')
        } else {
            byte.wrapping_sub(b'A')
        };
        let odd = ODD.get(usize::from(place)).copied().unwrap_or(0);
        let value = if at % 2 == 0 { odd } else { u32::from(place) };
        sum.saturating_add(value)
    });
    is_shaped && u32::from(last.wrapping_sub(b'A')) == sum % 26
}

fn france(text: &[u8]) -> bool {
    let (body, key) = text.split_at_checked(13).unwrap_or_default();
    // The departments of Corsica have letters.
    let (body, less) = match body {
        [head @ .., b'A', _, _, _, _, _, _] => (head, 1_000_000),
        [head @ .., b'B', _, _, _, _, _, _] => (head, 2_000_000),
        all => (all, 0),
    };
    let tail = if less == 0 {
        b"".as_slice()
    } else {
        text.get(7..13).unwrap_or_default()
    };
    let Some(head) = value(body) else {
        return false;
    };
    let whole = if less == 0 {
        head
    } else {
        let Some(tail) = value(tail) else {
            return false;
        };
        head.saturating_mul(10_000_000)
            .saturating_add(tail)
            .saturating_sub(less)
    };
    let month = text.get(3..5).and_then(value).unwrap_or(0);
    let is_born =
        matches!(text.first(), Some(b'1' | b'2' | b'7' | b'8')) && (1..=12).contains(&month);
    is_born && value(key) == Some(97_u64.saturating_sub(whole % 97))
}

fn finland(text: &[u8]) -> bool {
    const LETTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (born, rest) = text.split_at_checked(6).unwrap_or_default();
    // The century's letter; the sign of the last one is gone.
    let rest = match rest {
        [b'A'..=b'F' | b'U'..=b'Y', rest @ ..] if rest.len() == 4 => rest,
        rest => rest,
    };
    let (Some(born), Some((last, serial))) = (value(born), rest.split_last()) else {
        return false;
    };
    let Some(serial) = value(serial).filter(|_| serial.len() == 3) else {
        return false;
    };
    let place = born.saturating_mul(1000).saturating_add(serial) % 31;
    let (day, month) = (born / 10_000, born / 100 % 100);
    let is_born = (1..=31).contains(&day) && (1..=12).contains(&month);
    is_born && LETTERS.get(usize::try_from(place).unwrap_or(0)) == Some(last)
}

fn brazil(digits: &[u8]) -> bool {
    let check = |weights: &[u32]| {
        let rest = weighted(digits, weights).saturating_mul(10) % 11;
        rest % 10
    };
    check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) == at(digits, 9)
        && check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == at(digits, 10)
}

fn brazil_company(digits: &[u8]) -> bool {
    let check = |weights: &[u32]| {
        let rest = weighted(digits, weights) % 11;
        if rest < 2 {
            0
        } else {
            11_u32.saturating_sub(rest)
        }
    };
    check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == at(digits, 12)
        && check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == at(digits, 13)
}

fn chile(text: &[u8]) -> bool {
    let Some((last, body)) = text.split_last() else {
        return false;
    };
    let sum = body.iter().rev().zip([2_u32, 3, 4, 5, 6, 7].iter().cycle());
    let sum = sum.fold(0_u32, |sum, (byte, weight)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        sum.saturating_add(digit.saturating_mul(*weight))
    });
    let letter = match 11_u32.saturating_sub(sum % 11) {
        10 => b'K',
        11 => b'0',
        check => b'0'.wrapping_add(u8::try_from(check).unwrap_or(0)),
    };
    body.iter().all(u8::is_ascii_digit) && !is_made_up(body) && letter == *last
}

fn china(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let Some((last, body)) = text.split_last() else {
        return false;
    };
    of_digits(body, |digits| {
        let sum = weighted(digits, &WEIGHTS);
        let letter = b"10X98765432".get((sum % 11) as usize);
        letter == Some(last)
            && matches!(at(digits, 0), 1..=6)
            && matches!(two(digits, 6), 19 | 20)
            && is_day(two(digits, 12), two(digits, 10))
    })
}

/// An id that needs no name beside it, because a date and a check digit prove it.
pub(super) fn of_itself(text: &[u8], number: &Number) -> Option<Datum> {
    let is_long = number.sign.is_none() && matches!(number.digits().len(), 17 | 18);
    let before = number
        .start
        .checked_sub(1)
        .and_then(|before| text.get(before));
    let is_free = !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    (is_long && is_free)
        .then(|| CHINA.find(text, number.start))
        .flatten()
}
