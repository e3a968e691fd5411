//! Numbers of bank accounts as IBAN.
//! It never asks a bank.
use super::Datum;
use super::digits::Number;

/// Countries and how many characters their accounts have (SWIFT's registry).
const COUNTRIES: &[u8] =
    b"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28\
EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32\
LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24\
SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

// Limit: 16 bytes before the digits: country, check digits, four letters of a bank, and spaces.
const BEFORE_BYTES: usize = 16;

// Limit: 34 characters at most, and a space behind each four.
const TAKEN_BYTES_MAX: usize = 42;

/// Accounts that stand in books, by what follows country and check digits.
const EXAMPLES: [&[u8]; 5] = [
    b"NWBK60161331926819",
    b"WEST12345698765432",
    b"370400440532013000",
    b"21000418450200051332",
    b"ABNA0417164300",
];

/// An account of which the number is a part.
pub(super) fn iban(text: &[u8], number: &Number) -> Option<Datum> {
    // Before the digits stands the country or a bank, in capitals.
    let before = text.get(..number.start)?;
    let last = before.strip_suffix(b" ").unwrap_or(before).last()?;
    if !last.is_ascii_uppercase() {
        return None;
    }
    let from = number.start.saturating_sub(BEFORE_BYTES);
    (from..=number.start).find_map(|start| {
        let before = start.checked_sub(1).and_then(|before| text.get(before));
        let escape = text.get(start.saturating_sub(2)..start) == Some(b"\\n");
        let is_free = escape || !before.is_some_and(u8::is_ascii_alphanumeric);
        let rest = text.get(start..)?;
        let is_begun = matches!(
            rest,
            [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', ..]
        );
        if is_free && is_begun {
            account(text, start)
        } else {
            None
        }
    })
}

fn account(text: &[u8], start: usize) -> Option<Datum> {
    let rest = text.get(start..)?;
    let rest = rest.get(..TAKEN_BYTES_MAX).unwrap_or(rest);
    let country = rest.get(..2)?;
    let mut known = COUNTRIES.chunks_exact(4);
    let [.., tens, ones] = known.find(|known| known.starts_with(country))? else {
        return None;
    };
    let value = |digit: &u8| usize::from(digit.wrapping_sub(b'0'));
    let wanted = value(tens).saturating_mul(10).saturating_add(value(ones));
    let mut taken = [0_u8; 34];
    let (mut len, mut at) = (0_usize, 0_usize);
    while len < wanted {
        let byte = *rest.get(at)?;
        at = at.saturating_add(1);
        // Groups of four, or none.
        if byte == b' ' && len.is_multiple_of(4) {
            continue;
        }
        if !byte.is_ascii_uppercase() && !byte.is_ascii_digit() {
            return None;
        }
        *taken.get_mut(len)? = byte;
        len = len.saturating_add(1);
    }
    let account = taken.get(..wanted)?;
    let goes_on = rest.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_example = EXAMPLES.contains(&account.get(4..)?);
    (!goes_on && !is_example && is_checked(account)).then(|| Datum {
        kind: "bank-account",
        start,
        end: start.saturating_add(at),
    })
}

/// ISO 7064, modulus 97: the first four characters at the end, letters as two digits.
fn is_checked(account: &[u8]) -> bool {
    let Some((head, tail)) = account.split_at_checked(4) else {
        return false;
    };
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| {
        let value = u32::from(match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A').wrapping_add(10),
            _ => byte.wrapping_sub(b'0'),
        });
        let shift = if value > 9 { 100 } else { 10 };
        rest.saturating_mul(shift).saturating_add(value) % 97
    });
    rest == 1
}
