//! Which variables of an environment are secrets.
//! It never keeps a value.
use crate::sought;

/// The platform's own credentials: always secrets. The id of a key is none without its other half.
const CREDENTIALS: [&[u8]; 2] = [b"AWS_SECRET_ACCESS_KEY", b"AWS_SESSION_TOKEN"];

/// Words of a name that call its value a secret.
const SECRET_WORDS: [&[u8]; 14] = [
    b"SECRET",
    b"SECRETS",
    b"TOKEN",
    b"PASSWORD",
    b"PASSWD",
    b"PASSPHRASE",
    b"PASS",
    b"PWD",
    b"APIKEY",
    b"CREDENTIAL",
    b"CREDENTIALS",
    b"DSN",
    b"SALT",
    b"PRIVATE",
];

/// Words that say the opposite: a name, a place or a setting of a secret.
const OTHER_WORDS: [&[u8]; 17] = [
    b"PUBLIC",
    b"ARN",
    b"NAME",
    b"URL",
    b"URI",
    b"ENDPOINT",
    b"PATH",
    b"FILE",
    b"ID",
    b"TTL",
    b"EXPIRY",
    b"LENGTH",
    b"COUNT",
    b"ENABLED",
    b"HEADER",
    b"REGION",
    b"VERSION",
];

// Limit: shorter values occur by chance, and are no secrets that hold anybody back.
const VALUE_BYTES_MIN: usize = 8;

/// The part of a variable's value that must not leave; `None` if the variable is no secret.
///
/// A credential is one whatever it looks like; a name that speaks of a secret must have a value
/// that looks like one; a URL or connection string is one for the password in it.
pub fn secret_in<'v>(name: &[u8], value: &'v [u8]) -> Option<&'v [u8]> {
    if value.len() < VALUE_BYTES_MIN {
        return None;
    }
    if CREDENTIALS.contains(&name) {
        return Some(value);
    }
    if let Some(password) = password_of_url(value) {
        return (password.len() >= VALUE_BYTES_MIN).then_some(password);
    }
    (is_secret_name(name) && is_secret_value(value)).then_some(value)
}

/// True for a name of which the words speak of a secret: `STRIPE_SECRET`, `dbPassword`, `API_KEY`.
fn is_secret_name(name: &[u8]) -> bool {
    let words = || name.split(|byte| !byte.is_ascii_alphanumeric());
    let is_in = |known: &[&[u8]]| {
        words().any(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    if is_in(&OTHER_WORDS) {
        return false;
    }
    let last = words().next_back().unwrap_or(name);
    let is_key = last.eq_ignore_ascii_case(b"KEY") || ends_with(last, b"key");
    let is_inside = SECRET_WORDS.iter().any(|word| ends_with(last, word));
    is_in(&SECRET_WORDS) || is_key || is_inside
}

/// True if a word ends in another, in any case: `dbPassword`.
fn ends_with(word: &[u8], other: &[u8]) -> bool {
    let start = word.len().checked_sub(other.len());
    let tail = start.and_then(|start| word.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(other))
}

/// True for a value that is no word, number, switch, address or name of something.
fn is_secret_value(value: &[u8]) -> bool {
    let is = |question: fn(&u8) -> bool| value.iter().any(question);
    let kinds = [
        is(u8::is_ascii_lowercase),
        is(u8::is_ascii_uppercase),
        is(u8::is_ascii_digit),
        is(u8::is_ascii_punctuation),
    ];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let is_reference = value.starts_with(b"arn:")
        || value.starts_with(b"/")
        || value.starts_with(b"{{resolve:")
        || sought::find(value, b"://").is_some();
    // A pass phrase has few kinds of letters and many of them.
    !is_reference && (kinds >= 2 || value.len() >= 20) && distinct(value) >= 6
}

/// How many different bytes stand in a text.
fn distinct(text: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in text {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// The password of `scheme://user:password@host`.
fn password_of_url(value: &[u8]) -> Option<&[u8]> {
    let at = sought::find(value, b"://")?.checked_add(3)?;
    let rest = value.get(at..)?;
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let authority = rest.get(..end.unwrap_or(rest.len()))?;
    let sign = memchr::memrchr(b'@', authority)?;
    let user = authority.get(..sign)?;
    let colon = memchr::memchr(b':', user)?;
    user.get(colon.checked_add(1)?..)
}

#[cfg(test)]
mod tests {
    use super::secret_in;

    #[test]
    fn credentials_and_values_that_look_like_secrets_under_names_that_say_so_are_secrets() {
        for (name, value) in [
            ("AWS_SECRET_ACCESS_KEY", "aaaaaaaa"),
            ("AWS_SESSION_TOKEN", "anything at all"),
            ("STRIPE_API_KEY", "live-7hG2kq09Zx"),
            ("DB_PASSWORD", "correct-Horse7"),
            ("dbPassword", "correct-Horse7"),
            ("SLACK_TOKEN", "T0-9912-abcDEF"),
            ("JWT_SECRET", "itisaverylongphrasewithnothingelse"),
        ] {
            let found = secret_in(name.as_bytes(), value.as_bytes());
            assert_eq!(found, Some(value.as_bytes()), "{name}");
        }
    }

    #[test]
    fn settings_names_and_places_are_none() {
        for (name, value) in [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "a-key-id-of-20-bytes"),
            ("SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:x"),
            ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:1:secret:x"),
            ("TOKEN_TTL", "3600-seconds"),
            ("PUBLIC_KEY", "abcDEF123456"),
            ("API_KEY", "changeme"),
            ("API_KEY", "short"),
            ("LOG_LEVEL", "Debug-9000"),
            ("MONKEY_NAME", "George-1999"),
            ("TABLE_NAME", "orders-Prod-7"),
        ] {
            assert_eq!(secret_in(name.as_bytes(), value.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_connection_string_is_a_secret_for_its_password() {
        let url = b"postgres://app:Tr0ub4dor-3@db.example.com:5432/orders?sslmode=require";
        assert_eq!(secret_in(b"DATABASE_URL", url), Some(&b"Tr0ub4dor-3"[..]));
        assert_eq!(secret_in(b"URL", b"https://example.com/a:b@c"), None);
        assert_eq!(secret_in(b"URL", b"https://user:pw@example.com"), None);
    }
}
