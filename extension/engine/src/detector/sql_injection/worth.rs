//! What a reading is worth: from the productions that it passed, where it began, and how it ended.
//! It never looks at the words of a payload.
use memchr::{memchr, memchr_iter};

use super::context::{Candidate, Context, Prefix};
use super::reading::{Facts, Lead, Reading, Stop};
use crate::report::Confidence;

const STRONG_WITH_LIST: Facts = Facts::UNION.with(Facts::LIST);

fn closed(stop: Stop) -> bool {
    matches!(stop, Stop::End | Stop::Cut | Stop::Open)
}

/// The production that names a reading's strongest fact.
fn production(facts: Facts) -> &'static str {
    let names = [
        (Facts::UNION, "union-select"),
        (Facts::EFFECT, "effect-function"),
        (Facts::STACKED, "stacked-statement"),
        (Facts::SUBSELECT, "sub-select"),
        (Facts::CONSTANT_COMPARISON, "constant-comparison"),
        (Facts::CALL_COMPARISON, "call-comparison"),
        (Facts::CASE, "case"),
        (Facts::NAME_COMPARISON, "name-comparison"),
        (Facts::ORDER, "order-by"),
        (Facts::CALL_TRUTH, "constant-condition"),
        (Facts::TRUTH, "constant-condition"),
        (Facts::SET_OPERATION, "set-operation"),
        (Facts::VERB, "stacked-statement"),
    ];
    names
        .iter()
        .find(|(fact, _)| facts.has(*fact))
        .map_or("comment-cut", |(_, name)| name)
}

fn candidate(
    reading: &Reading,
    confidence: Confidence,
    parsed: Confidence,
    context: Context,
    start: usize,
) -> Candidate {
    Candidate {
        confidence,
        parsed,
        production: production(reading.facts),
        context,
        start,
        end: reading.end,
        reading: *reading,
    }
}

/// What a reading from the value's own start, or from a later word of it, is worth.
pub(super) fn bare_candidate(reading: &Reading, prefix: Prefix, at: usize) -> Option<Candidate> {
    let facts = reading.facts;
    let (confidence, parsed) = if facts.has(Facts::STATEMENT) {
        statement(reading)?
    } else {
        bare(reading)?
    };
    let cap = if prefix == Prefix::Prose {
        Confidence::Medium
    } else {
        Confidence::High
    };
    let context = if facts.has(Facts::STATEMENT) {
        Context::Statement
    } else if reading.closes > 0 {
        Context::InList
    } else if reading.lead == Lead::Name && facts.has(Facts::JOINED) {
        Context::OrderBy
    } else {
        Context::Bare
    };
    Some(candidate(
        reading,
        confidence.min(cap),
        parsed.min(cap),
        context,
        at,
    ))
}

/// A complete statement breaks out of nothing: someone may mean it.
fn statement(reading: &Reading) -> Option<(Confidence, Confidence)> {
    let facts = reading.facts;
    let good = closed(reading.stop);
    let whole = facts.any(Facts::STACKED) || facts.has(Facts::LIST) && facts.any(REVEALING);
    let effect = facts.has(Facts::EFFECT) && (good || facts.has(Facts::STACKED));
    if effect {
        return Some((Confidence::High, Confidence::High));
    }
    let list = facts.any(Facts::LIST) && facts.any(Facts::FROM.with(Facts::UNION));
    (good && (whole || list)).then_some((Confidence::Medium, Confidence::Medium))
}

const REVEALING: Facts = Facts::SYSTEM.with(Facts::SUBSELECT).with(Facts::UNION);

fn bare(reading: &Reading) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let good = closed(reading.stop);
    // A lone number, a string or nothing is what a query expects here; a name may be prose.
    let plain = matches!(reading.lead, Lead::Nothing | Lead::Number | Lead::Text);
    let named = if plain { High } else { Medium };
    let joined = facts.any(Facts::JOINED.with(Facts::CONNECTIVE));
    if facts.has(STRONG_WITH_LIST) {
        return Some((High, High));
    }
    if facts.has(Facts::UNION) {
        let table = facts.has(Facts::FROM);
        return (table || good).then_some((if table { named } else { Medium }, High));
    }
    if facts.has(Facts::EFFECT) {
        let apart = joined || facts.any(Facts::STACKED.with(Facts::SUBSELECT));
        let apart = apart || reading.closes > 0 || reading.stop == Stop::Cut;
        return Some(if apart {
            (named, High)
        } else {
            (Medium, Medium)
        });
    }
    if facts.has(Facts::CONSTANT_COMPARISON) {
        if good {
            let doubtful = facts.has(Facts::EARLY_COMPARISON) && reading.stop == Stop::End;
            return Some(if doubtful {
                (Medium, Medium)
            } else {
                (High, High)
            });
        }
        let value = matches!(reading.lead, Lead::Number | Lead::Text | Lead::Nothing);
        return value.then_some((Medium, Medium));
    }
    if facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM)) {
        let proof = facts.has(Facts::FROM.with(Facts::LIST)) || facts.has(Facts::SYSTEM);
        let strong = proof || facts.has(Facts::LIST) && joined;
        return Some(match (strong, joined && plain) {
            (true, _) if good || plain => (High, High),
            (_, true) if good => (High, High),
            _ => (Medium, Medium),
        });
    }
    if facts.has(Facts::STACKED) {
        return Some(if plain { (High, High) } else { (Medium, High) });
    }
    if facts.has(Facts::CALL_COMPARISON.with(Facts::CONNECTIVE)) && good {
        return Some((named, named));
    }
    weak_bare(reading, plain)
}

/// Productions that people write, too: only a value that a comment cuts is worth a word.
fn weak_bare(reading: &Reading, plain: bool) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let number = reading.lead == Lead::Number;
    if reading.stop == Stop::Cut && plain {
        if facts.has(Facts::ORDER) && number {
            return Some((High, High));
        }
        if facts.any(
            Facts::TRUTH
                .with(Facts::NAME_COMPARISON)
                .with(Facts::CALL_TRUTH),
        ) {
            return Some((Medium, Medium));
        }
    }
    if facts.has(Facts::ORDER) && number && reading.stop == Stop::End {
        return Some((Medium, Medium));
    }
    let call = facts.has(Facts::CALL_TRUTH) && plain && closed(reading.stop);
    call.then_some((Medium, Medium))
}

const STRONG: Facts = Facts::CONSTANT_COMPARISON
    .with(Facts::UNION)
    .with(Facts::EFFECT)
    .with(Facts::STACKED)
    .with(Facts::CALL_COMPARISON);

fn strong(facts: Facts) -> bool {
    facts.any(STRONG) || facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM))
}

/// What a reading after the value's first quote of a kind is worth.
pub(super) fn first_candidate(
    text: &[u8],
    reading: &Reading,
    context: Context,
    at: usize,
    first: usize,
) -> Option<Candidate> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let before = text.get(..first).unwrap_or_default();
    let program = opens_string(before);
    let strict = program || matches!(context, Context::BackTicked | Context::Bracketed);
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) || reading.closes > 0;
    let confidence = if strong(facts) {
        if strict && !(closed(reading.stop) && facts.any(STRONG)) {
            Medium
        } else {
            High
        }
    } else {
        let weak = Facts::NAME_COMPARISON
            .with(Facts::CALL_TRUTH)
            .with(Facts::TRUTH);
        if facts.any(weak) && reading.stop != Stop::Broken {
            let bare_text = !facts.has(Facts::NAME_COMPARISON) && reading.stop == Stop::Open;
            if ended && !strict && !bare_text {
                High
            } else {
                Medium
            }
        } else if facts.any(Facts::ORDER.with(Facts::VERB)) && reading.stop == Stop::Cut {
            if strict { Medium } else { High }
        } else if facts.has(Facts::ORDER) && reading.stop == Stop::End
            || facts.has(Facts::SET_OPERATION) && reading.stop != Stop::Broken
        {
            Medium
        } else {
            comment_cut(text, reading, before, strict)?
        }
    };
    let context = refined(text, before, context);
    let parsed = if strict {
        confidence
    } else {
        confidence.max(Medium)
    };
    Some(candidate(reading, confidence, parsed, context, at))
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
    if reading.stop != Stop::Cut || reading.tokens > only || strict {
        return None;
    }
    let tail = text.get(reading.end..).unwrap_or_default();
    let letters = tail.iter().any(u8::is_ascii_alphabetic);
    let spaces = memchr_iter(b' ', before).count();
    // Limit: user names and search words of three words; more is a sentence.
    if before.len() > 64 || spaces > 2 {
        return None;
    }
    // A size in feet and inches ends like this.
    let size = before.last().is_some_and(u8::is_ascii_digit) && memchr(b'\'', before).is_some();
    let hash = tail.first() == Some(&b'#');
    match (letters, spaces) {
        (false, _) if !size => Some(Confidence::High),
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
pub(super) fn later_candidate(
    text: &[u8],
    reading: &Reading,
    at: usize,
    cut_off: bool,
) -> Option<Candidate> {
    use Confidence::{High, Medium};
    if !strong(reading.facts) {
        return None;
    }
    let ended = matches!(reading.stop, Stop::Cut | Stop::Open) && !cut_off;
    let context = match text.get(at) {
        Some(b'"') => Context::DoubleQuoted,
        Some(b'`') => Context::BackTicked,
        _ => Context::SingleQuoted,
    };
    let confidence = if ended && reading.facts.any(STRONG) {
        High
    } else {
        Medium
    };
    (closed(reading.stop) || reading.facts.any(Facts::UNION.with(Facts::EFFECT)))
        .then(|| candidate(reading, confidence, confidence, context, at))
}
