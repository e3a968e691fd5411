//! Medians and slopes.
//! It never averages a time: on a shared machine a mean measures the neighbours.
/// The median of `samples`; not a number when there is none.
pub fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The slope of the least-squares line through `points` of (x, y).
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let mut count = 0.0;
    let (mut sum_x, mut sum_y) = (0.0, 0.0);
    for (x, y) in points {
        count += 1.0;
        sum_x += x;
        sum_y += y;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let mut above = 0.0;
    let mut below = 0.0;
    for (x, y) in points {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    above / below
}

#[cfg(test)]
mod tests {
    use super::{median, slope};

    #[test]
    fn the_median_ignores_one_bad_neighbour() {
        assert!((median([3.0, 1.0, 9_000.0].into_iter()) - 3.0).abs() < 1e-9);
        assert!(median([].into_iter()).is_nan());
    }

    #[test]
    fn a_line_has_its_slope() {
        let points = [(0.0, 5.0), (10.0, 25.0), (20.0, 45.0)];
        assert!((slope(&points) - 2.0).abs() < 1e-9);
    }
}
