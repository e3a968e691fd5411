//! Findings by time and rule, in steps that fit the period.
//! It never has more steps than a page shows.
use std::collections::BTreeMap;

/// Counts by step and rule.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// Seconds of a step.
    pub(crate) step: i64,
    /// Rules of each step, by its number since 1970.
    steps: BTreeMap<i64, BTreeMap<String, Counts>>,
}

/// What was counted of a rule in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All findings.
    pub(crate) findings: u64,
    /// Those that block mode would refuse for.
    pub(crate) blocking: u64,
}

// Limit: 72 steps fit a narrow page; each holds at most the rules of a version and a few strangers.
const STEPS_MAX: i64 = 72;
const RULES_MAX: usize = 64;

/// The steps that a reader understands, in seconds: minutes, hours, days.
const WIDTHS: [i64; 9] = [60, 300, 900, 3600, 7200, 21_600, 43_200, 86_400, 604_800];

impl Default for Timeline {
    fn default() -> Self {
        Self {
            step: 60,
            steps: BTreeMap::new(),
        }
    }
}

impl Timeline {
    /// Counts findings of a rule at a time.
    pub(crate) fn add(&mut self, seconds: i64, rule: &str, findings: u64, blocking: u64) {
        let at = seconds.div_euclid(self.step);
        let rules = self.steps.entry(at).or_default();
        if !rules.contains_key(rule) && rules.len() >= RULES_MAX {
            return;
        }
        let counts = match rules.get_mut(rule) {
            Some(counts) => counts,
            None => rules.entry(rule.to_owned()).or_default(),
        };
        counts.findings += findings;
        counts.blocking += blocking;
        while self
            .span()
            .is_some_and(|(first, last)| last - first >= STEPS_MAX)
        {
            self.coarsen();
        }
    }

    /// The first and the last step that have findings.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        Some((
            *self.steps.first_key_value()?.0,
            *self.steps.last_key_value()?.0,
        ))
    }

    /// What was counted of a rule in a step.
    pub(crate) fn of(&self, step: i64, rule: &str) -> Counts {
        let rules = self.steps.get(&step);
        rules
            .and_then(|rules| rules.get(rule))
            .copied()
            .unwrap_or_default()
    }

    /// What was counted in a step.
    pub(crate) fn sum(&self, step: i64) -> Counts {
        let mut sum = Counts::default();
        for counts in self.steps.get(&step).into_iter().flat_map(BTreeMap::values) {
            sum.findings += counts.findings;
            sum.blocking += counts.blocking;
        }
        sum
    }

    fn coarsen(&mut self) {
        let wider = WIDTHS.iter().copied().find(|width| *width > self.step);
        let wider = wider.unwrap_or(self.step * 2);
        let fine = std::mem::take(&mut self.steps);
        for (step, rules) in fine {
            let at = (step * self.step).div_euclid(wider);
            let into = self.steps.entry(at).or_default();
            for (rule, counts) in rules {
                let sum = into.entry(rule).or_default();
                sum.findings += counts.findings;
                sum.blocking += counts.blocking;
            }
        }
        self.step = wider;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_period_has_wider_steps_and_loses_nothing() {
        let mut timeline = Timeline::default();
        for hour in 0..24 * 14 {
            timeline.add(1_795_687_200 + hour * 3600, "sql-injection", 2, 1);
        }
        assert_eq!(timeline.step, 21_600);
        let (first, last) = timeline.span().unwrap();
        assert!(last - first < STEPS_MAX);
        let sum: u64 = (first..=last).map(|step| timeline.sum(step).findings).sum();
        assert_eq!(sum, 2 * 24 * 14);
        assert_eq!(timeline.of(first + 1, "sql-injection").blocking, 6);
    }

    #[test]
    fn the_longest_period_still_fits() {
        let mut timeline = Timeline::default();
        timeline.add(1_420_070_400, "a", 1, 0);
        timeline.add(4_102_444_799, "a", 1, 0);
        let (first, last) = timeline.span().unwrap();
        assert!(last - first < STEPS_MAX, "{}", timeline.step);
    }
}
