//! What a token's header does that no issuer's does.
//! It never verifies a signature: it has no key, and needs none.
use alloc::vec::Vec;

use super::header::{Value, members};
use super::token::{Token, unpack};
use crate::report::Confidence;
use crate::sought;

// Limit: headers of issuers are below 300 bytes, below 4 KiB with a chain of certificates.
const HEADER_BYTES_MAX: usize = 4 << 10;
// Limit: the issuer stands among the first members; claims of a session are below 4 KiB.
const PAYLOAD_BYTES_MAX: usize = 4 << 10;

/// What a header says, as far as it matters.
#[derive(Default)]
struct Header {
    algorithms: Vec<Vec<u8>>,
    kind: Vec<u8>,
    keys: Vec<Vec<u8>>,
    urls: Vec<Vec<u8>>,
    has_key: bool,
    has_certificates: bool,
    is_encrypted: bool,
}

impl Header {
    fn read(text: &[u8]) -> Self {
        let mut header = Self::default();
        for (name, value) in members(text) {
            match (name.as_slice(), value) {
                (b"alg", Value::Text(text)) => header.algorithms.push(text),
                (b"typ", Value::Text(text)) => header.kind = text.to_ascii_lowercase(),
                (b"kid", Value::Text(text)) => header.keys.push(text),
                (b"jku" | b"x5u", Value::Text(text)) => header.urls.push(text),
                (b"jwk", Value::Container) => header.has_key = true,
                (b"x5c", Value::Container) => header.has_certificates = true,
                (b"enc", _) => header.is_encrypted = true,
                _ => {}
            }
        }
        header
    }

    /// True if some algorithm is one of those that begin so.
    fn is_signed_by(&self, family: &[u8]) -> bool {
        let begins = |name: &Vec<u8>| {
            let head = name.get(..family.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(family))
        };
        self.algorithms.iter().any(begins)
    }
}

/// The strongest trick of a token.
pub(super) fn strongest(token: &Token<'_>) -> Option<(Confidence, &'static str)> {
    let header = Header::read(&unpack(token.header, HEADER_BYTES_MAX));
    let (high, medium) = (Confidence::High, Confidence::Medium);
    // Without an algorithm and a key this is JSON in base64, and no token.
    if header.algorithms.is_empty() {
        return None;
    }
    if header.algorithms.iter().any(|name| is_none(name)) {
        return Some((high, "algorithm-none"));
    }
    if let Some(found) = header.keys.iter().find_map(|key| key_trick(key)) {
        return Some(found);
    }
    let is_symmetric = header.is_signed_by(b"HS");
    if is_symmetric && (header.has_key || header.has_certificates) {
        return Some((high, "key-confusion"));
    }
    if let Some(signature) = token.signature
        && !header.is_encrypted
        && let Some(found) = signature_trick(&header, token.payload, signature)
    {
        return Some(found);
    }
    let issuer = issuer(token.payload);
    if is_symmetric && signs_with_key_pairs(&issuer) {
        return Some((high, "key-confusion"));
    }
    if let Some(found) = header.urls.iter().find_map(|url| url_trick(url, &issuer)) {
        return Some(found);
    }
    // Proofs of possession carry their key, and say so in their type.
    (header.has_key && matches!(header.kind.as_slice(), b"" | b"jwt" | b"at+jwt"))
        .then_some((medium, "embedded-key"))
}

fn is_none(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    name.is_empty() || name.eq_ignore_ascii_case(b"none") || name.eq_ignore_ascii_case(b"null")
}

fn has(text: &[u8], part: &[u8]) -> bool {
    sought::find(text, part).is_some()
}

/// Where files stand that everybody can guess.
const ROOTS: [&[u8]; 9] = [
    b"/dev/", b"/proc/", b"/etc/", b"/var/", b"/tmp/", b"/usr/", b"/sys/", b"/opt/", b"file:",
];

/// A key id that is a path, a query or a command: names of keys are letters, digits and `-_.:/=`.
fn key_trick(key: &[u8]) -> Option<(Confidence, &'static str)> {
    let high = Confidence::High;
    let lower = key.to_ascii_lowercase();
    let key = lower.as_slice();
    if has(key, b"../") || has(key, b"..\\") || ROOTS.iter().any(|root| key.starts_with(root)) {
        return Some((high, "key-id-path"));
    }
    if key.contains(&0) {
        return Some((high, "key-id-path"));
    }
    let quoted = key.iter().any(|byte| matches!(byte, b'\'' | b'"'));
    let asks = has(key, b"select") && has(key, b"union");
    let says = key
        .iter()
        .any(|byte| matches!(byte, b' ' | b'=' | b'|' | b';' | b'(' | b'/' | b'#'))
        || has(key, b"--");
    if asks || quoted && says {
        return Some((high, "key-id-query"));
    }
    let substitutes = key.contains(&b'`') || has(key, b"$(") || has(key, b"&&");
    let separates = key.windows(2).any(|pair| match pair {
        [b';' | b'|' | b'\n', next] => next.is_ascii_alphabetic() || matches!(next, b' ' | b'/'),
        _ => false,
    });
    if substitutes || separates {
        return Some((high, "key-id-command"));
    }
    quoted.then_some((Confidence::Medium, "key-id-query"))
}

/// A signature that is not there, or that is nothing but zeros.
fn signature_trick(
    header: &Header,
    payload: &[u8],
    signature: &[u8],
) -> Option<(Confidence, &'static str)> {
    // A detached payload is empty, and its signature is not.
    if signature.is_empty() && !payload.is_empty() {
        return Some((Confidence::High, "signature-removed"));
    }
    // 86 characters carry the two numbers of a signature over P-256; both of them zero pass a check
    // that divides by neither.
    let is_zero = signature.len() >= 86 && signature.iter().all(|char| *char == b'A');
    let is_short_zero = signature == b"MAYCAQACAQA";
    (header.is_signed_by(b"ES") && (is_zero || is_short_zero))
        .then_some((Confidence::High, "signature-of-zeros"))
}

/// The issuer in a payload.
fn issuer(payload: &[u8]) -> Vec<u8> {
    let payload = unpack(payload, PAYLOAD_BYTES_MAX);
    members(&payload)
        .find_map(|(name, value)| match value {
            Value::Text(text) if name == b"iss" => Some(text),
            _ => None,
        })
        .unwrap_or_default()
}

/// Issuers that sign with key pairs alone: a symmetric signature under their name is made with what
/// everybody knows, their public key.
fn signs_with_key_pairs(issuer: &[u8]) -> bool {
    const ISSUERS: [&[u8]; 8] = [
        b"https://cognito-idp.",
        b"https://accounts.google.com",
        b"https://securetoken.google.com/",
        b"https://login.microsoftonline.com/",
        b"https://sts.windows.net/",
        b"https://appleid.apple.com",
        b"https://token.actions.githubusercontent.com",
        b"kubernetes/serviceaccount",
    ];
    ISSUERS.iter().any(|known| issuer.starts_with(known))
}

/// The place of a key at a host that is not the issuer's.
fn url_trick(url: &[u8], issuer: &[u8]) -> Option<(Confidence, &'static str)> {
    let lower = url.to_ascii_lowercase();
    let Some((scheme, rest)) = parted(&lower, b"://") else {
        return Some((Confidence::Medium, "key-url"));
    };
    if !matches!(scheme, b"http" | b"https") {
        return Some((Confidence::High, "key-url"));
    }
    let host = host(rest);
    if host.contains(&b'@') || host.starts_with(b"169.254.") {
        return Some((Confidence::High, "key-url"));
    }
    let issuer = issuer.to_ascii_lowercase();
    let home = match parted(&issuer, b"://") {
        Some((_, rest)) => self::host(rest),
        None => self::host(&issuer),
    };
    let is_at_home = scheme == b"https" && !home.is_empty() && site(host) == site(home);
    (!is_at_home).then_some((Confidence::Medium, "key-url"))
}

fn parted<'t>(text: &'t [u8], sign: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = sought::find(text, sign)?;
    Some((text.get(..at)?, text.get(at.saturating_add(sign.len())..)?))
}

/// The authority at the start of a text, without its port.
fn host(text: &[u8]) -> &[u8] {
    let end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b'\\');
    let len = text.iter().position(end).unwrap_or(text.len());
    let authority = text.get(..len).unwrap_or(text);
    match memchr::memrchr(b':', authority) {
        Some(at) if !authority.contains(&b'@') => authority.get(..at).unwrap_or(authority),
        _ => authority,
    }
}

/// The last two names of a host, or three behind a short one (`co.uk`).
fn site(host: &[u8]) -> &[u8] {
    let mut names = host.rsplit(|byte| *byte == b'.');
    let (last, second) = (names.next().unwrap_or(&[]), names.next().unwrap_or(&[]));
    let short = last.len() == 2 && second.len() <= 3;
    let mut len = last.len().saturating_add(second.len()).saturating_add(1);
    if short {
        len = len.saturating_add(names.next().map_or(0, <[u8]>::len).saturating_add(1));
    }
    host.get(host.len().saturating_sub(len)..).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_as_issuers_give_them_are_no_tricks() {
        for key in [
            "7f3c2a",
            "2024-01-key.pem",
            "AZ/+q==",
            "arn:aws:kms:eu-west-1:111122223333:key/0a1b",
            "did:key:z6Mk#z6Mk",
            "https://vault.example.net/keys/a/1",
            "CN=Signing, O=Example Ltd., C=DE",
            "keys/current",
            "/keys/1",
        ] {
            assert_eq!(key_trick(key.as_bytes()), None, "{key}");
        }
    }

    #[test]
    fn a_key_may_stand_at_its_issuers_site_alone() {
        for (url, issuer, found) in [
            (
                "https://a.example.com/k",
                "https://login.example.com/",
                false,
            ),
            (
                "https://a.example.co.uk/k",
                "https://b.example.co.uk",
                false,
            ),
            ("https://a.co.uk/k", "https://b.co.uk", true),
            ("https://evil.test/k", "https://login.example.com", true),
            ("http://a.example.com/k", "https://login.example.com", true),
            (
                "https://example.com.evil.test/",
                "https://example.com",
                true,
            ),
            ("https://example.com/k", "", true),
            ("keys.json", "https://example.com", true),
        ] {
            let trick = url_trick(url.as_bytes(), issuer.as_bytes());
            assert_eq!(trick.is_some(), found, "{url} of {issuer}");
        }
    }
}
