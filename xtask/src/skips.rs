//! What a run could not do, by name and with the reason.
//! It never turns a failure into a skip: only a missing tool or a missing corpus is one.
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::project;

/// One thing that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    /// What was not done (`node runtime client`).
    pub(crate) name: String,
    /// Why, in words that help (`node is not installed`).
    pub(crate) reason: String,
}

/// The file to which tests append their skips, one `name: reason` a line.
///
/// Tests find it in the environment variable `CREDENZA_SKIPS`, and write nothing when it is unset.
pub(crate) fn file() -> PathBuf {
    project::target().join("skips.txt")
}

/// Forgets the skips of earlier runs.
pub(crate) fn forget() -> Result<()> {
    let file = file();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, "").with_context(|| format!("cannot write {}", file.display()))
}

/// The skips that tests have written since `forget`.
pub(crate) fn of_tests() -> Vec<Skip> {
    let text = fs::read_to_string(file()).unwrap_or_default();
    let mut skips: Vec<Skip> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, reason) = line.split_once(':').unwrap_or((line, "no reason given"));
        let skip = Skip {
            name: name.trim().to_owned(),
            reason: reason.trim().to_owned(),
        };
        if !skips.contains(&skip) {
            skips.push(skip);
        }
    }
    skips
}

/// Prints the skips, one a line.
pub(crate) fn print(skips: &[Skip]) {
    for skip in skips {
        println!("skipped: {}: {}", skip.name, skip.reason);
    }
    if skips.is_empty() {
        println!("skipped: nothing");
    }
}
