//! The crates that ship inside the agent, as the lock file resolves them.
//! It never counts what only tests, build scripts or the desk need.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::project;

/// One crate that ships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    /// The name in the registry.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: String,
    /// The licence expression of its manifest; empty where it states none.
    pub(crate) licence: String,
    /// Whether it is a member of this workspace.
    pub(crate) own: bool,
    /// The registry's SHA-256 of its archive, for crates that are not our own.
    pub(crate) checksum: Option<String>,
    /// The crates it needs, as `name@version`, sorted.
    pub(crate) needs: Vec<String>,
}

impl Crate {
    /// `name@version`.
    pub(crate) fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// `cargo metadata` for one target triple.
pub(crate) fn metadata(triple: &str) -> Result<Value> {
    let mut cargo = project::cargo();
    cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        triple,
    ]);
    serde_json::from_str(&project::output(&mut cargo)?).context("cargo metadata wrote no JSON")
}

/// Everything that `package` links for `triple`, itself included, sorted by name.
pub(crate) fn shipped(package: &str, triple: &str) -> Result<Vec<Crate>> {
    let metadata = metadata(triple)?;
    let checksums = checksums()?;
    let linked = linked(package, triple)?;
    let packages = by_id(&metadata["packages"], "id");
    let nodes = by_id(&metadata["resolve"]["nodes"], "id");
    let root = packages
        .iter()
        .find(|(_, found)| found["name"] == package && found["source"].is_null())
        .map(|(id, _)| *id)
        .with_context(|| format!("{package} is no member of the workspace"))?;
    let mut seen = BTreeSet::from([root]);
    let mut open = vec![root];
    let mut crates = Vec::new();
    while let Some(id) = open.pop() {
        let needs: Vec<&str> = nodes.get(id).map(|node| normal(node)).unwrap_or_default();
        let found = packages
            .get(id)
            .with_context(|| format!("{id} is not described"))?;
        let mut described = describe(found, &checksums);
        for need in needs {
            let needed = packages
                .get(need)
                .with_context(|| format!("{need} is not described"))?;
            let needed = describe(needed, &checksums).id();
            if linked.contains(&needed) {
                described.needs.push(needed);
                if seen.insert(need) {
                    open.push(need);
                }
            }
        }
        described.needs.sort();
        crates.push(described);
    }
    crates.sort_by_key(Crate::id);
    Ok(crates)
}

/// The crates that are linked into `package`, as `name@version`.
///
/// The graph of the metadata has the features of the whole workspace in it, and macros that only
/// the compiler runs; the tree has neither.
fn linked(package: &str, triple: &str) -> Result<BTreeSet<String>> {
    let mut cargo = project::cargo();
    cargo.args(["tree", "--locked", "--package", package, "--target", triple]);
    cargo.args([
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    Ok(project::output(&mut cargo)?
        .lines()
        .filter_map(parse_tree_line)
        .collect())
}

/// `name v1.2.3 (path)` as `name@1.2.3`.
fn parse_tree_line(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?);
    Some(format!("{name}@{}", version.strip_prefix('v')?))
}

fn by_id<'a>(list: &'a Value, key: &str) -> BTreeMap<&'a str, &'a Value> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| Some((item[key].as_str()?, item)))
        .collect()
}

/// The ids of a node's dependencies that are linked: neither development nor build ones.
fn normal(node: &Value) -> Vec<&str> {
    let needs = node["deps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let linked = |need: &&Value| {
        let kinds = need["dep_kinds"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        kinds.iter().any(|kind| kind["kind"].is_null())
    };
    needs
        .iter()
        .filter(linked)
        .filter_map(|need| need["pkg"].as_str())
        .collect()
}

fn describe(package: &Value, checksums: &BTreeMap<String, String>) -> Crate {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let mut described = Crate {
        name: text("name"),
        version: text("version"),
        licence: text("license"),
        own: package["source"].is_null(),
        checksum: None,
        needs: Vec::new(),
    };
    described.checksum = checksums.get(&described.id()).cloned();
    described
}

/// The archive hashes of the lock file, by `name@version`.
fn checksums() -> Result<BTreeMap<String, String>> {
    let file = project::root().join("Cargo.lock");
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(parse_lock(&text))
}

fn parse_lock(text: &str) -> BTreeMap<String, String> {
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(key))?;
        Some(
            line.trim_start_matches([' ', '='])
                .trim_matches('"')
                .to_owned(),
        )
    };
    text.split("[[package]]")
        .filter_map(|entry| {
            let id = format!("{}@{}", value(entry, "name")?, value(entry, "version")?);
            Some((id, value(entry, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{parse_lock, parse_tree_line, shipped};

    #[test]
    fn the_agent_ships_the_engine_and_no_test_library() {
        let crates = shipped("credenza-agent", "x86_64-unknown-linux-gnu").unwrap();
        let names: Vec<&str> = crates.iter().map(|found| found.name.as_str()).collect();
        assert!(names.contains(&"credenza-engine"));
        for absent in ["expect-test", "thiserror-impl", "sqlparser", "syn", "tokio"] {
            assert!(!names.contains(&absent), "{absent}");
        }
        let httparse = crates
            .iter()
            .find(|found| found.name == "httparse")
            .unwrap();
        assert_eq!(httparse.checksum.as_deref().map(str::len), Some(64));
        assert_eq!(httparse.licence, "MIT OR Apache-2.0");
    }

    #[test]
    fn a_line_of_the_tree_gives_name_and_version() {
        let check = |line: &str, id: Option<&str>| assert_eq!(parse_tree_line(line).as_deref(), id);
        check("toml v1.2.2+spec-1.1.0", Some("toml@1.2.2+spec-1.1.0"));
        check(
            "credenza-event v0.1.0 (/somewhere/event)",
            Some("credenza-event@0.1.0"),
        );
        check("", None);
    }

    #[test]
    fn the_lock_file_gives_hashes_of_foreign_crates_only() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nchecksum = \"ab12\"\n";
        let found = parse_lock(lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found["b@2.0.0"], "ab12");
    }
}
