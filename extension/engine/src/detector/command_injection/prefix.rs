//! What stands before a second command: data, a sentence, or a first command of the same writer.
//! It never looks further back than a line, and there no further than its ends.
use super::command::{self, Kind};
use super::word;

/// What a command line was before its separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nothing, or signs.
    Alone,
    /// A text whose last quote is left open.
    Quoted,
    /// One token that is no name: a number, an address, a file.
    Data,
    /// One token of letters.
    Name,
    /// Words.
    Words,
    /// A command line.
    Line,
    /// Program text.
    Code,
}

impl Prefix {
    /// True where a value was left that is no sentence and no program.
    pub(super) fn is_left(self) -> bool {
        matches!(self, Self::Alone | Self::Quoted | Self::Data)
    }

    /// The name in explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Alone => "start",
            Self::Quoted => "quoted",
            Self::Data | Self::Name => "argument",
            Self::Words => "text",
            Self::Line => "command-line",
            Self::Code => "program",
        }
    }
}

// Limit: the first word of a line tells what it is, and the last ones how it ends.
const START_BYTES: usize = 96;
const END_BYTES: usize = 96;

/// What a part of a line is.
pub(super) fn of(line: &[u8]) -> Prefix {
    // A prompt that asks for the rest of a line, with nothing before its sign.
    if matches!(line, [b'>' | b'$' | b'%', b' ', ..]) && line.trim_ascii().len() == 1 {
        return Prefix::Line;
    }
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"- ").unwrap_or(line);
    let start = line.get(..START_BYTES).unwrap_or(line);
    let tail = line.len().saturating_sub(END_BYTES);
    let end = line.get(tail..).unwrap_or_default();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    if !start.iter().chain(end).any(is_letter) {
        return Prefix::Alone;
    }
    let substitutes = |text: &[u8]| text.windows(2).any(|two| two == b"$(");
    if substitutes(start) || substitutes(end) {
        return Prefix::Line;
    }
    let is_spaced = start.iter().any(u8::is_ascii_whitespace);
    let first = word::read(line, 0, 0);
    let key = first.name().strip_suffix(b":");
    let kind = key.map_or_else(|| command::kind(&first), command::of_name);
    let is_script = kind.is_command() && !is_thing(start) || kind.any(Kind::SCRIPT);
    let open = last_is_open(end);
    if is_spaced {
        return spaced(start, end, is_script, open);
    }
    if open {
        return Prefix::Quoted;
    }
    if is_script {
        return Prefix::Line;
    }
    if start.iter().any(|byte| b"(){}<>[]".contains(byte)) {
        return Prefix::Code;
    }
    // `NAME=`, an option, a target of a build, a key of YAML.
    let is_label = start.last() == Some(&b':');
    if is_assignment(start) || start.first() == Some(&b'-') || is_label {
        return Prefix::Line;
    }
    let has_lower = start.iter().any(u8::is_ascii_lowercase);
    let has_sign = start.iter().any(|byte| !byte.is_ascii_alphabetic());
    if has_sign || !has_lower || start.len() <= 2 {
        Prefix::Data
    } else {
        Prefix::Name
    }
}

/// Names that do nothing without arguments, and that things have.
fn is_thing(text: &[u8]) -> bool {
    matches!(text, b"test" | b"host" | b"file" | b"mail" | b"type")
}

fn spaced(start: &[u8], end: &[u8], is_script: bool, open: bool) -> Prefix {
    let is_prompt = matches!(start, [b'$' | b'#' | b'>' | b'%' | b'@', b' ', ..])
        || start.windows(3).any(|three| three == b" $ ");
    let has_flag = start.windows(3).any(is_flag);
    if open && !is_prompt {
        return Prefix::Quoted;
    }
    if is_script || is_prompt || has_flag {
        return Prefix::Line;
    }
    let is_code = |text: &[u8]| text.iter().any(|byte| b"(){}=<>".contains(byte));
    if is_code(start) || is_code(end) {
        return Prefix::Code;
    }
    Prefix::Words
}

/// ` -x`, ` --`
fn is_flag(three: &[u8]) -> bool {
    matches!(three, [b' ', b'-', letter] if letter.is_ascii_alphabetic() || *letter == b'-')
}

/// `NAME=value`, as shells assign, and `$env:NAME='value'`.
fn is_assignment(text: &[u8]) -> bool {
    if let Some(behind) = text.strip_prefix(b"$") {
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_:".contains(byte);
        let len = behind.iter().take_while(is_of_name).count();
        return len > 0 && behind.get(len) == Some(&b'=');
    }
    let name = text
        .iter()
        .take_while(|b| b.is_ascii_uppercase() || **b == b'_');
    let len = name.count();
    len > 1 && text.get(len) == Some(&b'=')
}

/// True if a text ends in a quote that closes none of its own.
fn last_is_open(text: &[u8]) -> bool {
    // `x")` leaves a call, too.
    let closed = text.iter().rev().take(4);
    let closed = closed.take_while(|byte| matches!(byte, b')' | b']' | b'}'));
    let text = text
        .get(..text.len().saturating_sub(closed.count()))
        .unwrap_or(text);
    let Some(&last) = text.last() else {
        return false;
    };
    if !matches!(last, b'\'' | b'"') {
        return false;
    }
    memchr::memchr_iter(last, text).count() % 2 == 1
}

/// True for what is somebody's or a file: `ann@example.org`, `report.pdf`, `shop.example.com`.
pub(super) fn is_datum(line: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 18] = [
        b"txt", b"jpg", b"jpeg", b"png", b"gif", b"pdf", b"csv", b"html", b"php", b"com", b"org",
        b"net", b"doc", b"xml", b"json", b"log", b"zip", b"mp4",
    ];
    let line = line.trim_ascii();
    if line.len() > START_BYTES || line.iter().any(u8::is_ascii_whitespace) {
        return false;
    }
    let mut parts = line.rsplit(|byte| *byte == b'.');
    let ending = parts.next().unwrap_or_default();
    let has_stem = parts.next().is_some_and(|stem| !stem.is_empty());
    has_stem
        && (line.contains(&b'@')
            || ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known)))
}
