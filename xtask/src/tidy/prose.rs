//! Markdown of ours: one sentence a line, so that a change shows as the sentence that changed.
//! It never judges tables, fences, quotations of commands or headings.
use super::{Breach, breach};
use crate::tree::Leaf;

/// Checks every Markdown file.
pub(crate) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("md")) {
        let mut in_fence = false;
        for (at, line) in leaf.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_fence = !in_fence;
            }
            let is_prose = !in_fence && !line.trim_start().starts_with(['|', '#', '`', '<']);
            if is_prose && holds_two_sentences(line) {
                breaches.push(breach(&leaf.path, at + 1, "two sentences on one line"));
            }
        }
        if in_fence {
            breaches.push(breach(&leaf.path, 1, "a fence is not closed"));
        }
    }
    breaches
}

/// Whether a sentence ends and another begins inside `line`, outside code.
fn holds_two_sentences(line: &str) -> bool {
    let prose: Vec<&str> = line.split('`').step_by(2).collect();
    let joined = prose.join("code");
    let signs: Vec<char> = joined.chars().collect();
    signs.windows(4).any(|window| {
        let [before, end, space, next] = window else {
            return false;
        };
        let ends = matches!(end, '.' | '!' | '?') && *space == ' ';
        let closes = before.is_lowercase() || matches!(before, ')' | '"' | '*' | '%');
        ends && closes && next.is_uppercase()
    }) && !joined.contains("Proof: ")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tests::{leaf, messages};

    #[test]
    fn two_sentences_on_one_line_are_found() {
        let check = |text: &str, is_clean: bool| {
            assert_eq!(check(&[leaf("a.md", text)]).is_empty(), is_clean, "{text}");
        };
        check("One sentence. Another one.\n", false);
        check("- A point. Its reason.\n", false);
        check("One sentence.\nAnother one.\n", true);
        check("1. The first point, e.g. this one.\n", true);
        check("| A cell. Another. |\n", true);
        check("```\nOne. Two.\n```\n", true);
        check("It says `a. B` and no more.\n", true);
    }

    #[test]
    fn a_fence_without_its_end_is_found() {
        assert!(messages(&check(&[leaf("a.md", "```sh\nls\n")])).contains("not closed"));
    }
}
