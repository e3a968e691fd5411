//! Tags of YAML that construct objects: of Python, Ruby, Java, and JavaScript.
//! It never reads the document around them.
use memchr::memchr;

use super::Find;
use super::class::{self, Worth};

/// The prefix that `!!` stands for.
const LONG: &[u8] = b"tag:yaml.org,2002:";

/// Reads a text for tags; gives the strongest.
pub(super) fn read(text: &[u8]) -> Option<Find> {
    let mut strongest: Option<Find> = None;
    let mut at = 0_usize;
    while let Some(offset) = memchr(b'!', text.get(at..).unwrap_or(&[])) {
        let start = at.saturating_add(offset);
        let tag = tag(text.get(start..).unwrap_or(&[]));
        at = start.saturating_add(tag.len().max(1));
        // A tag stands alone: behind a letter the sign ends a sentence.
        let before = start.checked_sub(1).and_then(|before| text.get(before));
        if tag.len() < 8 || before.is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let Some((worth, format)) = worth(tag) else {
            continue;
        };
        let Some(confidence) = worth.confidence() else {
            continue;
        };
        if strongest.is_none_or(|old| old.confidence < confidence) {
            strongest = Some(Find {
                confidence,
                start,
                end: at,
                format,
                mark: "yaml-tag",
                is_whole: is_in_place(text, start),
            });
        }
    }
    strongest
}

/// True if a tag stands where a document has values: at the start of a line, behind a dash, behind
/// a key.
fn is_in_place(text: &[u8], start: usize) -> bool {
    // Limit: a key and its dashes; what is longer is a sentence.
    let near = text.get(start.saturating_sub(128)..start).unwrap_or(&[]);
    let line = near.rsplit(|byte| *byte == b'\n').next().unwrap_or(near);
    let mut keys = 0_usize;
    for piece in line.split(u8::is_ascii_whitespace) {
        match piece {
            [] | [b'-' | b'?' | b'&', ..] => {}
            [.., b':'] => keys = keys.saturating_add(1),
            _ => return false,
        }
    }
    keys <= 1
}

/// The tag at the start of a text.
fn tag(text: &[u8]) -> &[u8] {
    let len = text
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"!<:/._,$-".contains(byte)))
        .unwrap_or(text.len());
    text.get(..len).unwrap_or(text)
}

/// What a tag constructs.
fn worth(tag: &[u8]) -> Option<(Worth, &'static str)> {
    let name = match tag {
        [b'!', b'<', name @ ..] => name.strip_prefix(LONG)?,
        [b'!', b'!', name @ ..] => name,
        [b'!', name @ ..] if name.starts_with(b"ruby/") => name,
        _ => return None,
    };
    if let Some(python) = name.strip_prefix(b"python/") {
        return Some((of_python(python)?, "python"));
    }
    if let Some(ruby) = name.strip_prefix(b"ruby/") {
        return Some((of_ruby(ruby)?, "ruby"));
    }
    // What js-yaml made functions of.
    if name == b"js/function" {
        return Some((Worth::Gadget, "javascript"));
    }
    let class = name.strip_suffix(b",").unwrap_or(name);
    class::is_java_name(class).then(|| (class::java(class), "java"))
}

/// `object/apply:os.system`, `object/new:…`, `object:…`, `name:…`, `module:…`.
fn of_python(tag: &[u8]) -> Option<Worth> {
    let at = memchr(b':', tag)?;
    let (kind, name) = tag.split_at_checked(at)?;
    let name = name.get(1..)?;
    let dot = name.iter().rposition(|byte| *byte == b'.');
    let (module, attribute) = match dot {
        Some(dot) => (name.get(..dot)?, name.get(dot.saturating_add(1)..)?),
        None if kind == b"module" => (name, name),
        None => (&[][..], name),
    };
    let calls = matches!(kind, b"object/apply" | b"object/new" | b"object");
    let known = calls || matches!(kind, b"name" | b"module");
    if !known || attribute.is_empty() {
        return None;
    }
    Some(class::python(module, attribute))
}

/// `object:Gem::Installer`, `hash:…`, `struct:…`, `array:…`.
fn of_ruby(tag: &[u8]) -> Option<Worth> {
    let at = memchr(b':', tag)?;
    let (kind, name) = tag.split_at_checked(at)?;
    let name = name.get(1..)?;
    let constructs = matches!(
        kind,
        b"object" | b"hash" | b"hash-with-ivars" | b"struct" | b"array" | b"string" | b"exception"
    );
    let is_class = name.first().is_some_and(u8::is_ascii_uppercase);
    (constructs && is_class).then(|| class::ruby(name))
}
