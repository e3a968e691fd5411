//! A budget counted in steps, so that the same event gets the same verdict on every machine.
//! It never looks at a clock.

/// Work that may still be done for one event or output.
///
/// One step is about one byte looked at once by a walker, a decoder or a confirmer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    left: u64,
    spent: u64,
}

impl Steps {
    /// A budget of `steps`.
    pub fn new(steps: u64) -> Self {
        Self {
            left: steps,
            spent: 0,
        }
    }

    /// The budget for a message of `bytes` bytes.
    // Limit: the walk costs 1 step a byte, decoding at most 4 forms' worth of bytes + 64 KiB
    // (detection.md section 7), each judged by the gate and by the dozen rules that one text can
    // be hot for, at a step a byte and rule: 1 + 4 × 15 < 64 steps a byte; 1 MiB of slack lets
    // small events decode freely.
    pub fn for_bytes(bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Self::new(bytes.saturating_mul(64).saturating_add(1 << 20))
    }

    /// Takes `steps` from the budget; false (and nothing is taken) when not enough is left.
    pub fn take(&mut self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
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
