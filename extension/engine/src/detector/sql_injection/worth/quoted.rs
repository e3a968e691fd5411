//! What a reading behind a quote is worth: the value has left its string, or seems to.
//! It never looks at the words of a payload.
use memchr::{memchr, memchr_iter};

use super::{STRONG, candidate, closed, spells_call, strong, unmarked};
use crate::cursor::Cursor;
use crate::detector::sql_injection::context::{Candidate, Context, Prefix};
use crate::detector::sql_injection::reading::{Facts, Reading, Stop};
use crate::detector::sql_injection::token::span;
use crate::prose::encloses;
use crate::report::Confidence;

/// What a reading after the value's first quote of a kind is worth.
pub(in crate::detector::sql_injection) fn first_candidate(
    text: &[u8],
    reading: &Reading,
    context: Context,
    at: usize,
    first: usize,
) -> Option<Candidate> {
    use Confidence::Medium;
    let facts = reading.facts;
    let before = text.get(..first).unwrap_or_default();
    let program = opens_string(before);
    let strict = program
        || matches!(
            context,
            Context::BackTicked | Context::Bracketed | Context::DollarQuoted
        );
    let confidence = if strong(reading) {
        // `execute("create table …` begins a statement where it opens its string.
        let sure = closed(reading.stop) && facts.any(STRONG.with(Facts::UNION));
        if strict && !sure || unmarked(reading) && reading.stop != Stop::Cut {
            Medium
        } else {
            lowered(text, reading, at)
        }
    } else {
        weak(text, reading, before, strict)?
    };
    let context = refined(text, before, context);
    let whole = if strict {
        confidence
    } else {
        confidence.max(Medium)
    };
    Some(candidate(reading, confidence, whole, context, at))
}

/// What a strong reading is worth: less where a sentence quotes the textbook on both sides, or
/// where a script of statements begins the text.
fn lowered(text: &[u8], reading: &Reading, at: usize) -> Confidence {
    let quoted =
        reading.stop == Stop::Open && is_false(text, at) && encloses(text, span(at, reading.end));
    let others = STRONG.without(Facts::STACKED).with(Facts::UNION);
    let scripted = !reading.facts.any(others) && is_script(text);
    if quoted || scripted {
        Confidence::Medium
    } else {
        Confidence::High
    }
}

/// `' OR '1'='1 would …`: one comparison of a literal with a string that goes on, which the words
/// behind make false. Whoever surrounds an injection with words cannot have it so.
fn is_false(text: &[u8], at: usize) -> bool {
    let mut cursor = Cursor::at(text, at);
    let Some(quote) = cursor.peek().filter(|byte| matches!(byte, b'\'' | b'"')) else {
        return false;
    };
    cursor.skip(1);
    cursor.space();
    if cursor.name().is_empty() {
        return false;
    }
    cursor.space();
    if !cursor.eat(&[quote]) {
        return false;
    }
    let literal = cursor.eat_while(|byte| byte.is_ascii_alphanumeric());
    if !cursor.eat(&[quote]) {
        return false;
    }
    cursor.space();
    if !cursor.eat(b"=") {
        return false;
    }
    cursor.space();
    let rest = cursor.rest();
    let open = rest.strip_prefix(&[quote]).unwrap_or_default();
    open.strip_prefix(literal).is_some() && memchr(quote, open).is_none()
}

/// `ALTER TABLE …`: the text is a statement from its first word, and broke out of nothing: no
/// statement ends where a string that stood around the text would have been left.
fn is_script(text: &[u8]) -> bool {
    let near = text.trim_ascii_start();
    let begins = ["alter table ", "create table "].iter().any(|start| {
        near.get(..start.len())
            .is_some_and(|near| near.eq_ignore_ascii_case(start.as_bytes()))
    });
    let stays = |quote: u8| {
        let mut outside = text.split(|byte| *byte == quote).skip(1).step_by(2);
        outside.all(|piece| memchr(b';', piece).is_none())
    };
    begins && stays(b'\'') && stays(b'"')
}

/// What a reading is worth that passed nothing strong.
fn weak(text: &[u8], reading: &Reading, before: &[u8], strict: bool) -> Option<Confidence> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let first = before.len();
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) || reading.closes > 0;
    let conditions = Facts::NAME_COMPARISON
        .with(Facts::CALL_TRUTH)
        .with(Facts::TRUTH);
    // Operators in quotes stand in program text and in prose about it.
    let short = before.len() <= 64 && memchr_iter(b' ', before).count() <= 2;
    // Limit: `'=0#` and `' like '` are all of their values; ten bytes hold them.
    let bare_operator = text.len().saturating_sub(first) <= 10 && memchr(b' ', before).is_none();
    let own = facts.has(Facts::EARLY_COMPARISON)
        && ended
        && (bare_operator || short && reading.stop == Stop::Cut || reading.closes > 0);
    if (facts.any(conditions) || own) && reading.stop != Stop::Broken {
        let bare_text = !facts.has(Facts::NAME_COMPARISON)
            && reading.stop == Stop::Open
            && !facts.has(Facts::LETTERLESS);
        let all = first == 0 && spells_call(text, reading, Prefix::Empty);
        if all || ended && !strict && !bare_text && (short || reading.stop == Stop::Cut) {
            Some(High)
        } else if short || reading.stop != Stop::Cut {
            Some(Medium)
        } else {
            None
        }
    } else if facts.any(Facts::ORDER.with(Facts::VERB)) && reading.stop == Stop::Cut {
        Some(if strict { Medium } else { High })
    } else if facts.has(Facts::UNION) && reading.stop == Stop::Dangling {
        // A word before the quote makes it an apostrophe: `the students' union select`.
        let worded = before.last().is_some_and(u8::is_ascii_alphabetic);
        match (worded, memchr(b' ', before)) {
            (false, _) if !strict => Some(High),
            (true, Some(_)) => None,
            _ => Some(Medium),
        }
    } else if facts.has(Facts::ORDER) && reading.stop == Stop::End
        || facts.has(Facts::SET_OPERATION) && reading.stop != Stop::Broken
    {
        Some(Medium)
    } else {
        comment_cut(text, reading, before, strict)
    }
}

fn refined(text: &[u8], before: &[u8], context: Context) -> Context {
    if context != Context::SingleQuoted {
        return context;
    }
    if before.starts_with(b"$.") || before.starts_with(b"$[") {
        return Context::JsonPath;
    }
    if before.ends_with(b"%") || text.starts_with(b"%") {
        return Context::Like;
    }
    context
}

/// `admin'--`: the comment follows the quote at once, and nothing readable follows the comment.
fn comment_cut(text: &[u8], reading: &Reading, before: &[u8], strict: bool) -> Option<Confidence> {
    let only = usize::from(reading.closes).saturating_add(1);
    let only = if reading.facts.has(Facts::SEMICOLON) {
        only.saturating_add(1)
    } else {
        only
    };
    if reading.facts.has(Facts::COMMENT.with(Facts::SEMICOLON))
        && reading.stop == Stop::End
        && reading.tokens <= only.saturating_add(1)
        && !strict
        && memchr(b' ', before).is_none()
    {
        // `x'/* a */;`: the statement ends where the quote did.
        return Some(Confidence::High);
    }
    if reading.stop != Stop::Cut || reading.tokens > only || strict {
        return None;
    }
    let tail = text.get(reading.end..).unwrap_or_default();
    // What follows in a raw form (`-- &password=`) is no text.
    let pasted = tail.iter().position(|byte| *byte == b'&');
    let tail = tail.get(..pasted.unwrap_or(tail.len())).unwrap_or(tail);
    let letters = tail.iter().any(u8::is_ascii_alphabetic);
    let spaces = memchr_iter(b' ', before).count();
    // Limit: user names and search words of three words; more is a sentence.
    if before.len() > 64 || spaces > 2 {
        return None;
    }
    // A size in feet and inches ends like this.
    let size = before.last().is_some_and(u8::is_ascii_digit) && memchr(b'\'', before).is_some();
    let hash = tail.first() == Some(&b'#');
    // `'#'` is a sign in quotes.
    let alone = !hash || tail.trim_ascii_end().len() == 1;
    match (letters, spaces) {
        (false, _) if !size && alone => Some(Confidence::High),
        (true, 0) if tail.len() <= 16 && !hash && memchr(b' ', tail) == Some(2) => {
            Some(Confidence::Medium)
        }
        _ => None,
    }
}

/// True if a quote after `before` opens a string of program text instead of closing one.
fn opens_string(before: &[u8]) -> bool {
    let last = before.iter().rev().find(|b| !b.is_ascii_whitespace());
    matches!(
        last,
        Some(b'=' | b'(' | b',' | b'+' | b'[' | b'{' | b':' | b'<' | b'>' | b'&' | b'|')
    )
}

/// What a reading after any other quote is worth: the value has left its string before.
pub(in crate::detector::sql_injection) fn later_candidate(
    text: &[u8],
    reading: &Reading,
    at: usize,
    cut_off: bool,
) -> Option<Candidate> {
    use Confidence::Medium;
    if !strong(reading) {
        return None;
    }
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) && !cut_off;
    let context = match text.get(at) {
        Some(b'"') => Context::DoubleQuoted,
        Some(b'`') => Context::BackTicked,
        _ => Context::SingleQuoted,
    };
    let sure = ended && reading.facts.any(STRONG.with(Facts::UNION));
    let confidence = if sure && (!unmarked(reading) || reading.stop == Stop::Cut) {
        lowered(text, reading, at)
    } else {
        Medium
    };
    (closed(reading.stop) || reading.facts.any(Facts::UNION.with(Facts::EFFECT)))
        .then(|| candidate(reading, confidence, confidence, context, at))
}
