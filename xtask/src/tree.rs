//! Every file of the project that is written by hand, sorted by path.
//! It never looks into folders that are built, installed or kept by version control.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// One file of the project.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// The path from the root, with `/` between names.
    pub(crate) path: String,
    /// The contents; bytes that are no UTF-8 are replaced.
    pub(crate) text: String,
}

impl Leaf {
    /// Whether the file's name ends in `.` and `ending`, spelt exactly so.
    pub(crate) fn ends_in(&self, ending: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == ending)
    }
}

/// All files below `root`, sorted by path.
pub(crate) fn read(root: &Path) -> Result<Vec<Leaf>> {
    let mut leaves = Vec::new();
    for path in paths(root)? {
        let file = root.join(&path);
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        leaves.push(Leaf {
            path,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
    }
    Ok(leaves)
}

/// The paths of all files below `root`, sorted.
pub(crate) fn paths(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() && !is_foreign(&name) {
                folders.push(entry.path());
            } else if kind.is_file() && name != ".git" {
                let path = entry.path();
                let inner = path.strip_prefix(root).unwrap_or(&path);
                found.push(inner.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a folder holds what was built, installed or recorded rather than written.
fn is_foreign(folder: &str) -> bool {
    const NAMES: [&str; 7] = [
        ".git",
        "target",
        ".cross",
        ".tools",
        "node_modules",
        "__pycache__",
        ".pytest_cache",
    ];
    NAMES.contains(&folder) || folder.starts_with("target-") || folder.starts_with(".venv-")
}

#[cfg(test)]
mod tests {
    use super::{is_foreign, read};
    use crate::project;

    #[test]
    fn the_project_holds_its_own_manifest_and_nothing_built() {
        let leaves = read(project::root()).unwrap();
        assert!(leaves.iter().any(|leaf| leaf.path == "Cargo.toml"));
        assert!(leaves.iter().any(|leaf| leaf.path == "xtask/src/tree.rs"));
        assert!(!leaves.iter().any(|leaf| leaf.path.starts_with("target/")));
    }

    #[test]
    fn built_and_installed_folders_are_foreign() {
        for folder in [
            "target",
            "target-coverage",
            ".venv-riclient",
            ".cross",
            ".git",
        ] {
            assert!(is_foreign(folder), "{folder}");
        }
        for folder in ["xtask", ".ci", ".cargo", "targets"] {
            assert!(!is_foreign(folder), "{folder}");
        }
    }
}
