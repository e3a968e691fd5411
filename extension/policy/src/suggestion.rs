//! "Did you mean …?": the known word that is nearest to an unknown one.
//! It never suggests a word that shares too little with what was written.
use alloc::{format, string::String, vec, vec::Vec};
use core::fmt::Write;

// Limit: the longest known word is `CREDENZA_NEXT_WRAPPER` with 21 letters; a word of more than
// 48 is no misspelling of any, and 48 × 48 cells are 2,304 steps a candidate.
const WORD_BYTES_MAX: usize = 48;

/// The candidate nearest to `word`, if it is near enough to be what was meant: one slip for every
/// three letters, letter case aside, or a word that goes on where the candidate ends.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let slips_max = (word.len() / 3).max(1);
    let by_slips = candidates
        .iter()
        .filter_map(|candidate| Some((distance(word, candidate)?, *candidate)))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate);
    let by_start = || {
        let starts = |candidate: &&&str| {
            word.as_bytes()
                .get(..candidate.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(candidate.as_bytes()))
        };
        candidates
            .iter()
            .filter(starts)
            .max_by_key(|candidate| candidate.len())
            .copied()
    };
    by_slips.or_else(by_start)
}

/// The sentence that goes behind a problem, or nothing.
pub(crate) fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    nearest(word, candidates).map_or_else(String::new, |candidate| {
        format!("; did you mean `{candidate}`?")
    })
}

/// The candidates as a reader wants them: `a`, `b` or `c`.
pub(crate) fn one_of(candidates: &[&str]) -> String {
    let mut text = String::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let joint = match (index, candidates.len().saturating_sub(index)) {
            (0, _) => "",
            (_, 1) => " or ",
            _ => ", ",
        };
        // A string takes whatever is written to it.
        let _ = write!(text, "{joint}`{candidate}`");
    }
    text
}

/// Letters to change, add, drop or swap to get from one word to the other; `None` if one of them
/// is too long to be a word.
fn distance(left: &str, right: &str) -> Option<usize> {
    if left.len() > WORD_BYTES_MAX || right.len() > WORD_BYTES_MAX {
        return None;
    }
    // `before` and `above` are the last two rows of the table, `row` the one being filled.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last_left = None;
    for (index, left) in left.bytes().enumerate() {
        let mut row = vec![index.saturating_add(1)];
        let mut last_right = None;
        for (column, right) in right.bytes().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let same = left.eq_ignore_ascii_case(&right);
            let changed = at(&above, column).saturating_add(usize::from(!same));
            let dropped = at(&above, column.saturating_add(1)).saturating_add(1);
            let added = at(&row, column).saturating_add(1);
            let mut best = changed.min(dropped).min(added);
            let crossed = last_left.is_some_and(|last: u8| last.eq_ignore_ascii_case(&right))
                && last_right.is_some_and(|last: u8| last.eq_ignore_ascii_case(&left));
            if crossed {
                let swapped = column
                    .checked_sub(1)
                    .map_or(usize::MAX, |column| at(&before, column));
                best = best.min(swapped.saturating_add(1));
            }
            row.push(best);
            last_right = Some(right);
        }
        before = core::mem::replace(&mut above, row);
        last_left = Some(left);
    }
    above.last().copied()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{did_you_mean, distance, one_of};

    fn check(word: &str, expected: &Expect) {
        expected.assert_eq(&did_you_mean(word, &["off", "monitor", "block"]));
    }

    #[test]
    fn slips_of_the_finger_are_understood() {
        check("blok", &expect!["; did you mean `block`?"]);
        check("BLOCK", &expect!["; did you mean `block`?"]);
        check("montior", &expect!["; did you mean `monitor`?"]);
        check("of", &expect!["; did you mean `off`?"]);
        check("Monitor_only", &expect!["; did you mean `monitor`?"]);
    }

    #[test]
    fn other_words_are_not_taken_for_one() {
        check("enforce", &expect![""]);
        check("", &expect![""]);
        check(&"b".repeat(100_000), &expect![""]);
    }

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(distance("mdoe", "mode"), Some(1));
        assert_eq!(distance("mode", "mode"), Some(0));
        assert_eq!(distance("", "mode"), Some(4));
        assert_eq!(distance("kitten", "sitting"), Some(3));
    }

    #[test]
    fn alternatives_read_as_english() {
        assert_eq!(one_of(&["a"]), "`a`");
        assert_eq!(one_of(&["a", "b"]), "`a` or `b`");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }

    #[test]
    fn no_pair_of_words_panics_and_distance_is_symmetric() {
        bolero::check!()
            .with_type::<(alloc::string::String, alloc::string::String)>()
            .for_each(|(left, right)| assert_eq!(distance(left, right), distance(right, left)));
    }
}
