//! Words that have no place in this house: vague names, secrets, and traces of a workplace.
//! It never corrects a word.
use super::lexer;
use super::{Breach, breach};
use crate::tree::Leaf;

/// Checks names in Rust files, and the text of all files.
pub(crate) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for leaf in leaves {
        if leaf.ends_in("rs") {
            breaches.extend(names(leaf));
        }
        breaches.extend(file_name(leaf));
        breaches.extend(traces(leaf));
    }
    breaches
}

/// Ends of type names that say nothing.
const VAGUE_TYPES: [&str; 6] = ["Manager", "Handler", "Processor", "Helper", "Util", "Utils"];
/// Names of modules and files that say nothing.
const VAGUE_MODULES: [&str; 7] = [
    "util", "utils", "helper", "helpers", "common", "misc", "shared",
];

fn names(leaf: &Leaf) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (at, line) in lexer::read(&leaf.text).lines.iter().enumerate() {
        let words: Vec<&str> = line
            .split(|sign: char| !sign.is_alphanumeric() && sign != '_')
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let [kind, name] = pair else { continue };
            let is_vague = match *kind {
                "struct" | "enum" | "trait" | "type" => {
                    VAGUE_TYPES.iter().any(|vague| name.ends_with(vague))
                }
                "mod" => VAGUE_MODULES.contains(name),
                "fn" => name.starts_with("get_"),
                _ => false,
            };
            if is_vague {
                let message = format!("the name `{name}` is not in the vocabulary of the house");
                breaches.push(breach(&leaf.path, at + 1, &message));
            }
        }
    }
    breaches
}

fn file_name(leaf: &Leaf) -> Option<Breach> {
    let is_vague = leaf.path.split('/').any(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        VAGUE_MODULES.contains(&stem)
    });
    is_vague.then(|| breach(&leaf.path, 1, "the file's name says nothing"))
}

/// What looks like a secret, or names the machine on which it was written.
///
/// Each is spelt in halves, so that this file does not accuse itself.
const TRACES: [(&str, &str); 9] = [
    (concat!("-----BE", "GIN "), "a key in the source"),
    (concat!("gh", "p_"), "what looks like a token"),
    (concat!("github_", "pat_"), "what looks like a token"),
    (concat!("xo", "xb-"), "what looks like a token"),
    (concat!("/wo", "rk/"), ONE_MACHINE),
    (concat!("/ro", "ot/"), ONE_MACHINE),
    (concat!("/ho", "me/"), ONE_MACHINE),
    (concat!("artifact", "ory"), "a host of one workplace"),
    (
        concat!("co-authored", "-by"),
        "a trace of how it was written",
    ),
];

const ONE_MACHINE: &str = "a path of one machine";

/// Where the rules and their pages stand.
const RULES: &str = "extension/engine/src/detector/";

fn traces(leaf: &Leaf) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (at, line) in leaf.text.lines().enumerate() {
        for (trace, message) in TRACES {
            // A rule on paths must name those that attackers ask for.
            let is_subject = leaf.path.starts_with(RULES) && message == ONE_MACHINE;
            if line.contains(trace) && !is_subject {
                breaches.push(breach(&leaf.path, at + 1, message));
            }
        }
        if has_access_key(line) {
            breaches.push(breach(&leaf.path, at + 1, "what looks like an access key"));
        }
    }
    breaches
}

/// Whether `line` holds the id of an AWS access key: a prefix of four and sixteen more signs.
fn has_access_key(line: &str) -> bool {
    let prefixes = [concat!("AK", "IA"), concat!("AS", "IA")];
    line.split(|sign: char| !sign.is_ascii_uppercase() && !sign.is_ascii_digit())
        .any(|word| word.len() == 20 && prefixes.iter().any(|prefix| word.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tests::{leaf, messages};

    #[test]
    fn vague_names_are_found_where_they_are_defined() {
        for text in [
            "struct EventHandler;",
            "fn get_event() {}",
            "mod helpers {}",
        ] {
            assert!(
                messages(&check(&[leaf("a.rs", text)])).contains("vocabulary"),
                "{text}"
            );
        }
        let used = "fn call(h: EventHandler) { h.get_event() } // struct EventHandler";
        assert_eq!(messages(&check(&[leaf("a.rs", used)])), "");
        assert!(messages(&check(&[leaf("src/utils.rs", "")])).contains("says nothing"));
    }

    #[test]
    fn secrets_and_traces_are_found_in_any_file() {
        let key = format!("id = {}{}", concat!("AK", "IA"), "Z".repeat(16));
        assert!(messages(&check(&[leaf("a.md", &key)])).contains("access key"));
        let path = format!("see {}main", concat!("/wo", "rk/"));
        assert!(messages(&check(&[leaf("a.md", &path)])).contains("one machine"));
        let asked = format!("{}.ssh/id_rsa", concat!("/ro", "ot/"));
        let page = "extension/engine/src/detector/path_traversal.md";
        assert_eq!(messages(&check(&[leaf(page, &asked)])), "");
        assert_eq!(
            messages(&check(&[leaf("a.md", "a workshop; AKIA is a prefix")])),
            ""
        );
    }
}
