//! `SPECIFICATION.md` and the tests: each promise names its proofs, and each named test exists.
//! It never judges whether a test proves enough; that is for the reader of both.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::programs::root;

/// The names of all functions marked as tests under `folder`, with the files they stand in.
fn tests_under(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for path in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        if path.is_dir() {
            tests_under(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let file = path.display().to_string();
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                let name = line
                    .strip_prefix("fn ")
                    .or_else(|| line.strip_prefix("async fn "));
                if let Some(name) = name.and_then(|rest| rest.split(['(', '<']).next())
                    && marked
                {
                    found.insert((name.to_owned(), file.clone()));
                }
                marked = line == "#[test]" || (marked && line.starts_with('#'));
            }
        }
    }
}

#[test]
fn every_promise_is_proven_by_tests_that_exist() {
    let text = fs::read_to_string(root().join("SPECIFICATION.md")).expect("the specification");
    let mut tests = BTreeSet::new();
    for folder in ["tests", "extension", "xtask"] {
        tests_under(&root().join(folder), &mut tests);
    }
    assert!(
        tests.len() > 100,
        "the search for tests is broken: {}",
        tests.len()
    );
    let mut promises = 0;
    for line in text.lines() {
        let Some((number, promise)) = line.split_once(". ") else {
            continue;
        };
        if number.parse::<u32>().is_err() {
            continue;
        }
        promises += 1;
        assert_eq!(
            number,
            promises.to_string(),
            "promises are numbered without a gap"
        );
        let (_, proof) = promise
            .split_once("Proof: ")
            .expect("a promise has a proof");
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "promise {number} names no test");
        for test in named {
            let (file, name) = test.rsplit_once("::").unwrap_or(("", test));
            let lives = tests
                .iter()
                .any(|(found, path)| found == name && path.contains(file));
            assert!(lives, "promise {number}: no test is called `{test}`");
        }
    }
    assert!(promises >= 15, "{promises} promises");
}
