//! The figures of one judge: shares of what it found and of what it took for an attack.
//! It never rounds: a share is kept as two counts.
use std::collections::{BTreeMap, HashSet};

use super::corpus::{Corpus, Item, Tier};
use super::judge::{Verdict, Verdicts};

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) hits: u32,
    pub(super) items: u32,
}

impl Share {
    fn count(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.items += 1;
    }

    /// In percent; of nothing it is nothing.
    pub(super) fn percent(self) -> f64 {
        if self.items == 0 {
            return f64::NAN;
        }
        100.0 * f64::from(self.hits) / f64::from(self.items)
    }
}

/// Attacks of one group, those of them that were found without it, and harmless items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) attacks: Share,
    pub(super) bare: Share,
    pub(super) benign: Share,
}

/// Groups by name, and all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) all: Group,
    pub(super) by_name: BTreeMap<String, Group>,
}

/// What an event costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    pub(super) median_ns: u64,
    pub(super) p99_ns: u64,
    pub(super) ns_per_byte: f64,
}

/// Every figure of one judge.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    /// Core attacks found.
    pub(super) recall: Share,
    pub(super) by_class: BTreeMap<String, Share>,
    /// Of those found, how many a rule of their own class found.
    pub(super) named: Share,
    pub(super) core: Share,
    pub(super) hard: Share,
    pub(super) core_flagged: Share,
    pub(super) hard_flagged: Share,
    pub(super) ambiguous_attacks: Share,
    pub(super) ambiguous_benign: Share,
    pub(super) evasion: Groups,
    pub(super) events: Groups,
    /// Items without a verdict.
    pub(super) missing: usize,
    /// Verdicts on less than the whole.
    pub(super) partial: usize,
    /// Those of them on harmless items: their senders would be refused.
    pub(super) partial_benign: usize,
    pub(super) cost: Option<Cost>,
}

// Limit: one item of a class of twenty is five points; smaller classes say nothing in percent.
const CLASS_ITEMS_MIN: u32 = 20;

impl Figures {
    /// Counts what a judge said of a corpus.
    pub(super) fn of(corpus: &Corpus, verdicts: &Verdicts) -> Self {
        let mut figures = Self::default();
        let seen = |item: &Item| verdicts.get(&item.id).cloned().unwrap_or_default();
        let mut bare = HashSet::new();
        for item in &corpus.values {
            let verdict = seen(item);
            if found(item, &verdict) {
                bare.insert(item.id.as_str());
            }
            if item.is_attack {
                figures.count_attack(item, &verdict);
            } else {
                figures.count_benign(item, &verdict);
            }
        }
        figures.evasion = groups(&corpus.evasion, verdicts, &bare);
        figures.events = groups(&corpus.events, verdicts, &bare);
        let missing = |item: &&Item| !verdicts.contains_key(&item.id);
        figures.missing = corpus.items().filter(missing).count();
        figures.partial = verdicts.values().filter(|seen| seen.is_partial).count();
        let harmless = corpus.items().filter(|item| !item.is_attack);
        let partial = |item: &&Item| verdicts.get(&item.id).is_some_and(|seen| seen.is_partial);
        figures.partial_benign = harmless.filter(partial).count();
        figures.cost = cost(verdicts);
        figures
    }

    fn count_attack(&mut self, item: &Item, verdict: &Verdict) {
        let hit = found(item, verdict);
        if item.tier == Tier::Ambiguous {
            self.ambiguous_attacks.count(hit);
            return;
        }
        self.recall.count(hit);
        let class = self.by_class.entry(item.class.clone()).or_default();
        class.count(hit);
        if hit {
            self.named.count(verdict.classes.contains(&item.class));
        }
    }

    fn count_benign(&mut self, item: &Item, verdict: &Verdict) {
        match item.tier {
            Tier::Core => {
                self.core.count(verdict.blocks);
                self.core_flagged.count(verdict.flags);
            }
            Tier::Hard => {
                self.hard.count(verdict.blocks);
                self.hard_flagged.count(verdict.flags);
            }
            Tier::Ambiguous => self.ambiguous_benign.count(verdict.blocks),
        }
    }

    /// The classes that are large enough to be judged in percent.
    fn large(&self) -> impl Iterator<Item = (&str, f64)> {
        let large = |share: &Share| share.items >= CLASS_ITEMS_MIN;
        let classes = self.by_class.iter();
        classes
            .filter(move |(_, share)| large(share))
            .map(|(class, share)| (class.as_str(), share.percent()))
    }

    /// How many classes are large enough for that.
    pub(super) fn judged(&self) -> usize {
        self.large().count()
    }

    /// The mean of the classes.
    pub(super) fn mean(&self) -> f64 {
        let (sum, classes) = self
            .large()
            .fold((0.0, 0_u32), |(sum, classes), (_, share)| {
                (sum + share, classes + 1)
            });
        sum / f64::from(classes)
    }

    /// The worst of the classes.
    pub(super) fn worst(&self) -> (&str, f64) {
        let worst = self.large().min_by(|one, two| one.1.total_cmp(&two.1));
        worst.unwrap_or(("none", f64::NAN))
    }
}

/// Whether a judge found an item, or took a harmless one for an attack.
pub(super) fn found(item: &Item, verdict: &Verdict) -> bool {
    verdict.blocks || item.is_reported() && verdict.flags
}

fn groups(items: &[Item], verdicts: &Verdicts, bare: &HashSet<&str>) -> Groups {
    let mut groups = Groups::default();
    for item in items {
        let hit = verdicts
            .get(&item.id)
            .is_some_and(|verdict| found(item, verdict));
        let own = groups.by_name.entry(item.group.clone()).or_default();
        for group in [&mut groups.all, own] {
            if !item.is_attack {
                group.benign.count(hit);
                continue;
            }
            group.attacks.count(hit);
            if bare.contains(item.base.as_str()) {
                group.bare.count(hit);
            }
        }
    }
    groups
}

#[expect(clippy::cast_precision_loss, reason = "a mean needs no 53rd bit")]
fn cost(verdicts: &Verdicts) -> Option<Cost> {
    let mut times: Vec<u64> = Vec::with_capacity(verdicts.len());
    let (mut bytes, mut nanoseconds) = (0_u64, 0_u64);
    let measured = |verdict: &&Verdict| verdict.nanoseconds > 0;
    for verdict in verdicts.values().filter(measured) {
        times.push(verdict.nanoseconds);
        bytes += verdict.bytes;
        nanoseconds += verdict.nanoseconds;
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied();
    Some(Cost {
        median_ns: at(50)?,
        p99_ns: at(99)?,
        ns_per_byte: nanoseconds as f64 / bytes as f64,
    })
}

/// The core attacks that were found at one place, of those that every place can carry.
pub(super) fn at_place(corpus: &Corpus, here: &Verdicts, everywhere: &HashSet<&str>) -> Share {
    let mut share = Share::default();
    let attacks = corpus.values.iter().filter(|item| item.is_attack);
    for item in attacks.filter(|item| item.tier == Tier::Core) {
        if let (true, Some(verdict)) = (everywhere.contains(item.id.as_str()), here.get(&item.id)) {
            share.count(found(item, verdict));
        }
    }
    share
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;
    use std::path::PathBuf;

    use super::super::corpus::{Corpus, Item, Tier};
    use super::super::judge::{Verdict, Verdicts};
    use super::{Figures, Share, at_place};

    fn item(id: &str, class: &str, tier: Tier) -> Item {
        Item {
            id: id.to_owned(),
            base: String::new(),
            class: class.to_owned(),
            is_attack: class != "benign",
            tier,
            group: String::new(),
        }
    }

    fn said(verdict: &str) -> Verdict {
        Verdict {
            blocks: verdict == "block",
            flags: verdict != "pass",
            nanoseconds: 5,
            bytes: 1,
            ..Verdict::default()
        }
    }

    /// Twenty attacks of one class, one of another, and a few harmless texts.
    pub(in super::super) fn example() -> (Corpus, Verdicts) {
        let mut values: Vec<Item> = (0..20)
            .map(|at| item(&format!("a-{at}"), "xss", Tier::Core))
            .collect();
        values.push(item("a-20", "graphql", Tier::Core));
        values.push(item("a-21", "xss", Tier::Ambiguous));
        values.push(item("b-0", "benign", Tier::Core));
        values.push(item("b-1", "benign", Tier::Hard));
        let evaded = |id: &str, base: &str| Item {
            base: base.to_owned(),
            group: "b64".to_owned(),
            ..item(id, "xss", Tier::Core)
        };
        let evasion = vec![evaded("a-0-b64", "a-0"), evaded("a-1-b64", "a-1")];
        let mut verdicts: Verdicts = values
            .iter()
            .map(|item| (item.id.clone(), said("pass")))
            .collect();
        for (id, verdict) in [
            ("a-0", "block"),
            ("a-2", "flag"),
            ("a-20", "flag"),
            ("a-0-b64", "block"),
            ("a-1-b64", "block"),
            ("b-1", "flag"),
        ] {
            verdicts.insert(id.to_owned(), said(verdict));
        }
        let corpus = Corpus::of(PathBuf::new(), values, evasion);
        (corpus, verdicts)
    }

    #[test]
    fn a_flag_is_enough_for_what_is_only_reported() {
        let (corpus, verdicts) = example();
        let figures = Figures::of(&corpus, &verdicts);
        assert_eq!(figures.recall, Share { hits: 2, items: 21 });
        assert_eq!(figures.by_class["graphql"], Share { hits: 1, items: 1 });
        assert_eq!(figures.core, Share { hits: 0, items: 1 });
        assert_eq!(figures.hard_flagged, Share { hits: 1, items: 1 });
        assert_eq!(figures.hard.hits, 0);
    }

    #[test]
    fn small_classes_are_in_no_mean() {
        let (corpus, verdicts) = example();
        let figures = Figures::of(&corpus, &verdicts);
        assert_eq!(figures.worst(), ("xss", 5.0));
        assert!((figures.mean() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn decoding_is_told_from_detection() {
        let (corpus, verdicts) = example();
        let evasion = Figures::of(&corpus, &verdicts).evasion.all;
        assert_eq!(evasion.attacks, Share { hits: 2, items: 2 });
        assert_eq!(evasion.bare, Share { hits: 1, items: 1 });
    }

    #[test]
    fn a_place_counts_only_what_every_place_can_carry() {
        let (corpus, verdicts) = example();
        let everywhere = HashSet::from(["a-0", "a-1", "a-21"]);
        let share = at_place(&corpus, &verdicts, &everywhere);
        assert_eq!(share, Share { hits: 1, items: 2 });
    }

    #[test]
    fn items_without_a_verdict_are_counted() {
        let (corpus, mut verdicts) = example();
        verdicts.remove("a-7");
        assert_eq!(Figures::of(&corpus, &verdicts).missing, 1);
    }
}
