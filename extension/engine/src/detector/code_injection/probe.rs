//! Probes: program text that reckons with numbers of its writer and prints what comes of it.
//! It never reads a text that is longer than a probe.
use super::function::{Effect, effect};

// Limit: two numbers of twenty digits, a word that prints, and the signs around them.
const PROBE_BYTES: usize = 128;
// Limit: without a break-out before them, numbers are a probe's if nobody reckons with such.
const LARGE_DIGITS: usize = 5;

/// Where a text ends that prints a sum: `";print 41+1#`, `echo 123456*7890123;`.
pub(super) fn sum(text: &[u8]) -> Option<usize> {
    if text.len() > PROBE_BYTES {
        return None;
    }
    let trimmed = text.trim_ascii();
    let lead = trimmed
        .iter()
        .take_while(|byte| b"'\"`)}]; ".contains(byte))
        .count();
    let (lead, rest) = trimmed.split_at_checked(lead)?;
    let words = [b"echo ".as_slice(), b"print ", b"print(", b"puts "];
    let word = words.iter().find(|word| {
        rest.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })?;
    let (digits, behind) = reckons(rest.get(word.len()..)?)?;
    let breaks = lead.contains(&b';');
    let is_ended = behind.iter().all(|byte| b");#'\"/- ".contains(byte));
    let is_large = digits >= LARGE_DIGITS && behind.first() == Some(&b';');
    (is_ended && (breaks || is_large)).then_some(text.len())
}

/// The digits of arguments that are a product or a sum of two numbers, `(771*448)`, and whether
/// nobody reckons with such.
pub(super) fn argument(text: &[u8], open: usize) -> Option<Numbers> {
    let inner = text.get(open.saturating_add(1)..)?;
    let inner = inner.get(..PROBE_BYTES).unwrap_or(inner);
    let (digits, behind) = reckons(inner)?;
    let is_closed = digits > 1 && behind.first() == Some(&b')');
    is_closed.then_some(if digits >= LARGE_DIGITS {
        Numbers::Large
    } else {
        Numbers::Any
    })
}

/// Two numbers that are reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Numbers that somebody may mean.
    Any,
    /// Numbers of five digits and more.
    Large,
}

/// `echo str_repeat('ab',5);`: the value prints what a function makes of a text.
pub(super) fn prints_call(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let words = [b"echo ".as_slice(), b"print "];
    let is_word = |word: &&&[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let Some(word) = words.iter().find(is_word) else {
        return false;
    };
    let call = text.get(word.len()..).unwrap_or_default();
    let open = call.iter().take(PROBE_BYTES).position(|byte| *byte == b'(');
    let name = open.and_then(|open| call.get(..open)).unwrap_or_default();
    text.len() <= PROBE_BYTES && effect(name).any(Effect::UNPACKS) && call.ends_with(b");")
}

/// `while(true){}`: where the value ends that never does, if its parenthesis stands at `open`.
pub(super) fn endless(text: &[u8], open: usize) -> Option<usize> {
    let head = text.get(..open)?.trim_ascii_end().strip_suffix(b"while")?;
    let is_free = head.iter().all(|byte| !byte.is_ascii_alphanumeric());
    let rest = text.get(open.saturating_add(1)..)?;
    let behind = rest
        .strip_prefix(b"true)")
        .or_else(|| rest.strip_prefix(b"1)"))?
        .trim_ascii();
    let is_empty = behind
        .iter()
        .take(PROBE_BYTES)
        .all(|byte| b"{};/ ".contains(byte));
    let does = matches!(behind.first(), Some(b'{' | b';'));
    (text.len() <= PROBE_BYTES && is_free && is_empty && does).then_some(text.len())
}

/// `(function(){…})()`: a function that runs as soon as it is read, and asks the process that it
/// runs in.
pub(super) fn asks_process(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let text = text.strip_suffix(b";").unwrap_or(text);
    let begins = [b"(function".as_slice(), b"(()", b"(async"];
    begins.iter().any(|begin| text.starts_with(begin))
        && (text.ends_with(b")()") || text.ends_with(b"}())"))
        && text.len() <= PROBE_BYTES
        && memchr::memmem::find(text, b"process.").is_some()
}

/// The digits of the shorter of two numbers, and what stands behind both.
fn reckons(text: &[u8]) -> Option<(usize, &[u8])> {
    let count = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.trim_ascii_start();
    let first = count(text);
    let behind = text.get(first..)?.trim_ascii_start();
    let behind = behind
        .strip_prefix(b"+")
        .or_else(|| behind.strip_prefix(b"*"))?
        .trim_ascii_start();
    let second = count(behind);
    (first > 0 && second > 0).then_some((first.min(second), behind.get(second..)?))
}
