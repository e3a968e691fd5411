//! What proves a secret: that it looks drawn at random, and not as an example does; checksums; and
//! the forms that are more than runs of letters.
//! It never asks anybody whether a secret is still good.
use super::form::{Found, is_free};
use super::look::Look;
use super::{pem, url};
use crate::leak::OutputText;

/// What proves a form beyond its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It looks drawn at random.
    Drawn,
    /// Its last six characters are the CRC-32 of the others in base 62.
    Crc32,
    /// It has capitals, small letters and digits.
    Mixed,
    /// A secret of 40 characters stands near.
    Pair,
    /// It is a private key in PEM.
    Pem,
    /// It is a signed token.
    Jwt,
    /// It is a signed token of a service's own role.
    ServiceRole,
    /// It is an address with a password.
    Address,
    /// It is a password among the settings of a connection.
    Settings,
}

impl Proof {
    /// True if it reads all of the form itself.
    pub(super) const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Pem | Self::Jwt | Self::ServiceRole | Self::Address | Self::Settings
        )
    }

    /// How many bytes it looks at, at most: to the end of the run that it reads.
    pub(super) fn looks(self, text: &OutputText<'_>, at: usize) -> usize {
        let rest = text.from(at);
        match self {
            Self::Address | Self::Settings => rest.len().min(416),
            // A token begins only where none of its letters stands before, and so reads each once.
            Self::Jwt | Self::ServiceRole if is_free(text.bytes, at) => {
                let is_in = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
                rest.iter().take(3400).take_while(is_in).count()
            }
            // A key ends where the dashes of the next one begin.
            Self::Pem => {
                let behind = rest.get(11..).unwrap_or_default();
                memchr::memchr(b'-', behind).unwrap_or(behind.len())
            }
            _ => 0,
        }
    }

    /// What stands at an anchor of so many bytes.
    pub(super) fn find(
        self,
        text: &OutputText<'_>,
        at: usize,
        anchor: usize,
        look: &mut Look,
    ) -> Option<Found> {
        match self {
            Self::Pem => pem::private_key(text.bytes, at),
            Self::Jwt | Self::ServiceRole if is_free(text.bytes, at) => {
                let token = look.token_at(text.bytes, at)?;
                (token.is_service == (self == Self::ServiceRole)).then_some(token.found)
            }
            Self::Address => url::with_password(text.bytes, at, anchor),
            Self::Settings => url::settings(text, at, anchor),
            _ => None,
        }
    }
}

/// What stands in the place of a secret in examples, in small letters.
const PLACEHOLDERS: [&[u8]; 20] = [
    b"example",
    b"xxxx",
    b"your",
    b"12345678",
    b"abcdefg",
    b"00000",
    b"1111111",
    b"placeholder",
    b"changeme",
    b"replace",
    b"redact",
    b"dummy",
    b"sample",
    b"secret",
    b"token",
    b"apikey",
    b"api_key",
    b"foobar",
    b"deadbeef",
    b"notreal",
];

// Limit: 10 of the 16 digits of hexadecimal stand in any 32 of them but one in ten thousand.
const DISTINCT_MIN: u32 = 10;

/// True if a body looks drawn at random: placeholders repeat a sign, count, spell words, or say
/// what they are.
#[inline(never)]
pub(crate) fn is_drawn(body: &[u8]) -> bool {
    let seen = signs(body);
    seen.count_ones() >= DISTINCT_MIN
        && !is_worded(body)
        && !repeats(body)
        && !counts(body)
        && !holds_any(body, &PLACEHOLDERS, &PLACEHOLDER_SIGNS)
}

/// The signs of each placeholder.
const PLACEHOLDER_SIGNS: [u128; 20] = signs_of(&PLACEHOLDERS);

/// A bit for each sign that stands in a text.
#[inline]
fn signs(text: &[u8]) -> u128 {
    // In two halves, because a shift of one number of 128 bits costs as much as ten of these.
    let (low, high) = text.iter().fold((0_u64, 0_u64), |(low, high), byte| {
        let bit = 1_u64.wrapping_shl(u32::from(*byte));
        match byte {
            0..64 => (low | bit, high),
            64..128 => (low, high | bit),
            _ => (low, high),
        }
    });
    u128::from(high) << u64::BITS | u128::from(low)
}

/// The signs of each of some words in small letters.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at build time only: a wrong index fails the build"
)]
pub(super) const fn signs_of<const N: usize>(words: &[&[u8]; N]) -> [u128; N] {
    let (mut signs, mut word) = ([0; N], 0);
    while word < N {
        let mut at = 0;
        while at < words[word].len() {
            signs[word] |= 1 << words[word][at];
            at += 1;
        }
        word += 1;
    }
    signs
}

/// True if one of some words in small letters stands in a text, in any case; most are ruled out by
/// a letter that is nowhere in it.
#[inline(never)]
pub(super) fn holds_any(text: &[u8], words: &[&[u8]], signs_of: &[u128]) -> bool {
    // The bits of capitals, and how far those of small letters are from them.
    const CAPITALS: u128 = 0x03ff_ffff << b'A';
    let seen = signs(text);
    let folded = seen | (seen & CAPITALS).unbounded_shl(u32::from(b'a'.wrapping_sub(b'A')));
    let mut words = words.iter().zip(signs_of);
    words.any(|(word, signs)| signs & !folded == 0 && holds(text, word))
}

/// A body that is no longer than a name is looked at byte by byte.
const NAME_BYTES: usize = 16;

/// True if a word stands in a body, in any case.
#[inline(never)]
pub(super) fn holds(body: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else {
        return true;
    };
    if body.len() <= NAME_BYTES {
        // What searches sixteen bytes at once takes longer to begin than this to end.
        let mut parts = body.windows(word.len());
        return parts.any(|part| {
            part.first()
                .is_some_and(|one| one.eq_ignore_ascii_case(first))
                && part.eq_ignore_ascii_case(word)
        });
    }
    let (small, capital) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(small, capital, body).any(|at| {
        let part = body.get(at..at.saturating_add(word.len()));
        part.is_some_and(|part| part.eq_ignore_ascii_case(word))
    })
}

/// True for letters without a digit and without capitals among them: words.
fn is_worded(body: &[u8]) -> bool {
    let changes = body.windows(2).filter(|pair| {
        let (Some(one), Some(other)) = (pair.first(), pair.last()) else {
            return false;
        };
        one.is_ascii_lowercase() && other.is_ascii_uppercase()
            || one.is_ascii_uppercase() && other.is_ascii_lowercase()
    });
    // Limit: of 20 random letters of both cases some nine are followed by one of the other case.
    !body.iter().any(u8::is_ascii_digit) && changes.take(5).count() < 5
}

/// True if most of a body is what stood some characters before.
fn repeats(body: &[u8]) -> bool {
    (1..=16_usize.min(body.len() / 2)).any(|period| {
        let behind = body.get(period..).unwrap_or_default();
        let others = body.iter().zip(behind).filter(|(one, other)| one != other);
        // More than a quarter of it is none: no more needs to be counted.
        let most = behind.len() / 4;
        others.take(most.saturating_add(1)).count() <= most
    })
}

/// True if six characters in a row count up: `abcdef`, `345678`.
fn counts(body: &[u8]) -> bool {
    let mut row = 1_u8;
    body.windows(2).any(|pair| {
        let [one, other] = *pair else { return false };
        row = if one.wrapping_add(1) == other {
            row.saturating_add(1)
        } else {
            1
        };
        row >= 6
    })
}

/// True for capitals, small letters and digits, and none of the zero bytes of packed data.
#[inline(never)]
pub(super) fn is_mixed(body: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| body.iter().any(is);
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && !holds(body, b"aaaaa")
}

/// The checksum of GitHub's and npm's tokens.
pub(super) fn has_checksum(body: &[u8]) -> bool {
    let Some((random, checksum)) = body.split_at_checked(body.len().saturating_sub(6)) else {
        return false;
    };
    let mut number = 0_u64;
    for char in checksum {
        let digit = match char {
            b'0'..=b'9' => char.wrapping_sub(b'0'),
            b'A'..=b'Z' => char.wrapping_sub(b'A').wrapping_add(10),
            _ => char.wrapping_sub(b'a').wrapping_add(36),
        };
        number = number.saturating_mul(62).saturating_add(u64::from(digit));
    }
    number == u64::from(crc32(random))
}

/// CRC-32 as zip and Ethernet have it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = 0_u32.wrapping_sub(crc & 1);
            crc = crc >> 1 ^ (0xedb8_8320 & low);
        }
    }
    !crc
}

// Limit: 160 bytes: the two halves stand in two lines of one file.
const NEAR_BYTES: usize = 160;

/// A key id with its other half: the 40 characters that stand near it are the secret.
#[inline(never)]
pub(super) fn pair(text: &OutputText<'_>, id: Found) -> Option<Found> {
    let to = id.end.saturating_add(NEAR_BYTES);
    let from = id.start.saturating_sub(NEAR_BYTES);
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let near = text.bytes.get(from..to.min(text.bytes.len()))?;
    let mut words = near.split(|byte| !is_in(byte));
    let is_near = words.any(is_aws_secret);
    let reach = if is_near { id.end } else { to };
    // Without the other half yet, a window that goes on may bring it.
    (is_near || text.is_cut(id.start, to)).then_some(Found { reach, ..id })
}

/// True for 40 characters as AWS draws them: capitals, small letters and digits among them.
pub(crate) fn is_aws_secret(text: &[u8]) -> bool {
    text.len() == 40 && is_mixed(text) && is_drawn(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn placeholders_are_not_drawn() {
        for body in [
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "YOURkeyGOEShereANDmore0",
            "IOSFODNN7EXAMPLE",
            "abcdefghijklmnop",
            "aaaabbbbccccddddeeee",
            "0000000000ab",
            "thisisnotarealkeyatall",
            "my-great-and-long-password",
            "a1b2c3d4e5f6a1b2c3d4e5f6",
            "0123456789abcdef0123456789abcdef",
            "f0e1d2c3b4a5f0e1d2c3b4a5",
        ] {
            assert!(!is_drawn(body.as_bytes()), "{body}");
        }
        for body in [
            "q8Zk3LmT7vRb2YcP",
            "QhTwPzLkVbNmRtYsXcJd",
            "9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert!(is_drawn(body.as_bytes()), "{body}");
        }
    }
}
