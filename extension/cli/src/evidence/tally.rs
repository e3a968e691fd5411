//! Tables of bounded size: the most frequent, how many different, and where the middle lies.
//! They never grow with the number of records.
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A fixed hash of anything: the same on every run, so that reports are equal.
pub(crate) fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A count as a number with a fraction.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 do not occur, and shares need no more than three digits"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// What can be told apart by how much of it there is.
pub(crate) trait Weight {
    /// How much.
    fn weight(&self) -> u64;
}

impl Weight for u64 {
    fn weight(&self) -> u64 {
        *self
    }
}

/// The entries with the most weight, by the hash of their key.
///
/// Twice as many as are kept are held; then the lighter half is forgotten and its weight is
/// counted. What is kept is therefore exact as long as nothing was forgotten.
#[derive(Clone, Debug)]
pub(crate) struct Heaviest<V> {
    entries: HashMap<u64, V>,
    kept: usize,
    /// The weight of what was forgotten.
    pub(crate) forgotten: u64,
}

impl<V: Weight> Heaviest<V> {
    /// A table that keeps `kept` entries.
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            entries: HashMap::new(),
            kept,
            forgotten: 0,
        }
    }

    /// The entry of `key`, made by `new` if it is not there.
    pub(crate) fn entry(&mut self, key: u64, new: impl FnOnce() -> V) -> &mut V {
        if self.entries.len() >= self.kept * 2 && !self.entries.contains_key(&key) {
            self.shrink();
        }
        self.entries.entry(key).or_insert_with(new)
    }

    /// The entry of `key`, if it is there.
    pub(crate) fn known(&mut self, key: u64) -> Option<&mut V> {
        self.entries.get_mut(&key)
    }

    fn shrink(&mut self) {
        let mut weights: Vec<(u64, u64)> = self
            .entries
            .iter()
            .map(|(key, value)| (value.weight(), *key))
            .collect();
        weights.sort_unstable();
        for (weight, key) in weights.into_iter().take(self.kept) {
            self.entries.remove(&key);
            self.forgotten += weight;
        }
    }

    /// All entries, the heaviest first; entries of equal weight in the order of `name`.
    pub(crate) fn sorted<K: Ord>(&self, name: impl Fn(&V) -> K) -> Vec<&V> {
        let mut all: Vec<&V> = self.entries.values().collect();
        all.sort_by(|left, right| {
            let by_weight = right.weight().cmp(&left.weight());
            by_weight.then_with(|| name(left).cmp(&name(right)))
        });
        all
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// The most frequent names.
#[derive(Clone, Debug)]
pub(crate) struct Top(Heaviest<(String, u64)>);

impl Weight for (String, u64) {
    fn weight(&self) -> u64 {
        self.1
    }
}

impl Top {
    /// Keeps `kept` names.
    pub(crate) fn new(kept: usize) -> Self {
        Self(Heaviest::new(kept))
    }

    /// Counts `name`, `times` times; nothing is counted without a name.
    pub(crate) fn add(&mut self, name: &str, times: u64) {
        if !name.is_empty() {
            let new = || (name.to_owned(), 0);
            self.0.entry(hash(name), new).1 += times;
        }
    }

    /// The most frequent first.
    pub(crate) fn most(&self, count: usize) -> Vec<(&str, u64)> {
        let all = self.0.sorted(|(name, _)| name.clone());
        all.into_iter()
            .take(count)
            .map(|(name, times)| (name.as_str(), *times))
            .collect()
    }

    /// How many different names are known.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// How many different things there are: counted up to 64, estimated beyond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    few: Vec<u64>,
    /// Leading zeros and one, of the hashes that fell to each register.
    registers: Vec<u8>,
    /// Registers to which no hash fell.
    empty: u64,
}

// Limit: 1,024 registers of a byte estimate within 3.25 % (1.04 / sqrt(1024)).
const REGISTERS: usize = 1024;
const FEW_MAX: usize = 64;

impl Distinct {
    /// Counts a thing by its hash.
    pub(crate) fn add(&mut self, hash: u64) {
        if self.registers.is_empty() {
            if self.few.contains(&hash) {
                return;
            }
            if self.few.len() < FEW_MAX {
                self.few.push(hash);
                return;
            }
            self.registers = vec![0; REGISTERS];
            self.empty = REGISTERS as u64;
            for few in std::mem::take(&mut self.few) {
                self.register(few);
            }
        }
        self.register(hash);
    }

    fn register(&mut self, hash: u64) {
        let at = usize::try_from(hash >> 54).unwrap_or_default();
        let zeros = u8::try_from((hash << 10).leading_zeros().min(54) + 1).unwrap_or(u8::MAX);
        if let Some(register) = self.registers.get_mut(at) {
            self.empty -= u64::from(*register == 0);
            *register = (*register).max(zeros);
        }
    }

    /// How many there are, exact up to 64.
    pub(crate) fn count(&self) -> u64 {
        if self.registers.is_empty() {
            return self.few.len() as u64;
        }
        let registers = real(REGISTERS as u64);
        let sum: f64 = self
            .registers
            .iter()
            .map(|zeros| (-f64::from(*zeros)).exp2())
            .sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.empty;
        // Few things leave registers empty, and their share tells the count better.
        let estimate = if empty > 0 && estimate <= 2.5 * registers {
            registers * (registers / real(empty)).ln()
        } else {
            estimate
        };
        whole(estimate)
    }
}

/// A number without its fraction; negative ones are 0.
pub(crate) fn whole(number: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a count needs no fraction"
    )]
    let whole = number.round() as u64;
    whole
}

/// How often each size was met, to a sixteenth of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    buckets: BTreeMap<u32, u64>,
    total: u64,
    largest: u64,
}

impl Histogram {
    /// Counts a size.
    pub(crate) fn add(&mut self, size: u64) {
        *self.buckets.entry(bucket(size)).or_default() += 1;
        self.total += 1;
        self.largest = self.largest.max(size);
    }

    /// How many sizes were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The largest.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    /// The size below which `permille` of a thousand lie.
    pub(crate) fn quantile(&self, permille: u64) -> u64 {
        let wanted = self.total.saturating_mul(permille).div_ceil(1000);
        let mut sum = 0;
        for (bucket, count) in &self.buckets {
            sum += count;
            if sum >= wanted {
                return floor(*bucket);
            }
        }
        self.largest
    }

    /// Sizes and how often they were met, from the smallest, in steps of a power of two.
    pub(crate) fn powers(&self) -> Vec<(u64, u64)> {
        let mut powers: BTreeMap<u64, u64> = BTreeMap::new();
        for (bucket, count) in &self.buckets {
            let size = floor(*bucket).max(1);
            *powers.entry(1 << size.ilog2()).or_default() += count;
        }
        powers.into_iter().collect()
    }
}

/// Sizes below 16 have buckets of their own, each larger power of two has sixteen.
fn bucket(size: u64) -> u32 {
    if size < 16 {
        return u32::try_from(size).unwrap_or_default();
    }
    let power = size.ilog2();
    let rest = (size >> (power - 4)) & 15;
    (power - 3) * 16 + u32::try_from(rest).unwrap_or_default()
}

/// The smallest size of a bucket.
fn floor(bucket: u32) -> u64 {
    if bucket < 16 {
        return u64::from(bucket);
    }
    (16 + u64::from(bucket % 16)) << (bucket / 16 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_survive_a_flood_of_light_ones() {
        let mut top = Top::new(100);
        for round in 0..1000 {
            top.add("heavy", 5);
            for at in 0..100 {
                top.add(&format!("light-{round}-{at}"), 1);
            }
        }
        assert_eq!(top.most(1), [("heavy", 5000)]);
        assert!(top.len() <= 200);
        assert!(top.0.forgotten > 90_000);
    }

    #[test]
    fn few_are_counted_and_many_are_estimated_within_a_tenth() {
        for wanted in [0_u64, 1, 64, 65, 1000, 100_000] {
            let mut distinct = Distinct::default();
            for round in 0..2 {
                for at in 0..wanted {
                    distinct.add(hash(&at));
                }
                let counted = distinct.count();
                let off = counted.abs_diff(wanted);
                assert!(off * 10 <= wanted, "{counted} of {wanted} in round {round}");
            }
        }
    }

    #[test]
    fn a_quantile_is_right_to_a_sixteenth() {
        let mut histogram = Histogram::default();
        for size in 1..=100_000 {
            histogram.add(size);
        }
        for (permille, wanted) in [(500, 50_000), (990, 99_000), (999, 99_900), (0, 0)] {
            let found = histogram.quantile(permille);
            assert!(
                found.abs_diff(wanted) * 16 <= wanted.max(16),
                "{found}, {wanted}"
            );
        }
        assert_eq!((histogram.total(), histogram.largest()), (100_000, 100_000));
    }

    #[test]
    fn every_size_lies_in_the_bucket_that_begins_below_it() {
        for size in (0..2000).chain([u64::MAX, 1 << 40]) {
            let low = floor(bucket(size));
            assert!(low <= size && size - low <= size / 16, "{size}: {low}");
        }
    }
}
