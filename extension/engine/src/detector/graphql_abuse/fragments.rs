//! The fragments of a document: who spreads whom, and what that grows to.
//! It never expands a fragment: it counts.

// Limit: 32 fragments and 128 spreads; the largest client documents have about 20, and a cycle or a
// bomb is as good with three.
const FRAGMENTS_MAX: usize = 32;
const SPREADS_MAX: usize = 128;
// Limit: 10,000 copies of a fragment; no client spreads a hundred of a hundred.
const COPIES_MAX: u64 = 10_000;

/// Where a spread stands, as the place of a fragment in the list; operations stand nowhere.
type Place = Option<u8>;

/// The graph of a document's fragments.
#[derive(Debug)]
pub(super) struct Fragments {
    names: [u32; FRAGMENTS_MAX],
    count: usize,
    spreads: [(Place, u32); SPREADS_MAX],
    spread: usize,
}

impl Fragments {
    pub(super) fn new() -> Self {
        Self {
            names: [0; FRAGMENTS_MAX],
            count: 0,
            spreads: [(None, 0); SPREADS_MAX],
            spread: 0,
        }
    }

    /// Notes a fragment by the hash of its name; gives its place.
    pub(super) fn define(&mut self, name: u32) -> Place {
        let slot = self.names.get_mut(self.count)?;
        *slot = name;
        let place = u8::try_from(self.count).ok();
        self.count = self.count.saturating_add(1);
        place
    }

    /// Notes that a fragment, or an operation, spreads the fragment with this name.
    pub(super) fn spread(&mut self, from: Place, name: u32) {
        if let Some(slot) = self.spreads.get_mut(self.spread) {
            *slot = (from, name);
            self.spread = self.spread.saturating_add(1);
        }
    }

    /// What is wrong with the graph.
    pub(super) fn production(&self) -> Option<&'static str> {
        if self.count == 0 || self.spread == 0 {
            return None;
        }
        let mut copies = [1_u64; FRAGMENTS_MAX];
        // What a fragment grows to is known once its own are: in as many rounds as there are.
        for round in 0..=self.count {
            let mut grown = [1_u64; FRAGMENTS_MAX];
            for (from, name) in self.spreads.iter().take(self.spread) {
                let of = self.place(*name).and_then(|at| copies.get(at));
                let slot = from.and_then(|at| grown.get_mut(usize::from(at)));
                if let (Some(of), Some(slot)) = (of, slot) {
                    *slot = slot.saturating_add(*of);
                }
            }
            if grown == copies {
                let most = copies.iter().max().copied().unwrap_or(0);
                return (most > COPIES_MAX).then_some("fragment-bomb");
            }
            // A graph without a cycle has come to rest by now.
            if round == self.count {
                return Some("fragment-cycle");
            }
            copies = grown;
        }
        None
    }

    fn place(&self, name: u32) -> Option<usize> {
        let names = self.names.get(..self.count)?;
        names.iter().position(|known| *known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: u32, spreads: &[(u8, u32)]) -> Option<&'static str> {
        let mut fragments = Fragments::new();
        for name in 0..count {
            fragments.define(name + 100);
        }
        for (from, to) in spreads {
            fragments.spread(Some(*from), to + 100);
        }
        fragments.production()
    }

    #[test]
    fn a_cycle_of_any_length_is_one() {
        assert_eq!(check(1, &[(0, 0)]), Some("fragment-cycle"));
        assert_eq!(check(3, &[(0, 1), (1, 2), (2, 0)]), Some("fragment-cycle"));
        assert_eq!(check(3, &[(0, 1), (1, 2), (0, 2)]), None);
    }

    #[test]
    fn ten_copies_of_ten_copies_are_a_bomb_in_the_fifth_round() {
        let spreads = |depth: u8| -> alloc::vec::Vec<(u8, u32)> {
            (0..depth)
                .flat_map(|at| (0..10).map(move |_| (at, u32::from(at) + 1)))
                .collect()
        };
        assert_eq!(check(4, &spreads(3)), None);
        assert_eq!(check(6, &spreads(5)), Some("fragment-bomb"));
    }
}
