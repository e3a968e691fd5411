//! The scoreboard: our figures beside those of the peers, and which of them have a floor.
//! It never measures anything itself.
use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Figures, Group, Groups, Share};
use super::floors::{Measure, Side};

/// A peer and its figures.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) figures: Figures,
    pub(super) places: Vec<(&'static str, Share)>,
    /// Where the figures come from, in words.
    pub(super) from: String,
}

/// What the sample events of AWS's own libraries gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub(super) events: usize,
    pub(super) unreadable: usize,
    pub(super) blocked: Vec<String>,
    pub(super) flagged: Vec<String>,
}

/// Everything that one run has measured.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) ours: Figures,
    /// The same attacks at every place.
    pub(super) places: Vec<(&'static str, Share)>,
    /// `None` where the samples are not there.
    pub(super) samples: Option<Samples>,
    pub(super) peers: Vec<Peer>,
    /// The rules by the class that they name.
    pub(super) rules: BTreeMap<String, Vec<String>>,
}

/// What must be said wherever peers are shown.
pub(super) const UNFAIR: [&str; 6] = [
    "every engine sees one value in an otherwise clean request, and the corpus guided our work",
    "libddwaf's recommended rules are conservative on purpose, and its rules for sinks do not run",
    "the Core Rule Set scores requests as a whole; its own tests are a part of the attacks",
    "libinjection knows SQL and markup only, and its own lists are a part of the attacks",
    "peers get whole events as one JSON tree, because they know no event source of AWS",
    "for classes that are reported and not blocked by default, our flag counts as found",
];

impl Board {
    /// Every figure that has a floor.
    pub(super) fn measures(&self) -> Vec<Measure> {
        let ours = &self.ours;
        let mut measures = Vec::new();
        let mut add = |name: &str, side, figure: f64, item: f64| {
            if !figure.is_nan() {
                let name = name.to_owned();
                measures.push(Measure {
                    name,
                    side,
                    figure,
                    item,
                });
            }
        };
        let smallest = ours.by_class.values().map(|share| share.items);
        let smallest = smallest.filter(|items| *items >= 20).min().unwrap_or(20);
        let (_, worst) = ours.worst();
        add("recall", Side::AtLeast, ours.recall.percent(), 0.0);
        add("mean", Side::AtLeast, ours.mean(), 0.0);
        add("worst", Side::AtLeast, worst, 100.0 / f64::from(smallest));
        for (class, share) in &ours.by_class {
            add(
                &format!("class.{class}"),
                Side::AtLeast,
                share.percent(),
                item(*share),
            );
        }
        for (name, side, share) in [
            ("evasion", Side::AtLeast, ours.evasion.all.attacks),
            ("evasion-of-found", Side::AtLeast, ours.evasion.all.bare),
            ("events-of-found", Side::AtLeast, ours.events.all.bare),
            ("core", Side::AtMost, ours.core),
            ("core-flagged", Side::AtMost, ours.core_flagged),
            ("hard", Side::AtMost, ours.hard),
            ("hard-flagged", Side::AtMost, ours.hard_flagged),
            ("evasion-benign", Side::AtMost, ours.evasion.all.benign),
            ("events-benign", Side::AtMost, ours.events.all.benign),
        ] {
            add(name, side, share.percent(), item(share));
        }
        add("place-gap-points", Side::AtMost, self.place_gap(), 0.1);
        add(
            "partial-count",
            Side::AtMost,
            count(ours.partial_benign),
            0.0,
        );
        if let Some(samples) = &self.samples {
            let blocked = count(samples.blocked.len());
            add("samples-blocked-count", Side::AtMost, blocked, 0.0);
        }
        measures
    }

    /// By how many points the worst place falls behind the query.
    pub(super) fn place_gap(&self) -> f64 {
        let at = |place: &(&str, Share)| place.1.percent();
        let query = self.places.iter().find(|place| place.0 == "query");
        let worst = self.places.iter().map(at).min_by(f64::total_cmp);
        match (query, worst) {
            (Some(query), Some(worst)) => at(query) - worst,
            _ => f64::NAN,
        }
    }

    /// Prints all of it.
    pub(super) fn print(&self) {
        self.print_head();
        self.print_classes();
        self.print_places();
        let encodings = |figures: &Figures| figures.evasion.clone();
        let sources = |figures: &Figures| figures.events.clone();
        self.print_groups("by encoding", encodings);
        self.print_groups("inside whole events, by source", sources);
        self.print_samples();
        if !self.peers.is_empty() {
            println!("\nWhere the comparison is unfair:");
            for line in UNFAIR {
                println!("  {line}");
            }
            for peer in &self.peers {
                println!("  {}: {}", peer.name, peer.from);
            }
        }
    }

    fn columns(&self) -> impl Iterator<Item = &Figures> {
        let peers = self.peers.iter().map(|peer| &peer.figures);
        std::iter::once(&self.ours).chain(peers)
    }

    fn heading(&self, title: &str) {
        let names = self.peers.iter().map(|peer| peer.name.as_str());
        let cells = std::iter::once("credenza").chain(names);
        row(title, cells.map(str::to_owned));
    }

    fn print_head(&self) {
        self.heading("\nall core attacks, all harmless");
        let share = |title: &str, of: fn(&Figures) -> Share| {
            row(title, self.columns().map(|figures| spell(of(figures))));
        };
        share("attacks found", |figures| figures.recall);
        let mean = |figures: &Figures| format!("{:.2} %", figures.mean());
        row("  mean of the classes", self.columns().map(mean));
        let worst = |figures: &Figures| {
            let (class, percent) = figures.worst();
            format!("{percent:.1} % {class}")
        };
        row("  worst class", self.columns().map(worst));
        share("  of these named by their rule", |figures| figures.named);
        share("ordinary: refused", |figures| figures.core);
        share("ordinary: refused or flagged", |figures| {
            figures.core_flagged
        });
        share("hard: refused", |figures| figures.hard);
        share("hard: refused or flagged", |figures| figures.hard_flagged);
        share("under encodings: found", |figures| {
            figures.evasion.all.attacks
        });
        share("  of those found bare", |figures| figures.evasion.all.bare);
        share("  harmless: refused", |figures| figures.evasion.all.benign);
        share("in whole events: found", |figures| {
            figures.events.all.attacks
        });
        share("  of those found bare", |figures| figures.events.all.bare);
        share("  harmless: refused", |figures| figures.events.all.benign);
        share("ambiguous attacks: refused", |figures| {
            figures.ambiguous_attacks
        });
        share("ambiguous harmless: refused", |figures| {
            figures.ambiguous_benign
        });
        let cost = |figures: &Figures| {
            let cost = figures.cost?;
            let (median, p99) = (cost.median_ns / 1000, cost.p99_ns / 1000);
            Some(format!("{median} µs, p99 {p99}"))
        };
        let spelled = |figures: &Figures| cost(figures).unwrap_or_else(|| "-".to_owned());
        row("an event costs, median", self.columns().map(spelled));
        let bytes = |figures: &Figures| {
            let cost = figures.cost.filter(|cost| cost.ns_per_byte.is_finite());
            cost.map_or_else(
                || "-".to_owned(),
                |cost| format!("{:.1} ns", cost.ns_per_byte),
            )
        };
        row("  a byte of it", self.columns().map(bytes));
        println!(
            "inspected in part: {}, of them harmless {}; without a verdict {}",
            self.ours.partial, self.ours.partial_benign, self.ours.missing
        );
    }

    fn print_classes(&self) {
        self.heading("\ncore attacks by class");
        let classes: BTreeSet<&String> = self.ours.by_class.keys().collect();
        for class in classes {
            let share = |figures: &Figures| {
                let share = figures.by_class.get(class).copied();
                spell(share.unwrap_or_default())
            };
            row(class, self.columns().map(share));
        }
        let held = |class: &String| self.ours.by_class.contains_key(class);
        let ruled = |class: &&String| !self.rules.contains_key(*class);
        let bare: Vec<&str> = self
            .ours
            .by_class
            .keys()
            .filter(ruled)
            .map(String::as_str)
            .collect();
        if !bare.is_empty() {
            println!("classes that no rule names: {}", bare.join(", "));
        }
        let unheld = self.rules.iter().filter(|(class, _)| !held(class));
        let unheld: Vec<String> = unheld.flat_map(|(_, rules)| rules.clone()).collect();
        if !unheld.is_empty() {
            println!(
                "rules whose class the corpus does not hold: {}",
                unheld.join(", ")
            );
        }
    }

    fn print_places(&self) {
        let carried = self.places.first().map_or(0, |(_, share)| share.items);
        self.heading(&format!("\nthe same {carried} attacks at"));
        for (place, share) in &self.places {
            let peers = self.peers.iter().map(|peer| {
                let found = peer.places.iter().find(|(own, _)| own == place);
                found.map_or_else(|| "-".to_owned(), |(_, share)| spell(*share))
            });
            row(place, std::iter::once(spell(*share)).chain(peers));
        }
        println!(
            "the worst place is {:.2} points behind the query",
            self.place_gap()
        );
    }

    fn print_groups(&self, title: &str, of: fn(&Figures) -> Groups) {
        self.heading(&format!("\n{title}"));
        let columns: Vec<Groups> = self.columns().map(of).collect();
        let names: BTreeSet<&String> = columns.iter().flat_map(|own| own.by_name.keys()).collect();
        for name in names {
            let own = |groups: &Groups| groups.by_name.get(name).copied().unwrap_or_default();
            row(name, columns.iter().map(|groups| spell_group(own(groups))));
        }
        println!("found, of those found bare | harmless refused");
    }

    fn print_samples(&self) {
        let Some(samples) = &self.samples else { return };
        println!(
            "\nsample events: {} judged, {} refused, {} flagged, no JSON: {}",
            samples.events,
            samples.blocked.len(),
            samples.flagged.len(),
            samples.unreadable
        );
        for (word, files) in [("refused", &samples.blocked), ("flagged", &samples.flagged)] {
            for file in files.iter().take(20) {
                println!("  {word}: {file}");
            }
        }
    }
}

/// What one item weighs in a share, in percent.
fn item(share: Share) -> f64 {
    100.0 / f64::from(share.items.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are small")]
fn count(items: usize) -> f64 {
    items as f64
}

fn row(title: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| format!("{cell:>22}")).collect();
    let (broken, title) = title
        .strip_prefix('\n')
        .map_or(("", title), |rest| ("\n", rest));
    println!("{broken}{title:<34}{}", cells.concat());
}

/// `94.34 % 1,726/1,830` without its separators, or a dash for nothing.
pub(super) fn spell(share: Share) -> String {
    if share.items == 0 {
        return "-".to_owned();
    }
    format!("{:.2} % {}/{}", share.percent(), share.hits, share.items)
}

fn spell_group(group: Group) -> String {
    if group.attacks.items == 0 && group.benign.items == 0 {
        return "-".to_owned();
    }
    let part = |share: Share| {
        let none = share.items == 0;
        if none {
            "-".to_owned()
        } else {
            format!("{:.0}", share.percent())
        }
    };
    let [attacks, bare, benign] = [group.attacks, group.bare, group.benign].map(part);
    format!("{attacks}, {bare} | {benign}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::figures::tests::example;
    use super::{Board, Figures, Share, Side, spell};

    fn board() -> Board {
        let (corpus, verdicts) = example();
        let places = vec![
            ("query", Share { hits: 9, items: 10 }),
            ("key", Share { hits: 7, items: 10 }),
        ];
        Board {
            ours: Figures::of(&corpus, &verdicts),
            places,
            samples: None,
            peers: Vec::new(),
            rules: BTreeMap::new(),
        }
    }

    #[test]
    fn every_class_and_every_kind_of_alarm_has_a_floor() {
        let measures = board().measures();
        let name = |name: &str| measures.iter().find(|measure| measure.name == name);
        assert_eq!(name("class.xss").unwrap().side, Side::AtLeast);
        assert_eq!(name("core").unwrap().side, Side::AtMost);
        assert!(name("events-of-found").is_none(), "there are no events");
        let gap = name("place-gap-points").unwrap().figure;
        assert!((gap - 20.0).abs() < 1e-9, "{gap}");
    }

    #[test]
    fn a_share_is_spelled_with_its_counts() {
        assert_eq!(spell(Share { hits: 1, items: 8 }), "12.50 % 1/8");
        assert_eq!(spell(Share::default()), "-");
    }
}
