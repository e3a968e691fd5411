//! "Did you mean": the known name that is closest to a misspelt one.
//! It never suggests what is too far away to be meant.

/// The name among `names` that `word` probably means.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    names
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= limit || word.len() > 2 && name.contains(word))
        .min()
        .map(|(_, name)| name)
}

/// Letters to insert, delete or replace until `a` reads `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut above = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = *cell;
            above = replaced.min(above + 1).min(*cell + 1);
            *cell = above;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        let names = || ["sql-injection", "path-traversal"].into_iter();
        assert_eq!(nearest("sql-injektion", names()), Some("sql-injection"));
        assert_eq!(nearest("sql", names()), Some("sql-injection"));
        assert_eq!(nearest("teapot", names()), None);
    }
}
