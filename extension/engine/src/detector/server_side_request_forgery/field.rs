//! Whether a field is there to be fetched, told from its name.
//! It never looks at the value.
use credenza_event::{Form, Part, Role};

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Its value is a URL or a host that somebody will call: a browser, or the function.
    Url,
    /// Its value is a URL or a host that the function itself will call.
    Fetched,
    /// Its value names who has said something: the issuer or audience of a token.
    Party,
    /// Anything else.
    Other,
}

impl Field {
    /// True if its value is called by somebody.
    pub(super) fn is_called(self) -> bool {
        matches!(self, Self::Url | Self::Fetched)
    }
}

/// Names that hold one of these are of fields that are called, most often by a browser.
const PARTS: [&str; 6] = [
    "link", "href", "callback", "redirect", "location", "forward",
];

/// Names that hold one of these, and none of those, are of fields that are fetched.
const FETCHED_PARTS: [&str; 16] = [
    "url", "uri", "webhook", "image", "avatar", "feed", "proxy", "endpoint", "fetch", "download",
    "dest", "target", "upstream", "remote", "ssrf", "import",
];

/// Names of fields that are called, most often by a browser.
const NAMES: [&str; 7] = ["next", "return", "goto", "out", "page", "continue", "path"];

/// Names of fields that are fetched.
const FETCHED_NAMES: [&str; 10] = [
    "src", "site", "u", "load", "img", "icon", "host", "domain", "rss", "source",
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
    let holds = |parts: &[&str]| parts.iter().any(|part| holds(name, part));
    let is_one = |names: &[&str]| names.iter().any(|own| is(name, own));
    if holds(&PARTS) || is_one(&NAMES) {
        Field::Url
    } else if holds(&FETCHED_PARTS) || is_one(&FETCHED_NAMES) {
        Field::Fetched
    } else {
        Field::Other
    }
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
