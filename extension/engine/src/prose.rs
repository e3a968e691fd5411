//! Prose around a construct: what a person wrote about an attack is not one.
//! It never looks inside the construct, only at what stands before and behind it.
use crate::sought;
use credenza_event::{Decoder, Form, Span};
use memchr::{memchr, memchr_iter, memrchr};

// Limit: four words of text outside of a construct make a sentence of it (detection.md section 4).
const WORDS_MIN: usize = 4;
// Limit: a sentence stands near what it speaks of; no more is read on either side.
const NEAR_BYTES: usize = 256;

/// True if the text outside of `span` is a sentence that speaks of what is in it: four and more
/// words of letters, on both sides together, apart from white space and the signs of a sentence.
pub(crate) fn surrounds(text: &[u8], span: Span) -> bool {
    let (before, behind) = sides(text, span);
    words(before).saturating_add(words(behind)) >= WORDS_MIN
}

/// What stands near `span`, before it and behind it.
fn sides(text: &[u8], span: Span) -> (&[u8], &[u8]) {
    let (start, end) = (span.start as usize, span.end as usize);
    let before = text.get(..start).unwrap_or(&[]);
    let near = before.len().saturating_sub(NEAR_BYTES);
    let behind = text.get(end..).unwrap_or(&[]);
    let behind = behind.get(..NEAR_BYTES).unwrap_or(behind);
    (before.get(near..).unwrap_or(&[]), behind)
}

// Limit: three words on a side are more than a name and a sign.
const SIDE_WORDS_MIN: usize = 3;

/// True if words of a sentence stand on both sides of `span`: it is an example in somebody's text.
pub(crate) fn encloses(text: &[u8], span: Span) -> bool {
    let (before, behind) = sides(text, span);
    words(before) >= SIDE_WORDS_MIN && words(behind) >= SIDE_WORDS_MIN
}

/// True for a text of a page: what its author shows, whatever it is.
pub(crate) fn in_page(form: &Form<'_>) -> bool {
    form.decoded.contains(&Decoder::Xml) && form.path.names().any(|name| name == b"html")
}

// Limit: a line of code in back-ticks fits on a line.
const TICK_BYTES: usize = 256;

/// True if what stands between two offsets is shown as code is: in a Markdown fence, or between
/// back-ticks on a line.
pub(crate) fn is_shown(text: &[u8], start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or(&[]);
    let fences = sought::find_all(before, b"```").count();
    fences % 2 == 1 || is_ticked(text, start, end)
}

/// True if what stands between two offsets stands between back-ticks on a line.
pub(crate) fn is_ticked(text: &[u8], start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or(&[]);
    let near = before.len().saturating_sub(TICK_BYTES);
    let before = before.get(near..).unwrap_or(&[]);
    let line = memrchr(b'\n', before).map_or(before, |at| before.get(at..).unwrap_or(&[]));
    if memchr_iter(b'`', line).count().is_multiple_of(2) {
        return false;
    }
    let behind = text.get(end..).unwrap_or(&[]);
    let behind = behind.get(..TICK_BYTES).unwrap_or(behind);
    let line = behind.split(|byte| *byte == b'\n').next();
    memchr(b'`', line.unwrap_or(behind)).is_some()
}

/// True for a word that only sentences have: one that joins others, or ends what is said.
pub(crate) fn is_of_sentences(word: &[u8]) -> bool {
    const JOINING: &[u8] = b" an and any are as at be but by can do does for from has have how if \
        in is it its my no not of on only or our so than that the their then they this to up was \
        we what when which who why will with you your ";
    if matches!(word.last(), Some(b',' | b'.' | b'!' | b'?' | b':')) {
        return true;
    }
    word.len() <= 5
        && sought::find_all(JOINING, word).any(|at| {
            let before = at.checked_sub(1).and_then(|at| JOINING.get(at));
            let behind = JOINING.get(at.saturating_add(word.len()));
            before == Some(&b' ') && behind == Some(&b' ')
        })
}

/// The words of a text that are words of a sentence.
fn words(text: &[u8]) -> usize {
    text.split(u8::is_ascii_whitespace)
        .filter(|piece| is_word(piece))
        .count()
}

/// True for letters with the signs that stand beside words in sentences.
fn is_word(piece: &[u8]) -> bool {
    let first = piece.first().copied().unwrap_or(0);
    let piece = match first {
        b'"' | b'\'' | b'(' => piece.get(1..).unwrap_or(&[]),
        _ => piece,
    };
    let letters = piece
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    let rest = piece.get(letters..).unwrap_or(&[]);
    let is_end = rest.len() <= 2 && rest.iter().all(|byte| b",.:;!?)'\"".contains(byte));
    letters > 0 && (is_end || matches!(rest, [b'\'' | b'-', tail @ ..] if is_letters(tail)))
}

fn is_letters(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use credenza_event::Span;

    use super::surrounds;

    /// Asks about the part of a text between two bars.
    fn check(marked: &str) -> bool {
        let mut parts = marked.split('|');
        let mut next = || parts.next().unwrap();
        let (before, inside, behind) = (next(), next(), next());
        let start = u32::try_from(before.len()).unwrap();
        let end = start + u32::try_from(inside.len()).unwrap();
        let text = [before, inside, behind].concat();
        surrounds(text.as_bytes(), Span { start, end })
    }

    #[test]
    fn a_sentence_around_a_construct_is_prose() {
        assert!(check("Please don't write |<script>| in your posts."));
        assert!(check("See |../etc| for more (or less), friends"));
    }

    #[test]
    fn a_value_with_little_around_it_is_none() {
        assert!(!check("admin|' or 1=1|"));
        assert!(!check("x=1&y=2 |<b>| 12 34 --"));
        assert!(!check("|$(id)|"));
    }
}
