//! What was not looked at, and why: "nothing found" and "did not look" are different verdicts.
//! It never claims `complete` for bytes that were not inspected.

/// A reason why some bytes were not inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Gap {
    /// The step budget ended.
    Budget = 0,
    /// Deeper nesting than the walker tracks.
    Depth = 1,
    /// More decoded forms of one value than are made.
    Forms = 2,
    /// Compressed data beyond the ratio or size cap.
    Ratio = 3,
    /// Compressed or encoded data that is damaged.
    Damaged = 4,
    /// More levels of JSON in strings than are opened.
    Nested = 5,
    /// Inspection itself failed (a fault of ours).
    Fault = 6,
    /// Nobody asked: the policy's mode is `off`.
    Off = 7,
}

impl Gap {
    /// All gaps, in the order of their bits.
    pub const ALL: [Self; 8] = [
        Self::Budget,
        Self::Depth,
        Self::Forms,
        Self::Ratio,
        Self::Damaged,
        Self::Nested,
        Self::Fault,
        Self::Off,
    ];

    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Depth => "depth",
            Self::Forms => "forms",
            Self::Ratio => "ratio",
            Self::Damaged => "damaged",
            Self::Nested => "nested",
            Self::Fault => "fault",
            Self::Off => "off",
        }
    }
}

/// The set of gaps of one inspection; empty means that every byte was inspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    gaps: u8,
}

impl Coverage {
    /// Everything was inspected (so far).
    pub const COMPLETE: Self = Self { gaps: 0 };

    /// Coverage with exactly one gap.
    pub fn missing(gap: Gap) -> Self {
        let mut coverage = Self::COMPLETE;
        coverage.add(gap);
        coverage
    }

    /// Notes that some bytes were not inspected.
    pub fn add(&mut self, gap: Gap) {
        self.gaps |= 1 << (gap as u8);
    }

    /// Notes what another part of the same inspection left out.
    pub fn merge(&mut self, other: Self) {
        self.gaps |= other.gaps;
    }

    /// True if nothing was left out.
    pub fn is_complete(self) -> bool {
        self.gaps == 0
    }

    /// The gaps, in a fixed order.
    pub fn gaps(self) -> impl Iterator<Item = Gap> {
        Gap::ALL
            .into_iter()
            .filter(move |gap| self.gaps & (1 << (*gap as u8)) != 0)
    }

    /// `complete` or `partial`, as records spell it.
    pub fn name(self) -> &'static str {
        if self.is_complete() {
            "complete"
        } else {
            "partial"
        }
    }
}
