//! Where files and crates stand: the top level, the row of rooms, and files that nobody reaches.
//! It never looks inside a function.
use std::collections::BTreeSet;

use super::lexer;
use super::{Breach, breach};
use crate::tree::Leaf;

/// Checks the top level, the manifests and the tree of modules.
pub(crate) fn check(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = top_level(leaves);
    breaches.extend(rooms(leaves));
    breaches.extend(purity(leaves));
    breaches.extend(profile(leaves));
    breaches.extend(dead(leaves));
    breaches
}

/// What must stand at the top.
const REQUIRED: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "ARCHITECTURE.md",
    "SPECIFICATION.md",
    "CHANGELOG.md",
    "LICENSE",
    "extension",
    "layer-packaging",
    "tests",
    "docs",
    "xtask",
];

/// What may stand there too: the ways in, and files that tools look for at the top only.
const TOLERATED: [&str; 6] = [
    "deploy",
    "clippy.toml",
    "deny.toml",
    ".cargo",
    ".ci",
    ".gitignore",
];

fn top_level(leaves: &[Leaf]) -> Vec<Breach> {
    let present: BTreeSet<&str> = leaves
        .iter()
        .filter_map(|leaf| leaf.path.split('/').next())
        .collect();
    let mut breaches = Vec::new();
    for name in REQUIRED.iter().filter(|name| !present.contains(*name)) {
        breaches.push(breach(name, 1, "missing from the top level"));
    }
    for name in present {
        if !REQUIRED.contains(&name) && !TOLERATED.contains(&name) {
            breaches.push(breach(name, 1, "does not belong to the top level"));
        }
    }
    breaches
}

/// Each room and the rooms that it may see; development dependencies are free.
const ROOMS: [(&str, &[&str]); 17] = [
    ("extension/event", &[]),
    ("extension/engine", &["event"]),
    ("extension/policy", &["event", "engine"]),
    ("extension/exchange", &["event", "engine", "policy"]),
    (
        "extension/agent",
        &["event", "engine", "policy", "exchange"],
    ),
    ("extension/agent/program", &["agent-library"]),
    ("extension/sandbox", &[]),
    (
        "extension/cli",
        &["event", "engine", "policy", "exchange", "sandbox", "attach"],
    ),
    ("extension/attach", &[]),
    ("extension/demo-function", &[]),
    ("tests", &[]),
    ("xtask", &["bench"]),
    ("xtask/bench", &["event", "engine", "policy", "exchange"]),
    ("xtask/fuzz", &["event", "engine"]),
    (
        "xtask/lake",
        &["event", "engine", "policy", "exchange", "agent-library"],
    ),
    ("xtask/schema", &[]),
    ("xtask/peers", &[]),
];

/// The rooms without windows.
const PURE: [&str; 4] = [
    "extension/event",
    "extension/engine",
    "extension/policy",
    "extension/exchange",
];

fn rooms(leaves: &[Leaf]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for leaf in leaves
        .iter()
        .filter(|leaf| leaf.path.ends_with("/Cargo.toml"))
    {
        let folder = leaf.path.trim_end_matches("/Cargo.toml");
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == folder) else {
            breaches.push(breach(&leaf.path, 1, "no room of this name is on the plan"));
            continue;
        };
        for need in section(&leaf.text, "[dependencies]") {
            let Some(room) = need.strip_prefix("credenza-") else {
                continue;
            };
            if !allowed.contains(&room) {
                let message = format!("{folder} must not see the room `{room}`");
                breaches.push(breach(&leaf.path, 1, &message));
            }
        }
        if !leaf.text.contains("[lints]\nworkspace = true") {
            breaches.push(breach(
                &leaf.path,
                1,
                "does not take the lints of the workspace",
            ));
        }
    }
    breaches
}

/// The names of the dependencies in one section of a manifest.
fn section<'a>(manifest: &'a str, heading: &str) -> Vec<&'a str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect()
}

/// The pure rooms cannot do I/O, index or panic, because they say so to the compiler.
fn purity(leaves: &[Leaf]) -> Vec<Breach> {
    const DENIED: [&str; 5] = [
        "clippy::indexing_slicing",
        "clippy::string_slice",
        "clippy::unwrap_used",
        "clippy::expect_used",
        "clippy::panic",
    ];
    let mut breaches = Vec::new();
    for room in PURE {
        let path = format!("{room}/src/lib.rs");
        let text = leaves
            .iter()
            .find(|leaf| leaf.path == path)
            .map_or("", |leaf| &leaf.text);
        for needed in ["#![no_std]", "deny("].iter().chain(&DENIED) {
            if !text.contains(needed) {
                breaches.push(breach(&path, 1, &format!("a pure room needs `{needed}`")));
            }
        }
    }
    for leaf in leaves
        .iter()
        .filter(|leaf| PURE.iter().any(|room| leaf.path.starts_with(room)))
    {
        let code = lexer::read(&leaf.text);
        for (at, line) in code.lines.iter().enumerate() {
            let is_test = code.is_test.get(at).copied().unwrap_or_default();
            if line.contains("extern crate std") && !is_test && !is_for_tests(&code.lines, at) {
                breaches.push(breach(&leaf.path, at + 1, "a pure room has no `std`"));
            }
        }
    }
    breaches
}

fn is_for_tests(lines: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| lines.get(before));
    before.is_some_and(|line| line.contains("#[cfg(test)]"))
}

/// The release profile keeps what fail-open stands on.
fn profile(leaves: &[Leaf]) -> Vec<Breach> {
    let manifest = leaves.iter().find(|leaf| leaf.path == "Cargo.toml");
    let text = manifest.map_or("", |leaf| &leaf.text);
    let release: Vec<&str> = text
        .lines()
        .skip_while(|line| line.trim() != "[profile.release]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .collect();
    let needed = [
        "panic = \"unwind\"",
        "overflow-checks = true",
        "lto = \"fat\"",
    ];
    let mut breaches = Vec::new();
    for line in needed.iter().filter(|line| !release.contains(*line)) {
        breaches.push(breach(
            "Cargo.toml",
            1,
            &format!("the release profile needs `{line}`"),
        ));
    }
    if !text.contains("unsafe_code = \"forbid\"") {
        breaches.push(breach(
            "Cargo.toml",
            1,
            "the workspace must forbid `unsafe_code`",
        ));
    }
    breaches
}

/// Rust files that no crate reaches through its modules.
fn dead(leaves: &[Leaf]) -> Vec<Breach> {
    let files: BTreeSet<&str> = leaves
        .iter()
        .filter(|leaf| leaf.ends_in("rs"))
        .map(|leaf| leaf.path.as_str())
        .collect();
    let mut open: Vec<(String, String)> = Vec::new();
    for leaf in leaves
        .iter()
        .filter(|leaf| leaf.path.ends_with("/Cargo.toml"))
    {
        let folder = leaf.path.trim_end_matches("Cargo.toml");
        for root in roots(leaf, folder, &files) {
            let home = parent(&root).to_owned();
            open.push((root, home));
        }
    }
    let mut reached = BTreeSet::new();
    while let Some((file, home)) = open.pop() {
        if !reached.insert(file.clone()) {
            continue;
        }
        let text = leaves
            .iter()
            .find(|leaf| leaf.path == file)
            .map_or("", |leaf| &leaf.text);
        for module in modules(text) {
            for path in [
                format!("{home}{module}.rs"),
                format!("{home}{module}/mod.rs"),
            ] {
                if files.contains(path.as_str()) {
                    open.push((path, format!("{home}{module}/")));
                }
            }
        }
    }
    let unreached = files.iter().filter(|file| !reached.contains(**file));
    unreached
        .map(|file| breach(file, 1, "no module reaches this file"))
        .collect()
}

/// The files at which cargo starts to compile a crate.
fn roots(manifest: &Leaf, folder: &str, files: &BTreeSet<&str>) -> Vec<String> {
    let mut roots: Vec<String> = ["src/lib.rs", "src/main.rs", "build.rs"]
        .iter()
        .map(|name| format!("{folder}{name}"))
        .collect();
    let paths = manifest
        .text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path = "));
    roots.extend(paths.map(|path| format!("{folder}{}", path.trim_matches('"'))));
    for place in ["src/bin/", "tests/", "examples/", "benches/"] {
        let prefix = format!("{folder}{place}");
        let direct = files.iter().filter(|file| {
            let rest = file.strip_prefix(prefix.as_str()).unwrap_or("/");
            !rest.contains('/')
                || rest
                    .split_once('/')
                    .is_some_and(|(_, file)| file == "main.rs")
        });
        roots.extend(direct.map(|file| (*file).to_owned()));
    }
    roots.retain(|root| files.contains(root.as_str()));
    roots
}

fn parent(path: &str) -> &str {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    path.get(..end).unwrap_or_default()
}

/// The modules that a file declares and does not contain.
fn modules(text: &str) -> Vec<String> {
    let code = lexer::read(text);
    let declared = code.lines.iter().filter_map(|line| {
        let line = line.trim();
        let at = line.find("mod ")?;
        let is_word = at == 0 || line.get(..at).is_some_and(|before| before.ends_with(' '));
        let name = line.get(at + 4..)?.strip_suffix(';')?.trim();
        is_word.then(|| name.to_owned())
    });
    declared.collect()
}

#[cfg(test)]
mod tests {
    use super::{dead, profile, purity, rooms, top_level};
    use crate::tidy::tests::{leaf, messages};

    #[test]
    fn a_stranger_at_the_top_and_a_missing_file_are_found() {
        let found = messages(&top_level(&[
            leaf("Cargo.toml", ""),
            leaf("scripts/a.sh", ""),
        ]));
        assert!(found.contains("scripts"), "{found}");
        assert!(found.contains("README.md"), "{found}");
    }

    #[test]
    fn a_room_that_looks_forward_is_found() {
        let manifest = "[dependencies]\ncredenza-policy.workspace = true\n\n\
                        [dev-dependencies]\ncredenza-sandbox.workspace = true\n\n\
                        [lints]\nworkspace = true\n";
        let found = messages(&rooms(&[leaf("extension/event/Cargo.toml", manifest)]));
        assert!(found.contains("must not see the room `policy`"), "{found}");
        assert!(!found.contains("sandbox"), "{found}");
        let allowed = messages(&rooms(&[leaf("extension/exchange/Cargo.toml", manifest)]));
        assert_eq!(allowed, "");
        let bare = messages(&rooms(&[leaf("extension/event/Cargo.toml", "")]));
        assert!(bare.contains("lints"), "{bare}");
    }

    #[test]
    fn a_pure_room_without_its_promise_is_found() {
        let found = messages(&purity(&[leaf(
            "extension/event/src/lib.rs",
            "#![no_std]\n",
        )]));
        assert!(found.contains("clippy::indexing_slicing"), "{found}");
        let window = "extern crate std;\n";
        let found = messages(&purity(&[leaf("extension/event/src/walk.rs", window)]));
        assert!(found.contains("has no `std`"), "{found}");
    }

    #[test]
    fn a_profile_that_cannot_unwind_is_found() {
        let manifest = "[profile.release]\npanic = \"abort\"\n[profile.dev]\n";
        let found = messages(&profile(&[leaf("Cargo.toml", manifest)]));
        assert!(found.contains("panic = \"unwind\""), "{found}");
    }

    #[test]
    fn a_file_that_no_module_reaches_is_found() {
        let leaves = [
            leaf("x/Cargo.toml", ""),
            leaf(
                "x/src/lib.rs",
                "mod a;\n#[cfg(test)]\nmod tests;\n// mod ghost;\n",
            ),
            leaf("x/src/a.rs", "pub(crate) mod b;\n"),
            leaf("x/src/a/b.rs", ""),
            leaf("x/src/tests.rs", ""),
            leaf("x/tests/contract/main.rs", "mod c;"),
            leaf("x/tests/contract/c.rs", ""),
            leaf("x/src/ghost.rs", ""),
        ];
        assert_eq!(
            messages(&dead(&leaves)),
            "x/src/ghost.rs:1: no module reaches this file"
        );
    }
}
