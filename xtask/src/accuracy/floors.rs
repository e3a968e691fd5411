//! The floors of accuracy: what every run demands, in a file that may only grow stricter.
//! It never loosens a line: a shortfall is repaired in the engine, not here.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::board::Board;
use crate::project;

/// Where the floors stand.
pub(crate) const FILE: &str = "xtask/accuracy.toml";

/// On which side of a figure its bar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// The figure must not fall below it.
    AtLeast,
    /// The figure must not rise above it.
    AtMost,
}

impl Side {
    const ALL: [Self; 2] = [Self::AtLeast, Self::AtMost];

    fn heading(self) -> &'static str {
        match self {
            Self::AtLeast => "[at-least]",
            Self::AtMost => "[at-most]",
        }
    }

    /// In words, with two digits where one benign text in thousands counts.
    pub(super) fn spell(self, bar: f64) -> String {
        match self {
            Self::AtLeast => format!("at least {bar:.1}"),
            Self::AtMost => format!("at most {bar:.2}"),
        }
    }

    fn is_held(self, figure: f64, bar: f64) -> bool {
        match self {
            Self::AtLeast => figure >= bar,
            Self::AtMost => figure <= bar,
        }
    }
}

/// One figure that has a bar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) side: Side,
    pub(super) figure: f64,
    /// What one item weighs in it.
    pub(super) item: f64,
}

/// Bars by side and name.
pub(super) type Floors = BTreeMap<(Side, String), f64>;

/// The floors in the project.
pub(super) fn read() -> Result<Floors> {
    let file = path();
    let text =
        fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(parse(&text))
}

fn path() -> PathBuf {
    project::root().join(FILE)
}

/// Prints nothing; gives back each figure that does not reach its bar, in words.
pub(super) fn breaches(measures: &[Measure], floors: &Floors) -> Vec<String> {
    let mut breaches = Vec::new();
    for measure in measures {
        let Some(bar) = floors.get(&(measure.side, measure.name.clone())) else {
            breaches.push(format!("{} has no floor", measure.name));
            continue;
        };
        if !measure.side.is_held(measure.figure, *bar) {
            let demand = measure.side.spell(*bar);
            breaches.push(format!(
                "{} is {:.2}, demanded is {demand}",
                measure.name, measure.figure
            ));
        }
    }
    for (side, name) in floors.keys() {
        let own = |measure: &Measure| (measure.side, &measure.name) == (*side, name);
        if !measures.iter().any(own) {
            breaches.push(format!("{name} has a floor and is not measured"));
        }
    }
    breaches
}

/// The floors after a run: stricter where the run was better by more than one item or by half a
/// point, and never looser.
pub(super) fn raised(measures: &[Measure], floors: &Floors) -> Floors {
    let mut raised = floors.clone();
    for measure in measures {
        let key = (measure.side, measure.name.clone());
        let old = floors.get(&key).copied();
        let bar = match measure.side {
            // Limit: half a point is what honest work on one end may cost on another.
            Side::AtLeast => {
                let below = measure.figure - measure.item.max(0.5);
                ((below * 10.0).floor() / 10.0).max(old.unwrap_or(0.0))
            }
            Side::AtMost => {
                let above = measure.figure + measure.item;
                ((above * 100.0).ceil() / 100.0).min(old.unwrap_or(f64::MAX))
            }
        };
        raised.insert(key, bar);
    }
    raised
}

/// Writes the floors that a run has earned.
pub(super) fn update(board: &Board) -> Result<()> {
    let old = read().unwrap_or_default();
    let new = raised(&board.measures(), &old);
    fs::write(path(), spell(&new)).with_context(|| format!("cannot write {FILE}"))
}

fn parse(text: &str) -> Floors {
    let mut floors = Floors::new();
    let mut side = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            side = Side::ALL.into_iter().find(|side| side.heading() == line);
        }
        let pair = line.split_once('=').filter(|_| !line.starts_with('#'));
        if let (Some(side), Some((name, bar))) = (side, pair)
            && let Ok(bar) = bar.trim().parse()
        {
            floors.insert((side, name.trim().to_owned()), bar);
        }
    }
    floors
}

fn spell(floors: &Floors) -> String {
    let mut text = "# What every run of `cargo xtask accuracy` demands on the development corpus: \
                    percent, or\n# counts where the name says so; `partial-count` counts \
                    harmless items.\n\
                    # `cargo xtask accuracy --update` makes lines stricter; the house rules refuse \
                    looser ones.\n"
        .to_owned();
    for side in Side::ALL {
        // Writing to a string cannot fail.
        writeln!(text, "\n{}", side.heading()).unwrap_or_default();
        for ((_, name), bar) in floors.iter().filter(|((own, _), _)| *own == side) {
            let line = match side {
                Side::AtLeast => format!("{name} = {bar:.1}"),
                Side::AtMost => format!("{name} = {bar:.2}"),
            };
            writeln!(text, "{line}").unwrap_or_default();
        }
    }
    text
}

/// Each line that was looser in a later version of the file than in an earlier one.
pub(crate) fn loosened() -> Result<Vec<String>> {
    let mut versions = committed();
    versions.push(read()?);
    Ok(falls(&versions))
}

fn falls(versions: &[Floors]) -> Vec<String> {
    let mut falls = Vec::new();
    let later = versions.iter().skip(1);
    for (old, new) in versions.iter().zip(later) {
        for ((side, name), bar) in old {
            let kept = new.get(&(*side, name.clone()));
            if !kept.is_some_and(|kept| side.is_held(*kept, *bar)) {
                let was = side.spell(*bar);
                falls.push(format!("{name} was {was} and may only grow stricter"));
            }
        }
    }
    falls.sort();
    falls.dedup();
    falls
}

/// The file as each commit that touched it has left it, oldest first; nothing where there is no
/// history.
fn committed() -> Vec<Floors> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(project::root()).args(arguments);
        project::output(&mut git).unwrap_or_default()
    };
    let commits = git(&["log", "--format=%H", "--reverse", "--", FILE]);
    let version = |commit: &str| parse(&git(&["show", &format!("{commit}:{FILE}")]));
    commits.lines().map(version).collect()
}

/// Demands every floor.
pub(super) fn demand(board: &Board) -> Result<()> {
    let breaches = breaches(&board.measures(), &read()?);
    if !breaches.is_empty() {
        bail!(
            "{} figures miss their floor: {}",
            breaches.len(),
            breaches.join("; ")
        );
    }
    println!("every figure holds its floor in {FILE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Floors, Measure, Side, breaches, falls, loosened, parse, raised, read, spell};
    use crate::project;

    fn floors(pairs: &[(Side, &str, f64)]) -> Floors {
        let pairs = pairs.iter();
        pairs
            .map(|(side, name, bar)| ((*side, (*name).to_owned()), *bar))
            .collect()
    }

    fn measure(name: &str, side: Side, figure: f64) -> Measure {
        Measure {
            name: name.to_owned(),
            side,
            figure,
            item: 0.02,
        }
    }

    #[test]
    fn a_figure_below_its_floor_and_an_alarm_above_it_are_breaches() {
        let floors = floors(&[
            (Side::AtLeast, "recall", 95.0),
            (Side::AtMost, "core", 0.05),
        ]);
        let held = [
            measure("recall", Side::AtLeast, 95.0),
            measure("core", Side::AtMost, 0.05),
        ];
        assert!(breaches(&held, &floors).is_empty());
        let missed = [
            measure("recall", Side::AtLeast, 94.99),
            measure("core", Side::AtMost, 0.06),
        ];
        assert_eq!(breaches(&missed, &floors).len(), 2);
    }

    #[test]
    fn a_figure_without_floor_and_a_floor_without_figure_are_breaches() {
        let breaches = breaches(
            &[measure("new", Side::AtLeast, 1.0)],
            &floors(&[(Side::AtLeast, "old", 1.0)]),
        );
        assert_eq!(
            breaches,
            ["new has no floor", "old has a floor and is not measured"]
        );
    }

    #[test]
    fn an_update_raises_floors_and_never_lowers_one() {
        let old = floors(&[
            (Side::AtLeast, "recall", 95.0),
            (Side::AtLeast, "mean", 90.0),
            (Side::AtMost, "core", 0.05),
            (Side::AtMost, "hard", 0.1),
        ]);
        let new = raised(
            &[
                measure("recall", Side::AtLeast, 80.0),
                measure("mean", Side::AtLeast, 96.04),
                measure("core", Side::AtMost, 0.3),
                measure("hard", Side::AtMost, 0.0),
                measure("worst", Side::AtLeast, 85.0),
            ],
            &old,
        );
        let expected = floors(&[
            (Side::AtLeast, "recall", 95.0),
            (Side::AtLeast, "mean", 95.5),
            (Side::AtLeast, "worst", 84.5),
            (Side::AtMost, "core", 0.05),
            (Side::AtMost, "hard", 0.02),
        ]);
        assert_eq!(new, expected);
    }

    #[test]
    fn floors_are_read_as_they_were_written() {
        let written = floors(&[
            (Side::AtLeast, "class.xss", 93.5),
            (Side::AtMost, "core", 0.04),
        ]);
        assert_eq!(parse(&spell(&written)), written);
    }

    #[test]
    fn a_floor_that_fell_or_vanished_is_found() {
        let old = floors(&[(Side::AtLeast, "mean", 95.0), (Side::AtMost, "core", 0.05)]);
        let new = floors(&[(Side::AtLeast, "mean", 94.9)]);
        assert_eq!(
            falls(&[old.clone(), new]),
            [
                "core was at most 0.05 and may only grow stricter",
                "mean was at least 95.0 and may only grow stricter",
            ]
        );
        assert!(falls(&[old.clone(), old]).is_empty());
    }

    #[test]
    fn no_floor_of_the_project_ever_fell() {
        assert_eq!(loosened().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_promised_accuracy_is_what_every_run_demands() {
        let floors = read().unwrap();
        let bar = |side, name: &str| *floors.get(&(side, name.to_owned())).unwrap();
        let text = std::fs::read_to_string(project::root().join("SPECIFICATION.md")).unwrap();
        let promise = text.lines().find(|line| line.contains("corpus")).unwrap();
        let least = |name| bar(Side::AtLeast, name);
        let most = |name| bar(Side::AtMost, name);
        for spelled in [
            format!("at least {:.1} % of its attacks", least("recall")),
            format!("{:.1} % as the mean of the classes", least("mean")),
            format!("{:.1} % in the worst class", least("worst")),
            format!("{:.1} % under encodings", least("evasion")),
            format!("at most {:.2} % of ordinary benign texts", most("core")),
            format!("{:.2} % of the hard ones", most("hard")),
        ] {
            assert!(
                promise.contains(&spelled),
                "{spelled:?} is not in: {promise}"
            );
        }
    }
}
