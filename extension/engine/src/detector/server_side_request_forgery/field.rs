//! Whether a field is there to be fetched, told from its name.
//! It never looks at the value.
use credenza_event::{Form, Part, Role};

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Its value is a URL or a host that somebody will call.
    Url,
    /// Its value names who has said something: the issuer or audience of a token.
    Party,
    /// Anything else.
    Other,
}

/// Names that hold one of these are of fields that are fetched.
const PARTS: [&str; 22] = [
    "url", "uri", "link", "href", "callback", "webhook", "redirect", "image", "avatar", "feed",
    "proxy", "endpoint", "fetch", "download", "dest", "target", "upstream", "remote", "ssrf",
    "location", "forward", "import",
];

/// Names of fields that are fetched.
const NAMES: [&str; 17] = [
    "src", "next", "return", "site", "u", "goto", "out", "page", "load", "img", "icon", "host",
    "domain", "continue", "rss", "path", "source",
];

/// What the field of a form is for.
pub(super) fn of(form: &Form<'_>) -> Field {
    let name = form.path.names().next().unwrap_or(&[]);
    if form.part == Part::Key || name.is_empty() {
        return Field::Other;
    }
    if ["iss", "aud", "issuer", "audience"]
        .iter()
        .any(|party| is(name, party))
    {
        return Field::Party;
    }
    // What a browser says of where it comes from is no wish of its user.
    if form.role == Role::Header {
        return Field::Other;
    }
    let is_url =
        PARTS.iter().any(|part| holds(name, part)) || NAMES.iter().any(|own| is(name, own));
    if is_url { Field::Url } else { Field::Other }
}

fn is(name: &[u8], word: &str) -> bool {
    name.eq_ignore_ascii_case(word.as_bytes())
}

// Limit: names of fields are short; a longer one is not searched to its end.
const NAME_BYTES_MAX: usize = 64;

fn holds(name: &[u8], word: &str) -> bool {
    let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
    name.windows(word.len()).any(|window| is(window, word))
}
