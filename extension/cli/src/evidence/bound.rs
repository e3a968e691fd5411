//! How large a rate may be that has shown itself so often in so many trials.
//! It never calls a rate smaller than the trials prove.
use super::tally::real;

/// The upper bound, at 95 %, of a rate of which `hits` were seen in `trials`: the bound of Clopper
/// and Pearson, and for none the rule of three, which is a little above it.
///
/// No trials prove nothing: the bound is 1.
pub(crate) fn upper(hits: u64, trials: u64) -> f64 {
    if trials == 0 || hits >= trials {
        return 1.0;
    }
    if hits == 0 {
        return (3.0 / real(trials)).min(1.0);
    }
    // The rate at which `hits` or fewer are seen in 5 of 100 runs: the 95 % quantile of the beta
    // distribution with these parameters.
    let (a, b) = (real(hits) + 1.0, real(trials - hits));
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // Limit: each round halves the interval, and 100 halvings leave less than any double tells.
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(a, b, middle) < 0.95 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How many trials without a hit prove that a rate is at most `rate`.
pub(crate) fn trials_without_hit(rate: f64) -> u64 {
    super::tally::whole((3.0 / rate).ceil())
}

/// The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean; the other side is its mirror.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = a * x.ln() + b * (-x).ln_1p() + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    front.exp() / a * fraction(a, b, x)
}

/// The continued fraction, evaluated from the front by Lentz's method.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let safe = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / safe(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    let mut m = 1.0;
    // Limit: it takes some sqrt(max(a, b)) rounds; 100,000 are enough for 10^9 hits.
    for _ in 0..100_000 {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 / safe(1.0 + term * d);
            c = safe(1.0 + term / c);
            step = c * d;
            value *= step;
        }
        if (step - 1.0).abs() < 1e-14 {
            break;
        }
        m += 1.0;
    }
    value
}

/// The logarithm of the gamma function, by Stirling's series (DLMF 5.11.1) behind a shift.
fn log_gamma(x: f64) -> f64 {
    // Above 10 three terms of the series leave less than 1e-11.
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chance of `hits` or fewer in `trials`, summed term by term.
    fn chance(hits: u64, trials: u64, rate: f64) -> f64 {
        let mut term = real(trials) * (-rate).ln_1p();
        let mut sum = term.exp();
        for k in 1..=hits {
            term += (real(trials - k + 1) / real(k) * rate / (1.0 - rate)).ln();
            sum += term.exp();
        }
        sum
    }

    #[test]
    fn at_the_bound_so_few_hits_have_a_chance_of_five_percent() {
        for (hits, trials) in [
            (1, 100),
            (1, 1_000_000),
            (7, 5000),
            (40, 60),
            (900, 1_000_000),
        ] {
            let chance = chance(hits, trials, upper(hits, trials));
            assert!((chance - 0.05).abs() < 1e-6, "{hits} of {trials}: {chance}");
        }
    }

    #[test]
    fn none_in_a_thousand_may_be_three_in_a_thousand() {
        assert!((upper(0, 1000) - 0.003).abs() < 1e-12);
        assert!((upper(0, 2) - 1.0).abs() < 1e-12);
        assert_eq!(trials_without_hit(1e-5), 300_000);
    }

    #[test]
    fn no_trials_prove_nothing() {
        for (hits, trials) in [(0, 0), (5, 0), (5, 5), (6, 5)] {
            assert!((upper(hits, trials) - 1.0).abs() < 1e-12);
        }
    }
}
