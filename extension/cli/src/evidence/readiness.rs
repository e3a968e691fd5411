//! Whether a rule may block: what its records prove of its false alarms, held against a bar.
//! It never calls a rule ready on the strength of invocations that nobody has counted.
use credenza_engine::{Confidence, is_on_by_default};
use credenza_policy::{Mode, Policy};

use super::Evidence;
use super::bound;
use super::function::Basis;
use crate::rules;

/// What is to be done with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Its false alarms are proven to be below the bar.
    Ready,
    /// It has no unexplained hit, but too few invocations were seen.
    TooFew,
    /// It has hits that nobody has called attacks.
    Alarms,
    /// Nobody has counted the clean invocations.
    Uncounted,
    /// It never blocks, as sure as it ever is.
    Advice,
    /// It was not watched.
    Off,
}

impl State {
    /// In words, for machines and people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::TooFew => "too-few",
            Self::Alarms => "alarms",
            Self::Uncounted => "uncounted",
            Self::Advice => "advice",
            Self::Off => "off",
        }
    }
}

/// A rule, measured.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    pub(crate) rule: String,
    /// The function, or empty for all of them.
    pub(crate) function: String,
    pub(crate) state: State,
    /// Invocations that were inspected whole.
    pub(crate) trials: u64,
    pub(crate) basis: Basis,
    /// Findings of any confidence.
    pub(crate) findings: u64,
    /// Invocations that block mode would refuse for it.
    pub(crate) hits: u64,
    /// Of these, attacks by the word of people.
    pub(crate) attacks: u64,
    /// Of these, false alarms by the word of people.
    pub(crate) alarms: u64,
    pub(crate) callers: u64,
    /// The upper bound of the rate of false alarms, at 95 %.
    pub(crate) bound: f64,
    /// Why, in a sentence without its full stop.
    pub(crate) reason: String,
}

/// What a rule's findings add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    findings: u64,
    hits: u64,
    attacks: u64,
    alarms: u64,
    callers: u64,
}

/// Every rule of this version over all functions.
pub(crate) fn of_rules(evidence: &Evidence, policy: &Policy, rate_max: f64) -> Vec<Readiness> {
    let (trials, basis) = trials(evidence);
    let seen = evidence.rules.sorted(|rule| rule.rule.clone());
    let mut all: Vec<Readiness> = rules::all()
        .map(|rule| {
            let mut sum = Sum::default();
            for seen in seen.iter().filter(|seen| seen.rule == rule.id) {
                sum.findings += seen.findings;
                sum.hits += evidence.blocking(seen);
                sum.attacks += seen.attacks;
                sum.alarms += seen.alarms;
                sum.callers += seen.callers.count();
            }
            judge(rule.id, "", sum, (trials, basis), policy, rate_max)
        })
        .collect();
    all.sort_by(|left, right| (left.state, &left.rule).cmp(&(right.state, &right.rule)));
    all
}

/// Every rule that has findings, function by function.
pub(crate) fn of_functions(evidence: &Evidence, policy: &Policy, rate_max: f64) -> Vec<Readiness> {
    let seen = evidence
        .rules
        .sorted(|rule| (rule.rule.clone(), rule.function.clone()));
    seen.into_iter()
        .filter(|seen| seen.findings > 0 || evidence.blocking(seen) > 0)
        .map(|seen| {
            let sum = Sum {
                findings: seen.findings,
                hits: evidence.blocking(seen),
                attacks: seen.attacks,
                alarms: seen.alarms,
                callers: seen.callers.count(),
            };
            let function = evidence.functions.get(&seen.function);
            let trials = function.map(super::Function::trials).unwrap_or_default();
            judge(&seen.rule, &seen.function, sum, trials, policy, rate_max)
        })
        .collect()
}

/// Invocations of all functions that were inspected whole, and the least sure count among them.
pub(crate) fn trials(evidence: &Evidence) -> (u64, Basis) {
    let mut all = 0;
    let mut least = None;
    for function in evidence.functions.values() {
        let (trials, basis) = function.trials();
        all += trials;
        // A function without any event says nothing of how events are counted.
        if basis != Basis::Nothing || function.lines.inspected > 0 {
            least = least.max(Some(basis));
        }
    }
    match least {
        Some(Basis::Nothing) | None if all == 0 => (0, Basis::Nothing),
        // Functions that nobody has counted are left out of the sum, and said elsewhere.
        Some(Basis::Nothing) | None => (all, Basis::Lines),
        Some(basis) => (all, basis),
    }
}

fn judge(
    id: &str,
    function: &str,
    sum: Sum,
    (trials, basis): (u64, Basis),
    policy: &Policy,
    rate_max: f64,
) -> Readiness {
    // Hits may be told that no count of invocations has in it.
    let unexplained = sum.hits.saturating_sub(sum.attacks);
    let bound = bound::upper(unexplained, trials);
    let (state, reason) = decide(id, unexplained, sum, trials, basis, bound, policy, rate_max);
    Readiness {
        rule: id.to_owned(),
        function: function.to_owned(),
        state,
        trials,
        basis,
        findings: sum.findings,
        hits: sum.hits,
        attacks: sum.attacks,
        alarms: sum.alarms,
        callers: sum.callers,
        bound,
        reason,
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one decision from eight facts, in the order in which they are asked"
)]
fn decide(
    id: &str,
    unexplained: u64,
    sum: Sum,
    trials: u64,
    basis: Basis,
    bound: f64,
    policy: &Policy,
    rate_max: f64,
) -> (State, String) {
    let said = policy.rules.iter().find(|rule| rule.id == id);
    let is_off = said.map_or_else(|| !is_on_by_default(id), |rule| rule.mode == Mode::Off);
    if is_off && sum.findings == 0 {
        let why = "the policy does not watch it, so no hit proves nothing";
        return (State::Off, why.to_owned());
    }
    let minimum = said.map_or(Confidence::High, |rule| rule.minimum_confidence);
    let ceiling = rules::all()
        .find(|rule| rule.id == id)
        .map(|rule| rule.ceiling);
    if ceiling.is_some_and(|ceiling| ceiling < minimum) && sum.hits == 0 {
        let why = "it is never sure enough to block, and reports in block mode as well";
        return (State::Advice, why.to_owned());
    }
    if basis == Basis::Nothing {
        let why = "nobody has counted the clean invocations";
        return (State::Uncounted, why.to_owned());
    }
    if bound <= rate_max {
        let why = match (sum.hits, unexplained) {
            (0, _) => "no hit".to_owned(),
            (hits, 0) => format!("{} of {} called attacks", group(hits), plural(hits, "hit")),
            (_, left) => format!("{} unexplained, rarer than the bar", plural(left, "hit")),
        };
        return (State::Ready, why);
    }
    if unexplained == 0 {
        let needed = group(bound::trials_without_hit(rate_max));
        let why = format!(
            "{} of {needed} invocations seen that are needed",
            group(trials)
        );
        return (State::TooFew, why);
    }
    let why = format!(
        "{} that nobody has called {}: exempt what is harmless, or label what is not",
        plural(unexplained, "hit"),
        if unexplained == 1 {
            "an attack"
        } else {
            "attacks"
        },
    );
    (State::Alarms, why)
}

/// A count with its noun.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", group(count))
}

/// A count with its thousands apart.
pub(crate) fn group(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate as people read it: in percent, or as so many in a million.
pub(crate) fn rate(rate: f64) -> String {
    if rate >= 0.999_95 {
        "unknown".to_owned()
    } else if rate >= 0.001 {
        format!("{:.2} %", rate * 100.0)
    } else if rate >= 1e-5 {
        format!("{:.0} in a million", rate * 1e6)
    } else {
        format!("{:.1} in a million", rate * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(hits: u64, attacks: u64) -> Sum {
        Sum {
            findings: hits,
            hits,
            attacks,
            ..Sum::default()
        }
    }

    #[test]
    fn each_state_has_its_reason() {
        let policy = Policy::default();
        let state = |id: &str, sum: Sum, trials: u64, basis: Basis| {
            judge(id, "", sum, (trials, basis), &policy, 1e-5).state
        };
        let metrics = Basis::Metrics;
        assert_eq!(
            state("sql-injection", sum(0, 0), 300_000, metrics),
            State::Ready
        );
        assert_eq!(
            state("sql-injection", sum(9, 9), 300_000, metrics),
            State::Ready
        );
        assert_eq!(
            state("sql-injection", sum(0, 0), 299_999, metrics),
            State::TooFew
        );
        assert_eq!(
            state("sql-injection", sum(1, 0), 300_000, metrics),
            State::Alarms
        );
        assert_eq!(
            state("sql-injection", sum(1, 0), 3_000_000, metrics),
            State::Ready
        );
        assert_eq!(
            state("sql-injection", sum(0, 0), 0, Basis::Nothing),
            State::Uncounted
        );
        assert_eq!(
            state("graphql-abuse", sum(0, 0), 300_000, metrics),
            State::Advice
        );
        assert_eq!(
            state("prompt-injection", sum(0, 0), 300_000, metrics),
            State::Off
        );
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(group(1_234_567), "1,234,567");
        assert_eq!(group(12), "12");
        assert_eq!(rate(3e-6), "3.0 in a million");
        assert_eq!(rate(0.0125), "1.25 %");
        assert_eq!(rate(1.0), "unknown");
        assert_eq!(plural(1, "hit"), "1 hit");
    }
}
