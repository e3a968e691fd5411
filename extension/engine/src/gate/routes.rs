//! From signals to detectors: which sets of signals make which detectors look, as one table.
//! It never asks a detector: the table is made at build time.
use super::{Hot, Signals};
use crate::detector::NEEDS;

/// A set of signals of which all must be shown, and the detectors that it wakes.
#[derive(Clone, Copy)]
struct Route {
    need: u64,
    wakes: u64,
}

/// Signals that harmless texts show all the time: a set is filed under another one if it can be.
const COMMON: u64 = Signals::QUOTE
    .with(Signals::COMPARISON)
    .with(Signals::PARENTHESIS)
    .with(Signals::CONSTANT)
    .with(Signals::CONNECTIVE)
    .with(Signals::COMPARISON_WORD)
    .with(Signals::OBJECT)
    .with(Signals::SEMICOLON)
    .with(Signals::BRACE)
    .with(Signals::SLASH)
    .with(Signals::SEPARATOR)
    .with(Signals::LINE)
    .with(Signals::EQUALS)
    .with(Signals::NAME)
    .with(Signals::BREAK_OUT)
    .bits();

/// The signal under which a set is filed: a rare one if there is one.
const fn key(need: u64) -> usize {
    let rare = need & !COMMON;
    let among = if rare == 0 { need } else { rare };
    among.leading_zeros().abs_diff(63) as usize
}

/// How many sets there are.
#[expect(
    clippy::indexing_slicing,
    reason = "runs at build time only: a wrong index fails the build"
)]
const ROUTES: usize = {
    let mut count = 0;
    let mut rule = 0;
    while rule < NEEDS.len() {
        count += NEEDS[rule].len();
        rule += 1;
    }
    count
};

// Limit: 64 signals and as many lists; 16 bytes a set, of which all rules together have some two
// hundred: 4 KiB.
struct Table {
    routes: [Route; ROUTES],
    /// Where the list of each signal begins; one more for the end of the last.
    starts: [u16; 65],
    /// The signals that have a list.
    keys: u64,
}

static TABLE: Table = table();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "runs at build time only: a wrong index fails the build"
)]
const fn table() -> Table {
    let mut table = Table {
        routes: [Route { need: 0, wakes: 0 }; ROUTES],
        starts: [0; 65],
        keys: 0,
    };
    let mut used = 0;
    let mut signal = 0;
    while signal < 64 {
        table.starts[signal] = used as u16;
        let mut rule = 0;
        while rule < NEEDS.len() {
            let mut at = 0;
            while at < NEEDS[rule].len() {
                let need = NEEDS[rule][at].bits();
                assert!(need != 0, "a set without a signal wakes a detector always");
                if key(need) == signal {
                    table.keys |= 1 << signal;
                    table.routes[used] = Route {
                        need,
                        wakes: 1 << rule,
                    };
                    used += 1;
                }
                at += 1;
            }
            rule += 1;
        }
        signal += 1;
    }
    table.starts[64] = used as u16;
    table
}

/// The detectors that have to look at a text with these signals.
pub(crate) fn wakes(seen: Signals) -> Hot {
    let mut hot = 0_u64;
    let mut left = seen.bits() & TABLE.keys;
    while left != 0 {
        let signal = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        for route in list(signal) {
            if seen.bits() & route.need == route.need {
                hot |= route.wakes;
            }
        }
    }
    Hot(hot)
}

#[inline]
fn list(signal: usize) -> &'static [Route] {
    let place = |at: usize| TABLE.starts.get(at).copied().map_or(0, usize::from);
    let range = place(signal)..place(signal.saturating_add(1));
    TABLE.routes.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{NEEDS, Signals, wakes};

    #[test]
    fn each_set_of_signals_wakes_its_detectors_and_half_of_it_does_not() {
        for (index, needs) in NEEDS.iter().enumerate() {
            for need in *needs {
                assert!(wakes(*need).has(index), "{index} {need:?}");
                let without = need.bits() & need.bits().wrapping_sub(1);
                let held = needs.iter().any(|other| Signals(without).has(*other));
                assert_eq!(wakes(Signals(without)).has(index), held, "{index} {need:?}");
            }
        }
    }

    #[test]
    fn a_text_without_signals_wakes_nobody_and_one_with_all_of_them_everybody_that_needs_some() {
        assert!(wakes(Signals(0)).is_cold());
        let all = wakes(Signals(u64::MAX));
        for (index, needs) in NEEDS.iter().enumerate() {
            assert_eq!(all.has(index), !needs.is_empty());
        }
    }
}
