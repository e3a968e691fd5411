//! What a reading is worth: from the productions that it passed, where it began, and how it ended.
//! It never looks at the words of a payload.
use super::context::{Candidate, Context, Prefix};
use super::reading::{Facts, Lead, Reading, Stop};
use crate::report::Confidence;

mod quoted;

pub(super) use quoted::{first_candidate, later_candidate};

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
    broken: Confidence,
    whole: Confidence,
    context: Context,
    start: usize,
) -> Candidate {
    Candidate {
        broken,
        whole,
        production: production(reading.facts),
        context,
        start,
        end: reading.end,
        reading: *reading,
    }
}

/// What a reading from the value's own start, or from a later word of it, is worth.
pub(super) fn bare_candidate(
    text: &[u8],
    reading: &Reading,
    prefix: Prefix,
    at: usize,
) -> Option<Candidate> {
    let facts = reading.facts;
    let (broken, whole) = if facts.has(Facts::STATEMENT) {
        statement(text, reading)?
    } else {
        bare(text, reading, prefix)?
    };
    let disguised = facts.has(Facts::DISGUISED) && facts.any(DISGUISES) && closed(reading.stop);
    let (broken, whole) = if disguised {
        (Confidence::High, Confidence::High)
    } else {
        (broken, whole)
    };
    let cap = if prefix == Prefix::Prose
        || is_manual(text)
        || is_clause(text) && !facts.has(Facts::EFFECT)
    {
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
        broken.min(cap),
        whole.min(cap),
        context,
        at,
    ))
}

/// `WHERE id IN (SELECT …)`, `4. DROP TABLE`: a clause that somebody cut out of a statement, or an
/// item of a list; no value begins so.
fn is_clause(text: &[u8]) -> bool {
    let near = text.trim_ascii_start();
    // A template's comment, and the statement that it makes.
    if near.starts_with(b"{#") || near.starts_with(b"{%") {
        return true;
    }
    let digits = near.iter().take(2).take_while(|b| b.is_ascii_digit());
    let digits = digits.count();
    if digits > 0
        && near
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(b". "))
    {
        return true;
    }
    near.get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"where "))
}

/// `date(1), time(1), sleep(3), …`: pages of a manual, and no calls.
fn is_manual(text: &[u8]) -> bool {
    // Limit: the first three of a list are enough to know it, and 96 bytes hold them.
    let near = text.get(..96).unwrap_or(text).trim_ascii_start();
    let mut pages = near.split(|byte| *byte == b',');
    let mut is_page = |is_first: bool| {
        let page = pages.next().unwrap_or_default();
        let spaced = is_first || page.first().is_some_and(u8::is_ascii_whitespace);
        let page = page.trim_ascii();
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let [name @ .., b'(', section, b')'] = page else {
            return false;
        };
        spaced && section.is_ascii_digit() && !name.is_empty() && name.iter().all(is_of_name)
    };
    is_page(true) && is_page(false) && is_page(false)
}

/// A complete statement breaks out of nothing: someone may mean it.
fn statement(text: &[u8], reading: &Reading) -> Option<(Confidence, Confidence)> {
    let facts = reading.facts;
    let good = closed(reading.stop);
    // Who means a statement has nothing to hide behind it.
    let cut = reading.stop == Stop::Cut && hides_nothing(text, reading);
    if cut && facts.has(Facts::SYSTEM.with(Facts::LIST).with(Facts::FROM)) {
        return Some((Confidence::High, Confidence::High));
    }
    let disguised = facts.has(Facts::DISGUISED) && facts.any(DISGUISES);
    let whole =
        disguised || facts.any(Facts::STACKED) || facts.has(Facts::LIST) && facts.any(REVEALING);
    let effect = facts.has(Facts::EFFECT) && (good || facts.has(Facts::STACKED));
    if effect {
        let worth = if defines(text) {
            Confidence::Medium
        } else {
            Confidence::High
        };
        return Some((worth, worth));
    }
    let list = facts.any(Facts::LIST) && facts.any(Facts::FROM.with(Facts::UNION));
    (good && (whole || list)).then_some((Confidence::Medium, Confidence::Medium))
}

// Limit: what a definition is of stands in its first words.
const DEFINITION_BYTES: usize = 64;

/// `ALTER FUNCTION sleep(integer) …`: a schema names its functions, and calls none of them.
fn defines(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let near = text.get(..DEFINITION_BYTES).unwrap_or(text);
    let mut words = near.split(|byte| !byte.is_ascii_alphabetic());
    let is = |word: &[u8], known: &[&[u8]]| known.iter().any(|k| word.eq_ignore_ascii_case(k));
    let verbs: &[&[u8]] = &[
        b"alter", b"create", b"drop", b"comment", b"grant", b"revoke",
    ];
    words.next().is_some_and(|word| is(word, verbs))
        && words.any(|word| is(word, &[b"function", b"procedure", b"aggregate"]))
}

/// What nobody writes with empty comments or numbers that are nothing, save to pass a filter.
const DISGUISES: Facts = Facts::FROM
    .with(Facts::SUBSELECT)
    .with(Facts::UNION)
    .with(Facts::CALL_COMPARISON)
    .with(Facts::NESTED_CALL);

const REVEALING: Facts = Facts::SYSTEM.with(Facts::SUBSELECT).with(Facts::UNION);

/// True if a lone number, a string or nothing stands before: what a query expects there; a name
/// may be prose.
fn plain(reading: &Reading) -> bool {
    matches!(reading.lead, Lead::Nothing | Lead::Number | Lead::Text)
}

fn bare(text: &[u8], reading: &Reading, prefix: Prefix) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let named = if plain(reading) { High } else { Medium };
    if facts.has(STRONG_WITH_LIST) {
        return Some((High, High));
    }
    if facts.has(Facts::UNION) {
        let table = facts.has(Facts::FROM);
        let proven = proven_union(reading);
        // `Union select committee` is a name.
        if !proven && (reading.lead == Lead::Nothing || !closed(reading.stop)) {
            return None;
        }
        let whole = if proven && reading.lead != Lead::Nothing {
            High
        } else {
            Medium
        };
        return Some((if table { named } else { Medium }, whole));
    }
    if facts.has(Facts::EFFECT) {
        return bare_effect(reading, prefix);
    }
    if facts.has(Facts::CONSTANT_COMPARISON) {
        let value = plain(reading).then_some((Medium, Medium));
        // `2 + 2 = 4 and 1 = 1` may be somebody's arithmetic.
        let doubtful = facts.has(Facts::EARLY_COMPARISON) && reading.stop == Stop::End;
        return match closed(reading.stop) {
            true if doubtful => Some((Medium, Medium)),
            true => Some((High, High)),
            false if facts.has(Facts::COMPARED_CALL) => value.map(|_| (High, High)),
            // `1 or 1=1 or ""=`: the query's own quote goes on.
            false if reading.stop == Stop::Dangling && prefix == Prefix::Empty => {
                value.map(|_| (High, High))
            }
            false => value,
        };
    }
    if facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM)) {
        return Some(bare_subselect(reading, prefix));
    }
    if facts.has(Facts::STACKED) {
        let apart = reading.lead == Lead::Expression && facts.has(Facts::SEMICOLON);
        let sure = apart && closed(reading.stop) && prefix == Prefix::Empty;
        if unmarked(reading) && !closed(reading.stop) {
            return Some((Medium, Medium));
        }
        return Some((if sure { High } else { named }, High));
    }
    let compared = facts.has(Facts::COMPARED_CALL) && plain(reading);
    let called = facts.has(Facts::CALL_COMPARISON.with(Facts::CONNECTIVE));
    if compared || called && closed(reading.stop) {
        return Some((named, named));
    }
    weak_bare(text, reading, prefix)
}

/// A function with an effect: high where it stands apart from other words or is all of the value.
fn bare_effect(reading: &Reading, prefix: Prefix) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    if facts.has(Facts::STACKED) {
        return Some((High, High));
    }
    let joins = Facts::JOINED.with(Facts::CONNECTIVE).with(Facts::SUBSELECT);
    let of_constants = facts.has(Facts::NESTED_CALL) && !facts.has(Facts::NAMED);
    if prefix == Prefix::Empty && of_constants {
        return Some((High, High));
    }
    let apart = facts.any(joins) || reading.closes > 0 || reading.stop == Stop::Cut;
    let whole = prefix == Prefix::Empty && reading.stop != Stop::Broken;
    if apart {
        let named = plain(reading) || whole;
        Some((if named { High } else { Medium }, High))
    } else if whole {
        Some((High, High))
    } else {
        // `sleep (8 hours)` is a word and a remark on it.
        let meant = reading.stop != Stop::Broken;
        meant.then_some((Medium, Medium))
    }
}

fn bare_subselect(reading: &Reading, prefix: Prefix) -> (Confidence, Confidence) {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let good = closed(reading.stop);
    let joined = facts.any(Facts::JOINED.with(Facts::CONNECTIVE));
    let proof = facts.has(Facts::FROM.with(Facts::LIST)) || facts.has(Facts::SYSTEM);
    let goes_on = joined || reading.lead == Lead::Nothing || reading.stop == Stop::Cut;
    let strong = proof || facts.has(Facts::LIST) && goes_on;
    let plain = plain(reading);
    // A question to the catalogue, and nothing before it.
    let asks = facts.has(Facts::FROM.with(Facts::LIST).with(Facts::SYSTEM));
    let parted = facts.has(Facts::FROM.with(Facts::LINE_COMMENT)) && reading.lead == Lead::Number;
    let high = strong && (good || plain)
        || joined && plain && good
        || asks && prefix == Prefix::Empty
        || parted && good;
    if high { (High, High) } else { (Medium, Medium) }
}

/// Productions that people write, too: only a value that a comment cuts is worth a word.
fn weak_bare(text: &[u8], reading: &Reading, prefix: Prefix) -> Option<(Confidence, Confidence)> {
    use Confidence::{High, Medium};
    let facts = reading.facts;
    let plain = plain(reading);
    let number = reading.lead == Lead::Number;
    let condition = facts.any(
        Facts::TRUTH
            .with(Facts::NAME_COMPARISON)
            .with(Facts::CALL_TRUTH),
    );
    if reading.stop == Stop::Cut && plain {
        if facts.has(Facts::ORDER) && (number || hides_nothing(text, reading)) {
            return Some((High, High));
        }
        // `he said 'yes' or 'no' -- I forget` is a sentence.
        if condition && prefix != Prefix::Prose {
            let only = hides_nothing(text, reading);
            return Some((if only { High } else { Medium }, Medium));
        }
    }
    if condition && plain && closed(reading.stop) && facts.has(Facts::COMMENT) {
        return Some((High, High));
    }
    if grouped(text, reading, prefix) || spells_call(text, reading, prefix) {
        return Some((High, High));
    }
    if facts.has(Facts::SET_OPERATION) && number && reading.stop == Stop::Cut {
        let only = hides_nothing(text, reading);
        return only.then_some((High, High));
    }
    if facts.has(Facts::ORDER) && number && reading.stop == Stop::End {
        return Some((Medium, Medium));
    }
    let call = facts.has(Facts::CALL_TRUTH) && plain && closed(reading.stop);
    call.then_some((Medium, Medium))
}

/// `( cos ( 1 or @a) )  --`: all of the value is an expression in parentheses, and a comment.
fn grouped(text: &[u8], reading: &Reading, prefix: Prefix) -> bool {
    let facts = reading.facts;
    prefix == Prefix::Empty
        && text.trim_ascii_start().first() == Some(&b'(')
        && reading.is_whole()
        && reading.stop == Stop::Cut
        && hides_nothing(text, reading)
        && facts.has(Facts::CONNECTIVE)
        && facts.any(Facts::CALLED.with(Facts::TRUTH))
}

/// `||elt(2,hex(char(45)))`: all of the value joins a text to functions of constants.
fn spells_call(text: &[u8], reading: &Reading, prefix: Prefix) -> bool {
    let facts = reading.facts;
    prefix == Prefix::Empty
        && matches!(text.trim_ascii_start().first(), Some(b'|' | b'\'' | b'"'))
        && reading.is_whole()
        && facts.has(Facts::JOINED.with(Facts::NESTED_CALL))
        && !facts.has(Facts::NAMED)
}

/// True if no word stands behind the comment's sign.
fn hides_nothing(text: &[u8], reading: &Reading) -> bool {
    let tail = text.get(reading.end..).unwrap_or_default();
    !tail.iter().any(u8::is_ascii_alphanumeric)
}

const STRONG: Facts = Facts::CONSTANT_COMPARISON
    .with(Facts::EFFECT)
    .with(Facts::STACKED);

fn strong(reading: &Reading) -> bool {
    let facts = reading.facts;
    // `x[i] = max(y)` assigns what it does not compare.
    let compared = facts.has(Facts::CALL_COMPARISON)
        && (facts.has(Facts::CONNECTIVE) || matches!(reading.stop, Stop::Cut | Stop::Open));
    facts.any(STRONG)
        || compared
        || facts.has(Facts::SUBSELECT) && facts.any(Facts::LIST.with(Facts::FROM))
        || proven_union(reading)
}

/// True for a `union select` that English has no use for: with a literal, a list, a table, or a
/// comment behind it.
fn proven_union(reading: &Reading) -> bool {
    let proof = Facts::LIST.with(Facts::FROM).with(Facts::JOINED);
    reading.facts.has(Facts::UNION)
        && (reading.facts.any(proof) || matches!(reading.stop, Stop::Cut | Stop::Open))
}

/// True for a statement without a semicolon before it, and nothing else that is strong.
fn unmarked(reading: &Reading) -> bool {
    let others = STRONG.without(Facts::STACKED).with(Facts::CALL_COMPARISON);
    let facts = reading.facts;
    facts.has(Facts::STACKED)
        && !facts.has(Facts::SEMICOLON)
        && !facts.any(others)
        && !proven_union(reading)
}
