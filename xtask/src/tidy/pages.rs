//! Pages and promises: every rule, source and platform has its page, every promise its test, every
//! command in the documentation its program.
//! It never runs a page's examples: the tests of the rooms do.
use std::collections::{BTreeMap, BTreeSet};

use super::lexer;
use super::{Breach, breach};
use crate::tree::Leaf;

/// Checks registries, the specification and the documentation.
pub(crate) fn check(leaves: &[Leaf], commands: &[String]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for registry in REGISTRIES {
        breaches.extend(registered(leaves, registry));
    }
    breaches.extend(promises(leaves));
    breaches.extend(typed(leaves, commands));
    breaches.extend(links(leaves));
    breaches
}

/// A list that is the only place to know all of its kind.
#[derive(Clone, Copy)]
struct Registry {
    folder: &'static str,
    /// How many fences of each kind a page needs.
    fences: &'static [(&'static str, usize)],
}

const REGISTRIES: [Registry; 4] = [
    Registry {
        // Its tests demand fences of those rules that need nothing but the text.
        folder: "extension/engine/src/leak",
        fences: &[],
    },
    Registry {
        folder: "extension/engine/src/detector",
        fences: &[("attack", 3), ("benign", 3)],
    },
    Registry {
        folder: "extension/event/src/source",
        fences: &[("event", 1)],
    },
    Registry {
        folder: "extension/exchange/src/platform",
        fences: &[],
    },
];

fn registered(leaves: &[Leaf], registry: Registry) -> Vec<Breach> {
    let folder = registry.folder;
    let list = format!("{folder}/mod.rs");
    let Some(leaf) = leaves.iter().find(|leaf| leaf.path == list) else {
        return vec![breach(&list, 1, "the registry is missing")];
    };
    let members = members(&leaf.text);
    let mut breaches = Vec::new();
    if members.is_empty() {
        breaches.push(breach(&list, 1, "the registry lists nothing"));
    }
    for member in &members {
        let page = format!("{folder}/{member}.md");
        let Some(page) = leaves.iter().find(|leaf| leaf.path == page) else {
            breaches.push(breach(&page, 1, "the page is missing"));
            continue;
        };
        for (kind, wanted) in registry.fences {
            // Behind its kind a fence may say where its values stand.
            let is_kind = |tag: &str| tag.split(' ').next() == Some(kind);
            let found = fences(&page.text)
                .filter(|(_, tag, _)| is_kind(tag))
                .count();
            if found < *wanted {
                let message = format!("{found} fences `{kind}`, fewer than {wanted}");
                breaches.push(breach(&page.path, 1, &message));
            }
        }
    }
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("md")) {
        let inner = leaf
            .path
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'));
        let name = inner.and_then(|rest| rest.strip_suffix(".md"));
        if name.is_some_and(|name| !name.contains('/') && !members.contains(name)) {
            breaches.push(breach(
                &leaf.path,
                1,
                "the page belongs to no registered member",
            ));
        }
    }
    breaches
}

/// The modules of a registry that are public, or that its list names as `module::Thing`.
fn members(text: &str) -> BTreeSet<String> {
    let code = lexer::read(text);
    let lines = || code.lines.iter().map(|line| line.trim());
    let declared = |mark: &'static str| {
        let names = lines().filter_map(move |line| line.strip_prefix(mark)?.strip_suffix(';'));
        names.map(str::to_owned)
    };
    let is_listed = |module: &String| {
        let path = format!("{module}::");
        lines().any(|line| line.contains(&path) && !line.contains("use "))
    };
    declared("pub mod ")
        .chain(declared("mod ").filter(is_listed))
        .collect()
}

/// The fenced blocks of a page: line of the fence, tag, contents.
fn fences(text: &str) -> impl Iterator<Item = (usize, String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, &mut open) {
            (Some(tag), None) => open = Some((at + 1, tag.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, _, contents))) => {
                contents.push_str(line);
                contents.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks.into_iter()
}

/// Every numbered promise names a test, and the test is alive.
fn promises(leaves: &[Leaf]) -> Vec<Breach> {
    const FILE: &str = "SPECIFICATION.md";
    let text = leaves
        .iter()
        .find(|leaf| leaf.path == FILE)
        .map_or("", |leaf| &leaf.text);
    let mut breaches = Vec::new();
    let mut numbers = BTreeSet::new();
    let tests = living_tests(leaves);
    for (at, line) in text.lines().enumerate() {
        let Some((number, promise)) = line.split_once(". ") else {
            continue;
        };
        let Ok(number) = number.parse::<u32>() else {
            continue;
        };
        if !numbers.insert(number) {
            breaches.push(breach(
                FILE,
                at + 1,
                &format!("promise {number} stands twice"),
            ));
        }
        let Some((_, proof)) = promise.split_once("Proof: ") else {
            breaches.push(breach(
                FILE,
                at + 1,
                &format!("promise {number} names no proof"),
            ));
            continue;
        };
        for test in proof.split('`').skip(1).step_by(2) {
            let (path, name) = test.rsplit_once("::").unwrap_or(("", test));
            let lives = tests.get(name).is_some_and(|paths| {
                paths
                    .iter()
                    .any(|found| path.is_empty() || found.contains(path))
            });
            if !lives {
                breaches.push(breach(FILE, at + 1, &format!("no test is called `{test}`")));
            }
        }
        if !proof.contains('`') {
            breaches.push(breach(
                FILE,
                at + 1,
                &format!("promise {number} names no test"),
            ));
        }
    }
    if numbers.is_empty() {
        breaches.push(breach(FILE, 1, "there is no promise"));
    }
    breaches
}

/// The name of every test, and the files in which it stands.
fn living_tests(leaves: &[Leaf]) -> BTreeMap<String, Vec<&str>> {
    let mut tests: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("rs")) {
        let code = lexer::read(&leaf.text);
        for function in &code.functions {
            let marks = code
                .lines
                .get(..function.first)
                .unwrap_or_default()
                .iter()
                .rev();
            let mut marks = marks
                .map(|line| line.trim())
                .take_while(|line| line.starts_with('#'));
            if marks.any(|mark| mark.contains("test")) {
                tests
                    .entry(function.name.clone())
                    .or_default()
                    .push(&leaf.path);
            }
        }
    }
    tests
}

/// Commands that a reader would type exist.
fn typed(leaves: &[Leaf], commands: &[String]) -> Vec<Breach> {
    let cli: Vec<&Leaf> = leaves
        .iter()
        .filter(|leaf| leaf.path.starts_with("extension/cli/src/"))
        .collect();
    let mut breaches = Vec::new();
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("md")) {
        for (at, tag, contents) in fences(&leaf.text) {
            if !matches!(tag.as_str(), "sh" | "bash" | "console" | "shell") {
                continue;
            }
            for (offset, line) in contents.lines().enumerate() {
                let words: Vec<&str> = line.trim_start_matches("$ ").split_whitespace().collect();
                let unknown = match words.as_slice() {
                    ["cargo", "xtask", word, ..] => !commands.iter().any(|known| known == word),
                    ["credenza", word, ..] if !word.starts_with('-') => !knows(&cli, word),
                    _ => false,
                };
                if unknown {
                    let message = format!("no such command: {line}");
                    breaches.push(breach(&leaf.path, at + offset + 1, &message));
                }
            }
        }
    }
    breaches
}

/// Whether the CLI has a variant for a command.
fn knows(cli: &[&Leaf], command: &str) -> bool {
    let mut signs = command.chars();
    let first = signs.next().map(|sign| sign.to_ascii_uppercase());
    let variant: String = first.into_iter().chain(signs).collect();
    cli.iter().any(|leaf| {
        lexer::read(&leaf.text).lines.iter().any(|line| {
            let rest = line.trim().strip_prefix(variant.as_str());
            rest.is_some_and(|rest| rest.starts_with(['(', ',', ' ', '{']))
        })
    })
}

/// Relative links lead somewhere, and every decision stands in the index.
fn links(leaves: &[Leaf]) -> Vec<Breach> {
    let paths: BTreeSet<&str> = leaves.iter().map(|leaf| leaf.path.as_str()).collect();
    let mut breaches = Vec::new();
    for leaf in leaves.iter().filter(|leaf| leaf.ends_in("md")) {
        let mut fenced = false;
        for (at, line) in leaf.text.lines().enumerate() {
            // What stands in a fence is an example, not a link.
            fenced ^= line.starts_with("```");
            let line = if fenced { "" } else { line };
            for link in line
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
            {
                let target = link.split('#').next().unwrap_or_default();
                if target.is_empty() || target.contains(':') || target.contains(' ') {
                    continue;
                }
                let found = resolve(&leaf.path, target);
                let folder = format!("{found}/");
                let exists = paths.contains(found.as_str())
                    || paths.iter().any(|path| path.starts_with(&folder));
                if !exists {
                    breaches.push(breach(
                        &leaf.path,
                        at + 1,
                        &format!("{target} is not there"),
                    ));
                }
            }
        }
    }
    let index = leaves.iter().find(|leaf| leaf.path == "docs/README.md");
    for path in paths
        .iter()
        .filter(|path| path.starts_with("docs/") && is_page(path))
    {
        let name = path.trim_start_matches("docs/");
        let is_listed = index.is_some_and(|index| index.text.contains(&format!("({name})")));
        if !is_listed && name != "README.md" {
            breaches.push(breach(
                "docs/README.md",
                1,
                &format!("{name} is not in the index"),
            ));
        }
    }
    breaches
}

fn is_page(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "md")
}

/// The path of `target` as seen from the file `from`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{REGISTRIES, Registry, links, promises, registered, typed};
    use crate::tidy::tests::{leaf, messages};

    #[test]
    fn a_rule_without_page_and_a_page_without_rule_are_found() {
        let list = "mod sql_injection;\nmod shared_by_all;\nuse shared_by_all::Thing;\n\
                    static ALL: &[&dyn Detector] = &[&sql_injection::SqlInjection];\n";
        let list = leaf("extension/engine/src/detector/mod.rs", list);
        let is_for_events = |registry: &&Registry| registry.folder.ends_with("/detector");
        let rules = *REGISTRIES.iter().find(is_for_events).unwrap();
        let found = messages(&registered(std::slice::from_ref(&list), rules));
        assert!(found.contains("the page is missing"), "{found}");
        let thin = leaf(
            "extension/engine/src/detector/sql_injection.md",
            "```attack\nx\n```\n",
        );
        let stray = leaf("extension/engine/src/detector/old.md", "");
        let found = messages(&registered(&[list, thin, stray], rules));
        assert!(found.contains("1 fences `attack`, fewer than 3"), "{found}");
        assert!(found.contains("belongs to no registered member"), "{found}");
    }

    #[test]
    fn a_promise_without_a_living_test_is_found() {
        let test = leaf(
            "x/src/a.rs",
            "#[test]\nfn it_holds() {}\nfn it_is_no_test() {}\n",
        );
        let check = |text: &str, expected: &str| {
            let found = messages(&promises(&[leaf("SPECIFICATION.md", text), test.clone()]));
            assert!(
                found.contains(expected) && found.is_empty() == expected.is_empty(),
                "{found}"
            );
        };
        check("1. It holds. Proof: `x::it_holds`\n", "");
        check("1. It holds. Proof: `y::it_holds`\n", "no test is called");
        check("1. It holds. Proof: `it_is_no_test`\n", "no test is called");
        check("1. It holds.\n", "names no proof");
        check("1. It holds. Proof: later\n", "names no test");
        check("Nothing.\n", "there is no promise");
    }

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        let cli = leaf(
            "extension/cli/src/main.rs",
            "enum Command {\n    Demo(Demo),\n}\n",
        );
        let commands = ["ci".to_owned()];
        let check = |line: &str, expected: bool| {
            let readme = leaf("README.md", &format!("```sh\n{line}\n```\n"));
            let found = typed(&[readme, cli.clone()], &commands);
            assert_eq!(found.is_empty(), expected, "{line}");
        };
        check("cargo xtask ci", true);
        check("cargo xtask deploy", false);
        check("credenza demo --plain", true);
        check("credenza fly", false);
        check("echo credenza fly", true);
    }

    #[test]
    fn dead_links_and_pages_outside_the_index_are_found() {
        let index = leaf("docs/README.md", "[a](a.md) [b](../README.md) [c](gone.md)");
        let leaves = [
            index,
            leaf("docs/a.md", ""),
            leaf("docs/b.md", ""),
            leaf("README.md", ""),
        ];
        let found = messages(&links(&leaves));
        assert!(found.contains("gone.md is not there"), "{found}");
        assert!(found.contains("b.md is not in the index"), "{found}");
        assert!(!found.contains("a.md is not in"), "{found}");
    }
}
