//! The kinds of secret that have a form of their own: how each begins, what follows, what proves
//! it. It never holds a secret, and never asks anybody whether one is still good.

/// What the characters behind a prefix are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alphabet {
    /// Letters and digits.
    Alphanumeric,
    /// Letters, digits and `_`.
    Word,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Letters, digits, `-`, `_` and `.`.
    Parted,
    /// Letters, digits and `/`.
    Path,
    /// Letters, digits, `+`, `/` and `=`.
    Base64,
    /// Digits and the letters up to `f`.
    Hex,
    /// Capitals and the digits from 2 to 7.
    Base32,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Parted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Path => byte.is_ascii_alphanumeric() || byte == b'/',
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
        }
    }
}

/// What proves a body beyond its length.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof {
    /// Nothing else.
    Length,
    /// The last six characters are the CRC-32 of the others in base 62.
    Checksum,
    /// A mark that stands inside, with so many characters on either side.
    Mark(&'static [u8], usize),
    /// It ends so.
    End(&'static [u8]),
    /// A sign at this place.
    Sign(u8, usize),
    /// Digits at the start, ten at least, and a dash behind them.
    Digits,
    /// A key id alone opens nothing: a secret of 40 characters must stand near.
    Pair,
}

/// One kind of secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The name in findings.
    pub(crate) name: &'static str,
    prefix: &'static [u8],
    alphabet: Alphabet,
    least: usize,
    most: usize,
    pub(crate) proof: Proof,
}

const fn kind(
    name: &'static str,
    prefix: &'static str,
    alphabet: Alphabet,
    (least, most): (usize, usize),
    proof: Proof,
) -> Kind {
    Kind {
        name,
        prefix: prefix.as_bytes(),
        alphabet,
        least,
        most,
        proof,
    }
}

use self::Alphabet::{Alphanumeric, Base32, Base64, Hex, Parted, Path, Url, Word};
use self::Proof::{Checksum, Digits, End, Length, Mark, Pair, Sign};

// Limit: lengths are those that the issuers give out, and some more where they have announced it.
/// All kinds, in the order of their first letters; a longer prefix stands before a shorter one that
/// it begins with.
pub(super) static KINDS: &[Kind] = &[
    kind("aws-access-key", "AKIA", Base32, (16, 16), Pair),
    kind("aws-access-key", "ASIA", Base32, (16, 16), Pair),
    kind("google-api-key", "AIza", Url, (35, 35), Length),
    kind(
        "azure-storage-key",
        "AccountKey=",
        Base64,
        (88, 88),
        End(b"=="),
    ),
    kind("google-client-secret", "GOCSPX-", Url, (28, 28), Length),
    kind("sendgrid-key", "SG.", Parted, (66, 66), Sign(b'.', 22)),
    kind("digitalocean-token", "dop_v1_", Hex, (64, 64), Length),
    kind("docker-token", "dckr_pat_", Url, (27, 27), Length),
    kind(
        "github-token",
        concat!("gh", "p_"),
        Alphanumeric,
        (36, 36),
        Checksum,
    ),
    kind("github-token", "gho_", Alphanumeric, (36, 36), Checksum),
    kind("github-token", "ghu_", Alphanumeric, (36, 36), Checksum),
    kind("github-token", "ghs_", Alphanumeric, (36, 36), Checksum),
    kind("github-token", "ghr_", Alphanumeric, (36, 36), Checksum),
    kind(
        "github-token",
        concat!("github", "_pat_"),
        Word,
        (82, 82),
        Sign(b'_', 22),
    ),
    kind("gitlab-token", "glpat-", Parted, (20, 320), Length),
    kind("gitlab-token", "glptt-", Parted, (40, 320), Length),
    kind("gitlab-token", "glrt-", Parted, (20, 320), Length),
    kind("gitlab-token", "gldt-", Parted, (20, 320), Length),
    kind(
        "slack-webhook",
        "https://hooks.slack.com/services/T",
        Path,
        (38, 60),
        Length,
    ),
    kind("huggingface-token", "hf_", Alphanumeric, (34, 34), Length),
    kind("npm-token", "npm_", Alphanumeric, (36, 36), Checksum),
    kind("pypi-token", "pypi-AgEIcHlwaS5vcmc", Url, (50, 400), Length),
    kind("stripe-key", "rk_live_", Alphanumeric, (24, 247), Length),
    kind("stripe-key", "sk_live_", Alphanumeric, (24, 247), Length),
    kind("anthropic-key", "sk-ant-", Url, (90, 120), End(b"AA")),
    kind("openai-key", "sk-", Url, (48, 220), Mark(b"T3Blbk", 18)),
    kind("shopify-token", "shpat_", Hex, (32, 32), Length),
    kind("shopify-token", "shpca_", Hex, (32, 32), Length),
    kind("shopify-token", "shppa_", Hex, (32, 32), Length),
    kind("shopify-token", "shpss_", Hex, (32, 32), Length),
    kind("slack-token", concat!("xo", "xb-"), Url, (40, 255), Digits),
    kind("slack-token", "xoxp-", Url, (40, 255), Digits),
    kind("slack-token", "xoxa-", Url, (40, 255), Digits),
    kind("slack-token", "xoxr-", Url, (40, 255), Digits),
    kind("slack-token", "xoxs-", Url, (40, 255), Digits),
    kind("slack-token", "xapp-1-", Url, (60, 255), Length),
];

/// Between which places of the table the kinds with a first letter stand.
static BY_FIRST: [(usize, usize); 128] = by_first();

#[expect(
    clippy::indexing_slicing,
    reason = "runs at build time only: a wrong index fails the build"
)]
const fn by_first() -> [(usize, usize); 128] {
    let mut table = [(0, 0); 128];
    let mut at = 0;
    let mut before = 0;
    while at < KINDS.len() {
        let first = KINDS[at].prefix[0];
        assert!(before <= first, "the kinds are out of order");
        if before < first {
            table[first as usize].0 = at;
        }
        table[first as usize].1 = at + 1;
        before = first;
        at += 1;
    }
    table
}

/// A secret at the start of a text: its kind and its length.
pub(crate) fn at_start(text: &[u8]) -> Option<(&'static Kind, usize)> {
    let first = usize::from(*text.first()?);
    let (from, to) = BY_FIRST.get(first).copied()?;
    KINDS.get(from..to)?.iter().find_map(|kind| {
        let behind = text.strip_prefix(kind.prefix)?;
        // One more than the longest: what goes on is something else.
        let window = behind.get(..=kind.most).unwrap_or(behind);
        let is_in = |byte: &&u8| kind.alphabet.has(**byte);
        let mut body = window.get(..window.iter().take_while(is_in).count())?;
        if matches!(kind.alphabet, Parted) {
            // A point at the end is the sentence's.
            body = body.strip_suffix(b".").unwrap_or(body);
        }
        let is_long_enough = (kind.least..=kind.most).contains(&body.len());
        let goes_on = behind
            .get(body.len())
            .is_some_and(u8::is_ascii_alphanumeric);
        let is_one = is_long_enough && !goes_on && kind.proves(body) && is_drawn(body);
        is_one.then(|| (kind, kind.prefix.len().saturating_add(body.len())))
    })
}

impl Kind {
    fn proves(&self, body: &[u8]) -> bool {
        match self.proof {
            Length | Pair => true,
            Checksum => has_checksum(body),
            Mark(mark, beside) => memchr::memmem::find(body, mark).is_some_and(|at| {
                let behind = body.len().saturating_sub(at).saturating_sub(mark.len());
                at >= beside && behind >= beside
            }),
            End(end) => body.ends_with(end),
            Sign(sign, at) => body.get(at) == Some(&sign),
            Digits => {
                let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
                digits >= 10 && body.get(digits) == Some(&b'-')
            }
        }
    }
}

/// What stands in the place of a secret in examples.
const PLACEHOLDERS: [&[u8]; 6] = [
    b"example",
    b"xxxx",
    b"your",
    b"12345678",
    b"abcdefg",
    b"0000",
];

/// True if a body looks drawn at random: placeholders repeat a sign, count, or say what they are.
fn is_drawn(body: &[u8]) -> bool {
    let mut seen = 0_u128;
    for byte in body {
        seen |= 1_u128.checked_shl(u32::from(*byte)).unwrap_or(0);
    }
    let holds = |word: &[u8]| {
        body.windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    seen.count_ones() >= 10 && !PLACEHOLDERS.iter().any(|word| holds(word))
}

/// The checksum of GitHub's and npm's tokens.
fn has_checksum(body: &[u8]) -> bool {
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

/// True for 40 characters as AWS draws them: capitals, small letters and digits among them.
pub(super) fn is_aws_secret(text: &[u8]) -> bool {
    text.len() == 40
        && text.iter().all(|byte| Base64.has(*byte) && *byte != b'=')
        && text.iter().any(u8::is_ascii_uppercase)
        && text.iter().any(u8::is_ascii_lowercase)
        && text.iter().any(u8::is_ascii_digit)
        && is_drawn(text)
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
        ] {
            assert!(!is_drawn(body.as_bytes()), "{body}");
        }
        assert!(is_drawn(b"q8Zk3LmT7vRb2YcP"));
    }
}
