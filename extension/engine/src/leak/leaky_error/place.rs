//! Where an error stands in an output: its line, and whether somebody tells of it.
//! It never looks further than a few hundred bytes around it.
use crate::sought;
use memchr::{memchr, memchr2, memchr3_iter, memrchr, memrchr2};

// Limit: 512 bytes on either side are what the window of a stream is sure to hold.
pub(super) const NEAR_BYTES: usize = 512;
// Limit: the message of a database repeats 80 bytes of a query, a frame a path and a name.
const LINE_BYTES: usize = 400;
// Limit: what could end a line and does not is a quote or a tag in a message, and these are few.
const MARKS_MAX: usize = 16;
// Limit: a sentence that leads to an error.
const LEAD_BYTES: usize = 160;
// Limit: an article around a listing has more words near it than any message before an error.
const ARTICLE_WORDS: usize = 10;
// Limit: what belongs to a message stands within a line of it.
const FOLLOWING_BYTES: usize = 128;
/// Words before an error on its line that make a sentence.
const LEAD_WORDS: usize = 3;

/// Where the line ends that goes on at an offset: a line of the text, of a text in a document, of a
/// page.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let rest = rest.get(..LINE_BYTES).unwrap_or(rest);
    let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let line = rest.get(..end).unwrap_or(rest);
    let mut marks = memchr3_iter(b'\\', b'<', b'"', line).take(MARKS_MAX);
    let mark = marks.find(|mark| {
        let next = line.get(mark.saturating_add(1)).copied().unwrap_or(b'\n');
        match line.get(*mark) {
            Some(b'\\') => matches!(next, b'n' | b'r'),
            Some(b'<') => next == b'/' || next == b'b',
            _ => {
                let before = mark.checked_sub(1).and_then(|before| line.get(before));
                before != Some(&b'\\') && matches!(next, b',' | b'}' | b']' | b'\n')
            }
        }
    });
    at.saturating_add(mark.unwrap_or(end))
}

/// The bytes before an offset that stand on its line.
pub(super) fn line_before(text: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(LEAD_BYTES);
    let before = text.get(from..at).unwrap_or(&[]);
    let broken = memrchr(b'\n', before).map(|at| at.saturating_add(1));
    let escaped = sought::find_last(before, b"\\n").map(|at| at.saturating_add(2));
    let start = broken.max(escaped).unwrap_or(0);
    before.get(start..).unwrap_or(&[])
}

/// True if somebody tells of the error: it stands in a sentence, or is shown in an article.
pub(super) fn is_told(text: &[u8], start: usize, end: usize) -> bool {
    let line = line_before(text, start);
    is_in_sentence(line) || is_comment(line) || is_shown(text, start, end)
}

/// True for what stands alone in a comment of program text: behind `//`, `#` or `*`, with which its
/// line begins, or an element of a listing.
fn is_comment(line: &[u8]) -> bool {
    let begin = memrchr(b'>', line).map_or(0, |tag| tag.saturating_add(1));
    let lead = line.get(begin..).unwrap_or(&[]).trim_ascii();
    lead.starts_with(b"//") || matches!(lead, b"#" | b"*")
}

/// What stands on its line before an error that it announces.
const LEADS: [&str; 6] = [
    "Error",
    "Exception",
    "ENOENT",
    "EACCES",
    "o such file",
    "denied",
];

/// True for what stands before an error on its line, if that is a sentence that goes on.
fn is_in_sentence(line: &[u8]) -> bool {
    let all = line;
    // A tag ends a sentence, and so does what announces an error.
    let end = memrchr2(b'>', b':', line).map_or(0, |end| end.saturating_add(1));
    let line = line.get(end..).unwrap_or(&[]);
    let lead = line.trim_ascii_end();
    let (lead, is_quoted) = match lead {
        [before @ .., b'"' | b'\'' | b'`' | b'('] | [before @ .., 0xe2, 0x80, 0x98..=0x9d] => {
            (before.trim_ascii_end(), true)
        }
        _ => (lead, false),
    };
    let goes_on = match lead.last() {
        Some(byte) => byte.is_ascii_alphabetic() || *byte == b',',
        None => false,
    };
    // The name of a member of a document stands before its value.
    let is_apart = is_quoted || lead.len() < line.len();
    let is_sentence = goes_on && is_apart && words(lead) >= LEAD_WORDS;
    let announces = |lead: &&str| sought::find(all, lead.as_bytes()).is_some();
    is_sentence && !LEADS.iter().any(announces)
}

/// True for a listing in an article.
fn is_shown(text: &[u8], start: usize, end: usize) -> bool {
    let from = start.saturating_sub(NEAR_BYTES);
    let before = text.get(from..start).unwrap_or(&[]);
    // An example at a prompt of Python says what comes of it.
    if sought::find(before, b">>> ").is_some() {
        return true;
    }
    let fence = sought::find_last(before, b"```");
    let code = sought::find_last(before, b"<code").or_else(|| sought::find_last(before, b"<pre"));
    let is_open = |mark: usize, close: &[u8]| {
        sought::find(before.get(mark..).unwrap_or(&[]), close).is_none()
    };
    let is_listed = fence.is_some()
        || code.is_some_and(|mark| is_open(mark, b"</code>") && is_open(mark, b"</pre>"));
    if !is_listed {
        return false;
    }
    let lead = before.get(..fence.or(code).unwrap_or(0)).unwrap_or(&[]);
    let behind = text.get(end..).unwrap_or(&[]);
    let behind = behind.get(..NEAR_BYTES).unwrap_or(behind);
    words(lead).saturating_add(words(behind)) >= ARTICLE_WORDS
}

/// The words of sentences in a text.
fn words(text: &[u8]) -> usize {
    let pieces = text.split(u8::is_ascii_whitespace);
    let is_word = |piece: &&[u8]| {
        let piece = piece.strip_suffix(b",").unwrap_or(piece);
        let piece = piece.strip_suffix(b".").unwrap_or(piece);
        !piece.is_empty()
            && piece
                .iter()
                .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
    };
    pieces.filter(is_word).count()
}

/// True if one of some words stands near behind an offset.
pub(super) fn follows(text: &[u8], at: usize, words: &[&str]) -> bool {
    let near = text.get(at..).unwrap_or(&[]);
    let near = near.get(..FOLLOWING_BYTES).unwrap_or(near);
    words
        .iter()
        .any(|word| sought::find(near, word.as_bytes()).is_some())
}

/// The digits at the start of a text, and what stands behind them.
pub(super) fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(count).unwrap_or((&[], text))
}

/// True if a byte stands in a text.
pub(super) fn has(text: &[u8], byte: u8) -> bool {
    memchr(byte, text).is_some()
}
