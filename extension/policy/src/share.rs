//! A share of all requests, always the same ones.
//! It never draws lots: who is in it follows from the request's id alone.

/// A share in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// The whole of a share.
const WHOLE: u16 = 10_000;

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl Share {
    /// Every request.
    pub const ALL: Self = Self(WHOLE);
    /// None.
    pub const NONE: Self = Self(0);

    /// A share in percent; parts below a hundredth of one are cut.
    pub fn of_percent(percent: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 10,000"
        )]
        let hundredths = (percent * 100.0 + 1e-6) as u16;
        Some(Self(hundredths))
    }

    /// In hundredths of a percent.
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// True if the request with this id is in the share.
    ///
    /// A request that is in a share is in every larger one, so that a rule that is enforced for
    /// more requests than before is still enforced for those.
    pub fn has(self, request_id: &[u8]) -> bool {
        self == Self::ALL || lot(request_id) < self.0
    }
}

/// A number below the whole, the same for the same id on every machine.
fn lot(request_id: &[u8]) -> u16 {
    // FNV-1a leaves neighbours beside each other; the finish of MurmurHash3 (public domain, two
    // multiplications and three shifts) spreads them.
    let mut hash = crate::file::fnv1a(request_id);
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    u16::try_from(hash % u64::from(WHOLE)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::Share;

    #[test]
    fn a_canary_of_10_percent_has_9_to_11_percent_of_10_000_requests_the_same_ones_every_time() {
        let share = Share::of_percent(10.0).unwrap();
        for family in [
            "8f3c1a52-0000-4000-8000",
            "c2f9e6d1-1b7a-4e05-9d3f",
            "request",
        ] {
            let ids = || (0..10_000).map(|number| format!("{family}-{number:012x}"));
            let inside = ids().filter(|id| share.has(id.as_bytes())).count();
            assert!((900..=1_100).contains(&inside), "{family}: {inside}");
            let again = ids().filter(|id| share.has(id.as_bytes())).count();
            assert_eq!(inside, again);
        }
        // On every machine and in every version: these are in it.
        let first = (0..100).find(|number| share.has(format!("request-{number}").as_bytes()));
        assert_eq!(first, Some(5));
    }

    #[test]
    fn who_is_in_a_share_is_in_every_larger_one() {
        for number in 0..1_000 {
            let id = format!("{number}");
            let mut was_in = false;
            for percent in [0.0, 0.01, 1.0, 12.5, 50.0, 99.99, 100.0] {
                let is_in = Share::of_percent(percent).unwrap().has(id.as_bytes());
                assert!(is_in || !was_in);
                was_in = is_in;
            }
            assert!(was_in && !Share::NONE.has(id.as_bytes()));
        }
        assert_eq!(Share::of_percent(0.29).unwrap().hundredths(), 29);
        for percent in [-0.1, 100.1, f64::NAN] {
            assert_eq!(Share::of_percent(percent), None);
        }
    }
}
