//! The tables of the book's page on accuracy, written from what was measured.
//! It never touches the sentences around them.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::board::{Board, Peer};
use super::figures::{Figures, Group, Share};
use super::floors::Floors;
use crate::project;

const FILE: &str = "docs/accuracy.md";
const BEGIN: &str = "<!-- tables: `cargo xtask accuracy --tables` writes them -->\n";
const END: &str = "<!-- end of tables -->";

fn path() -> PathBuf {
    project::root().join(FILE)
}

/// Puts the tables of a run between their marks.
pub(super) fn write(board: &Board, floors: &Floors) -> Result<()> {
    let page = fs::read_to_string(path()).with_context(|| format!("cannot read {FILE}"))?;
    let new = replaced(&page, &tables(board, floors))
        .with_context(|| format!("{FILE} has no place for its tables"))?;
    fs::write(path(), new).with_context(|| format!("cannot write {FILE}"))
}

fn replaced(page: &str, tables: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{tables}\n{END}{after}"))
}

fn tables(board: &Board, floors: &Floors) -> String {
    let parts = [
        headline(board, floors),
        by_class(board),
        by_place(board),
        by_group("encoding", board, |figures| &figures.evasion.by_name),
        by_group("event source", board, |figures| &figures.events.by_name),
    ];
    parts.join("\n")
}

/// A line of a table; writing to a string cannot fail.
fn line(text: &mut String, cells: &[String]) {
    writeln!(text, "| {} |", cells.join(" | ")).unwrap_or_default();
}

fn heading(text: &mut String, cells: &[&str]) {
    line(
        text,
        &cells
            .iter()
            .map(|cell| (*cell).to_owned())
            .collect::<Vec<_>>(),
    );
    writeln!(text, "|{}", "---|".repeat(cells.len())).unwrap_or_default();
}

fn headline(board: &Board, floors: &Floors) -> String {
    let ours = &board.ours;
    let mut text = String::new();
    heading(&mut text, &["", "items", "share", "every run demands"]);
    let mut row = |title: &str, items: String, share: String, bar: &str| {
        let demanded = floors.iter().find(|((_, name), _)| name == bar);
        let demanded = demanded.map(|((side, _), bar)| format!("{} %", side.spell(*bar)));
        let demanded = demanded.unwrap_or_default();
        line(&mut text, &[title.to_owned(), items, share, demanded]);
    };
    let share = |share: Share| format!("{:.2} %", share.percent());
    let found = ours.recall;
    row(
        "attacks: found",
        thousands(found.items),
        share(found),
        "recall",
    );
    let classes = format!("{} classes", ours.judged());
    row(
        "mean of the classes",
        classes,
        format!("{:.2} %", ours.mean()),
        "mean",
    );
    let (worst, percent) = ours.worst();
    let title = format!("worst class ({worst})");
    row(&title, String::new(), format!("{percent:.2} %"), "worst");
    for (title, of, bar) in SHARES {
        row(title, thousands(of(ours).items), share(of(ours)), bar);
    }
    if let Some(samples) = &board.samples {
        let refused = format!("{} refused", samples.blocked.len());
        let events = thousands(u32::try_from(samples.events).unwrap_or(u32::MAX));
        row("sample events of AWS's libraries", events, refused, "");
    }
    text
}

/// The shares of the first table: what they count, and the floor that they have.
type Row = (&'static str, fn(&Figures) -> Share, &'static str);

const SHARES: [Row; 12] = [
    (
        "attacks under encodings: found",
        |all| all.evasion.all.attacks,
        "evasion",
    ),
    (
        "of those that are found bare",
        |all| all.evasion.all.bare,
        "evasion-of-found",
    ),
    (
        "attacks inside whole AWS events: found",
        |all| all.events.all.attacks,
        "",
    ),
    (
        "of those that are found bare",
        |all| all.events.all.bare,
        "events-of-found",
    ),
    ("benign, ordinary: refused", |all| all.core, "core"),
    (
        "benign, ordinary: refused or flagged",
        |all| all.core_flagged,
        "core-flagged",
    ),
    ("benign, hard: refused", |all| all.hard, "hard"),
    (
        "benign, hard: refused or flagged",
        |all| all.hard_flagged,
        "hard-flagged",
    ),
    (
        "benign under encodings: refused",
        |all| all.evasion.all.benign,
        "evasion-benign",
    ),
    (
        "benign inside whole AWS events: refused",
        |all| all.events.all.benign,
        "events-benign",
    ),
    (
        "ambiguous, attack: refused",
        |all| all.ambiguous_attacks,
        "",
    ),
    ("ambiguous, benign: refused", |all| all.ambiguous_benign, ""),
];

fn by_class(board: &Board) -> String {
    let mut text = "## By class\n\n".to_owned();
    let names = board.peers.iter().map(|peer| peer.name.as_str());
    let titles: Vec<&str> = ["class", "rule", "attacks", "`credenza`"]
        .into_iter()
        .chain(names)
        .collect();
    heading(&mut text, &titles);
    for (class, share) in &board.ours.by_class {
        let rules = board.rules.get(class).map(|rules| rules.join(", "));
        let mut cells = vec![
            class.clone(),
            rules.unwrap_or_else(|| "–".to_owned()),
            thousands(share.items),
            percent(*share),
        ];
        let peer = |peer: &Peer| {
            let share = peer.figures.by_class.get(class).copied();
            percent(share.unwrap_or_default())
        };
        cells.extend(board.peers.iter().map(peer));
        line(&mut text, &cells);
    }
    for (title, of) in [
        ("all", (|all| percent(all.recall)) as fn(&Figures) -> String),
        ("mean", |all| format!("{:.1} %", all.mean())),
        ("ordinary refused", |all| {
            format!("{:.2} %", all.core.percent())
        }),
        ("hard refused", |all| format!("{:.2} %", all.hard.percent())),
        ("under encodings", |all| percent(all.evasion.all.attacks)),
    ] {
        let mut cells = vec![
            title.to_owned(),
            String::new(),
            String::new(),
            of(&board.ours),
        ];
        cells.extend(board.peers.iter().map(|peer| of(&peer.figures)));
        line(&mut text, &cells);
    }
    text
}

fn by_place(board: &Board) -> String {
    let carried = board.places.first().map_or(0, |(_, share)| share.items);
    let mut text = format!(
        "## By place\n\nThe same {} attacks, which every place can carry.\n\n",
        thousands(carried)
    );
    let measured: Vec<&Peer> = board
        .peers
        .iter()
        .filter(|peer| !peer.places.is_empty())
        .collect();
    let names = measured.iter().map(|peer| peer.name.as_str());
    let titles: Vec<&str> = ["place", "`credenza`"].into_iter().chain(names).collect();
    heading(&mut text, &titles);
    for (place, share) in &board.places {
        let mut cells = vec![place.replace('_', " "), percent(*share)];
        let peer = |peer: &&Peer| {
            let found = peer.places.iter().find(|(own, _)| own == place);
            percent(found.map_or_else(Share::default, |(_, share)| *share))
        };
        cells.extend(measured.iter().map(peer));
        line(&mut text, &cells);
    }
    text
}

fn by_group(
    title: &str,
    board: &Board,
    of: fn(&Figures) -> &std::collections::BTreeMap<String, Group>,
) -> String {
    let mut text = format!("## By {title}\n\n");
    let peers = board
        .peers
        .iter()
        .filter(|peer| !of(&peer.figures).is_empty());
    let peers: Vec<&Peer> = peers.collect();
    let names = peers.iter().map(|peer| peer.name.as_str());
    let titles: Vec<&str> = [
        title,
        "attacks",
        "found",
        "of those found bare",
        "benign",
        "refused",
    ]
    .into_iter()
    .chain(names)
    .collect();
    heading(&mut text, &titles);
    let groups: BTreeSet<&String> = of(&board.ours).keys().collect();
    for name in groups {
        let group = of(&board.ours).get(name).copied().unwrap_or_default();
        let mut cells = vec![
            name.clone(),
            thousands(group.attacks.items),
            percent(group.attacks),
            percent(group.bare),
            thousands(group.benign.items),
            percent(group.benign),
        ];
        let peer = |peer: &&Peer| {
            let group = of(&peer.figures).get(name).copied().unwrap_or_default();
            percent(group.attacks)
        };
        cells.extend(peers.iter().map(peer));
        line(&mut text, &cells);
    }
    text
}

fn percent(share: Share) -> String {
    if share.items == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", share.percent())
}

/// `5299` as `5,299`.
fn thousands(number: u32) -> String {
    match number.checked_div(1000) {
        Some(head) if head > 0 => format!("{head},{:03}", number % 1000),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::floors::read;
    use super::{BEGIN, END, path, replaced, thousands};

    #[test]
    fn tables_replace_what_stands_between_their_marks() {
        let page = format!("a\n{BEGIN}old\n{END}\nb\n");
        let new = replaced(&page, "| new |").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n| new |\n{END}\nb\n"));
        assert_eq!(replaced("no marks", "x"), None);
    }

    #[test]
    fn numbers_have_their_thousands() {
        assert_eq!(
            (thousands(999), thousands(5_299)),
            ("999".into(), "5,299".into())
        );
    }

    #[test]
    fn the_page_names_the_bars_that_every_run_demands() {
        let page = std::fs::read_to_string(path()).unwrap();
        let floors = read().unwrap();
        for name in ["recall", "mean", "worst", "evasion", "core", "hard"] {
            let bar = floors.iter().find(|((_, own), _)| own == name);
            let ((side, _), bar) = bar.unwrap();
            let spelled = format!("{} %", side.spell(*bar));
            assert!(
                page.contains(&spelled),
                "{name}: {spelled} is not on the page"
            );
        }
    }
}
