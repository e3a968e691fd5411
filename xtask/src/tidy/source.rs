//! What every source file owes: a header, short files, functions and lines, and no loose ends.
//! It never judges style that rustfmt or clippy judge already.
use super::lexer::{self, Code};
use super::{Breach, breach};
use crate::tree::Leaf;

// Limits: the house's own; a file that outgrows them has two subjects.
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// Checks every Rust file of `leaves`.
pub(crate) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("rs")) {
        let code = lexer::read(&leaf.text);
        breaches.extend(header(leaf));
        breaches.extend(sizes(leaf, &code));
        breaches.extend(loose_ends(leaf, &code));
        breaches.extend(tests(leaf, &code));
    }
    breaches
}

/// Whether a whole file is test code.
fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
        || path.ends_with("/props.rs")
}

/// The header: two sentences, the second of which says what is never done.
fn header(leaf: &Leaf) -> Option<Breach> {
    let lines: Vec<&str> = leaf
        .text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .collect();
    let paragraph: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .take_while(|line| !line.is_empty())
        .collect();
    let text = paragraph.join(" ");
    let sentences: Vec<&str> = text
        .split_inclusive(['.', '!', '?'])
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let says_never = text.split_once(". ").is_some_and(|(_, second)| {
        const ABSENCE: [&str; 9] = [
            "never", "no", "not", "nothing", "nor", "only", "without", "none", "neither",
        ];
        second
            .split(|sign: char| !sign.is_alphabetic())
            .any(|word| ABSENCE.contains(&word.to_lowercase().as_str()))
    });
    let message = if sentences.len() < 2 {
        "the header needs two sentences: what the file is, and what it never does"
    } else if !says_never {
        "the second sentence of the header does not say what the file never does"
    } else {
        return None;
    };
    Some(breach(&leaf.path, 1, message))
}

fn sizes(leaf: &Leaf, code: &Code) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (at, line) in leaf.text.lines().enumerate() {
        let mut columns = line.chars().count();
        let is_test = code.is_test.get(at).copied().unwrap_or_default();
        if is_test || is_test_file(&leaf.path) {
            columns -= literal_columns(line, code.lines.get(at).map_or("", String::as_str));
        }
        if columns > COLUMNS_MAX {
            let message = format!("{columns} columns, more than {COLUMNS_MAX}");
            breaches.push(breach(&leaf.path, at + 1, &message));
        }
    }
    let lines = code.is_test.iter().filter(|is_test| !**is_test).count();
    if lines > FILE_LINES_MAX && !is_test_file(&leaf.path) {
        let message = format!("{lines} lines outside tests, more than {FILE_LINES_MAX}");
        breaches.push(breach(&leaf.path, 1, &message));
    }
    for function in &code.functions {
        let lines = function.last - function.first + 1;
        if lines > FUNCTION_LINES_MAX {
            let message = format!(
                "`{}` has {lines} lines, more than {FUNCTION_LINES_MAX}",
                function.name
            );
            breaches.push(breach(&leaf.path, function.first + 1, &message));
        }
    }
    breaches
}

/// How many columns of a line belong to literals: a snapshot in a test cannot be broken.
fn literal_columns(line: &str, blanked: &str) -> usize {
    line.chars()
        .zip(blanked.chars())
        .filter(|(sign, left)| sign != left)
        .count()
}

/// Notes to ourselves without an issue, and `unsafe`.
fn loose_ends(leaf: &Leaf, code: &Code) -> Vec<Breach> {
    // Spelt in halves, so that this file does not accuse itself.
    let notes = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let stubs = [concat!("to", "do!("), concat!("unimple", "mented!(")];
    let mut breaches = Vec::new();
    for (at, line) in leaf.text.lines().enumerate() {
        let holds_note = notes.iter().any(|note| line.contains(note));
        if holds_note && !line.contains(" #") {
            breaches.push(breach(
                &leaf.path,
                at + 1,
                "a note to ourselves without an issue",
            ));
        }
    }
    for (at, line) in code.lines.iter().enumerate() {
        if stubs.iter().any(|stub| line.contains(stub)) {
            breaches.push(breach(&leaf.path, at + 1, "a stub"));
        }
        if has_word(line, concat!("un", "safe")) {
            breaches.push(breach(&leaf.path, at + 1, "`unsafe` is forbidden"));
        }
    }
    breaches
}

/// Tests that never run, that pass on any panic, or whose name is no sentence.
fn tests(leaf: &Leaf, code: &Code) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let banned = [
        ("#[ignore", "an ignored test"),
        ("#[should_panic", "`should_panic`"),
    ];
    for (at, line) in code.lines.iter().enumerate() {
        for (mark, message) in banned {
            if line.trim_start().starts_with(mark) {
                breaches.push(breach(&leaf.path, at + 1, message));
            }
        }
    }
    for function in &code.functions {
        let before = function
            .first
            .checked_sub(1)
            .and_then(|at| code.lines.get(at));
        let is_test = before.is_some_and(|line| line.trim() == "#[test]");
        if is_test && (function.name.starts_with("test_") || !function.name.contains('_')) {
            let message = format!("the test `{}` is not named by a sentence", function.name);
            breaches.push(breach(&leaf.path, function.first + 1, &message));
        }
    }
    breaches
}

/// Whether `line` holds `word` as a whole word.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.split(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tests::{leaf, messages};

    const HEADER: &str = "//! A thing.\n//! It never fails.\n";

    #[test]
    fn a_tidy_file_has_no_breach() {
        let text = format!("{HEADER}fn one() {{}}\n");
        assert_eq!(messages(&check(&[leaf("a.rs", &text)])), "");
    }

    #[test]
    fn a_header_needs_two_sentences_and_an_absence() {
        for text in ["fn a() {}\n", "//! A thing.\nfn a() {}\n"] {
            assert!(
                messages(&check(&[leaf("a.rs", text)])).contains("two sentences"),
                "{text}"
            );
        }
        let chatty = "//! A thing.\n//! It is good.\nfn a() {}\n";
        assert!(messages(&check(&[leaf("a.rs", chatty)])).contains("never does"));
    }

    #[test]
    fn long_files_functions_and_lines_are_found() {
        let long = format!("{HEADER}fn a() {{\n{}}}\n", "    b();\n".repeat(70));
        assert!(messages(&check(&[leaf("a.rs", &long)])).contains("`a` has 72 lines"));
        let many = format!("{HEADER}{}", "const A: u8 = 0;\n".repeat(500));
        assert!(messages(&check(&[leaf("a.rs", &many)])).contains("lines outside tests"));
        assert_eq!(messages(&check(&[leaf("x/tests.rs", &many)])), "");
        let wide = format!("{HEADER}// {}\n", "ü".repeat(98));
        assert!(messages(&check(&[leaf("a.rs", &wide)])).contains("101 columns"));
        let literal = format!("{HEADER}const A: &str = \"{}\";\n", "x".repeat(100));
        assert!(messages(&check(&[leaf("a.rs", &literal)])).contains("columns"));
        assert_eq!(messages(&check(&[leaf("a/tests.rs", &literal)])), "");
    }

    #[test]
    fn notes_stubs_and_forbidden_words_are_found() {
        let note = format!("{HEADER}// {} later\n", concat!("TO", "DO"));
        assert!(messages(&check(&[leaf("a.rs", &note)])).contains("without an issue"));
        let known = format!("{HEADER}// {} #12 later\n", concat!("TO", "DO"));
        assert_eq!(messages(&check(&[leaf("a.rs", &known)])), "");
        let stub = format!("{HEADER}fn a() {{ {}) }}\n", concat!("to", "do!("));
        assert!(messages(&check(&[leaf("a.rs", &stub)])).contains("a stub"));
        let raw = format!("{HEADER}fn a() {{ {} {{}} }}\n", concat!("un", "safe"));
        assert!(messages(&check(&[leaf("a.rs", &raw)])).contains("forbidden"));
    }

    #[test]
    fn tests_that_cannot_fail_are_found() {
        let ignored = format!("{HEADER}#[ignore = \"slow\"]\nfn a_b() {{}}\n");
        assert!(messages(&check(&[leaf("a.rs", &ignored)])).contains("ignored"));
        let named = format!("{HEADER}#[test]\nfn test_a() {{}}\n");
        assert!(messages(&check(&[leaf("a.rs", &named)])).contains("sentence"));
    }
}
