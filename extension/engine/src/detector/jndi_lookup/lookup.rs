//! What one lookup means once everything inside of it is spelt out.
//! It never looks further than the text of the lookup.
use crate::report::Confidence;

/// What a lookup gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer<'t> {
    /// This text.
    Text(&'t [u8]),
    /// This text in small letters.
    Lower(&'t [u8]),
    /// This text in capitals.
    Upper(&'t [u8]),
    /// The parts of this pattern of a date that stand between quotes.
    Quoted(&'t [u8]),
    /// What this base64 holds.
    Base64(&'t [u8]),
    /// Something of the process that nobody outside knows.
    Unknown,
}

/// How sure a lookup makes, and why.
pub(super) type Meaning = (Confidence, &'static str, &'static str);

/// Splits a lookup into its kind, its name and its default.
fn parts(text: &[u8]) -> (&[u8], &[u8], Option<&[u8]>) {
    let mut default = None;
    let mut variable = text;
    if let Some(at) = text.windows(2).position(|pair| pair == b":-") {
        variable = text.get(..at).unwrap_or(&[]);
        default = text.get(at.saturating_add(2)..);
    }
    match variable.iter().position(|byte| *byte == b':') {
        Some(at) => {
            let name = variable.get(at.saturating_add(1)..).unwrap_or(&[]);
            (variable.get(..at).unwrap_or(&[]), name, default)
        }
        None => (variable, &[], default),
    }
}

fn is(kind: &[u8], word: &str) -> bool {
    kind.eq_ignore_ascii_case(word.as_bytes())
}

/// What a lookup gives back, for one of which nothing is known but its text.
pub(super) fn answer(text: &[u8]) -> Answer<'_> {
    let (kind, name, default) = parts(text);
    if name.is_empty() && default.is_some() {
        return default.map_or(Answer::Unknown, Answer::Text);
    }
    if is(kind, "lower") {
        return Answer::Lower(name);
    }
    if is(kind, "upper") {
        return Answer::Upper(name);
    }
    if is(kind, "date") && name.is_empty() && default.is_none() {
        return Answer::Text(name);
    }
    if is(kind, "date") && name.contains(&b'\'') {
        return Answer::Quoted(name);
    }
    if is(kind, "base64") && !name.is_empty() {
        return Answer::Base64(name);
    }
    // No variable of an attacker's making has a value, so its default counts.
    default.map_or(Answer::Unknown, Answer::Text)
}

/// True if the answer comes out of the process: a variable of the environment, a property.
pub(super) fn is_secret(text: &[u8]) -> bool {
    let (kind, name, default) = parts(text);
    let is_kind = is(kind, "env") || is(kind, "sys");
    default.is_none() && is_kind && names_secret(name)
}

/// True for the names of variables that hold what must not leave the process.
fn names_secret(name: &[u8]) -> bool {
    let holds = |word: &str| {
        name.windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    ["secret", "token", "passw", "access_key", "private"]
        .iter()
        .any(|word| holds(word))
}

/// The protocols that a naming service is asked by, over a network.
const REMOTE: [&str; 12] = [
    "ldap",
    "ldaps",
    "rmi",
    "dns",
    "nis",
    "nds",
    "iiop",
    "iiopname",
    "corba",
    "corbaname",
    "http",
    "https",
];

/// What a lookup means at a colon in it: enough of it stands there to tell.
pub(super) fn at_colon(text: &[u8]) -> Option<Meaning> {
    let text = text.strip_suffix(b":")?;
    let at = text.iter().position(|byte| *byte == b':')?;
    let kind = text.get(..at).unwrap_or(&[]);
    let rest = text.get(at.saturating_add(1)..).unwrap_or(&[]);
    if is(kind, "jndi") {
        let scheme = rest.trim_ascii();
        if REMOTE.iter().any(|remote| is(scheme, remote)) {
            return Some((Confidence::High, "log4j", "remote-name"));
        }
        let is_scheme = scheme.len() > 1 && scheme.iter().all(u8::is_ascii_alphabetic);
        return (is_scheme && !is(scheme, "java")).then_some((
            Confidence::Medium,
            "log4j",
            "foreign-name",
        ));
    }
    let is_name = !rest.is_empty() && rest.iter().all(|byte| is_name_byte(*byte));
    if is(kind, "script") && is_name {
        return Some((Confidence::High, "commons-text", "script"));
    }
    if is(kind, "dns") && (is(rest, "address") || is(rest, "name") || is(rest, "canonical")) {
        return Some((Confidence::High, "commons-text", "name-query"));
    }
    let (charset, scheme) = match rest.iter().position(|byte| *byte == b':') {
        Some(at) => (rest.get(..at), rest.get(at.saturating_add(1)..)),
        None => return None,
    };
    let is_charset = charset.is_some_and(is_charset);
    let is_scheme = scheme.is_some_and(|scheme| {
        ["http", "https", "file", "ftp", "jar"]
            .iter()
            .any(|known| is(scheme, known))
    });
    (is(kind, "url") && is_charset && is_scheme).then_some((
        Confidence::High,
        "commons-text",
        "fetch",
    ))
}

/// What a lookup means at its end.
pub(super) fn at_end(text: &[u8]) -> Option<Meaning> {
    let (kind, name, _) = parts(text);
    if is(kind, "jndi") && REMOTE.iter().any(|remote| is(name, remote)) {
        return Some((Confidence::High, "log4j", "remote-name"));
    }
    let is_part = |byte: &u8| is_name_byte(*byte) || *byte == b'|';
    let is_host = name.contains(&b'.') && name.iter().all(is_part);
    if is(kind, "dns") && is_host {
        return Some((Confidence::High, "commons-text", "name-query"));
    }
    let at = name.iter().position(|byte| *byte == b':')?;
    let (charset, path) = name.split_at(at);
    (is(kind, "file") && is_charset(charset) && path.starts_with(b":/")).then_some((
        Confidence::High,
        "commons-text",
        "file",
    ))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn is_charset(name: &[u8]) -> bool {
    let has = |start: &str| name.get(..start.len()).is_some_and(|head| is(head, start));
    ["utf", "iso", "us-ascii", "ascii", "windows", "cp"]
        .iter()
        .any(|start| has(start))
        && name.iter().all(|byte| is_name_byte(*byte))
}
