//! The peers: engines of others on the same items, measured here or as the corpus records them.
//! It never hides which of the two a column is.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::figures::{Figures, Groups, Share};
use super::judge::Judge;
use crate::{project, tools};

/// The peers that can be installed, by the names that `--against` takes.
pub(super) const NAMES: [&str; 2] = ["libddwaf", "libinjection"];

/// A peer that answers here, installed if need be.
pub(super) fn installed(name: &str) -> Result<Judge> {
    let script = |file: &str| project::root().join("xtask/src/accuracy").join(file);
    match name {
        "libddwaf" => {
            let python = tools::waf()?;
            Ok(Judge::script("libddwaf", python, script("ddwaf.py")))
        }
        "libinjection" => {
            let python = tools::injection()?;
            Ok(Judge::script(
                "libinjection",
                python,
                script("injection.py"),
            ))
        }
        _ => bail!("no peer is called {name}; there are {}", NAMES.join(", ")),
    }
}

/// The figures that the corpus records of its peers, by name.
pub(super) fn recorded(corpus: &Path) -> Result<Vec<(String, Figures)>> {
    let records = fs::read_dir(corpus)?.filter_map(Result::ok);
    let mut files: Vec<_> = records
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("peers-"))
        })
        .collect();
    files.sort();
    let Some(file) = files.first() else {
        return Ok(Vec::new());
    };
    let text: Value = serde_json::from_str(&fs::read_to_string(file)?)
        .with_context(|| format!("{} is no JSON", file.display()))?;
    let peers = text.get("peers").and_then(Value::as_object);
    let peers = peers.context("no peers are recorded")?;
    let figures = peers
        .iter()
        .map(|(name, value)| (name.clone(), read(value)));
    Ok(figures.collect())
}

/// Figures as the scorer of the corpus writes them.
pub(super) fn read(value: &Value) -> Figures {
    let one = |name: &str| value.get(name).and_then(share).unwrap_or_default();
    let table = |name: &str| -> BTreeMap<String, Share> {
        let cells = value
            .pointer(&format!("/table/{name}"))
            .and_then(Value::as_object);
        let cells = cells.into_iter().flatten();
        cells
            .filter_map(|(group, cell)| Some((group.clone(), share(cell)?)))
            .collect()
    };
    let by_class = table("class");
    let mut figures = Figures {
        core: one("benign_core"),
        hard: one("benign_hard"),
        core_flagged: one("flagged_core"),
        hard_flagged: one("flagged_hard"),
        ambiguous_attacks: one("ambiguous_attack"),
        ambiguous_benign: one("ambiguous_benign"),
        evasion: groups(&table("encoding")),
        events: groups(&table("event")),
        ..Figures::default()
    };
    for share in by_class.values() {
        figures.recall.hits += share.hits;
        figures.recall.items += share.items;
    }
    figures.by_class = by_class;
    for (groups, name) in [
        (&mut figures.evasion, "evasion"),
        (&mut figures.events, "events"),
    ] {
        groups.all.attacks = one(name);
        groups.all.bare = one(&format!("{name}_relative"));
        groups.all.benign = one(&format!("{name}_benign"));
    }
    figures
}

/// `[hits, items]`.
fn share(value: &Value) -> Option<Share> {
    let count = |at: usize| {
        let count = value.get(at).and_then(Value::as_u64)?;
        u32::try_from(count).ok()
    };
    Some(Share {
        hits: count(0)?,
        items: count(1)?,
    })
}

/// Groups whose names begin with what they hold: `attack b64`, `benign b64`.
fn groups(cells: &BTreeMap<String, Share>) -> Groups {
    let mut groups = Groups::default();
    for (name, share) in cells {
        let Some((label, name)) = name.split_once(' ') else {
            continue;
        };
        let group = groups.by_name.entry(name.to_owned()).or_default();
        if label == "attack" {
            group.attacks = *share;
        } else {
            group.benign = *share;
        }
    }
    groups
}

/// Each figure of ours that the scorer of the corpus counts otherwise.
pub(super) fn differences(ours: &Figures, scorer: &Figures) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, own: Share, other: Share| {
        if own != other {
            let pair = |share: Share| format!("{}/{}", share.hits, share.items);
            differences.push(format!("{name}: {} here, {} there", pair(own), pair(other)));
        }
    };
    for (name, of) in [
        ("recall", (|all| all.recall) as fn(&Figures) -> Share),
        ("core", |all| all.core),
        ("hard", |all| all.hard),
        ("core flagged", |all| all.core_flagged),
        ("hard flagged", |all| all.hard_flagged),
        ("evasion", |all| all.evasion.all.attacks),
        ("evasion of found", |all| all.evasion.all.bare),
        ("evasion benign", |all| all.evasion.all.benign),
        ("events", |all| all.events.all.attacks),
        ("events of found", |all| all.events.all.bare),
        ("events benign", |all| all.events.all.benign),
        ("ambiguous attacks", |all| all.ambiguous_attacks),
        ("ambiguous benign", |all| all.ambiguous_benign),
    ] {
        compare(name, of(ours), of(scorer));
    }
    for (class, share) in &scorer.by_class {
        let own = ours.by_class.get(class).copied().unwrap_or_default();
        compare(class, own, *share);
    }
    for of in [(|all| &all.evasion) as fn(&Figures) -> &Groups, |all| {
        &all.events
    }] {
        for (name, group) in &of(scorer).by_name {
            let own = of(ours).by_name.get(name).copied().unwrap_or_default();
            compare(name, own.attacks, group.attacks);
            compare(name, own.benign, group.benign);
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::{Share, differences, installed, read};

    fn scored() -> serde_json::Value {
        serde_json::json!({
            "benign_core": [1, 100],
            "evasion": [3, 4],
            "evasion_relative": [2, 2],
            "table": {
                "class": { "sqli": [7, 10], "xss": [1, 2] },
                "encoding": { "attack b64": [3, 4], "benign b64": [0, 9] },
            },
        })
    }

    #[test]
    fn recorded_figures_are_read_as_the_scorer_writes_them() {
        let figures = read(&scored());
        assert_eq!(figures.recall, Share { hits: 8, items: 12 });
        assert_eq!(
            figures.core,
            Share {
                hits: 1,
                items: 100
            }
        );
        assert_eq!(figures.evasion.all.bare.hits, 2);
        assert_eq!(figures.evasion.by_name["b64"].benign.items, 9);
    }

    #[test]
    fn a_figure_that_the_scorer_counts_otherwise_is_named() {
        let ours = read(&scored());
        assert!(differences(&ours, &ours).is_empty());
        let mut other = scored();
        other["table"]["class"]["xss"] = serde_json::json!([2, 2]);
        let found = differences(&ours, &read(&other));
        assert_eq!(
            found,
            ["recall: 8/12 here, 9/12 there", "xss: 1/2 here, 2/2 there"]
        );
    }

    #[test]
    fn an_unknown_peer_is_an_error_that_names_the_known_ones() {
        let error = installed("nobody").unwrap_err().to_string();
        assert!(error.contains("libddwaf, libinjection"), "{error}");
    }
}
