//! How the demo looks: two columns, one line a scene, and a table at the end.
//! It never decides anything.
use std::fmt::Write;

use super::script::{Kind, Scene};
use super::tally::{Played, Served, Side, Tally};
use crate::paint::{Ink, Painter, fit, pad, pad_left};
use crate::record::Record;

/// Columns of each side's cell.
// Limit: "200 12 rows leaked" is 18 columns; two of them leave 36 of 80 for the scene.
const CELL: usize = 20;

/// Columns of a cell's end that hold what the inspection cost.
// Limit: "99999 µs" is a tenth of a second; no inspection comes near.
const COST: usize = 9;

/// Title and column heads.
pub(crate) fn head(painter: &Painter) -> String {
    let title = painter.ink(Ink::Bold, "credenza demo");
    let left = left_width(painter);
    let heads = format!(
        "{}  {}  {}",
        pad("", left),
        pad("unprotected", CELL),
        "protected"
    );
    format!(
        "{title}  one vulnerable function, alone and behind the agent in block mode\n\n\
         {}\n{}\n",
        painter.ink(Ink::Bold, &heads),
        rule(painter),
    )
}

/// The line that opens a kind of scenes.
pub(crate) fn section(kind: Kind, painter: &Painter) -> String {
    let name = match kind {
        Kind::Benign => "Customers",
        Kind::Attack => "Attackers",
    };
    format!("{}\n", painter.ink(Ink::Bold, name))
}

/// One scene: what it was, what each side answered, and why it was refused.
pub(crate) fn scene(played: &Played, painter: &Painter) -> String {
    let kind = played.scene.kind;
    let left = pad(&format!("  {}", label(&played.scene)), left_width(painter));
    let unprotected = cell(kind, &played.unprotected, &[], painter);
    let protected = cell(kind, &played.protected, &played.records, painter);
    let mut text = format!("{left}  {unprotected}  {}\n", protected.trim_end());
    text += &reason(&played.records, painter);
    text
}

/// One exchange at a front door.
pub(super) fn guest(
    side: &str,
    line: &str,
    served: &Served,
    records: &[Record],
    painter: &Painter,
) -> String {
    // Nobody knows what a guest is; rows are shown as rows, not as a leak.
    let cell = cell(Kind::Benign, served, records, painter);
    let room = painter.width.saturating_sub(CELL + 15);
    let line = pad(line, room);
    format!(
        "{}  {line}  {}\n{}",
        pad(side, 11),
        cell.trim_end(),
        reason(records, painter)
    )
}

/// Where to knock after the demo.
pub(super) fn invitation(lines: &[(String, String)], painter: &Painter) -> String {
    let title = "Your turn, until Ctrl-C";
    let mut text = format!("\n{}\n", painter.ink(Ink::Bold, title));
    for (name, line) in lines {
        let _ = writeln!(text, "  {}\n    {}", painter.ink(Ink::Dim, name), line);
    }
    text.push('\n');
    text
}

/// Why an event was refused, in the agent's words.
fn reason(records: &[Record], painter: &Painter) -> String {
    let Some(record) = records.iter().find(|record| record.rule().is_some()) else {
        return String::new();
    };
    let why = format!("    ↳ {}", record.gist());
    format!("{}\n", painter.ink(Ink::Dim, &fit(&why, painter.width)))
}

/// The table at the end, and the last word.
pub(crate) fn foot(tally: &Tally, painter: &Painter) -> String {
    let mut text = format!("{}\n", rule(painter));
    let count = |text: usize| text.to_string();
    let of = |some: usize, all: usize| format!("{some} of {all}");
    let (bare, guarded) = (&tally.unprotected, &tally.protected);
    let better = |good: bool| if good { Ink::Green } else { Ink::Red };
    let row = |name: &str, cell: &dyn Fn(&Side) -> (String, bool)| {
        let (bare, bare_good) = cell(bare);
        let (guarded, guarded_good) = cell(guarded);
        format!(
            "{}  {}  {}\n",
            pad(name, left_width(painter)),
            painter.ink(better(bare_good), &pad(&bare, CELL)),
            painter.ink(better(guarded_good), &guarded),
        )
    };
    text += &row("rows that attackers got", &|side| {
        (count(side.rows_lost), side.rows_lost == 0)
    });
    text += &row("users whose secret left", &|side| {
        (count(side.secrets_lost), side.secrets_lost == 0)
    });
    text += &row("attacks refused", &|side| {
        (
            of(side.attacks_refused, tally.attacks),
            side.attacks_refused == tally.attacks,
        )
    });
    text += &row("customers served", &|side| {
        (
            of(side.benign_served, tally.benign),
            side.benign_served == tally.benign,
        )
    });
    text += &latency(tally, painter);
    text += &rule(painter);
    text.push('\n');
    text += &verdict(tally, painter);
    text
}

fn latency(tally: &Tally, painter: &Painter) -> String {
    let cell = |side: &Side| format!("{} µs", side.percentile(50));
    // What a busy machine adds to either side may be more than the agent does.
    let added = match tally.added_us() {
        ..=0 => "no slower".to_owned(),
        added => format!("+{added} µs"),
    };
    let added = format!("{}  {added}", cell(&tally.protected));
    format!(
        "{}  {}  {}\n",
        pad("median round trip, interleaved", left_width(painter)),
        pad(&cell(&tally.unprotected), CELL),
        painter.ink(Ink::Bold, &added),
    )
}

fn verdict(tally: &Tally, painter: &Painter) -> String {
    let shortfalls = tally.shortfalls();
    if shortfalls.is_empty() {
        let word = painter.ink(Ink::Green, "Protected:");
        return format!("{word} no row left, and every customer was served.\n");
    }
    let word = painter.ink(Ink::Red, "Not good enough:");
    format!("{word} {}.\n", shortfalls.join("; "))
}

/// What one side answered, and what its inspection cost by the agent's own clock.
fn cell(kind: Kind, served: &Served, records: &[Record], painter: &Painter) -> String {
    let rows = if served.rows == 1 {
        "1 row".to_owned()
    } else {
        format!("{} rows", served.rows)
    };
    let (what, ink) = match (kind, served.refused, served.rows) {
        (Kind::Attack, true, _) => ("refused".to_owned(), Ink::Green),
        (Kind::Attack, false, 0) => ("no row".to_owned(), Ink::Yellow),
        (Kind::Attack, false, _) => (leak(&rows, served.us), Ink::Red),
        (Kind::Benign, true, _) => ("refused".to_owned(), Ink::Red),
        (Kind::Benign, false, 0) => ("served".to_owned(), Ink::Green),
        (Kind::Benign, false, _) => (rows, Ink::Green),
    };
    let text = format!("{} {what}", served.status);
    // Benign answers are good news of the quiet kind.
    let ink = if kind == Kind::Benign && ink == Ink::Green {
        Ink::Dim
    } else {
        ink
    };
    let cost = records.iter().find_map(Record::us);
    let room = CELL - COST;
    match cost.filter(|_| text.chars().count() <= room) {
        None => painter.ink(ink, &pad(&text, CELL)),
        Some(us) => {
            let cost = pad_left(&format!("{us} µs"), COST);
            painter.ink(ink, &pad(&text, room)) + &painter.ink(Ink::Dim, &cost)
        }
    }
}

/// What left; an answer that took its time says so, for time is what some attackers read.
fn leak(rows: &str, us: u64) -> String {
    // Limit: a lookup takes less than a millisecond here, and the slowest machine not twenty.
    if us < 20_000 {
        return format!("{rows} leaked");
    }
    format!("{rows}, {} ms", us / 1000)
}

fn label(scene: &Scene) -> String {
    // What a customer's wrapping is, its name says already, save for the service it came by.
    let plain = match scene.kind {
        Kind::Attack => scene.wrapping == "query",
        Kind::Benign => !["REST API", "ALB"].contains(&scene.wrapping),
    };
    let wrapping = if plain {
        String::new()
    } else {
        format!(" in {}", scene.wrapping)
    };
    format!("{}{wrapping}: {}", scene.name, scene.text)
}

fn left_width(painter: &Painter) -> usize {
    painter.width.saturating_sub(2 * (CELL + 2))
}

fn rule(painter: &Painter) -> String {
    painter.ink(Ink::Dim, &"─".repeat(painter.width))
}

/// How far the measurement is; redrawn in place on a terminal.
pub(crate) fn progress(done: usize, all: usize, painter: &Painter) -> String {
    let bar_width = 24;
    let filled = done * bar_width / all.max(1);
    let bar = format!("{}{}", "━".repeat(filled), "─".repeat(bar_width - filled));
    let text = format!(
        "measuring {bar} {} of {all} pairs",
        pad_left(&done.to_string(), 4)
    );
    painter.ink(Ink::Dim, &text)
}
