//! A budget counted in steps, so that the same event gets the same verdict on every machine.
//! It never looks at a clock.

/// The quarters of a whole step.
const WHOLE: u64 = 4;

/// Work that may still be done for one event or output.
///
/// One step is about one byte looked at once by a walker or a decoder, and about a nanosecond; to
/// look at a byte costs a confirmer a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    left: u64,
    spent: u64,
    price: u64,
}

impl Steps {
    /// A budget of `steps`.
    pub fn new(steps: u64) -> Self {
        Self {
            left: steps,
            spent: 0,
            price: WHOLE,
        }
    }

    /// The budget for a message of `bytes` bytes.
    // Limit: 13 steps a byte, of which the walk takes 1, each form another 2 for its decoder and
    // the gate, and the rules the rest where they have to look: up to 1.35 times as many
    // nanoseconds, and twice what the densest events of ordinary traffic take. 1 MiB more, a
    // millisecond once in an event, lets small events decode freely and pays for long texts of up
    // to 50 KB that every rule has to read.
    pub fn for_bytes(bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self::new(bytes.saturating_mul(13).saturating_add(1 << 20))
    }

    /// Does `work` at `price` quarters of a step for each byte that it takes steps for: to look at
    /// a byte costs one reader more than another.
    pub fn at_price<T>(&mut self, price: u8, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = core::mem::replace(&mut self.price, u64::from(price));
        let done = work(self);
        self.price = before;
        done
    }

    /// Takes `steps` from the budget; false (and nothing is taken) when not enough is left.
    pub fn take(&mut self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let steps = steps.saturating_mul(self.price).div_ceil(WHOLE);
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                self.spent = self.spent.saturating_add(steps);
                true
            }
            None => false,
        }
    }

    /// Steps that may still be taken.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Steps taken so far.
    pub fn spent(&self) -> u64 {
        self.spent
    }
}
