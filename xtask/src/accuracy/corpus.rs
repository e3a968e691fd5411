//! The items of a corpus: what is judged, what it is, and where it stands.
//! It never keeps the text of an item, and never copies one into the project.
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Classes that are reported and not blocked by default: a flag is enough for them, as the corpus'
/// own scorer counts them.
const REPORTED: [&str; 5] = ["codeinj", "graphql", "scanner", "csvinj", "rfi"];

/// The files without which nothing can be said.
const FILES: [&str; 5] = [
    "attacks.jsonl",
    "benign.jsonl",
    "evasion.jsonl",
    "wrap.py",
    "score.py",
];

/// How sure the label of an item is, and how near a harmless one comes to an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// No reasonable reading says otherwise.
    Core,
    /// Harmless, and looks like something.
    Hard,
    /// Either may be meant.
    Ambiguous,
}

/// One item without its text.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    /// The plain item that this one encodes or carries.
    pub(super) base: String,
    pub(super) class: String,
    pub(super) is_attack: bool,
    pub(super) tier: Tier,
    /// The encoding or the event source, where the item has one.
    pub(super) group: String,
}

impl Item {
    /// Whether a flag is enough for an item of this class.
    pub(super) fn is_reported(&self) -> bool {
        REPORTED.contains(&self.class.as_str())
    }
}

/// A corpus as its files say.
#[derive(Debug)]
pub(super) struct Corpus {
    pub(super) folder: PathBuf,
    /// Attacks and harmless values, each alone at its place.
    pub(super) values: Vec<Item>,
    /// The same values under one more encoding.
    pub(super) evasion: Vec<Item>,
    /// The same values inside whole events of AWS.
    pub(super) events: Vec<Item>,
    files: Vec<PathBuf>,
}

impl Corpus {
    /// The first file that is missing, if the folder holds no corpus.
    pub(super) fn missing(folder: &Path) -> Option<&'static str> {
        FILES.into_iter().find(|file| !folder.join(file).is_file())
    }

    /// Reads what every item is.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let [attacks, benign, evasion, ..] = FILES.map(|file| folder.join(file));
        let mut carriers: Vec<PathBuf> = fs::read_dir(folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| is_events(path))
            .collect();
        carriers.sort();
        let mut values = items(&attacks, "")?;
        values.extend(items(&benign, "")?);
        let mut events = Vec::new();
        for file in &carriers {
            events.extend(items(file, "event_type")?);
        }
        let evaded = items(&evasion, "enc")?;
        let mut files = vec![attacks, benign, evasion];
        files.extend(carriers);
        Ok(Self {
            folder: folder.to_owned(),
            values,
            evasion: evaded,
            events,
            files,
        })
    }

    /// A corpus without files.
    #[cfg(test)]
    pub(super) fn of(folder: PathBuf, values: Vec<Item>, evasion: Vec<Item>) -> Self {
        Self {
            folder,
            values,
            evasion,
            events: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The files with values that become events.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The file with the attacks, which are judged once more at every place.
    pub(super) fn attacks(&self) -> PathBuf {
        self.folder.join("attacks.jsonl")
    }

    /// Every item of every file.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.values.iter().chain(&self.evasion).chain(&self.events)
    }
}

fn is_events(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let lines = path.extension().is_some_and(|found| found == "jsonl");
    lines && name.is_some_and(|name| name.starts_with("events"))
}

fn items(file: &Path, group: &str) -> Result<Vec<Item>> {
    let text = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut items = Vec::new();
    for line in BufReader::new(text).lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(&line)
            .with_context(|| format!("{} holds a line that is no JSON", file.display()))?;
        items.push(item(&value, group));
    }
    Ok(items)
}

fn item(value: &Value, group: &str) -> Item {
    let text = |name: &str| {
        let found = value.get(name).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    Item {
        id: text("id"),
        base: text("base"),
        class: text("class"),
        is_attack: text("label") == "attack",
        tier: match text("tier").as_str() {
            "ambiguous" => Tier::Ambiguous,
            "hard" => Tier::Hard,
            _ => Tier::Core,
        },
        group: text(group),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tier, item};

    #[test]
    fn an_item_is_what_its_line_says() {
        let line = serde_json::json!({
            "id": "a-1-b64", "base": "a-1", "class": "graphql", "label": "attack",
            "tier": "ambiguous", "enc": "b64", "value": "x",
        });
        let item = item(&line, "enc");
        assert_eq!((item.id.as_str(), item.group.as_str()), ("a-1-b64", "b64"));
        assert!(item.is_attack && item.is_reported());
        assert_eq!(item.tier, Tier::Ambiguous);
    }
}
