//! Whether a rule may block: what its records prove of its false alarms, held against a bar.
//! It never calls a rule ready on the strength of invocations that nobody has counted.
use credenza_engine::Confidence;
use credenza_policy::Policy;

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
    /// Whatever its mode, the policy's scopes or its action keep it from blocking.
    Kept,
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
            Self::Kept => "kept",
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
            judge(
                rule.id,
                "",
                sum,
                &Asked::all(evidence, rule.id, policy),
                rate_max,
            )
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
            let asked = Asked::of(evidence, &seen.rule, &seen.function, policy);
            judge(&seen.rule, &seen.function, sum, &asked, rate_max)
        })
        .collect()
}

/// What a rule's hits are held against.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// Invocations that were inspected whole, where the rule may block.
    trials: u64,
    basis: Basis,
    /// Whether the policy looks for the rule anywhere.
    is_watched: bool,
    /// Whether the policy keeps it from blocking everywhere.
    is_kept: bool,
    /// From which confidence on it blocks, where it needs least.
    minimum: Confidence,
}

impl Asked {
    /// In one function.
    fn of(evidence: &Evidence, id: &str, function: &str, policy: &Policy) -> Self {
        let known = evidence.functions.get(function);
        let (trials, basis) = known.map(super::Function::trials).unwrap_or_default();
        Self {
            trials,
            basis,
            is_watched: policy.watches(id),
            is_kept: evidence.will.keeps(id, function),
            minimum: evidence.will.minimum(id),
        }
    }

    /// In all functions in which the policy does not keep it from blocking: what it is kept from
    /// proves nothing of it.
    fn all(evidence: &Evidence, id: &str, policy: &Policy) -> Self {
        let of_some = evidence.will.names_functions();
        let is_kept = |name: &str| of_some && evidence.will.keeps(id, name);
        let (trials, basis) = trials(evidence, &is_kept);
        let mut functions = evidence.functions.keys();
        Self {
            trials,
            basis,
            is_watched: policy.watches(id),
            is_kept: if of_some {
                functions.all(|name| is_kept(name))
            } else {
                evidence.will.keeps(id, "")
            },
            minimum: evidence.will.minimum(id),
        }
    }
}

/// Invocations of all functions but some that were inspected whole, and the least sure count among
/// them.
fn trials(evidence: &Evidence, is_left_out: &dyn Fn(&str) -> bool) -> (u64, Basis) {
    let mut all = 0;
    let mut least = None;
    for (name, function) in &evidence.functions {
        // The user's one word for all of them stands with one.
        if function.given.is_none() && is_left_out(name) {
            continue;
        }
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

fn judge(id: &str, function: &str, sum: Sum, asked: &Asked, rate_max: f64) -> Readiness {
    let Asked { trials, basis, .. } = *asked;
    // Hits may be told that no count of invocations has in it.
    let unexplained = sum.hits.saturating_sub(sum.attacks);
    let bound = bound::upper(unexplained, trials);
    let (state, reason) = decide(id, sum, asked, bound, rate_max);
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

fn decide(id: &str, sum: Sum, asked: &Asked, bound: f64, rate_max: f64) -> (State, String) {
    let unexplained = sum.hits.saturating_sub(sum.attacks);
    if !asked.is_watched {
        let why = match sum.findings {
            0 => "the policy does not watch it, so no hit proves nothing",
            _ => "the policy does not watch it; another one did",
        };
        return (State::Off, why.to_owned());
    }
    if asked.is_kept {
        let why = "a scope or its action keeps it from blocking, whatever its mode";
        return (State::Kept, why.to_owned());
    }
    let ceiling = rules::all()
        .find(|rule| rule.id == id)
        .map(|rule| rule.ceiling);
    if ceiling.is_some_and(|ceiling| ceiling < asked.minimum) && sum.hits == 0 {
        let why = "it is never sure enough to block, and reports in block mode as well";
        return (State::Advice, why.to_owned());
    }
    if asked.basis == Basis::Nothing {
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
            group(asked.trials)
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
            let asked = Asked {
                trials,
                basis,
                is_watched: policy.watches(id),
                is_kept: false,
                minimum: Confidence::High,
            };
            judge(id, "", sum, &asked, 1e-5).state
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
