//! Numbers that look like chance and are the same for the same seed on every machine.
//! They never are for secrets.

/// A row of numbers (xorshift64*, Vigna 2016).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The row of a seed and an input's number; neighbours have nothing in common.
    pub(crate) fn of(seed: u64, input: u64) -> Self {
        let mixed = seed ^ input.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// The next number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.roll() >> 11) % end).unwrap_or(0)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Any byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.roll().to_be_bytes()[0]
    }

    /// One of some things.
    pub(crate) fn pick<'t, T: ?Sized>(&mut self, things: &[&'t T]) -> Option<&'t T> {
        let at = self.below(things.len());
        things.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_its_neighbour_others() {
        let row = |seed, input| {
            let mut dice = Dice::of(seed, input);
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(row(1, 2), row(1, 2));
        assert_ne!(row(1, 2), row(1, 3));
        assert_ne!(row(1, 2), row(2, 2));
    }

    #[test]
    fn numbers_stay_below_their_end_and_reach_it() {
        let mut dice = Dice::of(7, 7);
        let seen: Vec<_> = (0..1000).map(|_| dice.below(5)).collect();
        assert!((0..5).all(|number| seen.contains(&number)));
        assert!(seen.iter().all(|number| *number < 5));
        assert_eq!(dice.below(0), 0);
    }
}
