//! Probes: program text that reckons with numbers of its writer and prints what comes of it.
//! It never reads a text that is longer than a probe.

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

/// True for arguments that are a product or a sum of two numbers: `(771*448)`.
pub(super) fn is_argument(text: &[u8], open: usize) -> bool {
    let inner = text.get(open.saturating_add(1)..).unwrap_or_default();
    let inner = inner.get(..PROBE_BYTES).unwrap_or(inner);
    reckons(inner).is_some_and(|(digits, behind)| digits > 1 && behind.first() == Some(&b')'))
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
